/** A file before and after. */
export interface ChangedFile {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/** The changes as one unified diff, as `git apply` reads it. */
export async function unifiedDiff(files: readonly ChangedFile[]): Promise<string> {
  const { createTwoFilesPatch } = await import('diff');
  return files
    .filter(({ before, after }) => before !== after)
    .map(({ name, before, after }) => {
      const patch = createTwoFilesPatch(`a/${name}`, `b/${name}`, before, after, undefined, undefined, { context: 3 });
      return `diff --git a/${name} b/${name}\n${patch.replace(/^=+\n/, '')}`;
    })
    .join('');
}
