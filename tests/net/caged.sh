# caged: starts tests/unit/caged_probe and talks with it; for cage_check.sh and block_check.sh.
#
# Wants $PROBE, a copy that any user may run, and the harness. Not a program. Sets $said, $main and
# $status, and what a failure shows.
# shellcheck disable=SC2034,SC2154

# serve NAME COMMAND...: starts the command with its words from us; $said is its first line, $main
# its process.
serve() {
	name=$1
	shift
	rm -f "$work/$name.in" "$work/$name.out"
	mkfifo "$work/$name.in"
	"$@" <"$work/$name.in" >"$work/$name.out" 2>"$work/$name.err" &
	main=$! show="why $name.err"
	exec 3>"$work/$name.in"
	lines=0
	hear
}

# hear: waits for the next line, at most 10 s; $said.
hear() {
	said=
	for _ in $(seq 200); do
		if [ "$(wc -l <"$work/$name.out")" -gt "$lines" ]; then
			lines=$((lines + 1))
			said=$(sed -n "${lines}p" "$work/$name.out")
			return
		fi
		sleep 0.05
	done
}

# ask WORD...: one question, its answer in $said.
ask() {
	echo "$*" >&3
	hear
}

# leave: ends it; $status.
leave() {
	exec 3>&-
	wait "$main" 2>/dev/null
	status=$?
}

# status_of PROCESS FIELD: of proc(5).
status_of() {
	awk -v field="$2:" '$1 == field { print $2 }' "/proc/$1/status" 2>/dev/null
}
