#!/bin/sh
# answers_check: right answers that look odd: ACKs of connections that exist already, and datagrams
# from another port or address than the probed one.
#
# usage: tests/net/answers_check.sh [SECTION...]     BUILD names the build directory (default: build)
. "$(dirname "$0")/suite.sh"
need jq python3 ss
show='why stderr json'

# Us .1 on a link with the target, .2 and .9. What its kernel sends by itself is from .2.
build() {
	ip netns add target || return
	sysctl -q net.ipv6.conf.default.accept_dad=0
	ip netns exec target sysctl -q net.ipv6.conf.default.accept_dad=0
	ip netns exec target sysctl -q net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
	ip link add v0 type veth peer name p0 netns target || return
	ip addr add 198.18.0.1/24 dev v0
	ip addr add 2001:db8::1/64 dev v0 nodad
	ip -n target addr add 198.18.0.2/24 dev p0
	ip -n target addr add 198.18.0.9/24 dev p0
	ip -n target addr add 2001:db8::9/64 dev p0 nodad preferred_lft 0
	ip -n target addr add 2001:db8::2/64 dev p0 nodad
	ip -n target link set lo up
	ip link set v0 up
	ip -n target link set p0 up
	ip netns exec target python3 "$here/answers_server.py" target >"$work/server" 2>&1 &
	children=$!
	wait_until grep -q ready "$work/server" && wait_until has_settled && wait_until has_settled target
}

connect() { # port, address, [away]
	python3 "$here/answers_server.py" client "$@" >"$work/client" 2>&1 &
	client=$!
	children="$children $client"
	soon "$*: connected" grep -q ready "$work/client"
}

disconnect() {
	kill $client 2>/dev/null
	wait $client 2>/dev/null
}

judge() { # options and targets...: a line "port state reason from from_port" for each port
	timeout 60 "$PORTLIGHT" scan --json --all-ports "$@" >"$work/json" 2>"$work/stderr"
	ok "$*: exit status" $?
	jq -r 'select(.type == "port") | "\(.port) \(.state) \(.reason) \(.from) \(.from_port)"' \
		"$work/json"
}

notes() {
	jq -r 'select(.type == "host") | .notes | index("challenged") != null' "$work/json"
}

# A connection with the port of -g: its ACK is no silence, and another port finds out the truth.
check_challenge() {
	for address in 198.18.0.2 2001:db8::2; do
		connect 40000 $address
		got=$(judge --engine frames -sS -g 40000 -p 2222 $address)
		same "frames, $address: a port with a connection" \
			'2222 open syn-ack null null' "$got"
		same 'the note' true "$(notes)"
		got=$(judge --engine frames -sS -g 40000 --max-retries 0 -p 2222 $address)
		same "frames, $address: only one attempt" \
			'2222 unfiltered challenge-ack null null' "$got"
		same 'the note' true "$(notes)"
		got=$(judge --engine frames -sA -g 40000 -p 2222 $address)
		same "frames, $address: ACK" '2222 unfiltered reset null null' "$got"
		got=$(judge --engine frames -sS -g 40000 -p 2223 $address)
		same "frames, $address: a port without one" '2223 closed reset null null' "$got"
		same 'no note' false "$(notes)"
		got=$(judge --engine sockets -sT -g 40000 -p 2222-2223 $address)
		same "sockets, $address: a port with a connection" \
			"2222 open syn-ack null null
2223 closed conn-refused null null" "$got"
		same 'the note' true "$(notes)"
		ok 'the connection is there still' "$(ss -Htn state established sport = 40000 |
			grep -q . && echo 0 || echo 1)"
		disconnect
		# Only the target has it: our kernel's RST to the ACK ends it (RFC 9293, 3.5.1).
		connect 40001 $address away
		got=$(judge --engine frames -sS -g 40001 -p 2222 $address)
		same "frames, $address: a connection of the past" \
			'2222 open syn-ack null null' "$got"
		same 'the note' true "$(notes)"
		connect 40002 $address away
		got=$(judge --engine sockets -sT -g 40002 -p 2222 $address)
		same "sockets, $address: a connection of the past" \
			'2222 open syn-ack null null' "$got"
	done
}

# Services that answer from a new port, or from the address that the kernel takes (.2).
check_elsewhere() {
	for engine in frames sockets; do
		for family in 4 6; do
			[ $family = 4 ] && first=198.18.0.2 second=198.18.0.9 ||
				first=2001:db8::2 second=2001:db8::9
			for fixed in '' '-g 40000'; do
				what="$engine $fixed, IPv$family"
				# shellcheck disable=SC2086
				judge --engine $engine -sU $fixed -p 53,69,123,5353,7777,9999 \
					--max-retries 1 $first >"$work/got"
				tftp=$(sed -n 's/^69 open udp-response null //p' "$work/got")
				ok "$what: TFTP answers from a port of its own" test "$tftp" -gt 1023
				same "$what: the others" "53 open udp-response null null
123 open udp-response null null
5353 open|filtered no-response null null
7777 open|filtered no-response null null
9999 closed port-unreach null null" "$(grep -v '^69 ' "$work/got")"
				# shellcheck disable=SC2086
				judge --engine $engine -sU $fixed -p 53,123,5353,7777,9999 \
					--max-retries 1 $second >"$work/got"
				same "$what: from another address" "53 open udp-response $first null
123 open udp-response $first null
5353 open|filtered no-response null null
7777 open|filtered no-response null null
9999 closed port-unreach null null" "$(cat "$work/got")"
			done
		done
		# What a reader sees.
		timeout 60 "$PORTLIGHT" scan --engine $engine --explain -sU -p 123 198.18.0.9 \
			>"$work/json" 2>"$work/stderr"
		ok "$engine: --explain says from where" grep -q \
			'123/udp is open (udp-response from 198.18.0.2 ttl 64)' "$work/json"
		ok "$engine: --explain says why" grep -q 'returns bytes of this probe' "$work/json"
	done
}

# Another host's answers, each to the port that it came from, and with the number of another probe.
check_two() {
	for engine in frames sockets; do
		timeout 60 "$PORTLIGHT" scan --engine $engine --json --all-ports -sU -p 53,123 \
			--max-retries 1 198.18.0.2 198.18.0.9 2001:db8::2 2001:db8::9 \
			>"$work/json" 2>"$work/stderr"
		same "$engine: each answer is its own probe's" "198.18.0.2 123 null
198.18.0.2 53 null
198.18.0.9 123 198.18.0.2
198.18.0.9 53 198.18.0.2
2001:db8::2 123 null
2001:db8::2 53 null
2001:db8::9 123 2001:db8::2
2001:db8::9 53 2001:db8::2" "$(jq -r 'select(.state == "open") | "\(.ip) \(.port) \(.from)"' \
			"$work/json" | sort)"
	done
}

# A socket that sends its second datagram is bound to the interface of -e still.
check_device() {
	ip link add d0 type veth peer name d1
	ip addr add 203.0.113.1/24 dev d0
	ip link set d0 up
	ip link set d1 up
	ip neigh add 198.18.0.2 lladdr 02:00:00:00:00:99 dev d0
	soon 'there is a second interface' has_settled
	got=$(judge --engine sockets -sU -e d0 --max-sockets 1 --max-retries 0 -p 9001-9004 198.18.0.2 |
		cut -d' ' -f2 | sort -u)
	same 'nothing leaves by another interface' 'open|filtered' "$got"
	ip link del d0
}

build
ok 'the network is built' $?
sections challenge elsewhere two device
same 'the server has nothing to complain of' '' "$(sed 1d "$work/server")"
conclude
