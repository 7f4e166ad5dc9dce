/* The life of a scan: what is reported of it, when, and how often at most. */
#include "watch_lab.h"

#include <stdlib.h>

#include "watch/episode.h"
#include "watch/name.h"

static const struct siphash_key key = {{11, 12}};

#define TARGET addr_from_v4(0x0a000001)

struct stage {
	struct lab lab; /* only its record of the events */
	struct host_set hosts;
	struct episode_table t;
	uint64_t now_ms;
};

static struct episode_table *stage_open(struct stage *s, size_t bytes, unsigned per_minute)
{
	lab_init(&s->lab);
	s->now_ms = 1000000;
	assert_int_equal(host_set_init(&s->hosts, 1 << 20, &key), 0);
	assert_int_equal(episode_table_init(&s->t, bytes, &key, &s->hosts), 0);
	s->t.event = lab_event;
	s->t.event_context = &s->lab;
	s->t.per_minute = per_minute;
	return &s->t;
}

static void stage_close(struct stage *s)
{
	episode_table_fini(&s->t);
	host_set_fini(&s->hosts);
}

static struct addr source(uint32_t n)
{
	return addr_from_v4(0x20000000 + n);
}

/* A record as it stands when its walk is over: ports 1 to 10 of TARGET. */
static struct evidence record(struct addr src, const struct stage *s)
{
	struct evidence r = {
		.tag = 1,
		.first_ns = (s->now_ms - 10) * MS,
		.last_ns = s->now_ms * MS,
		.began_ms = s->now_ms - 10,
		.moved_ms = s->now_ms,
		.src = src,
		.target = TARGET,
		.score = 13.9f,
		.packets = 10,
		.failed = 10,
		.kind = EVIDENCE_PORTS,
		.proto = IPPROTO_TCP,
		.listed = 10,
	};

	r.seen[TECH_SYN] = r.seen[TECH_CONNECT] = 10;
	for (uint16_t i = 0; i < 10; i++)
		r.number[i] = (uint16_t)(1 + i);
	return r;
}

static struct episode *open_one(struct stage *s, uint32_t n)
{
	struct evidence r = record(source(n), s);
	struct episode *e = episode_open(&s->t, &r, 77, s->now_ms, s->now_ms * MS);

	episode_report(&s->t, e, EVENT_OPEN, s->now_ms * MS);
	return e;
}

static struct contact probe(const struct stage *s, uint32_t n, uint16_t port)
{
	return (struct contact){
		.src = source(n),
		.dst = TARGET,
		.t_ns = s->now_ms * MS,
		.now_ms = s->now_ms,
		.techniques = BIT(TECH_SYN) | BIT(TECH_CONNECT),
		.dport = port,
		.proto = IPPROTO_TCP,
		.weight = 1,
		.failed = true,
	};
}

/* 65,536 ports: told when it opens, at each tenfold, and when it closes. */
static void a_scan_is_told_on_a_logarithmic_scale(void **state)
{
	static const uint64_t sizes[] = {10, 100, 1000, 10000, 65536};
	struct stage s;
	struct episode_table *t = stage_open(&s, 2 << 20, 60);
	struct episode *e = open_one(&s, 1);

	(void)state;
	for (uint32_t port = 0; port < 65536; port++) {
		struct contact c = probe(&s, 1, (uint16_t)port);

		if (port >= 1 && port <= 10)
			continue;
		s.now_ms++;
		episode_add(t, e, &c, 77);
	}
	episode_expire(t, s.now_ms + 300000, 300000, (s.now_ms + 300000) * MS);
	assert_int_equal(s.lab.count, 5);
	for (unsigned i = 0; i < 5; i++) {
		const struct event *event = &s.lab.told[i].event;

		assert_int_equal(event->phase, i == 0	? EVENT_OPEN
					       : i == 4 ? EVENT_CLOSE
							: EVENT_UPDATE);
		assert_int_equal(event->ports_total, sizes[i]);
		assert_int_equal(event->id, s.lab.told[0].event.id);
		assert_true(addr_equal(event->source, source(1)));
		assert_int_equal(event->shape, SHAPE_VERTICAL);
	}
	assert_int_equal(t->open, 0);
	stage_close(&s);
}

static void what_is_known_narrows_and_is_told(void **state)
{
	(void)state;
	for (unsigned syn = 0; syn < 2; syn++) {
		struct stage s;
		struct episode_table *t = stage_open(&s, 2 << 20, 60);
		struct episode *e = open_one(&s, 1);
		struct contact c = probe(&s, 1, 80);

		c.open = true;
		c.half_open = c.failed = syn;
		c.idle = c.proven = !syn;
		assert_int_equal(episode_techniques(e), BIT(TECH_SYN) | BIT(TECH_CONNECT));
		episode_add(t, e, &c, 77);
		assert_int_equal(s.lab.count, 2);
		assert_int_equal(s.lab.told[1].event.phase, EVENT_UPDATE);
		assert_int_equal(s.lab.told[1].event.techniques,
				 BIT(syn ? TECH_SYN : TECH_CONNECT));
		assert_int_equal(s.lab.told[1].open_ranges, 1);
		assert_int_equal(s.lab.told[1].open[0][0], 80);
		/* No more of it: nothing is learned. */
		c.dport = 81;
		episode_add(t, e, &c, 77);
		assert_int_equal(s.lab.count, 2);
		episode_close_all(t, s.now_ms * MS);
		stage_close(&s);
	}
}

/* Ports as ranges, against a plain list. */
static void ranges_of_ports_are_exact(void **state)
{
	static uint8_t there[65536];
	struct stage s;

	(void)state;
	for (unsigned seed = 0; seed < 30; seed++) {
		struct episode_table *t = stage_open(&s, 2 << 20, 1000);
		struct episode *e = open_one(&s, 1);
		uint64_t runs = 0, total = 0;
		const struct lab_event *told;

		s.lab.random = seed;
		memset(there, 0, sizeof(there));
		memset(there + 1, 1, 10);
		for (unsigned n = 0; n < seed * 5; n++) {
			uint16_t first = (uint16_t)lab_random(&s.lab);
			unsigned count = 1 + lab_below(&s.lab, seed % 3 ? 3 : 3000);

			if (seed == 29)
				first = (uint16_t)(65535 - n);
			for (unsigned i = 0; i < count && first + i < 65536; i++) {
				struct contact c = probe(&s, 1, (uint16_t)(first + i));

				there[first + i] = 1;
				episode_add(t, e, &c, 77);
			}
		}
		for (unsigned port = 0; port < 65536; port++) {
			total += there[port];
			runs += there[port] && (port == 0 || !there[port - 1]);
		}
		episode_close_all(t, s.now_ms * MS);
		told = &s.lab.told[s.lab.count - 1];
		assert_int_equal(told->event.phase, EVENT_CLOSE);
		assert_int_equal(told->event.ports_total, total);
		assert_int_equal(told->ranges, runs);
		for (size_t i = 0; i < told->ranges && i < LAB_RANGES; i++) {
			assert_true(there[told->range[i][0]] && there[told->range[i][1]]);
			assert_true(told->range[i][1] == 65535 || !there[told->range[i][1] + 1]);
		}
		stage_close(&s);
	}
}

/* Every other port: the most ranges there can be. */
static void the_most_ranges_fit(void **state)
{
	struct stage s;
	struct episode_table *t = stage_open(&s, 2 << 20, 60);
	struct episode *e = open_one(&s, 1);

	(void)state;
	for (uint32_t port = 0; port < 65536; port += 2) {
		struct contact c = probe(&s, 1, (uint16_t)port);

		c.open = true;
		episode_add(t, e, &c, 77);
		c.proto = IPPROTO_UDP;
		episode_add(t, e, &c, 77);
	}
	episode_close_all(t, s.now_ms * MS);
	assert_int_equal(s.lab.told[s.lab.count - 1].event.ports_total, 2 * 32768 + 5);
	assert_int_equal(s.lab.told[s.lab.count - 1].open_ranges, 32768);
	stage_close(&s);
}

/* Only a limited number of events opens in a minute; the rest is counted, and reported as one. */
static void openings_are_limited_and_the_rest_is_counted(void **state)
{
	struct stage s;
	struct episode_table *t = stage_open(&s, 16 << 20, 10);
	unsigned opened = 0, suppressed = 0;

	(void)state;
	for (uint32_t n = 0; n < 100; n++) {
		(void)open_one(&s, n);
		s.now_ms += 100;
	}
	assert_int_equal(s.lab.count, 10);
	assert_int_equal(t->suppressed, 90);
	episode_expire(t, s.now_ms, 300000, s.now_ms * MS);
	assert_int_equal(s.lab.count, 10); /* the minute is not over */
	s.now_ms += 60000;
	episode_expire(t, s.now_ms, 300000, s.now_ms * MS);
	assert_int_equal(s.lab.count, 11);
	assert_int_equal(s.lab.told[10].event.action, EVENT_SUPPRESSED);
	assert_int_equal(s.lab.told[10].event.suppressed, 90);
	/* An event that was suppressed when it opened is not reported when it closes. */
	episode_close_all(t, s.now_ms * MS);
	for (size_t i = 0; i < s.lab.count; i++) {
		opened += s.lab.told[i].event.phase == EVENT_OPEN &&
			  s.lab.told[i].event.action == EVENT_PORT_SCAN;
		suppressed += s.lab.told[i].event.action == EVENT_SUPPRESSED;
	}
	assert_int_equal(opened, 10);
	assert_int_equal(suppressed, 1);
	assert_int_equal(s.lab.count, 21);
	/* A new minute has room again. */
	(void)open_one(&s, 1000);
	assert_int_equal(s.lab.count, 22);
	episode_close_all(t, s.now_ms * MS);
	stage_close(&s);
}

/* If all slots are in use, the longest idle scan is closed and reported. */
static void the_longest_idle_makes_room(void **state)
{
	struct stage s;
	struct episode_table *t = stage_open(&s, 1 << 20, 100000);
	uint32_t most = t->count;

	(void)state;
	assert_true(most >= 4 && most < 1000);
	for (uint32_t n = 0; n < most; n++, s.now_ms += 10)
		(void)open_one(&s, n);
	/* The first one continues; the second is now the longest idle. */
	struct contact c = probe(&s, 0, 500);

	episode_add(t, episode_find(t, name_of(&key, source(0)), false), &c, 77);
	for (uint32_t n = 0; n < 3; n++, s.now_ms += 10)
		(void)open_one(&s, most + n);
	assert_int_equal(t->refused, 3);
	assert_int_equal(t->open, most);
	assert_non_null(episode_find(t, name_of(&key, source(0)), false));
	for (uint32_t n = 1; n <= 3; n++)
		assert_null(episode_find(t, name_of(&key, source(n)), false));
	assert_non_null(episode_find(t, name_of(&key, source(most + 2)), false));
	episode_close_all(t, s.now_ms * MS);
	stage_close(&s);
}

/* All are closed in the order in which they opened, and their numbers ascend. */
static void they_close_in_order(void **state)
{
	struct stage s;
	struct episode_table *t = stage_open(&s, 4 << 20, 1000);
	uint64_t before = 0;

	(void)state;
	for (uint32_t n = 0; n < 50; n++)
		(void)open_one(&s, n * 7919 % 50);
	episode_close_all(t, s.now_ms * MS);
	assert_int_equal(s.lab.count, 100);
	for (size_t i = 50; i < 100; i++) {
		assert_int_equal(s.lab.told[i].event.phase, EVENT_CLOSE);
		assert_true(s.lab.told[i].event.id > before);
		before = s.lab.told[i].event.id;
	}
	stage_close(&s);
}

/* How long a silence is waited for: the idle time, or eight of the scan's own pauses. */
static void a_slow_scan_has_more_patience(void **state)
{
	static const struct {
		uint64_t gap_ms, patience_ms;
	} rows[] = {{100, 300000}, {30000, 300000}, {300000, 2400000}, {86400000, 172800000}};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct stage s;
		struct episode_table *t = stage_open(&s, 2 << 20, 60);
		struct episode *e = open_one(&s, 1);

		for (uint16_t port = 100; port < 1000; port++) {
			struct contact c;

			s.now_ms += rows[i].gap_ms;
			c = probe(&s, 1, port);
			episode_add(t, e, &c, 77);
		}
		/* The ten before came at once, so that its pauses are a little shorter on average.
		 */
		episode_expire(t, s.now_ms + rows[i].patience_ms * 98 / 100, 300000, s.now_ms * MS);
		assert_int_equal(t->open, 1);
		episode_expire(t, s.now_ms + rows[i].patience_ms, 300000, s.now_ms * MS);
		assert_int_equal(t->open, 0);
		stage_close(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scan_is_told_on_a_logarithmic_scale),
		cmocka_unit_test(what_is_known_narrows_and_is_told),
		cmocka_unit_test(ranges_of_ports_are_exact),
		cmocka_unit_test(the_most_ranges_fit),
		cmocka_unit_test(openings_are_limited_and_the_rest_is_counted),
		cmocka_unit_test(the_longest_idle_makes_room),
		cmocka_unit_test(they_close_in_order),
		cmocka_unit_test(a_slow_scan_has_more_patience),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
