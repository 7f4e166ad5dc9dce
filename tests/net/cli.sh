#!/bin/sh
# cli: what `portlight scan` makes of a command line: refusals, outputs, signals, and which hosts get packets.
#
# usage: tests/net/cli.sh [SECTION...]      all sections, or only those named (see the last lines)
# Runs in the lab (lab.sh). What leaves the scanner is counted by nftables on the other end of its
# cable, what it sends to itself on its loopback interface.
network=lab
. "$(dirname "$0")/suite.sh"
need jq nft ndiff nmap script xmllint
out=$work/out err=$work/err show='why err out'
as='' input=/dev/null
bare='setpriv --bounding-set=-all --inh-caps=-all'
linux=198.18.0.10 linux6=2001:db8:18::10

scan() { # arguments of portlight...
	# shellcheck disable=SC2086
	timeout --kill-after=5 60 $as "$PORTLIGHT" "$@" >"$out" 2>"$err" <"$input"
	status=$?
}

counted() { # namespace, family, counter
	ip netns exec "$1" nft list counter "$2" cli "$3" | sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

# Packets that have left the scanner so far, loopback included.
left() { echo $(($(counted switch netdev left) + $(counted scanner inet looped))); }

count_packets() {
	ip netns exec switch nft -f - <<-END
		table netdev cli {
			counter left { }
			counter excluded { }
			chain in {
				type filter hook ingress device p-scanner priority 0
				meta protocol ip counter name left
				arp operation request counter name left
				ip6 nexthdr { tcp, udp } counter name left
				ip daddr { 198.18.0.11, 198.18.0.12 } counter name excluded
				arp daddr ip { 198.18.0.11, 198.18.0.12 } counter name excluded
				ip6 daddr 2001:db8:18::11 counter name excluded
			}
		}
	END
	nft -f - <<-END
		table inet cli {
			counter looped { }
			chain in {
				type filter hook input priority -300
				udp dport 53 return
				udp sport 53 return
				iifname lo meta l4proto { tcp, udp } counter name looped
			}
		}
	END
	ip netns exec linux nft -f - <<-END
		table inet cli {
			counter syn { }
			counter syn_ack { }
			counter rst { }
			counter fixed { }
			counter others { }
			chain in {
				type filter hook input priority -300
				tcp flags & (syn | ack) == syn counter name syn
				tcp flags & rst == rst counter name rst
				meta l4proto { tcp, udp } th sport 4242 counter name fixed
				meta l4proto { tcp, udp } th sport != 4242 counter name others
			}
			chain out {
				type filter hook output priority -300
				tcp flags & (syn | ack) == (syn | ack) counter name syn_ack
			}
		}
	END
}

at_linux() { counted linux inet "$1"; }
reset_linux() { ip netns exec linux nft reset counters table inet cli >/dev/null; }

between() { [ "$2" -ge "$1" ] && [ "$2" -le "$3" ]; } # least, number, most
lines() { [ "$(wc -l <"$2")" -eq "$1" ]; }	       # how many, file
says() { grep -qF -- "$1" "$2"; }		       # text, file
lacks() { ! grep -q -- "$1" "$2"; }		       # pattern, file
is_ndjson() { # each line is an object of its own, and nothing else is there
	[ -s "$1" ] && [ "$(wc -l <"$1")" -eq "$(jq -c . <"$1" | wc -l)" ] &&
		jq -e 'type == "object"' "$1" >/dev/null
}
is_xml() { xmllint --noout "$1"; }
# Ports of an NDJSON file: address, protocol, port, state.
ports_in() { jq -r 'select(.type == "port") | "\(.ip) \(.proto) \(.port) \(.state)"' "$1" | sort; }
summary() { jq -r "select(.type == \"summary\") | $1" "$2"; } # filter, file

# What is refused: the exit code, one line that names the text, nothing on standard output, and not
# a single packet. Before the first real scan: its neighbours are looked after by the kernel later on.
refused() { # code, text, arguments...
	code=$1 text=$2 before=$(left)
	shift 2
	scan "$@"
	ok "refuse $*" is_refused "$code" "$text" "$before"
}

is_refused() { # code, text, packets before
	[ "$status" = "$1" ] || { echo "exit status $status, not $1"; return 1; }
	[ ! -s "$out" ] || { echo 'standard output is not empty'; return 1; }
	lines 1 "$err" || { echo 'not one line on standard error'; return 1; }
	{ grep -q '^portlight: ' "$err" && says "$2" "$err"; } || { echo "does not say $2"; return 1; }
	[ "$(left)" = "$3" ] || { echo "$(($(left) - $3)) packets left"; return 1; }
}

check_words() {
	refused 64 --frobnicate --frobnicate $linux
	refused 64 '-x' -x $linux
	refused 64 '\x1b[31m' "--$(printf '\033[31m\n')" $linux
	refused 64 Q -sSQ $linux
	refused 64 nosuch --technique syn,nosuch $linux
	refused 64 --max-rate --max-rate 0 $linux
	refused 64 '--min-rate 20' --min-rate 20 --max-rate 10 $linux
	refused 64 nosuch --engine nosuch $linux
	refused 64 no-bypass --engine xdp --no-bypass -p 22 $linux
	refused 64 connect -sST $linux
	refused 64 '1/ 3' --seed 1 --shard '1/ 3' $linux
	refused 64 4/3 --seed 1 --shard 4/3 $linux
	refused 64 --seed --shard 1/3 $linux
	refused 64 'no target' -p 22
	refused 64 '-p' scan $linux -p
	refused 64 nosuch nosuch $linux
	refused 64 ftp-nosuch -p ftp-nosuch $linux
	for ports in 65536 70000 -1-70000 22,99999999999999999999; do
		refused 64 "${ports#*,}" "-p$ports" $linux
	done
	refused 64 90-80 -p 22,90-80 $linux
	refused 64 X:1 -p X:1 $linux
	refused 64 70000 --top-ports 70000 $linux
	for target in 198.18.0.256 198.18.0.0/33 198.18.0.20-10 198.18.0.10-198.18.0.1 \
		2001:db8::/129 2001:db8::9-2001:db8::1 1.2.3 198.18.0.1/ -; do
		refused 64 "$target" -p 22 $linux "$target"
	done
	refused 64 'too many' -p 22 0.0.0.0/0 ::/0
	for technique in S T; do
		refused 64 "0.0.0.0 is not the address of a host" -s$technique -p 22 0.0.0.0
		refused 64 ":: is not the address of a host" -s$technique -p 22 ::
		refused 64 'fe80::1%eth0' -s$technique -p 22 fe80::1
	done
	refused 64 'two outputs' -p 22 -oX - --json $linux
	refused 64 'two outputs' -p 22 -oX "$work/same" -oN "$work/same" $linux
	ok 'of two outputs to one file nothing is left' [ ! -e "$work/same" ]
	refused 64 '-p is given twice' -p 22 -p 80 $linux
	refused 64 '-oX is given twice' -p 22 -oX "$work/one" -oX "$work/two" $linux
	refused 64 'no UDP ports' -sU -p T:22 $linux
	refused 64 'no TCP ports' -p U:53 $linux
	# What hands that know nmap type: each is named, with what to do instead.
	for option in -A -O -sV -sC -PM -PY -d -r -f --packet-trace --iflist \
		--traceroute --badsums --mtu=16; do
		refused 64 "${option%%=*}" "$option" $linux
	done
	for option in --scan-delay --data-length --script --append-output --scanflags \
		--max-parallelism --min-hostgroup --dns-servers --version-intensity; do
		refused 64 "has no $option: " "$option" 1 $linux
	done
	refused 64 'has no -sV' -sSV $linux
	# And hands that know masscan.
	for option in -oL -oB --banners --adapter-ip --router-mac --wait --retries --conf; do
		refused 64 "has no $option: " "$option" 1 $linux
	done
	refused 64 'did you mean --top-ports?' -top-ports 10 $linux
	refused 64 '; targets are separated by spaces' $linux,198.18.0.11
	refused 64 '; ports are given by -p' $linux:22
	refused 64 '; write IPv6 addresses without brackets' "[$linux6]"
	refused 64 '-sL writes' -sL -oG - $linux
}

check_lists() {
	printf '%s\n# comment\n198.18.0.11\n198.18.0.300\n' $linux >"$work/list"
	refused 64 "list:4: " -p 22 -iL "$work/list"
	refused 64 198.18.0.300 -p 22 -iL "$work/list"
	refused 74 /nosuch/list -p 22 -iL /nosuch/list
	refused 74 "$work" -p 22 -iL "$work"
	# An exclude that cannot be understood: nothing is scanned, least of all what it meant.
	for exclude in 198.18.0.300 198.18.0.0/40 'fe80::zz' ',' '198.18.0.11 198.18.0.12' nosuch.test; do
		refused 64 "$exclude" -p 22 --exclude "$exclude" $linux
		refused 64 "$exclude" -sT -p 22 --exclude "198.18.0.12,$exclude" $linux 127.0.0.1
	done
	refused 64 'list:4: ' -p 22 --exclude-file "$work/list" $linux
	refused 74 /nosuch/out -p 22 --exclude-file /nosuch/out $linux
	refused 64 "no host can have that address" -p 22 -S 0.0.0.0 $linux
	refused 64 'of a family that no target has' -p 22 -S 2001:db8:18::1 $linux
	refused 64 'of the loopback interface' -p 22 -S ::1 $linux6
	refused 64 '-e names another' -p 22 -e lo fe80::1%eth0
	refused 64 leave -p 22 --exclude 198.18.0.0/24 $linux
	refused 64 nosuch.test -p 22 --strict-targets $linux nosuch.test
	refused 64 nosuch.test -p 22 nosuch.test
	refused 64 nobody.test -p 22 nobody.test
	refused 64 six.test -4 -p 22 six.test
	# "files" knows it not, and there is no name server.
	echo 'hosts: files dns' >"$work/nsswitch"
	printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' >"$work/resolv"
	refused 69 nosuch.test -p 22 nosuch.test
	echo 'hosts: files' >"$work/nsswitch"
}

check_cannot_create() {
	echo precious >"$work/old"
	refused 73 /nosuch/x.xml -p 22 -oN "$work/old" -oX /nosuch/x.xml -oG "$work/new" $linux
	ok 'an output there before is not emptied' [ "$(cat "$work/old")" = precious ]
	ok 'an output of a scan that never was is not left' [ ! -e "$work/new" ]
	refused 73 "$work" -p 22 -oD "$work" $linux
	refused 73 "$work/no/base.nmap" -p 22 -oA "$work/no/base" $linux
	mkdir -p "$work/base.gnmap"
	refused 73 base.gnmap -p 22 -oA "$work/base" $linux
	# Two outputs to one file, and one that is a list that is read: nothing is emptied.
	refused 64 'two outputs' -p 22 -oX "$work/twice" -oG "$work/twice" $linux
	ln -sf old "$work/link"
	refused 64 'two outputs' -p 22 -oX "$work/old" -oG "$work/link" $linux
	refused 64 'two outputs want standard output' -p 22 -oX /dev/stdout -oG - $linux
	echo $linux >"$work/list"
	echo 198.18.0.11 >"$work/never"
	refused 64 'is a list that is read' -p 22 -iL "$work/list" -oN "$work/list"
	refused 64 'is a list that is read' -p 22 -iL "$work/list" --exclude-file "$work/never" -oG "$work/never"
	same 'the lists are as they were' "$linux 198.18.0.11" "$(cat "$work/list") $(cat "$work/never")"
	ok 'the output there before, too' [ "$(cat "$work/old")" = precious ]
	refused 64 'begins with "-"' -p 22 -oX -sV $linux
	ok 'of -oA nothing is left either' [ "$(echo "$work"/base.*)" = "$work/base.gnmap" ]
}

check_permission() {
	# shellcheck disable=SC2016
	unshare --user --map-root-user --pid --fork --mount-proc sh -c '
		echo 0 >/proc/sys/user/max_user_namespaces
		exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$0" --possible
	' "$here/private.sh" >"$out" 2>"$err"
	same 'root without namespaces: exit status' 77 $?
	ok 'root without namespaces: says what unshare said' says 'unshare failed' "$err"
	ok 'root without namespaces: no advice to be root' lacks 'not root' "$err"
	as=$bare
	for letter in S F N X A W M; do
		refused 77 CAP_NET_RAW "-s$letter" -p 22 $linux
	done
	refused 77 ttl --technique ttl -p 22 $linux
	refused 77 CAP_NET_RAW --engine frames -sU -p 22 $linux
	as=
}

check_interface() {
	ip link add down0 type veth peer name down1
	for technique in S T U; do
		refused 69 nosuch0 -s$technique -e nosuch0 -p 22 $linux
		refused 69 'down0 is down' -s$technique -e down0 -p 22 $linux
		refused 69 nosuch0 -s$technique -p 22 fe80::1%nosuch0
	done
	ip link set down0 up
	refused 69 'down0 has no carrier' -sT -e down0 -p 22 $linux
	refused 69 'down0 has no carrier' -sS -e down0 -p 22 $linux
	refused 69 198.18.0.77 -sS -S 198.18.0.77 -p 22 $linux
	ip link delete down0
}

check_technique() {
	before=$(left)
	scan -p 22 $linux 127.0.0.1
	ok 'the packets of a scan would have been seen' [ "$(left)" -ge $((before + 3)) ]
	scan -p 22 $linux
	ok 'privileged: says SYN by frames, and why' grep -q \
		'^portlight: engine frames (CAP_NET_RAW is there), technique syn;' "$err"
	as=$bare
	scan -p 22 $linux
	ok 'not privileged: says connect by sockets, and why' grep -q \
		'^portlight: engine sockets (no CAP_NET_RAW.*), technique connect;' "$err"
	ok 'not privileged: scans' says '22/tcp  open' "$out"
	scan -sU -p 7,24 $linux
	ok 'not privileged: UDP' grep -q '^24/udp *closed' "$out"
	as=
	scan -sS -Pn -PN -P0 -n --randomize-hosts --system-dns --no-stylesheet --noninteractive -p 22 $linux
	ok "nmap's habits that change nothing here" says '22/tcp  open' "$out"
	scan -sS -p T:22,U:53 $linux
	ok 'U: without -sU is reported' says 'U:' "$err"
	scan -sS -p 22,23 --json $linux
	ports_in "$out" >"$work/short"
	scan scan -sS -p 22,23 --json $linux
	ports_in "$out" >"$work/long"
	ok '-sS without a subcommand' cmp "$work/short" "$work/long"
	ok '-sS finds' says "$linux tcp 22 open" "$work/short"
	for timing in 0 1 2; do
		scan -T$timing -p 22 $linux
		ok "-T$timing starts" says '22/tcp  open' "$out"
	done
	for address in $linux $linux/32 $linux6; do
		scan $address -p 22
		ok "$address without a subcommand" says '22/tcp  open' "$out"
	done
	scan localhost -p 22
	ok 'a word that resolves is a target' says 'portlight report for localhost' "$out"
	refused 64 '"linux" is not a command (see portlight --help), and not a host: ' linux -p 22
	refused 64 'there is no command "wacth"; did you mean watch?' wacth
	refused 64 'there is no command "linux"; see portlight --help' help linux
	scan version
	ok 'version is a command' [ "$(cat "$out")" = "$("$PORTLIGHT" --version)" ]
	scan help watch
	ok 'help explains a command' says 'usage: portlight watch' "$out"
	before=$(left)
	scan -sL 198.18.0.10-12
	ok '-sL lists' [ "$(tr '\n' ' ' <"$out")" = '198.18.0.10 198.18.0.11 198.18.0.12 ' ]
	ok '-sL sends nothing' [ "$(left)" = "$before" ]
}

# What a target word comes to, by -sL.
targets_are() { # what, addresses, arguments...
	what=$1 want=$2
	shift 2
	scan -sL "$@"
	ok "$what" [ "$(tr '\n' ' ' <"$out")" = "$want " ]
}

check_targets() {
	# A link-local target: its interface by name or by number, and in every result.
	device=$(ip -o -6 route get $linux6 | sed 's/.* dev \([^ ]*\) .*/\1/')
	number=$(ip -o link show "$device" | cut -d: -f1)
	near=$(ip -n linux -o -6 addr show scope link | sed -n 's/.* \(fe80:[0-9a-f:]*\).*/\1/p' | head -n 1)
	for zone in "$device" "$number"; do
		scan -p 22 -oX "$work/near.xml" -oG "$work/near.gnmap" -oD "$work/near.ndjson" "$near%$zone"
		ok "link-local target, %$zone: the table" says "report for $near%$device" "$out"
		ok "link-local target, %$zone: XML" says "addr=\"$near%$device\"" "$work/near.xml"
		ok "link-local target, %$zone: grepable" says "Host: $near%$device (" "$work/near.gnmap"
		same "link-local target, %$zone: NDJSON" "$device $device" \
			"$(jq -r 'select(.ip) | .zone' "$work/near.ndjson" | tr '\n' ' ' | sed 's/ $//')"
	done
	ln -s not-there-yet "$work/dangling"
	scan -p 22 -oX "$work/dangling" $linux
	ok 'a dangling symbolic link as output' is_xml "$work/not-there-yet"
	scan -p 22 -oX /dev/stdout $linux
	ok '/dev/stdout is standard output' is_xml "$out"
	# shellcheck disable=SC2094 # that is what is tried
	timeout 60 "$PORTLIGHT" -p 22 -oX "$out" $linux >"$out" 2>"$err"
	same 'standard output and an output are one file: exit status' 64 $?
	scan -q -p 22 -oD "$work/%Y-%H%%-%q.json" $linux
	ok '-q: nothing on standard error' [ ! -s "$err" ]
	ok '-q: scans' says '22/tcp  open' "$out"
	ok 'the time in the name of an output' is_ndjson "$(echo "$work"/20[2-9][0-9]-[0-2][0-9]%-q.json)"
	printf 'both.test\nnosuch.test\nagain.test\nnobody.test\n' >"$work/list"
	scan -p 22 -iL "$work/list" -oX "$work/names.xml" -oG "$work/names.gnmap" -oD "$work/names.ndjson"
	same 'names without an address: exit status' 64 "$status"
	ok 'names without an address: the others are scanned' says '22/tcp  open' "$out"
	ok 'names without an address: each is a warning' says 'list:2: cannot resolve "nosuch.test"' "$err"
	ok 'names without an address: 0.0.0.0 is one' says '"nobody.test" resolves to 0.0.0.0' "$err"
	ok 'names without an address: counted' says '2 names did not resolve and were not scanned' "$err"
	same 'two names of one address: both are in the XML' 'both.test again.test ' \
		"$(sed -n 's/.*hostname name="\([^"]*\)".*/\1/p' "$work/names.xml" | tr '\n' ' ')"
	ok 'two names of one address: the XML is valid' is_xml "$work/names.xml"
	for file in names.gnmap names.ndjson out; do
		ok "two names of one address: $file" grep -q 'both.test.*again.test\|^Other names: again.test' "$work/$file"
	done
	targets_are 'a name: its IPv4 address' $linux both.test
	ok 'a name: its other address is reported' says $linux6 "$err"
	targets_are 'a name, -4' $linux -4 both.test
	targets_are 'a name, -6' $linux6 -6 both.test
	targets_are 'a name, -4 -6' "$linux $linux6" -4 -6 both.test
	targets_are 'a name with IPv6 alone' 2001:db8:18::11 six.test
	targets_are '0.0.0.0 is left out of a range' '0.0.0.1' 0.0.0.0/31
	targets_are 'a network around a name' '198.18.0.8 198.18.0.9 198.18.0.10 198.18.0.11' both.test/30
	scan -sS -p 22 --json -6 both.test
	ports_in "$out" >"$work/ports"
	ok 'a scan by name' says "$linux6 tcp 22 open" "$work/ports"
	printf '%s # one\n\n%s\n' $linux 198.18.0.11 >"$work/list"
	input=$work/list
	targets_are '-iL -' '198.18.0.10 198.18.0.11' -iL -
	targets_are '-iL - and a word, an exclude' "$linux 198.18.0.14" -iL - 198.18.0.14 \
		--exclude six.test,198.18.0.11
	input=/dev/null
	targets_are '-iL FILE' '198.18.0.10 198.18.0.11' -iL "$work/list"
}

check_who_gets_packets() {
	echo 198.18.0.12 >"$work/never"
	for technique in S T U; do
		scan -s$technique -p 22,24 --json --max-retries 0 198.18.0.10-13 both.test six.test -6 \
			--exclude six.test,198.18.0.11 --exclude-file "$work/never"
		ok "-s$technique scans what is not excluded" says '"ip":"198.18.0.10"' "$out"
		ok "-s$technique names nothing excluded" lacks '198.18.0.1[12]"' "$out"
	done
	ok 'what is excluded gets no packet, not even ARP' [ "$(counted switch netdev excluded)" = 0 ]
	scan -sS -p 22 198.18.0.12
	ok 'such packets would be seen' [ "$(counted switch netdev excluded)" -gt 0 ]

	reset_linux
	scan -sS -p 20-90,443,8080 $linux $linux6
	ok 'half-open: four ports of each family answer' [ "$(at_linux syn_ack)" = 8 ]
	ok 'half-open: a RST for every SYN+ACK' [ "$(at_linux rst)" = 8 ]

	reset_linux
	scan -sS -g 4242 -p 1-100 --json $linux
	scan -sU -g 4242 -p 7,24 --json $linux $linux6
	ok '-g: every packet is from that port' between 104 "$(at_linux fixed)" 120
	ok '-g: no packet is from another' [ "$(at_linux others)" = 0 ]
	ports_in "$out" >"$work/ports"
	ok '-g: answers are understood' says "$linux6 udp 24 closed" "$work/ports"
}

# Open ports: a line "port state" each for the one address scanned.
own_ports() { # what, lines wanted, arguments...
	what=$1 want=$2
	shift 2
	scan -p 61440-65535 --json "$@"
	jq -r 'select(.type == "port") | "\(.port) \(.state)"' "$out" | sort >"$work/ports"
	ok "own source ports: $what" [ "$(tr '\n' ' ' <"$work/ports")" = "$want" ]
	ok "own source ports: $what: all have a verdict" \
		[ "$(jq -s 'map(select(.type == "host").results) | add' "$out")" = 4096 ]
}

# A probe from a port to the same one, or to one that another probe came from, is no answer.
check_own_ports() {
	"$LAB_SERVER" tcp 61500 65000 udp-echo 62000
	for self in 127.0.0.1 ::1 198.18.0.1; do
		own_ports "SYN $self" '61500 open 65000 open ' -sS $self
		own_ports "UDP $self" '62000 open ' -sU $self
		own_ports "ACK $self" '' -sA $self
		own_ports "FIN $self" '61500 open|filtered 65000 open|filtered ' -sF $self
		scan -sS -g 61500 -p 61500,61501 --json $self
		ok "own source ports: -g and the same port of $self" \
			[ "$(ports_in "$out" | cut -d' ' -f 3- | tr '\n' ' ')" = '61500 open 61501 closed ' ]
		scan -sU -g 62001 -p 62001 --json $self
		ok "own source ports: -g and the same UDP port of $self" \
			[ "$(ports_in "$out" | cut -d' ' -f 3-)" = '62001 closed' ]
	done
}

open_and_closed() { # what, file, addresses...: 22 is open on each of them, 23 closed
	what=$1 file=$2
	shift 2
	for address; do
		echo "$address tcp 22 open"
		echo "$address tcp 23 closed"
	done | sort >"$work/want"
	ports_in "$file" >"$work/ports"
	ok "$what" diff "$work/want" "$work/ports"
}

check_interfaces() {
	set -- 127.0.0.1 ::1 $linux $linux6 198.18.1.10 198.18.0.1
	local6=$(ip -n linux -6 -j address show dev eth0 scope link |
		jq -r '.[].addr_info[] | select(.family == "inet6") | .local')
	for technique in S T; do
		scan -s$technique -p 22,23 --json "$@"
		open_and_closed "-s$technique: loopback, on-link, routed, both families" "$out" "$@"
		scan -s$technique -p 22,23 --json "$local6%eth0"
		open_and_closed "-s$technique: link-local with its zone" "$out" "$local6"
	done
	if ! (: <>/dev/net/tun) 2>/dev/null; then
		skip 'a tun link: /dev/net/tun is not there or not ours to open'
		return
	fi
	timeout 60 /usr/bin/python3 "$here/tun_cable.py" wire0 linux >"$work/cable" 2>&1 &
	cable=$!
	wait_until grep -q ready "$work/cable"
	for end in 1 2; do
		space='-n linux'
		[ $end = 1 ] && space=''
		# shellcheck disable=SC2086
		for step in "address add 198.18.5.$end/30 dev wire0" \
			"-6 address add 2001:db8:5::$end/64 dev wire0 nodad" 'link set wire0 up'; do
			ip $space $step
		done
	done
	scan -sS -p 22,23 --json 198.18.5.2 2001:db8:5::2 $linux 127.0.0.1
	ok 'tun: by frames' says 'engine frames' "$err"
	open_and_closed 'tun and other links together' "$out" 198.18.5.2 2001:db8:5::2 $linux 127.0.0.1
	kill $cable
	wait $cable 2>/dev/null
}

check_shards() {
	scan -sS -p 1-300,443 --seed 7 --json --all-ports $linux 198.18.0.11
	ports_in "$out" >"$work/whole"
	: >"$work/parts"
	for part in 1 2 3; do
		scan -sS -p 1-300,443 --seed 7 --shard $part/3 --json --all-ports $linux 198.18.0.11
		ports_in "$out" >>"$work/parts"
		ok "shard $part/3 is a third" between 195 "$(ports_in "$out" | wc -l)" 206
	done
	sort "$work/parts" >"$work/union"
	ok 'the shards make the whole' cmp "$work/whole" "$work/union"
	ok 'the whole is all' [ "$(wc -l <"$work/whole")" = 602 ]
}

# The cap against what came, over the time the scan says it took.
check_rate() {
	for technique in S T; do
		reset_linux
		scan -s$technique -p 1-1200 --max-rate 500 --json $linux
		count=$(at_linux syn)
		most=$(($(summary .elapsed_us "$out") * 6 / 10000 + 20)) # 1.2 times 500 a second
		ok "-s$technique --max-rate 500: all went" between 1200 "$count" 1300
		ok "-s$technique --max-rate 500 is kept" between 1 "$count" "$most"
	done
}

check_outputs() {
	scan -sS -p 22,23 --json $linux
	ok '--json: standard output is pure NDJSON' is_ndjson "$out"
	ok '--json: the rest is on standard error' grep -q '^portlight: engine' "$err"
	ok '--json: a run, its targets, two ports, a host, a summary' \
		[ "$(jq -r .type "$out" | sort | tr '\n' ' ')" = 'host port port run summary targets ' ]
	scan -sS -p 22,23 $linux -oX "$work/x" -oG "$work/g" -oD "$work/d" -oN -
	ok 'several outputs: XML' is_xml "$work/x"
	ok 'several outputs: grepable' grep -q '22/open/tcp' "$work/g"
	ok 'several outputs: NDJSON' is_ndjson "$work/d"
	ok 'several outputs: - is standard output' grep -q '^22/tcp *open' "$out"
	scan -sS -p 22,23 $linux -oX - -oN "$work/n"
	ok '-oX -: nothing but XML on standard output' is_xml "$out"
	ok '-oN at the same time' grep -q '^22/tcp *open' "$work/n"
	# The only difference is the scanner: the lines "Nmap ... scan initiated ... as: ...".
	nmap -n -6 -sS -p 22,23,80 $linux6 -oX "$work/nmap6" >/dev/null 2>&1
	nmap -n -sS -p 22,23,80 $linux 198.18.1.10 -oX "$work/nmap4" >/dev/null
	scan -sS -p 22,23,80 $linux6 -oX "$work/x6"
	scan -sS -p 22,23,80 $linux 198.18.1.10 -oX "$work/x4"
	for family in 4 6; do
		ndiff "$work/nmap$family" "$work/x$family" >"$work/ndiff"
		ok "compared with nmap, IPv$family: ndiff compares" lines 2 "$work/ndiff"
		ok "compared with nmap, IPv$family: no host differs" \
			[ "$(grep -c '^[-+]Nmap .* scan initiated' "$work/ndiff")" = 2 ]
	done
	scan -sS -p 22,23 $linux -oA "$work/all"
	ok '-oA: the table is on standard output still' grep -q '^22/tcp *open' "$out"
	ok '-oA: NDJSON' is_ndjson "$work/all.ndjson"
	ok '-oA: XML' is_xml "$work/all.xml"
	ok '-oA: grepable' grep -q '22/open/tcp' "$work/all.gnmap"
	ok '-oA: normal' grep -q '^22/tcp *open' "$work/all.nmap"
	echo precious >"$work/old"
	scan -p 22 -oN "$work/old" $linux
	ok 'a file there before is emptied first' lacks precious "$work/old"
	{
		timeout 60 "$PORTLIGHT" -sT -p- --json --all-ports 127.0.0.1 2>"$err"
		echo $? >"$work/status"
	} | head -n 1 >"$out"
	ok '| head -1: 128 + SIGPIPE' [ "$(cat "$work/status")" = 141 ]
	ok '| head -1: ends quietly' lines 1 "$err"
	ok '| head -1: has its line' is_ndjson "$out"
}

# Notes on standard error are wrapped to the width there is; errors are one line of any length.
check_notes() {
	env -u COLUMNS timeout 60 "$PORTLIGHT" -vv -sS -p 22,24 $linux >"$out" 2>"$err"
	ok 'notes: 80 columns in a pipe' lacks '.\{81\}' "$err"
	ok 'notes: the rest of a note is indented' says '           probes' "$err"
	same 'notes: nothing is lost' 'portlight: engine frames (CAP_NET_RAW is there), technique syn; 1 address, 2 probes' \
		"$(sed '/^Discovered/,$d' "$err" | tr -s '\n ' '  ' | sed 's/ $//')"
	COLUMNS=60 timeout 60 "$PORTLIGHT" -vv -sS -p 22,24 $linux >"$out" 2>"$err"
	ok 'notes: COLUMNS' lacks '.\{61\}' "$err"
	# A terminal of 50 columns says more than COLUMNS does.
	script -qec "stty cols 50; exec timeout 60 $PORTLIGHT -vv -sS -p 22,24 $linux >/dev/null" \
		/dev/null >"$err" </dev/null
	ok 'notes: on a terminal' lacks '.\{52\}' "$err"
	ok 'notes: on a terminal, its width' grep -q '.\{40\}' "$err"
	env -u COLUMNS timeout 60 "$PORTLIGHT" --technique "$(printf 'x %040d' 7)" $linux >"$out" 2>"$err"
	ok 'an error is one line' lines 1 "$err"
	ok 'an error is one line, though longer than 80 columns' grep -q '.\{81\}' "$err"
}

slow='-sS -p 1-150 --max-rate 100'

check_progress() {
	# shellcheck disable=SC2086
	scan $slow $linux
	ok 'in a pipe: no progress' lacks '% done' "$err"
	ok 'in a pipe: not one escape sequence' lacks "$(printf '\033')" "$out"
	# shellcheck disable=SC2086
	scan $slow --stats-every 200ms $linux
	ok '--stats-every: lines' between 3 "$(grep -c '^portlight: .*% done' "$err")" 90
	ok '--stats-every: nothing rewritten' lacks "$(printf '\r')" "$err"
	export TERM=xterm
	for quiet in '' NO_COLOR=1; do
		# shellcheck disable=SC2016,SC2086
		timeout 60 env $quiet script -qec "'$PORTLIGHT' $slow $linux" /dev/null \
			</dev/null >"$out" 2>"$err"
		# The terminal makes \n into \r\n: what is rewritten has \r without \n.
		ok "on a terminal${quiet:+, $quiet}: progress" grep -q '% done' "$out"
		ok "on a terminal${quiet:+, $quiet}: one line of it" \
			[ "$(grep -c '% done' "$out")" = 1 ]
		ok "on a terminal${quiet:+, $quiet}: rewritten" between 3 \
			"$(tr '\r' '\n' <"$out" | grep -c '% done')" 90
		ok "on a terminal${quiet:+, $quiet}: taken away in the end" grep -q \
			"$(printf '\r\033\\[Kportlight report')" "$out"
		colours=$(grep -c "$(printf '\033\\[[0-9;]*m')" "$out")
		if [ -z "$quiet" ]; then
			ok 'on a terminal: colours' [ "$colours" -gt 0 ]
		else
			ok 'NO_COLOR: none' [ "$colours" = 0 ]
		fi
	done
}

gone() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.Z' "/proc/$1/status"; }
syn_passed() { [ "$(at_linux syn)" -ge "$1" ]; }
milliseconds() { awk '{ print int($1 * 1000) }' /proc/uptime; } # no clock that is set meanwhile

# Starts a scan with every output in the background and waits until that many SYNs were received: $scanner.
begin() { # SYNs, arguments...
	least=$1
	shift
	rm -f "$work"/cut.*
	reset_linux
	"$PORTLIGHT" "$@" -oA "$work/cut" >"$out" 2>"$err" &
	scanner=$!
	wait_until syn_passed "$least"
}

# Waits for its end, $status and $took (ms), kills it if that never comes.
finish() {
	since=$(milliseconds)
	wait_until gone $scanner || kill -KILL $scanner
	wait $scanner
	status=$?
	took=$(($(milliseconds) - since))
}

stopped_well() { # what
	ok "$1: exit 75" [ "$status" = 75 ]
	ok "$1: XML is whole" is_xml "$work/cut.xml"
	ok "$1: NDJSON is whole" is_ndjson "$work/cut.ndjson"
	ok "$1: is marked partial" [ "$(summary .partial "$work/cut.ndjson")" = true ]
	ok "$1: XML says so" grep -q 'exit="error"' "$work/cut.xml"
	ok "$1: grepable says so" says 'stopped early' "$work/cut.gnmap"
	ok "$1: the table says so" says partial "$out"
	ok "$1: nothing that was not asked has a verdict" lacks filtered "$work/cut.ndjson"
	ok "$1: what was answered is there" between 50 \
		"$(jq -r 'select(.type == "host").results' "$work/cut.ndjson")" 3000
}

check_signals() {
	# Each port answers at once; a round trip may take a second, and so long is waited at the end.
	long='-sS -p 2001-7000 --max-rate 200 --min-rtt-timeout 1s'
	# shellcheck disable=SC2086
	begin 100 $long $linux
	kill -INT $scanner
	then=$(at_linux syn)
	finish
	stopped_well 'Ctrl-C once'
	ok 'Ctrl-C once: sends no more' between 0 $(($(at_linux syn) - then)) 60
	ok 'Ctrl-C once: drains' [ $took -ge 700 ]
	# Were it to drain, it would outlive the 30 s of finish.
	begin 100 -sS -p 2001-7000 --max-rate 200 --min-rtt-timeout 60s \
		--max-rtt-timeout 60s $linux
	# Both are there before it runs again.
	kill -STOP $scanner
	kill -INT $scanner
	kill -TERM $scanner
	kill -CONT $scanner
	finish
	stopped_well 'Ctrl-C twice'
	begin 50 -sS -p 2001-2300 --max-rate 200 $linux
	kill -HUP $scanner
	finish
	ok 'a hang-up stops it' [ "$status" = 75 ]
	rm -f "$work"/cut.*
	reset_linux
	nohup "$PORTLIGHT" -sS -p 2001-2300 --max-rate 200 -oA "$work/cut" $linux >"$out" 2>"$err" &
	scanner=$!
	wait_until syn_passed 50
	kill -HUP $scanner
	finish
	ok 'under nohup it does not' [ "$status" = 0 ]
	begin 1 -T0 -sS -p 22,23 $linux
	kill -TERM $scanner
	finish
	ok 'a scan with minutes between two probes stops as well' [ "$status" = 75 ]
	# 16,384 neighbours that are not there: asking for them takes seconds.
	way=$(ip -o route get $linux | sed 's/.* dev \([^ ]*\).*/\1/')
	ip route add 198.18.64.0/18 dev "$way" src 198.18.0.1
	rm -f "$work"/cut.*
	: >"$err" # or we might read what the run before said
	"$PORTLIGHT" -sS -p 22 198.18.64.0/18 -oA "$work/cut" >"$out" 2>"$err" &
	scanner=$!
	wait_until says 'engine frames' "$err"
	kill -INT $scanner
	finish
	ip route del 198.18.64.0/18
	ok 'Ctrl-C while asking for neighbours: exit 75' [ "$status" = 75 ]
	ok 'Ctrl-C during neighbour resolution: an unresolved host is not down' \
		[ "$(summary '.hosts.down, .probes.sent' "$work/cut.ndjson" | tr '\n' ' ')" = '0 0 ' ]
}

check_full_disk() {
	for path in /dev/full "$work/tiny/x"; do
		mkdir -p "$work/tiny" && mount -t tmpfs -o size=16k tmpfs "$work/tiny"
		for option in -oN -oX -oG -oD; do
			scan -sS -p 1-2000 --all-ports $option "$path" -oA "$work/good" $linux
			ok "full disk, $option $path: exit 74" [ "$status" = 74 ]
			ok "full disk, $option $path: one line names it" \
				[ "$(grep -c "cannot write to \"$path\"" "$err")" = 1 ]
			ok "full disk, $option $path: no other" lines 2 "$err"
			[ "$path" = /dev/full ] || ok "full disk, $option: what fits is saved" [ -s "$path" ]
			[ $option != -oD ] && ok "full disk, $option: the NDJSON output is complete" \
				is_ndjson "$work/good.ndjson"
			[ $option != -oD ] && ok "full disk, $option: and says that it is not all" \
				[ "$(summary '"\(.stopped_why) \(.partial)"' "$work/good.ndjson")" = \
				'failed true' ]
			[ $option != -oX ] && ok "full disk, $option: the XML output is complete" \
				is_xml "$work/good.xml"
		done
		umount "$work/tiny"
	done
	timeout 60 "$PORTLIGHT" -sS -p 22 $linux >/dev/full 2>"$err"
	ok 'standard output on a full disk: exit 74' [ $? = 74 ]
	ok 'standard output on a full disk: named' says 'standard output' "$err"
	timeout 60 "$PORTLIGHT" -sL $linux >/dev/full 2>"$err"
	ok '-sL on a full disk: exit 74' [ $? = 74 ]
	timeout 60 "$PORTLIGHT" -sS -p 22 $linux >&- 2>"$err"
	ok 'standard output closed: exit 74' [ $? = 74 ]
	timeout 60 "$PORTLIGHT" -sS -p 22 -oX "$work/closed.xml" $linux <&- >"$out" 2>&-
	ok 'standard error closed: exit 0' [ $? = 0 ]
	ok 'standard error closed: nothing but XML in the file' is_xml "$work/closed.xml"
}

# Names of our own, for this process's view of the file system alone.
own_names() {
	printf '127.0.0.1 localhost\n%s both.test\n%s both.test\n2001:db8:18::11 six.test\n%s again.test\n0.0.0.0 nobody.test\n' \
		$linux $linux6 $linux >"$work/hosts"
	echo 'hosts: files' >"$work/nsswitch"
	: >"$work/resolv"
	for file in hosts:hosts nsswitch:nsswitch.conf resolv:resolv.conf; do
		mount --bind "$work/${file%:*}" "$(realpath "/etc/${file#*:}")" || return
	done
}

ok 'names of our own' own_names
ok 'packets are counted' count_packets
sections words notes lists cannot_create permission interface technique targets who_gets_packets \
	own_ports interfaces shards rate outputs progress signals full_disk
conclude
