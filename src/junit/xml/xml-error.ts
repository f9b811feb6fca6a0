/** Why a text cannot be read. */
export class XmlError extends Error {
  override readonly name = 'XmlError';
  readonly kind: 'malformed' | 'cut off' | 'unsupported';

  /** @param message what is wrong, the end of a sentence: `it has …` */
  constructor(kind: XmlError['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }

  /** The rest of a sentence about a file. */
  get sentence(): string {
    if (this.kind === 'unsupported') return `cannot be read: ${this.message}`;
    return `is not valid XML${this.kind === 'cut off' ? ', perhaps cut off' : ''}: ${this.message}`;
  }
}
