import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { FetchError } from '../../http/retry.ts';
import { isCode, reasonOf } from '../../system/system-error.ts';
import { redactUrl } from '../../text/redact-url.ts';
import type { Source } from './source.ts';

/** Local files, by `file://`. */
export const fileSource: Source = {
  open: async (url, { from, to, validator, signal }) => {
    try {
      const path = fileURLToPath(url);
      const { size, mtimeMs } = await stat(path);
      const version = `${mtimeMs}`;
      const start = validator === undefined || validator === version ? from : 0;
      // The end of a read stream is inclusive, so an open end is left to it.
      const stream = createReadStream(path, {
        start,
        ...(to === undefined || start !== from ? {} : { end: to - 1 }),
        highWaterMark: 1 << 18,
        signal,
      });
      stream.on('error', () => undefined);
      return {
        url,
        from: start,
        ranged: start === from && (from > 0 || to !== undefined),
        total: size,
        validator: version,
        type: '',
        bytes: stream,
        discard: () => void stream.destroy(),
      };
    } catch (error) {
      const status = isCode(error, 'ENOENT') ? 404 : undefined;
      const message = `cannot read ${redactUrl(url)}: ${reasonOf(error)}`;
      throw new FetchError(message, { retryable: false, status }, { cause: error });
    }
  },
  close: async () => undefined,
};
