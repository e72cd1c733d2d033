#!/usr/bin/env bash
# Runs a command that fetches something from the net, and again if it fails: again.sh COMMAND [ARGUMENT...]. Registries
# have bad moments; three tries, with a pause that grows, see most of them through. The last failure is the exit code.
set -uo pipefail

pause=${FSORCH_PAUSE_S:-10}
for try in 1 2 3; do
  "$@"
  code=$?
  [ "$code" -ne 0 ] || exit 0
  if [ "$try" -lt 3 ]; then
    echo "fsorch: '$*' failed with exit code $code; once more in $pause s" >&2
    sleep "$pause"
    pause=$((pause * 3))
  fi
done
echo "fsorch: '$*' failed three times" >&2
exit "$code"
