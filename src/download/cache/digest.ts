/** The digests that files are verified by. */
export type Algorithm = 'sha512' | 'sha256';

/** The digest that a file must have. */
export interface Expected {
  readonly algorithm: Algorithm;
  /** Lower case. */
  readonly hex: string;
  /** Where it was published, for messages: a URL, or the pins file. */
  readonly from: string;
}

/** Number of hex digits of a digest. */
export const DIGITS: Readonly<Record<Algorithm, number>> = { sha512: 128, sha256: 64 };

/** What a file was verified by; `nothing` only with `--allow-unverified`. */
export type Verified = 'sha512' | 'sha256' | 'pin' | 'nothing';
