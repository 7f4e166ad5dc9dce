/* The detector over hours of ordinary traffic, and with clocks that cannot be trusted. */
#include "watch_lab.h"

#include "watch/watch.h"

#define HOUR (3600 * SECOND)

enum { CLIENTS = 200, SERVERS = 40, INTERNET = 3000 };

static struct addr client(struct lab *l)
{
	return lab_near(l, lab_below(l, CLIENTS));
}

static struct addr server(struct lab *l)
{
	return lab_near(l, 1000 + lab_below(l, SERVERS));
}

static struct addr elsewhere(struct lab *l)
{
	/* A few are asked for often, most hardly ever. */
	unsigned n = lab_below(l, INTERNET);

	return lab_far(l, lab_below(l, 3) ? n % 60 : n);
}

static enum lab_outcome mostly(struct lab *l, unsigned percent)
{
	unsigned chance = lab_below(l, 100);

	if (chance < percent)
		return USED;
	return chance & 1 ? REFUSED : SILENT;
}

/* One thing that happens in an ordinary network. */

static void browse(struct lab *l)
{
	struct addr user = client(l), resolver = lab_near(l, 1000);

	lab_udp(l, user, resolver, lab_port(l), 53, USED);
	lab_udp(l, resolver, elsewhere(l), lab_port(l), 53, mostly(l, 93));
	for (unsigned n = lab_below(l, 6); n-- > 0;)
		lab_connect(l, user, elsewhere(l), lab_port(l), lab_below(l, 5) ? 443 : 80,
			    mostly(l, 98));
	if (lab_below(l, 4) == 0)
		lab_udp(l, user, elsewhere(l), lab_port(l), 443, mostly(l, 95));
}

static void use_the_office(struct lab *l)
{
	static const uint16_t ports[] = {445, 389, 88, 135, 3268, 143, 993, 9100, 22, 3389};

	/* Each server has some of these; the last of the ten is down everywhere. */
	unsigned at = lab_below(l, 40);

	lab_connect(l, client(l), lab_near(l, 1000 + at), lab_port(l),
		    ports[(at + lab_below(l, 4)) % 9], mostly(l, 99));
}

static void be_visited(struct lab *l)
{
	lab_connect(l, elsewhere(l), lab_near(l, 1001), lab_port(l), lab_below(l, 9) ? 443 : 25,
		    mostly(l, 96));
}

static void monitor(struct lab *l)
{
	struct addr target = server(l), from = lab_near(l, 1039);

	lab_ping(l, from, target, lab_below(l, 200) ? USED : SILENT);
	lab_connect(l, from, target, lab_port(l), 9100, lab_below(l, 200) ? IDLE : REFUSED);
	lab_udp(l, from, target, lab_port(l), 161, lab_below(l, 100) ? USED : SILENT);
}

static void balance(struct lab *l)
{
	for (uint32_t backend = 0; backend < 8; backend++)
		lab_connect(l, lab_near(l, 1002), lab_near(l, 1010 + backend), lab_port(l),
			    (uint16_t)(8080 + backend % 2), backend == 5 ? REFUSED : IDLE);
}

static void share_files(struct lab *l)
{
	/* One client is a peer of a swarm. */
	uint32_t peer = lab_below(l, 20000);

	if (lab_below(l, 2))
		lab_udp(l, lab_near(l, 77), lab_far(l, peer), 51413,
			(uint16_t)(peer % 3 ? 6881 : 1024 + peer), mostly(l, 30));
	else
		lab_connect(l, lab_near(l, 77), lab_far(l, peer), lab_port(l),
			    (uint16_t)(peer % 3 ? 6881 : 1024 + peer), mostly(l, 30));
	lab_udp(l, lab_far(l, lab_below(l, 20000)), lab_near(l, 77), lab_port(l), 51413,
		mostly(l, 90));
}

static void transfer(struct lab *l)
{
	/* Passive FTP: control, then a port of the server's choice. */
	lab_connect(l, client(l), lab_near(l, 1020), lab_port(l), 21, USED);
	lab_connect(l, client(l), lab_near(l, 1020), lab_port(l),
		    (uint16_t)(50000 + lab_below(l, 10000)), mostly(l, 99));
}

static void talk(struct lab *l)
{
	struct addr user = client(l), peer = elsewhere(l);
	uint16_t port = (uint16_t)(16384 + lab_below(l, 4000) * 2);

	for (unsigned n = 0; n < 8; n++)
		lab_udp(l, user, peer, port, (uint16_t)(port + 2), USED);
}

static void keep_the_time(struct lab *l)
{
	lab_udp(l, client(l), lab_far(l, lab_below(l, 8)), lab_below(l, 2) ? 123 : lab_port(l), 123,
		mostly(l, 90));
}

static void chatter(struct lab *l)
{
	struct addr user = client(l);

	lab_udp(l, user, addr_from_v4(0xe00000fb), 5353, 5353, SILENT);
	lab_udp(l, user, addr_from_v4(0xeffffffa), lab_port(l), 1900, SILENT);
	lab_udp(l, user, addr_from_v4(0xffffffff), 68, 67, SILENT);
	lab_arp(l, user, client(l), lab_below(l, 8) ? USED : SILENT);
	lab_arp(l, user, user, SILENT);
}

/* Ends of connections that are no longer in the flow table. */
static void come_late(struct lab *l)
{
	static const uint8_t flags[] = {TCP_FIN | TCP_ACK, TCP_ACK, TCP_RST, TCP_RST | TCP_ACK,
					TCP_FIN | TCP_PSH | TCP_ACK};
	struct packet p = lab_tcp(l, elsewhere(l), client(l), 443, lab_port(l));

	p.flags = flags[lab_below(l, 5)];
	lab_packet(l, &p);
	if (lab_below(l, 2) && !(p.flags & TCP_RST))
		lab_segment(l, &p, true, TCP_RST, 0);
}

static void retry(struct lab *l)
{
	/* A configuration names a host that no longer exists, on three ports. */
	lab_connect(l, lab_near(l, 33), lab_near(l, 1500), lab_port(l),
		    (uint16_t)(7000 + lab_below(l, 3)), SILENT);
}

static void one_thing(struct lab *l)
{
	static void (*const things[])(struct lab * l) = {
		browse,	 browse,	use_the_office, use_the_office, be_visited,
		monitor, balance,	share_files,	transfer,	talk,
		chatter, keep_the_time, come_late,	retry,
	};

	things[lab_below(l, sizeof(things) / sizeof(things[0]))](l);
	lab_wait(l, lab_below(l, 400) * MS);
}

static void ordinary_hours_are_silent(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned inwards = 0; inwards < 2; inwards++) {
		struct lab *l = lab_open(&lab);

		l->random = 4711 + inwards;
		l->inwards = inwards;
		while (l->t_ns < LAB_START + 9 * HOUR)
			one_thing(l);
		lab_silent(l, true);
	}
}

/* The same, and within it a scan of one port every 15 s. */
static void a_slow_scan_is_seen_in_ordinary_hours(void **state)
{
	struct lab lab, *l = lab_open(&lab);
	struct addr scanner = lab_far(l, 700001);
	uint64_t next = LAB_START + HOUR;
	uint16_t port = 1;

	(void)state;
	while (l->t_ns < LAB_START + 2 * HOUR) {
		one_thing(l);
		if (l->t_ns < next || port > 100)
			continue;
		lab_connect(l, scanner, lab_near(l, 1001), lab_port(l), port,
			    port == 25 ? HALF : REFUSED);
		port++;
		next += 15 * SECOND;
	}
	assert_true(addr_equal(lab_one_alert(l)->event.source, scanner));
	assert_int_equal(lab_alert(l, NULL)->event.ports_total, 100);
	assert_int_equal(lab_alert(l, NULL)->event.techniques, BIT(TECH_SYN));
}

/* Clocks. */

/* What the capture's clock says, for a moment that is so long after the beginning. */
static uint64_t clock_leaps_forwards(struct lab *l, uint64_t ns)
{
	(void)l;
	return LAB_START + ns + (ns > 30 * SECOND ? 40 * 8760 * HOUR : 0);
}

static uint64_t clock_leaps_backwards(struct lab *l, uint64_t ns)
{
	(void)l;
	return LAB_START + ns - (ns > 30 * SECOND ? 40 * 8760 * HOUR : 0);
}

static uint64_t clock_runs_backwards(struct lab *l, uint64_t ns)
{
	(void)l;
	return LAB_START - ns;
}

static uint64_t clock_stands(struct lab *l, uint64_t ns)
{
	(void)l;
	(void)ns;
	return LAB_START;
}

static uint64_t clock_begins_in_1970(struct lab *l, uint64_t ns)
{
	(void)l;
	return ns;
}

static uint64_t clock_begins_in_2106(struct lab *l, uint64_t ns)
{
	(void)l;
	return (UINT64_C(1) << 32) * SECOND + ns;
}

static uint64_t clock_ends(struct lab *l, uint64_t ns)
{
	(void)l;
	return UINT64_MAX - 60 * SECOND + ns; /* and wraps */
}

static uint64_t clock_is_disordered(struct lab *l, uint64_t ns)
{
	return LAB_START + ns - lab_below(l, 2000) * MS;
}

static uint64_t clock_swings(struct lab *l, uint64_t ns)
{
	return LAB_START + ns + (lab_below(l, 2) ? 8760 * HOUR : 0);
}

static uint64_t (*const clocks[])(struct lab *l, uint64_t ns) = {
	clock_leaps_forwards, clock_leaps_backwards, clock_runs_backwards,
	clock_stands,	      clock_begins_in_1970,  clock_begins_in_2106,
	clock_ends,	      clock_is_disordered,   clock_swings,
};
#define CLOCKS (sizeof(clocks) / sizeof(clocks[0]))

/* Two minutes of connections that succeed, 20 a second, each SYN answered after 2 ms. */
static void two_minutes(struct lab *l, unsigned clock, bool scan)
{
	for (uint64_t ns = 0; ns < 120 * SECOND; ns += 50 * MS) {
		/* Ports of every kind, so that a clock that runs away has what to mistake. */
		struct packet p = lab_syn(l, lab_near(l, 2), lab_near(l, 1), lab_port(l),
					  (uint16_t)(1000 + ns / (50 * MS) % 500));

		l->t_ns = clocks[clock](l, ns);
		lab_packet(l, &p);
		l->t_ns = clocks[clock](l, ns + 2 * MS);
		lab_segment(l, &p, true, TCP_SYN | TCP_ACK, 0);
		lab_segment(l, &p, false, TCP_ACK, 0);
		lab_segment(l, &p, false, TCP_ACK | TCP_PSH, 100);
		if (ns % SECOND == 0)
			watch_tick(l->watch, l->t_ns);
		if (scan && ns % (500 * MS) == 0)
			lab_connect(l, lab_far(l, 7), lab_near(l, 1), lab_port(l),
				    (uint16_t)(1 + ns / (500 * MS)), REFUSED);
	}
}

static void bad_clocks_raise_no_alarm(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned clock = 0; clock < CLOCKS; clock++) {
		struct lab *l = lab_open(&lab);

		l->gap_ns = 0;
		two_minutes(l, clock, false);
		if (l->count)
			print_message("# clock %u\n", clock);
		lab_silent(l, true);
	}
}

static void a_scan_is_seen_by_a_bad_clock(void **state)
{
	struct lab lab;

	(void)state;
	/* But for the last, which says with every packet that a day is over. */
	for (unsigned clock = 0; clock < CLOCKS - 1; clock++) {
		struct lab *l = lab_open(&lab);

		l->gap_ns = 0;
		l->bad_clock = true;
		two_minutes(l, clock, true);
		lab_finish(l);
		if (!l->alerts)
			fail_msg("clock %u hides a scan", clock);
		for (size_t i = 0; i < l->count; i++)
			assert_true(addr_equal(l->told[i].event.source, lab_far(l, 7)));
	}
}

/* Packets of several queues come a little out of order: time must not be counted twice. */
static void disorder_does_not_hurry_the_clock(void **state)
{
	struct lab lab, *l = lab_open(&lab);

	(void)state;
	l->gap_ns = 0;
	/* The answer comes 100 ms after the question, and 10,000 packets are between them. */
	for (unsigned round = 0; round < 60; round++) {
		struct packet p = lab_syn(l, lab_far(l, 7), lab_near(l, 1), lab_port(l),
					  (uint16_t)(1 + round));
		uint64_t begin = l->t_ns;

		lab_packet(l, &p);
		for (unsigned n = 0; n < 10000; n++) {
			l->t_ns = begin + (n & 1) * 5 * MS + n * 10000;
			struct packet other = lab_tcp(l, lab_near(l, 3), lab_near(l, 4), 22, 4000);

			other.flags = TCP_ACK | TCP_PSH;
			other.payload_bytes = 1;
			lab_packet(l, &other);
		}
		lab_segment(l, &p, true, TCP_SYN | TCP_ACK, 0);
		lab_segment(l, &p, false, TCP_ACK, 0);
		lab_segment(l, &p, false, TCP_ACK | TCP_PSH, 100);
	}
	lab_silent(l, true);
}

/* The same packets and times: the same statements. */
static void two_runs_say_the_same(void **state)
{
	static struct lab_event first[LAB_EVENTS];
	struct lab lab;
	size_t count = 0;

	(void)state;
	for (unsigned run = 0; run < 2; run++) {
		struct lab *l = lab_open(&lab);

		for (unsigned n = 0; n < 3000; n++) {
			one_thing(l);
			lab_connect(l, lab_far(l, n % 20), lab_near(l, 1), lab_port(l),
				    (uint16_t)(1 + n), n & 1 ? REFUSED : SILENT);
		}
		lab_finish(l);
		assert_true(l->alerts >= 20);
		if (run == 0) {
			count = l->count;
			memcpy(first, l->told, count * sizeof(first[0]));
			continue;
		}
		assert_int_equal(l->count, count);
		for (size_t i = 0; i < count; i++) {
			const struct event *a = &first[i].event, *b = &l->told[i].event;

			assert_true(a->id == b->id && a->phase == b->phase && a->t_ns == b->t_ns);
			assert_true(a->packets == b->packets && a->hosts == b->hosts);
			assert_true(a->ports_total == b->ports_total && a->action == b->action);
			assert_true(a->techniques == b->techniques && a->tool == b->tool);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_hours_are_silent),
		cmocka_unit_test(a_slow_scan_is_seen_in_ordinary_hours),
		cmocka_unit_test(bad_clocks_raise_no_alarm),
		cmocka_unit_test(a_scan_is_seen_by_a_bad_clock),
		cmocka_unit_test(disorder_does_not_hurry_the_clock),
		cmocka_unit_test(two_runs_say_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
