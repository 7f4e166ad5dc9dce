# suite: what every suite of this folder begins with: a network of its own, and the harness.
#
# usage, before all else in a suite:     . "$(dirname "$0")/suite.sh"
# The rest of that suite runs as root in an empty private network (private.sh), or with network=lab
# set before in the lab's scanner host (lab.sh). Where neither can be: says why and exits 77.
# It has BUILD, PORTLIGHT and LAB_SERVER from its environment, or else from build/, as absolute
# names; $here, this folder; $real, the calling user; and all of ../harness.sh.
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
. "$here/../harness.sh"
# Notes are one line each, except where their width is the matter.
export COLUMNS=10000
# Processes that are not root in here must reach it.
chmod 755 "$work" || exit 1

# What comes by an interface of the namespace target, into $work/dump, until undump.
dump() { # interface, options of tcpdump...
	rm -f "$work/dumping"
	ip netns exec target tcpdump -Zroot -B 16384 -U -l --immediate-mode -nn -i "$@" \
		>"$work/dump" 2>"$work/dumping" &
	dumper=$!
	children="$children $dumper"
	soon 'tcpdump is there' grep -q 'listening on' "$work/dumping"
}

# Interfaces that are up, here or in a namespace, have their carrier and their IPv6 addresses.
has_settled() { # [NAMESPACE]
	! ip ${1:+-n "$1"} -o link show up | grep -e NO-CARRIER -e 'state DOWN' \
		-e 'state LOWERLAYERDOWN' && ! ip ${1:+-n "$1"} -o -6 addr show tentative | grep .
}

frames_out() { # interface: how many frames have left by it
	ip -s -j link show "$1" | sed 's/.*"tx":{[^}]*"packets":\([0-9]*\).*/\1/'
}

has_left() { # interface, more frames than that
	[ "$(frames_out "$1")" -gt "$2" ]
}

dumped() { # file, filter: tcpdump has written such a packet to it
	tcpdump -nn -r "$1" "$2" 2>/dev/null | grep .
}

undump() {
	kill $dumper
	wait $dumper
}

# Runs check_NAME for those that the command line names, or all. (Its words are not ours by then.)
sections() { # NAME...
	for suite_section; do
		case $sections in '  ' | *" $suite_section "*) "check_$suite_section" ;; esac
	done
}
