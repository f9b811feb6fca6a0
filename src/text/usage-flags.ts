/** The names of the flags in a Go program's usage text, of either flag package (`  -name` or `      --name`). */
export function flagsInUsage(usage: string): ReadonlySet<string> {
  return new Set(
    Array.from(usage.matchAll(/^\s*(?:-\w, )?--?([A-Za-z][\w.-]*)(?=[\s=[]|$)/gm), ([, name = '']) => name),
  );
}
