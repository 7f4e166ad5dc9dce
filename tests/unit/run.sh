#!/bin/sh
# run: runs every unit test program of a build and counts what they report in TAP.
#
# usage: tests/unit/run.sh BUILD-DIRECTORY
# A program without a plan, with another number of results than planned, or that dies, counts as one
# failure more. Last line: "N passed, M failed".
set -u
build=${1:?usage: tests/unit/run.sh BUILD-DIRECTORY}
passed=0 failed=0

programs=$(meson introspect --tests "$build" | jq -r '.[] | [.name, (.timeout | tostring)] + .cmd | @tsv')
tap=$(mktemp) || exit 1
trap 'rm -f "$tap"' EXIT
while IFS='	' read -r name seconds program arguments; do
	[ -n "$name" ] || continue
	# shellcheck disable=SC2086
	CMOCKA_MESSAGE_OUTPUT=TAP timeout --kill-after=5 "$seconds" "$program" $arguments \
		>"$tap" 2>&1 </dev/null
	status=$?
	good=$(grep -c '^ok ' "$tap")
	bad=$(grep -c '^not ok ' "$tap")
	planned=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$tap" | awk '{ n += $1 } END { print n + 0 }')
	if [ "$planned" = 0 ] || [ "$planned" != $((good + bad)) ] ||
		{ [ $status != 0 ] && [ "$bad" = 0 ]; }; then
		bad=$((bad + 1))
		echo "$name: planned $planned, reported $((good + bad - 1)), exit status $status"
	fi
	[ "$bad" = 0 ] || cat "$tap"
	echo "$name: $good passed, $bad failed"
	passed=$((passed + good)) failed=$((failed + bad))
done <<END
$programs
END
# Each test source must be a registered program: one that nobody runs tests nothing.
for source in "$(dirname "$0")"/test_*.c; do
	name=$(basename "$source" .c)
	[ -e "$source" ] || continue
	case $programs in
	*"/$name"*) ;;
	*)
		echo "$source is in no meson.build"
		failed=$((failed + 1))
		;;
	esac
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
