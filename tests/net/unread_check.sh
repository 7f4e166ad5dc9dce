#!/bin/sh
# unread_check: a scan is stopped while its report cannot be written, because the reader of the pipe
# does not read. The report is written completely once it reads.
#
# usage: tests/net/unread_check.sh     BUILD names the build directory (default: build)
. "$(dirname "$0")/suite.sh"
need jq

ip netns add target && ip link add v0 type veth peer name p0 netns target &&
	ip addr add 198.18.0.1/24 dev v0 && ip -n target addr add 198.18.0.2/24 dev p0 &&
	ip link set v0 up && ip -n target link set p0 up || exit 1

# A scan whose report, of some 800 kB, is read only once there is $work/read: it waits in a write.
unread() {
	rm -f "$work/read" "$work/pipe"
	mkfifo "$work/pipe"
	(
		exec 3<"$work/pipe"
		wait_until test -e "$work/read"
		cat <&3 >"$work/json"
	) &
	reader=$!
	"$PORTLIGHT" scan --engine frames --json --all-ports -sS -p 1-3000 198.18.0.2 \
		>"$work/pipe" 2>"$work/stderr" &
	scanner=$!
	wait_until grep -q pipe_write "/proc/$scanner/wchan"
}

# Together, while it is stopped: so the third is not a second later than the others.
interrupt() { # signals...
	kill -STOP $scanner
	for signal; do
		kill "-$signal" $scanner
	done
	kill -CONT $scanner
}

gone() {
	! kill -0 $scanner 2>/dev/null || grep -q '^State:.Z' "/proc/$scanner/status"
}

# A signal a second after the others ends it; as often as it takes, since it may handle those late.
interrupted_later() {
	kill -INT $scanner
	gone
}

for signals in INT 'INT TERM' 'INT TERM HUP'; do
	unread
	# shellcheck disable=SC2086
	interrupt $signals
	touch "$work/read"
	wait $scanner
	same "unread, interrupted by $signals: exit status" 75 $?
	wait $reader
	same "unread, interrupted by $signals: all is written" '3000 summary' \
		"$(grep -c '"type":"port"' "$work/json") $(tail -1 "$work/json" | jq -r .type)"
done
unread
interrupt INT TERM
soon 'unread, interrupted again, later: it ends' interrupted_later
wait $scanner
same 'unread, interrupted again, later: exit status' 130 $?
touch "$work/read"
wait $reader

# A file that may grow no further is a full disk, not a reason to die.
(
	ulimit -f 8
	exec timeout 60 "$PORTLIGHT" scan --engine frames --all-ports -sS -p 1-3000 \
		-oD "$work/limited" 198.18.0.2 >/dev/null 2>"$work/stderr"
)
same 'a limit of file size: exit status' 74 $?
ok 'a limit of file size: said' grep -q 'cannot write to ".*/limited": File too large' "$work/stderr"
conclude
