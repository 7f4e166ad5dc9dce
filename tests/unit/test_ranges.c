/* Tests of scan/ranges: against bitmaps over small universes, and at the edges of the big one. */
#include "address/ranges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t random_state;

static uint64_t random_next(void)
{
	random_state += UINT64_C(0x9e3779b97f4a7c15);
	uint64_t x = random_state;

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static const struct addr zero = {0, 0};
static const struct addr ones = {UINT64_MAX, UINT64_MAX};

/* Sorted, disjoint, each of one family, none that could be one with the next. */
static void check_well_formed(const struct ranges *set)
{
	assert_true(set->count <= set->capacity);
	for (size_t i = 0; i < set->count; i++) {
		const struct range *range = &set->range[i];

		assert_true(addr_compare(range->first, range->last) <= 0);
		assert_int_equal(addr_is_v4(range->first), addr_is_v4(range->last));
		if (i == 0)
			continue;
		assert_true(addr_compare(set->range[i - 1].last, range->first) < 0);
		if (addr_is_v4(range[-1].last) == addr_is_v4(range->first))
			assert_false(addr_equal(addr_add(range[-1].last, 1), range->first));
	}
}

/* A universe of 256 addresses from a base on. */
#define UNIVERSE 256

static void check_equals(const struct ranges *set, struct addr base, const uint8_t has[UNIVERSE])
{
	uint64_t size = 0;

	check_well_formed(set);
	for (unsigned i = 0; i < UNIVERSE; i++) {
		assert_int_equal(ranges_contain(set, addr_add(base, i)), has[i]);
		size += has[i];
	}
	assert_int_equal(ranges_size(set), size);
}

static void random_adds(struct ranges *set, struct addr base, uint8_t has[UNIVERSE])
{
	unsigned adds = (unsigned)(random_next() % 24);

	for (unsigned i = 0; i < adds; i++) {
		unsigned first = (unsigned)(random_next() % UNIVERSE);
		unsigned length = (unsigned)(random_next() % (random_next() % 4 ? 8 : UNIVERSE));
		unsigned last = first + length < UNIVERSE ? first + length : UNIVERSE - 1;

		assert_int_equal(ranges_add(set, addr_add(base, first), addr_add(base, last)), 0);
		memset(has + first, 1, last - first + 1);
	}
	ranges_normalise(set);
}

static void compare_with_bitmaps(struct addr base)
{
	for (unsigned round = 0; round < 3000; round++) {
		uint8_t has[UNIVERSE] = {0}, out_has[UNIVERSE] = {0};
		struct ranges set = {0}, out = {0};

		random_adds(&set, base, has);
		random_adds(&out, base, out_has);
		check_equals(&set, base, has);
		check_equals(&out, base, out_has);
		assert_int_equal(ranges_subtract(&set, &out), 0);
		for (unsigned i = 0; i < UNIVERSE; i++)
			has[i] = has[i] && !out_has[i];
		check_equals(&set, base, has);
		check_equals(&out, base, out_has);
		/* a set that was cut can be added to again */
		random_adds(&set, base, has);
		check_equals(&set, base, has);
		ranges_fini(&set);
		ranges_fini(&out);
	}
}

static void test_bitmaps(void **state)
{
	(void)state;
	random_state = 1;
	compare_with_bitmaps(addr_from_v4(0x0a000000));
	compare_with_bitmaps(zero);
	compare_with_bitmaps((struct addr){UINT64_MAX, UINT64_MAX - (UNIVERSE - 1)});
	compare_with_bitmaps(
		(struct addr){1, UINT64_MAX - 100}); /* the low half overflows inside */
	compare_with_bitmaps((struct addr){0, ADDR_V4_PREFIX - 100}); /* IPv6, then IPv4 */
	compare_with_bitmaps((struct addr){0, (ADDR_V4_PREFIX | UINT32_MAX) - 100});
}

static void test_touching(void **state)
{
	struct ranges set = {0};

	(void)state;
	assert_int_equal(ranges_add(&set, addr_from_v4(10), addr_from_v4(19)), 0);
	assert_int_equal(ranges_add(&set, addr_from_v4(0), addr_from_v4(9)), 0);
	assert_int_equal(ranges_add(&set, addr_from_v4(21), addr_from_v4(30)), 0);
	ranges_normalise(&set);
	assert_int_equal(set.count, 2);
	assert_true(addr_equal(set.range[0].last, addr_from_v4(19)));
	ranges_fini(&set);
	assert_null(set.range);
	assert_int_equal(set.count, 0);
	assert_int_equal(set.capacity, 0);
}

static void test_families_apart(void **state)
{
	struct ranges set = {0};

	(void)state;
	assert_int_equal(ranges_add(&set, zero, ones), 0);
	ranges_normalise(&set);
	check_well_formed(&set);
	assert_int_equal(set.count, 3);
	assert_true(addr_equal(set.range[1].first, addr_from_v4(0)));
	assert_true(addr_equal(set.range[1].last, addr_from_v4(UINT32_MAX)));
	assert_true(addr_equal(set.range[2].first, addr_add(addr_from_v4(UINT32_MAX), 1)));
	ranges_fini(&set);
}

static void test_edges(void **state)
{
	const struct addr edges[] = {zero, addr_from_v4(0), addr_from_v4(UINT32_MAX), ones};
	struct ranges all = {0}, out = {0};

	(void)state;
	assert_int_equal(ranges_add(&all, zero, ones), 0);
	ranges_normalise(&all);
	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		assert_int_equal(ranges_add(&out, edges[i], edges[i]), 0);
		assert_true(ranges_contain(&all, edges[i]));
	}
	ranges_normalise(&out);
	assert_int_equal(ranges_size(&out), 4);
	assert_int_equal(ranges_subtract(&all, &out), 0);
	check_well_formed(&all);
	assert_int_equal(all.count, 3);
	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++)
		assert_false(ranges_contain(&all, edges[i]));
	assert_true(ranges_contain(&all, addr_from_v4(1)));
	assert_true(ranges_contain(&all, addr_from_v4(UINT32_MAX - 1)));
	assert_true(ranges_contain(&all, (struct addr){0, 1}));
	assert_true(ranges_contain(&all, (struct addr){UINT64_MAX, UINT64_MAX - 1}));
	/* and nothing is left of a set without itself */
	ranges_fini(&out);
	assert_int_equal(ranges_add(&out, zero, ones), 0);
	ranges_normalise(&out);
	assert_int_equal(ranges_subtract(&all, &out), 0);
	assert_int_equal(all.count, 0);
	assert_null(all.range);
	ranges_fini(&all);
	ranges_fini(&out);
}

static void check_size(struct addr first, struct addr last, uint64_t size)
{
	struct ranges set = {0};

	assert_int_equal(ranges_add(&set, first, last), 0);
	ranges_normalise(&set);
	assert_true(ranges_size(&set) == size);
	ranges_fini(&set);
}

static void test_size_saturates(void **state)
{
	struct ranges set = {0};

	(void)state;
	check_size(zero, ones, UINT64_MAX);
	check_size((struct addr){1, 0}, (struct addr){1, UINT64_MAX}, UINT64_MAX);
	check_size((struct addr){1, 1}, (struct addr){1, UINT64_MAX}, UINT64_MAX);
	check_size((struct addr){1, 2}, (struct addr){1, UINT64_MAX}, UINT64_MAX - 1);
	check_size((struct addr){1, UINT64_MAX}, (struct addr){2, 0}, 2);
	check_size((struct addr){1, 1}, (struct addr){2, 0}, UINT64_MAX);
	check_size(addr_from_v4(0), addr_from_v4(UINT32_MAX), UINT64_C(1) << 32);

	/* two that fit, and do not together */
	assert_int_equal(ranges_add(&set, (struct addr){1, 0}, (struct addr){1, INT64_MAX}), 0);
	assert_int_equal(ranges_add(&set, (struct addr){3, 0}, (struct addr){3, INT64_MAX}), 0);
	ranges_normalise(&set);
	assert_true(ranges_size(&set) == UINT64_MAX);
	ranges_fini(&set);
	assert_int_equal(ranges_size(&set), 0);
}

/* A /8 without 5,000 single addresses: a few hundred kilobytes at most, and quickly. */
static void test_many_excludes(void **state)
{
	struct ranges set = {0}, out = {0};

	(void)state;
	random_state = 2;
	assert_int_equal(ranges_add(&set, addr_from_v4(10u << 24), addr_from_v4((11u << 24) - 1)),
			 0);
	for (unsigned i = 0; i < 5000; i++) {
		struct addr a = addr_from_v4(10u << 24 | (uint32_t)(random_next() & 0xffffff));

		assert_int_equal(ranges_add(&out, a, a), 0);
	}
	ranges_normalise(&set);
	ranges_normalise(&out);
	assert_int_equal(ranges_subtract(&set, &out), 0);
	check_well_formed(&set);
	assert_int_equal(ranges_size(&set), (1u << 24) - ranges_size(&out));
	assert_true(set.count <= 5001);
	assert_true(set.capacity * sizeof(*set.range) <= 5001 * 32);
	for (size_t i = 0; i < out.count; i++)
		assert_false(ranges_contain(&set, out.range[i].first));
	ranges_fini(&set);
	ranges_fini(&out);
}

/* A million ranges without half a million: only linear work ends within the test's time. */
static void test_linear(void **state)
{
	struct ranges set = {0}, out = {0};

	(void)state;
	for (uint32_t i = 0; i < 1000000; i++) {
		uint32_t scattered = (uint32_t)((uint64_t)i * 7919 % 1000000);

		assert_int_equal(ranges_add(&set, addr_from_v4(scattered * 4),
					    addr_from_v4(scattered * 4 + 2)),
				 0);
		if (i % 2)
			assert_int_equal(ranges_add(&out, addr_from_v4(scattered * 4 + 1),
						    addr_from_v4(scattered * 4 + 1)),
					 0);
	}
	ranges_normalise(&set);
	ranges_normalise(&out);
	assert_int_equal(set.count, 1000000);
	assert_int_equal(ranges_subtract(&set, &out), 0);
	assert_int_equal(set.count, 1500000);
	assert_int_equal(ranges_size(&set), 2500000);
	ranges_fini(&set);
	ranges_fini(&out);
}

static void test_empty(void **state)
{
	struct ranges set = {0}, out = {0};

	(void)state;
	ranges_normalise(&set);
	assert_int_equal(ranges_subtract(&set, &out), 0);
	assert_false(ranges_contain(&set, zero));
	assert_int_equal(ranges_add(&set, zero, zero), 0);
	assert_int_equal(ranges_subtract(&set, &out), 0);
	assert_true(ranges_contain(&set, zero));
	ranges_fini(&set);
	ranges_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bitmaps),	       cmocka_unit_test(test_touching),
		cmocka_unit_test(test_families_apart), cmocka_unit_test(test_edges),
		cmocka_unit_test(test_size_saturates), cmocka_unit_test(test_many_excludes),
		cmocka_unit_test(test_linear),	       cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests_name("ranges", tests, NULL, NULL);
}
