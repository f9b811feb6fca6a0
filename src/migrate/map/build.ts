import { lastOf, type Work } from '../draft/context.ts';
import { Refused } from '../draft/refused.ts';

/** What krel and the noop deployer's build have no counterpart of. */
const WITHOUT_COUNTERPART = ['fast', 'extra-version-markers', 'extra-publish-file', 'hyperkube', 'push-build-script'];

/** kubernetes_build.py: refused with two ready lines, or the second of them. */
export function mapBuildJob(work: Work): void {
  const { draft, choices, flags } = work;
  const bucket = lastOf(work, 'release') ?? 'k8s-release-dev';
  const suffix = lastOf(work, 'suffix') ?? '';
  const registry = lastOf(work, 'registry');
  const updates = !flags.some(({ name }) => name === 'skip-update-latest');
  const stage = [
    '--build',
    `--stage=gs://${bucket}/ci${suffix}`,
    ...(registry === undefined ? [] : [`--image-location=${registry}`]),
    ...(updates ? ['--update-latest'] : []),
  ];
  const blocker = flags.find(({ name }) => WITHOUT_COUNTERPART.includes(name));
  if (choices.build === 'refuse' || blocker) {
    const reason = blocker
      ? `kubernetes_build with ${blocker.flag}: --build has no counterpart`
      : 'kubernetes_build: a job that publishes builds';
    throw new Refused(reason, `${krelLine(work)}; or ${draftLine(stage)}`, blocker?.flag);
  }
  draft.deployer = 'noop';
  for (const text of stage) draft.add('deployer', text, 'what kubernetes_build.py did');
  const why = 'one platform only, no build under ci/fast, no further markers';
  for (const given of flags)
    draft.drop(given, ['release', 'suffix', 'registry'].includes(given.name) ? `part of ${stage[1]}` : why);
  draft.note(
    'the build is make quick-release for linux/amd64: other platforms (make release) and ci/fast are not built',
  );
}

function krelLine(work: Work): string {
  const { flags } = work;
  const has = (name: string) => flags.some((given) => given.name === name);
  const words = [
    'krel',
    'ci-build',
    `--bucket=${lastOf(work, 'release') ?? 'k8s-release-dev'}`,
    ...(has('fast') ? ['--fast'] : []),
    ...(has('allow-dup') ? ['--allow-dup'] : []),
    ...(has('registry') ? [`--registry=${lastOf(work, 'registry')}`] : []),
    ...(has('extra-version-markers') ? [`--extra-version-markers=${lastOf(work, 'extra-version-markers')}`] : []),
    ...(has('skip-update-latest') ? ['--noupdatelatest'] : []),
  ];
  return `run ${words.join(' ')} in the image k8s-ci-builder (wrapper.sh /krel)`;
}

function draftLine(stage: readonly string[]): string {
  return `kubetest2-ts noop ${stage.join(' ')} (--build=noop), which lacks the other platforms, ci/fast with its marker and extra markers`;
}
