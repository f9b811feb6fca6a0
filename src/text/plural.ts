/** A count with its noun: `1 spec`, `2 specs`, `3 entries`. */
export const plural = (count: number, noun: string, more = `${noun}s`): string =>
  `${count} ${count === 1 ? noun : more}`;
