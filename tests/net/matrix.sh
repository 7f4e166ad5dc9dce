#!/bin/sh
# matrix: every technique on every port condition of the lab, against the truth and compared with nmap.
#
# usage: matrix.sh [--no-nmap] [--only TECHNIQUE[,TECHNIQUE...]]      (see matrix.py)
# PORTLIGHT and LAB_SERVER name the programs; default: those under build/. Last line: "N passed, M
# failed". Exits 77 and says why where no private network is to be had.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
export PORTLIGHT="${PORTLIGHT:-$here/../../build/portlight}"
export LAB_SERVER="${LAB_SERVER:-$here/../../build/tests/net/lab_server}"
"$here/private.sh" --possible
exec "$here/lab.sh" run /usr/bin/python3 "$here/matrix.py" "$@"
