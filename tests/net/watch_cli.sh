#!/bin/sh
# watch_cli: what `portlight watch` makes of a command line, of capture files, and of live traffic.
#
# usage: tests/net/watch_cli.sh [SECTION...]     all sections, or only those named (the last lines)
. "$(dirname "$0")/suite.sh"
need dumpcap jq nft nmap ping tcpdump
out=$work/out err=$work/err show='why err out'
input=/dev/null as=
# A user namespace may have no other user to switch to.
unprivileged='setpriv --reuid=65534 --regid=65534 --clear-groups'
$unprivileged true 2>/dev/null || unprivileged=

watch() { # options...
	# shellcheck disable=SC2086
	timeout --kill-after=5 60 $as "$PORTLIGHT" watch "$@" >"$out" 2>"$err" <"$input"
	status=$?
}

ends() { # status, text in what it said
	[ "$status" = "$1" ] && grep -qF -e "$2" "$err"
}

events() { # jq filter: of the events in $out, one a line; how many there are that it selects
	jq -c "select($1)" "$out" | wc -l
}

# Captures by hand: 60 ports in 6 s, each answered by a RST but port 1022, which is open.
captures() {
	python3 - "$work" <<'END'
import gzip, socket, struct, sys

def frame(src, dst, sport, dport, flags, seq, ack=0):
    tcp = struct.pack('>HHIIBBHHH', sport, dport, seq, ack, 0x50, flags, 1024, 0, 0)
    ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 40, 1, 0, 50, 6, 0,
                     socket.inet_aton(src), socket.inet_aton(dst))
    return bytes(12) + b'\x08\x00' + ip + tcp

def scan(t0, sport):
    frames = []
    for n in range(60):
        t, port = t0 + n * 100_000, 1000 + n
        frames.append((t, frame('198.51.100.7', '203.0.113.1', sport, port, 2, 7)))
        frames.append((t + 300, frame('203.0.113.1', '198.51.100.7', port, sport,
                                      0x12 if port == 1022 else 0x14, 9, 8)))
        if port == 1022:
            frames.append((t + 600, frame('198.51.100.7', '203.0.113.1', sport, port, 4, 8)))
    return frames

frames = scan(1_700_000_000_000_000, 40000)

def pcap(frames, order='<', snap=65535):
    data = struct.pack(order + 'IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, snap, 1)
    for t, f in frames:
        data += struct.pack(order + 'IIII', t // 1_000_000, t % 1_000_000, min(len(f), snap),
                            len(f)) + f[:snap]
    return data

def block(kind, body):
    body += bytes(-len(body) % 4)
    size = struct.pack('<I', len(body) + 12)
    return struct.pack('<I', kind) + size + body + size

# Every second packet on an interface of another kind: raw IP.
def pcapng(frames):
    data = block(0x0a0d0d0a, struct.pack('<IHHq', 0x1a2b3c4d, 1, 0, -1))
    for link in 1, 101:
        data += block(1, struct.pack('<HHI', link, 0, 0))
    for n, (t, f) in enumerate(frames):
        f = f[14:] if n % 2 else f
        data += block(6, struct.pack('<IIIII', n % 2, t >> 32, t & 0xffffffff, len(f), len(f)) + f)
    return data

def write(name, data):
    with open(sys.argv[1] + '/' + name, 'wb') as file:
        file.write(data)

whole = pcap(frames)
write('scan.pcap', whole)
write('scan-big.pcap', pcap(frames, '>'))
# As `tcpdump -s 60` would have taken it: a connection's segment of 1,000 bytes.
long = frame('198.51.100.7', '203.0.113.1', 40000, 80, 0x18, 7, 9) + bytes(1000)
long = long[:16] + struct.pack('>H', 1040) + long[18:]
write('short.pcap', whole + struct.pack('<IIII', 1_700_000_010, 0, 60, len(long)) + long[:60])
write('scan.pcapng', pcapng(frames))
write('scan.pcap.gz', gzip.compress(whole))
write('cut.pcap', whole[:-7])
write('headless.pcap', pcap(frames, snap=44))
write('bad.pcap', whole + struct.pack('<IIII', 0, 0, 1 << 30, 1 << 30) + bytes(64))
write('text.pcap', b'this is no capture\n')
years = 30 * 365 * 86400 * 1_000_000
write('years.pcap', pcap([(t + n % 3 * years, f) for n, (t, f) in enumerate(frames)]))
write('back.pcap', pcap(frames[::-1]))
write('wlan.pcap', struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 105))
write('twice.pcap', pcap(frames + scan(1_700_003_600_000_000, 41000)))
END
}

check_refusals() {
	watch eth0
	ok 'an argument is refused' ends 64 '"eth0"'
	watch --nonsense
	ok 'an unknown option is refused' ends 64 '"--nonsense"'
	watch -r "$work/scan.pcap" -f 'tcp dst prot 80'
	ok 'a filter that does not parse stops it' ends 64 'filter "tcp dst prot 80"'
	for option in --ignore --home --never-block; do
		watch -r "$work/scan.pcap" $option 192.0.2.0/24,192.0.2.256
		ok "$option that does not parse stops it" ends 64 "$option: "
		ok "$option: not one event" test ! -s "$out"
	done
	printf '192.0.2.1\n192.0.2.2 host.example\n' >"$work/list"
	watch -r "$work/scan.pcap" --ignore-file "$work/list"
	ok 'a bad line of --ignore-file stops it' ends 64 "$work/list:2: "
	watch -r "$work/scan.pcap" --ignore-file "$work/none"
	ok 'an --ignore-file that is not there stops it' ends 74 "$work/none"
	watch -r "$work/scan.pcap" --explain host
	ok '--explain wants an address' ends 64 '"host"'
	watch -r "$work/none.pcap"
	ok 'a file that is not there' ends 74 'No such file'
	watch -r "$work"
	ok 'a folder' ends 74 'Is a directory'
	watch -r "$work/text.pcap"
	ok 'no capture' ends 74 'no capture file'
	ok 'in one line' test "$(wc -l <"$err")" = 1
	cp "$work/scan.pcap" "$work/same.pcap"
	watch -r "$work/same.pcap" -oD "$work/../$(basename "$work")/same.pcap"
	ok '-oD does not write over what is read' ends 64 same.pcap
	ok 'and leaves it as it was' cmp "$work/scan.pcap" "$work/same.pcap"
	watch -r /dev/null
	ok 'an empty file' ends 74 'no capture file'
	watch -r "$work/wlan.pcap"
	ok 'a link that is not understood' ends 74 'link type 105'
	watch -r "$work/scan.pcap" -oD "$work/none/x"
	ok '-oD in no folder' ends 73 "$work/none/x"
	watch -r "$work/scan.pcap" --metrics "$work/none/x.prom"
	ok '--metrics in no folder' ends 73 "$work/none/x.prom"
	watch -r "$work/scan.pcap" --syslog="$work/none"
	ok 'a syslog socket that is not there' ends 69 "$work/none"
	watch -r "$work/scan.pcap" --user no-such-user
	ok 'a user that there is not' ends 64 no-such-user
	watch -i none0
	ok 'an interface that there is not' ends 69 'no interface none0'
	as='setpriv --bounding-set=-all --inh-caps=-all'
	watch -i lo
	ok 'live without CAP_NET_RAW' ends 77 CAP_NET_RAW
	as=
	echo old >"$work/log"
	watch -r "$work/none.pcap" -oD "$work/log"
	ok 'a name typed wrong does not cost the old log' grep -qx old "$work/log"
	watch --help
	ok '--help' sh -c "[ $status = 0 ] && grep -q 'usage: portlight watch' '$out'"
}

check_replay() {
	watch -r "$work/scan.pcap" --json
	cp "$out" "$work/first"
	ok 'the scan is reported: opened, and closed' \
		test "$(events '.event.action == "port_scan" and .source.ip == "198.51.100.7"')" -ge 2
	ok 'its technique and ports' test "$(events '.portlight.phase == "close" and
		(.portlight.techniques | index("syn")) and (.portlight.answered_open | tostring
		| contains("1022"))')" = 1
	ok 'status 0, and a summary' ends 0 ': 121 packets, 1 scan, 0 other events'
	for file in scan.pcap scan-big.pcap scan.pcapng scan.pcap.gz; do
		watch -r "$work/$file" --json
		ok "$file gives the same, byte for byte" cmp "$out" "$work/first"
	done
	input=$work/scan.pcap.gz
	watch -r - --json
	input=/dev/null
	ok 'standard input gives the same' cmp "$out" "$work/first"
	watch -r "$work/scan.pcap" -oD "$work/log"
	watch -r "$work/scan.pcap" -oD "$work/log"
	ok '-oD of a replay replaces the file' cmp "$work/log" "$work/first"
	ok 'readable text goes to standard output at the same time' grep -q 'Port scan of 203.0.113.1' "$out"
	watch -r "$work/scan.pcap" -q
	ok '-q is silent' sh -c "[ $status = 0 ] && [ ! -s '$out' ] && [ ! -s '$err' ]"
	watch -r "$work/scan.pcap" -f 'udp or host 192.0.2.1'
	ok '-f hides what does not match' sh -c "[ ! -s '$out' ] && grep -q ': 0 packets' '$err'"
	watch -r "$work/scan.pcapng" -f 'ether proto \arp'
	ok '-f without meaning for a link stops it' ends 64 'link type 101'
	watch -r "$work/scan.pcap" --ignore 192.0.2.0/24,198.51.100.0/28
	ok '--ignore hides its source' test ! -s "$out"
	watch -r "$work/scan.pcap" --ignore 198.51.100.6
	ok '--ignore hides no other' test -s "$out"
	watch -r "$work/scan.pcap" -c 40
	ok '--count ends it' ends 0 ': 40 packets'
	watch -r "$work/short.pcap" -v
	ok 'what the capture did not keep makes nothing malformed' ends 0 ' 122 packets (0 malformed'
	watch -r "$work/cut.pcap" --json
	ok 'a truncated file: events before the end are reported' test "$(events '.event.kind == "alert"')" -ge 1
	ok 'a file that was cut off says so' ends 75 'cut off'
	watch -r "$work/headless.pcap" --json
	ok 'packets without their flags: not judged, and said so' ends 0 \
		': 121 packets, 0 scans, 0 other events; 121 packets damaged or truncated in their headers'
	watch -r "$work/bad.pcap" --json
	ok 'a damaged file: events before the damage are reported' test "$(events '.event.kind == "alert"')" -ge 1
	ok 'a damaged file says so' ends 74 damaged
	for file in years.pcap back.pcap; do
		watch -r "$work/$file" --json
		ok "$file: times that jump do no harm" test "$status" = 0
	done
	watch -r "$work/twice.pcap" --json
	ok 'an hour of silence closes a scan' \
		test "$(events '.portlight.phase == "close"')" = 2
	ok 'and not at its end only' sh -c "jq -r '.[\"@timestamp\"]' '$out' |
		grep -q '^2023-11-14T22:1[89]'"
	watch -r "$work/scan.pcap" --explain 198.51.100.7 --explain 198.51.100.8
	ok '--explain lists the reports of a source' grep -q 'reported .* times.*port_scan' "$out"
	ok '--explain: a source without evidence' sh -c "sed -n '/^198.51.100.8:/,\$p' '$out' |
		grep -q 'no evidence: '"
	watch -r "$work/scan.pcap" --dry-run
	ok '--dry-run does not block an unproven source' grep -q 'would not block 198.51.100.7' "$err"
	if [ -n "$unprivileged" ]; then
		as=$unprivileged
		watch -r "$work/scan.pcap" --json
		as=
		ok 'an unprivileged user may replay' cmp "$out" "$work/first"
	fi
}

check_outputs() {
	mkdir -m 777 "$work/metrics"
	watch -r "$work/scan.pcap" --metrics "$work/metrics/p.prom" -q
	ok 'metrics count the packets' grep -qx 'portlight_packets_total 121' "$work/metrics/p.prom"
	ok 'nothing else is left there' test "$(ls -A "$work/metrics")" = p.prom
	if [ -n "$unprivileged" ]; then
		mkdir -m 700 "$work/shut"
		watch -r "$work/scan.pcap" --metrics "$work/shut/p.prom"
		ok 'a folder without write permission is reported at once' ends 73 "$work/shut"
	fi
	watch -r "$work/scan.pcap" --json -oD /dev/full
	ok 'a full disk: the other output is whole' cmp "$out" "$work/first"
	ok 'a full disk is reported once' test "$(grep -c 'cannot write events to "/dev/full" any more' "$err")" = 1
	ok 'a full disk: the status says so' test "$status" = 74
	(
		trap '' PIPE
		timeout 60 "$PORTLIGHT" watch -r "$work/scan.pcap" --json 2>"$err"
		echo $? >"$work/status"
	) | head -c 1 >/dev/null
	status=$(cat "$work/status")
	ok 'a pipe without a reader' sh -c "[ $status = 141 ] || [ $status = 0 ]"
	# A reader that is surely gone.
	mkfifo "$work/fifo"
	(
		: <"$work/fifo"
		touch "$work/unread"
	) &
	{
		wait_until test -e "$work/unread"
		cat "$work/scan.pcap"
	} | timeout 60 "$PORTLIGHT" watch -r - --explain 192.0.2.1 >"$work/fifo" 2>"$err"
	ok 'events into a pipe do not hang it' test $? -le 141
	# Signals while a pipe has no more.
	mkfifo "$work/slow"
	exec 3<>"$work/slow"
	: >"$out"
	: >"$err"
	"$PORTLIGHT" watch -r "$work/slow" >"$out" 2>"$err" &
	watcher=$!
	cat "$work/scan.pcap" >&3
	ok 'a pipe: events come while it is open' until_in 'Port scan' "$out"
	ok 'SIGUSR1: prints counters, and continues' counted 121
	kill -INT $watcher
	wait $watcher
	status=$?
	exec 3>&-
	ok 'SIGINT ends a replay early, and says partial' test $status = 75
	ok 'and closes what is open' grep -q 'is over' "$out"
}

until_in() { # text, file: waits for it
	wait_until grep -qF -e "$1" "$2"
}

counted() { # packets: asks until it has seen them all
	wait_until counts "$1"
}

has_counted() { # packets, or more: it asks
	kill -USR1 $watcher
	[ "$(sed -n 's/^portlight: \([0-9]*\) packets.*/\1/p' "$err" | tail -n 1)" -ge "$1" ]
}

counts() {
	kill -USR1 $watcher
	grep -q "^portlight: $1 packets" "$err"
}

start() { # options...: a live run in the background, once it watches
	: >"$out" # or we might read what the run before said
	: >"$err"
	"$PORTLIGHT" watch "$@" >"$out" 2>"$err" &
	watcher=$!
	until_in 'portlight: watching' "$err" >/dev/null && return
	echo "it did not start: $(cat "$err")"
	exit 1
}

stop() { # signal
	kill "-$1" $watcher 2>/dev/null
	wait $watcher
	status=$?
}

wired=
wire() { # a neighbour in a namespace of its own, behind a cable
	[ -z "$wired" ] || return 0
	wired=yes
	ip netns add peer && ip link add near type veth peer name far netns peer &&
		ip addr add 198.51.100.1/24 dev near && ip -6 addr add 2001:db8:51::1/64 dev near nodad &&
		ip link set near up && ip -n peer addr add 198.51.100.7/24 dev far &&
		ip -n peer -6 addr add 2001:db8:51::7/64 dev far nodad &&
		ip -n peer link set far up && ip -n peer link set lo up
}

peer() {
	timeout 60 ip netns exec peer "$@" >"$work/peer" 2>&1 </dev/null
}

check_live() {
	wire || return
	start --json
	ok 'it says what it watches, and its cage' grep -q 'watching .*lo.*near.*seccomp' "$err"
	ok 'no capability is left' grep -q '^CapEff:[[:space:]]*0000000000000000$' /proc/$watcher/status
	ok 'nor the bounding set' grep -q '^CapBnd:[[:space:]]*0000000000000000$' /proc/$watcher/status
	ok 'no new privileges, and a filter' sh -c "grep -q '^NoNewPrivs:.1' /proc/$watcher/status &&
		grep -q '^Seccomp:.2' /proc/$watcher/status"
	peer nmap -n -Pn -sS -p 1-60 198.51.100.1
	ok 'a SYN scan by nmap is reported' until_in '"port_scan"' "$out"
	peer nmap -n -Pn -sF -p 1-60 -6 2001:db8:51::1
	ok 'a FIN scan over IPv6 too' until_in '2001:db8:51::7' "$out"
	kill -USR1 $watcher
	ok 'SIGUSR1: counters' until_in ' packets (' "$err"
	stop TERM
	ok 'SIGTERM: status 0' test $status = 0
	ok 'technique, tool and interface' test "$(events '.portlight.phase == "close" and
		.source.ip == "198.51.100.7" and .portlight.tool == "nmap" and
		(.portlight.techniques | index("syn")) and .observer.ingress.interface.name == "near"')" = 1
	ok 'FIN is named' test "$(events '.portlight.phase == "close" and
		.source.ip == "2001:db8:51::7" and .portlight.techniques == ["fin"]')" = 1
	ok 'the capture lost nothing' sh -c "! grep -q 'lost [1-9]' '$err'"
}

# What is the same about a scan however it was seen: one line for each that was closed. No times:
# the kernel may read the clock separately for each of two packet sockets.
seen() {
	jq -c 'select(.portlight.phase == "close") | [.event.action, .source.ip, .destination.ip,
		.portlight.techniques, .portlight.ports, .portlight.answered_open, .portlight.packets, .portlight.tool]' "$1" | sort
}

check_same() {
	wire || return
	dumpcap -q -i near -w "$work/live.pcapng" 2>"$work/dump" &
	dump=$!
	until_in 'File: ' "$work/dump"
	start -i near --json
	peer nmap -n -Pn -sS -p 1-60 198.51.100.1
	peer nmap -n -Pn -sX -p 100-160 198.51.100.1
	peer nmap -n -Pn -sT -p 200-260 -6 2001:db8:51::1
	# What comes last shows that all before it is written, and the detector has counted as many.
	peer ping -n -c 1 -p 706f72746c696768742d656e64 198.51.100.1
	ok 'the capture is whole' wait_until grep -qa portlight-end "$work/live.pcapng"
	ok 'the detector has seen as much' wait_until has_counted \
		"$(tcpdump -nn -r "$work/live.pcapng" 2>/dev/null | wc -l)"
	stop INT
	kill -INT $dump
	wait $dump
	seen "$out" >"$work/live"
	watch -r "$work/live.pcapng" --json --home 198.51.100.0/24,2001:db8:51::/64,fe80::/64
	seen "$out" >"$work/replayed"
	ok 'live, scans are seen' test "$(wc -l <"$work/live")" -ge 2
	ok 'a replay of a live run says the same' diff "$work/live" "$work/replayed"
}

check_manager() {
	python3 - "$PORTLIGHT" >"$out" 2>"$err" <<'END'
import os, signal, socket, subprocess, sys

s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind('\0portlight-watch-test')
s.settimeout(20)
run = subprocess.Popen([sys.argv[1], 'watch', '-i', 'lo', '-q'],
                       env={**os.environ, 'NOTIFY_SOCKET': '@portlight-watch-test',
                            'WATCHDOG_USEC': '2000000'})
for wanted in b'READY=1', b'WATCHDOG=1', b'WATCHDOG=1', b'WATCHDOG=1':
    print(wanted, got := s.recv(1000))
    assert got == wanted
run.send_signal(signal.SIGTERM)
while (got := s.recv(1000)) != b'STOPPING=1':
    assert got == b'WATCHDOG=1'
sys.exit(run.wait())
END
	status=$?
	ok 'the service manager is notified: ready, alive, stopping' test $status = 0
}

check_interfaces() {
	wire || return
	start -i lo -v
	timeout 20 ping -n -c 4 -i 0.2 127.0.0.1 >/dev/null
	peer nmap -n -Pn -sS -p 1-60 198.51.100.1
	stop INT
	ok 'SIGINT: status 0' test $status = 0
	ok 'loopback: each packet once; no other interface' ends 0 'portlight: 8 packets, 0 scans'
	start -i near --json -f 'icmp or arp or icmp6'
	peer nmap -n -Pn -sS -p 1-60 198.51.100.1
	peer ping -n -c 2 -i 0.2 198.51.100.1
	stop INT
	ok '-f is applied by the kernel: no scan' test "$(events 'true')" = 0
	ok '-f lets pass what matches' sh -c "! grep -q ': 0 packets' '$err'"
	start -i near --json --ignore 198.51.100.0/24
	peer nmap -n -Pn -sS -p 1-60 198.51.100.1
	stop INT
	ok '--ignore works live' test "$(events 'true')" = 0
	start -i near --json -oD "$work/live.log"
	ip link set near down
	ok 'an interface that goes down is reported' until_in 'near went down' "$err"
	ip link set near up
	ip -6 addr add 2001:db8:51::1/64 dev near nodad
	ok 'one that comes up is reported' until_in 'near is up, and watched' "$err"
	peer nmap -n -Pn -sS -p 1-60 198.51.100.1
	ok 'and watched again once it is up' until_in '"port_scan"' "$out"
	stop INT
	lines=$(wc -l <"$work/live.log")
	start -i near -oD "$work/live.log"
	peer nmap -n -Pn -sS -p 1-60 198.51.100.1
	until_in 'Port scan' "$out"
	stop INT
	ok '-oD of a live run is added to' test "$(wc -l <"$work/live.log")" -gt "$lines"
	start -i near --count 5
	peer ping -n -c 10 -i 0.2 198.51.100.1
	wait $watcher
	status=$?
	ok '--count ends a live run' ends 0 ': 5 packets'
}

# A cable like that of wire, but its own: NAME here, 198.51.101.SOURCE in a namespace behind it.
cable() { # name source
	ip link del "$1" 2>/dev/null
	ip netns del behind 2>/dev/null
	ip netns add behind && ip link add "$1" type veth peer name far netns behind &&
		ip addr add 198.51.101.1/24 dev "$1" && ip link set "$1" up &&
		ip -n behind addr add "198.51.101.$2/24" dev far && ip -n behind link set far up
}

behind() {
	timeout 60 ip netns exec behind "$@" >"$work/peer" 2>&1 </dev/null
}

told_of() { # source, interface: opened, with its name
	until_in "\"ip\":\"$1\"" "$out" && test "$(events ".portlight.phase == \"open\" and
		.source.ip == \"$1\" and .observer.ingress.interface.name == \"$2\"")" = 1
}

# Interfaces that are made when the detector is in its cage.
check_later() {
	wire || return
	start --json
	cable late 7
	ok 'an interface that is created later is reported' until_in 'late is up, and watched' "$err"
	behind nmap -n -Pn -sS -p 1-60 198.51.101.1
	ok 'and watched' told_of 198.51.101.7 late
	ip link del late
	ok 'one that is removed is reported' until_in 'interface late ' "$err"
	cable late 8
	behind nmap -n -Pn -sS -p 1-60 198.51.101.1
	ok 'made again under its name, it is watched again' told_of 198.51.101.8 late
	peer nmap -n -Pn -sS -p 1-60 198.51.100.1
	ok 'as are those from before' told_of 198.51.100.7 near
	ok 'in the cage' grep -q '^Seccomp:.2' /proc/$watcher/status
	stop INT
	ok 'a name outlives its interface' test "$(events '.portlight.phase == "close" and
		.source.ip == "198.51.101.7" and .observer.ingress.interface.name == "late"')" = 1
	ok 'twice up, and twice told' test "$(grep -c 'late is up, and watched' "$err")" = 2

	cable late 7
	start --json -f 'tcp dst portrange 1-60'
	cable late 9
	behind nmap -n -Pn -sS -p 1-60 198.51.101.1
	ok '-f lets pass what matches on it' told_of 198.51.101.9 late
	behind nmap -n -Pn -sU --max-retries 0 -p 100-130 198.51.101.1
	stop INT
	ok 'and hides what does not' test "$(events '.portlight.techniques | index("udp")')" = 0

	start --json -i late
	ip link set near down
	ip link set near up
	cable late 7
	peer nmap -n -Pn -sS -p 1-60 198.51.100.1
	behind nmap -n -Pn -sS -p 1-60 198.51.101.1
	ok '-i: it is known by its name, also made again' told_of 198.51.101.7 late
	stop INT
	ok '-i: no other, be it known or new' test "$(events '.source.ip == "198.51.100.7"')" = 0
	ok '-i: no other interface is reported' sh -c "! grep -q 'interface near' '$err'"

	ip link set late down
	start --json -i late
	ok '-i of an interface that is down waits for it' grep -q 'no interface yet' "$err"
	ip link set late up
	behind nmap -n -Pn -sS -p 1-60 198.51.101.1
	ok 'and sees it come' told_of 198.51.101.7 late
	stop INT

	start --json -i any
	ok '-i any is all' grep -q 'watching lo, near, late' "$err"
	for n in $(seq 30); do
		ip link add "many$n" type veth peer name "more$n" && ip link set "many$n" up &&
			ip link set "more$n" up && ip link del "many$n"
	done
	ok 'many that come and go are reported' until_in 'many1 ' "$err"
	cable late 8
	behind nmap -n -Pn -sS -p 1-60 198.51.101.1
	ok 'and behind them one is still known' told_of 198.51.101.8 late
	stop INT
	ok 'in no more lines than 20 a minute' test "$(grep -c 'interface m' "$err")" -le 20
}

# A scan that nothing answers, by another source, and waits until it is reported: by then
# the contacts before it, whose verdict also waits for silence, are judged.
later() { # target, namespace
	nft -f - <<-'END'
		table inet silent {
			chain in {
				type filter hook input priority -300
				tcp dport 2001-2060 drop
			}
		}
	END
	ip -n "$2" addr add "${1%.*}.200/24" dev far
	ip netns exec "$2" python3 - "$1" <<-'END'
		import socket, sys
		for port in range(2001, 2061):
		    s = socket.socket()
		    s.bind((sys.argv[1].rpartition(".")[0] + ".200", 0))
		    s.setblocking(False)
		    s.connect_ex((sys.argv[1], port))
	END
	ok 'a later silent scan is reported' until_in "\"ip\":\"${1%.*}.200\"" "$out"
	ip -n "$2" addr del "${1%.*}.200/24" dev far
	nft delete table inet silent
}

# A packet that passes several interfaces is one packet.
check_copies() {
	wire || return
	cable late 7
	ip addr flush dev late
	ip link add bridged type bridge && ip link set late master bridged &&
		ip addr add 198.51.101.1/24 dev bridged && ip link set bridged up
	# Each is asked five times, within what passes for one contact.
	udp='import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for port in [port for port in range(1, 61) for _ in range(5)]:
    s.sendto(b"x", ("198.51.101.1", port))'
	for which in bridged any; do
		start --json -i $which
		behind nmap -n -Pn -sS -p 1-60 198.51.101.1
		behind python3 -c "$udp"
		later 198.51.101.1 behind
		ok "behind a bridge a scan is reported: -i $which" told_of 198.51.101.7 bridged
		stop INT
		jq -c 'select(.portlight.phase == "close") | [.event.action, .source.ip,
			.portlight.ports, .portlight.packets]' "$out" |
			grep 198.51.101.7 >"$work/$which"
	done
	ok 'the bridge and its port together hold against it what one does' \
		diff "$work/bridged" "$work/any"
	ip link del bridged
	ip link del late
	start -f 'icmp and host 127.0.0.1'
	timeout 20 ping -n -c 4 -i 0.2 127.0.0.1 >/dev/null
	stop INT
	ok 'loopback among all: each packet once' ends 0 'portlight: 8 packets'
	# For another MAC address, as a mirror port has it.
	ip -n peer neigh replace 198.51.100.99 lladdr 02:00:00:00:00:99 dev far
	start --json
	peer nmap -n -Pn --disable-arp-ping --send-ip --max-retries 0 -sS -p 1-20 198.51.100.99
	later 198.51.100.1 peer
	stop INT
	ok 'packets for others are not ours' test "$(events '.destination.ip == "198.51.100.99"')" = 0
	start --json -p
	peer nmap -n -Pn --disable-arp-ping --send-ip --max-retries 0 -sS -p 1-20 198.51.100.99
	ok 'but with -p' until_in '"198.51.100.99"' "$out"
	stop INT
}

tunnel_up() { # a raw-IP cable to the namespace `peer`, made now
	: >"$work/cable" # or we might read what the one before said
	python3 "$here/tun_cable.py" tunnel peer >"$work/cable" 2>&1 &
	cable=$!
	until_in ready "$work/cable"
}

tunnel_down() {
	kill $cable
	wait $cable 2>/dev/null
}

# What has no Ethernet header.
check_tunnel() {
	wire || return
	if ! ip tuntap add mode tun name probe 2>/dev/null; then
		skip 'no tun device can be made here'
		return
	fi
	ip link del probe
	for filter in '' 'tcp dst portrange 1-60' 'ip[9] = 6'; do
		start --json ${filter:+-f "$filter"}
		tunnel_up
		ip addr add 198.51.103.1/24 dev tunnel && ip link set tunnel up &&
			ip -n peer addr add 198.51.103.7/24 dev tunnel && ip -n peer link set tunnel up
		peer nmap -n -Pn -sS -p 1-60 198.51.103.1
		ok "a tun that is made later is watched; filter: $filter" told_of 198.51.103.7 tunnel
		stop INT
		tunnel_down
	done
	start --json -f 'ether src 02:00:00:00:00:01'
	tunnel_up
	ip link set tunnel up
	ok 'a filter that has no meaning there: so it says' until_in \
		'tunnel is up, and not watched: the filter' "$err"
	stop INT
	watch -f 'ether src 02:00:00:00:00:01'
	ok 'and it does not start where one is there already' ends 64 'interface tunnel: the filter has no'
	tunnel_down
}

check_response() {
	wire || return
	timeout 60 "$PORTLIGHT" watch --self-test >"$out" 2>"$err"
	status=$?
	ok 'nothing gets out of the cage' test $status = 0
	python3 -c '
import socket
s = socket.create_server(("198.51.100.1", 30))
while True: s.accept()' &
	server=$!
	ok 'a server listens' wait_until sh -c 'ss -Htln | grep -q 198.51.100.1:30'
	start -i near --dry-run
	peer nmap -n -Pn -sT -p 1-60 198.51.100.1
	ok '--dry-run: would block a source that a handshake proves' until_in 'would block 198.51.100.7' "$err"
	stop INT
	# An address that became ours when the detector was in its cage.
	start --dry-run
	ip addr add 198.51.100.50/24 dev near
	python3 -c '
import socket
for port in range(1, 61):
    s = socket.socket()
    s.bind(("198.51.100.50", 0))
    s.connect_ex(("198.51.100.1", port))
    s.close()'
	ok 'never an address that became ours' until_in 'would not block 198.51.100.50: ' "$err"
	stop INT
	ok 'not for a moment' sh -c "! grep -q 'would block' '$err'"
	ip addr del 198.51.100.50/24 dev near
	start -i near --block --block-time 1m
	ok 'the table is there' nft list table inet portlight
	peer nmap -n -Pn -sT -p 1-60 198.51.100.1
	ok '--block blocks it' until_in ': blocked 198.51.100.7' "$err"
	ok 'a blocked source does not get through' sh -c '! timeout 3 ip netns exec peer \
		ping -n -c 1 -W 1 198.51.100.1'
	stop INT
	ok 'all is undone at the end' sh -c '! nft list table inet portlight'
	ok 'and the source gets through again' peer ping -n -c 1 -W 2 198.51.100.1
	ip -n peer addr add 198.51.100.9/24 dev far
	start -i near --block --never-block 198.51.100.0/29
	peer nmap -n -Pn -sT -p 1-60 198.51.100.1
	peer python3 -c '
import socket
for port in range(1, 61):
    s = socket.socket()
    s.bind(("198.51.100.9", 0))
    s.connect_ex(("198.51.100.1", port))
    s.close()'
	ok '--never-block: another source, later, is blocked' until_in ': blocked 198.51.100.9' "$err"
	stop INT
	ip -n peer addr del 198.51.100.9/24 dev far
	ok '--never-block holds' sh -c "! grep -q 'blocked 198.51.100.7' '$err'"
	kill $server
}

# The manual page says how slow a scan may be, and after how many contacts it is reported.
check_slow() {
	sed -n 's/^\.It \([0-9]*[smhd]\) Ta \([0-9-]*\) Ta \([0-9-]*\)$/\1 \2 \3/p' \
		"$here/../../man/portlight-watch.1.in" >"$work/slow.table"
	ok 'the manual page has the table' test "$(wc -l <"$work/slow.table")" = 7
	while read -r between ports hosts; do
		python3 - "$work" "$between" <<'END'
import socket, struct, sys

gap = int(sys.argv[2][:-1]) * {'s': 1, 'm': 60, 'h': 3600, 'd': 86400}[sys.argv[2][-1]]
for shape in 'ports', 'hosts':
    with open(f'{sys.argv[1]}/slow-{shape}.pcap', 'wb') as file:
        file.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for n in range(400):
            host, port = (1, 1000 + n) if shape == 'ports' else (1 + n, 22)
            packet = struct.pack('>BBHHHBBH4sHH', 0x45, 0, 40, n, 0, 50, 6, 0,
                                 socket.inet_aton('198.51.100.7'), 0xcb00, 0x7100 + host)
            packet += struct.pack('>HHIIBBHHH', 40000 + n % 9, port, n, 0, 0x50, 2, 1024, 0, 0)
            file.write(struct.pack('<IIII', 1_600_000_000 + n * gap, 0, 40, 40) + packet)
END
		for shape in ports hosts; do
			[ $shape = ports ] && stated=$ports || stated=$hosts
			watch -r "$work/slow-$shape.pcap" --json
			found=$(jq -s 'map(select(.event.kind == "alert"))[0].portlight
				| if . == null then "-" else [.port_count, .hosts] | max end' -r "$out")
			ok "one of the $shape every $between: told after $stated" test "$found" = "$stated"
		done
	done <"$work/slow.table"
}

captures && "$PORTLIGHT" watch --version || exit 1
watch -r "$work/scan.pcap" --json
cp "$out" "$work/first"
sections refusals replay outputs slow live same manager interfaces later copies tunnel response
conclude
