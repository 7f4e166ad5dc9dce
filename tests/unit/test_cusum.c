/* The CUSUM: a source above the allowed rate crosses the level, a source below it does not, and no
 * source above it is forgotten. */
#include "watch_lab.h"

#include "watch/cusum.h"
#include "watch/name.h"

static uint64_t hash_of(uint64_t n)
{
	return name_with(n, SALT_CUSUM, 0);
}

static double above_of(struct cusum *s, uint64_t hash, double mean_pps, bool count, uint64_t t_ms)
{
	const struct cusum_query ask = {hash, t_ms, mean_pps, 10, count};
	bool rises;

	return cusum_above(s, &ask, &rises);
}

static void sums_grow_and_leak(void **state)
{
	struct cusum s;

	(void)state;
	assert_int_equal(cusum_init(&s, 1 << 16), 0);
	/* A mean of 10/s: 17/s leak. */
	for (unsigned i = 1; i <= 20; i++)
		assert_true(above_of(&s, 5, 10, true, 1000) == i);
	assert_true(above_of(&s, 5, 10, false, 1000) == 20);
	assert_true(above_of(&s, 5, 10, false, 1500) == 11.5);
	assert_true(above_of(&s, 5, 10, false, 2500) == 0);
	assert_true(above_of(&s, 5, 10, true, 3000) == 1);
	assert_true(above_of(&s, 6, 10, false, 3000) == 0);
	/* The clock's low bits go round; what comes late counts, and takes no time back. */
	assert_true(above_of(&s, 7, 10, true, 0xfffff) == 1);
	assert_true(above_of(&s, 7, 10, true, 0x100000) > 1.9);
	assert_true(above_of(&s, 7, 10, true, 0x100000 - 3000) > 2.9);
	assert_true(above_of(&s, 7, 10, true, 0x100000) > 3.9);
	/* No sum goes round. */
	for (unsigned i = 0; i < 1000; i++)
		assert_true(above_of(&s, 8, 10, true, 5000) > i % 256);
	assert_true(above_of(&s, 8, 10, false, 5000) > 255);
	cusum_fini(&s);
}

/* The share of contacts at which independent sources are so far above, and how it was foretold. */
static void surprise_is_as_rare_as_it_says(void **state)
{
	static const double at[] = {3, 5, 7};
	struct lab lab = {.random = 4};
	uint64_t contacts = 0, so_far[3] = {0};
	struct cusum s;

	(void)state;
	assert_int_equal(cusum_init(&s, 1 << 18), 0);
	for (uint64_t ms = 0; ms < 20000; ms++)
		for (unsigned i = 0; i < 100; i++, contacts++) {
			double above =
				above_of(&s, hash_of(lab_random(&lab) % 10000), 10, true, ms);

			for (unsigned k = 0; k < 3; k++)
				so_far[k] += above - 1 >= at[k];
		}
	for (unsigned k = 0; k < 3; k++) {
		double share = (double)so_far[k] / (double)contacts, least = 1;

		for (double left = cusum_surprise(at[k]); left > 0; left -= 0.01)
			least *= 0.99004983; /* e^-0.01 */
		print_message("# %g above: %g, bound %g\n", at[k], share, least);
		assert_true(share <= least);
		/* And no more cautious than by an order of magnitude. */
		assert_true(share * 20 >= least);
	}
	cusum_fini(&s);
}

/* A source that stays around the level crosses it once, until its sum was zero again. */
static void rising_is_told_once(void **state)
{
	struct cusum_query ask = {
		.hash = 9, .t_ms = 1000, .mean_pps = 10, .level = 10, .count = true};
	unsigned rose = 0;
	struct cusum s;
	bool rises;

	(void)state;
	assert_int_equal(cusum_init(&s, 1 << 16), 0);
	for (unsigned i = 1; i <= 9; i++, assert_false(rises))
		(void)cusum_above(&s, &ask, &rises);
	/* 17 a second leak; this number arrives. */
	for (unsigned i = 0; i < 170; i++, rose += rises) {
		ask.t_ms = 1000 + i * 1000 / 17;
		(void)cusum_above(&s, &ask, &rises);
	}
	assert_int_equal(rose, 1);
	ask.t_ms += 10000;
	for (unsigned i = 1; i <= 12; i++, rose += rises)
		(void)cusum_above(&s, &ask, &rises);
	assert_int_equal(rose, 2);
	cusum_fini(&s);
}

/* 50 a second amid 400,000 of which none comes twice: each bucket of eight has a new one each
 * 5 ms. */
static void the_forged_push_out_each_other(void **state)
{
	struct cusum s;
	uint64_t forged = 1000;
	double above = 0;

	(void)state;
	assert_int_equal(cusum_init(&s, 1 << 17), 0);
	for (uint64_t ms = 0; ms < 1000; ms++) {
		for (unsigned i = 0; i < 400; i++)
			assert_true(above_of(&s, hash_of(forged++), 1, true, ms) < 3);
		if (ms % 20 == 0)
			above = above_of(&s, hash_of(1), 1, true, ms);
	}
	/* 50 less 1.7. */
	assert_true(above > 47 && above < 49);
	cusum_fini(&s);
}

static void too_little_memory_is_told(void **state)
{
	struct cusum s;

	(void)state;
	assert_int_equal(cusum_init(&s, 100), -1);
	assert_int_equal(cusum_init(&s, 128), 0);
	assert_true((uintptr_t)s.place % 64 == 0);
	assert_true(above_of(&s, UINT64_MAX, 1, true, 1) == 1);
	cusum_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_grow_and_leak),
		cmocka_unit_test(surprise_is_as_rare_as_it_says),
		cmocka_unit_test(rising_is_told_once),
		cmocka_unit_test(the_forged_push_out_each_other),
		cmocka_unit_test(too_little_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
