/* The detector under a flood of forged SYNs: a real scan is named while it lasts. */
#include <stdlib.h>

#include "watch_lab.h"

#include "run/watch_memory.h"
#include "watch/watch.h"

#define SCAN_PORTS 100
#define SCAN_PPS   50

struct flood {
	unsigned pps, gust_pps; /* the latter in the second second; 0: the same */
	unsigned least_ports;	/* ports of the scan that are reported */
	uint32_t sources;	/* forged ones, drawn at random */
	bool random_ports;
	bool refused;	    /* the target answers with a RST */
	unsigned before_ms; /* how long it lasts before the scan begins */
	unsigned most_ms;   /* of its 2000 ms, until it is named */
};

/* With the tables that a run has by default. */
static struct lab *flood_lab(struct lab *l)
{
	lab_init(l);
	l->conf.memory_bytes = watch_memory_share(l->conf.memory_bytes).tables;
	lab_begin(l);
	return l;
}

/* One SYN from a forged source, that of a flood tool: its own window, no options. */
static void flood_syn(struct lab *l, const struct flood *f)
{
	struct addr source = addr_from_v4(0x20000000 + (uint32_t)(lab_random(l) % f->sources) * 97);
	struct packet p = lab_tcp(l, source, lab_near(l, 1), (uint16_t)lab_random(l),
				  f->random_ports ? (uint16_t)lab_random(l) : 80);

	p.flags = TCP_SYN;
	p.window = 512;
	lab_packet(l, &p);
	if (f->refused) {
		l->t_ns -= l->gap_ns;
		lab_segment(l, &p, true, TCP_RST | TCP_ACK, 0);
	}
}

static void check_scan_is_named_in(const struct flood *f)
{
	struct lab lab, *l = flood_lab(&lab);
	struct addr scanner = addr_from_v4(0xc6336407);
	uint64_t begin, end, next, named_ns = 0, second = l->t_ns / SECOND;
	unsigned probed = 0;
	const struct lab_event *told;

	l->gap_ns = SECOND / f->pps;
	begin = l->t_ns + f->before_ms * MS;
	end = begin + SCAN_PORTS * SECOND / SCAN_PPS;
	next = begin;
	while (l->t_ns < end) {
		if (f->gust_pps)
			l->gap_ns =
				SECOND / (l->t_ns / SECOND == second + 1 ? f->gust_pps : f->pps);
		flood_syn(l, f);
		if (l->t_ns >= next && probed < SCAN_PORTS) {
			lab_connect(l, scanner, lab_near(l, 1), (uint16_t)(50000 + probed),
				    (uint16_t)(1 + probed),
				    probed % 20 == 19 ? HALF
				    : f->refused      ? REFUSED
						      : SILENT);
			probed++;
			next += SECOND / SCAN_PPS;
		}
		if (l->t_ns % SECOND < l->gap_ns)
			watch_tick(l->watch, l->t_ns);
		if (l->alerts && !named_ns)
			named_ns = l->t_ns;
	}
	watch_tick(l->watch, end);
	/* Told by now: its own duration is over. */
	told = lab_alert(l, &scanner);
	if (!told || l->alerts != 1) {
		lab_print(l);
		fail_msg("flood of %u/s, %u sources, ports %d, refused %d, after %u ms: %zu alerts",
			 f->pps, f->sources, f->random_ports, f->refused, f->before_ms, l->alerts);
	}
	assert_int_equal(told->event.action, EVENT_PORT_SCAN);
	assert_in_range((named_ns - begin) / MS, 0, f->most_ms);
	assert_int_equal(l->seen_actions, BIT(EVENT_PORT_SCAN) | BIT(EVENT_SYN_FLOOD));
	lab_finish(l);
	told = lab_alert(l, &scanner);
	assert_int_equal(l->alerts, 1);
	/* Those before it stood out are not known. */
	assert_in_range(told->event.ports_total, f->least_ports, SCAN_PORTS);
	assert_int_equal(told->event.techniques, BIT(TECH_SYN));
}

/* The scan is hardly five times as busy as a forged source, at last hardly more than three times.
 */
static void a_scan_is_named_though_the_forged_are_busy(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		const struct flood f = {
			.pps = i < 3 ? 700000 : 1000000,
			.least_ports = SCAN_PORTS / 5,
			.sources = 65536,
			.random_ports = true,
			.before_ms = 1200 + 333 * i,
			.most_ms = i < 3 ? 1000 : 1400,
		};

		check_scan_is_named_in(&f);
	}
}

/* What a source may make is not what it made in the worst of the seconds before. */
static void a_scan_is_named_after_a_gust(void **state)
{
	const struct flood f = {
		.pps = 600000,
		.gust_pps = 1200000,
		.least_ports = SCAN_PORTS / 3,
		.sources = 65536,
		.random_ports = true,
		.before_ms = 2100,
		.most_ms = 1100,
	};

	(void)state;
	check_scan_is_named_in(&f);
}

static void a_scan_is_named_amid_a_flood(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		const struct flood f = {
			.pps = 500000,
			.least_ports = SCAN_PORTS / 2,
			.sources = i & 1 ? 65536 : 16000000,
			.random_ports = i & 2,
			.refused = i & 4,
			.before_ms = 1500,
			.most_ms = 900,
		};

		check_scan_is_named_in(&f);
	}
}

/* Spoofed sources that are not drawn evenly: the source of the n-th SYN, at a time since the
 * start. */
struct crookedness {
	const char *what;
	uint32_t (*source)(struct lab *l, uint32_t n, uint64_t ms);
	unsigned pps, seconds;
	unsigned targets;
	unsigned then_pps; /* after three seconds; 0: the same */
};

#define CROOKED_POOL 4096

static uint32_t evenly(struct lab *l, uint32_t n, uint64_t ms)
{
	(void)n;
	(void)ms;
	return (uint32_t)(lab_random(l) % CROOKED_POOL);
}

/* Twenty-four in a row, from ever new ones. */
static uint32_t in_bursts(struct lab *l, uint32_t n, uint64_t ms)
{
	(void)l;
	(void)ms;
	return n / 24;
}

/* Each is at it for a third of a second, then others are. */
static uint32_t by_turns(struct lab *l, uint32_t n, uint64_t ms)
{
	(void)n;
	return (uint32_t)(ms / 333 * 256 + lab_random(l) % 256);
}

/* Some of a botnet are twice as busy as its average. */
static uint32_t by_halves(struct lab *l, uint32_t n, uint64_t ms)
{
	uint32_t all = (uint32_t)(lab_random(l) % CROOKED_POOL);

	(void)ms;
	return n % 3 ? all : all % (CROOKED_POOL / 4);
}

/* A quarter of it is two and a half times as busy. */
static uint32_t by_quarters(struct lab *l, uint32_t n, uint64_t ms)
{
	const uint32_t busy = CROOKED_POOL / 4;

	(void)ms;
	return (uint32_t)(n % 8 < 5 ? lab_random(l) % busy : busy + lab_random(l) % (3 * busy));
}

/* Half of the pool stays away in every other half of a second. */
static uint32_t by_tides(struct lab *l, uint32_t n, uint64_t ms)
{
	uint32_t all = (uint32_t)(lab_random(l) % CROOKED_POOL);

	(void)n;
	return ms % 1000 < 500 ? all : all / 2;
}

/* After three and a half seconds only one in sixteen is left, each so much the busier. */
static uint32_t by_fewer(struct lab *l, uint32_t n, uint64_t ms)
{
	(void)n;
	return (uint32_t)(lab_random(l) % (ms < 3500 ? CROOKED_POOL : CROOKED_POOL / 16));
}

static void check_no_alert(const struct crookedness *f)
{
	struct lab lab, *l = flood_lab(&lab);
	uint64_t begin = l->t_ns;

	l->gap_ns = SECOND / f->pps;
	for (uint32_t n = 0; l->t_ns - begin < f->seconds * SECOND; n++) {
		if (f->then_pps && l->t_ns - begin >= 3 * SECOND)
			l->gap_ns = SECOND / f->then_pps;
		uint32_t source = f->source(l, n, (l->t_ns - begin) / MS);
		struct packet p = lab_tcp(l, addr_from_v4(0x20000000 + source * 97),
					  lab_near(l, 1 + n % f->targets), lab_port(l),
					  (uint16_t)lab_random(l));

		p.flags = TCP_SYN;
		lab_packet(l, &p);
		if (l->t_ns % SECOND < l->gap_ns)
			watch_tick(l->watch, l->t_ns);
	}
	lab_finish(l);
	if (l->alerts) {
		lab_print(l);
		fail_msg("%s: %zu alerts", f->what, l->alerts);
	}
	assert_int_equal(l->seen_actions, BIT(EVENT_SYN_FLOOD));
}

static void a_flood_alone_is_no_scan(void **state)
{
	static const struct crookedness floods[] = {
		{"evenly", evenly, 45000, 20, 1},
		{"at four targets", evenly, 45000, 10, 4},
		{"in bursts", in_bursts, 45000, 10, 1},
		{"by turns", by_turns, 45000, 10, 1},
		{"by halves", by_halves, 45000, 10, 1},
		{"by quarters", by_quarters, 45000, 10, 1},
		{"by tides", by_tides, 45000, 10, 1},
		{"slowly", evenly, 4500, 30, 1},
		{"then faster", evenly, 4500, 8, 1, 45000},
		{"then slower", evenly, 45000, 10, 1, 4500},
		{"by fewer", by_fewer, 45000, 8, 1},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(floods) / sizeof(floods[0]); i++)
		check_no_alert(&floods[i]);
}

/*
 * Spoofed sources that are each as busy as the scan cannot hide it from a reader of the events:
 * the flood's event lists it among them. Not in a flood that probes no ports, nor in one of so
 * many sources that a list would be useless.
 */
static void suspects_of_a_flood_are_listed(void **state)
{
	static const struct {
		uint32_t sources;
		unsigned pps;
		bool random_ports, listed;
	} floods[] = {
		{64, 6400, true, true},
		{256, 25600, true, true},
		{64, 6400, false, false},
		{4096, 45000, true, false},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(floods) / sizeof(floods[0]); i++) {
		const struct flood f = {.sources = floods[i].sources,
					.random_ports = floods[i].random_ports};
		struct lab lab, *l = flood_lab(&lab);
		uint64_t begin = l->t_ns;
		unsigned updates = 0;

		l->looked_for = addr_from_v4(0xc6336407);
		l->gap_ns = SECOND / floods[i].pps;
		for (uint32_t n = 0; n < 8 * floods[i].pps; n++) {
			flood_syn(l, &f);
			if (floods[i].listed && n % (floods[i].pps / 100) == 0)
				lab_connect(l, l->looked_for, lab_near(l, 1), lab_port(l),
					    (uint16_t)(1 + n / (floods[i].pps / 100)), SILENT);
			if ((l->t_ns - begin) % SECOND < l->gap_ns)
				watch_tick(l->watch, l->t_ns);
		}
		lab_finish(l);
		assert_int_equal(l->alerts, 0);
		assert_int_equal(l->seen_actions, BIT(EVENT_SYN_FLOOD));
		for (size_t n = 0; n < l->count; n++) {
			const struct event *e = &l->told[n].event;

			updates += e->phase == EVENT_UPDATE;
			assert_in_range(e->suspects.count, 0,
					floods[i].listed ? floods[i].sources + 1 : 0);
			if (e->phase == EVENT_CLOSE)
				assert_int_equal(l->told[n].lists, floods[i].listed);
		}
		/* At once, and again for the last of them. */
		assert_in_range(updates, floods[i].listed, 3 * floods[i].listed);
	}
}

/* Once it is named it is no suspect. */
static void who_is_named_is_no_suspect(void **state)
{
	const struct flood f = {.sources = 64, .random_ports = true};
	struct lab lab, *l = flood_lab(&lab);

	(void)state;
	l->looked_for = addr_from_v4(0xc6336407);
	l->gap_ns = SECOND / 6400;
	for (uint32_t n = 0; n < 8 * 6400; n++) {
		flood_syn(l, &f);
		if (n > 6400 && n % 16 == 0)
			lab_connect(l, l->looked_for, lab_near(l, 1), lab_port(l),
				    (uint16_t)(1 + n / 16), SILENT);
	}
	lab_finish(l);
	assert_int_equal(l->alerts, 1);
	assert_non_null(lab_alert(l, &l->looked_for));
	assert_false(lab_action(l, EVENT_SYN_FLOOD)->lists);
	assert_int_equal(lab_action(l, EVENT_SYN_FLOOD)->event.suspects.count, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scan_is_named_amid_a_flood),
		cmocka_unit_test(a_scan_is_named_though_the_forged_are_busy),
		cmocka_unit_test(a_scan_is_named_after_a_gust),
		cmocka_unit_test(a_flood_alone_is_no_scan),
		cmocka_unit_test(suspects_of_a_flood_are_listed),
		cmocka_unit_test(who_is_named_is_no_suspect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
