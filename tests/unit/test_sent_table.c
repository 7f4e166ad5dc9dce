/* The table of cells that were sent one by one against an array of all positions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "scan/sent_table.h"

/* xorshift64*, so that a failure comes again. */
static uint64_t state = 88172645463325252u;

static uint64_t next(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 2685821657736338717u;
}

static uint32_t us_of[PLAN_WINDOW_CELLS]; /* 0: no entry */

static void write_entry(struct sent_table *t, uint32_t position)
{
	struct sent_entry *entry = sent_table_put(t, position);

	assert_non_null(entry);
	assert_int_equal(entry->us, us_of[position]);
	us_of[position] = (uint32_t)next() | 1;
	entry->us = us_of[position];
	entry->tries = us_of[position] >> 8 & 255;
}

static void check(const struct sent_table *t)
{
	uint32_t count = 0;

	for (uint32_t p = 0; p < PLAN_WINDOW_CELLS; p++) {
		const struct sent_entry *entry = sent_table_get(t, p);

		assert_int_equal(entry != NULL, us_of[p] != 0);
		if (!entry)
			continue;
		count++;
		assert_int_equal(entry->us, us_of[p]);
		assert_int_equal(entry->tries, us_of[p] >> 8 & 255);
	}
	assert_int_equal(t->count, count);
}

/* Few that are scattered take little, runs and all of them what they need and no more. */
static void test_model(void **unused)
{
	struct sent_table t = {0};

	(void)unused;
	check(&t);
	for (unsigned i = 0; i < 3000; i++)
		write_entry(&t, (uint32_t)(next() % PLAN_WINDOW_CELLS));
	check(&t);
	assert_true(sizeof(*t.at) << t.bits <= 32 * 1024);
	for (uint32_t p = 5000; p < 25000; p++)
		write_entry(&t, p);
	check(&t);
	assert_true(sizeof(*t.at) << t.bits <= 256 * 1024);
	for (uint32_t p = PLAN_WINDOW_CELLS; p-- > 0;)
		write_entry(&t, p);
	check(&t);
	assert_int_equal(t.count, PLAN_WINDOW_CELLS);
	assert_true(sizeof(*t.at) << t.bits <= 8 * 1024 * 1024);
	sent_table_fini(&t);
	assert_true(!t.at && t.count == 0);
}

/* Of what has been reserved nothing moves. */
static void test_reserve(void **unused)
{
	struct sent_table t = {0};

	(void)unused;
	assert_true(sent_table_reserve(&t, 1000));
	const struct sent_entry *const at = t.at;

	for (uint32_t p = 0; p < 1000; p++)
		assert_non_null(sent_table_put(&t, p * 1000));
	assert_ptr_equal(t.at, at);
	assert_int_equal(t.count, 1000);
	sent_table_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_reserve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
