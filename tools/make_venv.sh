#!/usr/bin/env bash
# Makes the virtual environment: make_venv.sh FOLDER [PYTHON]. Without PYTHON the first interpreter that is new enough
# is taken. Does nothing when the environment is there and works.
set -euo pipefail

folder=$1
wanted=${2:-}

fits() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if [ -x "$folder/bin/python" ] && fits "$folder/bin/python"; then
  exit 0
fi

python=
for candidate in ${wanted:-python3 python3.13 python3.12 python3.11}; do
  if fits "$candidate"; then
    python=$candidate
    break
  fi
done

if [ -z "$python" ]; then
  seen=$("${wanted:-python3}" --version 2>/dev/null || echo "no ${wanted:-python3}")
  echo "fsorch needs Python 3.11 or later and found $seen: install python3.11 and python3.11-venv," \
    "or name one with make PYTHON=/path/to/python3.11" >&2
  exit 1
fi

if ! "$python" -m venv --clear "$folder"; then
  rm -rf "$folder"
  echo "$python cannot make a virtual environment: on Debian or Ubuntu, apt-get install python3-venv" >&2
  exit 1
fi
