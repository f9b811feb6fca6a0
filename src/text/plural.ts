/** A count with its noun: `1 spec`, `2 specs`. */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
