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

build
ok 'the network is built' $?
sections challenge
same 'the server has nothing to complain of' '' "$(sed 1d "$work/server")"
conclude
