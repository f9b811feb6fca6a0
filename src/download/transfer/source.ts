/** The URL of an object, and its form for messages and records, without credentials. */
export interface ObjectUrl {
  readonly url: string;
  readonly shown: string;
}

/** The requested bytes of an object. */
export interface Ask {
  /** The first byte. */
  readonly from: number;
  /** One past the last byte; the end when absent. */
  readonly to?: number | undefined;
  /** The version of the object that earlier bytes were of: another version must not be joined with them. */
  readonly validator?: string | undefined;
  readonly signal: AbortSignal;
}

/** An object, or a range of it, to be read. */
export interface Body {
  /** The final URL, after redirects. */
  readonly url: string;
  /** The offset of the first byte: as requested, or 0 when the server sends the whole object. */
  readonly from: number;
  /** Whether the server sent the requested range. */
  readonly ranged: boolean;
  /** The size of the whole object, if known. */
  readonly total: number | undefined;
  /** Identifies this version of the object: an entity tag, a date or a generation. */
  readonly validator: string | undefined;
  /** The media type in lower case; empty if unknown. */
  readonly type: string;
  /** A chunk is valid until the next is requested. Throws FetchError when the connection breaks. Leaving the loop early stops the transfer. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Stops the transfer; needed only when `bytes` is never read. */
  discard(): void;
}

/** Reads objects by one protocol. `open` throws FetchError when that fails. */
export interface Source {
  open(url: string, ask: Ask): Promise<Body>;
  close(): Promise<void>;
}
