import type { Job, Preset } from './job.ts';

/** What the presets known here add to a job. */
export interface PresetView {
  /** The variables that presets set for this job. */
  readonly env: ReadonlyMap<string, string>;
  /** The variables presets set from somewhere else, or whose value is not known. */
  readonly names: ReadonlySet<string>;
  /** Labels that look like presets' and that no known preset has. */
  readonly dead: readonly string[];
  /** Whether any preset with labels was found at all. */
  readonly found: boolean;
}

/** Presets that every image and cluster of this field has, so that a tree without their definition is still understood. */
const WELL_KNOWN = /^preset-(?:service-account|k8s-ssh|dind-enabled|kind-volume-mounts|bazel-.*)$/;

/** The variables that the well-known presets set. */
const WELL_KNOWN_NAMES: Readonly<Record<string, readonly string[]>> = {
  'preset-service-account': ['GOOGLE_APPLICATION_CREDENTIALS'],
  'preset-k8s-ssh': [
    'USER',
    'JENKINS_GCE_SSH_PRIVATE_KEY_FILE',
    'JENKINS_GCE_SSH_PUBLIC_KEY_FILE',
    'GCE_SSH_PRIVATE_KEY_FILE',
    'GCE_SSH_PUBLIC_KEY_FILE',
  ],
};

export const isWellKnownPreset = (label: string): boolean => WELL_KNOWN.test(label);

/** Resolves the presets of a job: by all their labels and values; one without labels reaches every job. */
export function presetsFor(job: Job, presets: readonly Preset[]): PresetView {
  const mine = presets.filter((preset) => [...preset.labels].every(([name, value]) => job.labels.get(name) === value));
  const env = new Map(mine.flatMap((preset) => [...preset.env]));
  const names = new Set([...env.keys(), ...mine.flatMap(({ elsewhere }) => elsewhere)]);
  const defined = new Set(presets.flatMap(({ labels }) => [...labels.keys()]));
  for (const label of job.labels.keys()) {
    if (!defined.has(label)) for (const name of WELL_KNOWN_NAMES[label] ?? []) names.add(name);
  }
  const applied = new Set(mine.flatMap(({ labels }) => [...labels.keys()]));
  return {
    env,
    names,
    dead: [...job.labels.keys()].filter((label) => label.startsWith('preset-') && !applied.has(label)),
    found: defined.size > 0,
  };
}
