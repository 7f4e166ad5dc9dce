#!/bin/sh
# pace_check: rates are kept, from a probe in 100 s to a million a second, by a clock at the far
# end; nothing spins in between; and what -vv says of it is what that clock saw.
#
# usage: tests/net/pace_check.sh [SECTION...]     BUILD names the build directory (default: build)
# Exits 77 where it is built without the xdp engine. Takes some two minutes, of which the slowest
# scan takes 100 s, concurrently with the others.
# Nothing here has to be fast: a busy machine makes a scan slower, but not faster than asked for.
. "$(dirname "$0")/suite.sh"
if [ ! -e "$BUILD/tests/net/pace_clock.o" ]; then
	echo 'built without the xdp engine (meson option xdp)'
	exit 77
fi

# v0 is for all scans but the slowest, which has v1 to itself and runs concurrently.
build() {
	ip netns add target || return
	for n in 0 1; do
		queues="numtxqueues $((2 - n)) numrxqueues $((2 - n))"
		# shellcheck disable=SC2086
		ip link add "v$n" $queues type veth peer name "p$n" netns target $queues || return
		ip addr add "198.18.$n.1/24" dev "v$n"
		ip -n target addr add "198.18.$n.2/24" dev "p$n"
		ip addr add "2001:db8:$n::1/64" dev "v$n" nodad
		ip -n target addr add "2001:db8:$n::2/64" dev "p$n" nodad
		ip link set "v$n" up
		ip -n target link set "p$n" up
	done
	ip route add 198.19.0.0/16 via 198.18.0.2
	ip route add 2001:db8:9::/64 via 2001:db8::2
}

# Runs a scan and a clock at its far end; what both say goes into $work/KEY.pace.
pace() { # key, interface, options of portlight...
	pace_key=$1 pace_interface=$2
	shift 2
	# shellcheck disable=SC2086
	timeout 150 python3 "$here/pace.py" "$pace_interface" drop ${stall-} "$PORTLIGHT" scan -Pn -vv \
		-oD /dev/null "$@" >"$work/$pace_key.pace" 2>"$work/$pace_key.stderr"
	cp "$work/$pace_key.stderr" "$work/stderr"
}

# A condition of python's over the names that pace.py prints.
holds() { # what, key, condition
	why=$(python3 -c '
import re, sys
values = dict(line.strip().split("=") for line in open(sys.argv[1]))
print(*(f"{name}={values[name]}" for name in values if re.search(rf"\b{name}\b", sys.argv[2])))
sys.exit(not eval(sys.argv[2], {k: float(v or "nan") for k, v in values.items()}))' \
		"$work/$2.pace" "$3" 2>&1)
	ok "$1: $3; $why" $?
}

# Never more than asked for, in any time: but for what is made up for, and what the far end's queue
# (of 256) holds back and gives at once, for 50 ms at most.
never_more() { # what, key, engine, rate
	[ "$3" = xdp ] && late=20 || late=4
	more="1 + min(256, 0.05 * $4)"
	for ms in 100 1000; do
		holds "$1, in $ms ms" "$2" "most_$ms <= $4 * ($ms + $late) / 1000 + $more"
	done
	holds "$1, all in all" "$2" "probes <= $4 * (span + $late / 1000) + $more"
	# Passes make up for it at twice the rate.
	[ "$3" = xdp ] && late=9
	holds "$1, in 5 ms" "$2" "most_5 <= $4 * (5 + $late) / 1000 + $more"
}

# engine, rate as an option, the same as a number, how many probes, options...
kept() {
	engine=$1 rate=$2 pps=$3 count=$4
	shift 4
	what="$engine at $rate/s"
	pace kept p0 --engine "$engine" --max-rate "$rate" "$@"
	holds "$what, all come" kept "status == 0 and probes == $count"
	never_more "$what" kept "$engine" "$pps"
}

# The far end's intervals begin and end elsewhere, and none is left out there.
told() {
	holds "$what, mean as said" kept '0.95 * mean < said_mean < 1.05 * mean'
	holds "$what, deviation as said" kept \
		"said_deviation < 3 * deviation + 0.05 * $pps and deviation < 3 * said_deviation + 0.05 * $pps"
}

# It sleeps, at least every 50 ms of the far end's clock. And what the rate adds to the time that the
# same scan takes without one is spent asleep, by half at least: one that spins spends none so.
idle() { # options...
	holds "$what, sleeps" kept 'switches > 20 * span'
	pace free p0 --engine "$engine" --min-rate 10M --max-rate 20M "$@"
	sed 's/^/free_/' "$work/free.pace" >>"$work/kept.pace"
	holds "$what, without a rate" kept 'free_status == 0 and free_probes == probes'
	holds "$what, spins not" kept 'cpu - free_cpu < 0.5 * (span - free_span)'
}

check_slow() {
	kept frames 2.5 2.5 6 -sS -p 1-6 --max-retries 0 198.19.0.1
	told
	same 'polite: -T2 is 2.5/s' 2.5 \
		"$("$PORTLIGHT" scan -h | sed -n 's/^ *-T2 *\([^ ]*\) .*/\1/p')"
	for rate in 0.1K 900 1K; do
		pps=$(echo $rate | sed 's/0.1K/100/; s/1K/1000/')
		kept frames $rate "$pps" $((2 * pps)) -sS -p 1-$((2 * pps)) --max-retries 0 198.19.0.1
		told
		idle -sS -p 1-$((2 * pps)) --max-retries 0 198.19.0.1
		holds "$what, each is slept for" kept 'switches > 0.5 * probes'
	done
}

check_fast() {
	kept frames 10000 10000 100000 -sS -p 1-50000 --max-retries 0 198.19.0.1-2
	idle -sS -p 1-50000 --max-retries 0 198.19.0.1-2
	kept frames 99999 99999 100000 -sS -p 1-50000 --max-retries 0 198.19.0.1-2
	told
	# Here most of the time is work.
	holds "$what, sleeps" kept 'switches > 20 * span'
	for rate in 1000 10000; do
		kept xdp $rate $rate $((3 * rate)) -sS -p 1-$((3 * rate)) --max-retries 0 198.19.0.1
		told
		idle -sS -p 1-$((3 * rate)) --max-retries 0 198.19.0.1
	done
	# Where evidence is sampled from, and where the clock is looked at for 16 frames.
	for rate in 99999 100001 399900 400001 1M; do
		pps=$(echo $rate | sed 's/M/000000/')
		kept xdp $rate "$pps" 600000 -sS -p 1-60000 --max-retries 0 198.19.0.1-10
		told
	done
}

check_others() {
	for engine in frames xdp; do
		kept $engine 20K 20000 40000 -sS -p 1-40000 --max-retries 0 2001:db8:9::1
		kept $engine 20K 20000 40000 -sU -p 1-40000 --max-retries 0 198.19.0.1
		# Silent ports get retransmissions: a second pass, after a second.
		kept $engine 20K 20000 40000 -sS -p 1-20000 --max-retries 1 198.19.0.1
	done
	# Three windows and their second passes.
	kept xdp 1M 1000000 4000000 -sS -p 1-50000 --max-retries 1 198.19.0.1-40
}

# A scanner that was stopped for 150 ms catches up on 4 or 20 ms of it, at twice the rate.
check_stalls() {
	for engine in frames xdp; do
		stall='--stall 70000'
		pace stalled p0 --engine $engine --max-rate 100K -sS -p 1-60000 --max-retries 0 \
			198.19.0.1-5
		stall=
		holds "$engine, held up" stalled 'status == 0 and probes == 300000'
		never_more "$engine, held up" stalled $engine 100000
	done
}

# Two probes, 100 s apart, concurrently with all others.
slowest() {
	pace slowest p1 --engine frames --max-rate 0.01 -sS -p 1-2 --max-retries 0 198.18.1.2
}

check_slowest() {
	wait $slowest
	holds 'a probe in 100 s' slowest 'status == 0 and probes == 2 and span > 99.5'
	holds 'a probe in 100 s, as said' slowest '0.0095 < said_mean < 0.0101'
	holds 'a probe in 100 s, spins not' slowest 'cpu < 0.05 * span and switches < 50 * span'
}

build
ok 'the network is built' $?
soon 'our links are up' has_settled
soon 'the links of the target are up' has_settled target
slowest &
slowest=$!
children=$slowest
sections slow fast others stalls slowest
conclude
