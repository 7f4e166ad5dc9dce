#!/bin/sh
# run: runs every unit test program of a build and counts what they report in TAP.
#
# usage: [JOBS=N] tests/unit/run.sh BUILD-DIRECTORY      N programs at a time (default: 1)
# A program without a plan, with another number of results than planned, or that dies, counts as one
# failure more. Last line: "N passed, M failed[, K skipped]".
. "$(dirname "$0")/../harness.sh"
build=${1:?usage: tests/unit/run.sh BUILD-DIRECTORY}
here=$(dirname "$0")
need jq meson

meson introspect --tests "$build" >"$work/tests.json" || exit 1
# The longest first, so that none of them is left to run alone at the end.
jq -r '["watch_flood", "watch", "xdp_frames", "sockets", "xdp_answers"] as $long |
	map(select(.name | IN($long[]))) + map(select(.name | IN($long[]) | not)) | .[] |
	[.name, (.timeout | tostring)] + .cmd | @tsv' "$work/tests.json" >"$work/programs"

# Runs the programs that no other worker has taken; output and exit status go into files.
work_off() {
	while IFS='	' read -r name seconds program arguments; do
		mkdir "$work/$name.taken" 2>/dev/null || continue
		# shellcheck disable=SC2086
		CMOCKA_MESSAGE_OUTPUT=TAP timeout --kill-after=5 "$seconds" "$program" $arguments \
			>"$work/$name.tap" 2>&1 </dev/null
		echo $? >"$work/$name.status"
	done <"$work/programs"
}

# cmocka calls a skipped test "not ok N # SKIP"; the test prints the reason before it, as a comment.
judge() { # name
	tap=$work/$1.tap status=$(cat "$work/$1.status")
	good=$(grep -c '^ok ' "$tap")
	left_out=$(grep -c '^not ok [0-9]* # SKIP' "$tap")
	bad=$(($(grep -c '^not ok ' "$tap") - left_out))
	planned=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$tap" | awk '{ n += $1 } END { print n + 0 }')
	reported=$((good + bad + left_out))
	if [ "$planned" = 0 ] || [ "$planned" != "$reported" ] ||
		{ [ "$status" != 0 ] && [ "$bad" = 0 ]; }; then
		bad=$((bad + 1))
		echo "$1: planned $planned, reported $reported, exit status $status"
	fi
	[ "$bad" = 0 ] || cat "$tap"
	awk -v name="$1" '/^# / { why = substr($0, 3) }
		/^not ok [0-9]* # SKIP/ {
			print "skipped: " name ", " $NF ": " (why == "" ? "no reason is given" : why)
		}
		/^(not )?ok / { why = "" }' "$tap"
	echo "$1: $good passed, $bad failed"
	passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + left_out))
}

workers=
for _ in $(seq "${JOBS:-1}"); do
	work_off &
	workers="$workers $!"
done
# shellcheck disable=SC2086
wait $workers
while IFS='	' read -r name rest; do
	judge "$name"
done <"$work/programs"
# Each test source must be a registered program: one that is never run tests nothing.
for source in "$here"/test_*.c; do
	name=$(basename "$source" .c)
	grep -Eq "/$name(	|\$)" "$work/programs" || ok "$source is in no meson.build" 1
done
conclude
