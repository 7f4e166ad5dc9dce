#!/bin/sh
# local_rules_check: rules of this machine: packet filter, address translation, IPsec, queue filters.
#
# usage: tests/net/local_rules_check.sh [SECTION...]     BUILD names the build directory
# Probes must be treated as the kernel's own packets are: refused, redirected, counted by the rules;
# and a port that no probe was sent to has no verdict.
. "$(dirname "$0")/suite.sh"
need jq nft tc tcpdump
show='why stderr json'

# Us 198.18.0.1 and 2001:db8:18::1 on up0, the target .2 and ::2; 198.18.5.0/24 leads there, too.
build() {
	ip netns add target || return
	sysctl -q net.ipv6.conf.default.accept_dad=0
	ip netns exec target sysctl -q net.ipv6.conf.default.accept_dad=0 \
		net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
	ip link add up0 type veth peer name down0 netns target
	ip addr add 198.18.0.1/24 dev up0
	ip addr add 2001:db8:18::1/64 dev up0 nodad
	ip -n target addr add 198.18.0.2/24 dev down0
	ip -n target addr add 198.18.5.2/24 dev down0
	ip -n target addr add 2001:db8:18::2/64 dev down0 nodad
	ip -n target link set lo up
	ip link set up0 up
	ip -n target link set down0 up
	ip route add 198.18.5.0/24 via 198.18.0.2
	ip netns exec target "$LAB_SERVER" tcp 22 80 udp-echo 7
}

rules() { nft flush ruleset && nft -f -; }

# Scans; the report is in $work/json.
scan() { # options of portlight scan...
	timeout --kill-after=5 60 "$PORTLIGHT" scan -oD "$work/json" --max-retries 1 "$@" \
		>"$work/stdout" 2>"$work/stderr" </dev/null
}

# "22/open 81/closed refused-here": the ports of the only host, in order, and that note.
told() {
	jq -rs '[(.[] | select(.type == "port") | "\(.port)/\(.state)"), (.[] |
		select(.type == "host") | .notes[]? | select(. == "refused-here"))] |
		join(" ")' "$work/json"
}

says() { grep -q -- "$1" "$work/stderr"; }

# What came to the target while a command ran: packets of that filter.
arrived() { # filter, command...
	filter=$1
	shift
	dump down0 "$filter"
	"$@"
	# The last packet to be seen: all that was sent before it has come.
	ip netns exec target ping -q -c 1 -W 5 198.18.0.2 >"$work/why" 2>&1
	sleep 0.2
	undump
	grep -c ' > ' "$work/dump"
}

# Rules that do not concern the probes: frames, as before.
check_unconcerned() {
	rules <<-END
		table inet filter {
			chain input {
				type filter hook input priority 0; policy drop
				ct state established,related accept
				iif lo accept
			}
			chain forward {
				type filter hook forward priority 0; policy drop
			}
			chain output {
				type filter hook output priority 0; policy accept
				oif lo accept
				ct state invalid drop
				tcp dport 25 reject
				ip daddr 198.18.7.0/24 drop
				tcp flags & (syn | rst) == syn counter
			}
		}
		table ip nat {
			chain docker {
				iifname != "docker0" tcp dport 80 dnat to 172.17.0.2:80
			}
			chain output {
				type nat hook output priority -100
				ip daddr != 127.0.0.0/8 fib daddr type local jump docker
			}
			chain postrouting {
				type nat hook postrouting priority 100
				ip saddr 172.17.0.0/16 oifname != "docker0" masquerade
			}
		}
	END
	scan -sS -p 22,81 198.18.0.2
	same 'unconcerned: verdicts' '22/open 81/closed' "$(told)"
	ok 'unconcerned: nothing is printed' sh -c "! grep -q 'this machine' '$work/stderr'"
	same 'unconcerned: our own ARP found the neighbour' true \
		"$(jq -r 'select(.type == "host") | .mac != null' "$work/json")"
	same 'unconcerned: the rules saw no SYN of frames' 0 "$(nft -j list chain inet filter output |
		jq '[.. | .counter? | select(.) | .packets] | add')"
}

# All is dropped that does not leave by the tunnel.
check_kill_switch() {
	rules <<-END
		table inet filter {
			chain output {
				type filter hook output priority 0; policy drop
				oif lo accept
				oifname "wg0" accept
			}
		}
	END
	for how in -sS -sA -sU; do
		for target in 198.18.0.2 198.18.5.2 2001:db8:18::2; do
			same "kill switch: nothing comes to $target by $how" 0 "$(arrived \
				'tcp or udp or icmp' scan $how -p 7,22 $target)"
			same "kill switch: no verdict on $target by $how" refused-here "$(told)"
		done
	done
	ok 'kill switch: the rule is named' says 'firewall (nftables: table filter, chain output)'
	ok 'kill switch: the refusal is printed' says 'this machine refused to send probes'
	grep -q 'no probe was sent' "$work/stdout"
	ok 'kill switch: the report says so' $?
	scan -sS -p 22 --engine xdp --max-rate 1000 198.18.0.2
	same 'kill switch: engine xdp does not send around it' 69 $?
}

# Single ports, each in another manner.
check_ports() {
	rules <<-END
		table inet filter {
			chain output {
				type filter hook output priority 0; policy accept
				tcp dport 80 drop
				tcp dport 81 reject
				tcp dport 82 reject with tcp reset
				udp dport 9 drop
				udp dport 10 reject with icmpx admin-prohibited
			}
		}
	END
	for target in 198.18.0.2 2001:db8:18::2; do
		scan -sS -sU -p T:22,80-83,U:7,9-11 $target
		same "ports of $target" '22/open 83/closed 7/open 11/closed refused-here' "$(told)"
		scan -sU --engine sockets -p 7,9-11 $target
		same "UDP ports of $target by sockets" '7/open 11/closed refused-here' "$(told)"
	done
}

# Some packets are refused, not all: they are sent again.
check_limited() {
	rules <<-END
		table inet filter {
			chain output {
				type filter hook output priority 0; policy accept
				tcp flags syn limit rate over 400/second burst 5 packets drop
			}
		}
	END
	scan -sS -p 1-100 --max-rate 300 198.18.0.2
	same 'a limit above our rate: all ports have a verdict' '2 98 null' "$(jq -r \
		'select(.type == "host") | "\(.states.open) \(.states.closed) \(.states.filtered)"' \
		"$work/json")"
}

# A redirected port is what the kernel's own connection finds there.
check_redirected() {
	rules <<-END
		table ip nat {
			chain output {
				type nat hook output priority -100
				ip daddr 198.18.5.2 tcp dport 8080 dnat to 198.18.0.2:80
				ip daddr 198.18.0.1 tcp dport 8080 dnat to 198.18.0.2:80
				ip daddr 198.18.0.1 tcp dport 8081 dnat to 198.18.0.2:81
			}
			chain postrouting {
				type nat hook postrouting priority 100
			}
		}
	END
	scan -sT -p 8080 198.18.5.2
	same 'redirected: by connect' 8080/open "$(told)"
	scan -sS -p 8080,22 198.18.5.2
	same 'redirected: by SYN' '22/open 8080/open' "$(told)"
	scan -sS -p 8080-8082 198.18.0.1
	same 'redirected: ports of our own address' '8080/open 8081/closed 8082/closed' "$(told)"
	scan -sS -p 22 198.18.0.2
	same 'redirected: other ports as before' 22/open "$(told)"
}

# Hosts that are not there, where the kernel resolves neighbours.
check_absent() {
	rules <<-END
		table inet filter {
			chain output {
				type filter hook output priority 0; policy accept
				tcp dport 80 drop
			}
		}
	END
	scan -sS -p 22,80 --initial-rtt-timeout 3s 198.18.0.77
	same 'absent: down' 'down host-unreach' "$(jq -r \
		'select(.type == "host") | "\(.status) \(.reason)"' "$work/json")"
}

check_ipsec() {
	nft flush ruleset
	if ! ip xfrm policy add src 0.0.0.0/0 dst 198.18.5.0/24 dir out action block 2>"$work/why"; then
		skip 'IPsec policies: none in this kernel'
		return
	fi
	same 'IPsec: nothing comes around the policy' 0 "$(arrived 'tcp' scan -sS -p 22 198.18.5.2)"
	same 'IPsec: no verdict' refused-here "$(told)"
	ok 'IPsec: the policy is named' says 'an IPsec policy of this machine'
	scan -sT -p 22 198.18.5.2
	same 'IPsec: no verdict by connect' refused-here "$(told)"
	scan -sS -p 22 198.18.0.2
	same 'IPsec: others as before' 22/open "$(told)"
	ok 'IPsec: nothing is printed of others' sh -c "! grep -q IPsec '$work/stderr'"
	ip xfrm policy flush
	ip xfrm policy add src 0.0.0.0/0 dst 198.18.5.0/24 proto tcp dport 22 dir out action block
	scan -sS -p 22 198.18.5.2
	same 'IPsec by port: refused' 69 $?
	ok 'IPsec by port: with what to do' says 'use -sT'
	scan -sS -p 80 198.18.5.2
	same 'IPsec by port: others as before' 80/open "$(told)"
	ip xfrm policy flush
	# Transport mode, both ways.
	key=0x0123456789abcdef0123456789abcdef
	for end in '' 'ip netns exec target'; do
		for pair in '198.18.0.1 198.18.5.2 0x200' '198.18.5.2 198.18.0.1 0x201'; do
			# shellcheck disable=SC2086
			set -- $pair
			$end ip xfrm state add src "$1" dst "$2" proto esp spi "$3" mode transport \
				enc 'cbc(aes)' $key auth 'hmac(sha256)' $key 2>"$work/why" || {
				skip 'ESP: not in this kernel'
				return
			}
			for dir in in out; do
				$end ip xfrm policy add src "$1" dst "$2" dir $dir \
					tmpl src "$1" dst "$2" proto esp mode transport
			done
		done
	done
	same 'ESP: nothing comes in the clear' 0 "$(arrived 'tcp and dst host 198.18.5.2' \
		scan -sS -p 22,81 198.18.5.2)"
	same 'ESP: verdicts' '22/open 81/closed' "$(told)"
	ip xfrm state flush
	ip xfrm policy flush
	ip -n target xfrm state flush
	ip -n target xfrm policy flush
}

# Filters of the interface's queue, which frames bypass where there is none.
check_queue() {
	nft flush ruleset
	if nft -f - 2>"$work/why" <<-END; then
		table netdev filter {
			chain egress {
				type filter hook egress device "up0" priority 0; policy accept
				tcp dport 80 drop
			}
		}
	END
		same 'egress chain: nothing comes to the port' 0 "$(arrived 'tcp dst port 80' \
			scan -sS -p 22,80,81 198.18.0.2)"
		same 'egress chain: verdicts' '22/open 81/closed refused-here' "$(told)"
		ok 'egress chain: it is named' says 'table filter, chain egress'
	else
		skip 'chains of hook egress: none in this kernel'
	fi
	nft flush ruleset
	if tc qdisc add dev up0 clsact 2>"$work/why" &&
		tc filter add dev up0 egress protocol ip prio 1 u32 \
			match ip dport 80 0xffff match ip protocol 6 0xff action drop 2>"$work/why"; then
		same 'tc: nothing comes to the port' 0 "$(arrived 'tcp dst port 80' \
			scan -sS -p 22,80,81 198.18.0.2)"
		same 'tc: verdicts' '22/open 81/closed refused-here' "$(told)"
		ok 'tc: it is named' says 'traffic control filter'
	else
		skip 'filters of clsact: none in this kernel'
	fi
	tc qdisc del dev up0 clsact 2>/dev/null
}

build
ok 'the network' $?
sections kill_switch ports limited redirected absent ipsec queue unconcerned
conclude
