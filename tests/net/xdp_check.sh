#!/bin/sh
# xdp_check: the xdp engine against the frames engine, port by port, and how it lives with others.
#
# usage: tests/net/xdp_check.sh [SECTION...]     all sections, or only those named (the last lines)
# Exits 77 where it is not built, and where the kernel lets us load no BPF program.
. "$(dirname "$0")/suite.sh"
need jq nft setpriv tcpdump tshark
PASS=$BUILD/tests/net/xdp_pass.o
if [ ! -e "$PASS" ]; then
	echo 'built without the xdp engine (meson option xdp)'
	exit 77
fi

# Us .1, target .2 and .3 on v0; 198.18.9.0/24 behind it; 198.18.1.2 on another Ethernet. v0 has two
# queues, so that two threads send by it.
build() {
	ip netns add target || return
	ip -n target link set lo up
	sysctl -q net.ipv6.conf.default.accept_dad=0
	ip netns exec target sysctl -q net.ipv6.conf.default.accept_dad=0
	for n in 0 1; do
		queues="numtxqueues $((2 - n)) numrxqueues $((2 - n))"
		# shellcheck disable=SC2086
		ip link add "v$n" $queues type veth peer name "p$n" netns target $queues || return
		ip addr add "198.18.$n.1/24" dev "v$n"
		ip addr add "2001:db8:$n::1/64" dev "v$n" nodad
		ip -n target addr add "198.18.$n.2/24" dev "p$n"
		ip -n target addr add "2001:db8:$n::2/64" dev "p$n" nodad
		ip link set "v$n" up
		ip -n target link set "p$n" up
	done
	ip -n target addr add 198.18.0.3/24 dev p0
	ip -n target addr add 198.18.9.1/24 dev lo
	ip -n target addr add 198.18.9.2/24 dev lo
	ip -n target addr add 2001:db8:9::1/64 dev lo nodad
	ip route add 198.18.9.0/24 via 198.18.0.2
	ip route add 2001:db8:9::/64 via 2001:db8::2
	ip netns exec target sysctl -q net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 \
		net.ipv4.icmp_ratemask=0 net.ipv4.icmp_msgs_per_sec=1000000 \
		net.ipv4.icmp_msgs_burst=100000
	ip netns exec target nft -f - <<-'NFT' || return
		table inet wall {
			chain in {
				type filter hook input priority 0
				tcp dport 1001-1020 drop
				tcp dport 1021-1040 reject with icmpx admin-prohibited
				tcp dport 1041-1060 reject with icmpx port-unreachable
				udp dport 1001-1020 drop
				udp dport 1021-1040 reject with icmpx admin-prohibited
			}
		}
	NFT
	ip netns exec target "$LAB_SERVER" tcp 22 80 443 1500 1999 \
		udp-echo 7 udp-silent 9 68 udp-dns 53 udp-ntp 123
}

cable() { # on or off: whether the target's end takes frames that XDP sends; few: it swallows SYNs to
	# ports above 2000; drop: it swallows them all; slow: so slowly, and in a thread of its own,
	# that its queue is full
	ip -n target link set dev p0 xdpdrv off 2>"$work/stderr"
	case $1 in
	on) ip -n target link set dev p0 xdpdrv obj "$PASS" sec xdp 2>"$work/stderr" ;;
	few) ip -n target link set dev p0 xdpdrv obj "$PASS" sec xdp_few 2>"$work/stderr" ;;
	drop) ip -n target link set dev p0 xdpdrv obj "$PASS" sec xdp_drop 2>"$work/stderr" ;;
	slow) ip -n target link set dev p0 xdpdrv obj "$PASS" sec xdp_slow 2>"$work/stderr" ;;
	off) return ;;
	esac
	[ "$1" = slow ] && threaded=1 || threaded=0
	# Since Linux 5.12.
	ip netns exec target sh -c \
		"[ ! -e /sys/class/net/p0/threaded ] || echo $threaded >/sys/class/net/p0/threaded"
}

scan() { # engine, options...: "ip port state reason" a line into $work/ENGINE
	engine=$1
	shift
	timeout 90 "$PORTLIGHT" scan --engine "$engine" --json --all-ports "$@" \
		>"$work/json" 2>"$work/stderr"
	status=$?
	python3 -c '
import json, sys
for line in open(sys.argv[1]):
    o = json.loads(line)
    if o["type"] == "port":
        print(o["ip"], o["port"], o["state"], o["reason"], o.get("technique"))
' "$work/json" | sort >"$work/$engine"
	return $status
}

# what, how many ports, options...: both engines say the same.
agree() {
	what=$1 count=$2
	shift 2
	scan frames "$@"
	same "$what: frames, exit status" 0 $?
	scan xdp "$@"
	same "$what: xdp, exit status" 0 $?
	grep -q 'engine xdp (' "$work/stderr"
	ok "$what: it says that it is xdp" $?
	same "$what: ports" "$count" "$(wc -l <"$work/xdp")"
	cmp -s "$work/frames" "$work/xdp"
	ok "$what: $(diff "$work/frames" "$work/xdp" | head -4)" $?
}

hook() { # the XDP program on v0, or nothing
	ip -d link show v0 | grep -o 'prog/xdp id [0-9]*'
}

left() { # frames that have left v0
	frames_out v0
}

hooked() {
	[ -n "$(hook)" ]
}

unhooked() {
	[ -z "$(hook)" ]
}

probing() { # whether 100 frames were sent since their number was $1
	has_left v0 $(($1 + 100))
}

check_agreement() {
	few='22-25,80,443,1000-1062,1499-1501,1999'
	agree 'SYN, on-link' 6000 -sS -p 1-2000 --max-rate 50000 --max-retries 1 \
		198.18.0.2 198.18.0.3 2001:db8::2
	same 'SYN, open ports' 15 "$(grep -c ' open syn-ack' "$work/xdp")"
	same 'SYN, rejected ports' 120 \
		"$(grep -c -e admin-prohibited -e port-unreach "$work/xdp")"
	agree 'SYN, fast: most RSTs end in the kernel' 4000 -sS -p 1-2000 --max-rate 300000 \
		--max-retries 1 198.18.0.2 198.18.9.1
	agree 'SYN, gateways and dead neighbours' 6000 -sS -p 1-1000 --max-rate 100000 \
		--max-retries 1 198.18.0.2 198.18.0.99 198.18.0.3 198.18.9.1 198.18.9.2 \
		2001:db8:9::1 2001:db8::99 2001:db8::2
	for technique in fin null xmas ack window ttl maimon; do
		agree "$technique" 146 --technique $technique -p $few --max-rate 200000 \
			--max-retries 1 198.18.0.2 2001:db8:9::1
	done
	agree 'two techniques of different length' 292 -sS -sF -p $few --max-rate 300000 \
		--max-retries 1 198.18.0.2 2001:db8:9::1
	udp='7,53,67-69,123,161,443,500,1000-1062,5353'
	agree 'UDP: payloads, services, rejects, silence' 219 -sU -p $udp --max-rate 200000 \
		--max-retries 1 198.18.0.2 198.18.0.99 198.18.9.1 2001:db8::2
	same 'UDP, open ports' 7 "$(grep -c ' open udp-response' "$work/xdp")"
	agree 'UDP, many' 4000 -sU -p 1-2000 --max-rate 300000 --max-retries 1 198.18.0.2 2001:db8::2
	agree 'UDP and SYN' 292 -sS -sU -p T:$few,U:$udp --max-rate 300000 --max-retries 1 \
		198.18.0.2 2001:db8:9::1
	agree 'generic mode' 4000 -sS -p 1-2000 --xdp-mode generic --max-rate 300000 \
		--max-retries 1 198.18.0.2 2001:db8::2
	grep -q 'generic mode: ' "$work/stderr"
	ok 'generic mode: said' $?
	agree 'fixed source port' 73 -sS -g 53 -p $few --max-retries 1 --max-rate 200000 198.18.0.2
	agree 'an address by another interface' 4000 -sS -p 1-2000 --max-rate 100000 \
		--max-retries 1 198.18.0.2 198.18.1.2
	agree 'shards' 1000 -sS -p 1-2000 --seed 5 --shard 1/2 --max-rate 100000 --max-retries 1 \
		198.18.0.2
}

# Hosts share next hops: here two hosts share each MAC address, and so do absent hosts. Each still
# gets its own frames, and is reported by its own address.
check_macs() {
	for last in $(seq 32 95); do
		ip neigh replace "198.18.0.$last" dev v0 nud permanent \
			lladdr "$(printf '02:00:00:00:00:%02x' $((last / 2)))"
	done
	dump p0 -s 128 -e 'tcp[tcpflags] == tcp-syn and dst net 198.18.0.0/24'
	scan xdp -sS -p 1-40 --all-hosts --max-rate 20000 --max-retries 0 198.18.0.30-99
	same 'MAC addresses: exit status' 0 $?
	# shellcheck disable=SC2016 # for eval to expand
	soon 'MAC addresses: the probes' eval '[ "$(wc -l <"$work/dump")" -ge 2560 ]'
	undump
	same 'MAC addresses: each port of each host, to its own' '64 x 40' "$(sed -n \
		's/.* > 02:00:00:00:00:\([0-9a-f]*\),.* > 198\.18\.0\.\([0-9]*\)\.\([0-9]*\): .*/\1 \2 \3/p' \
		"$work/dump" | sort -u | python3 -c '
import collections, sys
hosts = collections.Counter(int(host) for mac, host, port in map(str.split, sys.stdin)
                            if int(mac, 16) == int(host) // 2)
print(len(hosts), "x", *set(hosts.values()))')"
	same 'MAC addresses: as told' '64 of 64' "$(jq -r 'select(.type == "host" and .mac) |
		"\(.ip) \(.mac)"' "$work/json" | python3 -c '
import sys
lines = [line.split() for line in sys.stdin]
print(sum(int(mac[-2:], 16) == int(ip.split(".")[3]) // 2 for ip, mac in lines), "of", len(lines))')"
	ip neigh flush dev v0 nud permanent
}

# No host of the second window exists: no probe is sent to them, as none has a neighbour entry.
check_absent() {
	scan xdp -sS -p 1-60000 --max-rate 1000000 --max-retries 0 198.18.0.2 198.18.0.100-117
	same 'a window of absent hosts: exit status' 0 $?
	same 'a window of absent hosts: sent' 60000 \
		"$(grep -o '"probes":{"sent":[0-9]*' "$work/json" | grep -o '[0-9]*$')"
	same 'a window of absent hosts: they are down' '{"up":1,"down":18}' "$(tail -1 "$work/json" |
		jq -c '.hosts | {up, down}')"
}

# At a high rate a SYN+ACK is answered where it comes in, as by the kernel, which here is kept from
# seeing any: one RST each, right in each byte, and the port is open. The rate stays high however
# slow this machine is, and few of the probes cost the target anything, so that its queue has room
# for each RST. By these seeds the last quarter or fifth of a pass has no open port in it, or the
# pass could be over before its SYN+ACK is there, which then is for the kernel.
check_resets() {
	nft -f - <<-'NFT' || return
		table inet deaf {
			chain in {
				type filter hook input priority 0
				tcp flags & (syn | ack) == syn | ack counter drop
			}
		}
	NFT
	cable few
	dump p0 -s 128 -w "$work/resets.pcap" 'tcp[tcpflags] == tcp-syn or
		tcp[tcpflags] == tcp-syn|tcp-ack or tcp[tcpflags] == tcp-rst or
		(ip6 and (ip6[53] == 2 or ip6[53] == 18 or ip6[53] == 4))'
	for mode in native generic; do
		[ $mode = native ] && seed=12 || seed=22
		scan xdp -sS -p 1-30000 --xdp-mode $mode --seed $seed --min-rate 300000 \
			--max-rate 300000 --max-retries 0 198.18.0.2 198.18.0.3 2001:db8::2
		same "RSTs in place, $mode mode: open ports" 15 \
			"$(grep -c ' open syn-ack' "$work/xdp")"
	done
	# What comes last shows that all before it is written.
	"$PORTLIGHT" scan --engine frames -sS -g 4242 -p 1990 198.18.0.2 >/dev/null 2>&1
	soon 'RSTs in place: the dump is whole' dumped "$work/resets.pcap" 'tcp src port 4242'
	undump
	fields='-e ip.src -e ipv6.src -e tcp.srcport -e ip.dst -e ipv6.dst -e tcp.dstport'
	# shellcheck disable=SC2086
	tshark -r "$work/resets.pcap" -T fields -E separator=, $fields -e tcp.ack_raw \
		-Y 'tcp.flags == 0x12' 2>"$work/stderr" | awk -F, \
		'{ print $4 "," $5 "," $6 "," $1 "," $2 "," $3 "," $7 }' | sort >"$work/opened"
	# shellcheck disable=SC2086
	tshark -r "$work/resets.pcap" -T fields -E separator=, $fields -e tcp.seq_raw \
		-o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -Y 'tcp.flags == 4 and
		tcp.checksum.status == 1 and !(ip.checksum.status == 0) and tcp.len == 0 and
		tcp.window_size_value == 0 and (ip.ttl == 64 or ipv6.hlim == 64)' \
		2>"$work/stderr" | sort >"$work/reset"
	same 'RSTs in place: SYNs, and none to an open port among the last' '12000 0' "$(tshark \
		-r "$work/resets.pcap" -T fields -e tcp.dstport -Y 'tcp.flags == 2 and tcp.srcport != 4242' \
		2>"$work/stderr" | awk '/^(22|80|443|1500|1999)$/ && (NR - 1) % 6000 >= 5000 { n++ }
			END { print NR, n + 0 }')"
	same 'RSTs in place: SYN+ACKs' 30 "$(wc -l <"$work/opened")"
	cmp -s "$work/opened" "$work/reset"
	ok "RSTs in place: one each: $(diff "$work/opened" "$work/reset" | head -3)" $?
	same 'RSTs in place: our kernel saw no SYN+ACK' 0 \
		"$(nft list table inet deaf | sed -n 's/.*counter packets \([0-9]*\).*/\1/p')"
	nft delete table inet deaf
	cable on
}

# A host that sends 200 RSTs a second, and another one without a limit.
check_limits() {
	ip netns exec target nft -f - <<-'NFT' || return
		table inet limits {
			chain out {
				type filter hook output priority 0
				ip saddr 198.18.0.3 tcp flags & rst == rst \
					limit rate over 200/second burst 5 packets drop
			}
		}
	NFT
	scan xdp -sS -p 1-1020 --max-rate 100000 198.18.0.2 198.18.0.3
	same 'RSTs are limited: exit status' 0 $?
	grep -q 'engine xdp (' "$work/stderr"
	ok 'RSTs are limited: it is xdp' $?
	same 'RSTs are limited: closed ports' '997 997' "$(grep -c '^198.18.0.2 .* closed reset' \
		"$work/xdp") $(grep -c '^198.18.0.3 .* closed reset' "$work/xdp")"
	same 'RSTs are limited: filtered ports' '20 20' "$(grep -c '^198.18.0.2 .* filtered' \
		"$work/xdp") $(grep -c '^198.18.0.3 .* filtered' "$work/xdp")"
	same 'RSTs are limited: said of the one, not of the other' 198.18.0.3 "$(jq -r \
		'select(.type == "host" and (.notes // [] | index("rate-limited"))) | .ip' \
		"$work/json")"
	ip netns exec target nft delete table inet limits
	# ICMP errors as Linux limits them by itself: one a second for us, after a burst of six.
	ip netns exec target sysctl -q net.ipv4.icmp_ratelimit=1000 net.ipv4.icmp_ratemask=6168
	scan xdp -sU -p 7,53,100-109,1001-1010 --max-rate 100000 198.18.0.2
	same 'ICMP errors are limited: exit status' 0 $?
	same 'ICMP errors are limited: open, closed, dropped ports' '2 10 10' "$(grep -c \
		' open udp-response' "$work/xdp") $(grep -c ' closed port-unreach' "$work/xdp") $(grep -c \
		' open|filtered no-response' "$work/xdp")"
	grep -q '"rate-limited"' "$work/json"
	ok 'ICMP errors are limited: noticed' $?
	ip netns exec target sysctl -q net.ipv4.icmp_ratelimit=0 net.ipv4.icmp_ratemask=0
}

# A transfer by TCP through the same interface, both ways, while a scan runs.
check_transfer() {
	cat >"$work/transfer.py" <<-'PY'
		import hashlib, os, socket, sys, time
		if sys.argv[1] == "serve":
		    s = socket.create_server(("198.18.0.2", 5000))
		    print("ready", flush=True)
		    c, _ = s.accept()
		    c.settimeout(30)
		    while data := c.recv(65536):
		        c.sendall(data)
		    sys.exit()
		c = socket.create_connection(("198.18.0.2", 5000), 10)
		c.settimeout(30)
		sent, got = hashlib.sha256(), hashlib.sha256()
		end = time.monotonic() + 90
		total, block = 0, 0
		while not os.path.exists(sys.argv[2]) and time.monotonic() < end:
		    data = hashlib.sha256(str(block).encode()).digest() * 512
		    block += 1
		    c.sendall(data)
		    sent.update(data)
		    left = len(data)
		    while left:
		        back = c.recv(left)
		        if not back:
		            sys.exit("cut off")
		        got.update(back)
		        left -= len(back)
		    total += len(data)
		print(total)
		sys.exit(0 if sent.digest() == got.digest() and total else 1)
	PY
	ip netns exec target python3 "$work/transfer.py" serve >"$work/served" 2>&1 &
	children="$children $!"
	wait_until grep -q ready "$work/served"
	before=$(left)
	timeout 120 python3 "$work/transfer.py" send "$work/enough" >"$work/transfer" 2>&1 &
	transfer=$!
	wait_until probing "$before"
	scan xdp -sS -p 1-65535 --max-rate 400000 --max-retries 1 198.18.0.2 198.18.0.3
	same 'transfer: the scan' 0 $?
	touch "$work/enough"
	wait $transfer
	ok "transfer: intact while a scan runs ($(tail -1 "$work/transfer"))" $?
	same 'transfer: open ports' 11 "$(grep -c ' open ' "$work/xdp")"
}

caps() { # permitted, effective, no_new_privs of a process
	sed -n -e 's/^Cap\(Prm\|Eff\):[^1-9a-f]*\([0-9a-f]\)/\2/p' -e 's/^NoNewPrivs:.//p' \
		"/proc/$1/status" | tr '\n' ' ' | sed 's/ $//'
}

given_up() { # process, capabilities that are left
	[ "$(caps "$1")" = "$2 $2 1" ]
}

# What a scan that runs may still do: engine, capabilities in hexadecimal, options...
privilege() {
	engine=$1 want=$2
	shift 2
	"$PORTLIGHT" scan --engine "$engine" -sS --max-rate 20000 "$@" >/dev/null 2>"$work/stderr" &
	scanner=$!
	wait_until given_up $scanner "$want"
	same "$engine $*: capabilities" "$want $want 1" "$(caps $scanner)"
	grep -q '^CapBnd:[^1-9a-f]*$' /proc/$scanner/status
	ok "$engine $*: nor through the bounding set" $?
	# Threads, too: the pass is one of them.
	same "$engine $*: threads" 1 "$(sed -n 's/^CapEff://p' /proc/$scanner/task/*/status |
		sort -u | wc -l)"
	kill $scanner
	wait $scanner
}

check_privilege() {
	privilege xdp 0 -p 1-60000 198.18.0.2
	privilege frames 0 -p 1-60000 198.18.0.2
	privilege xdp 2000 -p 1-65535 198.18.9.1-40
}

check_exits() {
	same 'after a scan: nothing is left on the interface' '' "$(hook)"
	for signal in KILL INT; do
		"$PORTLIGHT" scan --engine xdp -sS -p 1-65535 --max-rate 20000 198.18.0.2 198.18.0.3 \
			>/dev/null 2>"$work/stderr" &
		scanner=$!
		wait_until hooked
		ok "SIG$signal: there while it runs" $?
		kill -s $signal $scanner
		wait $scanner
		wait_until unhooked
		same "SIG$signal: gone after it" '' "$(hook)"
	done
}

check_neighbours() {
	ip link set dev v0 xdpdrv obj "$PASS" sec xdp
	there=$(hook)
	scan xdp -sS -p 22 198.18.0.2
	same 'another XDP program, xdp asked for: exit status' 69 $?
	grep -q 'v0 has another XDP program' "$work/stderr"
	ok 'another XDP program: said' $?
	timeout 200 "$PORTLIGHT" scan -sS -p 1-65535 --max-rate 2000000 --max-retries 0 \
		198.18.0.2 198.18.0.3 198.18.9.1 198.18.9.2 198.18.1.2 >/dev/null 2>"$work/stderr"
	same 'another XDP program, nothing asked for: exit status' 0 $?
	grep -q 'engine frames (.*not xdp: interface v0 has another XDP program' "$work/stderr"
	ok 'another XDP program: frames, and why' $?
	same 'another XDP program: left alone' "$there" "$(hook)"
	ip link set dev v0 xdpdrv off
}

# The scan just made, of v0 whose peer runs no XDP program: exit status, mode in words. That cannot be
# known before the first frame goes out where the kernel is older than 6.3.
no_operation() {
	if [ "$(printf '6.3\n%s\n' "$(uname -r)" | sort -V | head -1)" = 6.3 ]; then
		same "no such operation$2: exit status" 69 "$1"
		grep -q 'v0 cannot send for XDP' "$work/stderr"
	else
		same "no such operation$2: exit status" 0 "$1"
		grep -q 'gives up on interface v0 .*; continuing with engine frames' "$work/stderr"
	fi
	ok "no such operation$2: named" $?
}

check_choice() {
	timeout 200 "$PORTLIGHT" scan -sS -p 1-65535 --max-rate 2000000 --max-retries 0 \
		198.18.0.2 198.18.0.3 198.18.9.1 198.18.9.2 2001:db8::2 >/dev/null 2>"$work/stderr"
	same 'large and fast: exit status' 0 $?
	grep -q 'engine xdp (' "$work/stderr"
	ok 'large and fast: xdp by itself' $?
	# A driver that is not known to keep its link up: only when asked for by name.
	ip link add brother type bridge && ip addr add 198.19.0.1/24 dev brother &&
		ip link set brother up
	ok 'an interface of another driver' $?
	timeout 200 "$PORTLIGHT" scan -Pn -sS -p 1-65535 --max-rate 2000000 --max-retries 0 -e brother \
		198.19.0.2-6 >/dev/null 2>"$work/stderr"
	grep -q 'engine frames (.*not xdp: .* interface brother (driver bridge) down .*--engine xdp' \
		"$work/stderr"
	ok 'large and fast, a driver that may restart: frames, and how to ask for xdp' $?
	ip link del brother
	timeout 60 "$PORTLIGHT" scan -sS -p 1-1000 --max-rate 2000000 198.18.0.2 >/dev/null \
		2>"$work/stderr"
	grep -q 'engine frames (' "$work/stderr"
	ok 'small: frames' $?
	scan xdp -sS -p 22 127.0.0.1
	same 'loopback: exit status' 69 $?
	scan xdp -sS --xdp-mode skb -p 22 198.18.0.2
	same 'another mode: exit status' 64 $?
	cable off
	for mode in native generic; do
		scan xdp -sS -p 22 --xdp-mode $mode 198.18.0.2
		no_operation $? ", $mode mode"
	done
	# macvlan runs no XDP program in its driver.
	ip link add m0 link v1 type macvlan mode bridge
	ip addr add 198.18.7.1/24 dev m0
	ip link set m0 up
	scan xdp -sS -p 22 198.18.7.2
	same 'a driver without XDP: exit status' 69 $?
	grep -q 'driver of interface m0 takes no XDP program: .*--xdp-mode generic' "$work/stderr"
	ok 'a driver without XDP: named, and what there is' $?
	scan xdp -sS --xdp-mode generic -p 22 198.18.7.2
	same 'generic, but it cannot transmit: exit status' 69 $?
	grep -q 'm0 cannot send for XDP' "$work/stderr"
	ok 'generic, but it cannot transmit: named' $?
	ip link del m0
	scan xdp -sS -p 22 198.18.0.2
	no_operation $? ''
	cable on
	setpriv --bounding-set -bpf,-sys_admin --inh-caps -bpf,-sys_admin true 2>/dev/null || return
	timeout 20 setpriv --bounding-set -bpf,-sys_admin --inh-caps -bpf,-sys_admin \
		"$PORTLIGHT" scan --engine xdp -sS -p 22 198.18.0.2 >/dev/null 2>"$work/stderr"
	same 'no CAP_BPF: exit status' 77 $?
	grep -q 'CAP_BPF' "$work/stderr"
	ok 'no CAP_BPF: named' $?
}

# A driver that restarts its interface for a program: the scan waits for its carrier.
check_restart() {
	for long in 1.5 30; do
		RESTART_DRIVER="ip -n target link set p0 down
			(sleep $long; ip -n target link set p0 up) >/dev/null 2>&1 &" \
			ASAN_OPTIONS="${ASAN_OPTIONS-}:verify_asan_link_order=0" \
			LD_PRELOAD=$BUILD/tests/net/restart_driver.so \
			timeout 60 "$PORTLIGHT" scan --engine xdp -sS -p 22,23 198.18.0.2 \
			>"$work/table" 2>"$work/stderr"
		status=$?
		[ $long = 30 ] && break
		same 'the carrier is gone for a while: exit status' 0 $status
		grep -q 'v0 lost its carrier .*; waited ' "$work/stderr"
		ok 'the carrier is gone for a while: said' $?
		same 'the carrier is gone for a while: what is found' '22/tcp open 23/tcp closed' \
			"$(awk '/^2[23].tcp/ { printf "%s%s %s", n++ ? " " : "", $1, $2 }' "$work/table")"
	done
	same 'the carrier stays away: exit status' 69 $status
	grep -q 'v0 lost its carrier when it was given an XDP program, and has not' "$work/stderr"
	ok 'the carrier stays away: said' $?
	ip -n target link set p0 up
	soon 'the carrier is back' sh -c 'ip link show v0 | grep -q LOWER_UP'
}

# The kernel lacks live frames (before Linux 5.18), or the command before portlight makes it look
# so: the message names it, and a scan without --engine xdp continues with engine frames.
too_old() { # words...
	timeout 60 "$@" "$PORTLIGHT" scan --engine xdp -sS -p 22 198.18.0.2 >/dev/null \
		2>"$work/stderr"
	same 'the kernel is too old: exit status' 69 $?
	grep -q 'xdp cannot run here: Linux [0-9].* is too old: .* came with 5.18' "$work/stderr"
	ok 'the kernel is too old: named, and what it lacks' $?
	timeout 200 "$@" "$PORTLIGHT" scan -sS -p 1-53000 --max-rate 500000 --max-retries 0 --json \
		198.18.0.2 198.18.0.3 198.18.9.1 198.18.9.2 198.18.1.2 >"$work/json" 2>"$work/stderr"
	same 'the kernel is too old, nothing asked for: exit status' 0 $?
	grep -q 'engine frames (.*; not xdp: Linux [0-9].* is too old' "$work/stderr"
	ok 'the kernel is too old: frames, and why' $?
	same 'the kernel is too old: open ports' 25 "$(grep -c '"state":"open"' "$work/json")"
	same 'the kernel is too old: nothing is left on the interface' '' "$(hook)"
}

# Leaks are not looked for while another process traces.
check_old() {
	too_old env ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" setarch --uname-2.6 \
		strace -f --seccomp-bpf -o "$work/calls" -e trace=bpf -e inject=bpf:error=EINVAL
}

# The pace is kept, and no probe is counted that did not go out. Answers would take most of the time
# of a slow machine.
check_counts() {
	cable drop
	before=$(left)
	scan xdp -sS -p 1-60000 --max-rate 30000 --max-retries 0 198.18.0.2
	after=$(left)
	sent=$(grep -o '"probes":{"sent":[0-9]*' "$work/json" | grep -o '[0-9]*$')
	same 'counts: as many as planned' 60000 "$sent"
	# Address resolution goes out, too.
	[ $((after - before)) -ge 60000 ] && [ $((after - before)) -le 60040 ]
	ok "counts: $((after - before)) frames left" $?
	us=$(grep -o '"elapsed_us":[0-9]*' "$work/json" | grep -o '[0-9]*$')
	# Never faster; how much slower is a matter of what else the machine does.
	[ "$us" -gt 1950000 ] && [ "$us" -lt 15000000 ]
	ok "pace: 60000 at 30000/s took $us us" $?
	cable on
}

# Two threads at once, as fast as they go: far more than the target takes. Every frame that is
# counted was sent, and no other.
check_senders() {
	before=$(left)
	scan xdp -sS -p 1-60000 --max-rate 20000000 --max-retries 3 198.18.0.2 198.18.0.3
	same 'two threads: exit status' 0 $?
	after=$(left)
	sent=$(grep -o '"probes":{"sent":[0-9]*' "$work/json" | grep -o '[0-9]*$')
	[ $((after - before)) -ge "$sent" ] && [ $((after - before)) -le $((sent + 200)) ]
	ok "two threads: $sent counted, $((after - before)) frames left" $?
	same 'two threads: ports' 120000 "$(wc -l <"$work/xdp")"
	same 'two threads: open ports' 10 "$(grep -c ' open syn-ack' "$work/xdp")"
	same 'two threads: closed and rejected' $((120000 - 10 - 40)) \
		"$(grep -c -e ' closed ' -e admin-prohibited -e port-unreach "$work/xdp")"
	# Stopped in the middle: a port was asked and counted, or has no state.
	# Enough hosts that the fastest machine is still sending at the stop.
	for last in $(seq 4 63); do
		ip -n target addr add "198.18.0.$last/24" dev p0
	done
	for how in 'drop 20000000' 'drop 700000' 'slow 20000000'; do
		cable "${how% *}"
		rate=${how#* }
		before=$(left)
		"$PORTLIGHT" scan --engine xdp --json --all-ports --all-hosts -sS -p 1-60000 --seed 7 \
			--max-rate $rate --max-retries 0 198.18.0.2-63 >"$work/json" \
			2>"$work/stderr" &
		scanner=$!
		while ! [ "$(($(left) - before))" -ge 50000 ] && kill -0 $scanner; do
			:
		done
		kill -INT $scanner
		wait $scanner
		after=$(left)
		sent=$(grep -o '"probes":{"sent":[0-9]*' "$work/json" | grep -o '[0-9]*$')
		same "stopped at $how/s: counted and judged" "$sent" \
			"$(grep -c '"type":"port"' "$work/json")"
		[ $((after - before)) -ge "$sent" ] && [ $((after - before)) -le $((sent + 200)) ]
		ok "stopped at $how/s: $sent counted, $((after - before)) frames left" $?
		[ "$sent" -lt 3720000 ]
		ok "stopped at $how/s: in the middle" $?
	done
	for last in $(seq 4 63); do
		ip -n target addr del "198.18.0.$last/24" dev p0
	done
	grep -o '"send_errors":[0-9]*' "$work/json" | tail -1 | grep -q '[1-9]'
	ok "slow: frames were refused, and went again: $(grep -o '"send_errors":[0-9]*' "$work/json")" $?
	cable on
}

# An interface that goes down while the scan runs ends it, with what is known written.
check_loss_of_link() {
	before=$(left)
	timeout 60 "$PORTLIGHT" scan --engine xdp --json -sS -p 1-60000 --max-rate 10000 198.18.0.2 \
		>"$work/json" 2>"$work/stderr" &
	scanner=$!
	wait_until probing "$before"
	ip link set v0 down
	wait $scanner
	status=$?
	ip link set v0 up
	[ "$status" = 69 ] || [ "$status" = 75 ]
	ok "the link goes down: exit status $status" $?
	grep -q 'v0' "$work/stderr"
	ok 'the link goes down: named' $?
	tail -1 "$work/json" | grep -q '"partial":true'
	ok 'the link goes down: what is known is written, marked partial' $?
}

# veth refuses each frame while its peer is down, and has no carrier then. Either the engine gives up
# first, and frames sends the rest, or the path is reported as lost and waited for.
check_refusal() {
	# The section before this one had the link down.
	soon 'the link has its carrier' sh -c 'ip link show v0 | grep -q LOWER_UP'
	before=$(left)
	timeout 200 "$PORTLIGHT" scan --engine xdp --json -sS -p 1-20000 --max-rate 5000 \
		198.18.0.2 >"$work/json" 2>"$work/stderr" &
	scanner=$!
	wait_until probing "$before"
	ip -n target link set p0 down
	soon 'each frame is refused: said' grep -q \
		-e 'gives up on interface v0 .*; continuing with engine frames' \
		-e 'interface v0 has no carrier: waiting for up to 10 s' "$work/stderr"
	ip -n target link set p0 up
	wait $scanner
	same 'each frame is refused: exit status' 0 $?
	tail -1 "$work/json" | grep -q '"partial":false'
	ok 'each frame is refused: the scan is complete all the same' $?
}

build
ok 'the network is built' $?
cable on
ok 'the far end takes frames from XDP' $?
soon 'our links are up' has_settled
soon 'the links of the target are up' has_settled target
if ! scan xdp -sS -p 22 198.18.0.2 && grep -q 'lets this process load no BPF' "$work/stderr"; then
	cat "$work/stderr"
	exit 77
fi
if grep -q 'is too old: ' "$work/stderr"; then
	too_old
	skip "Linux $(uname -r) cannot run the engine"
	conclude
fi
sections agreement macs absent resets limits transfer privilege exits neighbours choice restart old \
	counts senders refusal loss_of_link
conclude
