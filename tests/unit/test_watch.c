/* The detector: every technique and shape is seen and named, fast and slow, both ways and one. */
#include "watch_lab.h"

#include "watch/watch.h"

/* Techniques that ask for ports of one host, and what each is called on the wire. */
static const struct {
	uint8_t technique;
	uint32_t named;
} port_techniques[] = {
	{TECH_CONNECT, BIT(TECH_CONNECT) | BIT(TECH_SYN)},
	{TECH_SYN, BIT(TECH_CONNECT) | BIT(TECH_SYN)},
	{TECH_FIN, BIT(TECH_FIN)},
	{TECH_NULL, BIT(TECH_NULL)},
	{TECH_XMAS, BIT(TECH_XMAS)},
	{TECH_ACK, BIT(TECH_ACK) | BIT(TECH_WINDOW) | BIT(TECH_TTL)},
	{TECH_MAIMON, BIT(TECH_MAIMON)},
	{SEEN_ODD, BIT(SEEN_ODD)},
	{SEEN_SYNACK, BIT(SEEN_SYNACK)},
	{SEEN_SCTP_INIT, BIT(SEEN_SCTP_INIT)},
	{SEEN_SCTP_COOKIE, BIT(SEEN_SCTP_COOKIE)},
	{TECH_UDP, BIT(TECH_UDP)},
};
#define PORT_TECHNIQUES (sizeof(port_techniques) / sizeof(port_techniques[0]))

#define PORTS		100
#define FIRST_PORT	1000

/* The ways in which a capture may look: IPv6 and one-way by their bits. */
static void set_way(struct lab *l, unsigned way)
{
	l->v6 = way & 1;
	l->one_way = way & 2;
}

static void check_vertical(struct lab *l, uint32_t named, struct addr source)
{
	const struct lab_event *told = lab_one_alert(l);
	const struct event *e = &told->event;

	assert_int_equal(e->action, EVENT_PORT_SCAN);
	assert_int_equal(e->shape, SHAPE_VERTICAL);
	assert_int_equal(e->techniques, named);
	assert_true(addr_equal(e->source, source) && addr_equal(e->target, lab_near(l, 1)));
	assert_true(e->has & EVENT_HAS_TARGET);
	assert_int_equal(e->hosts, 1);
	assert_int_equal(e->sources, 1);
	assert_int_equal(e->ports_total, PORTS);
	assert_int_equal(e->packets, PORTS);
}

static void every_port_technique_is_seen_and_named(void **state)
{
	static const enum lab_outcome outcomes[] = {REFUSED, SILENT, REJECTED};
	struct lab lab;

	(void)state;
	for (unsigned t = 0; t < PORT_TECHNIQUES; t++) {
		for (unsigned way = 0; way < 4 * 3; way++) {
			struct lab *l = lab_open(&lab);
			struct addr source;

			set_way(l, way);
			source = lab_far(l, 7);
			for (uint16_t i = 0; i < PORTS; i++)
				lab_probe(l, port_techniques[t].technique, source, lab_near(l, 1),
					  (uint16_t)(FIRST_PORT + i), outcomes[way / 4]);
			check_vertical(l, port_techniques[t].named, source);
			if (port_techniques[t].technique == TECH_UDP ||
			    port_techniques[t].technique >= SEEN_SCTP_INIT)
				continue;
			assert_int_equal(lab_alert(l, NULL)->ranges, 1);
			assert_int_equal(lab_alert(l, NULL)->range[0][0], FIRST_PORT);
			assert_int_equal(lab_alert(l, NULL)->range[0][1], FIRST_PORT + PORTS - 1);
		}
	}
}

/* A port that was open tells a half-open scan from connect(2), wherever in the scan it came. */
static void an_open_port_tells_syn_from_connect(void **state)
{
	static const uint16_t places[] = {0, 1, 2, 9, 10, 50, PORTS - 1};
	struct lab lab;

	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		for (unsigned i = 0; i < 2 * sizeof(places) / sizeof(places[0]); i++) {
			struct lab *l = lab_open(&lab);
			bool syn = i & 1;
			const struct lab_event *told;

			set_way(l, way);
			for (uint16_t port = 0; port < PORTS; port++) {
				bool open = port == places[i / 2];

				lab_probe(l, TECH_SYN, lab_far(l, 7), lab_near(l, 1),
					  (uint16_t)(FIRST_PORT + port),
					  !open ? REFUSED
					  : syn ? HALF
						: IDLE);
			}
			check_vertical(l, BIT(syn ? TECH_SYN : TECH_CONNECT), lab_far(l, 7));
			told = lab_alert(l, NULL);
			assert_int_equal(told->open_ranges, 1);
			assert_int_equal(told->open[0][0], FIRST_PORT + places[i / 2]);
			assert_int_equal(told->open[0][1], FIRST_PORT + places[i / 2]);
			/* Only a handshake that is seen to be completed proves the address. */
			assert_int_equal(!(told->event.has & EVENT_HANDSHAKE), syn || l->one_way);
		}
	}
}

static void an_ip_protocol_scan_is_seen(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		struct lab *l = lab_open(&lab);
		const struct event *e;

		set_way(l, way);
		/* Above the extension headers of IPv6, which are no protocols of their own. */
		for (unsigned protocol = 100; protocol < 130; protocol++)
			lab_probe(l, SEEN_IPPROTO, lab_far(l, 7), lab_near(l, 1),
				  (uint16_t)protocol, protocol & 1 ? REFUSED : SILENT);
		e = &lab_one_alert(l)->event;
		assert_int_equal(e->techniques, BIT(SEEN_IPPROTO));
		assert_int_equal(e->shape, SHAPE_VERTICAL);
		assert_int_equal(e->protocols, 30);
		assert_int_equal(e->ports_total, 0);
		assert_int_equal(e->packets, 30);
	}
}

/* Sweeps of a network: every technique, and pings and ARP. */
static void every_sweep_is_seen_and_named(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned t = 0; t < PORT_TECHNIQUES + 2; t++) {
		for (unsigned way = 0; way < 4; way++) {
			struct lab *l = lab_open(&lab);
			bool ports = t < PORT_TECHNIQUES;
			unsigned technique = ports		    ? port_techniques[t].technique
					     : t == PORT_TECHNIQUES ? SEEN_ICMP
								    : SEEN_ARP;
			const struct event *e;

			set_way(l, way);
			if (technique == SEEN_ARP)
				l->v6 = false;
			for (uint32_t host = 0; host < 200; host++)
				lab_probe(l, technique, lab_far(l, 7), lab_near(l, host), 445,
					  host & 1 ? REFUSED : SILENT);
			e = &lab_one_alert(l)->event;
			assert_int_equal(e->action, EVENT_NETWORK_SWEEP);
			assert_int_equal(e->shape, SHAPE_HORIZONTAL);
			assert_int_equal(e->techniques,
					 ports ? port_techniques[t].named : BIT(technique));
			assert_int_equal(e->hosts, 200);
			assert_int_equal(e->packets, 200);
			assert_int_equal(e->ports_total, ports);
			assert_false(e->has & EVENT_HAS_TARGET);
		}
	}
}

/* Half of the hosts of a network exist and answer: a source that probes all of them is reported
 * nevertheless, with all that it probed, and with the number of hosts that it found. */
static void pings_of_a_half_full_network_are_seen(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned arp = 0; arp < 2; arp++) {
		const uint8_t technique = arp ? SEEN_ARP : SEEN_ICMP;
		struct lab *l = lab_open(&lab);
		const struct event *e;

		for (uint32_t host = 0; host < 254; host++) {
			lab_probe(l, technique, lab_far(l, 7), lab_near(l, host), 0,
				  host % (arp ? 4 : 2) == 1 ? USED : SILENT);
			lab_wait(l, 200 * MS);
		}
		e = &lab_one_alert(l)->event;
		assert_int_equal(e->techniques, BIT(technique));
		assert_int_equal(e->hosts, 254);
		assert_int_equal(e->answered, arp ? 64 : 127);
		assert_int_equal(e->failed + e->answered, e->packets);
	}
}

/* Scattered over the Internet, as zmap's order is, a few in a thousand answering. */
static void a_scattered_sweep_is_seen(void **state)
{
	struct lab lab, *l = lab_open(&lab);
	const struct event *e;

	(void)state;
	for (uint32_t host = 0; host < 4096; host++)
		lab_connect(l, lab_near(l, 9), lab_far(l, host), 40000, 80,
			    host % 300 == 299 ? HALF
			    : host % 300 == 7 ? REFUSED
					      : SILENT);
	e = &lab_one_alert(l)->event;
	assert_int_equal(e->action, EVENT_NETWORK_SWEEP);
	assert_int_equal(e->hosts, 4096);
	assert_int_equal(e->packets, 4096);
	assert_int_equal(e->techniques, BIT(TECH_SYN));
}

static void blocks_are_seen_whole(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned order = 0; order < 2; order++) {
		struct lab *l = lab_open(&lab);
		const struct event *e;

		for (uint32_t i = 0; i < 40 * 20; i++)
			lab_connect(l, lab_far(l, 7), lab_near(l, order ? i % 40 : i / 20),
				    lab_port(l), (uint16_t)(1 + (order ? i / 40 : i % 20)),
				    REFUSED);
		e = &lab_one_alert(l)->event;
		assert_int_equal(e->action, EVENT_BLOCK_SCAN);
		assert_int_equal(e->shape, SHAPE_BLOCK);
		assert_int_equal(e->hosts, 40);
		assert_int_equal(e->ports_total, 20);
		assert_int_equal(e->packets, 40 * 20);
	}
}

/* Each source asks for too few ports to be called a scanner by itself. */
static void scans_of_many_sources_are_seen(void **state)
{
	static const unsigned shares[][2] = {{50, 6}, {5, 10}, {100, 5}};
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < 3 * 4; i++) {
		struct lab *l = lab_open(&lab);
		unsigned sources = shares[i % 3][0], each = shares[i % 3][1];
		const struct lab_event *told;

		set_way(l, i / 3);
		l->raw = true;
		for (unsigned n = 0; n < sources * each; n++) {
			lab_connect(l, lab_far(l, n % sources), lab_near(l, 1), lab_port(l),
				    (uint16_t)(1 + n), n & 1 ? REFUSED : SILENT);
			lab_wait(l, 40 * MS);
		}
		lab_finish(l);
		told = lab_action(l, EVENT_DISTRIBUTED_SCAN);
		assert_non_null(told);
		assert_int_equal(told->event.shape, SHAPE_DISTRIBUTED);
		assert_int_equal(told->event.sources, sources);
		/* Evidence of a source that is reported as a scanner itself is reported as its
		 * own. */
		assert_true(told->event.ports_total >= (each < 10 ? sources * each : 24));
		assert_int_equal(told->event.techniques, BIT(TECH_SYN) | BIT(TECH_CONNECT));
		assert_true(addr_equal(told->event.target, lab_near(l, 1)));
		assert_false(told->event.has & EVENT_HAS_SOURCE);
		/* The sources by themselves are hardly told on top of it. */
		assert_true(l->alerts <= (each < 10 ? 1 : 1 + sources));
	}
}

enum spread {
	PORTS_OF_ONE,
	HOSTS_NEAR,   /* of one network, on an ordinary port */
	HOSTS_FAR,    /* scattered */
	SPRAYED_NEAR, /* on a port that no client sprays */
	SPRAYED_FAR,
};

/* The number of probes with `gap_ns` between them until a report; 0: more than `most`. */
static unsigned probes_until_reported(uint64_t gap_ns, enum spread spread, unsigned most)
{
	struct lab lab, *l = lab_open(&lab);
	unsigned probes = 0;

	while (probes < most && l->alerts == 0) {
		bool far = spread == HOSTS_FAR || spread == SPRAYED_FAR;
		struct addr target = spread == PORTS_OF_ONE ? lab_near(l, 1)
				     : far		    ? lab_far(l, 100 + probes)
							    : lab_near(l, probes);

		lab_connect(l, lab_far(l, 7), target, lab_port(l),
			    spread == PORTS_OF_ONE   ? (uint16_t)(1 + probes)
			    : spread >= SPRAYED_NEAR ? 445
						     : 8080,
			    SILENT);
		lab_wait(l, gap_ns);
		probes++;
	}
	if (l->alerts == 0)
		probes = 0;
	lab_finish(l);
	return probes;
}

#define HOUR (3600 * SECOND)

/*
 * nmap's -T2 (0.4 s), -T1 (15 s) and -T0 (300 s), and the slowest rates at which a scan is noticed
 * with the defaults. For the manual page: ports of one host, one in 11 hours; hosts of one network,
 * one in 5 hours; hosts scattered over the Internet, one in 15 minutes. A silent probe is judged
 * after 3 s, which adds to the fast ones.
 */
static void slow_scans_are_seen(void **state)
{
	static const struct {
		uint64_t gap_ns;
		enum spread spread;
		unsigned least, most; /* 0: never noticed */
	} rows[] = {
		{400 * MS, PORTS_OF_ONE, 10, 18},      {15 * SECOND, PORTS_OF_ONE, 11, 12},
		{300 * SECOND, PORTS_OF_ONE, 12, 13},  {HOUR, PORTS_OF_ONE, 20, 25},
		{11 * HOUR, PORTS_OF_ONE, 100, 400},   {13 * HOUR, PORTS_OF_ONE, 0, 0},
		{15 * SECOND, HOSTS_NEAR, 16, 20},     {300 * SECOND, HOSTS_NEAR, 20, 28},
		{2 * HOUR, HOSTS_NEAR, 35, 60},	       {12 * HOUR, HOSTS_NEAR, 0, 0},
		{400 * MS, HOSTS_FAR, 300, 600},       {15 * SECOND, HOSTS_FAR, 400, 700},
		{600 * SECOND, HOSTS_FAR, 1000, 5000}, {HOUR, HOSTS_FAR, 0, 0},
		{15 * SECOND, SPRAYED_NEAR, 11, 14},   {300 * SECOND, SPRAYED_NEAR, 13, 16},
		{2 * HOUR, SPRAYED_NEAR, 22, 40},      {15 * SECOND, SPRAYED_FAR, 38, 60},
		{300 * SECOND, SPRAYED_FAR, 60, 140},
	};
	bool wrong = false;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned n = probes_until_reported(rows[i].gap_ns, rows[i].spread, 5000);

		if (n >= rows[i].least && n <= rows[i].most)
			continue;
		print_message("# row %zu: %u probes, not %u to %u\n", i, n, rows[i].least,
			      rows[i].most);
		wrong = true;
	}
	assert_false(wrong);
}

/* However slow, it is one scan from its beginning to its end. */
static void a_slow_scan_is_one_scan(void **state)
{
	static const uint64_t gaps_ns[] = {15 * SECOND, 299 * SECOND, 300 * SECOND, HOUR, 6 * HOUR};
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < sizeof(gaps_ns) / sizeof(gaps_ns[0]); i++) {
		struct lab *l = lab_open(&lab);
		const struct event *e;

		for (uint16_t port = 1; port <= 200; port++) {
			lab_connect(l, lab_far(l, 7), lab_near(l, 1), lab_port(l), port, REFUSED);
			lab_wait(l, gaps_ns[i]);
		}
		e = &lab_one_alert(l)->event;
		assert_int_equal(e->packets, 200);
		/* All ports that the record lists: 96 before the report. */
		assert_int_equal(e->ports_total, 200);
		assert_true(e->first_ns <= LAB_START + SECOND);
	}
}

/* The same scan again, from the very same ports, an hour later: it is another one. */
static void a_repeated_scan_is_a_new_event(void **state)
{
	static const uint8_t techniques[] = {TECH_SYN,	   TECH_FIN,  TECH_UDP,
					     SEEN_IPPROTO, SEEN_ICMP, SEEN_ARP};
	struct lab lab;

	(void)state;
	for (unsigned i = 0; i < sizeof(techniques); i++) {
		struct lab *l = lab_open(&lab);

		for (unsigned round = 0; round < 3; round++) {
			for (uint32_t n = 0; n < 100; n++) {
				const struct addr from = lab_far(l, 7);
				bool sweep = techniques[i] >= SEEN_ICMP && i > 3;

				l->random = n; /* the source port */
				lab_probe(l, techniques[i], from, lab_near(l, sweep ? n : 1),
					  (uint16_t)(sweep ? 0 : 100 + n), SILENT);
			}
			lab_wait(l, HOUR);
		}
		lab_finish(l);
		assert_int_equal(l->alerts, 3);
	}
}

/* From ports of its own choice, and half a minute later the same: what has another sequence number
 * is no copy. */
static void the_same_ports_may_come_again_soon(void **state)
{
	struct lab lab, *l = &lab;

	(void)state;
	lab_init(l);
	l->conf.idle_ns = 10 * SECOND;
	lab_begin(l);
	for (unsigned round = 0; round < 3; round++) {
		for (uint16_t port = 100; port < 200; port++) {
			struct packet p = lab_syn(l, lab_far(l, 7), lab_near(l, 1), 53, port);

			/* Each twice. */
			lab_packet(l, &p);
			lab_wait(l, 10 * MS);
			lab_packet(l, &p);
		}
		lab_wait(l, 30 * SECOND);
	}
	lab_finish(l);
	assert_int_equal(l->alerts, 3);
	assert_int_equal(lab_alert(l, NULL)->event.packets, 100);
}

/* Numbers are exact, however large the scan. */
static void large_scans_are_counted_exactly(void **state)
{
	struct lab lab, *l = lab_open(&lab);
	const struct lab_event *told;

	(void)state;
	for (uint32_t n = 0; n < 65536; n++)
		/* A bijection, so that none of them comes in order. */
		lab_connect(l, lab_far(l, 7), lab_near(l, 1), lab_port(l),
			    (uint16_t)(n * 40503 + 17), n % 1000 == 999 ? HALF : REFUSED);
	told = lab_one_alert(l);
	assert_int_equal(told->event.ports_total, 65536);
	assert_int_equal(told->event.packets, 65536);
	assert_int_equal(told->event.failed, 65536);
	assert_int_equal(told->event.answered, 65);
	assert_int_equal(told->open_ranges, 65);
	assert_int_equal(told->ranges, 1);
	assert_int_equal(told->range[0][0], 0);
	assert_int_equal(told->range[0][1], 65535);

	l = lab_open(&lab);
	for (uint32_t n = 0; n < 4096; n++)
		lab_connect(l, lab_far(l, 7), lab_near(l, (n * 1021) % 4096), lab_port(l), 23,
			    n & 1 ? REFUSED : SILENT);
	told = lab_one_alert(l);
	assert_int_equal(told->event.hosts, 4096);
	assert_int_equal(told->event.packets, 4096);
	assert_false(told->event.has & EVENT_HOSTS_AT_LEAST);
}

/* A block in no order at all: what was noted of it in many places is put together. */
static void a_block_in_random_order_is_counted_exactly(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned seed = 0; seed < 20; seed++) {
		struct lab *l = lab_open(&lab);
		uint16_t order[20 * 30];
		const struct event *e;

		l->random = seed;
		for (unsigned i = 0; i < 600; i++) {
			unsigned j = lab_below(l, i + 1);

			order[i] = order[j];
			order[j] = (uint16_t)i;
		}
		for (unsigned i = 0; i < 600; i++)
			lab_connect(l, lab_far(l, 7), lab_near(l, order[i] / 30), lab_port(l),
				    (uint16_t)(100 + order[i] % 30), REFUSED);
		e = &lab_one_alert(l)->event;
		assert_int_equal(e->action, EVENT_BLOCK_SCAN);
		assert_int_equal(e->hosts, 20);
		assert_int_equal(e->ports_total, 30);
		/* The very first contact is only entered in the probation table, and may concern
		 * another host and another port than the second. */
		assert_in_range(e->packets, 599, 600);
		assert_in_range(e->failed, 599, 600);
	}
}

/* A source that uses an open port between any two probes does not undo them. */
static void using_a_service_does_not_hide_a_scan(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned sweep = 0; sweep < 2; sweep++) {
		struct lab *l = lab_open(&lab);

		for (uint32_t n = 0; n < 150; n++) {
			lab_connect(l, lab_far(l, 7), lab_near(l, sweep ? n : 1), lab_port(l),
				    (uint16_t)(sweep ? 3389 : 1000 + n), REFUSED);
			/* Two of them, in turn, and several times. */
			for (unsigned use = 0; use < 3; use++)
				lab_connect(l, lab_far(l, 7), lab_near(l, sweep ? 5000 + n % 2 : 1),
					    lab_port(l),
					    (uint16_t)(sweep   ? 3389
						       : n & 1 ? 443
							       : 80),
					    USED);
			lab_wait(l, 100 * MS);
		}
		lab_finish(l);
		assert_int_equal(l->alerts, 1);
	}
}

static void known_networks_and_sources_are_heeded(void **state)
{
	struct ranges set = {0};
	struct lab lab, *l = &lab;

	(void)state;
	assert_int_equal(ranges_add(&set, addr_from_v4(0x0a010000), addr_from_v4(0x0a01ffff)), 0);
	ranges_normalise(&set);
	/* From our network outwards a sweep takes ten times the hosts; inwards, and for ports, it
	 * takes what it always does. */
	for (unsigned i = 0; i < 4; i++) {
		lab_init(l);
		l->conf.home = &set;
		lab_begin(l);
		for (uint32_t n = 0; n < 150; n++) {
			struct addr inside = lab_near(l, 3);
			struct addr outside = addr_from_v4(0xc6336400 + (i == 3 ? 0 : n));

			if (i == 0)
				lab_connect(l, inside, outside, lab_port(l), 80, SILENT);
			else if (i == 1)
				lab_connect(l, outside, inside, lab_port(l), 80, SILENT);
			else if (i == 2)
				lab_connect(l, lab_far(l, 7), lab_near(l, n), lab_port(l), 80,
					    SILENT);
			else
				lab_connect(l, inside, outside, lab_port(l), (uint16_t)(1 + n),
					    SILENT);
		}
		lab_finish(l);
		assert_int_equal(l->alerts, i >= 2);
	}
	lab_init(l);
	l->conf.trusted = &set;
	lab_begin(l);
	for (uint16_t port = 1; port < 1000; port++)
		lab_connect(l, lab_near(l, 3), lab_near(l, 4), lab_port(l), port, REFUSED);
	lab_silent(l, true);
	ranges_fini(&set);
}

static int listens_below_2000(void *context, struct addr a, uint16_t port, uint8_t proto)
{
	(void)context;
	(void)a;
	return proto == IPPROTO_TCP && port < 2000 ? 1 : 0;
}

/* A port of ours that listens would have answered: silence means that the answer was not seen. */
static void ports_that_listen_are_no_evidence(void **state)
{
	struct lab lab, *l = &lab;

	(void)state;
	for (unsigned above = 0; above < 2; above++) {
		lab_init(l);
		l->conf.listens = listens_below_2000;
		lab_begin(l);
		for (uint16_t n = 0; n < 100; n++)
			lab_connect(l, lab_far(l, 7), lab_near(l, 1), lab_port(l),
				    (uint16_t)(above ? 2000 + n : 1000 + n), SILENT);
		lab_finish(l);
		assert_int_equal(l->alerts, above);
	}
}

/* A capture keeps the heads of packets only: that is no damage. */
static void cut_payloads_are_no_damage(void **state)
{
	struct lab lab, *l = lab_open(&lab);
	struct watch_stats stats;
	struct packet p = lab_syn(l, lab_far(l, 7), lab_near(l, 1), 40000, 80);

	(void)state;
	p.has |= PACKET_TRUNCATED;
	lab_packet(l, &p);
	watch_stats(l->watch, &stats);
	assert_int_equal(stats.malformed, 0);
	p.has = PACKET_IP | PACKET_TRUNCATED;
	lab_packet(l, &p);
	watch_stats(l->watch, &stats);
	assert_int_equal(stats.malformed, 1);
	lab_finish(l);
}

/* Losses of the capture are reported, and are part of other events. */
static void losses_are_told(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	for (uint16_t n = 0; n < 50; n++) {
		lab_connect(l, lab_far(l, 7), lab_near(l, 1), lab_port(l), (uint16_t)(1 + n),
			    REFUSED);
		watch_lost(l->watch, n * 10);
		lab_wait(l, SECOND);
	}
	lab_finish(l);
	assert_non_null(lab_action(l, EVENT_BLIND));
	assert_int_equal(lab_alert(l, NULL)->event.lost, 490);
	/* Once in ten minutes, although they continue. */
	assert_int_equal(l->count, 3); /* open, blind, close */
}

/* A bridge and its port, a VLAN and its link, a router's two sides: all capture the same packet. */
static void packets_captured_again_count_once(void **state)
{
	struct lab lab, *l;

	(void)state;
	for (unsigned t = 0; t < PORT_TECHNIQUES; t++) {
		l = lab_open(&lab);
		l->copies = 2;
		for (uint16_t i = 0; i < PORTS; i++)
			lab_probe(l, port_techniques[t].technique, lab_far(l, 7), lab_near(l, 1),
				  (uint16_t)(FIRST_PORT + i), t & 1 ? REFUSED : SILENT);
		check_vertical(l, port_techniques[t].named, lab_far(l, 7));
	}
	/* Five datagrams are no stream yet, and fifteen would be. */
	l = lab_open(&lab);
	l->copies = 2;
	for (uint16_t i = 0; i < PORTS; i++) {
		for (unsigned n = 0; n < 5; n++) {
			lab_udp(l, lab_far(l, 7), lab_near(l, 1), 40000, (uint16_t)(FIRST_PORT + i),
				SILENT);
			lab_wait(l, 20 * MS);
		}
	}
	lab_wait(l, 4 * SECOND);
	check_vertical(l, BIT(TECH_UDP), lab_far(l, 7));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_port_technique_is_seen_and_named),
		cmocka_unit_test(an_open_port_tells_syn_from_connect),
		cmocka_unit_test(an_ip_protocol_scan_is_seen),
		cmocka_unit_test(every_sweep_is_seen_and_named),
		cmocka_unit_test(pings_of_a_half_full_network_are_seen),
		cmocka_unit_test(a_scattered_sweep_is_seen),
		cmocka_unit_test(blocks_are_seen_whole),
		cmocka_unit_test(scans_of_many_sources_are_seen),
		cmocka_unit_test(large_scans_are_counted_exactly),
		cmocka_unit_test(a_block_in_random_order_is_counted_exactly),
		cmocka_unit_test(using_a_service_does_not_hide_a_scan),
		cmocka_unit_test(known_networks_and_sources_are_heeded),
		cmocka_unit_test(ports_that_listen_are_no_evidence),
		cmocka_unit_test(cut_payloads_are_no_damage),
		cmocka_unit_test(losses_are_told),
		cmocka_unit_test(packets_captured_again_count_once),
		cmocka_unit_test(slow_scans_are_seen),
		cmocka_unit_test(a_slow_scan_is_one_scan),
		cmocka_unit_test(a_repeated_scan_is_a_new_event),
		cmocka_unit_test(the_same_ports_may_come_again_soon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
