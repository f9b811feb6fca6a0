/**
 * The original's words for ginkgo with the differences that docs/compatibility.md tells: nothing empty is sent, and there
 * is one focus and one skip.
 */
export function withGinkgoDifferences(argv: readonly string[]): string[] {
  const joined = { focus: [] as string[], skip: [] as string[] };
  const kept: string[] = [];
  for (const word of argv) {
    const [, kind, value = ''] = /^--ginkgo\.(focus|skip)=(.*)$/s.exec(word) ?? [];
    if (kind === 'focus' || kind === 'skip') {
      if (joined[kind].length === 0) kept.push(kind);
      joined[kind].push(value);
    } else if (!/^--(ginkgo\.label-filter|provider)=$/.test(word)) kept.push(word);
  }
  return kept.flatMap((word) => {
    if (word !== 'focus' && word !== 'skip') return [word];
    const value = joined[word].filter((each) => each !== '').join('|');
    return value === '' ? [] : [`--ginkgo.${word}=${value}`];
  });
}
