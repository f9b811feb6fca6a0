import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../../api/errors.ts';
import { FetchError } from '../../http/retry.ts';
import type { Source } from './source.ts';

/** Files of this machine, by `file://`. */
export const fileSource: Source = {
  open: async (url, { from, to, validator, signal }) => {
    try {
      const path = fileURLToPath(url);
      const { size, mtimeMs } = await stat(path);
      const version = `${mtimeMs}`;
      const start = validator === undefined || validator === version ? from : 0;
      // The end of a read stream is the last byte, so that nothing at all needs asking for is left to it.
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
      const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      throw new FetchError(messageOf(error), { again: false, status: missing ? 404 : undefined }, { cause: error });
    }
  },
  close: async () => undefined,
};
