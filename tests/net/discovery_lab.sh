# discovery_lab: hosts of every kind of shyness, on the scanner's link and behind a router.
#
# Sourced in a private network (suite.sh). On the link of s0, 198.18.0.0/24, and behind the router
# rt, 198.18.1.0/24, there are hosts .1 to .9 by the kinds below, .254 is the router. IPv6 the same
# in 2001:db8:0::/64 and 2001:db8:1::/64. No other address has a host.
#
# kind: plain (all answers), noecho (drops echo requests), rstonly (only RSTs), tsonly (only ICMP
# timestamps), silent (drops all but ARP and NDP), web (only port 443 is answered, by SYN+ACK).
kinds='plain noecho rstonly tsonly silent web'

lab_filter() { # kind
	drop='type filter hook input priority 0'
	keep='meta l4proto ipv6-icmp icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept'
	case $1 in
	plain) return ;;
	noecho) rules='icmp type echo-request drop; icmpv6 type echo-request drop' ;;
	rstonly) rules="$keep; meta l4proto tcp accept; drop" ;;
	tsonly) rules="$keep; icmp type timestamp-request accept; drop" ;;
	silent) rules="$keep; drop" ;;
	web) rules="$keep; tcp dport 443 accept; drop" ;;
	esac
	ip netns exec "$2" nft -f - <<-NFT
		table inet shy {
			chain in {
				$drop;
				$(echo "$rules" | tr ';' '\n')
			}
		}
	NFT
}

# A host of that kind at net.number, on a bridge of the namespace rt.
lab_host() { # name, net, number, kind
	ip netns add "$1" &&
		ip link add "e$1" netns "$1" type veth peer name "$1" netns rt &&
		ip -n rt link set "$1" master "br$2" up &&
		ip -n "$1" link set lo up && ip netns exec "$1" sysctl -q net.ipv6.conf.default.accept_dad=0 \
			"net.ipv6.conf.e$1.accept_dad=0" net.ipv4.icmp_ratelimit=0 &&
		ip -n "$1" link set "e$1" up &&
		ip -n "$1" addr add "198.18.$2.$3/24" dev "e$1" &&
		ip -n "$1" addr add "2001:db8:$2::$3/64" dev "e$1" nodad &&
		ip -n "$1" route add default via "198.18.$2.254" &&
		ip -n "$1" -6 route add default via "2001:db8:$2::fe" &&
		lab_filter "$4" "$1"
}

lab_build() {
	ip netns add rt &&
		ip netns exec rt sysctl -q net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
			net.ipv6.conf.default.accept_dad=0 net.ipv4.icmp_ratelimit=0 &&
		sysctl -q net.ipv6.conf.default.accept_dad=0 &&
		ip link add s0 type veth peer name r0 netns rt &&
		ip -n rt link set lo up || return
	for net in 0 1; do
		ip -n rt link add "br$net" type bridge && ip -n rt link set "br$net" up &&
			ip -n rt addr add "198.18.$net.254/24" dev "br$net" &&
			ip -n rt addr add "2001:db8:$net::fe/64" dev "br$net" nodad || return
	done
	ip -n rt link set r0 master br0 up && ip link set lo up && ip link set s0 up &&
		ip addr add 198.18.0.200/24 dev s0 && ip addr add 2001:db8::c8/64 dev s0 nodad &&
		ip route add default via 198.18.0.254 && ip -6 route add default via 2001:db8::fe ||
		return
	for net in 0 1; do
		number=1
		for kind in $kinds; do
			lab_host "h$net$number" "$net" "$number" "$kind" || return
			number=$((number + 1))
		done
	done
	for net in 0 1; do
		ip netns exec "h${net}6" "$LAB_SERVER" tcp 443 >/dev/null 2>&1 &
		children="$children $!"
	done
}
