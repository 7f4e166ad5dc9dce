#!/bin/sh
# odd_check: forged, cut, repeated and wrapped replies (odd_replies.py) get the right state from
# all engines.
#
# usage: tests/net/odd_check.sh     BUILD names the build directory (default: build)
. "$(dirname "$0")/suite.sh"
need jq
tab=$(printf '\t')

# The scanner is .1 on a link; at its other end is no TCP/IP stack but a program that answers for
# .2, .3 and .254.
build() {
	ip netns add forger || return
	sysctl -q net.ipv6.conf.default.accept_dad=0
	ip netns exec forger sysctl -q net.ipv6.conf.default.disable_ipv6=1
	ip link add v0 type veth peer name p0 netns forger || return
	ip addr add 198.18.0.1/24 dev v0
	ip addr add 2001:db8::1/64 dev v0 nodad
	ip link set v0 up
	ip -n forger link set p0 up
	ip netns exec forger python3 "$here/odd_replies.py" p0 >"$work/forger" 2>&1 &
	children=$!
	wait_until grep -q ready "$work/forger"
}

to() { # family
	[ "$1" = 4 ] && echo 198.18.0.2 || echo 2001:db8::2
}

# engine family proto technique column, options: a line "port<tab>state reason" each, compared with
# the table
judge() {
	engine=$1 family=$2 proto=$3
	ports=$(awk -F'\t' -v f="$2" -v p="$3" '$1 == f && $2 == p { printf "%s%s", s, $3; s = "," }' \
		"$work/table")
	# shellcheck disable=SC2086
	timeout 60 "$PORTLIGHT" scan --engine "$engine" --json --all-ports --max-retries 1 "$4" \
		${6-} -p "$ports" "$(to "$2")" >"$work/json" 2>"$work/stderr"
	ok "$*: exit status" $?
	jq -r 'select(.type == "port") | "\(.port)\t\(.state) \(.reason)"' "$work/json" >"$work/got"
	awk -F'\t' -v f="$2" -v p="$3" -v c="$5" '$1 == f && $2 == p { print $3 "\t" $c "\t" $4 }' \
		"$work/table" >"$work/want"
	[ "$engine" = sockets ] && words='s/reset$/conn-refused/' || words=
	while IFS=$tab read -r port want what; do
		# What answers SYN+ACKs where they come in reads no checksum.
		[ "${6-}$what" = "$fast$checksum" ] && continue
		want=$(echo "$want" | sed "$words")
		got=$(sed -n "s/^$port$tab//p" "$work/got")
		same "$engine${6-}, IPv$family, $proto $port, $what" "$want" "$got"
	done <"$work/want"
}

python3 "$here/odd_replies.py" table >"$work/table" || exit 1
build
ok 'the network is built' $?
fast=' --max-rate 1000000' checksum='SYN+ACK with a wrong checksum'
for way in 4 6; do
	judge frames $way tcp -sS 5
	judge frames $way udp -sU 5
	judge sockets $way tcp -sT 6
	judge sockets $way udp -sU 6
done
# Judged by the packet ring, and, above 100,000 a second, in the kernel.
if [ ! -e "$BUILD/tests/net/xdp_pass.o" ]; then
	skip 'odd replies to the xdp engine: built without it'
elif ! ip -n forger link set dev p0 xdpdrv obj "$BUILD/tests/net/xdp_pass.o" sec xdp 2>"$work/stderr"
then
	skip 'odd replies to the xdp engine: no BPF program can be loaded'
else
	for way in 4 6; do
		for rate in '' "$fast"; do
			judge xdp $way tcp -sS 5 "$rate"
			judge xdp $way udp -sU 5 "$rate"
		done
	done
fi
same 'the forger has nothing to complain of' '' "$(sed 1d "$work/forger")"
conclude
