/* The flow table: both directions, the queue of waiting flows, and which flow is evicted. */
#include "watch_lab.h"

#include <stdlib.h>

#include "watch/flow.h"

static const struct siphash_key key = {{3, 4}};

static struct flow_key key_of(uint32_t n)
{
	return (struct flow_key){addr_from_v4(0xc6336400 + n % 251), addr_from_v4(0x0a000001),
				 (uint16_t)(1024 + n), (uint16_t)(n >> 8), IPPROTO_TCP};
}

static struct flow_key turned(struct flow_key k)
{
	return (struct flow_key){k.dst, k.src, k.dport, k.sport, k.proto};
}

static struct flow *open_flow(struct flow_table *t, struct flow_key k, enum flow_state state,
			      uint64_t now_ms)
{
	struct flow pushed;
	bool has_evicted;

	return flow_open(t, &k, state, now_ms, &pushed, &has_evicted);
}

static void a_flow_is_found_from_both_ends(void **state)
{
	struct flow_table t;
	bool forward;

	(void)state;
	assert_int_equal(flow_table_init(&t, 1 << 20, &key), 0);
	for (uint32_t n = 0; n < 1000; n++)
		(void)open_flow(&t, key_of(n), FLOW_PENDING, n);
	assert_int_equal(t.used, 1000);
	for (uint32_t n = 0; n < 2000; n++) {
		struct flow_key k = key_of(n), back = turned(k);
		struct flow *f = flow_find(&t, &k, &forward);

		if (n >= 1000) {
			assert_null(f);
			continue;
		}
		assert_non_null(f);
		assert_true(forward);
		assert_true(addr_equal(f->src, k.src) && f->sport == k.sport);
		assert_ptr_equal(flow_find(&t, &back, &forward), f);
		assert_false(forward);
		k.proto = IPPROTO_UDP;
		assert_null(flow_find(&t, &k, &forward));
	}
	flow_table_fini(&t);
}

/* A connection of a host with itself, where the addresses tell nothing. */
static void ports_tell_the_direction_where_addresses_do_not(void **state)
{
	const struct addr self = addr_from_v4(0x7f000001);
	struct flow_key k = {self, self, 40000, 80, IPPROTO_TCP}, back = turned(k);
	struct flow_table t;
	bool forward;

	(void)state;
	assert_int_equal(flow_table_init(&t, 1 << 16, &key), 0);
	(void)open_flow(&t, k, FLOW_PENDING, 0);
	assert_non_null(flow_find(&t, &k, &forward));
	assert_true(forward);
	assert_non_null(flow_find(&t, &back, &forward));
	assert_false(forward);
	flow_table_fini(&t);
}

/* Any settling, in any order, leaves those that wait in the order in which they came. */
static void the_queue_keeps_its_order(void **state)
{
	struct lab lab = {.random = 7};
	struct flow_table t;
	struct flow *flows[500];

	(void)state;
	assert_int_equal(flow_table_init(&t, 4 << 20, &key), 0);
	for (uint32_t n = 0; n < 500; n++)
		flows[n] = open_flow(&t, key_of(n), n % 5 == 0 ? FLOW_MIDDLE : FLOW_PENDING, n);
	for (uint32_t n = 0; n < 400; n++) {
		struct flow *f = flows[lab_below(&lab, 500)];

		if (flow_waits(f) && lab_below(&lab, 4) == 0)
			flow_settle(&t, f, FLOW_HALF);
		else if (f->state != FLOW_FREE && lab_below(&lab, 9) == 0)
			flow_forget(&t, f);
		else if (f->state != FLOW_FREE)
			flow_settle(&t, f, FLOW_REFUSED);
	}
	for (uint32_t n = 0; n < 500; n++) {
		if (flows[n]->state == FLOW_FREE || !flow_waits(flows[n]))
			continue;
		assert_ptr_equal(flow_oldest(&t), flows[n]);
		flow_settle(&t, flows[n], FLOW_OPEN);
	}
	assert_null(flow_oldest(&t));
	flow_table_fini(&t);
}

static const size_t one_bucket =
	FLOW_WAYS * (sizeof(struct flow) + sizeof(struct flow_way) + sizeof(struct flow_link));

/* A full bucket gives up what is finished first, the longest idle of that, then what waits. */
static void the_least_useful_is_pushed_out(void **state)
{
	struct flow_table t;
	struct flow pushed;
	bool has_evicted, forward;

	(void)state;
	assert_int_equal(flow_table_init(&t, one_bucket - 1, &key), -1);
	assert_int_equal(flow_table_init(&t, one_bucket, &key), 0);
	for (uint32_t n = 0; n < FLOW_WAYS; n++)
		(void)open_flow(&t, key_of(n), n == 3 || n == 5 ? FLOW_MIDDLE : FLOW_PENDING, n);
	for (uint32_t n = 0; n < 4; n++) {
		static const uint32_t gone[] = {3, 5, 0, 1};
		struct flow_key k = key_of(100 + n), old = key_of(gone[n]);

		(void)flow_open(&t, &k, FLOW_PENDING, 100 + n, &pushed, &has_evicted);
		assert_null(flow_find(&t, &old, &forward));
		assert_int_equal(has_evicted, n >= 2);
		if (has_evicted)
			assert_int_equal(pushed.sport, old.sport);
	}
	assert_int_equal(t.used, FLOW_WAYS);
	assert_int_equal(t.evicted, 2);
	flow_table_fini(&t);
}

/* Nothing is left of the evicted flow. */
static void a_new_flow_is_new(void **state)
{
	struct flow_table t;
	struct flow *f;

	(void)state;
	assert_int_equal(flow_table_init(&t, one_bucket, &key), 0);
	for (uint32_t n = 0; n < FLOW_WAYS; n++) {
		f = open_flow(&t, key_of(n), FLOW_MIDDLE, 5);
		memset(f, 0xff, sizeof(*f));
		f->state = FLOW_MIDDLE;
	}
	f = open_flow(&t, key_of(99), FLOW_PENDING, 7);
	assert_true(addr_equal(f->src, key_of(99).src) && addr_equal(f->dst, key_of(99).dst));
	assert_int_equal(f->sport, key_of(99).sport);
	assert_int_equal(f->dport, key_of(99).dport);
	assert_int_equal(f->proto, IPPROTO_TCP);
	assert_int_equal(f->state, FLOW_PENDING);
	assert_int_equal(f->moved_ms, 7);
	assert_int_equal(f->t_ns | f->source | f->target, 0);
	assert_int_equal(f->seq | f->ack | f->sight | f->latest, 0);
	assert_int_equal(f->window | f->mss | f->tools, 0);
	assert_int_equal(f->ttl | f->more | f->claims | f->flags | f->proven, 0);
	flow_table_fini(&t);
}

/* Compared with a plain array: after any operation both hold the same flows. */
static void the_table_agrees_with_a_plain_list(void **state)
{
	enum { FLOWS = 300 };
	struct lab lab = {.random = 11};
	struct flow_table t;
	bool there[FLOWS] = {false}, forward;
	uint64_t count = 0;

	(void)state;
	assert_int_equal(flow_table_init(&t, 4 << 20, &key), 0);
	for (unsigned step = 0; step < 100000; step++) {
		uint32_t n = lab_below(&lab, FLOWS);
		struct flow_key k = key_of(n);
		struct flow *f = flow_find(&t, &k, &forward);

		assert_int_equal(f != NULL, there[n]);
		if (!f) {
			f = open_flow(&t, k, lab_below(&lab, 2) ? FLOW_PENDING : FLOW_MIDDLE, step);
			there[n] = true;
			count++;
		} else if (lab_below(&lab, 3) == 0) {
			flow_forget(&t, f);
			there[n] = false;
			count--;
		} else if (flow_waits(f)) {
			flow_settle(&t, f, (enum flow_state)(FLOW_OPEN + lab_below(&lab, 2)));
		}
		assert_int_equal(t.used, count);
	}
	flow_table_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_is_found_from_both_ends),
		cmocka_unit_test(ports_tell_the_direction_where_addresses_do_not),
		cmocka_unit_test(the_queue_keeps_its_order),
		cmocka_unit_test(the_least_useful_is_pushed_out),
		cmocka_unit_test(a_new_flow_is_new),
		cmocka_unit_test(the_table_agrees_with_a_plain_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
