import { RunError } from '../api/errors.ts';
import { regularFileChunks } from '../system/regular-file-chunks.ts';
import { CaseReader } from './case-reader.ts';
import type { JunitVisitor, KeptSizes } from './suite.ts';
import { XmlDecoder } from './xml/encoding.ts';
import { XmlScanner } from './xml/scanner.ts';
import { XmlError } from './xml/xml-error.ts';

/** What a file holds is no junit. */
export class JunitError extends RunError {
  override readonly name = 'JunitError';
  readonly isEmpty: boolean;

  constructor(message: string, options: ErrorOptions & { readonly isEmpty?: boolean } = {}) {
    super(message, options);
    this.isEmpty = options.isEmpty ?? false;
  }
}

/** How a junit file is read. */
export interface ReadJunitOptions {
  readonly signal: AbortSignal;
  readonly keep: KeptSizes;
  /** Whether it may be a symbolic link. Default: follow. */
  readonly links?: 'follow' | 'refuse';
}

/**
 * Reads a junit file, of any size, in constant memory. Throws the signal's reason soon after it aborts, RunError when
 * the file cannot be opened, else as `visitJunit`.
 */
export async function visitJunitFile(file: string, visitor: JunitVisitor, options: ReadJunitOptions): Promise<void> {
  const { signal, keep, links = 'follow' } = options;
  await visitJunit(regularFileChunks(file, signal, { followLinks: links === 'follow' }), file, visitor, keep);
}

/**
 * Reads junit of any of the forms in use: one suite or several, nested, by ginkgo, clusterloader2, Go or Java. It is
 * read as it comes; what is kept is up to the visitor. `name` is for the message.
 * Throws JunitError when the text is empty, cut off, not XML 1.0 or no junit; what was visited until then was there.
 * Throws what the chunks throw.
 */
export async function visitJunit(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  name: string,
  visitor: JunitVisitor,
  keep: KeptSizes,
): Promise<void> {
  const decoder = new XmlDecoder();
  const scanner = new XmlScanner(new CaseReader(visitor, keep));
  for await (const chunk of chunks) naming(name, () => scanner.write(decoder.decode(chunk)));
  naming(name, () => {
    scanner.write(decoder.end());
    if (scanner.isEmpty) {
      throw new JunitError(`${name} is empty: its writer was stopped, or the disk was full`, { isEmpty: true });
    }
    scanner.end();
  });
}

function naming(name: string, read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    throw new JunitError(`${name} ${error.sentence}`, { cause: error });
  }
}
