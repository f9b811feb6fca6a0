#!/bin/sh
# Packs the package, installs it in an empty folder with no registry, and uses it there as a stranger would.
set -eu
cd "$(dirname "$0")/../.."
checkout=$PWD
PATH=$checkout/node_modules/.bin:$PATH
export PATH
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm pack --silent --loglevel=error --pack-destination "$folder"
mkdir "$folder/home" "$folder/project"
cd "$folder/project"
export HOME="$folder/home"
unset XDG_CACHE_HOME KUBECONFIG ARTIFACTS KUBETEST2_RUN_DIR PROW_JOB_ID
npm init -y >/dev/null
npm install --offline --no-audit --no-fund --silent "$folder"/kubetest2-ts-*.tgz

./node_modules/.bin/kubetest2-ts --version
./node_modules/.bin/kubetest2-ts noop --up --down --test=exec -- \
  sh -c 'test -d "$ARTIFACTS" && test -d "$KUBETEST2_RUN_DIR" && echo "$KUBETEST2_RUN_ID" >"$ARTIFACTS/run-id"'
test -s _artifacts/run-id
grep -q 'name="Test"' _artifacts/junit_runner.xml

cat >plugin.mts <<'TS'
import {
  type AcquireSettings,
  type Deployer,
  defineDeployer,
  defineTester,
  type Env,
  type Exec,
  type ExecOptions,
  type Finished,
  type JunitEntry,
  type Log,
  main,
  type Run,
  text,
  type Values,
} from 'kubetest2-ts';

const flags = { zone: text('The zone to create the cluster in.') };

class Cluster implements Deployer {
  constructor(
    private readonly values: Values<typeof flags>,
    private readonly run: Run,
  ) {}

  async up(signal: AbortSignal): Promise<void> {
    const options: ExecOptions = { signal, env: { ...this.run.env, ZONE: this.values.zone } satisfies Env };
    const exec: Exec = this.run.exec;
    const finished: Finished = await exec(['true'], options);
    const log: Log = this.run.log;
    const settings: AcquireSettings = this.run.acquire;
    log.info(`exit code ${finished.exitCode}, cache ${settings.cacheDir}`);
    await this.run.state.holding('a cluster');
    const entry: JunitEntry = { name: 'Ready', seconds: finished.seconds };
    await this.run.records.junitCase(entry);
  }

  async down(): Promise<void> {}
}

const deployer = defineDeployer({
  name: 'mine',
  summary: 'Create nothing',
  flags,
  create: ({ flags: values, run }) => new Cluster(values, run),
});
const tester = defineTester({
  name: 'mine',
  summary: 'Pass',
  flags: {},
  create: ({ args }) => ({ test: async () => ({ text: args.join(' ') }) }),
});
const kinds: string[] = [deployer.name, tester.is, typeof main];
if (kinds.join() !== 'mine,tester,function') throw new Error(kinds.join());
process.exitCode = await main(deployer, ['--up', '--down', '--zone=z', '--artifacts=plugin'], process.env);
TS
ln -s "$checkout/node_modules/@types" node_modules/@types
tsc --strict --exactOptionalPropertyTypes --module nodenext --target es2024 --types node plugin.mts
node plugin.mjs
grep -q 'name="Ready"' plugin/junit_runner.xml
echo 'The packed package works.'
