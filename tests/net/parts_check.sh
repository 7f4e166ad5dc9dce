#!/bin/sh
# parts_check: a scan in shards and parts, stopped and killed ones among them: do their files prove
# the whole plan, and is what is missing found?
#
# usage: tests/net/parts_check.sh [SECTION...]
network=lab
. "$(dirname "$0")/suite.sh"
show='why said'
need python3 jq

pl() {
	"$PORTLIGHT" "$@"
}

# What verify says and prints, in $work/said and $work/missing.
verify() {
	pl verify "$@" >"$work/missing" 2>"$work/said"
}

# The commands that verify printed, as they are, with this program.
scan_missing() {
	(cd "$work" && portlight() { pl "$@" -q >/dev/null; } && eval "$(cat missing)")
}

# (host, port, state, technique) of all files, each once.
verdicts() {
	jq -r 'select(.type == "port" or .type == "ports") |
		[.ip, .technique, .state, (.port // .ports | tostring)] | @tsv' "$@" |
		python3 -c '
import sys
seen = set()
for line in sys.stdin:
    ip, technique, state, ports = line.split()
    for part in ports.split(","):
        first, _, last = part.partition("-")
        for port in range(int(first), int(last or first) + 1):
            seen.add((ip, technique, state, port))
print("\n".join(map(str, sorted(seen))))'
}

plan='-p 1-400 198.18.0.10 198.18.0.11 198.18.1.10 --seed 11 --max-retries 1'

check_shards() {
	# shellcheck disable=SC2086
	ok 'the whole' pl scan $plan --all-hosts -oD "$work/whole.ndjson"
	for shard in 1 2 3 4 5; do
		# shellcheck disable=SC2086
		ok "shard $shard" pl scan $plan --all-hosts --shard $shard/5 \
			-oD "$work/shard$shard.ndjson"
	done
	exits 'the whole is the plan' 0 verify "$work/whole.ndjson"
	exits 'five shards are the plan' 0 verify "$work"/shard?.ndjson
	ok 'it says so' grep -q 'all 1200 probes have a verdict' "$work/said"
	verdicts "$work"/shard?.ndjson >"$work/union"
	verdicts "$work/whole.ndjson" >"$work/all"
	ok 'verdicts of the shards are those of the whole' cmp "$work/union" "$work/all"
	exits 'shard 2 and 4 are missing' 1 verify "$work"/shard[135].ndjson
	ok 'it says how many' grep -q '480 of 1200 probes are missing' "$work/said"
	same 'a command for each' 2 "$(wc -l <"$work/missing")"
	ok 'the commands scan what is missing' scan_missing
	exits 'with them it is the plan' 0 verify "$work"/shard[135].ndjson "$work"/missing-?.ndjson
	exits 'the last shard alone' 1 verify "$work/shard5.ndjson"
	same 'one command' 1 "$(wc -l <"$work/missing")"
	same 'shard auto' "$(jq -c 'select(.plan) | .plan' "$work/shard3.ndjson")" \
		"$(SLURM_ARRAY_TASK_ID=12 SLURM_ARRAY_TASK_MIN=10 SLURM_ARRAY_TASK_STEP=1 \
			SLURM_ARRAY_TASK_COUNT=5 pl scan $plan --shard auto -oD - 2>/dev/null |
			jq -c 'select(.plan) | .plan')"
}

# Stops a scan of a slow plan at some moment, and scans what is missing.
stopped() { # name, signal, exit status, options
	name=$1 signal=$2 status=$3
	shift 3
	for at in 0.3 0.7 1.2; do
		# shellcheck disable=SC2086
		"$PORTLIGHT" scan $plan --max-rate 800 "$@" -q --all-hosts \
			-oD "$work/$name-$at.ndjson" >/dev/null 2>&1 &
		scanner=$!
		sleep $at
		kill -"$signal" $scanner
		wait $scanner 2>/dev/null
		got=$?
		same "$name at $at s: exit status" "$status" $got
		exits "$name at $at s: part of it is missing" 1 verify "$work/$name-$at.ndjson"
		ok "$name at $at s: the commands scan what is missing" scan_missing
		exits "$name at $at s: together they are the plan" 0 \
			verify "$work/$name-$at.ndjson" "$work"/missing-*.ndjson
		rm -f "$work"/missing-*.ndjson
	done
}

check_stopped() {
	stopped interrupted INT 75
	stopped terminated TERM 75 --engine frames
	stopped connect INT 75 --engine sockets
	stopped killed KILL 137
}

check_input() {
	# shellcheck disable=SC2086
	pl scan $plan --shard 1/2 -q -oD "$work/one.ndjson" >/dev/null
	# shellcheck disable=SC2086
	pl scan $plan --shard 2/2 --seed 12 -q -oD "$work/other.ndjson" >/dev/null 2>&1
	pl scan -sS -p 1-400 198.18.0.10 198.18.0.11 --seed 11 -q -oD "$work/other.ndjson" >/dev/null
	exits 'of another plan' 65 verify "$work/one.ndjson" "$work/other.ndjson"
	ok 'it names both' grep -q 'other.ndjson" is of another plan than ".*one.ndjson"' "$work/said"
	same 'one line' 1 "$(wc -l <"$work/said")"
	for damage in 's/"seed":11/"seed":12/' 's/1-400/1-399/;s/"count":400/"count":399/' \
		's|198.18.0.10/31|198.18.0.8/31|' 's/"hash":"./"hash":"x/' 's/"total":1200/"total":1201/' \
		's/"ranges":2/"ranges":3/' '/"targets"/d'; do
		sed "$damage" "$work/one.ndjson" >"$work/damaged.ndjson"
		exits "damaged by $damage" 65 verify "$work/damaged.ndjson"
		exits "no plan to scan: $damage" 65 pl scan --plan "$work/damaged.ndjson" -q
	done
	pl scan -p 22 198.18.0.10 -q -oX "$work/one.xml" >/dev/null
	exits 'XML states no plan' 65 verify "$work/one.xml"
	ok 'it says so' grep -q 'states no plan' "$work/said"
	exits 'no such file' 74 verify "$work/none"
	exits 'no file' 64 verify
	exits 'a part beyond the plan' 64 pl scan --plan "$work/one.ndjson" --part 0-1200 -q
	exits 'a part that is reversed' 64 pl scan --plan "$work/one.ndjson" --part 5-4 -q
	exits 'a part without order' 64 pl scan -p 22 198.18.0.10 --part 0-0 -q
	exits 'a plan and targets' 64 pl scan --plan "$work/one.ndjson" 198.18.0.10 -q
	exits 'a plan and ports' 64 pl scan --plan "$work/one.ndjson" -p 22 -q
	exits 'shard auto without a scheduler' 64 env -u SLURM_ARRAY_TASK_ID "$PORTLIGHT" scan -p 22 \
		198.18.0.10 --seed 1 --shard auto -q
}

# portlight merge to $work/merged.ndjson; what it says is in $work/said.
merge() {
	pl merge "$@" -o "$work/merged.ndjson" 2>"$work/said"
}

# The lines of a file are valid by the schema.
fits_schema() {
	/usr/bin/python3 -c '
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
validator = jsonschema.validators.validator_for(schema)(schema)
for line in open(sys.argv[2], encoding="ascii"):
    validator.validate(json.loads(line))' "$here/../../docs/portlight.schema.json" "$1"
}

check_merge() {
	# shellcheck disable=SC2086
	pl scan $plan --all-hosts -q -oD "$work/whole.ndjson" -oX "$work/whole.xml" >/dev/null
	for shard in 1 2 3; do
		# shellcheck disable=SC2086
		pl scan $plan --shard $shard/3 -q -oD "$work/third$shard.ndjson" >/dev/null
	done
	exits 'shards' 0 merge "$work"/third?.ndjson
	ok 'the merged run fits the schema' fits_schema "$work/merged.ndjson"
	verdicts "$work/merged.ndjson" >"$work/got"
	verdicts "$work/whole.ndjson" >"$work/want"
	ok 'it has the verdicts of the whole' cmp "$work/got" "$work/want"
	same 'it is not partial' false "$(jq 'select(.type == "summary").partial' "$work/merged.ndjson")"
	exits 'it is the plan' 0 verify "$work/merged.ndjson"
	ok 'the origin of an open port is the shard that has it' python3 -c '
import json, sys
shards = [[json.loads(line) for line in open(name)] for name in sys.argv[2:]]
has = lambda shard, r: any(
    p["type"] == "port" and (p["ip"], p["port"], p["t"]) == (r["ip"], r["port"], r["t"]) for p in shard)
seen = 0
for record in map(json.loads, open(sys.argv[1])):
    if record["type"] == "port" and record["state"] == "open":
        assert has(shards[record["origin"] - 1], record), record
        seen += 1
assert seen >= 4, seen' "$work/merged.ndjson" "$work"/third?.ndjson
	cp "$work/merged.ndjson" "$work/all.ndjson"
	ok 'NDJSON of the NDJSON' pl convert "$work/all.ndjson" --to json -o "$work/again.ndjson"
	ok 'it is the same' cmp "$work/all.ndjson" "$work/again.ndjson"
	exits 'merged again, with the whole' 0 merge "$work/all.ndjson" "$work/whole.ndjson"
	same 'four origins' 4 "$(jq '.origins | select(.) | length' "$work/merged.ndjson" | head -n 1)"
	exits 'two of three' 75 merge "$work/third1.ndjson" "$work/third3.ndjson"
	same 'it is partial' true "$(jq 'select(.type == "summary").partial' "$work/merged.ndjson")"
	exits 'and not the plan' 1 verify "$work/merged.ndjson"
	exits 'with XML and another order' 0 merge "$work/whole.xml" "$work/whole.ndjson"
	verdicts "$work/merged.ndjson" >"$work/got"
	ok 'the verdicts of the whole' cmp "$work/got" "$work/want"
	# Silence and an answer, in either order.
	pl scan -p 22,443 198.18.0.10 --seed 1 -q -oD "$work/heard.ndjson" >/dev/null
	nft -f - <<-END
		table inet deaf { chain in { type filter hook prerouting priority -400; ip saddr 198.18.0.10 drop; }; }
	END
	pl scan -p 22,443 198.18.0.10 --seed 1 --engine sockets --max-retries 0 -sT -q \
		-oD "$work/deaf.ndjson" >/dev/null
	nft delete table inet deaf
	exits 'another technique' 65 merge "$work/heard.ndjson" "$work/deaf.ndjson"
	pl scan -p 22,443 198.18.0.10 --seed 1 --engine sockets -sT -q -oD "$work/heard.ndjson" >/dev/null
	same 'nothing was heard' 'filtered' "$(jq -r 'select(.port == 22).state' "$work/deaf.ndjson")"
	for order in 'heard deaf' 'deaf heard'; do
		# shellcheck disable=SC2086
		set -- $order
		exits "$order" 0 merge "$work/$1.ndjson" "$work/$2.ndjson"
		same "$order: the answer stays" open "$(jq -r 'select(.port == 22).state' "$work/merged.ndjson")"
	done
	cp "$work/merged.ndjson" "$work/before"
	exits 'other ports' 65 merge "$work/whole.ndjson" "$work/heard.ndjson"
	ok 'nothing was overwritten' cmp "$work/merged.ndjson" "$work/before"
	ok 'it names both' grep -q 'heard.ndjson" is of another plan than ".*whole.ndjson"' "$work/said"
	exits 'if asked for' 0 merge --any-plan "$work/whole.ndjson" "$work/heard.ndjson"
	exits 'an output that is an input' 64 merge "$work/third1.ndjson" "$work/merged.ndjson"
	tail -n +2 "$work/third1.ndjson" >"$work/headless.ndjson"
	exits 'no report' 65 merge "$work/headless.ndjson"
	exits 'no such file' 74 merge "$work/none"
}

check_dry() {
	before=$(ip -s -j link | jq '[.[].stats64.tx.packets] | add')
	# shellcheck disable=SC2086
	pl scan $plan --shard 2/5 --max-rate 100 --dry-run >"$work/dry" 2>"$work/said"
	ok 'the dry run' $?
	same 'it sent nothing' "$before" "$(ip -s -j link | jq '[.[].stats64.tx.packets] | add')"
	ok 'hosts' grep -q '^Hosts: 3$' "$work/dry"
	ok 'probes' grep -q '^Probes: 240; at most 2 packets each$' "$work/dry"
	ok 'the part' grep -q -- '--part 240-479$' "$work/dry"
	ok 'time at its rate' grep -q '^  2.4 s at the greatest rate (100/s)$' "$work/dry"
	ok 'bytes: an IPv4 SYN with its MSS has 44' grep -q ': 10560$' "$work/dry"
}

sections shards stopped input merge dry
conclude
