#!/bin/sh
# memory_check: what `portlight watch` takes under floods that fill every table, compared with --memory; and
# what a million probes under way take of `portlight scan`, the kernel's maps included.
#
# usage: tests/net/memory_check.sh     BUILD names a build directory without sanitizers, which take
# memory of their own
. "$(dirname "$0")/suite.sh"
mkdir -m 777 "$work/metrics" && show='why err' || exit 1

# A link to flood; it ends in a namespace that has no other link.
ip netns add hose && ip link add near type veth peer name hose netns hose &&
	ip addr add 198.51.100.1/24 dev near && ip link set near up && ip -n hose link set hose up &&
	ip route add blackhole 10.0.0.0/8 && mac=$(ip -j link show near | jq -r ".[0].address") || exit 1

# Sources that each scan a host of their own: evidence and events, which forged single packets do
# not get.
scanners() { # count
	ip netns exec hose python3 - "$mac" "$1" <<'END'
import random, socket, struct, sys

mac, count = bytes.fromhex(sys.argv[1].replace(':', '')), int(sys.argv[2])
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind(('hose', 0x0800))
random.seed(1)
for source in range(count):
    for probe in range(12):
        ip = struct.pack('>BBHHHBBHIHH', 0x45, 0, 40, probe, 0, 50, 6, 0, 0x0a800000 + source,
                         0xc612, source)
        tcp = struct.pack('>HHIIBBHHH', 40000, 1 + probe * 97, source, 0, 0x50, 2, 1024, 0, 0)
        wire.send(mac + bytes(6) + b'\x08\x00' + ip + tcp)
END
}

# While the program does not read: a flood's 50 ms or more, by the default's measure. The ring has
# some 275 blocks. One is closed when it is full, with 240 packets, or after 20 ms (16 by a coarse
# timer): so 60,000 packets fit that come within 0.3 s, and fewer of a slower flood.
"$BUILD/portlight" watch -i near --json >"$work/out" 2>"$work/err" &
watcher=$!
wait_until grep -q '^portlight: watching' "$work/err"
kill -STOP $watcher
ip netns exec hose "$BUILD/bench/flood" send hose "$mac" 198.51.100.1 16777216 5 60000 >"$work/sent"
kill -CONT $watcher
sleep 1
kill -INT $watcher
wait $watcher
cat "$work/sent" "$work/err" >"$work/waited"
held() { # sent by the flood, and seen after it
	awk '
		/ packets, [0-9.]+ s, / { sent = $1; room = int(240 * (270 - $3 / 0.016)); next }
		/^portlight: [0-9]+ packets, / { seen = $2 }
		END { exit !(sent == 60000 && (seen >= sent || (room > 0 && seen >= room))) }' "$work/waited"
}
# After 4 s the ring may be full of blocks that are nearly empty.
if awk '{ exit !($1 == 60000 && $3 < 4) }' "$work/sent"; then
	ok 'packets wait, and none is lost that the ring has room for' held
else
	skip "packets waiting: too slow for a flood ($(cat "$work/sent"))"
fi

for size in 12 32 256; do
	"$BUILD/portlight" watch --memory ${size}M --json -oD "$work/log" -f 'ip or ip6 or arp' --dry-run \
		--metrics "$work/metrics/p.prom" --explain 10.0.0.1 >"$work/out" 2>"$work/err" &
	watcher=$!
	wait_until grep -q '^portlight: watching' "$work/err"
	# What does not fit into the ring either: it is full to its last page.
	kill -STOP $watcher
	ip netns exec hose "$BUILD/bench/flood" send hose "$mac" 198.51.100.1 16777216 1 >"$work/sent"
	kill -CONT $watcher
	ip netns exec hose "$BUILD/bench/flood" send hose "$mac" 198.51.100.1 16777216 3 >"$work/sent"
	scanners 12000
	sleep 4
	kill -USR1 $watcher
	sleep 0.5
	peak=$(awk '$1 == "VmHWM:" { print $2 }' /proc/$watcher/status)
	kill -INT $watcher
	wait $watcher
	status=$?
	ok "--memory ${size}M: it lived" test $status = 0
	ok "--memory ${size}M: the flood was seen" grep -q '"syn_flood"' "$work/out"
	ok "--memory ${size}M: the scans were seen" grep -q '"port_scan"' "$work/out"
	ok "--memory ${size}M: at most that is resident" test "$peak" -le $((size * 1024))
	echo "--memory ${size}M: peak $peak KiB; $(sed -n 's/^portlight: \([0-9]* packets (.*\)/\1/p' "$work/err")"
done

# 65,536 hosts on-link, each with a MAC address of its own, in the namespace of a cable's far end.
ip netns add far && ip link add v0 type veth peer name p0 netns far &&
	ip addr add 198.18.0.1/24 dev v0 && ip link set v0 up && ip -n far link set p0 up &&
	ip route add 198.19.0.0/16 dev v0 src 198.18.0.1 || exit 1
macs=$BUILD/bench/responder_macs.o
xdp="$BUILD/portlight scan -Pn --engine xdp -sS --max-rate 10000000 --max-retries 1"
memory_of() { # hosts: KiB, of a scan of 30 ports each
	# shellcheck disable=SC2086
	timeout 60 python3 "$here/../../bench/scan_memory.py" $xdp -p 1-30 "198.19.0.0/$1" 2>"$work/err"
}
if ! [ -e "$macs" ]; then
	skip 'built without the xdp engine (meson option xdp)'
elif ! ip -n far link set dev p0 xdpdrv obj "$macs" sec xdp; then
	skip 'this kernel lets us load no BPF program'
else
	sleep 0.3
	small=$(memory_of 28)
	same 'xdp, 480 probes: exit status' 0 $?
	large=$(memory_of 16)
	same 'xdp, 1,966,080 probes: exit status' 0 $?
	each=$(awk -v small="${small#* }" -v large="${large#* }" \
		'BEGIN { printf "%.2f", (large - small) / 1024 / 1.96608 }')
	ok 'xdp: at most 1 MiB a million probes' awk -v each="$each" 'BEGIN { exit !(each <= 1) }'
	echo "xdp: $each MiB a million probes, private memory and the kernel's maps"
	# More addresses in a window than 16 bits count.
	# shellcheck disable=SC2086
	timeout 60 $xdp -vv -p 1 --all-hosts -oD "$work/json" 198.19.0.0/16 >"$work/out" 2>"$work/err"
	same 'xdp, 65,536 hosts in a window: exit status' 0 $?
	ok 'xdp, 65,536 hosts in a window: by passes' grep -q '^portlight: passes: ' "$work/err"
	same 'xdp, 65,536 hosts in a window: each with its own MAC address' 65536 "$(jq -r \
		'select(.type == "host") | "\(.ip) \(.mac)"' "$work/json" | python3 -c '
import ipaddress, sys
hosts = set()
for line in sys.stdin:
    ip, mac = line.split()
    if mac.replace(":", "") == "0200" + ipaddress.ip_address(ip).packed.hex():
        hosts.add(ip)
print(len(hosts))')"
fi
conclude
