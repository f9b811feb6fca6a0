/**
 * The prefix of the names of all resources that a run creates on Google Cloud: `kt2-` and the first 13 characters of its
 * ID, as in kubetest2, in characters that such names may have.
 */
export function instancePrefix(runId: string): string {
  const letters = runId.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');
  return `kt2-${letters.slice(0, 13)}`.replace(/-+$/, '');
}
