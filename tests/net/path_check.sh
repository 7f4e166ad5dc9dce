#!/bin/sh
# path_check: links, routes, gateways and addresses that go away or change during a scan.
#
# usage: tests/net/path_check.sh [SECTION...]     BUILD names the build directory (default: build)
# All ports are closed. None may be reported as anything else, for any event on the path to them.
. "$(dirname "$0")/suite.sh"
need jq ping python3 tcpdump
target=198.19.0.1 ports=1500

# Us 198.18.0.1 on a switch with two gateways, .253 and .254, that both lead to the target.
build() {
	sysctl -q net.ipv6.conf.default.disable_ipv6=1 net.ipv4.conf.all.rp_filter=0
	for name in switch first second target; do
		ip netns add $name || return
		ip netns exec $name sysctl -q net.ipv6.conf.default.disable_ipv6=1 \
			net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
			net.ipv4.ip_forward=1
		ip -n $name link set lo up
	done
	ip link add v0 type veth peer name us netns switch
	ip -n first link add front type veth peer name first netns switch
	ip -n second link add front type veth peer name second netns switch
	ip -n first link add back type veth peer name first netns target
	ip -n second link add back type veth peer name second netns target
	ip -n switch link add br0 type bridge
	for name in us first second br0; do
		[ $name = br0 ] || ip -n switch link set $name master br0
		ip -n switch link set $name up
	done
	ip addr add 198.18.0.1/24 dev v0
	ip link set v0 up
	ip -n first addr add 198.18.0.254/24 dev front
	ip -n second addr add 198.18.0.253/24 dev front
	ip -n first addr add 198.18.1.1/30 dev back
	ip -n second addr add 198.18.1.5/30 dev back
	ip -n target addr add 198.18.1.2/30 dev first
	ip -n target addr add 198.18.1.6/30 dev second
	ip -n target addr add $target/32 dev lo
	for name in first second; do
		ip -n $name link set front up
		ip -n $name link set back up
		ip -n target link set $name up
	done
	ip -n first route add $target via 198.18.1.2
	ip -n second route add $target via 198.18.1.6
	by first
}

# The first or the second gateway leads there and back; we ask the one with that address.
by() { # gateway, address
	ip route replace default via "${2:-198.18.0.254}"
	case $1 in
	first) ip -n target route replace default via 198.18.1.1 ;;
	second) ip -n target route replace default via 198.18.1.5 ;;
	esac
}

# Begins a scan, and returns in the middle of it.
begin() { # engine, technique
	engine=$1
	soon "$engine: the target is reached" ping -c 1 -W 1 $target
	before=$(frames_out v0)
	timeout 100 "$PORTLIGHT" scan --engine "$1" "$2" --json --all-ports -p 1-$ports \
		--max-rate 1000 --max-retries 1 $target >"$work/json" 2>"$work/stderr" &
	scanner=$!
	soon "$engine: in the middle" has_left v0 $((before + 400))
}

noticed() { # what, text
	soon "$engine: $1: noticed" grep -q "$2" "$work/stderr"
}

closed() { # file: how many ports are closed, and how many are anything else
	jq -r 'select(.type == "port") | .state' "$1" | sort | uniq -c | tr -s ' \n' ' '
}

finished() { # what
	wait $scanner
	same "$engine: $1: exit status" 0 $?
	same "$engine: $1: states" " $ports closed " "$(closed "$work/json")"
}

check_link() {
	begin "$@"
	ip link set v0 down
	noticed 'the link is down' 'v0 is down: waiting'
	ip link set v0 up
	by first
	finished 'the link is down'
}

check_carrier() {
	begin "$@"
	ip -n switch link set us down
	noticed 'no carrier' 'v0 has no carrier: waiting'
	ip -n switch link set us up
	finished 'no carrier'
}

check_route_lost() {
	begin "$@"
	ip route del default
	noticed 'no route' "no route to $target any more: waiting"
	by first
	finished 'no route'
}

check_source() {
	begin "$@"
	ip addr del 198.18.0.1/24 dev v0
	noticed 'the source address is gone' 'waiting for up to'
	ip addr add 198.18.0.1/24 dev v0
	by first
	finished 'the source address is gone'
}

check_route() {
	begin "$@"
	ip -n first route replace blackhole $target
	by second 198.18.0.253
	finished 'another gateway by route'
	ip -n first route replace $target via 198.18.1.2
	by first
}

# The second gateway announces the address of the first one, until our side has noticed.
announced() {
	ip netns exec second python3 -c '
import socket, struct
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("front", 0x806))
mac, address = s.getsockname()[4], socket.inet_aton("198.18.0.254")
s.send(b"\xff" * 6 + mac + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x800, 6, 4, 1) + mac + address
       + bytes(6) + address)'
	case $engine in
	frames) grep 'gateway has another MAC address' "$work/stderr" ;;
	sockets) ip neigh show 198.18.0.254 | grep "$(ip netns exec second \
		cat /sys/class/net/front/address)" ;;
	esac
}

check_moved() {
	begin "$@"
	ip -n first link set front down
	ip -n second addr add 198.18.0.254/24 dev front
	by second
	soon "$engine: the gateway moves: noticed" announced
	finished 'the gateway moves'
	ip -n second addr del 198.18.0.254/24 dev front
	ip -n first link set front up
	by first
	ip neigh flush dev v0
}

check_for_good() {
	begin "$@"
	ip link set v0 down
	wait $scanner
	same "$engine: down for good: exit status" 75 $?
	ok "$engine: down for good: said" grep -q 'v0 is down, for 10 s now' "$work/stderr"
	ok "$engine: down for good: partial" \
		jq -es 'last.partial and last.stopped_why == "path lost"' "$work/json"
	ok "$engine: down for good: nothing but closed ports" \
		jq -es 'all(.[] | select(.type == "port"); .state == "closed")' "$work/json"
	ip link set v0 up
	by first
	soon "$engine: the link is up again" has_settled
}

# Far away everything is dropped, for some seconds: no interface or route of ours shows it.
check_far() {
	begin "$@"
	ip -n first route replace blackhole $target
	noticed 'far away' 'all answers have stopped: waiting'
	ip -n first route replace $target via 198.18.1.2
	finished 'far away'
}

check_far_for_good() {
	begin "$@"
	ip -n first route replace blackhole $target
	wait $scanner
	same "$engine: far away for good: exit status" 75 $?
	ok "$engine: far away for good: said" grep -q 'nothing answers any more, for 10 s' \
		"$work/stderr"
	ok "$engine: far away for good: partial" \
		jq -es 'last.partial and last.stopped_why == "no answers"' "$work/json"
	ok "$engine: far away for good: nothing but closed ports" \
		jq -es 'all(.[] | select(.type == "port"); .state == "closed")' "$work/json"
	ip -n first route replace $target via 198.18.1.2
}

# ARP keeps to the rate, as probes do: one request, and what the rate gives in the time.
check_solicit_rate() {
	ip netns exec first tcpdump -Zroot -U -l --immediate-mode -tt -nn -i front \
		'arp[6:2] = 1' >"$work/arp" 2>"$work/dumping" &
	dumper=$!
	children="$children $dumper"
	soon 'tcpdump is there' grep -q 'listening on' "$work/dumping"
	exits 'ARP at a low rate' 0 timeout 100 "$PORTLIGHT" scan -p 22 --max-rate 50 198.18.0.64/26
	soon 'ARP at a low rate: all are asked thrice' \
		sh -c "[ \"\$(grep -c 'tell 198.18.0.1,' '$work/arp')\" -ge 192 ]"
	kill $dumper
	wait $dumper
	# Most requests in any half second, by their times: 25, and one; and one more for the clock.
	most=$(awk 'BEGIN { n = first = most = 0 } /who-has/ { at[n++] = $1
		while (at[first] < $1 - 0.5) first++
		if (n - first > most) most = n - first } END { print most }' "$work/arp")
	ok "ARP at a low rate: $most in half a second" $((most > 27))
}

# A host that needs 1.2 s for its answer.
check_late_neighbour() {
	ip netns exec first python3 -c '
import socket, struct, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x806))
s.bind(("front", 0x806))
print("ready", flush=True)
mac, address = s.getsockname()[4], socket.inet_aton("198.18.0.77")
while True:
    request = s.recv(100)
    if request[20:22] == b"\0\1" and request[38:42] == address:
        time.sleep(1.2)
        s.send(request[6:12] + mac + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x800, 6, 4, 2)
               + mac + address + request[6:12] + request[28:32])
        break' >"$work/late" 2>&1 &
	children="$children $!"
	soon 'the late host is there' grep -q ready "$work/late"
	timeout 60 "$PORTLIGHT" scan --engine frames -sS -p 22 --max-retries 0 198.18.0.77 \
		>"$work/table" 2>"$work/stderr"
	same 'a neighbour after 1.2 s: exit status' 0 $?
	ok 'a neighbour after 1.2 s is up' grep 'Host is up' "$work/table"
}

build
ok 'the network is built' $?
soon 'our links are up' has_settled
# shellcheck disable=SC2086
all=${sections:-'  '}
for check in link carrier route_lost source route moved for_good far far_for_good; do
	case $all in '  ' | *" $check "*) ;; *) continue ;; esac
	check_$check frames -sS
	check_$check sockets -sT
done
case $all in *' solicit_rate '* | '  ') check_solicit_rate ;; esac
case $all in *' late_neighbour '* | '  ') check_late_neighbour ;; esac
conclude
