# harness: counted checks and the closing line, for every suite in shell.
#
# usage, before all else in a suite:     . "$(dirname "$0")/harness.sh"
# The suite calls ok, same, soon, exits or skip for each check, and conclude at its end. $work is a
# folder that is removed at the end; processes listed in $children are ended then.
set -u
LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH
passed=0 failed=0 skipped=0
children=           # processes to end with us
show='why stderr'   # files in $work that a failure shows the beginning of
work=$(mktemp -d) || exit 1
# shellcheck disable=SC2086
trap 'kill $children 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 143' HUP TERM
trap 'exit 130' INT

# ok WHAT COMMAND...: a check that the command succeeds; or, ok WHAT STATUS: that something did.
ok() {
	case $2 in
	*[!0-9]*)
		harness_what=$1
		shift
		"$@" >"$work/why" 2>&1
		set -- "$harness_what: $*" $?
		;;
	*) rm -f "$work/why" ;;
	esac
	harness_count "$1" "$2"
}

harness_count() { # what, status
	if [ "$2" = 0 ]; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	echo "FAILED  $1" | cut -c1-300
	for harness_file in $show; do
		head -c 1500 "$work/$harness_file" 2>/dev/null |
			sed "s/^/        $harness_file: /" | head -n 12
	done
}

# exits WHAT STATUS COMMAND...: a check that the command exits so.
exits() {
	harness_what=$1 harness_wanted=$2
	shift 2
	"$@" >"$work/why" 2>&1
	set -- $?
	[ "$1" = "$harness_wanted" ]
	harness_count "$harness_what: exit status $1, expected $harness_wanted" $?
}

same() { # WHAT WANTED GOT
	[ "$2" = "$3" ]
	ok "$1: expected '$2', got '$3'" $?
}

soon() { # WHAT COMMAND...: a check that the command succeeds within 30 s
	harness_what=$1
	shift
	wait_until "$@"
	ok "$harness_what: $*" $?
}

# At most 30 s, by steps of 50 ms: for what another process has to do first.
wait_until() { # COMMAND...
	for _ in $(seq 600); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.05
	done
	return 1
}

# A helper program that is missing fails the suite: two empty outputs would be equal.
need() { # COMMAND...
	for harness_command; do
		command -v "$harness_command" >/dev/null || {
			ok "$harness_command is not installed" 1
			conclude
		}
	done
}

skip() { # WHY: something cannot be checked here
	skipped=$((skipped + 1))
	echo "skipped: $1"
}

conclude() { # the closing line that ./check reads, and the end
	[ "$skipped" -gt 0 ] && harness_rest=", $skipped skipped" || harness_rest=
	echo "$passed passed, $failed failed$harness_rest"
	[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
	exit
}
