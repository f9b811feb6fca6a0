# Sourced by quickstart.sh and test.sh: the packages of package-lock.json, and the pinned node first on PATH.
set -eu
cd "$(dirname "$0")/.."
PATH=$PWD/node_modules/.bin:$PATH
export PATH
installed=node_modules/.package-lock.json
if [ ! -e "$installed" ] || [ -n "$(find package-lock.json -newer "$installed")" ]; then
  echo 'Installing the packages of package-lock.json' >&2
  # Not `npm ci`: it refuses a lock that names no packages for platforms its registry did not have.
  npm install --no-save --no-audit --no-fund --loglevel=error
fi
