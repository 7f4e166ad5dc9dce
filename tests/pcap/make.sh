#!/bin/sh
# make: makes the captures of tests/pcap/made again, with real scanners and clients in the lab.
#
# usage: make.sh FOLDER [PATTERN...]      writes FOLDER/*.gz; only those whose names match
# PORTLIGHT and LAB_SERVER name the programs; default: those under build/. It needs the packages
# that ./check installs. All traffic stays in the namespaces of tests/net/lab.sh. Sequence numbers,
# source ports and times differ from run to run where a tool or the kernel draws them, so equal
# bytes are not to be expected; what TESTLIST says about each capture should hold for every run.
# Exits 77 and says why where no private network is possible.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
export PORTLIGHT="${PORTLIGHT:-$here/../../build/portlight}"
export LAB_SERVER="${LAB_SERVER:-$here/../../build/tests/net/lab_server}"
if [ $# -eq 0 ]; then
	sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
	exit 64
fi
"$here/../net/private.sh" --possible
exec "$here/../net/lab.sh" run /usr/bin/python3 "$here/make.py" "$@"
