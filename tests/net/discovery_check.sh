#!/bin/sh
# discovery_check: hosts of every kind of shyness are found, on the link and behind a router.
#
# usage: tests/net/discovery_check.sh [SECTION...]     BUILD names the build directory (default: build)
# Second opinions: nmap host by host with its reasons, nmap.dtd, and the detector on the same packets.
. "$(dirname "$0")/suite.sh"
need jq nft nmap setpriv tcpdump xmllint
. "$here/discovery_lab.sh"
bare='setpriv --bounding-set=-all --inh-caps=-all'
show='why stderr stdout'

scan() { # options and targets: output to $work/stdout, notes to $work/stderr
	timeout -k 5 60 "$PORTLIGHT" scan "$@" >"$work/stdout" 2>"$work/stderr"
}

# "198.18.1.1 echo-reply" for each host that is up.
ours() { # options and targets
	timeout -k 5 60 "$PORTLIGHT" scan -q --json "$@" 2>"$work/stderr" |
		jq -r 'select(.type == "host" and .status == "up") | .ip + " " + .reason' | sort
}

nmaps() { # options and targets
	timeout -k 5 100 nmap -n -oX - --max-retries 2 "$@" 2>/dev/null |
		tr -d '\n' | sed 's/<host>/\n&/g' |
		sed -n 's/.*<status state="up" reason="\([a-z-]*\)".*<address addr="\([0-9a-f.:]*\)" addrtype="ipv.*/\2 \1/p' |
		sort
}

agree() { # what, options and targets of both
	agree_what=$1
	shift
	ours -sn "$@" >"$work/ours"
	nmaps -sn "$@" >"$work/nmaps"
	ok "$agree_what: hosts are found" test -s "$work/ours"
	ok "$agree_what: as nmap finds them" diff "$work/nmaps" "$work/ours"
}

check_hosts() {
	agree 'by default' 198.18.0.0/28 198.18.1.0/28
	agree 'echo' -PE 198.18.1.0/28
	agree 'timestamp' -PP 198.18.1.0/28
	agree 'SYN' -PS443,22 198.18.1.0/28
	agree 'SYN to 80' -PS 198.18.1.0/28
	agree 'ACK' -PA80 198.18.1.0/28
	agree 'UDP' -PU 198.18.1.0/28
	agree 'several' -PP -PS443 -PE 198.18.1.0/28
	agree 'ARP does not count' --disable-arp-ping -PE 198.18.0.0/28
	# nmap takes any packet of the protocol for an answer, as we do not.
	ours -sn -PO47,132 198.18.1.0/28 >"$work/ours"
	same 'IP protocols: what hosts refuse shows them' \
		'198.18.1.1 proto-unreach,198.18.1.2 proto-unreach,' \
		"$(grep -v 254 "$work/ours" | tr '\n' ,)"
	ours -sn -PR 198.18.0.0/28 >"$work/ours"
	same 'ARP: all of the link' 6 "$(grep -c arp-response "$work/ours")"
}

check_six() {
	agree 'IPv6 behind a router' -6 2001:db8:1::/125
	agree 'IPv6 on the link' -6 2001:db8::/125
	agree 'IPv6 echo' -6 -PE 2001:db8:1::/125
}

local6() { # namespace, interface: its link-local address
	ip -n "$1" -6 -o addr show dev "$2" scope link | sed 's/.*inet6 \([^/]*\).*/\1/'
}

# A /64 cannot be walked: all nodes are asked, and what hosts send by themselves is heard.
check_link() {
	for form in fe80::%s0 fe80::/64%s0 fe80::%s0/64; do
		ours -6 -sn "$form" >"$work/ours"
		ok "$form: a host that answers" grep -q "^$(local6 h01 eh01) nd-response" "$work/ours"
		ok "$form: the router" grep -q "^$(local6 rt br0) nd-response" "$work/ours"
		ok "$form: not ourselves" not_own "$work/ours"
	done
	scan -6 -sn fe80::%s0
	ok 'it says how many' grep -q 'IPv6 hosts of link s0 found by multicast' "$work/stderr"
	# A host that drops echo requests joins a group meanwhile, and says so (MLD).
	for turn in 1 2 3 4 5; do
		(sleep 0.3 && ip -n h05 addr add "2001:db8::5:$turn/64" dev eh05) &
		ours -6 -sn fe80::%s0 >"$work/ours"
		wait $!
		grep -q "^$(local6 h05 eh05) nd-response" "$work/ours" && break
	done
	ok 'a host that only joins a group is heard' grep -q "^$(local6 h05 eh05) nd-response" \
		"$work/ours"
	scan -6 -p 443,444 fe80::%s0
	ok 'their ports are scanned' grep -q "^portlight report for $(local6 h01 eh01)%s0" \
		"$work/stdout"
	before=$(frames_out s0)
	scan -sL fe80::%s0
	same '-sL of a link is refused' 64 $?
	same 'and sends nothing' "$before" "$(frames_out s0)"
	scan -6 -sn fe80::%nosuch0
	same 'no such interface' 69 $?
	ip link add lonely0 type veth peer name lonely1 && ip link set lonely0 up && ip link set lonely1 up
	soon 'a link of our own is up' has_settled
	scan -6 -sn fe80::%lonely0 --exclude "$(local6_here lonely1)"
	ok 'no host on the link: one line' [ "$(grep -c . "$work/stderr")" -le 2 ]
	ip link del lonely0
}

local6_here() { # interface
	ip -6 -o addr show dev "$1" scope link | sed 's/.*inet6 \([^/]*\).*/\1/'
}

not_own() { # file
	! grep -q "^$(local6_here s0) " "$1"
}

check_ports() {
	scan -p 1-600 198.18.1.0/24
	same 'a range is searched first' 0 $?
	ok 'it says so' grep -q 'finding hosts among 256 addresses by icmp-echo, syn 443, ack 80' \
		"$work/stderr"
	ok 'and what came of it' grep -q ' 6 of 256 addresses are scanned: engine ' "$work/stderr"
	same 'hosts are reported' 6 "$(grep -c '^portlight report for' "$work/stdout")"
	ok 'the reason is that of the discovery' grep -q '^Host is up (timestamp-reply ttl 63' \
		"$work/stdout"
	ok 'the others are summed up' grep -q '256 hosts (6 up, 250 down)' "$work/stdout"
	ok 'the port is found' grep -q '^443/tcp  *open' "$work/stdout"
	# Named one by one: scanned, though silent.
	scan -p 1-600 198.18.1.0/24 198.18.1.5
	ok 'a named host is scanned though it is silent' grep -q '^portlight report for 198.18.1.5' \
		"$work/stdout"
	ok 'as silent' grep -q '256 hosts (6 up, 249 down, 1 silent)' "$work/stdout"
	echo 198.18.1.5 >"$work/list"
	scan -p 1-600 -iL "$work/list" 198.18.1.0/24
	ok 'in a list it is not named' grep -q '256 hosts (6 up, 250 down)' "$work/stdout"
	scan -p 22,80 198.18.1.0/28
	ok 'few ports: all are probed' grep -q 'all are probed, which costs no more' "$work/stderr"
	same 'few ports: silent hosts are not called down' '16 hosts (3 up, 13 silent)' \
		"$(grep -o '16 hosts ([^)]*)' "$work/stdout")"
	scan -Pn -p 1-300 198.18.1.0/28
	ok '-Pn: all are probed' grep -q '16 addresses, 4800 probes$' "$work/stderr"
	scan -p 1-300 -PE 198.18.1.2
	ok 'one host, and a search is asked for' grep -q 'Host is up' "$work/stdout"
}

# All formats agree, and nmap's readers can read ours.
check_reports() {
	ok 'all formats are written' timeout 60 "$PORTLIGHT" scan -q -sn -oA "$work/all" 198.18.0.0/28 \
		198.18.1.0/28
	ok 'XML: valid by nmap.dtd' xmllint --noout --dtdvalid /usr/share/nmap/nmap.dtd "$work/all.xml"
	for query in 'count(//host)' 'string(//runstats/hosts/@up)' \
		'count(//host[status/@state="up"])'; do
		same "XML: $query" 11 "$(xmllint --xpath "$query" "$work/all.xml" 2>/dev/null)"
	done
	same 'XML: hosts down' 21 "$(xmllint --xpath 'string(//hosts/@down)' "$work/all.xml" 2>/dev/null)"
	same 'XML: hosts in all' 32 "$(xmllint --xpath 'string(//hosts/@total)' "$work/all.xml" 2>/dev/null)"
	same 'grepable' 11 "$(grep -c 'Status: Up' "$work/all.gnmap")"
	same 'NDJSON' '11 21 32' "$(jq -r 'select(.type == "summary").hosts |
		"\(.up) \(.down) \(.total)"' "$work/all.ndjson")"
	same 'normal' 11 "$(grep -c '^Host is up' "$work/all.nmap")"
	scan -sn --all-hosts -oX "$work/every.xml" 198.18.1.0/28
	same 'every host' 16 "$(xmllint --xpath 'count(//host)' "$work/every.xml" 2>/dev/null)"
	same 'those that are down' 11 "$(xmllint --xpath \
		'count(//host[status/@state="down"][status/@reason="no-response"])' "$work/every.xml" 2>/dev/null)"
	ok 'a scan with ports' timeout 60 "$PORTLIGHT" scan -q -p 1-600 -oX "$work/ports.xml" \
		-oD "$work/ports.ndjson" 198.18.1.0/28
	ok 'with ports: valid by nmap.dtd' xmllint --noout --dtdvalid /usr/share/nmap/nmap.dtd \
		"$work/ports.xml"
	ok 'converted, it says the same' timeout 20 "$PORTLIGHT" convert --to xml "$work/ports.ndjson" \
		-o "$work/again.xml"
	same 'converted: the reasons' \
		"$(xmllint --xpath '//status/@reason' "$work/ports.xml" 2>/dev/null)" \
		"$(xmllint --xpath '//status/@reason' "$work/again.xml" 2>/dev/null)"
}

# Silent hosts are not asked more than nmap asks them, and those that answer are asked once.
check_cost() {
	before=$(frames_out s0)
	scan -sn 198.18.1.64/26
	spent=$(($(frames_out s0) - before))
	ok "no host there: at most seven probes a host, and the router's address ($spent)" \
		[ "$spent" -le $((64 * 7 + 6)) ]
	before=$(frames_out s0)
	scan -sn 198.18.1.1
	spent=$(($(frames_out s0) - before))
	ok "one host that answers: one probe, and the router's address ($spent)" [ "$spent" -le 4 ]
	before=$(frames_out s0)
	scan -sL 198.18.1.0/24
	same 'a list sends nothing' "$before" "$(frames_out s0)"
	same 'a list has all' 256 "$(wc -l <"$work/stdout")"
	for options in '-Pn -sn' '-sn -p 80' '-sn -sS' '-PM' '-PY80' '-PO999 -sn' '-PS0x -sn' \
		'-sn --seed 1 --shard 1/2'; do
		# shellcheck disable=SC2086
		scan $options 198.18.1.0/24
		same "$options is refused" 64 $?
		same "$options: one line" 1 "$(wc -l <"$work/stderr")"
	done
	same 'what is refused sends nothing' "$before" "$(frames_out s0)"
}

# Without privileges: connect(2), and nothing else.
check_user() {
	$bare timeout -k 5 60 "$PORTLIGHT" scan -sn 198.18.1.0/28 >"$work/stdout" 2>"$work/stderr"
	same 'a user finds hosts' 0 $?
	ok 'by connect' grep -q 'by connect 443, connect 80; engine sockets' "$work/stderr"
	same 'those that answer TCP' '198.18.1.1,198.18.1.2,198.18.1.3,198.18.1.6,' \
		"$(sed -n 's/^portlight report for //p' "$work/stdout" | sort | tr '\n' ,)"
	$bare timeout -k 5 60 "$PORTLIGHT" scan -p 1-600 198.18.1.0/24 >"$work/stdout" \
		2>"$work/stderr"
	ok 'a user scans them' grep -q '^443/tcp  *open' "$work/stdout"
	ok 'the others are summed up' grep -q '256 hosts (5 up, 251 down)' "$work/stdout"
	for option in -PE -PP -PO; do
		$bare timeout -k 5 60 "$PORTLIGHT" scan -sn $option 198.18.1.0/28 >"$work/stdout" \
			2>"$work/stderr"
		same "$option needs privileges" 77 $?
		ok "$option is named" grep -q -- "$option needs CAP_NET_RAW" "$work/stderr"
	done
}

# The detector on the same packets names what was sent.
check_detector() {
	# Seen from the router: frames that bypass the queue are not seen here.
	ip netns exec rt tcpdump -Zroot -B 16384 -U --immediate-mode -nn -i r0 -w "$work/pcap" 2>"$work/dumping" &
	dumper=$!
	children="$children $dumper"
	soon 'tcpdump is there' grep -q 'listening on' "$work/dumping"
	scan -sn 198.18.1.0/24
	scan -sn 198.18.0.0/24
	ping -n -c 1 -p 706f72746c696768742d656e64 -W 1 198.18.0.1 >/dev/null 2>&1
	soon 'all is captured' dumped "$work/pcap" 'icmp[icmptype] == icmp-echo and dst host 198.18.0.1'
	kill $dumper
	wait $dumper
	timeout 60 "$PORTLIGHT" watch -r "$work/pcap" --json >"$work/events" 2>"$work/why"
	for technique in icmp syn ack arp; do
		ok "the detector names $technique" jq -e -s \
			"[.. | strings] | any(. == \"$technique\" or startswith(\"$technique|\") or
				contains(\"|$technique\") or contains(\" $technique\") or contains(\"$technique \"))" \
			"$work/events"
	done
}

lab_build
ok 'the network is built' $?
soon 'our links are up' has_settled
soon 'the links of the router are up' has_settled rt
sections hosts six link ports reports cost user detector
conclude
