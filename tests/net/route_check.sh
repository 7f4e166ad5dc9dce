#!/bin/sh
# route_check: portlight's routes and neighbours compared with what the kernel reports.
#
# usage: tests/net/route_check.sh     BUILD names the build directory (default: build)
# Routes: for addresses at and around every prefix's ends, the answer must be that of `ip route
# get`, which queries the kernel each time. Neighbours: hosts that answer, that do not, that are
# only reached by IPv6 link-local address.
. "$(dirname "$0")/suite.sh"
need nft tcpdump setpriv
: "${PROBE:=$BUILD/tests/unit/route_probe}"

build_links() {
	ip netns add peer || return
	for n in 0 1 2; do
		ip link add "v$n" type veth peer name "p$n" netns peer || return
		sysctl -q "net.ipv6.conf.v$n.accept_dad=0"
		ip netns exec peer sysctl -q "net.ipv6.conf.p$n.accept_dad=0"
		ip -n peer link set "p$n" up
		ip link set "v$n" up
		ip addr add "198.18.$n.1/24" dev "v$n"
		ip addr add "2001:db8:$n::1/64" dev "v$n" nodad
		ip -n peer addr add "198.18.$n.2/24" dev "p$n"
		ip -n peer addr add "2001:db8:$n::2/64" dev "p$n" nodad
	done
	ip addr add 198.18.0.77/32 dev v1
}

# Nested prefixes, several tables, refusals of every kind, a gateway of the other family.
build_routes() {
	ip route add default via 198.18.0.2
	ip route add 203.0.0.0/8 via 198.18.1.2
	ip route add 203.0.113.0/24 via 198.18.2.2 src 198.18.0.1
	ip route add 203.0.113.64/26 dev v1
	ip route add 203.0.113.77/32 via 198.18.0.2
	ip route add 203.0.113.128/25 dev v2
	ip route add blackhole 203.1.0.0/16
	ip route add unreachable 203.2.0.0/16
	ip route add prohibit 203.3.0.0/16
	ip route add throw 203.4.0.0/16
	ip route add 203.2.5.0/24 via 198.18.1.2
	ip route add 203.7.7.0/24 via inet6 2001:db8:1::2 dev v1
	ip route add default via 198.18.2.2 table 100
	ip route add 100.64.3.0/24 via 198.18.1.2 table 100
	ip route add prohibit 100.64.4.0/24 table 100
	ip rule add to 100.64.0.0/10 lookup 100 priority 1000
	ip rule add to 100.64.9.9/32 prohibit priority 900
	ip -6 route add default via 2001:db8::2
	ip -6 route add 2001:db8:f000::/36 via 2001:db8:1::2
	ip -6 route add 2001:db8:f123::/48 via 2001:db8:2::2
	ip -6 route add 2001:db8:f123:4::/64 dev v1
	ip -6 route add 2001:db8:f123:4::aaaa/128 via fe80::2 dev v0
	ip -6 route add blackhole 2001:db8:a::/48
	ip -6 route add unreachable 2001:db8:b::/48
	ip -6 route add prohibit 2001:db8:c::/48
	ip -6 route add 2001:db8:d000::/40 via 2001:db8:2::2 table 200
	ip -6 rule add to 2001:db8:d000::/36 lookup 200 priority 1000
}

# Ends of all prefixes above, their neighbours, and random addresses; FIRST and LAST of them.
addresses() { # family
	python3 "$here/route_oracle.py" addresses "$1"
}

# What `ip route get` says, in route_probe's form. Sources of local addresses are the addresses.
kernel() { # options of ip route get; addresses on stdin
	python3 "$here/route_oracle.py" kernel "$@" <"$ADDRESSES"
}

ours() { # options of route_probe
	"$PROBE" routes "$@" <"$ADDRESSES" 2>"$work/stderr" |
		awk '$2 == "local" { $5 = "-" } { print }'
}

compare() { # what, first, last, ip's options or "", route_probe's options...
	what=$1 first=$2 last=$3 options=$4
	shift 4
	# shellcheck disable=SC2086
	kernel $options >"$work/want"
	compared "$@"
}

# The same with connect(2) for the oracle, of a socket bound to the device.
compare_connect() { # what, first, last, device or "", route_probe's options...
	what=$1 first=$2 last=$3 device=$4
	shift 4
	# shellcheck disable=SC2086
	python3 "$here/route_oracle.py" connect $device <"$ADDRESSES" >"$work/want"
	compared "$@"
}

compared() { # route_probe's options...
	ours "$first" "$last" "$@" >"$work/got"
	cmp -s "$work/want" "$work/got"
	ok "$what" $?
	if ! cmp -s "$work/want" "$work/got"; then
		diff "$work/want" "$work/got" | head -20
	fi
	[ "$(wc -l <"$work/want")" -ge 50 ]
	ok "$what: at least 50 addresses" $?
}

check_routes() {
	export ADDRESSES="$work/addresses"
	addresses 4 >"$ADDRESSES"
	compare 'IPv4 routes' 0.0.0.0 255.255.255.255 ''
	compare 'IPv4 routes out of v1' 0.0.0.0 255.255.255.255 'oif v1' -e v1
	compare 'IPv4 routes from a source' 0.0.0.0 255.255.255.255 'from 198.18.2.1' \
		-S 198.18.2.1
	addresses 6 >"$ADDRESSES"
	compare 'IPv6 routes' :: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ''
	compare 'IPv6 routes out of v2' :: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 'oif v2' -e v2
	# Regions are only those of the addresses asked for.
	echo 203.0.113.5 | "$PROBE" routes 203.0.113.0 203.0.113.63 >"$work/got" 2>"$work/stderr"
	same 'one region in a part without ends' '1 regions' "$(cat "$work/stderr")"
	same 'its route' '203.0.113.5 unicast v2 198.18.2.2 198.18.0.1' "$(cat "$work/got")"
	echo fe80::5 | "$PROBE" routes fe80:: fe80::ff -z v2 >"$work/got" 2>/dev/null
	same 'a link-local address in its zone' 'fe80::5 unicast v2' \
		"$(cut -d' ' -f1-3 "$work/got")"
}

# Rules by source address and by user: what connect(2) makes of them.
check_rules() {
	export ADDRESSES="$work/addresses"
	ip route add default via 198.18.1.2 table 300
	ip route add prohibit 203.0.113.0/25 table 300
	ip route add 203.3.9.0/24 via 198.18.2.2 table 300
	ip rule add from 198.18.1.1 lookup 300 priority 500
	ip rule add from 198.18.0.1 to 203.8.0.0/16 lookup 100 priority 510
	ip rule add from 198.18.2.1 to 203.0.113.192/26 prohibit priority 520
	ip rule add to 100.70.0.0/16 uidrange 0-0 lookup 300 priority 530
	ip rule add to 100.71.0.0/16 uidrange 1-65533 prohibit priority 540
	ip rule add to 100.72.0.0/16 ipproto udp lookup 300 priority 550
	ip -6 route add default via 2001:db8:2::2 table 300
	ip -6 route add prohibit 2001:db8:d123::/48 table 300
	ip -6 rule add from 2001:db8:2::1 lookup 300 priority 500
	ip -6 rule add from 2001:db8:1::1 to 2001:db8:a000::/36 lookup 300 priority 510
	addresses 4 >"$ADDRESSES"
	for device in '' v0 v1 v2; do
		compare_connect "IPv4 routes as of connect(2), bound to '$device'" \
			0.0.0.0 255.255.255.255 "$device" ${device:+-e "$device"} -p 17
	done
	# Several addresses of one interface: the target decides which is the source.
	ip addr add 2001:db8:f123:8::1/64 dev v0 nodad
	ip addr add fd00:1::1/64 dev v0 nodad
	ip addr add fd00:8000::1/64 dev v0 nodad
	ip -6 addrlabel add prefix 2001:db8:d555::/48 label 99
	ip -6 addrlabel add prefix fd00:8000::/32 label 99
	{
		addresses 6
		printf '%s\n' fd00:1::99 fd00:7000::1 fd00:9000::1 2001:db8:d555::1 \
			2001:db8:d556::1 2001:4860::1 fc00::1 3fff::1 2002::1
	} >"$ADDRESSES"
	for device in '' v0 v1 v2; do
		compare_connect "IPv6 routes as of connect(2), bound to '$device'" \
			:: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "$device" \
			${device:+-e "$device"} -p 17
	done
	# For the effective user, as sockets are: the real one is another here.
	echo 100.71.0.1 >"$ADDRESSES"
	same 'the effective user' '100.71.0.1 unicast v2 198.18.2.2 198.18.2.1' \
		"$(setpriv --ruid 1000 --clear-groups "$PROBE" routes 0.0.0.0 255.255.255.255 \
			<"$ADDRESSES" 2>/dev/null)"
	# A rule by port or protocol divides a scan that has ports on both sides of it.
	ip rule add ipproto udp dport 50-60 lookup 300 priority 560
	for case in 'tcp 53 whole' 'udp 53 560' 'udp 61 whole' 'both 53 550' 'both 61 550'; do
		# shellcheck disable=SC2086
		set -- $case
		"$PROBE" routes 0.0.0.0 255.255.255.255 -P "$1:$2" </dev/null >/dev/null \
			2>"$work/stderr"
		same "rules by port, $case" "$3" "$(sed -n 's/^divided: //p' "$work/stderr")"
	done
	echo 198.18.1.2 | "$PROBE" routes 198.18.1.0 198.18.1.255 -P both:61 >/dev/null \
		2>"$work/stderr"
	same 'rules by port, of other addresses' whole \
		"$(sed -n 's/^divided: //p' "$work/stderr")"
	ip rule del ipproto udp dport 50-60 lookup 300 priority 560
	ip -6 addrlabel del prefix 2001:db8:d555::/48 label 99
	ip -6 addrlabel del prefix fd00:8000::/32 label 99
	for address in 2001:db8:f123:8::1 fd00:1::1 fd00:8000::1; do
		ip addr del $address/64 dev v0
	done
	for priority in 500 510 520 530 540 550; do
		ip rule del priority $priority
	done
	ip -6 rule del priority 500
	ip -6 rule del priority 510
}

# Packets that the route puts into others.
check_encap() {
	if ip -6 route add 2001:db8:e::/48 encap seg6 mode encap segs 2001:db8::2 dev v0 \
		2>"$work/stderr"; then
		echo 2001:db8:e::1 | "$PROBE" routes :: ffff:: >"$work/got" 2>/dev/null
		same 'encapsulation by segment routing' '2001:db8:e::1 unicast v0 - 2001:db8::1 seg6' \
			"$(cat "$work/got")"
		ip -6 route del 2001:db8:e::/48
	else
		skip "encapsulating routes: $(cat "$work/stderr")"
	fi
}

# Thousands of routes: the dump takes many messages; and routes that change while it is read.
check_many() {
	awk 'BEGIN { for (i = 0; i < 20000; i++)
		printf "route add 10.%d.%d.%d/30 via 198.18.%d.2\n", i / 4096 + 1, i / 16 % 256,
			i % 16 * 16, i % 3 }' >"$work/batch"
	ip -batch "$work/batch"
	export ADDRESSES="$work/addresses"
	awk 'BEGIN { for (i = 0; i < 20000; i += 97)
		printf "10.%d.%d.%d\n", i / 4096 + 1, i / 16 % 256, i % 16 * 16 + i % 7 }' >"$ADDRESSES"
	compare '20,000 routes' 10.0.0.0 10.255.255.255 ''
	(
		for _ in $(seq 200); do
			ip route add 10.200.0.0/24 via 198.18.0.2
			ip route del 10.200.0.0/24
		done
	) &
	changer=$!
	failures=0
	for _ in 1 2 3 4 5; do
		ours 10.0.0.0 10.255.255.255 | cmp -s - "$work/want" || failures=$((failures + 1))
	done
	kill $changer 2>/dev/null
	wait $changer 2>/dev/null
	same 'routes that change while they are read' 0 $failures
}

peer_mac() { ip -n peer -j link show "$1" | sed 's/.*"address":"\([^"]*\)".*/\1/'; }

check_neighbours() {
	mac=$(peer_mac p0)
	"$PROBE" ask v0 198.18.0.1 198.18.0.2 >"$work/got" 2>"$work/stderr"
	same 'ARP' "198.18.0.2 $mac" "$(cat "$work/got")"
	answered=$(cut -d' ' -f1 "$work/stderr")
	"$PROBE" ask v0 2001:db8::1 2001:db8::2 >"$work/got" 2>/dev/null
	same 'NDP' "2001:db8::2 $mac" "$(cat "$work/got")"
	local6=$(ip -n peer -6 -j addr show dev p0 scope link | sed 's/.*"local":"\([^"]*\)".*/\1/')
	own6=$(ip -6 -j addr show dev v0 scope link | sed 's/.*"local":"\([^"]*\)".*/\1/')
	"$PROBE" ask v0 "$own6" "$local6" >"$work/got" 2>/dev/null
	same 'NDP of a link-local address' "$local6 $mac" "$(cat "$work/got")"
	"$PROBE" ask v0 198.18.0.1 198.18.0.2 198.18.0.98 198.18.0.99 >"$work/got" 2>"$work/stderr"
	same 'no host there' "198.18.0.2 $mac,198.18.0.98 -,198.18.0.99 -," \
		"$(tr '\n' , <"$work/got")"
	ms=$(cut -d' ' -f1 "$work/stderr")
	[ "$ms" -ge 850 ]
	ok "no host there: about a second ($ms ms)" $?
	[ "$answered" -lt "$ms" ]
	ok "ARP: no waiting once all have answered ($answered ms)" $?
	# Three tries each, no more, seen from the other side.
	ip netns exec peer timeout 20 tcpdump -i p0 -nn -l -c 50 arp >"$work/arp" 2>"$work/arp.stderr" &
	dump=$!
	wait_until grep -q 'listening on' "$work/arp.stderr"
	"$PROBE" ask v0 198.18.0.1 198.18.0.97 >/dev/null 2>&1
	# What is asked for last shows that all before it was seen.
	"$PROBE" ask v0 198.18.0.1 198.18.0.96 >/dev/null 2>&1
	soon 'three tries: all is seen' grep -q 'who-has 198.18.0.96' "$work/arp"
	kill -INT $dump 2>/dev/null
	wait $dump
	same 'three tries' 3 "$(grep -c 'who-has 198.18.0.97' "$work/arp")"
	# A first answer that is lost is made good by the next try.
	ip netns exec peer nft -f - <<-'NFT'
		table netdev loss {
			chain in {
				type filter hook ingress device p0 priority 0
				arp operation request limit rate 1/hour burst 1 packets drop
			}
		}
	NFT
	"$PROBE" ask v0 198.18.0.1 198.18.0.2 >"$work/got" 2>"$work/stderr"
	same 'the first request lost' "198.18.0.2 $mac" "$(cat "$work/got")"
	[ "$(cut -d' ' -f1 "$work/stderr")" -ge 280 ]
	ok 'the first request lost: it was a later try' $?
	ip netns exec peer nft delete table netdev loss
	# Two thousand at once, all there.
	ip -n peer addr add 198.18.2.3/24 dev p2
	ip -n peer route add local 198.19.0.0/16 dev lo
	ip -n peer link set p2 up
	ip netns exec peer sysctl -q net.ipv4.conf.p2.arp_ignore=0
	# shellcheck disable=SC2046
	"$PROBE" ask v2 198.18.2.1 $(seq -f '198.19.%g' 0 7 | while read -r net; do
		seq -f "$net.%g" 0 249
	done) >"$work/got" 2>"$work/stderr"
	same 'two thousand at once' 2000 "$(grep -c "$(peer_mac p2)" "$work/got")"
}

build_links && build_routes
ok 'the network is built' $?
soon 'our links are up' has_settled
soon 'the links of the peer are up' has_settled peer
check_routes
check_rules
check_encap
check_neighbours
check_many
conclude
