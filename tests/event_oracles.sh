#!/bin/sh
# event_oracles: what other people's programs say about the detector's events: jsonschema, jq,
# promtool, fail2ban (its own filter for scanlogd, and a server that bans), journald.
#
# usage: event_oracles.sh PATH/emit_events
# fail2ban and prometheus are fetched but not installed, see unpack.sh; UNPACKED names the folder.
# Their server and journald run in namespaces of their own. Last line: "N passed, M failed", with
# ", K skipped" where one of these programs is not to be had.
. "$(dirname "$0")/harness.sh"
here=$(cd "$(dirname "$0")" && pwd)
emit=$(realpath "${1:?usage: event_oracles.sh PATH/emit_events}") || exit 1
: "${UNPACKED:=$here/../build-check/unpacked}"
schema=$here/../docs/portlight-watch.schema.json
python=/usr/bin/python3
# Both sides of a log line read the same clock; an unusual time zone shows a side that ignores it.
TZ=Asia/Kolkata
export TZ
show=why

fail2ban() # PROGRAM ARGS...: of the unpacked package, or the system's
{
	program=$1
	shift
	if [ -n "$fail2ban_tree" ]; then
		PYTHONPATH=$fail2ban_tree/usr/lib/python3/dist-packages \
			$python "$fail2ban_tree/usr/bin/$program" "$@"
	else
		"$program" "$@"
	fi
}

# What a syslog daemon does: a datagram becomes a line of its file, with the name of the host.
cat_receiver()
{
	cat <<'PYTHON'
import re
import socket
import sys

receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
with open(sys.argv[2], "ab", buffering=0) as log:
    while True:
        datagram = receiver.recv(1 << 20)
        parts = re.fullmatch(rb"<25>(\w{3} [ \d]\d \d\d:\d\d:\d\d) ([^\n\0]+)", datagram)
        log.write(b"%s victim %s\n" % parts.groups() if parts else b"BROKEN %r\n" % datagram)
PYTHON
}

has_lines() # FILE COUNT
{
	[ "$(wc -l <"$1")" -ge "$2" ]
}

# collect PROGRAM LOG: what emit_events says to a syslog socket, as a log file.
collect()
{
	: >"$2"
	rm -f "$folder/log.socket"
	$python "$folder/receiver.py" "$folder/log.socket" "$2" &
	receiver=$!
	wait_until test -S "$folder/log.socket"
	count=$("$emit" "$1" "$folder/log.socket") && wait_until has_lines "$2" "$count"
	status=$?
	kill $receiver
	wait $receiver 2>/dev/null
	return $status
}

# ---- inside a namespace: a fail2ban server whose action writes the address to a file --------------

# The addresses that the samples must get banned: every source of a scan, and no other.
expected_bans()
{
	cat <<'END'
10.0.0.5
192.0.2.7
192.168.1.9
2001:db8::7
2001:db8::8
2001:db8::ffff:ffff:ffff:ffff
203.0.113.10
203.0.113.200
203.0.113.9
END
}

serve_fail2ban()
{
	conf=$folder/conf log=$folder/jail.log bans=$folder/bans
	cp -r "${fail2ban_tree:+$fail2ban_tree}/etc/fail2ban" "$conf" || return
	rm -rf "$conf"/jail.d "$conf"/*.local
	mkdir "$conf/jail.d"
	cat >"$conf/fail2ban.local" <<END
[DEFAULT]
logtarget = $folder/fail2ban.log
socket = $folder/fail2ban.socket
pidfile = $folder/fail2ban.pid
dbfile = None
END
	cat >"$conf/action.d/note.conf" <<END
[Definition]
actionban = echo <ip> >>$bans
actionunban =
END
	cat >"$conf/jail.d/note.conf" <<END
[scanlogd]
enabled = true
backend = polling
logpath = $log
maxretry = 1
action = note
END
	: >"$log"
	: >"$bans"
	fail2ban fail2ban-server -c "$conf" -s "$folder/fail2ban.socket" \
		-p "$folder/fail2ban.pid" -xf start >"$folder/server.out" 2>&1 &
	server=$!
	wait_until fail2ban fail2ban-client -c "$conf" -s "$folder/fail2ban.socket" status scanlogd ||
		{
			cat "$folder/server.out" "$folder/fail2ban.log"
			return 1
		}
	collect syslog "$log"
	wait_until has_lines "$bans" "$(expected_bans | wc -l)"
	# fail2ban processes lines in order: any other address is banned before that of the last line.
	sed -n '$s/]: [^ ]* to /]: 192.0.2.250 to /p' "$log" >"$folder/last.log"
	grep -q 192.0.2.250 "$folder/last.log" || return
	cat "$folder/last.log" >>"$log"
	wait_until grep -qx 192.0.2.250 "$bans" || return
	sed -i /^192.0.2.250$/d "$bans"
	fail2ban fail2ban-client -c "$conf" -s "$folder/fail2ban.socket" stop
	wait $server
	sort "$bans" >"$folder/bans.sorted"
	expected_bans | sort | diff - "$folder/bans.sorted" || {
		tail -n 20 "$folder/fail2ban.log"
		return 1
	}
}

# ---- inside a namespace: a journald of our own -----------------------------------------------------

serve_journald()
{
	mount -t tmpfs tmpfs /var/log && mkdir -p /run/systemd/journal /run/log/journal || return
	"$journald" >"$folder/journald.out" 2>&1 &
	server=$!
	wait_until test -S /run/systemd/journal/socket || return
	"$emit" journal /run/systemd/journal/socket >"$folder/journal.count" || return
	wanted=$(cat "$folder/journal.count")
	journal_whole() {
		journalctl --no-pager -q -a -o json --all SYSLOG_IDENTIFIER=portlight \
			--directory /run/log/journal >"$folder/journal.json"
		has_lines "$folder/journal.json" "$wanted"
	}
	wait_until journal_whole
	status=$?
	kill $server
	return $status
}

if [ "${2-}" = inside ]; then
	# The caller's folder and settings; what is asked for is the third argument.
	"serve_$3"
	exit
fi

need jq
folder=$work
cat_receiver >"$folder/receiver.py"
private=$here/net/private.sh
fail2ban_tree='' promtool='' journald=''
export folder fail2ban_tree journald
if "$here/unpack.sh" "$UNPACKED" fail2ban prometheus 2>"$folder/unpack.log"; then
	fail2ban_tree=$(realpath "$UNPACKED/fail2ban")
	promtool=$UNPACKED/prometheus/usr/bin/promtool
fi
for name in /lib/systemd/systemd-journald /usr/lib/systemd/systemd-journald; do
	[ -x $name ] && journald=$name
done

exits "emit_events writes every sample" 0 "$emit" "$folder"
[ "$failed" -eq 0 ] || conclude

# ---- NDJSON ------------------------------------------------------------------------------------

cat >"$folder/schema_fits.py" <<'PYTHON'
"""Every line fits the schema, and nothing it says may be missing or wrong."""
import copy
import json
import sys
import jsonschema

OPTIONAL = {("related",), ("source",), ("source", "ip"), ("destination",), ("network",),
            ("network", "transport"), ("network", "type"), ("observer", "ingress")}

with open(sys.argv[1]) as file:
    schema = json.load(file)
validator_class = jsonschema.validators.validator_for(schema)
validator_class.check_schema(schema)
validator = validator_class(schema)
with open(sys.argv[2], encoding="ascii") as file:
    records = [json.loads(line, parse_constant=lambda word: 1 / 0) for line in file]
assert len(records) == 17, len(records)


def paths(value, path=()):
    for key in value:
        yield path + (key,)
        if isinstance(value[key], dict):
            yield from paths(value[key], path + (key,))


def changed(record, path, change):
    other = copy.deepcopy(record)
    inner = other
    for key in path[:-1]:
        inner = inner[key]
    change(inner, path[-1])
    return other


def size(ports):
    spans = [part.split("-") for part in ports.split(",") if part]
    return sum(int(span[-1]) - int(span[0]) + 1 for span in spans)


for record in records:
    validator.validate(record)
    # A schema that lets everything pass would prove nothing.
    for path in paths(record):
        if path not in OPTIONAL:
            broken = changed(record, path, lambda inner, key: inner.pop(key))
            assert not validator.is_valid(broken), (path, "may be missing")
        broken = changed(record, path, lambda inner, key: inner.update({key: None}))
        assert not validator.is_valid(broken), (path, "may be null")
        broken = changed(record, path[:-1] + ("x",), lambda inner, key: inner.update({key: 1}))
        assert not validator.is_valid(broken), (path, "may have an unknown member next to it")
    portlight = record["portlight"]
    assert set("|".join(portlight["technique_sets"]).split("|")) - {""} == set(portlight["techniques"])
    if portlight["port_count"] < 2**63:
        ports = portlight["ports"]
        assert size(ports["tcp"]) + size(ports["udp"]) == portlight["port_count"], record
PYTHON

lines=$folder/events.ndjson
# says WHAT FILTER: jq finds it true of all lines as one array.
says()
{
	exits "jq: $1" 0 jq -e -s "$2" "$lines"
}
exits "events.ndjson fits portlight-watch.schema.json" 0 \
	$python "$folder/schema_fits.py" "$schema" "$lines"
says "every action there is" '[.[].event.action] | unique == (["port_scan", "network_sweep",
	"block_scan", "distributed_scan", "syn_flood", "backscatter", "reflection", "blind",
	"suppressed"] | sort)'
says "scans, and only they, are alerts" 'all(.[]; (.event.kind == "alert") ==
	(.event.action | test("_scan$|_sweep$")) and
	(.event.category | index("intrusion_detection") != null) == (.event.kind == "alert"))'
says "one scan in three phases" '[.[] | select(.event.id == "12") | .portlight.phase] ==
	["open", "update", "close"]'
says "look-alikes are named as a set, then narrowed" '[.[] | select(.event.id == "12") |
	.portlight.technique_sets] == [["syn|connect"], ["connect", "udp"], ["connect", "udp"]]'
says "ATT&CK of a port scan from outside" '.[0].threat.technique.id == ["T1046", "T1595.001"]'
says "ATT&CK of a ping sweep from inside" '[.[] | select(.event.id == "13") |
	.threat.technique.id] == [["T1018"]]'
says "ATT&CK of an ARP sweep" '[.[] | select(.event.id == "16") |
	[.threat.technique.id, .network.type]] == [[["T1018"], "arp"]]'
says "suspects of a flood are related addresses" '[.[] | select(.related) | [.event.action,
	(.related.ip == [.portlight.suspects[].ip]), (.related.ip | length)]] == [["syn_flood", true, 4]]'
says "times and duration agree" 'all(.[] | select(.event.id != "18446744073709551615");
	((.event.end[0:19] + "Z" | fromdate) - (.event.start[0:19] + "Z" | fromdate) -
	.event.duration / 1e9) | fabs < 1)'
says "what the scanner learned" '.[0].portlight.answered_open == "22,80" and
	.[0].portlight.ports.tcp == "1-1000,8080"'
says "the hostile interface is read back as it went in" '[.[] |
	select(.event.id == "18446744073709551615") | .observer.ingress.interface.name] ==
	["\"\\\u001b[2J\n<&>\u00ff=%s\r'"'"'"]'

# ---- text --------------------------------------------------------------------------------------

exits "events.text is plain ASCII" 1 grep -n '[^ -~]' "$folder/events.text"
exits "events.text has a line an event" 0 has_lines "$folder/events.text" 17
exits "events.colour differs by its colours only" 0 sh -c \
	"sed 's/\\x1b\\[[0-9;]*m//g' '$folder/events.colour' | cmp - '$folder/events.text' &&
	grep -q '\\x1b' '$folder/events.colour'"

# ---- Prometheus --------------------------------------------------------------------------------

if [ -x "$promtool" ] || promtool=$(command -v promtool); then
	exits "promtool finds nothing wrong with the metrics" 0 sh -c \
		"'$promtool' check metrics <'$folder/portlight.prom' >'$folder/promtool' 2>&1 &&
		! grep . '$folder/promtool'"
	exits "promtool notices a file in which every line is there twice" 1 sh -c \
		"sed 'p' '$folder/portlight.prom' | '$promtool' check metrics"
else
	skip "promtool is not to be had: $(tail -n 1 "$folder/unpack.log")"
fi

# ---- fail2ban ----------------------------------------------------------------------------------

if [ -n "$fail2ban_tree" ] || command -v fail2ban-server >/dev/null; then
	filter=$fail2ban_tree/etc/fail2ban/filter.d/scanlogd.conf
	regex() {
		fail2ban fail2ban-regex -c "$fail2ban_tree/etc/fail2ban" "$@"
	}
	exits "syslog lines are collected" 0 collect syslog "$folder/scan.log"
	exits "each scan gave one line, and each update one" 0 \
		[ "$(wc -l <"$folder/scan.log")" -eq 10 ]
	regex "$folder/scan.log" "$filter" >"$folder/regex"
	exits "fail2ban's filter matches every line" 0 \
		grep -q '^Lines: 10 lines, 0 ignored, 10 matched, 0 missed' "$folder/regex"
	regex -o ip "$folder/scan.log" "$filter" | sort -u >"$folder/regex.ips"
	expected_bans | sort >"$folder/regex.wanted"
	exits "it reads exactly the sources of the scans" 0 \
		diff "$folder/regex.wanted" "$folder/regex.ips"
	exits "with proven_only lines are collected" 0 collect syslog-proven "$folder/proven.log"
	regex -o ip "$folder/proven.log" "$filter" | sort -u >"$folder/proven.ips"
	printf '%s\n' 192.0.2.7 2001:db8::ffff:ffff:ffff:ffff 203.0.113.200 >"$folder/proven.wanted"
	exits "with proven_only, it reads only proven sources" 0 \
		diff "$folder/proven.wanted" "$folder/proven.ips"
	if "$private" --possible 2>"$folder/private"; then
		exits "a fail2ban server bans the sources of the scans and no other" 0 \
			timeout -s KILL 120 "$private" "$here/event_oracles.sh" "$emit" inside fail2ban
	else
		skip "fail2ban server: $(cat "$folder/private")"
	fi
else
	skip "fail2ban is not to be had: $(tail -n 1 "$folder/unpack.log")"
fi

# ---- journald ----------------------------------------------------------------------------------

if [ -z "$journald" ] || ! command -v journalctl >/dev/null; then
	skip "there is no journald here"
elif ! [ -s /etc/machine-id ] || [ "$(id -u)" != 0 ] || ! "$private" --possible 2>/dev/null; then
	skip "a journald of our own needs root, a machine ID and namespaces"
else
	exits "journald takes every event" 0 timeout -s KILL 60 "$private" \
		"$here/event_oracles.sh" "$emit" inside journald
	lines=$folder/journal.json
	says "journald: all events, each with its fields" 'length == 17 and
		all(.[]; .MESSAGE != "" and (.MESSAGE_ID | length) == 32 and .PORTLIGHT_ID != null and
		(.PRIORITY == "4" or .PRIORITY == "5"))'
	says "journald: fields of the first scan" '[.[] | select(.PORTLIGHT_ID == "12" and
		.PORTLIGHT_PHASE == "open") | .PORTLIGHT_SOURCE, .PORTLIGHT_TARGET,
		.PORTLIGHT_TECHNIQUES, .PORTLIGHT_TCP_PORTS, .PORTLIGHT_ANSWERED_OPEN, .PRIORITY] ==
		["192.0.2.7", "198.51.100.1", "syn|connect", "1-1000,8080", "22,80", "4"]'
	says "journald: the widest event came whole" '[.[] | select(.PORTLIGHT_ID == "26") |
		(.PORTLIGHT_TCP_PORTS | (length > 16000 and endswith(",..."))),
		.PORTLIGHT_PORT_COUNT] == [true, "65536"]'
	says "journald: suspects of a flood" '[.[] | .PORTLIGHT_SUSPECTS | select(.)] ==
		["192.0.2.7 2001:db8::7 192.0.2.8 192.0.2.9"]'
	says "journald: one message ID an action" '[.[] | [.PORTLIGHT_ACTION, .MESSAGE_ID]] |
		unique | length == 9 and ([.[][1]] | unique | length == 9)'
	says "journald: a hostile interface makes no field of its own" '[.[] |
		select(.PORTLIGHT_ID == "18446744073709551615") | .PORTLIGHT_INTERFACE] ==
		["\"\\\\x1b[2J\\x0a<&>\\xff=%s\\x0d'"'"'"]'
fi
conclude
