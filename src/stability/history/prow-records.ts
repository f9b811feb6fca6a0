import type { Json } from './json.ts';

/** When something happened by a record of Prow, in seconds there and milliseconds here. */
export function timeOf(record: Json): number | undefined {
  const seconds = record.at('timestamp').number;
  return seconds === undefined ? undefined : seconds * 1000;
}

/** What a run of a branch tested: the version that the job recorded, else the commit that Prow checked out. */
export function commitOf(started: Json, finished: Json): string {
  const version = finished.at('metadata', 'job-version').text || finished.at('job-version').text;
  const [, build = ''] = /\+([^+]+)$/.exec(version) ?? [];
  return build || started.at('repo-commit').text;
}

/** The head commit of a pull request by started.json: `master:BASE,PULL:HEAD`; empty when it does not say. */
export function headByStarted(started: Json): string {
  for (const [, refs] of started.at('repos').entries) {
    const [, head] = /,\d+:([0-9a-f]{7,64})$/i.exec(refs.text) ?? [];
    if (head !== undefined) return head;
  }
  return '';
}

export const headByProwjob = (prowjob: Json): string => prowjob.at('spec', 'refs', 'pulls', 0, 'sha').text;

/** Whether Prow's crier wrote finished.json: the pod did not report. */
export const isByCrier = (finished: Json): boolean => finished.at('metadata', 'uploader').text === 'crier';

/** Whether a repository could not be checked out. */
export const hasFailedClone = (clones: Json): boolean =>
  clones.items.some((each) => each.at('failed').boolean === true);

/** What kept a pod from running to its end; undefined when nothing did. */
export function podTrouble(podinfo: Json): string | undefined {
  const status = podinfo.at('pod', 'status');
  const reason = status.at('reason').text;
  if (/^(?:Evicted|NodeLost|NodeAffinity|Preempt|Shutdown|NodeShutdown|Terminated)/i.test(reason))
    return `pod: ${reason}`;
  for (const condition of status.at('conditions').items) {
    const type = condition.at('type').text;
    const holds = condition.at('status').text;
    if (type === 'PodScheduled' && holds === 'False') return 'pod: not scheduled';
    if (type === 'DisruptionTarget' && holds === 'True') return `pod: ${condition.at('reason').text || type}`;
  }
  const isPlaced = podinfo.at('pod', 'spec', 'nodeName').text !== '';
  if (status.at('phase').text === 'Pending' && !isPlaced) return 'pod: not scheduled';
  return isNodeLost(podinfo) ? 'pod: node lost' : undefined;
}

function isNodeLost(podinfo: Json): boolean {
  if (/\bnode\b.*\b(?:lost|unresponsive)\b/i.test(podinfo.at('pod', 'status', 'message').text)) return true;
  return podinfo
    .at('events')
    .items.some((event) => /^(?:NodeLost|NodeControllerEviction)$/.test(event.at('reason').text));
}

/** How the container of the tests exited; undefined when nothing says so. */
export function testExitCode(podinfo: Json): number | undefined {
  const container = podinfo
    .at('pod', 'status', 'containerStatuses')
    .items.find((each) => each.at('name').text === 'test');
  return container?.at('state', 'terminated', 'exitCode').number;
}

/** Whether the container of the tests starts kubetest2, by what is written in its pod. */
export function startsKubetest2(podinfo: Json): boolean {
  const container = podinfo.at('pod', 'spec', 'containers').items.find((each) => each.at('name').text === 'test');
  const words = [...(container?.at('command').items ?? []), ...(container?.at('args').items ?? [])];
  const options = (container?.at('env').items ?? []).map((each) => each.at('value'));
  return [...words, ...options].some(({ text }) => /\bkubetest2\b/.test(text));
}
