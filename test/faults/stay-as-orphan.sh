#!/bin/sh
# Works for half a second for the script that starts it; if the launcher of that script is dead by then, for a minute more,
# unless it is stopped.
read -r _ _ _ launcher _ <"/proc/$PPID/stat"
sleep 0.5
if [ "$launcher" != 1 ] && kill -0 "$launcher" 2>/dev/null; then exit 0; fi
exec sleep 60
