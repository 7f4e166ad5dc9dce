#!/bin/sh
# sockets_check: the unprivileged engine against real hosts, a router and their packet filters.
#
# usage: tests/net/sockets_check.sh     BUILD names the build directory (default: build)
# What must come back is written here by hand, from the filter rules and the RFCs.
. "$(dirname "$0")/suite.sh"
need nft ss taskset
: "${PROBE:=$BUILD/tests/unit/engine_probe}"
pin='' show='why got'
got=$work/got want=$work/want table=$work/table

# Us 198.18.0.1 - router .254 / 198.18.1.254 - target 198.18.1.2; IPv6 likewise.
build() {
	ip netns add router || return
	ip netns add target || return
	for name in router target; do
		ip netns exec $name sysctl -q net.ipv6.conf.default.accept_dad=0 || return
	done
	sysctl -q net.ipv6.conf.default.accept_dad=0
	ip link add up0 type veth peer name down0 netns router
	ip -n router link add up1 type veth peer name down1 netns target
	ip addr add 198.18.0.1/24 dev up0
	ip addr add 2001:db8:18::1/64 dev up0 nodad
	ip -n router addr add 198.18.0.254/24 dev down0
	ip -n router addr add 2001:db8:18::fe/64 dev down0 nodad
	ip -n router addr add 198.18.1.254/24 dev up1
	ip -n router addr add 2001:db8:19::fe/64 dev up1 nodad
	ip -n target addr add 198.18.1.2/24 dev down1
	ip -n target addr add 2001:db8:19::2/64 dev down1 nodad
	ip link set up0 up
	for name in router target; do
		ip netns exec $name sysctl -q net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 \
			net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
		ip -n $name link set lo up
	done
	ip -n router link set down0 up
	ip -n router link set up1 up
	ip -n target link set down1 up
	ip route add 198.18.1.0/24 via 198.18.0.254
	ip route add 2001:db8:19::/64 via 2001:db8:18::fe
	ip route add prohibit 198.18.7.1
	ip route add unreachable 198.18.7.2
	ip route add blackhole 198.18.7.3
	ip -n target route add default via 198.18.1.254
	ip -n target route add default via 2001:db8:19::fe
	rules input 1000 | ip netns exec target nft -f - || return
	rules forward 1100 | ip netns exec router nft -f - || return
	ip netns exec target "$LAB_SERVER" tcp 22 80 udp-echo 7 udp-silent 9 || return
	"$LAB_SERVER" tcp 22 udp-echo 7 || return
	# IPv6 needs a moment: until there is an answer, at most 30 times.
	for _ in $(seq 30); do
		timeout 5 "$PROBE" tries=1 sockets 2001:db8:19::2 connect T:23 | grep -q ' RST ' &&
			return
	done
	echo 'the target is not reachable over IPv6'
	return 1
}

rules() { # hook base-port
	cat <<-END
		table inet filter {
		chain verdicts {
		type filter hook $1 priority 0
		tcp dport $(($2 + 1)) drop
		udp dport $(($2 + 1)) drop
		tcp dport $(($2 + 2)) reject with tcp reset
		meta nfproto ipv4 meta l4proto { tcp, udp } th dport $(($2 + 3)) reject with icmp net-unreachable
		meta nfproto ipv4 meta l4proto { tcp, udp } th dport $(($2 + 4)) reject with icmp host-unreachable
		meta nfproto ipv4 meta l4proto { tcp, udp } th dport $(($2 + 5)) reject with icmp prot-unreachable
		meta nfproto ipv4 meta l4proto { tcp, udp } th dport $(($2 + 6)) reject with icmp port-unreachable
		meta nfproto ipv4 meta l4proto { tcp, udp } th dport $(($2 + 7)) reject with icmp net-prohibited
		meta nfproto ipv4 meta l4proto { tcp, udp } th dport $(($2 + 8)) reject with icmp host-prohibited
		meta nfproto ipv4 meta l4proto { tcp, udp } th dport $(($2 + 9)) reject with icmp admin-prohibited
		meta nfproto ipv6 meta l4proto { tcp, udp } th dport $(($2 + 3)) reject with icmpv6 no-route
		meta nfproto ipv6 meta l4proto { tcp, udp } th dport $(($2 + 4)) reject with icmpv6 addr-unreachable
		meta nfproto ipv6 meta l4proto { tcp, udp } th dport $(($2 + 6)) reject with icmpv6 port-unreachable
		meta nfproto ipv6 meta l4proto { tcp, udp } th dport $(($2 + 9)) reject with icmpv6 admin-prohibited
		}
		}
	END
}

# expect WHAT ENGINE_PROBE-ARGUMENTS...: its answers, without times, are those on standard input.
# (Not from a pipe: the counts of a subshell are lost.)
expect() {
	what=$1
	shift
	# shellcheck disable=SC2086
	timeout --kill-after=5 60 $pin "$PROBE" "$@" 2>&1 |
		sed -e '/^sum /d' -e 's/ rtt [0-9]*$//' -e 's/ attempt [0-9]*//' -e 's/ tries [0-9]*$//' -e 's/^[^ ]* //' |
		sort >"$got"
	sort >"$want"
	ok "$what" diff "$want" "$got"
}

# sum WHAT PATTERN ENGINE_PROBE-ARGUMENTS...: its last line, or what it said on failing, fits.
sum() {
	what=$1 pattern=$2
	shift 2
	timeout --kill-after=5 60 "$PROBE" "$@" >"$got" 2>&1
	ok "$what" grep -Eq -- "$pattern" "$got"
}

# The seven ICMP rejections, as the target (ttl 63, a hop away) or the router (ttl 64) sends them.
rejections() { # technique base-port port-unreachable-reply ttl [from]
	for row in 3:0:net-unreach 4:1:host-unreach 5:2:proto-unreach 6:3:port-unreach \
		7:9:net-prohibited 8:10:host-prohibited 9:13:admin-prohibited; do
		reply='ICMP error'
		[ "${row%%:*}" = 6 ] && reply=$3
		code=${row#*:}
		echo "$(($2 + ${row%%:*})) $1 $reply ${row##*:}${5:+ from $5} icmp 3/${code%:*} ttl $4"
	done
}
rejections6() {
	for row in 3:0:no-route 4:3:addr-unreach 6:4:port-unreach 9:1:admin-prohibited; do
		reply='ICMP error'
		[ "${row%%:*}" = 6 ] && reply=$3
		code=${row#*:}
		reason=${row##*:}
		[ "$reason" = addr-unreach ] && reason=host-unreach
		echo "$(($2 + ${row%%:*})) $1 $reply $reason${5:+ from $5} icmp 1/${code%:*} ttl $4"
	done
}

tcp() { # family-suffix router-address
	cat <<-END
		22 connect SYN+ACK -
		80 connect SYN+ACK -
		23 connect RST - refused
		1001 connect silence -
		1002 connect RST - refused
		1101 connect silence -
		1102 connect RST - refused
	END
	"rejections$1" connect 1000 'port unreachable' 63
	"rejections$1" connect 1100 'ICMP error' 64 "$2"
}

udp() {
	cat <<-END
		7 udp datagram - ttl 63
		9 udp silence -
		23 udp port unreachable port-unreach icmp $3 ttl 63
		1001 udp silence -
		1101 udp silence -
	END
	"rejections$1" udp 1000 'port unreachable' 63
	"rejections$1" udp 1100 'ICMP error' 64 "$2"
}

conditions() {
	p4=22,23,80,1001-1009,1101-1109
	p6=22,23,80,1001-1004,1006,1009,1101-1104,1106,1109
	tcp '' 198.18.0.254 >"$table"
	expect "TCP over IPv4$1" sockets 198.18.1.2 connect T:$p4 <"$table"
	tcp 6 2001:db8:18::fe >"$table"
	expect "TCP over IPv6$1" sockets 2001:db8:19::2 connect T:$p6 <"$table"
	p4=7,9,23,1001,1003-1009,1101,1103-1109
	p6=7,9,23,1001,1003,1004,1006,1009,1101,1103,1104,1106,1109
	udp '' 198.18.0.254 3/3 >"$table"
	expect "UDP over IPv4$1" sockets 198.18.1.2 udp U:$p4 <"$table"
	udp 6 2001:db8:18::fe 1/4 >"$table"
	expect "UDP over IPv6$1" sockets 2001:db8:19::2 udp U:$p6 <"$table"
}

build
ok 'the network is built' $?
[ "$failed" = 0 ] || conclude

# Answers come in within the call on one machine; with a delay they come later, as from afar.
conditions ''
# Handed to another CPU, an answer is not there yet when the call returns, as if it came from afar.
steer() {
	ip netns exec router sh -c "echo 2 >/sys/class/net/down0/queues/rx-0/rps_cpus" &&
		mkdir /run/sys && mount -t sysfs sysfs /run/sys &&
		echo 2 >/run/sys/class/net/up0/queues/rx-0/rps_cpus && taskset -c 0 true
}
if steer 2>/dev/null; then
	pin='taskset -c 0'
	conditions ', answered later'
	pin=
else
	skip 'answered later: one CPU, or no packet steering'
fi

# Errors of our own kernel, without a packet.
expect 'no route to the target' sockets 198.18.7.1,198.18.7.2,198.18.7.3,198.19.0.1 connect,udp 5 <<END
5 connect ICMP error net-prohibited icmp 3/9 local
5 udp ICMP error net-prohibited icmp 3/9 local
5 connect ICMP error net-unreach icmp 3/0 local
5 udp ICMP error net-unreach icmp 3/0 local
5 connect ICMP error net-unreach icmp 3/0 local
5 udp ICMP error net-unreach icmp 3/0 local
5 connect ICMP error net-unreach icmp 3/0 local
5 udp ICMP error net-unreach icmp 3/0 local
END
expect 'no host at an on-link address' tries=1 timeout_ms=8000 sockets 198.18.0.99 connect,udp 5 <<END
5 connect ICMP error host-unreach icmp 3/1 local
5 udp ICMP error host-unreach icmp 3/1 local
END
nft -f - <<END
table ip own {
chain out {
type filter hook output priority 0
tcp dport 31 reject with icmp admin-prohibited
udp dport 32 drop
tcp dport 33 reject with tcp reset
}
}
END
expect 'our own packet filter' sockets 198.18.1.2 connect,udp T:31,33,U:32 <<END
31 connect ICMP error admin-prohibited icmp 3/13 local
33 connect RST - refused
32 udp ICMP error admin-prohibited icmp 3/13 local
END
nft delete table ip own

# Every port of our own addresses: no socket may take itself for a service.
for address in 127.0.0.1 ::1 198.18.0.1; do
	sum "each TCP port of $address, none met itself" ' RST 65534 SYN.ACK 1$' \
		tries=1 timeout_ms=2000 quiet=1 sockets $address connect T:-
done
sum 'each UDP port of ::1, none met itself' ' port unreachable 65534 datagram 1$' \
	tries=1 timeout_ms=2000 quiet=1 sockets ::1 udp U:-
sysctl -q net.ipv4.ip_local_port_range='40000 40003'
sum 'each TCP port with four ephemeral ports' 'errors 0 .* RST 65534 SYN.ACK 1$' \
	tries=1 timeout_ms=2000 quiet=1 sockets 127.0.0.1 connect T:-
sum 'filtered ports with four ephemeral ports' ' silence 1$' \
	tries=1 timeout_ms=50 quiet=1 sockets 198.18.1.2 connect T:1001
sysctl -q net.ipv4.ip_local_port_range='32768 60999'

# Nothing stays behind: open connections were reset, not closed.
ok 'no connection is left in TIME-WAIT' [ -z "$(ss -Htan state time-wait)" ]

# Options.
nft -f - <<END
table ip seen {
counter asked {
}
chain out {
type filter hook output priority 0
tcp sport 45678 tcp flags syn ip saddr 198.18.0.1 ip ttl 9 oifname up0 counter name asked
}
}
END
sum 'source, source port, TTL and interface' ' RST 40$' tries=1 quiet=1 source=198.18.0.1 \
	port=45678 ttl=9 interface=up0 sockets 198.18.1.2 connect T:100-139
ok '... are on the wire' sh -c 'nft list counter ip seen asked | grep -q "packets 40 "'
sum 'a source that is not ours' 'source address 198.18.0.77 is not one' \
	source=198.18.0.77 sockets 198.18.1.2 connect T:5
sum 'a source of the other family' 'of another family than the targets' \
	source=2001:db8:18::1 sockets 198.18.1.2 connect T:5
sum 'no such interface' 'no interface is called nosuch' \
	interface=nosuch sockets 198.18.1.2 connect T:5
sum 'a technique that needs frames' 'sockets cannot send technique syn' \
	sockets 198.18.1.2 syn T:5
zone=$(ip -n router -6 -br addr show dev down0 | grep -o 'fe80:[0-9a-f:]*')
expect 'a link-local target' zone=up0 sockets "$zone" connect T:5 <<END
5 connect RST - refused
END
sum 'without privileges' ' RST 2000$' quiet=1 drop=1 sockets 198.18.1.2 connect T:2000-3999

# Too few files: fewer at once, all answered all the same.
few() { # files WHAT PATTERN ENGINE_PROBE-ARGUMENTS...
	files=$1 what=$2 pattern=$3
	shift 3
	timeout --kill-after=5 60 "$PROBE" "files=$files" "$@" >"$got" 2>&1
	ok "$what" grep -Eq -- "$pattern" "$got"
}
few 40 '40 open files' 'errors 0 .* silence 1 RST 198 SYN.ACK 2$' \
	tries=1 timeout_ms=100 quiet=1 sockets 198.18.1.2 connect T:1-200,1001
few 9 '9 open files' ' silence 1 RST 20$' \
	tries=1 timeout_ms=100 quiet=1 sockets 198.18.1.2 connect T:1-20,1001
few 4 '4 open files: none to be had' 'Too many open files' \
	tries=1 timeout_ms=100 quiet=1 sockets 198.18.1.2 connect T:1-20

conclude
