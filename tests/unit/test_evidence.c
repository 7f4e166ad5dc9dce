/* The scores of the sequential test, and which records are evicted. */
#include "watch_lab.h"

#include <math.h>
#include <stdlib.h>

#include "base/logarithm.h"
#include "watch/evidence.h"
#include "watch/name.h"

static const struct siphash_key key = {{5, 6}};

#define TARGET addr_from_v4(0x0a000001)

struct table {
	struct host_set hosts;
	struct evidence_table t;
};

static struct evidence_table *table_open(struct table *x, size_t bytes, double alpha, double beta)
{
	assert_int_equal(host_set_init(&x->hosts, 1 << 18, &key), 0);
	assert_int_equal(evidence_table_init(&x->t, bytes, &key, &x->hosts), 0);
	evidence_set_errors(&x->t, alpha, beta);
	return &x->t;
}

static void table_close(struct table *x)
{
	evidence_table_fini(&x->t);
	host_set_fini(&x->hosts);
}

static struct contact contact_with(struct addr src, struct addr dst, uint16_t port, uint64_t now_ms)
{
	return (struct contact){
		.source = name_of(&key, src),
		.target = name_of(&key, dst),
		.src = src,
		.dst = dst,
		.t_ns = now_ms * 1000000,
		.now_ms = now_ms,
		.techniques = BIT(TECH_SYN) | BIT(TECH_CONNECT),
		.seq = port + 1u,
		.dport = port,
		.proto = IPPROTO_TCP,
		.weight = 1,
		.failed = true,
	};
}

static struct addr source(uint32_t n)
{
	return addr_from_v4(0x20000000 + n);
}

static void logarithms_are_right(void **state)
{
	(void)state;
	for (double x = 1e-12; x < 1e12; x *= 1.37)
		assert_true(fabs(logarithm(x) - log(x)) < 1e-9);
	assert_true(fabs(logarithm(1)) < 1e-12);
}

/* Failed ports in a row until the walk is over: ln(beta / alpha) / ln 4, rounded up. */
static void the_threshold_follows_from_the_errors(void **state)
{
	static const struct {
		double alpha, beta;
	} rows[] = {{0.01, 0.99}, {1e-3, 0.99}, {1e-6, 0.99}, {1e-6, 0.5}, {1e-9, 0.999}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct table x;
		struct evidence_table *t = table_open(&x, 1 << 20, rows[i].alpha, rows[i].beta);
		unsigned needed = (unsigned)ceil(log(rows[i].beta / rows[i].alpha) / log(4));
		struct evidence *over = NULL;
		unsigned n = 0;

		while (!over) {
			struct contact c = contact_with(source(1), TARGET, (uint16_t)++n, 1000);

			over = evidence_add(t, &c);
			assert_true(n <= needed);
		}
		assert_int_equal(n, needed);
		assert_int_equal(over->failed, needed);
		assert_int_equal(over->packets, needed);
		assert_true(evidence_error(over) <= rows[i].alpha / rows[i].beta * 1.01);
		assert_true(fabs(log(evidence_error(over)) + (double)over->score) < 5e-3);
		table_close(&x);
	}
}

/* Both walks against doubles, over random steps up and down and random pauses. */
static void the_walks_agree_with_a_plain_reckoning(void **state)
{
	struct lab lab = {.random = 99};
	struct table x;
	/* Never over. */
	struct evidence_table *t = table_open(&x, 1 << 20, 1e-300, 0.99);
	double fast = 0, slow = 0;
	uint64_t now_ms = 1000, before_ms = 1000;
	uint16_t failed = 0, used = 0;

	(void)state;
	for (unsigned step = 0; step < 90; step++) {
		bool use = step > 10 && lab_below(&lab, 3) == 0;
		struct contact c = contact_with(
			source(1), TARGET, (uint16_t)(use ? 20000 + used * 7 : failed + 1), now_ms);
		double age = (double)(now_ms - before_ms), s = log(4);

		c.failed = !use;
		c.used = c.again = use;
		(void)evidence_add(t, &c);
		fast = fmax(0, fast - age / (double)LEAK_MS * s);
		slow = fmax(0, slow - age / (double)LEAK_SLOW_MS * s);
		/* The first two are brought together, once the second is there. */
		fast = fmax(0, fast + (use ? -s : s));
		slow = fmax(0, slow + (use ? -s : s));
		used += use;
		failed += !use;
		before_ms = now_ms;
		if (step >= 1)
			now_ms += lab_below(&lab, 1200000);
	}
	for (uint64_t i = 0; i < t->buckets * 8; i++) {
		const struct evidence *r = &t->record[i];

		if (!r->tag || r->kind != EVIDENCE_PORTS)
			continue;
		assert_int_equal(r->failed, failed);
		assert_int_equal(r->used, used);
		assert_true(fabs((double)r->score - fast) < 0.01);
		assert_true(fabs((double)r->slow - slow) < 0.01);
	}
	table_close(&x);
}

static const struct evidence *record_of(struct evidence_table *t, struct addr src, unsigned kind)
{
	for (uint64_t i = 0; i < t->buckets * 8; i++)
		if (t->record[i].tag && t->record[i].kind == kind &&
		    addr_equal(t->record[i].src, src))
			return &t->record[i];
	return NULL;
}

/* The same port or host again is no step, in either direction. */
static void only_distinct_contacts_count(void **state)
{
	struct table x;
	struct evidence_table *t = table_open(&x, 1 << 20, 1e-6, 0.99);

	(void)state;
	for (unsigned n = 0; n < 5000; n++) {
		struct contact c = contact_with(source(1), TARGET, (uint16_t)(1 + n % 9), n);

		assert_null(evidence_add(t, &c));
		c = contact_with(source(2), addr_from_v4(0x0a000100 + n % 15), 8080, n);
		assert_null(evidence_add(t, &c));
	}
	assert_int_equal(record_of(t, source(1), EVIDENCE_PORTS)->failed, 9);
	assert_int_equal(record_of(t, source(2), EVIDENCE_HOSTS)->failed, 15);
	assert_int_equal(record_of(t, source(2), EVIDENCE_HOSTS)->hosts, 15);
	/* One port that is used a hundred times is one step down. */
	for (unsigned n = 0; n < 100; n++) {
		struct contact c = contact_with(source(1), TARGET, 80, 5000);

		c.failed = false;
		c.used = c.again = true;
		assert_null(evidence_add(t, &c));
	}
	assert_int_equal(record_of(t, source(1), EVIDENCE_PORTS)->used, 1);
	table_close(&x);
}

/* Hosts that are scattered over networks say less than those of one. */
static void scattered_hosts_say_less(void **state)
{
	/* Of one network and scattered, on an ordinary port and on one that no client sprays. */
	static const unsigned least[] = {16, 250, 11, 33}, most[] = {18, 600, 12, 45};

	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		for (unsigned v6 = 0; v6 < 2; v6++) {
			const bool scattered = way & 1;
			const uint16_t port = way & 2 ? 445 : 8080;
			struct table x;
			struct evidence_table *t = table_open(&x, 4 << 20, 1e-6, 0.99);
			struct evidence *over = NULL;
			unsigned n = 0;

			for (; !over && n < 5000; n++) {
				struct addr dst =
					addr_from_v4(0x0a000000 + (scattered ? n << 8 : n));

				if (v6)
					dst = (struct addr){
						UINT64_C(0x20010db800000000) + scattered * n, n};
				struct contact c = contact_with(source(1), dst, port, 1000);

				over = evidence_add(t, &c);
			}
			assert_in_range(n, least[way], most[way]);
			/* And each of them was counted, whether it stood in the list or not; but
			 * not the first, of which the network is not known. */
			assert_int_equal(over->hosts, n - evidence_is_cells(over));
			assert_int_equal(over->failed, n - evidence_is_cells(over));
			table_close(&x);
		}
	}
}

/* Sources that send one packet each get no record; the second contact brings the first. */
static void the_door_keeps_one_packet_sources_out(void **state)
{
	struct table x;
	struct evidence_table *t = table_open(&x, 1 << 20, 1e-6, 0.99);

	(void)state;
	for (uint32_t n = 0; n < 100000; n++) {
		struct contact c = contact_with(source(n), TARGET, (uint16_t)n, n / 100);

		(void)evidence_add(t, &c);
	}
	assert_int_equal(t->used, 0);
	assert_int_equal(t->evicted, 0);
	assert_int_equal(t->probation.refused, 100000);
	for (unsigned again = 0; again < 50; again++) {
		struct contact c = contact_with(source(7000000), TARGET, 80, 1000 + again);

		(void)evidence_add(t, &c);
		assert_int_equal(t->used, 0);
	}
	struct contact c = contact_with(source(7000000), TARGET, 81, 61000);

	(void)evidence_add(t, &c);
	const struct evidence *r = record_of(t, source(7000000), EVIDENCE_PORTS);

	assert_non_null(r);
	assert_int_equal(r->failed, 2);
	assert_int_equal(r->packets, 2);
	/* When it came, and that what became of it is kept. */
	assert_true(r->first_ns <= 1050 * MS && r->last_ns == 61000 * MS);
	table_close(&x);
}

static void what_became_of_the_first_contact_is_kept(void **state)
{
	(void)state;
	for (unsigned idle = 0; idle < 2; idle++) {
		struct table x;
		struct evidence_table *t = table_open(&x, 1 << 20, 1e-6, 0.99);
		struct contact first = contact_with(source(1), TARGET, 22, 1000);
		struct contact second = contact_with(source(1), TARGET, 23, 2000);
		const struct evidence *r;

		first.open = true;
		first.failed = !idle;
		first.half_open = !idle;
		first.idle = first.proven = idle;
		assert_null(evidence_add(t, &first));
		assert_null(evidence_add(t, &second));
		r = record_of(t, source(1), EVIDENCE_PORTS);
		assert_non_null(r);
		assert_int_equal(r->listed, 2);
		assert_int_equal(r->open[0], 1);
		assert_int_equal(r->idle, idle);
		assert_int_equal(r->half_open, !idle);
		assert_int_equal(proof_holds(&r->proof), idle);
		assert_int_equal(r->failed, 2 - idle);
		table_close(&x);
	}
}

/* However many sources with two contacts each come along, those with more evidence stay. */
static void the_most_suspicious_stay(void **state)
{
	struct table x;
	struct evidence_table *t = table_open(&x, 256 << 10, 1e-6, 0.99);
	unsigned kept = 0;

	(void)state;
	for (uint32_t n = 0; n < 20; n++)
		for (uint16_t port = 1; port <= 6; port++) {
			struct contact c = contact_with(source(n), TARGET, port, 1000);

			(void)evidence_add(t, &c);
		}
	for (uint32_t n = 0; n < 200000; n++) {
		struct contact c = contact_with(source(1000 + n / 2), TARGET, (uint16_t)(1 + n % 2),
						1000 + n / 10);

		(void)evidence_add(t, &c);
	}
	assert_true(t->evicted > 1000);
	assert_true(t->used <= t->buckets * 8);
	for (uint32_t n = 0; n < 20; n++)
		kept += record_of(t, source(n), EVIDENCE_PORTS) != NULL;
	assert_int_equal(kept, 20);
	/* Days later they are as good as forgotten, and make room for others. */
	for (uint32_t n = 0; n < 200000; n++) {
		struct contact c = contact_with(source(1000000 + n / 2), TARGET,
						(uint16_t)(1 + n % 2), 864000000 + n / 10);

		(void)evidence_add(t, &c);
	}
	for (uint32_t n = 0; n < 20; n++)
		assert_null(record_of(t, source(n), EVIDENCE_PORTS));
	table_close(&x);
}

struct taken {
	unsigned ports, hosts;
	uint64_t packets;
};

static void take_one(void *context, const struct evidence *other)
{
	struct taken *taken = context;

	taken->ports += other->kind == EVIDENCE_PORTS;
	taken->hosts += other->kind == EVIDENCE_HOSTS;
	taken->packets += other->kind == EVIDENCE_PORTS ? other->packets : 0;
}

/* All that a source has is taken at once, and nothing of other sources. */
static void records_of_a_source_are_taken_together(void **state)
{
	struct table x;
	struct evidence_table *t = table_open(&x, 4 << 20, 1e-60, 0.99);
	struct taken taken = {0};

	(void)state;
	for (uint32_t n = 0; n < 60; n++) {
		for (uint32_t sender = 0; sender < 2; sender++) {
			struct contact c =
				contact_with(source(sender), addr_from_v4(0x0a000000 + n % 12),
					     (uint16_t)(n % 25), 1000);

			assert_null(evidence_add(t, &c));
		}
	}
	struct evidence *first = &t->record[record_of(t, source(0), EVIDENCE_PORTS) - t->record];
	uint64_t before = t->used, own = first->packets;

	evidence_take(t, first, take_one, &taken);
	assert_int_equal(taken.ports + 1, 12);
	assert_int_equal(taken.hosts, 25);
	/* But for the very first, which was about another host and port than the second. */
	assert_int_equal(taken.packets + own, 59);
	assert_null(record_of(t, source(0), EVIDENCE_PORTS));
	assert_null(record_of(t, source(0), EVIDENCE_HOSTS));
	assert_non_null(record_of(t, source(1), EVIDENCE_PORTS));
	/* Those about its network and its cells are gone, too. */
	assert_int_equal(t->used, before - 39);
	table_close(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logarithms_are_right),
		cmocka_unit_test(the_threshold_follows_from_the_errors),
		cmocka_unit_test(the_walks_agree_with_a_plain_reckoning),
		cmocka_unit_test(only_distinct_contacts_count),
		cmocka_unit_test(scattered_hosts_say_less),
		cmocka_unit_test(the_door_keeps_one_packet_sources_out),
		cmocka_unit_test(what_became_of_the_first_contact_is_kept),
		cmocka_unit_test(the_most_suspicious_stay),
		cmocka_unit_test(records_of_a_source_are_taken_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
