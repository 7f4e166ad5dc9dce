#!/bin/sh
# captures: captures through `portlight watch`: our own, judged by TESTLIST, and public ones.
#
# usage: captures.sh [FILE-PATTERN...]      only the captures whose names match
# PORTLIGHT names the program (default: build/portlight), PORTLIGHT_PCAPS the folder of public
# captures and their TRUTH.tsv (default: shared/pcaps next to this repository). These are not ours to
# publish: where they are missing, that counts as one skipped check. Last line: "N passed, M
# failed[, K skipped]".
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin
export PORTLIGHT="${PORTLIGHT:-$here/../../build/portlight}"
export PORTLIGHT_PCAPS="${PORTLIGHT_PCAPS:-$here/../../../shared/pcaps}"
export PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 "$here/captures.py" "$@"
