#!/bin/sh
# lab: a private network of real Linux hosts to scan, with every condition a port can be in.
#
# usage: lab.sh run COMMAND [ARGS...]   build the lab, run COMMAND in the scanner host's namespace
#        lab.sh truth                   what is there: host, family, address, how, proto, port,
#                                       condition (what that means to a scan: truth.tsv)
#        lab.sh map                     a drawing of it
#
# Everything lives in namespaces of this run and vanishes with it (private.sh). The scanner host has
# no route to the machine's own interfaces. Addresses: 198.18.0.0/15 (RFC 2544), 2001:db8::/32 (RFC
# 3849). LAB_SERVER names the built tests/net/lab_server; default: the one under build/.
# Inside, `ip netns exec HOST` reaches every host by its name.
set -eu
PATH=$PATH:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")" && pwd)
: "${LAB_SERVER:=$here/../../build/tests/net/lab_server}"

# name, how, last part of its address. Networks: 198.18.0 on-link, 198.18.1 behind the router;
# 2001:db8:18:: and 2001:db8:19:: likewise.
hosts='
linux    onlink 10
windows  onlink 11
oldbsd   onlink 12
wall     onlink 13
lossy    onlink 14
slow     onlink 15
far      routed 10
'
# Addresses where no host is: name, how, IPv4, IPv6.
absent='
dead        onlink 198.18.0.99 2001:db8:18::99
fardead     routed 198.18.1.99 2001:db8:19::99
unknown     routed 198.18.2.1  2001:db8:2a::1
prohibited  routed 198.18.3.1  2001:db8:3a::1
blackhole   routed 198.18.4.1  2001:db8:4a::1
noroute     none   198.19.0.1  2001:db8:ffff::1
'
open_tcp='22 80 443 8080'
closed_tcp='23 25 81 8081'
udp_services='7:echo 53:dns 123:ntp 137:nbns 161:snmp'
silent_udp='9 19'
closed_udp='24 69 520'
slow_udp='31 32 33 34 35 36 37 38'
# What the filter of a host does, by port (TCP and UDP); the router does the same a hundred higher.
# port, IPv4 verdict, IPv6 verdict, in nft's words.
filters='
1001 drop                    drop
1002 tcp-reset               tcp-reset
1003 icmp-net-unreachable    icmpv6-no-route
1004 icmp-host-unreachable   icmpv6-addr-unreachable
1005 icmp-prot-unreachable   icmpv6-policy-fail
1006 icmp-port-unreachable   icmpv6-port-unreachable
1007 icmp-net-prohibited     icmpv6-reject-route
1008 icmp-host-prohibited    -
1009 icmp-admin-prohibited   icmpv6-admin-prohibited
'

address() { # host family: its address
	# shellcheck disable=SC2046 # two words
	set -- "$2" $(printf '%s' "$hosts" | awk -v name="$1" '$1 == name { print $2, $3 }')
	case $1$2 in
	4onlink) echo "198.18.0.$3" ;;
	4routed) echo "198.18.1.$3" ;;
	6onlink) echo "2001:db8:18::$3" ;;
	6routed) echo "2001:db8:19::$3" ;;
	esac
}

each_filter() { # family offset: "port condition" a line
	printf '%s' "$filters" | awk -v family="$1" -v offset="$2" \
		'NF && (c = family == 4 ? $2 : $3) != "-" { print $1 + offset, c }'
}

# The truth, from the same lists that the lab is built from.

row() { printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$@"; }

ports() { # host family address how proto condition ports...
	truth_of="$1 $2 $3 $4 $5" condition=$6
	shift 6
	for port; do row $truth_of "$port" "$condition"; done
}

plain_host() { # host family address how
	ports "$@" tcp open $open_tcp
	ports "$@" tcp closed $closed_tcp
	for service in $udp_services; do ports "$@" udp open "${service%:*}"; done
	ports "$@" udp silent $silent_udp
	ports "$@" udp closed $closed_udp
}

filtered_ports() { # host family address how offset prefix
	each_filter "$2" "$5" | while read -r port condition; do
		row "$1" "$2" "$3" "$4" tcp "$port" "$6$condition"
		[ "$condition" = tcp-reset ] || row "$1" "$2" "$3" "$4" udp "$port" "$6$condition"
	done
}

truth() {
	row host family address how proto port condition
	for family in 4 6; do
		for name in linux far lossy; do
			how=onlink
			[ $name = far ] && how=routed
			plain_host $name $family "$(address $name $family)" $how
		done
		[ $family = 4 ] && lo=127.0.0.1 self=198.18.0.1 || lo=::1 self=2001:db8:18::1
		plain_host lo $family $lo loopback
		filtered_ports lo $family $lo loopback 0 ''
		plain_host self $family $self loopback
		filtered_ports linux $family "$(address linux $family)" onlink 0 ''
		filtered_ports far $family "$(address far $family)" routed 0 ''
		filtered_ports far $family "$(address far $family)" routed 100 path-
		at=$(address windows $family)
		ports windows $family "$at" onlink tcp open-windows $open_tcp
		ports windows $family "$at" onlink tcp closed $closed_tcp
		at=$(address oldbsd $family)
		ports oldbsd $family "$at" onlink tcp open-oldbsd $open_tcp
		ports oldbsd $family "$at" onlink tcp closed-oldbsd $closed_tcp
		at=$(address wall $family)
		ports wall $family "$at" onlink tcp open-stateful 22 80
		ports wall $family "$at" onlink tcp drop 443 23 25
		ports wall $family "$at" onlink udp drop 7 24
		ports slow $family "$(address slow $family)" onlink udp closed $slow_udp
		printf '%s' "$absent" | while read -r name how four six; do
			[ -n "$name" ] || continue
			[ $family = 4 ] && at=$four || at=$six
			row $name $family "$at" $how tcp 22 $name
			# The kernel's IPv4 router names no more than five unknown networks at one go and
			# one a second (net.ipv4.route.error_cost, which no namespace has): one port each.
			case $name in
			unknown | prohibited) ;;
			*) row $name $family "$at" $how tcp 23 $name ;;
			esac
			row $name $family "$at" $how udp 53 $name
		done
	done
}

# The lab itself.

set_sysctl() { # namespace key value; a key an older kernel has not is left alone
	ip netns exec "$1" sysctl -q -w "$2=$3" 2>/dev/null || :
}

# ICMP errors as many as asked for, so that what a scan sees is the rule and not the limit.
unlimit_icmp() {
	set_sysctl "$1" net.ipv4.icmp_ratelimit 0
	set_sysctl "$1" net.ipv4.icmp_ratemask 0
	set_sysctl "$1" net.ipv4.icmp_msgs_per_sec 1000000
	set_sysctl "$1" net.ipv4.icmp_msgs_burst 100000
	set_sysctl "$1" net.ipv6.icmp.ratelimit 0
}

new_space() {
	ip netns add "$1"
	# Addresses are ours alone: usable at once, without a second of duplicate detection.
	set_sysctl "$1" net.ipv6.conf.default.accept_dad 0
	set_sysctl "$1" net.ipv6.conf.default.accept_ra 0
	ip -n "$1" link set lo up
}

# host, namespace that holds the bridge, bridge, IPv4/len, IPv6/len, gateway 4, gateway 6
plug() {
	ip -n "$2" link add "p-$1" type veth peer name eth0 netns "$1"
	ip -n "$2" link set "p-$1" master "$3" up
	ip -n "$1" link set eth0 up
	ip -n "$1" address add "$4" dev eth0
	ip -n "$1" address add "$5" dev eth0 nodad
	[ -z "$6" ] || ip -n "$1" route add default via "$6"
	[ -z "$7" ] || ip -n "$1" -6 route add default via "$7"
}

load() { # host: nft rules from standard input
	ip netns exec "$1" nft -f -
}

serve() { # host
	services=
	for service in $udp_services; do
		services="$services udp-${service#*:} ${service%:*}"
	done
	# shellcheck disable=SC2086
	ip netns exec "$1" "$LAB_SERVER" tcp $open_tcp udp-silent $silent_udp $services
}

# The statements for each_filter's conditions. $1: what comes before (interface or address).
filter_statements() { # match family offset
	[ "$2" = 4 ] && only='meta nfproto ipv4' || only='meta nfproto ipv6'
	each_filter "$2" "$3" | while read -r port condition; do
		case $condition in
		drop) echo "$1 $only th dport $port drop" ;;
		tcp-reset) echo "$1 $only tcp dport $port reject with tcp reset" ;;
		icmp-* | icmpv6-*)
			echo "$1 $only meta l4proto { tcp, udp } th dport $port" \
				"reject with ${condition%%-*} ${condition#*-}"
			;;
		esac
	done
}

filter_host() { # host hook match offset
	load "$1" <<-END
		table inet lab {
			chain filter {
				type filter hook $2 priority 0; policy accept;
				$(filter_statements "$3" 4 "$4")
				$(filter_statements "$3" 6 "$4")
			}
		}
	END
}

# RST to every segment without SYN, from open ports too (what RFC 9293 3.10.7.2 does not say).
build_windows() {
	load windows <<-END
		table inet lab {
			chain filter {
				type filter hook input priority 0; policy accept;
				tcp flags { 0x0, fin, fin | psh | urg, fin | ack } ct state != established \
					reject with tcp reset
			}
		}
	END
}

# Stacks of the 1990s: the RST of an open port has a window and a lower TTL than that of a closed
# one, and FIN+ACK to an open port is dropped (Maimon, Phrack 49-15).
build_oldbsd() {
	set=$(echo "$open_tcp" | tr ' ' ',')
	load oldbsd <<-END
		table inet lab {
			chain filter {
				type filter hook input priority 0; policy accept;
				tcp dport { $set } tcp flags == (fin | ack) ct state != established drop
			}
			chain mangle {
				type filter hook output priority mangle; policy accept;
				tcp sport { $set } tcp flags & rst == rst tcp window set 4096
				meta nfproto ipv4 tcp sport { $set } tcp flags & rst == rst ip ttl set 48
				meta nfproto ipv6 tcp sport { $set } tcp flags & rst == rst \
					ip6 hoplimit set 48
			}
		}
	END
}

# A stateful firewall as people write them: what opens a service passes, all else is dropped.
build_wall() {
	load wall <<-END
		table inet lab {
			chain filter {
				type filter hook input priority 0; policy drop;
				ct state established,related accept
				meta l4proto { icmp, ipv6-icmp } accept
				tcp dport { 22, 80 } tcp flags & (fin | syn | rst | ack) == syn accept
			}
		}
	END
}

# Loses the first copy of each kind of probe and lets the next ones through: a scan
# without retransmissions is wrong about every port, one with them is right about all. Flush the
# sets to start again.
build_lossy() {
	load lossy <<-END
		table inet lab {
			set tcp_4 { typeof tcp dport . tcp flags; flags dynamic; size 65535; }
			set tcp_6 { typeof tcp dport . tcp flags; flags dynamic; size 65535; }
			set udp_4 { typeof udp dport; flags dynamic; size 65535; }
			set udp_6 { typeof udp dport; flags dynamic; size 65535; }
			chain filter {
				type filter hook input priority 0; policy accept;
				ct state established accept
				$(for family in 4 6; do
					match="meta nfproto ipv$family"
					echo "$match tcp dport . tcp flags @tcp_$family accept"
					echo "$match udp dport @udp_$family accept"
					echo "$match add @tcp_$family { tcp dport . tcp flags } drop"
					echo "$match add @udp_$family { udp dport } drop"
				done)
			}
		}
	END
}

build_router() {
	new_space router
	unlimit_icmp router
	ip -n switch link add p-router type veth peer name near netns router
	ip -n switch link set p-router master lan up
	ip -n router link add far type bridge
	for link in near far; do
		ip -n router link set $link up
		# An absent host is known to be absent at once and not after three seconds.
		set_sysctl router net.ipv4.neigh.$link.retrans_time_ms 50
		set_sysctl router net.ipv6.neigh.$link.retrans_time_ms 50
	done
	ip -n router address add 198.18.0.254/24 dev near
	ip -n router address add 2001:db8:18::fe/64 dev near nodad
	ip -n router address add 198.18.1.254/24 dev far
	ip -n router address add 2001:db8:19::fe/64 dev far nodad
	ip -n router route add prohibit 198.18.3.0/24
	ip -n router route add prohibit 2001:db8:3a::/64
	ip -n router route add blackhole 198.18.4.0/24
	ip -n router route add blackhole 2001:db8:4a::/64
	set_sysctl router net.ipv4.ip_forward 1
	set_sysctl router net.ipv6.conf.all.forwarding 1
	filter_host router forward 'iifname near' 100
}

build_scanner() {
	new_space scanner
	plug scanner switch lan 198.18.0.1/24 2001:db8:18::1/64 '' ''
	for net in 198.18.1.0/24 198.18.2.0/24 198.18.3.0/24 198.18.4.0/24; do
		ip -n scanner route add $net via 198.18.0.254
	done
	for net in 2001:db8:19::/64 2001:db8:2a::/64 2001:db8:3a::/64 2001:db8:4a::/64; do
		ip -n scanner -6 route add $net via 2001:db8:18::fe
	done
	unlimit_icmp scanner
	# Absent neighbours are known as absent while a scan still waits, not after three seconds.
	set_sysctl scanner net.ipv4.neigh.eth0.retrans_time_ms 10
	set_sysctl scanner net.ipv6.neigh.eth0.retrans_time_ms 10
	filter_host scanner input 'iifname lo' 0
	serve scanner
}

build() {
	new_space switch
	ip -n switch link add lan type bridge
	ip -n switch link set lan up
	build_router
	printf '%s' "$hosts" | while read -r name how part; do
		[ -n "$name" ] || continue
		new_space "$name"
		case $how in
		onlink) plug "$name" switch lan "198.18.0.$part/24" "2001:db8:18::$part/64" \
			198.18.0.254 2001:db8:18::fe ;;
		routed) plug "$name" router far "198.18.1.$part/24" "2001:db8:19::$part/64" \
			198.18.1.254 2001:db8:19::fe ;;
		esac
		[ "$name" = slow ] || unlimit_icmp "$name"
		serve "$name"
	done
	filter_host linux input '' 0
	filter_host far input '' 0
	build_windows
	build_oldbsd
	build_wall
	build_lossy
	build_scanner
}

map() {
	cat <<-'END'
		                  198.18.0.0/24  2001:db8:18::/64              198.18.1.0/24  2001:db8:19::/64
		 scanner .1 --+-- linux   .10  every filter verdict        +-- far .10  every verdict, its own
		              +-- windows .11  RST from open ports too     |            and the router's
		              +-- oldbsd  .12  RSTs that give ports away   |
		              +-- wall    .13  stateful firewall           |
		              +-- lossy   .14  first copies are lost       |
		              +-- slow    .15  ICMP at the default rate    |
		              +-- router  .254 ----------------------------+
		 no host at .99 of either; the router has no route to 198.18.2.1, prohibits .3.1 and drops
		 packets to .4.1; the scanner has no route to 198.19.0.1. IPv6: 2001:db8:2a::1, 3a::1, 4a::1, ffff::1.
	END
}

case ${1-} in
truth) truth ;;
map) map ;;
run)
	shift
	if [ $# -eq 0 ]; then
		echo 'usage: lab.sh run COMMAND [ARGS...]' >&2
		exit 64
	fi
	if [ ! -x "$LAB_SERVER" ]; then
		echo "lab.sh: $LAB_SERVER is not built (meson compile), or set LAB_SERVER" >&2
		exit 69
	fi
	LAB_SERVER=$LAB_SERVER exec "$here/private.sh" sh "$here/lab.sh" inside "$@"
	;;
inside)
	shift
	build
	exec ip netns exec scanner "$@"
	;;
*)
	sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
	exit 64
	;;
esac
