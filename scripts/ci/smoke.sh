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
import { defineDeployer, defineTester, main } from 'kubetest2-ts';

const deployer = defineDeployer({
  name: 'mine',
  summary: 'A deployer of a stranger.',
  flags: {},
  create: () => ({ up: async () => {}, down: async () => {} }),
});
const kinds: string[] = [deployer.name, typeof defineTester, typeof main];
if (kinds.join() !== 'mine,function,function') throw new Error(kinds.join());
TS
node plugin.mts
ln -s "$checkout/node_modules/@types" node_modules/@types
tsc --noEmit --strict --skipLibCheck --module nodenext --target es2024 --types node plugin.mts
echo 'The packed package works.'
