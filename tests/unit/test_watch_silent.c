/* The detector's near misses: traffic that looks like a scan from one side, and is none. */
#include "watch_lab.h"

#include "watch/watch.h"

#define HTTPS 443

/* One contact fewer than it takes. */

static void too_few_ports_say_nothing(void **state)
{
	static const uint8_t techniques[] = {TECH_SYN,	TECH_FIN,    TECH_NULL, TECH_XMAS,
					     TECH_ACK,	TECH_MAIMON, TECH_UDP,	SIGHT_ODD,
					     SIGHT_IPPROTO};
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < 2 * sizeof(techniques); i++) {
		for (unsigned contacts = 9; contacts <= 10; contacts++) {
			struct lab *l = lab_open(&lab);

			l->v6 = i & 1;
			for (uint16_t n = 0; n < contacts; n++)
				lab_probe(l, techniques[i / 2], lab_far(l, 7), lab_near(l, 1),
					  (uint16_t)(100 + n), REFUSED);
			lab_finish(l);
			assert_int_equal(l->alerts, contacts == 10);
		}
	}
}

static void too_few_hosts_say_nothing(void **state)
{
	/* How many of one network it takes: the first is only noted at the door. */
	static const struct {
		uint8_t technique;
		uint16_t hosts;
	} rules[] = {{TECH_SYN, 33}, {TECH_UDP, 33}, {TECH_ACK, 33}, {SIGHT_ICMP, 33},
		     {SIGHT_ARP, 57}};
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		for (unsigned more = 0; more < 2; more++) {
			struct lab *l = lab_open(&lab);

			for (uint32_t n = 0; n < rules[i].hosts - 1 + more; n++)
				lab_probe(l, rules[i].technique, lab_far(l, 7), lab_near(l, n), 22,
					  SILENT);
			lab_finish(l);
			assert_int_equal(l->alerts, more);
		}
	}
}

/* Servers and their clients. */

static void a_busy_web_server(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		struct addr client = lab_far(l, lab_below(l, 3000));
		unsigned chance = lab_below(l, 100);

		lab_connect(l, client, lab_near(l, 1), lab_port(l), HTTPS,
			    chance < 2	 ? SILENT
			    : chance < 4 ? REFUSED
			    : chance < 6 ? IDLE
					 : USED);
		lab_wait(l, 5 * MS);
	}
	lab_silent(l, true);
}

/* Hosts that use many services of one server, of which some are not there. */
static void a_client_that_is_refused_now_and_then(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		/* 40 services, the first 8 of which are down. */
		unsigned service = lab_below(l, 40);

		lab_connect(l, lab_near(l, 3), lab_near(l, 1), lab_port(l),
			    (uint16_t)(8000 + service), service < 8 ? REFUSED : USED);
		lab_wait(l, 300 * MS);
	}
	lab_silent(l, true);
}

static void a_service_that_restarts(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		lab_connect(l, lab_near(l, i % 20), lab_near(l, 100), lab_port(l), 5432,
			    i < 4000 ? REFUSED : USED);
		lab_wait(l, 20 * MS);
	}
	lab_silent(l, false);
}

/* Behind one address many users contact one server, and some are refused. */
static void a_nat_gateway_with_many_users(void **state)
{
	static const uint16_t services[] = {443, 80, 993, 587, 22};
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		lab_connect(l, lab_far(l, 7), lab_near(l, lab_below(l, 3)), lab_port(l),
			    services[lab_below(l, 5)], lab_below(l, 20) ? USED : REFUSED);
		lab_wait(l, 30 * MS);
	}
	lab_silent(l, true);
}

/* A balancer opens and closes without a word, every second; one backend is down. */
static void health_checks(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned second = 0; second < 3600; second++) {
		for (uint32_t backend = 0; backend < 24; backend++)
			lab_connect(l, lab_near(l, 200), lab_near(l, backend / 4), lab_port(l),
				    (uint16_t)(8080 + backend % 4),
				    backend / 4 == 3 ? REFUSED : IDLE);
		lab_wait(l, SECOND);
	}
	lab_silent(l, true);
}

static void a_monitoring_host(void **state)
{
	static const uint16_t checks[] = {22, 80, 443, 3306, 9100};
	struct lab lab;

	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct lab *l = lab_open(&lab);

		l->v6 = v6;
		for (unsigned round = 0; round < 12; round++) {
			for (uint32_t host = 0; host < 200; host++) {
				lab_ping(l, lab_near(l, 250), lab_near(l, host), USED);
				for (unsigned c = 0; c < 5; c++)
					lab_connect(l, lab_near(l, 250), lab_near(l, host),
						    lab_port(l), checks[c], IDLE);
				lab_wait(l, 1500 * MS);
			}
		}
		lab_silent(l, true);
	}
}

/* The port of the data connection is another every time; each succeeds. */
static void passive_ftp(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned one_way = 0; one_way < 2; one_way++) {
		struct lab *l = lab_open(&lab);

		l->one_way = one_way;
		for (unsigned i = 0; i < 400; i++) {
			lab_connect(l, lab_far(l, 7), lab_near(l, 1), lab_port(l),
				    (uint16_t)(50000 + i * 7), USED);
			lab_wait(l, 500 * MS);
		}
		lab_silent(l, true);
	}
}

/* The data flows towards the client, which sends nothing but acknowledgements. */
static void passive_ftp_downloads(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned one_way = 0; one_way < 2; one_way++) {
		struct lab *l = lab_open(&lab);

		l->one_way = one_way;
		for (unsigned i = 0; i < 400; i++) {
			struct packet p = lab_syn(l, lab_far(l, 7), lab_near(l, 1), lab_port(l),
						  (uint16_t)(50000 + i * 7));

			lab_packet(l, &p);
			lab_segment(l, &p, true, TCP_SYN | TCP_ACK, 0);
			lab_segment(l, &p, false, TCP_ACK, 0);
			lab_segment(l, &p, true, TCP_ACK, 1448);
			lab_segment(l, &p, false, TCP_ACK, 0);
			lab_segment(l, &p, true, TCP_FIN | TCP_ACK, 0);
			lab_segment(l, &p, false, TCP_FIN | TCP_ACK, 0);
			lab_wait(l, 500 * MS);
		}
		lab_silent(l, true);
	}
}

static void port_knocking(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		for (unsigned knock = 0; knock < 3; knock++)
			lab_connect(l, lab_far(l, i % 4), lab_near(l, 1), lab_port(l),
				    (uint16_t)(7000 + 1000 * knock), SILENT);
		lab_connect(l, lab_far(l, i % 4), lab_near(l, 1), lab_port(l), 22, USED);
		lab_wait(l, 60 * SECOND);
	}
	lab_silent(l, true);
}

/* Connections that are over, or older than the capture. */

static struct packet one_segment(struct lab *l, struct addr src, struct addr dst, uint16_t sport,
				 uint16_t dport, uint8_t flags, uint32_t payload)
{
	struct packet p = lab_tcp(l, src, dst, sport, dport);

	p.flags = flags;
	p.ack = (uint32_t)lab_random(l);
	p.payload_bytes = payload;
	lab_packet(l, &p);
	return p;
}

/* What a server still sends to clients that are gone, from a flow that nobody remembers. */
static void late_ends_of_finished_flows(void **state)
{
	static const uint8_t flags[] = {TCP_FIN | TCP_ACK, TCP_FIN | TCP_PSH | TCP_ACK,
					TCP_RST,	   TCP_RST | TCP_ACK,
					TCP_ACK,	   TCP_PSH | TCP_ACK};
	static const uint16_t servers[] = {443, 80, 5432, 8080};
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < sizeof(flags) * 4 * 2; i++) {
		struct lab *l = lab_open(&lab);
		uint8_t with = flags[i / 8];

		for (unsigned n = 0; n < 400; n++) {
			/* Towards the many users of one address, and towards many addresses. */
			struct addr client = n & 1 ? lab_near(l, 1) : lab_near(l, n);
			struct packet p =
				one_segment(l, lab_far(l, 7), client, servers[i / 2 % 4],
					    lab_port(l), with, with & TCP_PSH ? 31 : 0);

			if (i & 1 && !(with & TCP_RST))
				lab_segment(l, &p, true, TCP_RST, 0);
			lab_wait(l, 50 * MS);
		}
		lab_silent(l, true);
	}
}

/* The capture begins amid hundreds of connections: whatever comes first, from either end. */
static void a_capture_that_begins_in_the_middle(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		struct lab *l = lab_open(&lab);

		l->v6 = i & 1;
		l->one_way = i & 2;
		for (unsigned n = 0; n < 600; n++) {
			struct addr server = lab_near(l, 1), client = lab_far(l, n % 5);
			uint16_t port = (uint16_t)(33000 + n);
			struct packet p;

			/* The server's or the client's acknowledgement is seen first. */
			p = i & 4 ? one_segment(l, server, client, HTTPS, port, TCP_ACK, 0)
				  : one_segment(l, client, server, port, HTTPS, TCP_ACK, 0);
			lab_segment(l, &p, true, TCP_ACK, 1448);
			lab_wait(l, 10 * MS);
		}
		lab_silent(l, true);
	}
}

static void retransmissions(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned one_way = 0; one_way < 2; one_way++) {
		struct lab *l = lab_open(&lab);

		l->one_way = one_way;
		for (unsigned n = 0; n < 8; n++) {
			struct packet p = lab_syn(l, lab_far(l, 7), lab_near(l, 1),
						  (uint16_t)(40000 + n), (uint16_t)(100 + n));

			/* RFC 6298: 1, 2, 4 ... seconds. */
			for (unsigned retry = 0; retry < 7; retry++) {
				lab_packet(l, &p);
				lab_wait(l, SECOND << retry);
			}
		}
		lab_silent(l, true);
	}
}

/* DNS, NTP and other datagrams. */

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

/* Of a capture that shows answers only, to ports that may be closed again. */
static void answers_without_questions(void **state)
{
	static const uint16_t services[] = {53, 123, 161, 443, 1900, 5353, 3702, 5355, 137};
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (unsigned n = 0; n < 9 * 300; n++) {
		struct addr server = lab_far(l, n % 9);

		lab_udp(l, server, lab_near(l, 1), services[n % 9], lab_port(l),
			n & 16 ? REFUSED : SILENT);
		lab_wait(l, 20 * MS);
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
			uint16_t port = lab_below(l, 4) ? (uint16_t)(1024 + lab_below(l, 60000))
							: 6881;
			enum lab_outcome outcome = lab_below(l, 100) < 12 ? USED
						   : n & 1		  ? REFUSED
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

/* Peers that were all told of an address that is another's now. */
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

static void link_local_chatter(void **state)
{
	static const uint16_t ports[] = {5353, 1900, 5355, 3702, 137, 138, 67, 17500};
	struct lab lab, *l = lab_open(&lab);
	struct addr groups[] = {addr_from_v4(0xe00000fb), addr_from_v4(0xeffffffa),
				addr_from_v4(0xffffffff), addr_from_v4(0x0a0100ff),
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

/* Answers to what somebody else sent in our name, and attacks on us. */

static void backscatter_is_no_scan(void **state)
{
	static const uint8_t flags[] = {TCP_SYN | TCP_ACK, TCP_RST | TCP_ACK, TCP_RST, TCP_ACK};
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < 4 * 2; i++) {
		struct lab *l = lab_open(&lab);

		l->v6 = i & 1;
		for (uint32_t n = 0; n < 2000; n++) {
			struct packet p = one_segment(l, lab_far(l, 7), lab_near(l, n), 80,
						      lab_port(l), flags[i / 2], 0);

			if (n & 1)
				lab_segment(l, &p, true, TCP_RST, 0);
			lab_wait(l, 50 * MS);
		}
		lab_silent(l, false);
		if (flags[i / 2] == (TCP_SYN | TCP_ACK))
			assert_int_equal(l->seen_actions, BIT(EVENT_BACKSCATTER));
		else
			assert_int_equal(l->seen_actions, 0);
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
		struct packet p = one_segment(l, lab_far(l, lab_below(l, 7000)), lab_near(l, 1),
					      443, (uint16_t)lab_random(l), TCP_SYN | TCP_ACK, 0);

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
		cmocka_unit_test(too_few_ports_say_nothing),
		cmocka_unit_test(too_few_hosts_say_nothing),
		cmocka_unit_test(a_busy_web_server),
		cmocka_unit_test(a_client_that_is_refused_now_and_then),
		cmocka_unit_test(a_service_that_restarts),
		cmocka_unit_test(a_nat_gateway_with_many_users),
		cmocka_unit_test(health_checks),
		cmocka_unit_test(a_monitoring_host),
		cmocka_unit_test(passive_ftp),
		cmocka_unit_test(passive_ftp_downloads),
		cmocka_unit_test(port_knocking),
		cmocka_unit_test(late_ends_of_finished_flows),
		cmocka_unit_test(a_capture_that_begins_in_the_middle),
		cmocka_unit_test(retransmissions),
		cmocka_unit_test(a_resolver),
		cmocka_unit_test(answers_without_questions),
		cmocka_unit_test(ntp_in_both_modes),
		cmocka_unit_test(peer_to_peer),
		cmocka_unit_test(peers_of_a_former_tenant),
		cmocka_unit_test(traceroutes),
		cmocka_unit_test(voice_and_games),
		cmocka_unit_test(link_local_chatter),
		cmocka_unit_test(arp_of_an_ordinary_network),
		cmocka_unit_test(backscatter_is_no_scan),
		cmocka_unit_test(errors_about_what_we_never_sent),
		cmocka_unit_test(floods_of_every_kind),
		cmocka_unit_test(amplification_and_reflection),
		cmocka_unit_test(tcp_reflection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
