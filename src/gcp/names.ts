/**
 * What the names of everything a run makes on Google Cloud begin with: `kt2-` and the first 13 characters of its id, as
 * kubetest2 has it, in the letters that names there may have.
 */
export function instancePrefix(runId: string): string {
  const letters = runId.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');
  return `kt2-${letters.slice(0, 13)}`.replace(/-+$/, '');
}
