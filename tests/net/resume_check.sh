#!/bin/sh
# resume_check: scans that are killed at random moments and resumed find what others find.
#
# usage: tests/net/resume_check.sh [SECTION...]     all sections, or only those named (last lines)
# SCANS (default 4): how many scans of each kind are killed until they end.
. "$(dirname "$0")/suite.sh"
need jq nft setpriv xmllint
: "${SCANS:=4}"
PASS=$BUILD/tests/net/xdp_pass.o
show='why stderr kills'
as=$PORTLIGHT # the program, as which user

# Us 198.18.0.1; the target has .2 to .9. Ports 1001-1020 are dropped, 1021-1040 rejected.
build() {
	ip netns add target || return
	ip -n target link set lo up
	sysctl -q net.ipv6.conf.default.accept_dad=0
	ip netns exec target sysctl -q net.ipv6.conf.default.accept_dad=0
	ip link add v0 numtxqueues 2 numrxqueues 2 type veth peer name p0 netns target \
		numtxqueues 2 numrxqueues 2 || return
	ip addr add 198.18.0.1/24 dev v0
	for n in 2 3 4 5 6 7 8 9; do
		ip -n target addr add "198.18.0.$n/24" dev p0
	done
	ip link set v0 up
	ip -n target link set p0 up
	# All of it is the target's.
	ip -n target route add local 198.18.9.0/24 dev lo
	ip route add 198.18.9.0/24 via 198.18.0.2
	ip netns exec target sysctl -q net.ipv4.icmp_ratelimit=0 net.ipv4.icmp_ratemask=0 \
		net.ipv4.icmp_msgs_per_sec=1000000 net.ipv4.icmp_msgs_burst=100000
	ip netns exec target nft -f - <<-'NFT' || return
		table inet wall {
			chain in {
				type filter hook input priority 0
				tcp dport 1001-1020 drop
				tcp dport 1021-1040 reject with icmpx admin-prohibited
			}
		}
	NFT
	ip netns exec target "$LAB_SERVER" tcp 22 80 443 1500 1999 udp-echo 7 udp-dns 53 || return
	"$LAB_SERVER" tcp 22 80 443 1500
}

value() { # name: what kill_scan printed of it
	sed -n "s/^$1=//p" "$work/kills"
}

# what, options of kill_scan..., -- options of the scan: no hole, no port twice, the same result.
killed() {
	what=$1
	shift
	timeout -k 5 400 "$here/kill_scan.py" --scans "$SCANS" --seed $$ "$@" \
		>"$work/kills" 2>&1
	ok "$what: ran" $?
	same "$what: scans" "$SCANS" "$(value scans)"
	same "$what: with another result" 0 "$(value different)"
	same "$what: not whole" 0 "$(value broken)"
	[ "$(value resumed)" -gt 0 ]
	ok "$what: some were resumed" $?
}

check_engines() {
	killed 'engine sockets' "$PORTLIGHT" 127.0.0.1-4 -p 1-1500 --max-rate 8000 \
		--engine sockets
	killed 'engine frames' "$PORTLIGHT" 198.18.0.2-9 -p 1-1500 --max-rate 20000 \
		--engine frames
	killed 'engine frames, SIGTERM' --signal TERM "$PORTLIGHT" 198.18.0.2-9 -p 1-1500 \
		--max-rate 20000 --engine frames
	# What was in flight is no attempt: with a single one each port would be filtered.
	killed 'one attempt' "$PORTLIGHT" 198.18.0.2-5 -p 1-1000,1021-1500 --max-retries 0 \
		--max-rate 10000 --engine frames
	killed 'UDP' "$PORTLIGHT" 198.18.0.2-3 -sU -p 1-500 --max-rate 5000 --engine frames
	killed 'a shard' "$PORTLIGHT" 198.18.0.2-9 -p 1-1500 --max-rate 20000 --engine frames \
		--seed 7 --shard 2/3
}

check_xdp() {
	if [ ! -e "$PASS" ] || ! ip -n target link set dev p0 xdpdrv obj "$PASS" sec xdp \
		2>"$work/stderr"; then
		skip 'engine xdp: not built, or no BPF program can be loaded'
		return
	fi
	killed 'engine xdp' "$PORTLIGHT" 198.18.0.2-9 -p 1-10000 --max-rate 50000 --engine xdp
	# Several windows, of which some are finished.
	SCANS=1 killed 'windows' "$PORTLIGHT" 198.18.9.1-50 -p 1-25000 --max-rate 500000 \
		--engine xdp
	ip -n target link set dev p0 xdpdrv off
}

check_outputs() {
	killed 'all formats' --formats "$PORTLIGHT" 198.18.0.2-9 -p 1-1500 --max-rate 20000 \
		--engine frames
	mkdir "$work/o"
	base=$work/o/%Y
	# The names of outputs have the time of the first start, and another folder is no matter.
	"$PORTLIGHT" scan 198.18.0.2-9 -p 1-3000 --max-rate 6000 --engine frames -oA "$base" \
		--checkpoint "$work/o/c" --checkpoint-every 50ms >"$work/stdout" 2>"$work/stderr" &
	scan=$!
	soon 'the scan runs' test -s "$work/o/c"
	sleep 1
	kill -TERM $scan
	wait $scan
	same 'status of an interrupted scan' 75 $?
	command=$(sed -n 's/^portlight: this command continues the scan: portlight//p' \
		"$work/stderr")
	same 'the command is printed' " scan --resume $work/o/c" "$command"
	cp "$work/o/"*.ndjson "$work/before"
	# shellcheck disable=SC2086
	(cd / && "$PORTLIGHT" $command -q) >"$work/stdout" 2>"$work/stderr"
	same 'status of the resumed scan' 0 $?
	for suffix in nmap xml gnmap ndjson; do
		same "$suffix: one file" 1 "$(find "$work/o" -name "*.$suffix" | wc -l)"
	done
	ok 'the XML is whole' xmllint --noout "$work/o/"*.xml
	same 'each host once in NDJSON' 8 "$(grep -c '"type":"host"' "$work/o/"*.ndjson)"
	same 'each host once in the table' 8 "$(grep -c 'report for' "$work/o/"*.nmap)"
	same 'one run' 1 "$(grep -c '"type":"run"' "$work/o/"*.ndjson)"
	same 'one summary' 1 "$(grep -c '"type":"summary"' "$work/o/"*.ndjson)"
	same 'the same first line' "$(head -n 1 "$work/before")" "$(head -n 1 "$work/o/"*.ndjson)"
	# Of both runs together.
	ok 'probes of both runs are counted' test \
		"$(tail -n 1 "$work/o/"*.ndjson | jq .probes.sent)" -ge 24000
	# What is finished can be written again, elsewhere.
	"$PORTLIGHT" scan --resume "$work/o/c" -q -oD "$work/again" -oX "$work/again.xml" \
		>"$work/stdout" 2>"$work/stderr"
	same 'status of a finished scan' 0 $?
	jq -c 'select(.type == "port") | [.ip, .port, .state, .t]' "$work/o/"*.ndjson |
		sort >"$work/one"
	jq -c 'select(.type == "port") | [.ip, .port, .state, .t]' "$work/again" | sort >"$work/two"
	ok 'the same ports, at the same times' cmp "$work/one" "$work/two"
}

check_names() {
	printf '198.18.0.2 first.example second.example\n198.18.0.3 third.example\n' \
		>"$work/hosts"
	mount --bind "$work/hosts" /etc/hosts || {
		skip 'names: /etc/hosts cannot be replaced'
		return
	}
	"$PORTLIGHT" scan first.example second.example third.example -p 1-2000 --max-rate 2000 \
		--engine frames --checkpoint "$work/n" --checkpoint-every 50ms -oD "$work/n.json" \
		>"$work/stdout" 2>"$work/stderr" &
	scan=$!
	soon 'the scan runs' test -s "$work/n"
	sleep 0.5
	kill -KILL $scan
	wait $scan 2>"$work/why"
	# They mean other hosts now, which are not to be scanned.
	printf '198.18.0.8 first.example second.example third.example\n' >"$work/hosts"
	"$PORTLIGHT" scan --resume "$work/n" -q --max-rate 20000 >"$work/stdout" 2>"$work/stderr"
	same 'status' 0 $?
	same 'addresses and names of the start' \
		'198.18.0.2 first.example second.example,198.18.0.3 third.example null,' \
		"$(jq -r 'select(.type == "host") | [.ip, .name, .other_names // "null"] |
			join(" ")' "$work/n.json" | tr '\n' ,)"
	umount /etc/hosts
}

ports_of() { # NDJSON file
	jq -c 'select(.type == "port") | [.ip, .port, .state]' "$1" | sort
}

# The part that a scheduler gave is kept, also where there is none any more.
check_parts() {
	set -- 198.18.0.2-9 -p 1-1000 --engine frames --seed 9 --all-ports
	"$PORTLIGHT" scan "$@" --shard 2/3 -q -oD "$work/p.one" >"$work/stdout" 2>"$work/stderr"
	PARALLEL_SEQ=2 "$PORTLIGHT" scan "$@" --shard auto/3 --max-rate 3000 -oD "$work/p.two" \
		--checkpoint "$work/p" --checkpoint-every 50ms >"$work/stdout" 2>"$work/stderr" &
	scan=$!
	soon 'the scan runs' test -s "$work/p"
	sleep 0.4
	kill -KILL $scan
	wait $scan 2>"$work/why"
	"$PORTLIGHT" scan --resume "$work/p" -q --max-rate 20000 >"$work/stdout" 2>"$work/stderr"
	same 'a part of GNU parallel: status' 0 $?
	ports_of "$work/p.one" >"$work/one"
	ports_of "$work/p.two" >"$work/two"
	ok 'and the same ports' cmp "$work/one" "$work/two"
	ok 'which are not all' test "$(wc -l <"$work/one")" -lt 3000
	"$PORTLIGHT" verify "$work/p.two" >"$work/stdout" 2>"$work/stderr"
	same 'verify: a part is missing probes' 1 $?
	ok 'verify: but not of that part' grep -q 'portlight scan --plan' "$work/stdout"
}

# Of many scans, KILLS kills for each engine: lines of a table. Not part of the suite: bench/resume.sh.
check_thousand() {
	[ -n "${KILLS-}" ] || return 0
	[ ! -e "$PASS" ] || ip -n target link set dev p0 xdpdrv obj "$PASS" sec xdp
	for engine in sockets frames xdp; do
		case $engine in
		sockets) set -- 127.0.0.1-4 -p 1-1500 --max-rate 16000 ;;
		frames) set -- 198.18.0.2-9 -p 1-1500 --max-rate 40000 ;;
		xdp) set -- 198.18.0.2-9 -p 1-5000 --max-rate 60000 ;;
		esac
		"$here/kill_scan.py" --kills "$KILLS" --seconds "${SECONDS_EACH:-3600}" \
			--every 30ms "$PORTLIGHT" "$@" --engine $engine >"$work/kills" 2>"$work/why"
		ok "engine $engine: ran" $?
		same "engine $engine: with another result" 00 \
			"$(value different)$(value broken)"
		echo "| $engine | $(value ports) | $(value scans) | $(value kills) |" \
			"$(value resumed) | $(value different) | $(value broken) |"
	done
}

# what, status, text, arguments...: refused with one line, and nothing is changed.
refused() {
	what=$1 status=$2 text=$3
	shift 3
	cp -rp "$work/b" "$work/b.before"
	# shellcheck disable=SC2086
	$as scan "$@" >"$work/stdout" 2>"$work/stderr"
	same "$what: status" "$status" $?
	same "$what: lines" 1 "$(wc -l <"$work/stderr")"
	ok "$what: $text" grep -q -- "$text" "$work/stderr"
	ok "$what: nothing is changed" diff -r "$work/b.before" "$work/b"
	rm -rf "$work/b.before"
}

check_refused() {
	mkdir "$work/b"
	c=$work/b/c
	"$PORTLIGHT" scan 127.0.0.1 -p 1-50 --checkpoint "$c" -oD "$work/b/out" \
		>"$work/stdout" 2>"$work/stderr"
	same 'a scan with a checkpoint: status' 0 $?
	refused 'it exists' 73 'exists: --resume' 127.0.0.1 -p 1-50 --checkpoint "$c"
	refused 'no folder' 73 'cannot create' 127.0.0.1 --checkpoint "$work/none/c"
	refused 'missing' 74 'No such file' --resume "$work/b/none"
	refused 'a folder' 74 'cannot read' --resume "$work/b"
	refused 'targets' 64 'cannot be added' --resume "$c" 127.0.0.2
	refused 'ports' 64 '-p is fixed' --resume "$c" -p 1-60
	refused 'excludes' 64 'exclude is fixed' --resume "$c" --exclude 127.0.0.1
	refused 'techniques' 64 'fixed' --resume "$c" -sU
	refused 'a second file' 64 'fixed' --resume "$c" --checkpoint "$work/b/d"
	refused 'explain' 64 'explain' 127.0.0.1 --explain --checkpoint "$work/b/d"
	refused 'every' 64 'needs --checkpoint' 127.0.0.1 --checkpoint-every 1s
	# Of a running scan.
	"$PORTLIGHT" scan 127.0.0.1 -p 1-1000 --max-rate 100 --checkpoint "$work/running" \
		2>"$work/why" >"$work/stdout" &
	scan=$!
	children="$children $scan"
	soon 'the scan runs' test -s "$work/running"
	refused 'in use' 69 'in use by a running scan' --resume "$work/running"
	refused 'in use, too' 73 'in use by a running scan' 127.0.0.1 --checkpoint "$work/running"
	kill -KILL $scan
	wait $scan 2>"$work/why"
	cp "$c" "$work/c" && cp "$c.windows" "$work/c.windows"
	head -c 200 "$work/c" >"$c"
	refused 'cut' 65 'damaged' --resume "$c"
	: >"$c"
	refused 'empty' 65 'not a checkpoint' --resume "$c"
	cp "$work/b/out" "$c"
	refused 'another file' 65 'not a checkpoint' --resume "$c"
	{ head -c 8 "$work/c" && printf '\002' && tail -c +10 "$work/c"; } >"$c"
	refused 'a later version' 65 'format that this version' --resume "$c"
	{ head -c 300 "$work/c" && printf 'x' && tail -c +302 "$work/c"; } >"$c"
	refused 'changed' 65 'damaged' --resume "$c"
	cp "$work/c" "$c"
	head -c 60 "$work/c.windows" >"$c.windows"
	refused 'windows cut' 65 'finished part' --resume "$c"
	rm "$c.windows"
	refused 'windows missing' 74 'No such file' --resume "$c"
	cp "$work/running.windows" "$c.windows"
	refused 'windows of another scan' 65 'finished part' --resume "$c"
	cp "$work/c.windows" "$c.windows"
	if cp "$PORTLIGHT" "$work/portlight" &&
		setpriv --reuid 65534 --clear-groups "$work/portlight" version >"$work/why" 2>&1; then
		chmod 600 "$c"
		as="setpriv --reuid 65534 --clear-groups $work/portlight"
		refused 'unreadable' 74 'Permission denied' --resume "$c"
		as=$PORTLIGHT
	else
		skip 'an unreadable checkpoint: no other user here'
	fi
	"$PORTLIGHT" scan --resume "$c" -q >"$work/stdout" 2>"$work/stderr"
	same 'and the right one: status' 0 $?
}

check_disk() {
	mkdir "$work/small"
	mount -t tmpfs -o size=64k tmpfs "$work/small" || {
		skip 'a full disk: no tmpfs'
		return
	}
	"$PORTLIGHT" scan 127.0.0.1-2 -p 1-4000 --max-rate 3000 --engine sockets \
		--checkpoint "$work/small/c" --checkpoint-every 50ms -oD "$work/full.json" \
		>"$work/stdout" 2>"$work/stderr" &
	scan=$!
	soon 'the scan runs' test -s "$work/small/c"
	sleep 0.3
	cp "$work/small/c" "$work/small/fill" 2>"$work/why"
	dd if=/dev/zero of="$work/small/fill" bs=1k 2>"$work/why"
	soon 'the user is warned' grep -q 'No space left.*the scan continues' "$work/stderr"
	cp "$work/small/c" "$work/last"
	wait $scan
	same 'the scan ends well' 0 $?
	same 'all hosts are there' 2 "$(grep -c '"type":"host"' "$work/full.json")"
	same 'one warning' 1 "$(grep -c 'No space left' "$work/stderr")"
	ok 'the last one stays' cmp "$work/last" "$work/small/c"
	ok 'no temporary file is left' test ! -e "$work/small/c.tmp"
	rm "$work/small/fill"
	cp "$work/small/c" "$work/small/c.windows" "$work/" &&
		umount "$work/small"
	"$PORTLIGHT" scan --resume "$work/c" -q -oD "$work/two.json" >"$work/stdout" \
		2>"$work/stderr"
	same 'it can be resumed: status' 0 $?
	jq -r 'select(.type == "host") | [.ip, .results] | join(" ")' "$work/full.json" \
		>"$work/one"
	jq -r 'select(.type == "host") | [.ip, .results] | join(" ")' "$work/two.json" \
		>"$work/two"
	ok 'and finds the same' cmp "$work/one" "$work/two"
}

# Root gives up its capabilities before it has sent much: a folder of a user stays writable.
check_folder() {
	mkdir "$work/user" && chmod 755 "$work/user"
	if [ "$real" != 0 ] || ! chown 65534 "$work/user" 2>"$work/why"; then
		skip 'a folder of another user: not root'
		return
	fi
	"$PORTLIGHT" scan 198.18.0.2-9 -p 1-1000 --max-rate 10000 --engine frames \
		--checkpoint "$work/user/c" --checkpoint-every 50ms >"$work/stdout" 2>"$work/stderr"
	same 'status' 0 $?
	same 'no warning' 0 "$(grep -c 'cannot' "$work/stderr")"
	same 'windows of the end' 1 "$(od -An -tu8 -j 80 -N 8 "$work/user/c" | tr -d ' ')"
}

build >"$work/why" 2>&1
ok 'the lab is built' $?
wait_until has_settled
wait_until has_settled target
sections engines xdp outputs names parts refused disk folder thousand
conclude
