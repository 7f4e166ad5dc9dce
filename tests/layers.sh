#!/bin/sh
# layers: every include goes down (ARCHITECTURE.md); one check a file of src/.
#
# usage: tests/layers.sh      last line: "N passed, M failed"
. "$(dirname "$0")/harness.sh"
cd "$(dirname "$0")/../src" || exit 1

pure='base address packet technique plan result scan'

may_include() { # folder: the folders it stands on
	case $1 in
	base) echo base ;;
	address) echo base address ;;
	packet) echo base address packet ;;
	technique) echo base address packet technique ;;
	plan) echo base address packet technique plan ;;
	result) echo base address packet technique plan result ;;
	scan) echo base address packet technique plan result scan ;;
	watch) echo base address packet technique plan result scan watch ;;
	system) echo $pure system ;;
	net) echo $pure system net ;;
	sandbox) echo $pure system net sandbox ;;
	blocker) echo $pure system net sandbox blocker ;;
	capture) echo $pure system net sandbox capture ;;
	engine) echo $pure system net sandbox capture engine ;;
	ingest) echo $pure ingest ;;
	report) echo $pure watch report ;;
	run) echo $pure watch system net sandbox blocker capture engine ingest run ;;
	cli) echo $pure watch system net sandbox blocker capture engine ingest report run cli ;;
	esac
}

for file in $(find . -name '*.[ch]' | sed 's|^\./||' | sort); do
	[ -e "$file" ] || continue
	folder=${file%%/*}
	allowed=" $(may_include "$folder") "
	bad=
	sed -n 's|^#include "\([^"]*\)".*|\1|p' "$file" >"$work/below"
	while read -r below; do
		case $allowed in
		*" ${below%%/*} "*) ;;
		*) bad="$bad $below" ;;
		esac
		# The memory of a sheet is for its own files.
		case $below:$file in
		scan/sheet_private.h:scan/sheet*) ;;
		scan/sheet_private.h:*) bad="$bad $below" ;;
		esac
	done <"$work/below"
	# To pure code time is an argument.
	case " $pure watch " in
	*" $folder "*)
		[ "$file" = base/clock.c ] || ! grep -q '^#include "base/clock.h"' "$file" ||
			bad="$bad base/clock.h"
		;;
	esac
	[ -z "$bad" ]
	ok "$file includes$bad" $?
done
conclude
