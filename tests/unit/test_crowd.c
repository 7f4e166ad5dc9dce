/* Crowds: the number of sources, floods, shared scans, and sources that stand out of a flood. */
#include "watch_lab.h"

#include <stdlib.h>

#include "watch/crowd.h"
#include "watch/name.h"

static const struct siphash_key key = {{7, 8}};

#define TARGET addr_from_v4(0x0a000001)

static struct addr source(uint64_t n)
{
	return addr_from_v4((uint32_t)(0x20000000 + n));
}

static uint64_t name(uint64_t n)
{
	return name_of(&key, source(n));
}

static struct crowd *crowd_at(struct crowd_table *t, uint64_t now_ms)
{
	return crowd_get(t, TARGET, name_of(&key, TARGET), now_ms);
}

/* What crowd_contact says of `sources` that send a contact a millisecond in turn, `per_ms` each. */
static uint64_t flood_of(uint32_t sources, unsigned per_ms, unsigned completed_percent)
{
	struct crowd_table t;
	uint64_t latest = 0, n = 0;

	assert_int_equal(crowd_table_init(&t, 1 << 20, &key), 0);
	for (uint64_t ms = 0; ms < 3000; ms++) {
		for (unsigned i = 0; i < per_ms; i++, n++) {
			struct crowd *c = crowd_at(&t, ms);
			uint64_t seen = crowd_contact(c, name(n % sources), ms);

			if (n % 100 < completed_percent)
				crowd_completed(c);
			latest = seen ? seen : latest;
		}
	}
	crowd_table_fini(&t);
	return latest;
}

static void sources_of_a_flood_are_estimated(void **state)
{
	static const uint32_t counts[] = {60, 100, 500, 1000};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		uint64_t estimate = flood_of(counts[i], 2, 0);

		/* Three standard errors of a HyperLogLog of 1024 registers: 9.8 %. */
		assert_in_range(estimate, counts[i] * 90 / 100, counts[i] * 110 / 100 + 1);
	}
}

static void not_every_crowd_is_a_flood(void **state)
{
	(void)state;
	assert_int_equal(flood_of(40, 2, 0), 0);   /* too few sources */
	assert_int_equal(flood_of(500, 2, 20), 0); /* a fifth of it completes */
	assert_true(flood_of(500, 2, 5) > 0);
	/* Too slow: 90 a second. */
	struct crowd_table t;

	assert_int_equal(crowd_table_init(&t, 1 << 20, &key), 0);
	for (uint64_t n = 0; n < 2000; n++)
		assert_int_equal(crowd_contact(crowd_at(&t, n * 11), name(n), n * 11), 0);
	crowd_table_fini(&t);
}

static struct contact failed(struct addr src, uint16_t port, uint64_t now_ms)
{
	return (struct contact){
		.source = name_of(&key, src),
		.target = name_of(&key, TARGET),
		.src = src,
		.dst = TARGET,
		.now_ms = now_ms,
		.t_ns = now_ms * 1000000,
		.techniques = BIT(TECH_SYN),
		.dport = port,
		.proto = IPPROTO_TCP,
		.window = 1024,
		.failed = true,
	};
}

/* The number of contacts after which the sources, in turn, are reported to share a scan; 0: never.
 * `pattern` chooses the port. */
static unsigned shared_after(unsigned sources, unsigned contacts, uint64_t gap_ms,
			     uint16_t (*port)(unsigned n))
{
	struct crowd_table t;
	unsigned after = 0;

	assert_int_equal(crowd_table_init(&t, 1 << 20, &key), 0);
	for (unsigned n = 0; n < contacts && !after; n++) {
		struct contact c = failed(source(n % sources), port(n), n * gap_ms);
		struct crowd_group *g = crowd_failed(&t, crowd_at(&t, c.now_ms), &c,
						     crowd_fingerprint(&t, &c), CROWD_ALIKE);

		if (g) {
			assert_int_equal(g->sources, n + 1 < sources ? n + 1 : sources);
			after = n + 1;
		}
	}
	crowd_table_fini(&t);
	return after;
}

static uint16_t port_of_its_own(unsigned n)
{
	return (uint16_t)n;
}

static uint16_t port_of_few(unsigned n)
{
	return (uint16_t)(n % 20);
}

static uint16_t port_of_two(unsigned n)
{
	return (uint16_t)(n / 2 % 100);
}

static void sources_that_share_the_ports_are_one_scan(void **state)
{
	(void)state;
	assert_int_equal(shared_after(3, 100, 100, port_of_its_own), 24);
	assert_int_equal(shared_after(9, 100, 100, port_of_its_own), 24);
	assert_int_equal(shared_after(50, 300, 100, port_of_its_own), 125);
	assert_int_equal(shared_after(2, 300, 100, port_of_its_own), 0);
	/* Hundreds of sources with a packet each are forged ones, or a popular address. */
	assert_int_equal(shared_after(1000, 3000, 10, port_of_its_own), 0);
	assert_int_equal(shared_after(5, 1000, 100, port_of_few), 0);
	/* Half of the contacts repeat a port. */
	assert_int_equal(shared_after(5, 150, 100, port_of_two), 0);
	/* A port each, in turns and with time: a campaign. */
	assert_int_equal(shared_after(100, 300, 500, port_of_its_own), 40);
	/* Strangers with the same tool, every two seconds. */
	assert_int_equal(shared_after(120, 240, 2000, port_of_its_own), 0);
	/* Strangers, one in five seconds. */
	assert_int_equal(shared_after(5, 200, 5000, port_of_its_own), 0);
}

static void packets_that_look_different_do_not_share(void **state)
{
	struct crowd_table t;

	(void)state;
	assert_int_equal(crowd_table_init(&t, 1 << 20, &key), 0);
	for (unsigned n = 0; n < 92; n++) {
		struct contact c = failed(source(n % 5), (uint16_t)n, n * 100);

		/* Four kinds, of 23 ports each. */
		c.window = (uint16_t)(1024 + n % 4);
		assert_null(crowd_failed(&t, crowd_at(&t, c.now_ms), &c, crowd_fingerprint(&t, &c),
					 CROWD_ALIKE));
	}
	crowd_table_fini(&t);
}

/* Sources with nothing in common but the time: half a minute. */
static void many_at_the_same_time_share(void **state)
{
	struct crowd_table t;

	(void)state;
	for (unsigned slow = 0; slow < 2; slow++) {
		unsigned after = 0;

		assert_int_equal(crowd_table_init(&t, 1 << 20, &key), 0);
		for (unsigned n = 0; n < 200 && !after; n++) {
			struct contact c =
				failed(source(n % 20), (uint16_t)n, n * (slow ? 1500 : 500));

			c.window = (uint16_t)(1024 + n);
			if (crowd_failed(&t, crowd_at(&t, c.now_ms), &c, 2, CROWD_ANY))
				after = n + 1;
		}
		assert_int_equal(after, slow ? 0 : 40);
		crowd_table_fini(&t);
	}
}

/* A contact with the target, failed at once. */
static void span_is_new(const struct crowd_span *s)
{
	assert_int_equal(s->contacts + s->completed, 0);
	assert_int_equal(s->empty, CROWD_REGISTERS);
	assert_true(s->sum == CROWD_REGISTERS * (UINT64_C(1) << 53));
	for (int i = 0; i < CROWD_REGISTERS; i++)
		assert_int_equal(s->sources[i], 0);
}

/* Four slots, all in use with that many sources; then the crowd of a fifth target. */
static void used_place_is_as_new(uint64_t sources)
{
	struct crowd_table t;
	struct crowd *c = NULL;

	assert_int_equal(crowd_table_init(&t, 60 << 10, &key), 0);
	assert_int_equal(t.buckets, 1);
	for (uint64_t target = 1; target <= 5; target++) {
		c = crowd_get(&t, source(target), name(target), target);
		for (uint64_t n = 0; n < sources && target < 5; n++) {
			struct contact contact = failed(source(n), (uint16_t)n, target);

			crowd_contact(c, name(n), target);
			crowd_stray(c, name(n), target);
			crowd_failed(&t, c, &contact, crowd_fingerprint(&t, &contact), CROWD_ALIKE);
			crowd_completed(c);
		}
	}
	assert_int_equal(t.evicted, 1);
	span_is_new(&c->contacts);
	span_is_new(&c->tenth);
	span_is_new(&c->strays);
	for (int i = 0; i < CROWD_GROUPS; i++) {
		assert_int_equal(c->group[i].fingerprint, 0);
		assert_int_equal(c->group[i].moved_ms, 0);
		assert_int_equal(c->group[i].contacts, 0);
		assert_int_equal(c->group[i].sources + c->group[i].ports, 0);
	}
	crowd_table_fini(&t);
}

static void whose_place_is_taken_leaves_nothing(void **state)
{
	static const uint64_t counts[] = {
		0, 1, CROWD_LISTED - 1, CROWD_LISTED, CROWD_LISTED + 5, 100, 5000};

	(void)state;
	for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		used_place_is_as_new(counts[i]);
}

static bool admits(struct crowd_table *t, struct addr from, uint64_t now_ms)
{
	struct crowd *c = crowd_at(t, now_ms);
	struct contact contact = failed(from, 80, now_ms);

	contact.over_ms = now_ms;
	(void)crowd_contact(c, contact.source, now_ms);
	return crowd_surprise(t, c, &contact, true) >= CROWD_ADMITS;
}

/* In a flood of forged sources few are admitted, and one that is busier is, soon. */
static void who_is_busier_than_the_flood_is_admitted(void **state)
{
	struct crowd_table t;
	struct lab lab = {.random = 5};
	uint64_t forged = 0, contacts = 0, before = 0;
	bool admitted = false;

	(void)state;
	assert_int_equal(crowd_table_init(&t, 4 << 20, &key), 0);
	for (uint64_t ms = 0; ms < 4000; ms++) {
		for (unsigned i = 0; i < 300; i++, contacts++)
			forged += admits(&t, source(lab_random(&lab) % 40000), ms);
		/* 50 a second, from the second second on. */
		if (ms >= 1000 && ms % 20 == 0 && !admitted) {
			admitted = admits(&t, addr_from_v4(0xc6336407), ms);
			before += !admitted;
		}
	}
	/* 7.5 a second each. */
	assert_true(crowd_mean_pps(crowd_at(&t, 4000), 4000) > 5);
	assert_true(crowd_mean_pps(crowd_at(&t, 4000), 4000) < 10);
	/* One of ten thousand is taken for more. */
	assert_true(forged * 10000 < contacts);
	assert_true(admitted);
	assert_in_range(before, 5, 20);
	crowd_table_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources_of_a_flood_are_estimated),
		cmocka_unit_test(not_every_crowd_is_a_flood),
		cmocka_unit_test(sources_that_share_the_ports_are_one_scan),
		cmocka_unit_test(packets_that_look_different_do_not_share),
		cmocka_unit_test(many_at_the_same_time_share),
		cmocka_unit_test(whose_place_is_taken_leaves_nothing),
		cmocka_unit_test(who_is_busier_than_the_flood_is_admitted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
