#!/bin/sh
# run: runs every fuzz target for a fixed count of inputs, from its corpus where there is one.
#
# usage: [RUNS=N] tests/fuzz/run.sh BUILD-DIRECTORY      (configured with -Dfuzz=true, by clang)
# A target that was not built counts as failed. Last line: "N passed, M failed".
. "$(dirname "$0")/../harness.sh"
build=${1:?usage: tests/fuzz/run.sh BUILD-DIRECTORY}
here=$(dirname "$0")

for source in "$here"/fuzz_*.c; do
	[ -e "$source" ] || continue
	name=$(basename "$source" .c)
	mkdir "$work/$name"
	# What it finds goes to the copy, so that the tree stays as it is.
	[ ! -d "$here/corpus/$name" ] || cp "$here/corpus/$name"/* "$work/$name/"
	runs=${RUNS:-20000}
	# The whole detector, with fresh tables for each input: 15 ms instead of 15 us.
	[ "$name" = fuzz_watch ] && runs=$((runs / 20))
	if "$build/tests/fuzz/$name" -runs="$runs" -seed=1 -timeout=10 -max_len=2048 \
		-rss_limit_mb=1024 -artifact_prefix="$build/$name-" "$work/$name" \
		>"$work/$name.log" 2>&1 </dev/null; then
		ok "$name" 0
		echo "ok $name: $(grep -o 'Done [0-9]* runs in.*' "$work/$name.log")"
	else
		ok "$name" 1
		tail -n 40 "$work/$name.log"
	fi
done
conclude
