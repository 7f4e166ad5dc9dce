#!/bin/sh
# block_check: sources shut out by a real nftables, and everything undone, however it ends.
#
# usage: tests/net/block_check.sh     BUILD names the build directory (default: build)
. "$(dirname "$0")/suite.sh"
need jq nft setpriv
: "${PROBE:=$BUILD/tests/unit/caged_probe}"
cp "$PROBE" "$work/probe" && chmod 755 "$work/probe" || exit 1
PROBE=$work/probe
. "$here/caged.sh"

# Us 198.18.0.1 with a service, and a neighbour with two addresses of each family.
build() {
	ip netns add far || return
	ip link add up0 type veth peer name down0 netns far || return
	ip addr add 198.18.0.1/24 dev up0
	ip addr add 2001:db8:18::1/64 dev up0 nodad
	ip -n far addr add 198.18.0.2/24 dev down0
	ip -n far addr add 198.18.0.3/24 dev down0
	ip -n far addr add 2001:db8:18::2/64 dev down0 nodad
	ip -n far addr add 2001:db8:18::3/64 dev down0 nodad
	ip link set up0 up
	ip -n far link set lo up
	ip -n far link set down0 up
	nft -f - <<-END || return
		table inet other {
			set keep { type ipv4_addr; elements = { 198.51.100.1 }; }
			chain input { type filter hook input priority 0; ip saddr @keep drop; }
		}
	END
	"$LAB_SERVER" udp-echo 7
}

# reaches SOURCE TARGET: whether an echo comes back within half a second.
reaches() {
	# shellcheck disable=SC2016
	ip netns exec far python3 -c '
import socket, sys
v6 = ":" in sys.argv[1]
s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 0))
s.settimeout(0.5)
s.sendto(b"?", (sys.argv[2], 7))
s.recv(10)' "$1" "$2" 2>/dev/null
}

# reach NAME SOURCE yes|no: one check.
reach() {
	case $2 in *:*) target=2001:db8:18::1 ;; *) target=198.18.0.1 ;; esac
	reaches "$2" "$target" && came=yes || came=no
	same "$1: $2 gets through" "$3" $came
}

rules() {
	nft -s list ruleset
}

unblocked() {
	[ "$(rules)" = "$before" ]
}

members() { # set
	nft -j list set inet portlight "$1" 2>/dev/null | jq -c '[.nftables[] | .set.elem // empty |
		.[] | .elem.val] | sort'
}

# The table and its life, as nft shows it.
shut_out() {
	serve blocker "$PROBE" serve block=600,3 never=198.18.0.3
	case $said in
	ready*) same 'blocker is there' yes yes ;;
	*) same 'blocker is there' 'ready ...' "$said" ;;
	esac
	helper=$(echo "$said" | cut -d ' ' -f 2)
	same 'the rules' 'table inet portlight {
	flags owner

	set blocked4 {
		type ipv4_addr
		size 3
		timeout 10m
	}

	set blocked6 {
		type ipv6_addr
		size 3
		timeout 10m
	}

	chain drop {
		type filter hook prerouting priority raw; policy accept;
		ip saddr @blocked4 counter drop
		ip6 saddr @blocked6 counter drop
	}
}' \
		"$(nft -s list table inet portlight | sed 's/ # progname.*//')"
	for address in 198.18.0.2 198.18.0.3 2001:db8:18::2 2001:db8:18::3; do
		reach 'at first' $address yes
	done
	ask add 198.18.0.2
	same 'blocked' 'add: 1' "$said"
	ask add 2001:db8:18::2
	same 'blocked' 'add: 1' "$said"
	ask add 198.18.0.2
	same 'blocked again' 'add: 0' "$said"
	reach 'blocked' 198.18.0.2 no
	reach 'not blocked' 198.18.0.3 yes
	reach 'blocked' 2001:db8:18::2 no
	reach 'not blocked' 2001:db8:18::3 yes
	for address in 198.18.0.3 127.0.0.1 ::1 fe80::1 224.0.0.1 ff02::1 169.254.1.1 0.0.0.0 \
		255.255.255.255 ::; do
		ask add $address
		same "never $address" 'add: -1' "$said" # EPERM
	done
	ask add 198.51.100.9
	same 'the third' 'add: 1' "$said"
	ask add 198.51.100.10
	same 'one too many' 'add: -28' "$said" # ENOSPC
	same 'members of the set' '["198.18.0.2","198.51.100.9"]["2001:db8:18::2"]' \
		"$(members blocked4)$(members blocked6)"
}

# Other programs can neither change it nor take it away, and are not hindered otherwise.
others() {
	nft delete table inet portlight 2>/dev/null
	same 'delete by another' 1 $?
	nft flush set inet portlight blocked4 2>/dev/null
	same 'flush of a set by another' 1 $?
	nft -s list ruleset >"$work/all"
	nft flush ruleset
	same 'flush of all: other tables' 'table inet portlight' "$(nft list tables)"
	reach 'after a flush of all' 198.18.0.2 no
	# What stood there, without ours, which its owner alone may make.
	nft -f - <<-END
		table inet other {
			set keep { type ipv4_addr; elements = { 198.51.100.1 }; }
			chain input { type filter hook input priority 0; ip saddr @keep drop; }
		}
	END
	said=$("$PROBE" serve block=600,3 </dev/null)
	same 'a second blocker' 'failure 69: cannot make the nftables table inet portlight: '\
'another process owns it, or this network namespace is not ours to change' "$said"
}

helper_cage() {
	same 'helper: capabilities' 0000000000001000 "$(status_of "$helper" CapEff)"
	same 'helper: permitted' 0000000000001000 "$(status_of "$helper" CapPrm)"
	same 'helper: NoNewPrivs' 1 "$(status_of "$helper" NoNewPrivs)"
	same 'helper: Seccomp' 2 "$(status_of "$helper" Seccomp)"
	same 'helper: descriptors' 5 "$(find "/proc/$helper/fd" -mindepth 1 | wc -l)"
	[ "$real" != 0 ] || same 'helper: user' "$(id -u portlight 2>/dev/null || echo 65534)" \
		"$(status_of "$helper" Uid)"
	# What ends the main process by its handlers must not end the helper before it.
	kill -INT "$helper"
	kill -TERM "$helper"
	ask add 198.51.100.9
	same 'helper after SIGINT and SIGTERM' 'add: 0' "$said"
}

ends() {
	ask clear
	same 'clear' 'clear: 0' "$said"
	same 'the sets are empty' '[][]' "$(members blocked4)$(members blocked6)"
	reach 'after clear' 198.18.0.2 yes
	leave
	same 'it ends' 0 $status
	same 'afterwards' "$before" "$(rules)"
	[ ! -e "/proc/$helper" ] && gone=yes || gone=$(status_of "$helper" State)
	same 'helper is gone' yes "$gone"

	serve again "$PROBE" serve block=600,3
	ask add 198.18.0.2
	same 'blocked' 'add: 1' "$said"
	kill -KILL $main
	wait $main 2>/dev/null
	exec 3>&-
	soon 'main process killed: undone' unblocked
	reach 'main process killed' 198.18.0.2 yes

	serve again "$PROBE" serve block=600,3
	helper=$(echo "$said" | cut -d ' ' -f 2)
	ask add 198.18.0.2
	same 'blocked' 'add: 1' "$said"
	kill -KILL "$helper"
	soon 'helper killed: undone' unblocked
	ask add 198.18.0.2
	same 'helper killed: told' 'add: -32' "$said" # EPIPE
	leave
	same 'helper killed: the end' 0 $status

	serve again "$PROBE" serve block=600,3
	helper=$(echo "$said" | cut -d ' ' -f 2)
	ask add 198.18.0.2
	kill -KILL $main "$helper"
	wait $main 2>/dev/null
	exec 3>&-
	soon 'both killed: undone' unblocked
}

expires_within() { # seconds: whether the kernel's entry of the blocked source expires by then
	nft -j list set inet portlight blocked4 |
		jq -e "[.nftables[] | .set.elem // empty | .[].elem.expires] | max <= $1"
}

durations() {
	# A table left by another program, with no owner, is replaced.
	nft add table inet portlight
	nft add chain inet portlight stale
	serve times "$PROBE" serve block=5,3
	same 'stale table' 0 "$(nft -s list table inet portlight | grep -c stale)"
	ask add 198.18.0.2
	reach 'for five seconds' 198.18.0.2 no
	soon 'and no longer' reaches 198.18.0.2 198.18.0.1
	leave
	serve times "$PROBE" serve block=60,3
	ask add 198.18.0.2
	same 'blocked again' 'add: 1' "$said"
	soon 'some of its time is over' expires_within 57
	ask add 198.18.0.2
	same 'prolonged' 'add: 0' "$said"
	expires_within 57
	same 'prolonged: its time starts again' 1 $?
	leave
	same 'afterwards' "$before" "$(rules)"
}

refusals() {
	said=$("$PROBE" serve block=0,3 </dev/null)
	same 'no time' 'failure 64: a source can be blocked for 1 second to 30 days' "$said"
	said=$("$PROBE" serve block=60,0 </dev/null)
	same 'an empty set' 'failure 64: 1 to 65536 sources can be blocked at a time' "$said"
	said=$(setpriv --inh-caps -all --bounding-set -net_admin "$PROBE" serve block=60,3 </dev/null)
	same 'no capability' 'failure 77: blocking needs root or CAP_NET_ADMIN' "$said"
	same 'afterwards' "$before" "$(rules)"
}

if ! build; then
	echo 'no nftables here'
	exit 77
fi
before=$(rules)
# IPv6 needs a moment, the server too.
for address in 2001:db8:18::2 2001:db8:18::3; do
	soon 'the network is up' reaches $address 2001:db8:18::1
done
shut_out
helper_cage
others
ends
durations
refusals
conclude
