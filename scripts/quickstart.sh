#!/bin/sh
# npm run quickstart: from a fresh clone to a finished run, and what it left behind. Touches no cluster of yours.
. "$(dirname "$0")/install.sh"
node scripts/build/build.ts
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
records=$PWD/_artifacts/quickstart
rm -rf "$records"
set -- noop --up --down --artifacts="$records" --test=exec -- \
  sh -c 'echo "The tests of run $KUBETEST2_RUN_ID"; date >"$ARTIFACTS/from-the-test.txt"'
echo "
\$ kubetest2-ts $*
" | sed "s/ sh -c \(.*\)/ sh -c '\1'/"
# Without a kubeconfig in its environment or home, noop waits for no cluster.
env -u KUBECONFIG -u PROW_JOB_ID HOME="$home" XDG_CACHE_HOME="$home" node dist/kubetest2-ts.cjs "$@"
echo "
The run passed: noop created no cluster, the exec tester ran a command, and there was nothing to tear down. Its artifacts are in
  $records"
ls -1 "$records" | sed 's/^/    /'
echo 'Next: node_modules/.bin/node dist/kubetest2-ts.cjs --help'
