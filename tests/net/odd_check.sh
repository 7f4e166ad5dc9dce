#!/bin/sh
# odd_check: forged, cut, repeated and wrapped replies (odd_replies.py) get the right state from
# both engines.
#
# usage: tests/net/odd_check.sh     BUILD names the build directory (default: build)
# Runs in namespaces of its own (private.sh); exits 77 where there can be none. Last line:
# "N passed, M failed".
set -u
here=$(cd "$(dirname "$0")" && pwd)
: "${BUILD:=$here/../../build}"
: "${PORTLIGHT:=$BUILD/portlight}"
PATH=$PATH:/usr/sbin:/sbin
if [ "${1-}" != inside ]; then
	"$here/private.sh" --possible || exit
	PORTLIGHT=$(realpath "$PORTLIGHT") || exit 1
	export PORTLIGHT
	exec "$here/private.sh" "$0" inside
fi
passed=0 failed=0 forger=
work=$(mktemp -d)
trap 'kill $forger 2>/dev/null; rm -rf "$work"' EXIT
tab=$(printf '\t')

fail() { # what
	failed=$((failed + 1))
	echo "odd_check: FAILED: $1"
}

# Us .1 on a wire; at its other end no stack, but the forger, who is .2, .3 and .254.
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
	forger=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		grep -q ready "$work/forger" && return
		sleep 0.2
	done
	cat "$work/forger"
	return 1
}

to() { # family
	[ "$1" = 4 ] && echo 198.18.0.2 || echo 2001:db8::2
}

# engine family proto technique column: a line "port<tab>state reason" each, compared with the table
judge() {
	engine=$1 family=$2 proto=$3
	ports=$(awk -F'\t' -v f="$2" -v p="$3" '$1 == f && $2 == p { printf "%s%s", s, $3; s = "," }' \
		"$work/table")
	timeout 60 "$PORTLIGHT" scan --engine "$engine" --json --all-ports --max-retries 1 "$4" \
		-p "$ports" "$(to "$2")" >"$work/json" 2>"$work/stderr" || fail "$*: $(cat "$work/stderr")"
	jq -r 'select(.type == "port") | "\(.port)\t\(.state) \(.reason)"' "$work/json" >"$work/got"
	awk -F'\t' -v f="$2" -v p="$3" -v c="$5" '$1 == f && $2 == p { print $3 "\t" $c "\t" $4 }' \
		"$work/table" >"$work/want"
	[ "$engine" = sockets ] && words='s/reset$/conn-refused/' || words=
	while IFS=$tab read -r port want what; do
		want=$(echo "$want" | sed "$words")
		got=$(sed -n "s/^$port$tab//p" "$work/got")
		if [ "$got" = "$want" ]; then
			passed=$((passed + 1))
		else
			fail "$engine, IPv$family, $proto $port, $what: expected '$want', got '$got'"
		fi
	done <"$work/want"
}

python3 "$here/odd_replies.py" table >"$work/table" || exit 1
build || fail 'the network is built'
for way in 4 6; do
	judge frames $way tcp -sS 5
	judge frames $way udp -sU 5
	judge sockets $way tcp -sT 6
	judge sockets $way udp -sU 6
done
if [ -n "$(sed 1d "$work/forger")" ]; then
	fail "the forger: $(cat "$work/forger")"
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
