/* The arrival history of contacts: exact within its memory, and never backwards. */
#include "watch_lab.h"

#include "watch/arrivals.h"

#define BEGIN UINT64_C(86400000)

/* A hundred contacts in each millisecond of the odd seconds, one in those of the even ones. */
static void it_is_what_came(void **state)
{
	struct arrivals c = {0};
	uint64_t so_far[10001] = {0};

	(void)state;
	for (uint64_t ms = 0; ms < 10000; ms++) {
		unsigned many = ms / 1000 % 2 ? 100 : 1;

		for (unsigned i = 0; i < many; i++)
			arrivals_add(&c, BEGIN + ms);
		so_far[ms + 1] = so_far[ms] + many;
		if (ms < 5000 || ms % 97)
			continue;
		for (uint64_t ago = 0; ago < 3900; ago += 61) {
			double came = arrivals_between(&c, BEGIN + ms - ago, BEGIN + ms, 0);
			double right = (double)(so_far[ms + 1] - so_far[ms - ago]);

			/* A step that is partly of the one kind is evened out. */
			assert_true(came <= right + 64 * 99 && came >= right - 64 * 99 - 100);
			if (ago == 0)
				assert_true(came < 101);
		}
	}
	assert_true(arrivals_between(&c, BEGIN + 7000, BEGIN + 8000, 0) > 100000 - 64 * 99);
	assert_true(arrivals_between(&c, BEGIN + 8100, BEGIN + 8900, 0) < 802);
}

static void what_is_forgotten_came_evenly(void **state)
{
	struct arrivals c = {0};
	double late;

	(void)state;
	for (uint64_t ms = 0; ms < 20000; ms++)
		arrivals_add(&c, BEGIN + ms);
	late = arrivals_between(&c, BEGIN + 10000, BEGIN + 19999, 1000);
	assert_true(late > 9900 && late < 10100);
	/* A silence longer than all that is remembered. */
	arrivals_add(&c, BEGIN + 60000);
	assert_true(arrivals_between(&c, BEGIN + 57000, BEGIN + 60000, 1000) <= 1);
	assert_true(arrivals_between(&c, BEGIN + 60000, BEGIN + 70000, 1000) == 0);
	assert_true(arrivals_between(&c, BEGIN + 59000, BEGIN + 59900, 1000) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_what_came),
		cmocka_unit_test(what_is_forgotten_came_evenly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
