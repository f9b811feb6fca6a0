/** Which bytes of an object are asked for. */
export interface Ask {
  /** The first byte. */
  readonly from: number;
  /** One past the last byte; the end when absent. */
  readonly to?: number | undefined;
  /** The version of the object that earlier bytes were of: another version must not be continued with. */
  readonly validator?: string | undefined;
  readonly signal: AbortSignal;
}

/** An object, or a part of it, about to be read. */
export interface Body {
  /** Where it was found in the end, after redirects. */
  readonly url: string;
  /** The first byte that comes: as asked, or 0 when the server gives the whole object whatever is asked. */
  readonly from: number;
  /** Whether the server gave the part that was asked for. */
  readonly ranged: boolean;
  /** The size of the whole object, where it is known. */
  readonly total: number | undefined;
  /** Names this version of the object: an entity tag, a date or a generation. */
  readonly validator: string | undefined;
  /** The media type, lower case; empty where there is none. */
  readonly type: string;
  /** A chunk is good until the next is asked for. Throws FetchError when the connection is cut. Ending the iteration early ends the transfer. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Ends the transfer; needed only when `bytes` is never read. */
  discard(): void;
}

/** One way to reach objects. `open` throws FetchError when the object cannot be had (now). */
export interface Source {
  open(url: string, ask: Ask): Promise<Body>;
  close(): Promise<void>;
}
