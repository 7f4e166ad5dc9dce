/* Lists of jobs, many times over: each job is done once, and all are done on return. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "system/crew.h"

#define JOBS 300u

static void count_job(void *context, unsigned index)
{
	unsigned *done = context;

	done[index]++;
}

static void runs(unsigned hands)
{
	struct crew *crew = crew_new(hands, 8);
	unsigned done[JOBS];

	assert_non_null(crew);
	for (unsigned run = 0; run < 3000; run++) {
		unsigned count = run * 7 % (JOBS + 1);

		memset(done, 0, sizeof(done));
		crew_run(crew, count_job, done, count);
		for (unsigned i = 0; i < JOBS; i++)
			assert_int_equal(done[i], i < count ? 1 : 0);
	}
	crew_free(crew);
}

static void alone(void **state)
{
	(void)state;
	runs(1);
}

static void together(void **state)
{
	(void)state;
	runs(2);
	runs(CREW_MOST + 1);
}

static void never_run(void **state)
{
	(void)state;
	crew_free(crew_new(0, 8));
	crew_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alone),
		cmocka_unit_test(together),
		cmocka_unit_test(never_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
