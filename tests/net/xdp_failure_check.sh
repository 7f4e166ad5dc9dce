#!/bin/sh
# xdp_failure_check: the xdp engine where the kernel refuses it something, or the interface takes
# nothing any more: what it then says, and that it counts and lists what really went out.
#
# usage: tests/net/xdp_failure_check.sh [SECTION...]     BUILD names the build directory
# Exits 77 where it is not built, and where the kernel lets us load no BPF program.
. "$(dirname "$0")/suite.sh"
need bpftool ethtool jq strace
if [ ! -e "$BUILD/tests/net/xdp_pass.o" ]; then
	echo 'built without the xdp engine (meson option xdp)'
	exit 77
fi

# The device t0 with us as 198.18.3.1, and tap_host.py at its other end, which stops itself once it
# has read that number of probes.
cable() { # queues, number of probes...
	rm -f "$work/cable"
	python3 "$here/tap_host.py" t0 "$@" >"$work/seen" 2>"$work/cable" &
	host=$!
	children="$children $host"
	wait_until grep -q ready "$work/cable"
	ip addr add 198.18.3.1/24 dev t0
	ip link set t0 up
}

gone() { # whether the far end has ended; it may just have stopped itself
	! kill -CONT $host || grep -q '^State:	Z' /proc/$host/status
}

cut_cable() {
	kill $host
	wait_until gone
	wait $host
	same 'the far end has nothing to complain of' '' "$(sed 1d "$work/cable")"
}

counter() { # of t0: packets, dropped
	ip -s -j link show t0 | sed "s/.*\"tx\":{[^}]*\"$1\":\([0-9]*\).*/\1/"
}

reached() { # counter, more than that
	[ "$(counter "$1")" -gt "$2" ]
}

held() { # whether the far end has stopped itself
	grep -q '^State:	T' /proc/$host/status
}

# In the middle: the far end has read two thousand probes and reads no more. Those left are more than
# its queues take, so the scan cannot end before the far end continues, however fast the machine is.
begin() { # rate, options...
	rate=$1
	shift
	timeout 60 "$PORTLIGHT" scan -Pn --engine xdp --json --all-ports --all-hosts -sS -p 1-4000 \
		--max-rate "$rate" "$@" 198.18.3.2-4 >"$work/json" 2>"$work/stderr" &
	scanner=$!
	wait_until held
}

# Until the device's queue is full, and frames are refused.
stall() {
	refused=$(counter dropped)
	wait_until reached dropped "$refused"
	ok "$1: the queue is full" $?
}

# Each probe that came is counted once and its port has a state, and no other has one.
agree() { # what
	python3 - "$work/seen" "$work/json" <<-'PY' >"$work/agreed"
		import json, sys
		seen = [line.split() for line in open(sys.argv[1])]
		came = {(ip, int(port)): int(times) for ip, port, times in seen}
		told, sent = set(), None
		for line in open(sys.argv[2]):
		    o = json.loads(line)
		    if o["type"] == "port":
		        told.add((o["ip"], o["port"]))
		    elif o["type"] == "summary":
		        sent = o["probes"]["sent"]
		print("%d uncounted, %d untold, %d untrue, %d twice" % (
		    sum(came.values()) - sent, len(set(came) - told), len(told - set(came)),
		    sum(times > 1 for times in came.values())))
	PY
	same "$1: probes that came" '0 uncounted, 0 untold, 0 untrue, 0 twice' "$(cat "$work/agreed")"
}

ended() { # what, status: and what is known is written, marked partial
	wait $scanner
	same "$1: exit status" "$2" $?
	tail -1 "$work/json" | grep -q '"partial":true'
	ok "$1: what is known is written, marked partial" $?
}

# One thread and probe by probe; two of them as fast as they go, by a queue each and by one.
check_stuck() {
	for how in '1 20000' '2 20000000' '1 20000000'; do
		# A queue that takes nothing for two seconds is left to frames, which continues when
		# it accepts frames again.
		what="stuck, $how"
		cable "${how% *}" 2000
		begin "${how#* }" --max-retries 0
		stall "$what"
		soon "$what: it gives up" grep -q 'gives up on interface t0 (No buffer space available); continuing with engine frames' "$work/stderr"
		kill -CONT $host
		wait $scanner
		same "$what: exit status" 0 $?
		cut_cable
		agree "$what"
		same "$what: closed ports" 12000 "$(grep -c '"state":"closed"' "$work/json")"
		# The same, stopped when frames has it: what it was refused was not asked.
		what="stuck, $how, and stopped"
		cable "${how% *}" 2000
		begin "${how#* }" --max-retries 0
		stall "$what"
		soon "$what: it gives up" grep -q 'gives up on interface t0' "$work/stderr"
		kill -INT $scanner
		ended "$what" 75
		kill -CONT $host
		cut_cable
		agree "$what"
	done
}

# A scan that is stopped while the queue is full: what was refused is offered a little longer, and
# then was not asked.
check_stopped() {
	for how in '1 20000' '2 20000000' '1 20000000'; do
		what="stopped at a full queue, $how"
		cable "${how% *}" 2000
		begin "${how#* }" --max-retries 0
		stall "$what"
		kill -INT $scanner
		ended "$what" 75
		grep -q 'gives up' "$work/stderr"
		same "$what: it gives up on nothing" 1 $?
		kill -CONT $host
		cut_cable
		agree "$what"
	done
}

# The interface goes down while frames go out as fast as they can: what the kernel had for it and
# did not send was not asked.
check_down() {
	for how in '1 20000' '2 20000000'; do
		what="down, $how"
		cable "${how% *}" 2000 6000
		begin "${how#* }" --max-retries 0
		kill -CONT $host
		ip link set t0 down
		ended "$what" 75
		grep -q 't0' "$work/stderr"
		ok "$what: named" $?
		ip link set t0 up
		kill -CONT $host
		cut_cable
		agree "$what"
	done
}

# bpf(2) command, errno, exit status, message: in one line, if it must be xdp; else ("anyway")
# that frames does it, and the same reason. (Of enum bpf_cmd: 0 makes a map, 5 loads a program, 10
# runs one, 17 opens a trace point, 28 makes a link. The hosts are not there, so nothing is sent.)
refused() {
	what="refused: bpf command $1, $2"
	for must in '--engine xdp' ${5-}; do
		must=${must#anyway}
		# shellcheck disable=SC2086
		timeout 60 python3 "$here/refuse_call.py" "$1" "$2" "$PORTLIGHT" scan -Pn $must -sS -p- \
			--max-rate 2000000 198.18.2.1-5 >"$work/out" 2>"$work/stderr"
		status=$?
		if [ -n "$must" ]; then
			same "$what: exit status" "$3" $status
			grep -q "^portlight: engine xdp cannot run here: $4" "$work/stderr"
			ok "$what: said" $?
		else
			same "$what, nothing asked for: exit status" 0 $status
			grep -q "^portlight: engine frames (.*; not xdp: $4" "$work/stderr"
			ok "$what, nothing asked for: frames, and why" $?
		fi
		same "$what: in one line" 1 "$(wc -l <"$work/stderr")"
	done
}

check_refused() {
	cable 1
	ip route add 198.18.2.0/24 dev t0
	refused 0 EPERM 77 'the kernel lets this process load no BPF programs (.*limit of locked memory' anyway
	refused 0 ENOMEM 70 'no memory in the kernel for its maps: Cannot allocate memory'
	refused 0 E2BIG 70 'its programs or maps are too large for the kernel: '
	refused 5 E2BIG 70 'its programs or maps are too large for the kernel: '
	refused 5 EACCES 70 "the kernel's verifier refuses the BPF programs: " anyway
	refused 5 EINVAL 70 "the kernel's verifier refuses the BPF programs: "
	refused 10 EINVAL 70 'the kernel does not send from a BPF program: ' anyway
	refused 0 EMFILE 70 'its maps and programs need more open files (ulimit -n): '
	refused 17 EMFILE 70 'its maps and programs need more open files (ulimit -n): '
	refused 28 EMFILE 70 'its maps and programs need more open files (ulimit -n): '
	refused 17 ENOENT 69 'frames that a device refuses cannot be counted here: '
	refused 28 EOPNOTSUPP 69 'the driver of interface t0 takes no XDP program: '
	refused 28 EBUSY 69 'interface t0 has another XDP program'
	# Found out with the first pass only, where jumbo frames leave no room for the trial.
	ip link set t0 mtu 9000
	timeout 60 python3 "$here/refuse_call.py" 10 EPERM "$PORTLIGHT" scan -Pn --engine xdp --json \
		--all-ports -sS -p 1-2000 --max-rate 20000 --max-retries 0 198.18.3.2 \
		>"$work/json" 2>"$work/stderr"
	same 'refused at the first pass: exit status' 0 $?
	grep -q 'gives up on interface t0 (Operation not permitted); continuing with engine frames' \
		"$work/stderr"
	ok 'refused at the first pass: said' $?
	cut_cable
	agree 'refused at the first pass'
	same 'refused at the first pass: closed ports' 2000 \
		"$(grep -c '"state":"closed"' "$work/json")"
}

# Of the command that follows, what strace injects into its system calls; $work/calls is its word.
injecting() { # inject=...: system calls and what becomes of them; command...
	inject=$1
	shift
	# Leaks are not looked for while another process traces.
	ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" timeout 60 strace -f -o "$work/calls" \
		-e "trace=${inject%%:*}" -e "inject=$inject" "$@"
}

# No thread can be had for a pass: that is no reason to end either.
check_threadless() {
	cable 1
	injecting clone,clone3:error=EAGAIN "$PORTLIGHT" scan -Pn --engine xdp --json --all-ports -sS \
		-p 1-2000 --max-rate 20000 --max-retries 0 198.18.3.2 >"$work/json" 2>"$work/stderr"
	same 'no threads: exit status' 0 $?
	grep -q 'gives up on interface t0 (cannot start a thread: .*); continuing with engine frames' \
		"$work/stderr"
	ok 'no threads: said' $?
	cut_cable
	agree 'no threads'
	same 'no threads: closed ports' 2000 "$(grep -c '"state":"closed"' "$work/json")"
}

hook() { # number of the XDP program on t0, or nothing
	ip -d link show t0 | sed -n 's/.*prog\/xdp id \([0-9]*\).*/\1/p'
}

unhooked() {
	[ -z "$(hook)" ]
}

# Killed while it loads, attaches, asks for neighbours, is about to start threads, has answers,
# writes: there is nothing left of it, wherever that was.
check_killed() {
	cable 1
	features=$(ethtool -k t0)
	for when in bpf:when=12 bpf:when=30 ppoll:when=1 clone,clone3:when=1 ppoll:when=20 \
		write:when=2; do
		# The shell's message about it is not ours.
		(injecting "${when%:*}:signal=KILL:${when#*:}" "$PORTLIGHT" scan -Pn --engine xdp --json \
			--all-ports -sS -p 1-2000 --max-rate 20000 198.18.3.2-4 >"$work/json") \
			2>"$work/stderr"
		grep -q 'killed by SIGKILL' "$work/calls"
		ok "killed, $when: it is" $?
		soon "killed, $when: its program is gone" unhooked
	done
	same 'killed: the interface is as before' "$features" "$(ethtool -k t0)"
	cut_cable
}

# Its program is taken off the interface by the administrator, and another one put there: answers
# are judged by frames from then on, and nothing is lost.
check_detached() {
	for rate in 20000 200000; do
		cable 1 2000
		begin $rate --max-retries 0
		ours=$(hook)
		bpftool link detach id "$(bpftool -j link list |
			jq ".[] | select(.type == \"xdp\" and .prog_id == $ours) | .id")" >"$work/why" 2>&1
		ok "detached at $rate/s" $?
		ip link set t0 xdp obj "$BUILD/tests/net/xdp_pass.o" sec xdp
		kill -CONT $host
		wait $scanner
		same "detached at $rate/s: exit status" 0 $?
		same "detached at $rate/s: the other program stays" 1 "$(hook | wc -l)"
		cut_cable
		agree "detached at $rate/s"
		same "detached at $rate/s: closed ports" 12000 \
			"$(grep -c '"state":"closed"' "$work/json")"
	done
}

cable 1
timeout 30 "$PORTLIGHT" scan -Pn --engine xdp -sS -p 22 198.18.3.2 >"$work/out" 2>"$work/stderr"
status=$?
if [ $status = 77 ]; then
	cat "$work/stderr"
	exit 77
fi
cut_cable
same 'a tap device: exit status' 0 $status
sections stuck stopped down refused threadless killed detached
conclude
