#!/bin/sh
# names_check: -R: names by reverse DNS, from name servers that answer, lie, are slow, or are not there.
#
# usage: tests/net/names_check.sh [SECTION...]     all sections, or only those named (the last lines)
. "$(dirname "$0")/suite.sh"
need python3 xmllint jq

# The resolver asks 127.0.0.1, and would wait for minutes.
configure() {
	printf 'nameserver 127.0.0.1\noptions timeout:30 attempts:5\n' >"$work/resolv.conf"
	echo 'hosts: dns' >"$work/nsswitch.conf"
	chmod 644 "$work/resolv.conf" "$work/nsswitch.conf"
	for file in resolv.conf nsswitch.conf; do
		# A link into /run, which is empty here.
		target=$(readlink -m "/etc/$file")
		[ -e "$target" ] || { mkdir -p "${target%/*}" && touch "$target"; } || return
		mount --bind "$work/$file" "$target" || return
	done
}

serve() {
	rm -f "$work/asked"
	python3 "$here/dns_server.py" "$work/asked" &
	server=$!
	children="$children $server"
	soon 'the name server is there' grep -q ready "$work/asked"
}

unserve() {
	kill $server
	wait $server 2>/dev/null
}

scan() { # options...: all formats into $work/r.*, the table into $work/out
	timeout 60 "$PORTLIGHT" scan -p 1 -oA "$work/r" -oN - "$@" >"$work/out" 2>"$work/stderr"
	status=$?
}

shows() { # what, file, line...
	what=$1 file=$2
	shift 2
	for line; do
		ok "$what: $line in $file" grep -qF -- "$line" "$work/$file"
	done
}

check_answers() {
	serve
	scan 127.0.0.2
	same 'default: exit status' 0 $status
	scan -n 127.0.0.2
	same 'default: no name is looked up' ready "$(cat "$work/asked")"
	for engine in sockets frames; do
		scan -R --engine $engine 127.0.0.2-3
		same "$engine: exit status" 0 $status
		shows "$engine" out 'portlight report for good.example (127.0.0.2)' \
			'portlight report for 127.0.0.3'
		shows "$engine" r.gnmap 'Host: 127.0.0.2 (good.example)' 'Host: 127.0.0.3 ()'
		shows "$engine" r.xml '<hostname name="good.example" type="PTR"/>'
		same "$engine: NDJSON" '127.0.0.2 good.example 127.0.0.3 null' "$(jq -r \
			'select(.type == "host") | .ip, .reverse_name' "$work/r.ndjson" | paste -sd ' ')"
	done
	scan -R named.example
	shows 'a name given' out 'portlight report for named.example (127.0.0.2)' \
		'Name by reverse DNS: good.example'
	shows 'a name given' r.xml '<hostname name="named.example" type="user"/>' \
		'<hostname name="good.example" type="PTR"/>'
	scan -R -n 127.0.0.2
	same '-n and -R: exit status' 64 $status
	unserve
}

# What is no host name is none: 127.0.0.4 to 127.0.0.8.
check_lies() {
	serve
	scan -R 127.0.0.2-8
	same 'lies: exit status' 0 $status
	for host in 4 5 6 7 8; do
		ok "lies: 127.0.0.$host was looked up" grep -q "^$host.0.0.127" "$work/asked"
		shows 'lies' out "portlight report for 127.0.0.$host"
	done
	shows 'lies' out 'portlight report for good.example (127.0.0.2)'
	same 'lies: names in the XML' 1 "$(grep -c '<hostname ' "$work/r.xml")"
	ok 'lies: XML' xmllint --noout "$work/r.xml"
	same 'lies: names in the NDJSON' 1 "$(grep -c reverse_name "$work/r.ndjson")"
	same 'lies: no control character' '' "$(cat "$work"/r.* "$work/out" "$work/stderr" |
		tr -d '\n\t\040-\176')"
	scan -R 127.0.0.10
	shows 'a long name' r.gnmap "Host: 127.0.0.10 (xxxxxx"
	unserve
}

# The resolver would wait for two and a half minutes: the scan does not.
check_silence() {
	serve
	scan -R 127.0.0.2 127.0.0.9
	same 'silence: exit status' 0 $status
	shows 'silence' out 'portlight report for good.example (127.0.0.2)' \
		'portlight report for 127.0.0.9'
	shows 'silence' stderr 'waiting for the names of hosts, for up to 10 s' \
		'names: 1 of 2 lookups was not finished in time'
	rm -f "$work/stderr"
	"$PORTLIGHT" scan -p 1 -oX "$work/r.xml" -R 127.0.0.9 >"$work/out" 2>"$work/stderr" &
	scanner=$!
	children="$children $scanner"
	soon 'silence: the scan waits' grep -q 'waiting for the names' "$work/stderr"
	kill -TERM $scanner
	wait $scanner
	same 'silence, interrupted: exit status' 75 $?
	shows 'silence, interrupted' r.xml '</nmaprun>' 'portid="1"'
	unserve
}

check_absence() {
	scan -R 127.0.0.2-4
	same 'no name server: exit status' 0 $status
	shows 'no name server' out 'portlight report for 127.0.0.2' 'portlight report for 127.0.0.4'
}

configure
ok 'the resolver is configured' $?
sections answers lies silence absence
conclude
