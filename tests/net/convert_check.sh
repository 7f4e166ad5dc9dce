#!/bin/sh
# convert_check: reports of the real nmap and of our own scans, made in the lab, through every converter.
#
# usage: [KEEP=FOLDER] tests/net/convert_check.sh      KEEP: nmap's XML goes there, as in ../data
# Oracles: nmap.dtd, ndiff, libnmap, and tests/convert_oracle.py, which reads each format itself.
network=lab
. "$(dirname "$0")/suite.sh"
oracle=$here/../convert_oracle.py
show='why said'
need nmap ndiff xmllint python3

convert() { # input, format, output
	"$PORTLIGHT" convert "$1" --to "$2" -o "$3"
}

# nmap's XML NAME.xml and grepable NAME.gnmap of $work: all formats, none with another result.
same_results() { # name, exit status of convert
	xml=$work/$1.xml made=$work/made-$1
	for format in xml json grepable normal; do
		exits "$1 to $format" "$2" convert "$xml" $format "$made.$format"
	done
	mv "$made.json" "$made.ndjson"
	mv "$made.grepable" "$made.gnmap"
	ok "$1: valid by nmap.dtd" xmllint --noout --dtdvalid /usr/share/nmap/nmap.dtd "$made.xml"
	ok "$1: the XML has each host, port and state" python3 "$oracle" ports "$xml" "$made.xml"
	ok "$1: the NDJSON has" python3 "$oracle" ports "$xml" "$made.ndjson"
	ok "$1: the grepable has what is listed" python3 "$oracle" listed "$made.xml" "$made.gnmap"
	exits "$1: NDJSON to NDJSON" 0 convert "$made.ndjson" json "$made.again.ndjson"
	ok "$1: NDJSON of the NDJSON is the same" cmp "$made.ndjson" "$made.again.ndjson"
	exits "$1: NDJSON to XML" 0 convert "$made.ndjson" xml "$made.again.xml"
	ok "$1: XML of the NDJSON has the same" python3 "$oracle" ports "$xml" "$made.again.xml"
	ok "$1: libnmap reads the XML" /usr/bin/python3 -c \
		'import sys; from libnmap.parser import NmapParser; NmapParser.parse_fromfile(sys.argv[1])' \
		"$made.xml"
}

# What nmap itself wrote: its list of ports, and what ndiff makes of both files.
like_nmap() { # name
	ok "$1: nmap's own grepable lists the same ports" \
		python3 "$oracle" listed "$work/$1.gnmap" "$work/made-$1.gnmap"
	ok "$1: ndiff finds no port that differs" sh -c \
		"! ndiff '$work/$1.xml' '$work/made-$1.xml' | grep -E '^[-+] *([0-9]+/|Host|Not shown)'"
}

nmap_scan() { # name, arguments of nmap...
	name=$1
	shift
	ok "$name: nmap scans" \
		nmap -n -T4 --max-retries 1 -oX "$work/$name.xml" -oG "$work/$name.gnmap" "$@"
	same_results "$name" 0
}

nmap_scan all -sS -sU -A --traceroute --script=default -Pn -p T:22,23,79-81,U:7,53,123 198.18.0.10
like_nmap all
ok 'all: it has what portlight has no records for' \
	grep -qE '<(script|os|trace|hop|cpe)[ >]' "$work/all.xml"
nmap_scan versions -sT -sV --version-light -Pn -p 22,23,80,443 198.18.0.10 198.18.1.10
like_nmap versions
nmap_scan many -sS -Pn -p 1-1100 198.18.0.10 198.18.0.11
like_nmap many
ok 'many: it has summarised ports' grep -q '<extrareasons' "$work/many.xml"
nmap_scan six -6 -sS -Pn -p 22,23,80,1001-1009 2001:db8:18::10
like_nmap six
nmap_scan open -sS --open -Pn -p 1-100 198.18.0.10 198.18.0.11
like_nmap open
nmap_scan down -v -sS -p 22 198.18.0.10 198.18.0.99
ok 'down: a host is down' grep -q 'status state="down"' "$work/made-down.xml"
nmap_scan ping -sn 198.18.0.10 198.18.0.11 198.18.0.99
nmap_scan list -sL 198.18.0.10/30

# A run that was killed: what nmap had written by then.
nmap -n -Pn -sS -p 22,80 --max-rate 2 --max-hostgroup 1 -oX "$work/stopped.xml" 198.18.0.10-13 \
	>/dev/null 2>&1 &
stopped=$!
soon 'nmap has finished a host' grep -q '</host>' "$work/stopped.xml"
kill -KILL $stopped
wait $stopped 2>/dev/null
same_results stopped 75
convert "$work/stopped.xml" json /dev/null 2>"$work/said"
ok 'stopped: convert says so' grep -q 'ends before its summary' "$work/said"

# Our own reports: NDJSON there and back, for all kinds of scans.
ours() { # name, arguments of scan...
	name=$1
	shift
	ok "$name: portlight scans" \
		"$PORTLIGHT" scan "$@" -oD "$work/$name.ndjson" -oX "$work/$name.xml"
	exits "$name: NDJSON to NDJSON" 0 convert "$work/$name.ndjson" json "$work/again.ndjson"
	ok "$name: the same NDJSON" cmp "$work/$name.ndjson" "$work/again.ndjson"
	exits "$name: XML to XML" 0 convert "$work/$name.xml" xml "$work/again.xml"
	ok "$name: the XML has each host, port and state" \
		python3 "$oracle" ports "$work/$name.xml" "$work/again.xml"
	ok "$name: ndiff finds no difference" ndiff "$work/$name.xml" "$work/again.xml"
	for format in xml normal grepable; do
		exits "$name to $format" 0 convert "$work/$name.ndjson" $format "$work/again.$format"
	done
	ok "$name: XML of the NDJSON is valid" \
		xmllint --noout --dtdvalid /usr/share/nmap/nmap.dtd "$work/again.xml"
}

if [ -n "${KEEP-}" ]; then
	rm -f "$work"/made-*
	cp "$work"/*.xml "$KEEP"
fi

ours syn -sS -p 1-1100 198.18.0.10 198.18.0.11 198.18.0.99
ok 'syn: XML of the NDJSON has the same ports' \
	python3 "$oracle" ports "$work/syn.xml" "$work/again.xml"
ours both -sSU -F --max-retries 1 198.18.0.10
ok 'both: XML of the NDJSON has the same ports' \
	python3 "$oracle" ports "$work/both.xml" "$work/again.xml"
ours six -sS --reason --all-hosts -p 22-25,80,1001-1009 2001:db8:18::10 2001:db8:18::99
ours open -sS --open -p 1-1100 198.18.0.10 198.18.1.10
ours techniques -sSFWA --max-retries 1 -p 22-25,1001-1009 198.18.0.10 198.18.0.11
conclude
