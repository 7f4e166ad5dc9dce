/* The detector's near misses among datagrams, link traffic, and what attacks leave behind. */
#include "watch_lab.h"

#include "watch/watch.h"

static void a_resolver(void **state)
{
	struct lab lab, *l = lab_open(&lab);
	struct addr resolver = lab_near(l, 53);

	(void)state;
	for (unsigned n = 0; n < 20000; n++) {
		struct packet p = {
			.has = PACKET_IP | PACKET_UDP,
			.src = resolver,
			.dst = lab_far(l, lab_below(l, 4000)),
			.proto = IPPROTO_UDP,
			.ttl = 64,
			.sport = lab_port(l),
			.dport = 53,
			.payload_bytes = 50,
		};
		unsigned chance = lab_below(l, 100);

		lab_packet(l, &p);
		if (chance >= 92) {
			lab_wait(l, 5 * MS);
			continue; /* no such server any more */
		}
		if (chance >= 88)
			lab_wait(l, 4 * SECOND); /* late: the port is closed by then */
		struct packet answer = p;

		answer.src = p.dst;
		answer.dst = p.src;
		answer.sport = p.dport;
		answer.dport = p.sport;
		lab_packet(l, &answer);
		if (chance >= 88)
			lab_port_unreachable(l, &answer);
		lab_wait(l, 5 * MS);
	}
	lab_silent(l, true);
}

/* Of a capture that shows answers only. Where the errors of closed ports are captured the questions
 * are, too: they go the same way. */
static void answers_without_questions(void **state)
{
	static const uint16_t services[] = {53, 123, 161, 443, 1900, 5353, 3702, 5355, 137};
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned n = 0; n < 9 * 300; n++) {
		struct addr server = lab_far(l, n % 9);

		lab_udp(l, server, lab_near(l, 1), services[n % 9], lab_port(l), SILENT);
		lab_wait(l, 20 * MS);
	}
	lab_silent(l, true);
}

/* Answers that come when the port is closed again: seconds after a question, or a minute after one
 * to a group, and then from other hosts and ports. */
static void answers_that_come_late(void **state)
{
	const struct addr groups[] = {addr_from_v4(0xeffffffa), addr_from_v4(0xffffffff)};
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned n = 0; n < 600; n++) {
		uint16_t port = lab_port(l);

		if (n % 3 == 2)
			lab_udp(l, lab_near(l, 1), lab_far(l, 1), port, 53, SILENT);
		else
			lab_udp(l, lab_near(l, 1), groups[n % 3], port, 1900, SILENT);
		lab_wait(l, n % 3 == 2 ? 12 * SECOND : lab_below(l, 2) ? SECOND : 60 * SECOND);
		if (n % 3 == 2)
			lab_udp(l, lab_far(l, 1), lab_near(l, 1), 53, port, REFUSED);
		for (uint32_t host = 0; n % 3 < 2 && host < 6; host++)
			lab_udp(l, lab_near(l, 10 + host), lab_near(l, 1),
				host & 1 ? lab_port(l) : 27036, port, REFUSED);
	}
	lab_silent(l, true);
}

/* mtr counts the ports up from 33000 as long as it runs; the target refuses what arrives. */
static void a_trace_that_goes_on(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned n = 0; n < 3000; n++) {
		struct packet p = {
			.has = PACKET_IP | PACKET_UDP,
			.src = lab_far(l, 7),
			.dst = lab_near(l, 1),
			.proto = IPPROTO_UDP,
			.ttl = (uint8_t)(1 + n % 4),
			.sport = 14938,
			.dport = (uint16_t)(33000 + n),
			.payload_bytes = 36,
		};

		lab_packet(l, &p);
		lab_port_unreachable(l, &p);
		lab_wait(l, 100 * MS);
	}
	lab_silent(l, true);
}

/* Candidates of ICE that are tried in turns. */
static void candidates_of_a_call(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned n = 0; n < 30; n++) {
		struct packet p = {
			.has = PACKET_IP | PACKET_UDP | PACKET_STUN,
			.src = lab_far(l, 7),
			.dst = lab_near(l, 1),
			.proto = IPPROTO_UDP,
			.ttl = 60,
			.sport = 40000,
			.dport = (uint16_t)(50000 + n),
			.payload_bytes = 88,
		};

		lab_packet(l, &p);
		if (n & 1)
			lab_port_unreachable(l, &p);
		lab_wait(l, 50 * MS);
	}
	lab_silent(l, true);
}

static void ntp_in_both_modes(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned n = 0; n < 4000; n++) {
		uint16_t sport = n & 1 ? 123 : lab_port(l);

		lab_udp(l, lab_near(l, n % 40), lab_far(l, lab_below(l, 30)), sport, 123,
			lab_below(l, 10) ? USED : SILENT);
		lab_wait(l, 500 * MS);
	}
	lab_silent(l, true);
}

/* Hundreds of peers that are gone, on one port and on random ones, and some that are there. */
static void peer_to_peer(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct lab *l = lab_open(&lab);

		l->v6 = i & 1;
		for (uint32_t n = 0; n < 2000; n++) {
			uint16_t port =
				lab_below(l, 4) ? (uint16_t)(1024 + lab_below(l, 60000)) : 6881;
			enum lab_outcome outcome = lab_below(l, 100) < 5 ? USED
						   : n & 1		 ? REFUSED
									 : SILENT;

			if (i & 2)
				lab_udp(l, lab_near(l, 1), lab_far(l, n), 6881, port, outcome);
			else
				lab_connect(l, lab_near(l, 1), lab_far(l, n), lab_port(l), port,
					    outcome);
			lab_wait(l, 200 * MS);
		}
		lab_silent(l, true);
	}
}

/* Peers with a stale address, which belongs to another host now. */
static void peers_of_a_former_tenant(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (uint32_t n = 0; n < 5000; n++) {
		lab_udp(l, lab_far(l, n % 1500), lab_near(l, 1), lab_port(l), 51413, SILENT);
		lab_connect(l, lab_far(l, n % 1500), lab_near(l, 1), lab_port(l), 51413, REFUSED);
		lab_wait(l, 100 * MS);
	}
	lab_silent(l, true);
}

static void traceroutes(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned n = 0; n < 200 * 90; n++) {
		unsigned at = n % 90;
		struct packet p = {
			.has = PACKET_IP | PACKET_UDP,
			.src = lab_near(l, 1),
			.dst = lab_far(l, n / 90),
			.proto = IPPROTO_UDP,
			.ttl = (uint8_t)(1 + at / 3),
			.sport = (uint16_t)(40000 + n / 90),
			.dport = (uint16_t)(33434 + at),
			.payload_bytes = 32,
		};
		struct addr router = lab_far(l, 5000 + at / 3);

		lab_packet(l, &p);
		if (at < 40)
			lab_error(l, &p, &router, 11, 0);
		else
			lab_port_unreachable(l, &p);
		lab_wait(l, 10 * MS);
	}
	lab_silent(l, true);
}

/* From another first port than the usual one: only the errors tell. */
static void a_traceroute_from_another_port(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned n = 0; n < 50 * 42; n++) {
		unsigned at = n % 42;
		struct packet p = {
			.has = PACKET_IP | PACKET_UDP,
			.src = lab_near(l, 1),
			.dst = lab_far(l, n / 42),
			.proto = IPPROTO_UDP,
			.ttl = (uint8_t)(1 + at / 3),
			.sport = (uint16_t)(50000 + n / 42),
			.dport = (uint16_t)(40000 + at),
			.payload_bytes = 32,
		};
		struct addr router = lab_far(l, 5000 + at / 3);

		lab_packet(l, &p);
		/* 13 hops, then the target. */
		if (at < 39)
			lab_error(l, &p, &router, 11, 0);
		else
			lab_port_unreachable(l, &p);
		lab_wait(l, 10 * MS);
	}
	lab_silent(l, true);
}

/* Voice and games: two ports of each peer, for a long time, and sometimes one way only. */
static void voice_and_games(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned one_way = 0; one_way < 2; one_way++) {
		struct lab *l = lab_open(&lab);

		l->one_way = one_way;
		for (unsigned call = 0; call < 40; call++) {
			uint16_t port = (uint16_t)(16384 + lab_below(l, 8000) * 2);

			for (unsigned n = 0; n < 500; n++) {
				lab_udp(l, lab_far(l, call % 8), lab_near(l, call % 3),
					(uint16_t)(port + n % 2), (uint16_t)(port + 100 + n % 2),
					USED);
				lab_wait(l, 20 * MS);
			}
		}
		lab_silent(l, true);
	}
}

/* One caller after the other, of which only the packets to us are seen; each call has its own
 * ports. */
static void streams_seen_inwards_only(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned call = 0; call < 100; call++) {
		uint16_t port = (uint16_t)(16384 + lab_below(l, 8000) * 2);

		for (unsigned n = 0; n < 100; n++) {
			lab_udp(l, lab_far(l, 7), lab_near(l, 1), (uint16_t)(port + n % 2),
				(uint16_t)(port + 100 + n % 2), SILENT);
			lab_wait(l, 20 * MS);
		}
	}
	lab_silent(l, true);
}

/* A firewall drops QUIC; the browser continues over TCP, to the same ports of the same hosts. */
static void quic_that_is_dropped(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct lab *l = lab_open(&lab);

		l->v6 = v6;
		for (uint32_t n = 0; n < 2000; n++) {
			struct addr server = lab_near(l, n % 150);

			lab_udp(l, lab_far(l, 3), server, lab_port(l), 443, SILENT);
			lab_wait(l, 300 * MS);
			lab_connect(l, lab_far(l, 3), server, lab_port(l), 443, USED);
			lab_wait(l, 2 * SECOND);
		}
		lab_silent(l, true);
	}
}

/* A telephone exchange sends reports on each call to a port without a listener, in addition to the
 * call itself (RTCP, on the next port: RFC 3550, 11). Reports without calls are not exempt. */
static void reports_beside_calls(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned calls = 0; calls < 2; calls++) {
		struct lab *l = lab_open(&lab);

		for (uint16_t n = 0; n < 200; n++) {
			uint16_t from = (uint16_t)(16384 + 2 * n);
			uint16_t to = (uint16_t)(10000 + 2 * (n * 37 % 5000));

			if (calls)
				lab_udp(l, lab_near(l, 1), lab_far(l, 9), from, to, USED);
			lab_wait(l, SECOND);
			lab_udp(l, lab_near(l, 1), lab_far(l, 9), (uint16_t)(from + 1),
				(uint16_t)(to + 1), SILENT);
			lab_wait(l, 20 * SECOND);
		}
		lab_finish(l);
		assert_int_equal(l->alerts, !calls);
	}
}

static void link_local_chatter(void **state)
{
	static const uint16_t ports[] = {5353, 1900, 5355, 3702, 137, 138, 67, 17500};
	struct lab lab, *l = lab_open(&lab);
	struct addr groups[] = {addr_from_v4(0xe00000fb),
				addr_from_v4(0xeffffffa),
				addr_from_v4(0xffffffff),
				addr_from_v4(0x0a0100ff),
				{UINT64_C(0xff02000000000000), 0xfb}};

	(void)state;
	for (uint32_t n = 0; n < 20000; n++) {
		struct addr host = lab_near(l, lab_below(l, 100));
		unsigned port = ports[lab_below(l, 8)];

		l->v6 = n % 5 == 4;
		if (l->v6)
			host = (struct addr){UINT64_C(0xfe80000000000000), n % 100 + 1};
		lab_udp(l, host, groups[n % 5], (uint16_t)port, (uint16_t)port, SILENT);
		lab_protocol(l, host, groups[n % 5], n % 5 == 4 ? 58 : 2, SILENT); /* IGMP, MLD */
		/* Neighbour solicitations and advertisements are ICMPv6 135 and 136. */
		struct packet nd = {
			.has = PACKET_IP | PACKET_ICMP | PACKET_NEIGHBOUR,
			.src = {UINT64_C(0xfe80000000000000), n % 7 + 1},
			.dst = {UINT64_C(0xfe80000000000000), n % 100 + 1},
			.proto = IPPROTO_ICMPV6,
			.ttl = 255,
			.icmp_type = (uint8_t)(135 + (n & 1)),
			.neighbour_target = {UINT64_C(0xfe80000000000000), n % 100 + 1},
		};

		lab_packet(l, &nd);
		lab_wait(l, 20 * MS);
	}
	l->v6 = false;
	lab_silent(l, true);
}

/* DHCP relays and clients, RFC 5227 probes and announcements, and a router's own questions: the
 * answers go to it alone and are not seen by us, but those it asks for are heard themselves. */
static void arp_of_an_ordinary_network(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	l->one_way = true;
	for (uint32_t n = 0; n < 4000; n++) {
		struct addr host = lab_near(l, n % 200);

		lab_arp(l, addr_from_v4(0), host, SILENT);
		lab_arp(l, host, host, SILENT);
		lab_arp(l, host, lab_near(l, 253), SILENT);
		lab_arp(l, lab_near(l, 253), host, SILENT);
		lab_wait(l, 900 * MS);
	}
	lab_silent(l, true);
}

/* A router asks for a host that is not there, another one every ten minutes, for days. */
static void arp_for_hosts_that_are_gone(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (uint32_t host = 0; host < 600; host++) {
		lab_arp(l, lab_near(l, 1000), lab_near(l, host), SILENT);
		lab_wait(l, 600 * SECOND);
	}
	lab_silent(l, true);
}

/* A router that restarts sends ARP requests for all hosts at once, each of which was seen
 * before. */
static void arp_of_a_router_that_starts(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	l->one_way = true;
	for (uint32_t host = 0; host < 240; host++)
		lab_arp(l, lab_near(l, host), lab_near(l, host ^ 1), SILENT);
	lab_wait(l, 1800 * SECOND);
	for (uint32_t host = 0; host < 240; host++)
		lab_arp(l, lab_near(l, 250), lab_near(l, host), SILENT);
	lab_silent(l, true);
}

/* Packets from the Internet to a public network make its gateway send ARP requests for every
 * address, all day. Another host that does so is reported. */
static void arp_of_a_gateway(void **state)
{
	const struct addr gateway = addr_from_v4(0x0a0100fb);
	struct ranges gateways = {0};
	struct lab lab, *l = &lab;

	(void)state;
	assert_int_equal(ranges_add(&gateways, gateway, gateway), 0);
	for (unsigned other = 0; other < 2; other++) {
		lab_init(l);
		l->conf.gateways = &gateways;
		lab_begin(l);
		for (uint32_t n = 0; n < 4000; n++) {
			lab_arp(l, other ? lab_near(l, 249) : gateway,
				lab_near(l, lab_below(l, 249)), SILENT);
			lab_wait(l, 500 * MS);
		}
		lab_finish(l);
		assert_int_equal(l->alerts, other);
	}
	ranges_fini(&gateways);
}

/* Answers to packets that another host sent with our addresses as source, and attacks on us. */

static void backscatter_is_no_scan(void **state)
{
	static const uint8_t flags[] = {TCP_SYN | TCP_ACK, TCP_RST | TCP_ACK, TCP_RST, TCP_ACK};
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < 4 * 2; i++) {
		struct lab *l = lab_open(&lab);

		l->v6 = i & 1;
		for (uint32_t n = 0; n < 2000; n++) {
			struct packet p =
				lab_stray(l, lab_far(l, 7), lab_near(l, n),
					  (const uint16_t[]){80, lab_port(l)}, flags[i / 2], 0);

			if (n & 1)
				lab_segment(l, &p, true, TCP_RST, 0);
			lab_wait(l, 50 * MS);
		}
		lab_silent(l, false);
		if (flags[i / 2] == (TCP_SYN | TCP_ACK))
			assert_int_equal(l->seen_actions, BIT(EVENT_BACKSCATTER));
		else
			assert_int_equal(l->seen_actions, 0);
		for (size_t n = 0; n < l->count; n++)
			assert_int_equal(l->told[n].event.ports_total, 0);
	}
}

static void errors_about_what_we_never_sent(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (uint32_t n = 0; n < 5000; n++) {
		struct packet about = lab_tcp(l, lab_near(l, n % 256), lab_far(l, 7), lab_port(l),
					      (uint16_t)lab_random(l));

		lab_error(l, &about, NULL, 3, (uint8_t)(n % 16));
		lab_wait(l, 10 * MS);
	}
	lab_silent(l, true);
}

/* Forged sources: one packet each or several, one port or any, with and without an answer. */
static void floods_of_every_kind(void **state)
{
	static const unsigned rates[] = {20, 90, 400, 5000};
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < 4 * 2 * 3 * 2; i++) {
		struct lab *l = lab_open(&lab);
		unsigned rate = rates[i % 4], few = i / 4 % 2, ports = i / 8 % 3;
		bool refused = i / 24;

		l->gap_ns = 1000;
		for (uint32_t n = 0; n < 20000; n++) {
			uint32_t source = few ? lab_below(l, 2000) : n;
			uint16_t port = ports == 0   ? 80
					: ports == 1 ? (uint16_t)(1 + lab_below(l, 65535))
						     : (uint16_t)(80 + lab_below(l, 4));

			if (few && ports == 1 && rate < 5000)
				continue; /* that is no flood: 2,000 scanners */
			lab_connect(l, lab_far(l, source), lab_near(l, 1), lab_port(l), port,
				    refused ? REFUSED : SILENT);
			lab_wait(l, SECOND / rate);
		}
		lab_silent(l, false);
		assert_int_equal(l->seen_actions & ~BIT(EVENT_SYN_FLOOD), 0);
		if (rate >= 400 && !(few && ports == 1 && rate < 5000))
			assert_int_equal(l->seen_actions, BIT(EVENT_SYN_FLOOD));
	}
}

/* Servers that were made to answer to us: hundreds of them, any port of ours. */
static void amplification_and_reflection(void **state)
{
	static const uint16_t services[] = {53, 123, 161, 389, 1900, 11211, 19, 17, 3283, 5683};
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < 2 * 10; i++) {
		struct lab *l = lab_open(&lab);

		l->gap_ns = 1000;
		for (uint32_t n = 0; n < 20000; n++) {
			lab_udp(l, lab_far(l, lab_below(l, 400)), lab_near(l, 1), services[i / 2],
				i & 1 ? 80 : (uint16_t)(1024 + lab_below(l, 64512)),
				n & 7 ? SILENT : REFUSED);
			lab_wait(l, 500000);
		}
		lab_silent(l, false);
	}
}

static void tcp_reflection(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	l->gap_ns = 1000;
	for (uint32_t n = 0; n < 20000; n++) {
		struct packet p = lab_stray(l, lab_far(l, lab_below(l, 7000)), lab_near(l, 1),
					    (const uint16_t[]){443, (uint16_t)lab_random(l)},
					    TCP_SYN | TCP_ACK, 0);

		lab_segment(l, &p, true, TCP_RST, 0);
		lab_wait(l, 500000);
	}
	lab_silent(l, false);
	assert_int_equal(l->seen_actions & ~BIT(EVENT_REFLECTION), 0);
	assert_int_equal(l->seen_actions, BIT(EVENT_REFLECTION));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_resolver),
		cmocka_unit_test(answers_without_questions),
		cmocka_unit_test(answers_that_come_late),
		cmocka_unit_test(a_trace_that_goes_on),
		cmocka_unit_test(candidates_of_a_call),
		cmocka_unit_test(ntp_in_both_modes),
		cmocka_unit_test(peer_to_peer),
		cmocka_unit_test(peers_of_a_former_tenant),
		cmocka_unit_test(traceroutes),
		cmocka_unit_test(a_traceroute_from_another_port),
		cmocka_unit_test(voice_and_games),
		cmocka_unit_test(streams_seen_inwards_only),
		cmocka_unit_test(quic_that_is_dropped),
		cmocka_unit_test(reports_beside_calls),
		cmocka_unit_test(link_local_chatter),
		cmocka_unit_test(arp_of_an_ordinary_network),
		cmocka_unit_test(arp_of_a_router_that_starts),
		cmocka_unit_test(arp_of_a_gateway),
		cmocka_unit_test(arp_for_hosts_that_are_gone),
		cmocka_unit_test(backscatter_is_no_scan),
		cmocka_unit_test(errors_about_what_we_never_sent),
		cmocka_unit_test(floods_of_every_kind),
		cmocka_unit_test(amplification_and_reflection),
		cmocka_unit_test(tcp_reflection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
