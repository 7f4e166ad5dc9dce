# suite: what every suite of this folder begins with: a network of its own, counted checks, the end.
#
# usage, before all else in a suite:     . "$(dirname "$0")/suite.sh"
# The rest of that suite runs as root in an empty private network (private.sh), or with network=lab
# set before in the lab's scanner host (lab.sh). Where neither can be: says why and exits 77.
# It has BUILD, PORTLIGHT and LAB_SERVER from its environment, or else from build/, as absolute
# names; $here, this folder; $work, a folder that is gone at the end; $real, the user who asked.
# Suites that end with `sections` can be run in part: SUITE.sh [SECTION...].
set -u
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin
if [ "${1-}" != inside ]; then
	"$here/private.sh" --possible || exit
	BUILD=$(realpath "${BUILD:-$here/../../build}") &&
		PORTLIGHT=$(realpath "${PORTLIGHT:-$BUILD/portlight}") &&
		LAB_SERVER=$(realpath "${LAB_SERVER:-$BUILD/tests/net/lab_server}") || exit 1
	real=$(id -u)
	export BUILD PORTLIGHT LAB_SERVER real
	set -- sh "$here/${0##*/}" inside "$@"
	[ "${network-}" = lab ] && exec "$here/lab.sh" run "$@"
	exec "$here/private.sh" "$@"
fi
shift
sections=" $* "
passed=0 failed=0 skipped=0
children=           # processes to end with us
show='why stderr'   # files in $work that a failure shows the beginning of
# Those who are not root in here must get there.
work=$(mktemp -d) && chmod 755 "$work" || exit 1
trap 'kill $children 2>/dev/null; rm -rf "$work"' EXIT

# ok WHAT COMMAND...: a check that the command succeeds; or, ok WHAT STATUS: that something did.
ok() {
	case $2 in
	*[!0-9]*)
		suite_what=$1
		shift
		"$@" >"$work/why" 2>&1
		set -- "$suite_what: $*" $?
		;;
	*) rm -f "$work/why" ;;
	esac
	if [ "$2" = 0 ]; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	echo "FAILED  $1" | cut -c1-300
	for suite_file in $show; do
		head -c 1500 "$work/$suite_file" 2>/dev/null |
			sed "s/^/        $suite_file: /" | head -n 12
	done
}

same() { # WHAT WANTED GOT
	[ "$2" = "$3" ]
	ok "$1: expected '$2', got '$3'" $?
}

soon() { # WHAT COMMAND...: a check that the command succeeds within 30 s
	suite_what=$1
	shift
	wait_until "$@"
	ok "$suite_what: $*" $?
}

# At most 30 s, by steps of 50 ms: for what another process has to do first.
wait_until() { # COMMAND...
	for _ in $(seq 600); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.05
	done
	return 1
}

# What comes by an interface of the namespace target, into $work/dump, until undump.
dump() { # interface, options of tcpdump...
	rm -f "$work/dumping"
	ip netns exec target tcpdump -Zroot -B 16384 -U -l --immediate-mode -nn -i "$@" \
		>"$work/dump" 2>"$work/dumping" &
	dumper=$!
	children="$children $dumper"
	soon 'tcpdump is there' grep -q 'listening on' "$work/dumping"
}

undump() {
	kill $dumper
	wait $dumper
}

skip() { # WHY: something cannot be checked here
	skipped=$((skipped + 1))
	echo "skipped: $1"
}

# Runs check_NAME for those that the command line names, or all. (Its words are not ours by then.)
sections() { # NAME...
	for suite_section; do
		case $sections in '  ' | *" $suite_section "*) "check_$suite_section" ;; esac
	done
}

conclude() { # the closing line that ./check reads, and the end
	[ "$skipped" -gt 0 ] && suite_rest=", $skipped skipped" || suite_rest=
	echo "$passed passed, $failed failed$suite_rest"
	[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
	exit
}
