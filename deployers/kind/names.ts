import { createHash } from 'node:crypto';

/**
 * The name of a run's cluster: the same in every call of the run, and unique among the runs on this host. Valid for kind
 * (`[a-z0-9.-]+`) and short enough for a host name with kind's longest suffix.
 */
export function clusterNameOf(runId: string): string {
  // 48 random bits of a UUID; a Prow job has such an ID.
  const [uuid] = /^[0-9a-f]{8}-[0-9a-f]{4}(?=-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$)/.exec(runId) ?? [];
  return `kind-${uuid ?? slug(runId, 30)}`;
}

/** The node image that a run builds: with its own tag, so that runs do not overwrite each other's image. */
export function builtImageOf(runId: string): string {
  return `kindest/node:${slug(runId, 60)}`;
}

/** The run ID if it is short and plain, else its plain part and a digest of the whole. */
function slug(runId: string, maxLength: number): string {
  const plain = runId
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  if (plain === runId && plain.length <= maxLength) return plain;
  const digest = createHash('sha256').update(runId).digest('hex').slice(0, 12);
  return [plain.slice(0, maxLength - 13), digest].filter((part) => part !== '').join('-');
}
