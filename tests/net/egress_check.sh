#!/bin/sh
# egress_check: probes leave as the kernel's own packets would, and answers count wherever they enter.
#
# usage: tests/net/egress_check.sh [SECTION...]     all sections, or only those named (the last lines)
# Two uplinks with a router each, and a target behind both; expected states are written by hand.
. "$(dirname "$0")/suite.sh"
need tcpdump python3

scan() { # options...: "ip port state reason" a line into $work/got, JSON into $work/json
	timeout 60 "$PORTLIGHT" scan --json --all-ports "$@" >"$work/json" 2>"$work/stderr"
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

status_of() { # address: "state reason" of the host in the last scan
	python3 -c '
import json, sys
for line in open(sys.argv[1]):
    o = json.loads(line)
    if o["type"] == "host" and o["ip"] == sys.argv[2]:
        print(o["status"], o["reason"])
' "$work/json" "$1"
}

connect() { # link or netns, its interface, router's namespace, its interface, network
	ip link add "$2" ${1:+netns "$1"} type veth peer name "$4" netns "$3" || return
	ip ${1:+-n "$1"} link set "$2" up
	ip -n "$3" link set "$4" up
	ip ${1:+-n "$1"} addr add "198.18.$5.1/24" dev "$2"
	ip ${1:+-n "$1"} addr add "2001:db8:$5::1/64" dev "$2" nodad
	ip -n "$3" addr add "198.18.$5.2/24" dev "$4"
	ip -n "$3" addr add "2001:db8:$5::2/64" dev "$4" nodad
}

# We are .1 on e1 (network 1) and e2 (2); the target is .1 on networks 3 and 4, and has 198.18.9.1
# and 2001:db8:9::1. Router rN joins network N with network N + 2.
build() {
	for space in r1 r2 target; do
		ip netns add $space || return
		ip -n $space link set lo up
		ip netns exec $space sysctl -q net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
			net.ipv6.conf.default.accept_dad=0 net.ipv4.icmp_ratelimit=0 \
			net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
	done
	ip link set lo up
	sysctl -q net.ipv6.conf.default.accept_dad=0 net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0
	connect '' e1 r1 a1 1 && connect '' e2 r2 a2 2 && connect target t1 r1 b1 3 &&
		connect target t2 r2 b2 4 || return
	ip -n target addr add 198.18.9.1/32 dev lo
	ip -n target addr add 2001:db8:9::1/128 dev lo
	for n in 1 2; do
		ip -n r$n route add 198.18.9.0/24 via 198.18.$((n + 2)).1
		ip -n r$n route add 2001:db8:9::/64 via 2001:db8:$((n + 2))::1
		ip -n target route add 198.18.$n.0/24 via 198.18.$((n + 2)).2
		ip -n target route add 2001:db8:$n::/64 via 2001:db8:$((n + 2))::2
	done
	ip route add default via 198.18.1.2
	ip -6 route add default via 2001:db8:1::2
	ip netns exec target "$LAB_SERVER" tcp 22 udp-echo 7
}

# The second uplink is used by its source address only: "ip rule from".
check_rules() {
	ip route replace default via 198.18.2.2 table 5
	ip rule add from 198.18.2.1 lookup 5
	ip -6 route add default via 2001:db8:2::2 table 5
	ip -6 rule add from 2001:db8:2::1 lookup 5
	for engine in frames sockets; do
		technique=-sS
		[ $engine = sockets ] && technique=-sT
		expect "IPv4, -e of the second uplink, $engine" '198.18.9.1 22 open syn-ack' \
			$technique -e e2 -p 22 198.18.9.1
		expect "IPv4, -S of the second uplink, $engine" '198.18.9.1 22 open syn-ack' \
			$technique -S 198.18.2.1 -p 22 198.18.9.1
		expect "IPv6, -S of the second uplink, $engine" '2001:db8:9::1 22 open syn-ack' \
			$technique -S 2001:db8:2::1 -p 22 2001:db8:9::1
		expect "IPv6, -e and -S of the second uplink, $engine" \
			'2001:db8:9::1 22 open syn-ack' \
			$technique -e e2 -S 2001:db8:2::1 -p 22 2001:db8:9::1
	done
	# A rule for the address that the main table would choose applies to those packets, too.
	ip rule add from 198.18.1.1 prohibit
	for engine in frames sockets; do
		technique=-sS
		[ $engine = sockets ] && technique=-sT
		scan $technique -p 22 198.18.9.1
		same "a rule by the chosen source, $engine" 'down no-route' \
			"$(status_of 198.18.9.1)"
	done
	ip rule del from 198.18.1.1 prohibit
	# Routes of one scan that need different source addresses.
	ip route add 198.18.9.0/25 via 198.18.2.2 src 198.18.2.1
	ip -n target addr add 198.18.9.129/32 dev lo
	for technique in -sS -sT; do
		expect "two source addresses, $technique" \
			'198.18.9.1 22 open syn-ack;198.18.9.129 22 open syn-ack' \
			$technique -p 22 198.18.9.1 198.18.9.129
	done
	ip route del 198.18.9.0/25
	ip rule del from 198.18.2.1 lookup 5
	ip -6 rule del from 2001:db8:2::1 lookup 5
}

# Answers enter by another interface than the probes left by, which has another address.
check_answers() {
	# With that source address, or the echo would come from another one than was probed.
	ip -n target route replace 198.18.1.0/24 via 198.18.4.2 src 198.18.9.1
	ip -n r2 route add 198.18.1.0/24 via 198.18.2.1
	ip -n target -6 route replace 2001:db8:1::/64 via 2001:db8:4::2 \
		src 2001:db8:9::1
	ip -n r2 -6 route add 2001:db8:1::/64 via 2001:db8:2::1
	for to in 198.18.9.1 2001:db8:9::1; do
		expect 'answers by another uplink, -sS' "$to 22 open syn-ack;$to 23 closed reset" \
			-sS -p 22,23 $to
		expect 'answers by another uplink, -sT' \
			"$to 22 open syn-ack;$to 23 closed conn-refused" -sT -p 22,23 $to
		for engine in frames sockets; do
			expect "answers to UDP by another uplink, $engine" \
				"$to 7 open udp-response;$to 24 closed port-unreach" \
				--engine $engine -sU -p 7,24 $to
		done
	done
	# Each once, though the interfaces that probes leave by are received from, too.
	scan -sS -p 1-200 198.18.9.1 198.18.1.2 198.18.2.2
	same 'no answer is counted twice' '"duplicate":0' \
		"$(grep -o '"duplicate":[0-9]*' "$work/json")"
	ip -n r1 link set dev a1 xdp obj "$BUILD/tests/net/xdp_pass.o" sec xdp
	if "$PORTLIGHT" scan --engine xdp -sS -p 22,23 198.18.1.2 >/dev/null 2>"$work/stderr"; then
		expect 'answers by another uplink, xdp' \
			'198.18.9.1 22 open syn-ack;198.18.9.1 23 closed reset' \
			--engine xdp -sS -p 22,23 198.18.9.1
	else
		skip "engine xdp: $(tail -n 1 "$work/stderr")"
	fi
	ip -n r1 link set dev a1 xdp off
	for n in 1 2; do
		ip -n target route replace 198.18.$n.0/24 via 198.18.$((n + 2)).2
		ip -n target -6 route replace 2001:db8:$n::/64 via 2001:db8:$((n + 2))::2
	done
}

# A neighbour entry of the administrator shows nothing of the host.
check_neighbours() {
	router=$(ip -n r1 -j link show a1 | sed 's/.*"address":"\([^"]*\)".*/\1/')
	for state in permanent noarp; do
		ip neigh replace 198.18.1.77 lladdr 02:00:00:00:00:99 dev e1 nud $state
		ip neigh replace 2001:db8:1::77 lladdr 02:00:00:00:00:99 dev e1 nud $state
		ip neigh replace 198.18.1.2 lladdr "$router" dev e1 nud $state
		for to in 198.18.1.77 2001:db8:1::77; do
			for technique in -sS -sT; do
				expect "a $state entry, no host there, $technique" \
					"$to 22 filtered no-response" \
					$technique -p 22 --max-retries 0 $to
				same "a $state entry, no host there, $technique: status" \
					'unknown no-response' "$(status_of $to)"
			done
			scan -sS -p 22 --max-retries 0 $to
			same "a $state entry, no host there: the note" '02:00:00:00:00:99 fixed-neighbour' \
				"$(sed -n 's/.*"mac":"\([^"]*\)".*"notes":\["\([^]]*\)"\].*/\1 \2/p' \
					"$work/json")"
		done
		expect "a $state entry, a host there" '198.18.1.2 23 closed reset' \
			-sS -p 23 198.18.1.2
		same "a $state entry, a host there: status" 'up reset' "$(status_of 198.18.1.2)"
		for to in 198.18.1.77 2001:db8:1::77 198.18.1.2; do
			ip neigh del $to dev e1
		done
	done
}

# An interface takes no packet for the hosts, as WireGuard's does without a key: that is no silence.
check_refused() {
	ip link add d0 type veth peer name d1
	ip link set d0 up arp off
	ip link set d1 up
	ip addr add 198.18.5.1/24 dev d0
	for error in ENOKEY EDESTADDRREQ; do
		timeout 60 python3 "$here/refuse_call.py" sendmmsg $error "$PORTLIGHT" scan --json \
			--all-ports --engine frames -sS -p 1-300 198.18.5.2 198.18.5.16/28 \
			>"$work/json" 2>"$work/stderr"
		same "$error: exit status" 0 $?
		same "$error: status" 'down no-route' "$(status_of 198.18.5.2)"
		same "$error: no port is silent" 0 "$(grep -c no-response "$work/json")"
		same "$error: no probe counts" '"probes":{"sent":0' \
			"$(grep -o '"probes":{"sent":[0-9]*' "$work/json")"
		same "$error: the reason is printed once" 1 \
			"$(grep -c 'interface d0: no probe can be sent to 198' "$work/stderr")"
	done
	ip link del d0
}

# The route puts packets into others: what leaves without that is another packet.
check_encap() {
	ip netns exec r1 sysctl -q net.ipv6.conf.all.seg6_enabled=1 net.ipv6.conf.a1.seg6_enabled=1
	if ! ip -6 route add 2001:db8:9::/64 encap seg6 mode encap segs 2001:db8:1::2 dev e1 \
		2>"$work/stderr"; then
		skip "encapsulating routes: $(tail -n 1 "$work/stderr")"
		return
	fi
	expect 'an encapsulating route, sockets' '2001:db8:9::1 22 open syn-ack' \
		-sT -p 22 2001:db8:9::1
	ip netns exec r1 timeout 60 tcpdump -i a1 -nn -l ip6 proto 43 >"$work/inside" \
		2>"$work/inside.stderr" &
	dump=$!
	wait_until grep -q 'listening on' "$work/inside.stderr"
	expect 'an encapsulating route, frames' \
		'2001:db8:9::1 22 open syn-ack;2001:db8:9::1 23 closed reset' -sS -p 22,23 2001:db8:9::1
	soon 'an encapsulating route, frames: in other packets' grep -q '2001:db8:9::1.23' \
		"$work/inside"
	kill $dump
	wait $dump
	ok 'an encapsulating route, frames: a line' grep -q 'into other packets (seg6)' \
		"$work/stderr"
	ip -6 route del 2001:db8:9::/64
}

# A control group binds or marks the sockets of the scanner, as `ip vrf exec` does: frames follow.
check_bound() {
	mkdir "$work/groups"
	if ! mount -t cgroup2 none "$work/groups" 2>"$work/stderr" ||
		! python3 "$here/bound_exec.py" "$work/groups/egress-$$" e2 7 true 2>"$work/stderr"; then
		skip "control groups: $(tail -n 1 "$work/stderr")"
		umount "$work/groups" 2>/dev/null
		return
	fi
	ip route replace default via 198.18.2.2 table 5
	ip rule add from 198.18.2.1 lookup 5 priority 500
	ip rule add fwmark 7 lookup 5 priority 501
	ip -n r1 route del 198.18.9.0/24 # only the other uplink leads there
	plain=$PORTLIGHT
	for given in 'e2 0' '- 7' 'e2 7'; do
		printf '#!/bin/sh\nexec python3 %s %s %s %s "$@"\n' "$here/bound_exec.py" \
			"$work/groups/egress-$$" "$given" "$plain" >"$work/bound"
		chmod +x "$work/bound"
		PORTLIGHT=$work/bound
		for technique in -sS -sT; do
			expect "sockets that are given '$given', $technique" \
				'198.18.9.1 22 open syn-ack' $technique -p 22 198.18.9.1
		done
	done
	PORTLIGHT=$plain
	ip -n r1 route add 198.18.9.0/24 via 198.18.3.1
	ip rule del priority 500
	ip rule del priority 501
	umount "$work/groups"
}

build
ok 'the network is built' $?
soon 'our links are up' has_settled
soon 'the links of the target are up' has_settled target
sections rules answers neighbours refused encap bound
conclude
