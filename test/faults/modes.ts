/**
 * What happens to the N-th operation: an error, a write that takes half, or the end of the process, before the operation
 * or, where it starts a child, while the child is at work.
 */
export type FileFault = 'enospc' | 'eio' | 'erofs' | 'short' | 'kill' | 'orphan';

/**
 * What happens to the K-th answer of the servers. `lost` is a connection that breaks once the server did what it was
 * asked; with all others but `cut`, which sends half of its answer, the server did nothing.
 */
export type AnswerFault = '500' | '503' | '429' | 'reset' | 'lost' | 'cut' | 'hang';

/** One way for a run to be disturbed. */
export type Mode =
  | { readonly name: string; readonly of: 'files'; readonly fault: FileFault; readonly lasting: boolean }
  | { readonly name: string; readonly of: 'answers'; readonly fault: AnswerFault };

/** A disk stays full, broken or read-only from the N-th operation on, or is so for that one alone. */
export const modes: readonly Mode[] = [
  { name: 'enospc', of: 'files', fault: 'enospc', lasting: false },
  { name: 'enospc-on', of: 'files', fault: 'enospc', lasting: true },
  { name: 'eio', of: 'files', fault: 'eio', lasting: false },
  { name: 'eio-on', of: 'files', fault: 'eio', lasting: true },
  { name: 'erofs', of: 'files', fault: 'erofs', lasting: false },
  { name: 'erofs-on', of: 'files', fault: 'erofs', lasting: true },
  { name: 'short', of: 'files', fault: 'short', lasting: false },
  { name: 'short-on', of: 'files', fault: 'short', lasting: true },
  { name: 'kill', of: 'files', fault: 'kill', lasting: false },
  { name: 'orphan', of: 'files', fault: 'orphan', lasting: false },
  { name: 'answer-500', of: 'answers', fault: '500' },
  { name: 'answer-503', of: 'answers', fault: '503' },
  { name: 'answer-429', of: 'answers', fault: '429' },
  { name: 'answer-reset', of: 'answers', fault: 'reset' },
  { name: 'answer-lost', of: 'answers', fault: 'lost' },
  { name: 'answer-cut', of: 'answers', fault: 'cut' },
  { name: 'answer-hang', of: 'answers', fault: 'hang' },
];

/** How an error is reported to a user: in the system's own terms, or by their meaning. */
export const reasons: Readonly<Record<FileFault | AnswerFault, RegExp>> = {
  enospc: /no space left|disk is full|ENOSPC/i,
  eio: /i\/o error|input\/output error|EIO\b/i,
  erofs: /read-only|EROFS/i,
  short: /./,
  kill: /./,
  orphan: /./,
  '500': /\b500\b/,
  '503': /\b503\b/,
  '429': /\b429\b/,
  reset: /reset|hang up|closed|terminated|broke|ECONNRESET/i,
  lost: /reset|hang up|closed|terminated|broke|ECONNRESET/i,
  cut: /reset|hang up|closed|terminated|broke|cut|ended|incomplete|short|premature|ECONNRESET/i,
  hang: /time[d ]?\s?out|no answer|did not answer|within|after \d+/i,
};
