#!/bin/sh
# path_check: links, routes, gateways and addresses that go away or change during a scan.
#
# usage: tests/net/path_check.sh [SECTION...]     BUILD names the build directory (default: build)
# All ports are closed. None may be reported as anything else, for any event on the path to them.
. "$(dirname "$0")/suite.sh"
need jq ping python3 tcpdump
ports=1500
PASS=$BUILD/tests/net/xdp_pass.o # lets XDP frames through, at the far end of our link

# The names of one address family: ours, the two gateways, the target.
family() { # 4 or 6
	family=$1
	case $1 in
	4) own=198.18.0.1 bits=24 gateway=198.18.0.254 other=198.18.0.253 target=198.19.0.1 ;;
	6) own=2001:db8::1 bits=64 gateway=2001:db8::fe other=2001:db8::fd target=2001:db8:19::1 ;;
	esac
}

address() { # add or del, address with its length, interface, namespace
	case $2 in *:*) set -- "$@" nodad ;; *) set -- "$@" '' ;; esac
	[ "$1" = add ] || set -- "$1" "$2" "$3" "$4" ''
	# shellcheck disable=SC2086
	ip ${4:+-n "$4"} addr "$1" "$2" dev "$3" $5
}

# Us on a switch with two gateways, first and second, that both lead to the target.
build() {
	sysctl -q net.ipv6.conf.default.accept_ra=0 net.ipv6.conf.default.accept_dad=0 \
		net.ipv4.conf.all.rp_filter=0
	for name in switch first second target; do
		ip netns add $name || return
		ip netns exec $name sysctl -q net.ipv6.conf.default.accept_ra=0 \
			net.ipv6.conf.default.accept_dad=0 net.ipv4.conf.all.rp_filter=0 \
			net.ipv4.conf.default.rp_filter=0 net.ipv4.ip_forward=1 \
			net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.keep_addr_on_down=1
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
	ip link set v0 up
	for name in first second; do
		ip -n $name link set front up
		ip -n $name link set back up
		ip -n target link set $name up
	done
	for family in 4 6; do
		family $family
		address add $own/$bits v0 ''
		address add $gateway/$bits front first
		address add $other/$bits front second
	done
	address add 198.18.1.1/30 back first
	address add 198.18.1.5/30 back second
	address add 198.18.1.2/30 first target
	address add 198.18.1.6/30 second target
	address add 2001:db8:1::1/64 back first
	address add 2001:db8:2::1/64 back second
	address add 2001:db8:1::2/64 first target
	address add 2001:db8:2::2/64 second target
	address add 198.19.0.1/32 lo target
	address add 2001:db8:19::1/128 lo target
	for family in 6 4; do
		family $family
		beyond first reached
		beyond second reached
		by first
	done
}

# What a gateway does with packets for the target.
beyond() { # gateway, reached or dropped
	case $2$1$family in
	reachedfirst4) set -- $1 via 198.18.1.2 ;;
	reachedsecond4) set -- $1 via 198.18.1.6 ;;
	reachedfirst6) set -- $1 via 2001:db8:1::2 ;;
	reachedsecond6) set -- $1 via 2001:db8:2::2 ;;
	dropped*) set -- $1 dev back via '' ;;
	esac
	if [ "$2" = via ]; then
		ip netns exec $1 nft delete table inet beyond 2>/dev/null
		ip -n $1 route replace $target via $3
	else
		ip netns exec $1 nft 'table inet beyond { chain forward {
			type filter hook forward priority 0; drop; }; }'
	fi
}

# The first or the second gateway leads there and back; we ask the one with that address.
by() { # gateway, address
	ip -$family route replace default via "${2:-$gateway}"
	case $1$family in
	first4) ip -n target route replace default via 198.18.1.1 ;;
	second4) ip -n target route replace default via 198.18.1.5 ;;
	first6) ip -n target -6 route replace default via 2001:db8:1::1 ;;
	second6) ip -n target -6 route replace default via 2001:db8:2::1 ;;
	esac
}

# When an interface goes down, its IPv6 addresses go, and all routes by it.
back_again() {
	[ $family = 4 ] || address add $own/$bits v0 '' 2>/dev/null # it may be there
	by first
}

# Begins a scan, and returns in the middle of it.
begin() { # engine, technique
	engine="$1, IPv$family"
	back_again # an earlier section may have had the link down
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
	back_again
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
	ip -$family route del default
	noticed 'no route' "no route to $target any more: waiting"
	by first
	finished 'no route'
}

check_source() {
	begin "$@"
	address del $own/$bits v0 ''
	noticed 'the source address is gone' 'waiting for up to'
	address add $own/$bits v0 ''
	by first
	finished 'the source address is gone'
}

check_route() {
	begin "$@"
	beyond first dropped
	by second $other
	finished 'another gateway by route'
	beyond first reached
	by first
}

# The second gateway announces the address of the first one, until our side has noticed.
announced() {
	ip netns exec second python3 -c '
import socket, struct, sys
address = sys.argv[1]
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
link.bind(("front", 0x806))
mac = link.getsockname()[4]
if ":" in address:
    s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    s.bind((address, 0))
    s.sendto(struct.pack("!BBHI", 136, 0, 0, 0xa0000000)
             + socket.inet_pton(socket.AF_INET6, address) + b"\2\1" + mac,
             ("ff02::1", 0, 0, socket.if_nametoindex("front")))
else:
    bytes4 = socket.inet_aton(address)
    link.send(b"\xff" * 6 + mac + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x800, 6, 4, 1) + mac
              + bytes4 + bytes(6) + bytes4)' $gateway
	case $engine in
	sockets*) ip neigh show $gateway | grep "$(ip netns exec second \
		cat /sys/class/net/front/address)" ;;
	*) grep 'gateway has another MAC address' "$work/stderr" ;;
	esac
}

check_moved() {
	begin "$@"
	ip -n first link set front down
	address add $gateway/$bits front second
	by second
	soon "$engine: the gateway moves: noticed" announced
	finished 'the gateway moves'
	address del $gateway/$bits front second
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
	back_again
	soon "$engine: the link is up again" has_settled
}

# Far away everything is dropped, for some seconds: no interface or route of ours shows it.
check_far() {
	begin "$@"
	beyond first dropped
	noticed 'far away' 'all answers have stopped: waiting'
	beyond first reached
	finished 'far away'
}

check_far_for_good() {
	begin "$@"
	beyond first dropped
	wait $scanner
	same "$engine: far away for good: exit status" 75 $?
	ok "$engine: far away for good: said" grep -q 'nothing answers any more, for 10 s' \
		"$work/stderr"
	ok "$engine: far away for good: partial" \
		jq -es 'last.partial and last.stopped_why == "no answers"' "$work/json"
	ok "$engine: far away for good: nothing but closed ports" \
		jq -es 'all(.[] | select(.type == "port"); .state == "closed")' "$work/json"
	beyond first reached
}

# A host on the link announces address after address, for 25 s at most.
flood() {
	ip netns exec second python3 -c '
import socket, struct, sys, time
us = bytes.fromhex(sys.argv[1].replace(":", ""))
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("front", 0x806))
mac = s.getsockname()[4]
def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total & 0xffff) + (total >> 16)
    return ~((total & 0xffff) + (total >> 16)) & 0xffff
def arp(i):
    return (us + mac + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x800, 6, 4, 2) + mac
            + socket.inet_aton("198.18.0.%d" % (100 + i % 100)) + us + socket.inet_aton("198.18.0.1"))
def advertisement(i):
    source = socket.inet_pton(socket.AF_INET6, "2001:db8::%x" % (0x100 + i))
    target = socket.inet_pton(socket.AF_INET6, "2001:db8::1")
    body = struct.pack("!BBHI", 136, 0, 0, 0x60000000) + source + b"\2\1" + mac
    total = checksum(source + target + struct.pack("!II", len(body), 58) + body)
    return (us + mac + b"\x86\xdd" + struct.pack("!IHBB", 0x60000000, len(body), 58, 255)
            + source + target + body[:2] + struct.pack("!H", total) + body[4:])
frames = [f(i) for i in range(100) for f in (arp, advertisement)]
print("ready", flush=True)
end = time.monotonic() + 25
while time.monotonic() < end:
    for frame in frames:
        try:
            s.send(frame)
        except OSError:
            pass' "$(ip -o link show v0 | sed 's/.*ether \([0-9a-f:]*\) .*/\1/')" >"$work/flood" 2>&1 &
	flooder=$!
	children="$children $flooder"
	soon "$engine: the flood has begun" grep -q ready "$work/flood"
}

check_flood() {
	engine="$1, IPv$family"
	back_again
	flood
	timeout 100 "$PORTLIGHT" scan --engine "$1" "$2" --json --all-ports -p 1-$ports \
		--max-rate 1000 $target >"$work/json" 2>"$work/stderr"
	same "$engine: a flood of announcements: exit status" 0 $?
	same "$engine: a flood of announcements: states" " $ports closed " "$(closed "$work/json")"
	ok "$engine: a flood of announcements: it was over first" kill $flooder
	wait $flooder 2>/dev/null
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

# More absent hosts than the kernel's neighbour table has entries.
check_wide() {
	ip addr add 198.20.0.1/22 dev v0
	exits 'a /22 on the link: exit status' 0 timeout 100 "$PORTLIGHT" scan --engine sockets -sT \
		-p 22 --max-retries 0 -oD "$work/json" 198.20.0.0/22
	same 'a /22 on the link: all others are down' '1 1023 0' "$(jq -r 'select(.type == "summary") |
		"\(.hosts.up) \(.hosts.down) \(.hosts.silent)"' "$work/json")"
	ip addr del 198.20.0.1/22 dev v0
}

# Hosts behind a gateway that does not answer are not filtered; one on the link lives.
check_dead_gateway() {
	for family in 4 6; do
		family $family
		case $family in
		4) dead=198.18.0.99 behind=198.19.7.0/25 ;;
		6) dead=2001:db8::99 behind=2001:db8:77::/121 ;;
		esac
		for how in 'frames -sS' 'sockets -sT' 'sockets -sU'; do
			ip -$family route replace default via $dead
			# shellcheck disable=SC2086
			exits "a dead gateway, $how, IPv$family: exit status" 0 timeout 100 "$PORTLIGHT" \
				scan --engine $how -p 22-24 -oD "$work/json" $gateway $behind
			same "a dead gateway, $how, IPv$family: all behind it are down" '1 128 0' \
				"$(jq -r 'select(.type == "summary") |
				"\(.hosts.up) \(.hosts.down) \(.hosts.silent)"' "$work/json")"
		done
		by first
	done
	family 4
}

build
ok 'the network is built' $?
soon 'our links are up' has_settled
# shellcheck disable=SC2086
all=${sections:-'  '}
xdp=xdp
[ -e "$PASS" ] && ip -n switch link set dev us xdpdrv obj "$PASS" sec xdp 2>"$work/stderr" &&
	"$PORTLIGHT" scan --engine xdp -sS -p 22 $target >"$work/table" 2>"$work/stderr" || xdp=
[ "$xdp" ] || skip 'engine xdp cannot be used here'
for check in link carrier route_lost source route moved for_good far far_for_good flood; do
	case $all in '  ' | *" $check "*) ;; *) continue ;; esac
	for family in 4 6; do
		family $family
		for engine in frames sockets $xdp; do
			[ $engine = sockets ] && technique=-sT || technique=-sS
			check_$check $engine $technique
		done
	done
done
family 4
case $all in *' solicit_rate '* | '  ') check_solicit_rate ;; esac
case $all in *' wide '* | '  ') check_wide ;; esac
case $all in *' dead_gateway '* | '  ') check_dead_gateway ;; esac
case $all in *' late_neighbour '* | '  ') check_late_neighbour ;; esac
conclude
