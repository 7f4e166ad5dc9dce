#!/bin/sh
# scans_seen: real scanners and real bystanders in the lab, and what `portlight watch` says of them.
#
# usage: scans_seen.sh [--only PATTERN] [--keep FOLDER]      (see scans_seen.py)
# PORTLIGHT and LAB_SERVER name the programs; default: those under build/. Last line: "N passed, M
# failed". Exits 77 and says why where no private network is to be had.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
export PORTLIGHT="${PORTLIGHT:-$here/../../build/portlight}"
export LAB_SERVER="${LAB_SERVER:-$here/../../build/tests/net/lab_server}"
"$here/private.sh" --possible
exec "$here/lab.sh" run /usr/bin/python3 "$here/scans_seen.py" "$@"
