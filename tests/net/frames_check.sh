#!/bin/sh
# frames_check: the frames engine on every kind of link, and what it leaves behind on the wire.
#
# usage: tests/net/frames_check.sh [SECTION...]     all sections, or only those named (the last lines)
# Expected states are written here by hand from how the hosts are set up.
. "$(dirname "$0")/suite.sh"
need nft setpriv

scan() { # options...: "ip port state reason" a line into $work/got, JSON into $work/json
	timeout 60 "$PORTLIGHT" scan --engine frames --json --all-ports "$@" \
		>"$work/json" 2>"$work/stderr"
	status=$?
	python3 -c '
import json, sys
for line in open(sys.argv[1]):
    o = json.loads(line)
    if o["type"] == "port":
        print(o["ip"], o["port"], o["state"], o["reason"])
' "$work/json" >"$work/got"
	return $status
}

# what, lines expected (";" between them), options...
expect() {
	what=$1 want=$2
	shift 2
	scan "$@"
	same "$what: exit status" 0 $?
	same "$what" "$want" "$(sed '$!s/$/;/' "$work/got" | tr -d '\n')"
}

# Us .1, target .2 on two Ethernets and a tun; 198.18.9.1 behind the second Ethernet.
build() {
	ip netns add target || return
	for space in '' '-n target'; do
		# shellcheck disable=SC2086
		ip $space link set lo up
	done
	sysctl -q net.ipv6.conf.default.accept_dad=0
	ip netns exec target sysctl -q net.ipv6.conf.default.accept_dad=0
	for n in 0 1; do
		ip link add "v$n" type veth peer name "p$n" netns target || return
		ip addr add "198.18.$n.1/24" dev "v$n"
		ip addr add "2001:db8:$n::1/64" dev "v$n" nodad
		ip -n target addr add "198.18.$n.2/24" dev "p$n"
		ip -n target addr add "2001:db8:$n::2/64" dev "p$n" nodad
		ip link set "v$n" up
		ip -n target link set "p$n" up
	done
	ip -n target addr add 198.18.9.1/32 dev lo
	ip route add 198.18.9.0/24 via 198.18.1.2
	ip route add 198.18.8.0/24 via 198.18.1.99
	ip netns exec target sysctl -q net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
	ip netns exec target nft -f - <<-'NFT' || return
		table inet wall {
			chain in {
				type filter hook input priority 0
				tcp dport 1001 drop
				udp dport 1001 drop
			}
		}
	NFT
	ip netns exec target "$LAB_SERVER" tcp 22 80 udp-echo 7 udp-silent 9 || return
	"$LAB_SERVER" tcp 22 80 udp-echo 7 udp-silent 9
}

check_ethernet() {
	for to in 198.18.0.2 2001:db8::2; do
		expect "SYN, on-link $to" \
			"$to 22 open syn-ack;$to 23 closed reset;$to 1001 filtered no-response" \
			-sS -p 22,23,1001 $to
		expect "UDP, on-link $to" \
			"$to 7 open udp-response;$to 24 closed port-unreach;$to 1001 open|filtered no-response" \
			-sU -p 7,24,1001 $to
	done
	mac=$(ip -n target -j link show p0 | sed 's/.*"address":"\([^"]*\)".*/\1/')
	same 'MAC address' "$mac" "$(sed -n 's/.*"mac":"\([^"]*\)".*/\1/p' "$work/json")"
	local6=$(ip -n target -6 -j addr show dev p0 scope link |
		sed 's/.*"local":"\([^"]*\)".*/\1/')
	expect 'link-local with a zone' "$local6 22 open syn-ack;$local6 23 closed reset" \
		-sS -p 22,23 "$local6%v0"
	expect 'several interfaces at once' \
		'198.18.0.2 22 open syn-ack;198.18.1.2 22 open syn-ack;198.18.9.1 22 open syn-ack;2001:db8::2 22 open syn-ack;2001:db8:1::2 22 open syn-ack' \
		-sS -p 22 198.18.0.2 198.18.1.2 198.18.9.1 2001:db8::2 2001:db8:1::2
	# No host at 198.18.0.99, no gateway for 198.18.8.0/24: no probe is spent on them.
	scan -sS -p 22,23 198.18.0.99 198.18.8.1 198.18.0.255
	same 'dead neighbours: no probe' '"probes":{"sent":0' \
		"$(grep -o '"probes":{"sent":[0-9]*' "$work/json")"
	# A permanent entry is believed without asking: the wrong one makes the host silent.
	ip neigh replace 198.18.0.2 lladdr 02:00:00:00:00:99 dev v0 nud permanent
	expect 'a permanent neighbour entry' '198.18.0.2 22 filtered no-response' \
		-sS -p 22 --max-retries 0 198.18.0.2
	ip neigh del 198.18.0.2 dev v0
}

# Absent hosts are reported in the same words by an engine that resolves routes and neighbours
# itself and by one that leaves it to the kernel: status, reason, ports, note.
check_absent() {
	ip route add unreachable 198.18.7.0/25
	ip route add prohibit 198.18.7.128/25
	ip route add prohibit 2001:db8:7::/64
	for engine in frames sockets; do
		for format in X N; do
			timeout 60 "$PORTLIGHT" scan --engine $engine -p 22,23 --reason -o$format \
				"$work/$engine.$format" 198.18.0.99 198.18.8.1 198.18.7.1 198.19.0.1 \
				198.18.7.129 2001:db8::99 2001:db8:9::1 2001:db8:7::1 >/dev/null 2>"$work/stderr"
			same "absent hosts, $engine: exit status" 0 $?
		done
	done
	same 'absent hosts: XML' \
		'host-unreach no-route no-route host-unreach no-route host-unreach no-route no-route' \
		"$(sed -n 's/.*state="down" reason="\([a-z-]*\)".*/\1/p' "$work/frames.X" | paste -sd ' ')"
	for format in X N; do
		for engine in frames sockets; do
			sed -n -e '/^portlight report/,/^$/p' -e '/^<host /,/^<\/host>/p' \
				"$work/$engine.$format" | sed 's/time="[0-9]*"//g' >"$work/$engine"
		done
		[ -s "$work/frames" ] && cmp -s "$work/frames" "$work/sockets"
		ok "absent hosts: $(diff "$work/frames" "$work/sockets" | head -6)" $?
	done
	ip route del unreachable 198.18.7.0/25
	ip route del prohibit 198.18.7.128/25
	ip route del prohibit 2001:db8:7::/64
}

# IPv6 addresses of a link that has just come up, ours and the target's, are tentative for a second
# or two: the target is there all the same. Ours for a second longer than they would be, as a slow
# machine needs some to begin the scan.
check_fresh_link() {
	for engine in frames sockets; do
		ip link add v2 type veth peer name p2 netns target
		sysctl -q net.ipv6.conf.v2.accept_dad=1 net.ipv6.conf.v2.dad_transmits=2
		ip netns exec target sysctl -q net.ipv6.conf.p2.accept_dad=1
		ip addr add 2001:db8:2::1/64 dev v2
		ip -n target addr add 2001:db8:2::2/64 dev p2
		ip -n target link set p2 up
		ip link set v2 up
		timeout 60 "$PORTLIGHT" scan --engine $engine -p 22 -oD "$work/json" 2001:db8:2::2 \
			>/dev/null 2>"$work/stderr"
		same "a link just up, $engine" open \
			"$(sed -n 's/.*"type":"port".*"state":"\([a-z]*\)".*/\1/p' "$work/json")"
		grep -q 'waited [1-4].[0-9] s for IPv6' "$work/stderr"
		ok "a link just up, $engine: said" $?
		ip link del v2
	done
}

check_self() {
	for to in 127.0.0.1 ::1 198.18.0.1 2001:db8::1; do
		expect "ourselves, $to" "$to 22 open syn-ack;$to 23 closed reset" -sS -p 22,23 $to
	done
	expect 'ourselves, UDP' \
		'127.0.0.1 7 open udp-response;127.0.0.1 9 open|filtered no-response;127.0.0.1 24 closed port-unreach' \
		-sU -p 7,9,24 127.0.0.1
	same 'our own ICMP error about an answer is no answer' 0 "$(sed -n \
		's/.*"type":"summary".*"invalid":\([0-9]*\).*/\1/p' "$work/json")"
	expect 'ourselves, FIN' '::1 22 open|filtered no-response;::1 23 closed reset' \
		-sF -p 22,23 ::1
}

check_tun() {
	python3 "$here/tun_cable.py" wire0 target >"$work/cable" 2>&1 &
	children="$children $!"
	if ! wait_until grep -q ready "$work/cable"; then
		skip "tun links: no such device: $(tail -1 "$work/cable")"
		return
	fi
	ip addr add 198.18.5.1/30 dev wire0
	ip -6 addr add 2001:db8:5::1/64 dev wire0 nodad
	ip link set wire0 up
	ip -n target addr add 198.18.5.2/30 dev wire0
	ip -n target -6 addr add 2001:db8:5::2/64 dev wire0 nodad
	ip -n target link set wire0 up
	for to in 198.18.5.2 2001:db8:5::2; do
		expect "tun, SYN $to" \
			"$to 22 open syn-ack;$to 23 closed reset;$to 1001 filtered no-response" \
			-sS -p 22,23,1001 $to
		expect "tun, UDP $to" "$to 7 open udp-response;$to 24 closed port-unreach" \
			-sU -p 7,24 $to
	done
	expect 'tun and Ethernet and ourselves' \
		'127.0.0.1 22 open syn-ack;198.18.0.2 22 open syn-ack;198.18.5.2 22 open syn-ack' \
		-sS -p 22 127.0.0.1 198.18.0.2 198.18.5.2
}

dumped() { # whether the file has that many packets
	[ "$(tcpdump -nn -r "$work/pcap" 2>/dev/null | wc -l)" -ge "$1" ]
}

# Half-open means half-open: at the target each SYN+ACK that leaves is followed by a RST with the
# sequence number it acknowledged, and no connection ever reaches a server.
check_half_open() {
	for n in $(seq 3000 3199); do ports="${ports-}${ports:+ }$n"; done
	# shellcheck disable=SC2086
	ip netns exec target "$LAB_SERVER" tcp $ports || return
	dump p0 -s 80 -w "$work/pcap" tcp
	scan -sS -p 3000-3299 198.18.0.2 2001:db8::2
	same 'half-open: open ports' 400 "$(grep -c 'open syn-ack' "$work/got")"
	same 'half-open: closed ports' 200 "$(grep -c 'closed reset' "$work/got")"
	# 600 SYNs, 400 SYN+ACKs with a RST each, 200 RSTs.
	wait_until dumped 1600
	undump
	tcpdump -nn -S -r "$work/pcap" 2>/dev/null |
		awk '{ for (i = 1; i <= NF; i++) if ($i == "Flags") flags = $(i + 1)
			for (i = 1; i <= NF; i++) {
				if ($i == "seq") seq = $(i + 1)
				if ($i == "ack") ack = $(i + 1)
			}
			from = $3; to = $5; sub(/:$/, "", to); gsub(/,/, "", seq); gsub(/,/, "", ack)
			if (flags ~ /^\[S\.\]/) { answered++; due[from " " to " " ack]++ }
			if (flags ~ /^\[R\]/) { if (due[to " " from " " seq] > 0) {
				due[to " " from " " seq]--; reset++ } }
			if (flags ~ /^\[\.\]/ || flags ~ /P/) established++
		} END { print answered + 0, reset + 0, established + 0 }' >"$work/counts"
	read -r answered reset established <"$work/counts"
	[ "$answered" -ge 400 ]
	ok "half-open: at least 400 SYN+ACK ($answered)" $?
	same 'half-open: each SYN+ACK is reset' "$answered" "$reset"
	same 'half-open: no handshake is finished' 0 "$established"
}

check_source() {
	dump p1 tcp
	scan -sS -p 23 198.18.1.2
	first=$(grep -o '"state":"[a-z]*"' "$work/json" | head -1)
	# The answer comes in on v0: the target sends it to 198.18.0.1.
	expect 'source: an answer that comes in elsewhere' '198.18.1.2 23 closed reset' \
		-sS -p 23 -g 53 -S 198.18.0.1 198.18.1.2
	scan -sS -p 23 -e v1 198.18.0.2
	same 'source: default' '"state":"closed"' "$first"
	soon 'source: ports from 61440 on' \
		grep -Eq '198\.18\.1\.1\.6(1[4-9]|[2-5])[0-9]{2,3} > 198\.18\.1\.2\.23' "$work/dump"
	soon 'source: -S and -g are what goes out' \
		grep -q '198\.18\.0\.1\.53 > 198\.18\.1\.2\.23' "$work/dump"
	# On v1 only the target has 198.18.0.2, as it answers ARP on any interface.
	soon 'source: -e is where it goes out' grep -q '> 198\.18\.0\.2\.23' "$work/dump"
	undump
}

# The kernel's port range moves our ports.
check_ports() {
	old=$(sysctl -n net.ipv4.ip_local_port_range)
	sysctl -q net.ipv4.ip_local_port_range='40000 65535'
	dump p0 tcp
	scan -sS -p 23 198.18.0.2
	sysctl -q net.ipv4.ip_local_port_range="$old"
	soon 'ports: below 40000 where the kernel has those above' \
		grep -Eq '198\.18\.0\.1\.(3[2-6])[0-9]{3} > 198\.18\.0\.2\.23' "$work/dump"
	undump
}

# How many of the frames that a scan sent have passed the queueing discipline of v0.
queued() { # options...
	before=$(frames_out v0) before_queued=$(tc -s -j qdisc show dev v0 root | packets_queued)
	scan "$@"
	same "bypass: exit status of $*" 0 $?
	sent=$(($(frames_out v0) - before))
	queued=$(($(tc -s -j qdisc show dev v0 root | packets_queued) - before_queued))
}

packets_queued() {
	sed 's/.*"packets":\([0-9]*\).*/\1/'
}

# Captures and traffic shaping of this machine: a scan that is small or slow passes them, a large one
# where asked for.
check_bypass() {
	need tc
	tc qdisc replace dev v0 root pfifo limit 100000
	tcpdump -Zroot -U -l --immediate-mode -nn -i v0 'tcp[13] == 2' >"$work/own" 2>"$work/dumping" &
	dumper=$!
	children="$children $dumper"
	soon 'bypass: tcpdump is there' grep -q 'listening on' "$work/dumping"
	scan -sS -p 22,23 198.18.0.2
	for port in 22 23; do
		soon "bypass: our own tcpdump sees the probe of port $port" \
			grep -q "> 198.18.0.2.$port: " "$work/own"
	done
	undump
	queued -sS -p 1-2000 --max-retries 0 198.18.0.2
	ok "bypass: a small scan: $queued frames queued" [ "$queued" -ge 2000 ]
	queued -sS -p- --max-retries 0 --no-bypass 198.18.0.2/31
	ok "bypass: a large scan with --no-bypass: $queued queued" [ "$queued" -ge 65535 ]
	queued -sS -p- --max-retries 0 198.18.0.2/31
	ok "bypass: a large scan: $queued of $sent queued" [ "$queued" -lt 1000 ]
	queued -sS -p- --max-retries 0 --max-rate 50K 198.18.0.2/31
	ok "bypass: a large scan at a low rate: $queued queued" [ "$queued" -ge 65535 ]
	tc qdisc del dev v0 root
	# A filter on the way out is obeyed: what it drops is no verdict, and the filter is named.
	nft 'add table netdev out
		add chain netdev out c { type filter hook egress device v0 priority 0; }
		add rule netdev out c tcp dport 23 drop' || {
		skip 'nftables has no egress hook here'
		return
	}
	scan -sS -p 22,23 198.18.0.2
	same 'bypass: a filter on the way out: exit status' 0 $?
	ok 'bypass: a filter on the way out: it is named' \
		grep -q 'table out, chain c) of this machine' "$work/stderr"
	ok 'bypass: a filter on the way out: the refusal is printed' \
		grep -q 'this machine refused to send probes, to 198.18.0.2' "$work/stderr"
	same 'bypass: a filter on the way out: no state for what it dropped' \
		'198.18.0.2 22 open syn-ack' "$(cat "$work/got")"
	nft delete table netdev out
}

check_failures() {
	scan -sS -p 22 -e nowhere 198.18.0.2
	same 'no such interface' 69 $?
	grep -q nowhere "$work/stderr"
	ok 'no such interface: named' $?
	scan -sS -p 22 -S 198.18.0.77 198.18.0.2
	same 'a source that is not ours' 69 $?
	ip link set v1 down
	scan -sS -p 22 -e v1 198.18.1.2
	same 'an interface that is down' 69 $?
	grep -q 'v1 is down' "$work/stderr"
	ok 'an interface that is down: named' $?
	ip -n target link set p1 down
	ip link set v1 up
	scan -sS -p 22 198.18.1.2
	same 'an interface without carrier' 69 $?
	grep -q 'v1 has no carrier' "$work/stderr"
	ok 'an interface without carrier: named' $?
	ip -n target link set p1 up
	setpriv --bounding-set -net_raw --inh-caps -net_raw true 2>/dev/null || return
	timeout 20 setpriv --bounding-set -net_raw --inh-caps -net_raw \
		"$PORTLIGHT" scan --engine frames -sS -p 22 198.18.0.2 >/dev/null 2>"$work/stderr"
	same 'no CAP_NET_RAW' 77 $?
	grep -q CAP_NET_RAW "$work/stderr"
	ok 'no CAP_NET_RAW: named' $?
}

# An interface that goes down while the scan runs, and stays so, ends it, with what is known written.
check_loss_of_link() {
	before=$(frames_out v0)
	timeout 60 "$PORTLIGHT" scan --engine frames --json -sS -p 1-60000 --max-rate 5000 198.18.0.2 \
		>"$work/json" 2>"$work/stderr" &
	scanner=$!
	soon 'the link goes down: in the middle' has_left v0 $((before + 2000))
	ip link set v0 down
	wait $scanner
	status=$?
	ip link set v0 up
	same 'the link goes down: exit status' 75 $status
	grep -q 'v0' "$work/stderr"
	ok 'the link goes down: named' $?
	tail -1 "$work/json" | grep -q '"partial":true'
	ok 'the link goes down: what is known is written, marked partial' $?
	# Its cable is pulled.
	wait_until sh -c 'ip link show v0 | grep -q LOWER_UP'
	before=$(frames_out v0)
	timeout 60 "$PORTLIGHT" scan --engine frames --json -sS -p 1-60000 --max-rate 5000 198.18.0.2 \
		>"$work/json" 2>"$work/stderr" &
	scanner=$!
	soon 'the far end goes down: in the middle' has_left v0 $((before + 2000))
	ip -n target link set p0 down
	wait $scanner
	same 'the far end goes down: exit status' 75 $?
	ip -n target link set p0 up
	ok 'the far end goes down: said' grep -q 'v0 has no carrier, for 10 s now' "$work/stderr"
	tail -1 "$work/json" | grep -q '"partial":true'
	ok 'the far end goes down: what is known is written, marked partial' $?
}

build
ok 'the network is built' $?
soon 'our links are up' has_settled
soon 'the links of the target are up' has_settled target
sections ethernet absent fresh_link self tun half_open source ports bypass failures loss_of_link
conclude
