#!/bin/sh
# tshark_packets: frames that packet_build wrote, read by tshark with every checksum verified.
#
# usage: tshark_packets.sh PATH/TO/emit_frames      last line: "N passed, M failed"
. "$(dirname "$0")/harness.sh"
emit=${1:?usage: tshark_packets.sh PATH/TO/emit_frames}
dir=$work show='why errors differences'
need tshark

# Only the protocols under test, so that no random payload passes for something else; and no
# preferences of the calling user.
WIRESHARK_CONFIG_DIR=$dir
export WIRESHARK_CONFIG_DIR
tshark -G protocols 2>"$dir/errors" | cut -f 3 |
	grep -vxE 'frame|eth|ethertype|vlan|arp|ip|ipv6|tcp|udp|icmp|icmpv6|data' >"$dir/protocols"
mv "$dir/protocols" "$dir/disabled_protos"

read_pcap() {
	pcap=$1
	shift
	tshark -n -r "$pcap" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE \
		-o udp.check_checksum:TRUE -o tcp.relative_sequence_numbers:FALSE "$@" 2>"$dir/errors" || {
		cat "$dir/errors" >&2
		exit 1
	}
}

# The columns that emit_frames prints.
read_fields() {
	file=$1
	set --
	for field in frame.number eth.dst eth.src vlan.id \
		ip.src ip.dst ip.ttl ip.id ip.len ip.checksum.status \
		ipv6.src ipv6.dst ipv6.hlim ipv6.tclass ipv6.flow ipv6.plen \
		tcp.srcport tcp.dstport tcp.seq tcp.ack_raw tcp.flags tcp.window_size_value \
		tcp.urgent_pointer tcp.options.mss_val tcp.len tcp.checksum.status \
		udp.srcport udp.dstport udp.length udp.checksum.status \
		icmp.type icmp.code icmp.checksum.status \
		icmpv6.type icmpv6.code icmpv6.checksum.status \
		icmpv6.nd.ns.target_address icmpv6.nd.na.target_address icmpv6.opt.linkaddr \
		arp.opcode arp.src.proto_ipv4 arp.dst.proto_ipv4 \
		arp.src.hw_mac arp.dst.hw_mac _ws.malformed; do
		set -- "$@" -e "$field"
	done
	read_pcap "$file" -T fields -E occurrence=f -E separator=/t "$@"
}

"$emit" "$dir/frames.pcap" >"$dir/expected" || exit 1
read_fields "$dir/frames.pcap" >"$dir/seen"
diff "$dir/expected" "$dir/seen" >"$dir/differences"

# Both are in order of frame number; a frame passes if its lines are equal.
ok 'there are frames' test -s "$dir/expected"
same 'tshark reads every frame' "$(wc -l <"$dir/expected")" "$(wc -l <"$dir/seen")"
while IFS= read -r wanted <&3 && IFS= read -r seen <&4; do
	same "frame ${wanted%%	*}" "$wanted" "$seen"
done 3<"$dir/expected" 4<"$dir/seen"

# Were tshark blind, all would have passed: of spoilt frames it must blame every IP packet.
"$emit" "$dir/spoilt.pcap" spoil >"$dir/spoilt" || exit 1
packets=$(read_pcap "$dir/spoilt.pcap" -Y 'ip or ipv6' | grep -c .)
blamed=$(read_pcap "$dir/spoilt.pcap" -Y 'tcp.checksum.status == 0 or udp.checksum.status == 0
	or icmp.checksum.status == 0 or icmpv6.checksum.status == 0' | grep -c .)
ok 'there are spoilt packets' [ "$packets" -gt 0 ]
same 'tshark blames every spoilt packet' "$packets" "$blamed"
conclude
