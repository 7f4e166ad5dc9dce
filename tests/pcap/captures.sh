#!/bin/sh
# captures: every capture of ../shared/pcaps through `portlight watch`, judged by its TRUTH.tsv.
#
# usage: captures.sh [FILE-PATTERN...]      only the captures whose names match
# PORTLIGHT names the program (default: build/portlight), PORTLIGHT_PCAPS the folder of captures
# (default: shared/pcaps beside this repository). The captures are not ours to ship: without them
# this exits 77 and says so. Last line: "N passed, M failed[, K skipped]".
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin
export PORTLIGHT="${PORTLIGHT:-$here/../../build/portlight}"
export PORTLIGHT_PCAPS="${PORTLIGHT_PCAPS:-$here/../../../shared/pcaps}"
if [ ! -f "$PORTLIGHT_PCAPS/TRUTH.tsv" ]; then
	echo "the folder of captures is not here ($PORTLIGHT_PCAPS/TRUTH.tsv; PORTLIGHT_PCAPS names" \
		'another one)'
	exit 77
fi
exec /usr/bin/python3 "$here/captures.py" "$@"
