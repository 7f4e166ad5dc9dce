#!/bin/sh
# liars_check: hosts that accept every port, by real kernels and by raw packets, and honest ones with
# many open ports.
#
# usage: tests/net/liars_check.sh [SECTION...]
. "$(dirname "$0")/suite.sh"
need nft jq python3 xmllint

ip netns add target && ip link add v0 type veth peer name t0 netns target &&
	ip addr add 198.18.9.1/24 dev v0 && ip addr add 2001:db8:9::1/64 dev v0 nodad &&
	ip link set v0 up && ip -n target link set lo up &&
	ip -n target addr add 198.18.9.2/24 dev t0 &&
	ip -n target addr add 2001:db8:9::2/64 dev t0 nodad && ip -n target link set t0 up || exit 1
soon 'the link is up' has_settled

scan() { # options...: as NDJSON in $work/json
	timeout 60 "$PORTLIGHT" scan "$@" -q -oD "$work/json" >"$work/table" 2>"$work/why"
}

notes() {
	jq -r 'select(.type == "host").notes | join(" ")' "$work/json"
}

# Ports that are listed as open, each in a record of its own.
listed() {
	jq -r 'select(.type == "port" and .state == "open").port' "$work/json" | wc -l
}

# A server in the target host on these ports, until `unserve`.
serve() { # first port, last port
	ip netns exec target python3 -c '
import selectors, socket, sys, time
chosen = selectors.DefaultSelector()
for port in range(int(sys.argv[1]), int(sys.argv[2]) + 1):
    server = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=1000)
    chosen.register(server, selectors.EVENT_READ)
print("serving", flush=True)
until, kept = time.monotonic() + 120, []
while time.monotonic() < until:
    for key, _ in chosen.select(0.5):
        kept = (kept + [key.fileobj.accept()[0]])[-200:]' "$@" >"$work/serving" 2>&1 &
	server=$!
	children="$children $server"
	soon 'the server is there' grep -q serving "$work/serving"
}

unserve() {
	kill $server
	wait $server 2>/dev/null
	ip netns exec target nft flush ruleset
}

check_everything() {
	serve 9 9
	ip netns exec target nft -f - <<-END
		add table inet liar
		add chain inet liar in { type nat hook prerouting priority -100; }
		add rule inet liar in meta l4proto tcp redirect to :9
	END
	for address in 198.18.9.2 2001:db8:9::2; do
		for engine in frames sockets; do
			scan --engine $engine -p 1-1000 $address
			same "$engine, $address: it answers decoys" 1 "$(notes | grep -c answers-decoys)"
			same "$engine, $address: it is a whole stack" 0 \
				"$(notes | grep -cE 'no-tcp-options|window-zero|data-unack')"
			same "$engine, $address: no port is listed" 0 "$(listed)"
			ok "$engine, $address: one line" grep -q 'All 1000 scanned tcp ports are open' "$work/table"
			ok "$engine, $address: the note" grep -q 'Answers on every port asked, decoys included' \
				"$work/table"
		done
	done
	scan -p 1-100 --all-ports 198.18.9.2
	same 'with --all-ports, each is' 100 "$(listed)"
	scan -p 1-100 --open 198.18.9.2
	ok 'with --open, the host is there' grep -q 198.18.9.2 "$work/table"
	same 'with --open, no port is listed' 0 "$(grep -c '/tcp.*open' "$work/table")"
	scan -p- --max-rate 200K 198.18.9.2
	same 'all ports: it answers decoys' 1 "$(notes | grep -c answers-decoys)"
	same 'all ports: none is listed' 0 "$(listed)"
	scan -p 1-100 198.18.9.2 -oX "$work/xml"
	ok 'valid by nmap.dtd' xmllint --noout --dtdvalid /usr/share/nmap/nmap.dtd "$work/xml"
	ok 'NDJSON there and back' "$PORTLIGHT" convert "$work/json" --to json -o "$work/again"
	ok 'it is the same' cmp "$work/json" "$work/again"
	scan -p 22,80 198.18.9.2
	same 'two ports: too few to ask' '' "$(notes | grep -o answers-decoys)"
	unserve
}

check_honest() {
	serve 2000 2029
	for engine in frames sockets; do
		scan --engine $engine -p 2000-2029 198.18.9.2
		same "$engine: thirty open ports are no liar" '' "$(notes | grep -o answers-decoys)"
		same "$engine: thirty are listed" 30 "$(listed)"
	done
	# As a load balancer: all else is dropped.
	ip netns exec target nft -f - <<-END
		add table inet balance
		add chain inet balance in { type filter hook input priority 0; }
		add rule inet balance in tcp dport != 2000-2029 drop
	END
	scan -p 2000-2029 198.18.9.2
	same 'a load balancer is no liar' '' "$(notes | grep -o answers-decoys)"
	same 'its ports are listed' 30 "$(listed)"
	unserve
}

# By raw packets.
lie() { # mode
	ip netns exec target nft -f - <<-END
		add table ip quiet
		add chain ip quiet in { type filter hook input priority 0; }
		add rule ip quiet in meta l4proto tcp drop
	END
	ip netns exec target python3 "$here/liar.py" t0 "$1" 60 &
	liar=$!
	children="$children $liar"
	sleep 0.5
	scan -p 1-200 --max-rate 5K 198.18.9.2
	kill $liar
	wait $liar 2>/dev/null
	ip netns exec target nft flush ruleset
}

check_kinds() {
	lie tarpit
	same 'a tarpit' 'answers-decoys no-tcp-options window-zero data-unacknowledged' \
		"$(notes | grep -o 'answers-decoys.*')"
	lie proxy
	same 'a SYN proxy' 'answers-decoys no-tcp-options' "$(notes | grep -o 'answers-decoys.*')"
	lie stack
	same 'a middlebox with a stack' answers-decoys "$(notes | grep -o 'answers-decoys.*')"
	lie half
	same 'every second port: not all decoys' '' "$(notes | grep -o 'answers-decoys.*')"
}

sections everything honest kinds
conclude
