#!/bin/sh
# npm test [-- vitest's own arguments]: the whole suite on the pinned node, whatever node the machine has.
. "$(dirname "$0")/install.sh"
exec node node_modules/vitest/vitest.mjs run "$@"
