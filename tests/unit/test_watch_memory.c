/* The parts of --memory: they fit, and each can work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture/live.h"
#include "run/watch_memory.h"
#include "watch/watch.h"

static void the_parts_are_the_whole(void **state)
{
	const uint64_t step = 77777;
	size_t before = 0;

	(void)state;
	for (uint64_t bytes = WATCH_MEMORY_SMALLEST; bytes < (uint64_t)1 << 30; bytes += step) {
		struct watch_memory m = watch_memory_share(bytes);

		assert_int_equal(m.tables + m.ring + WATCH_MEMORY_REST, bytes);
		assert_int_equal(m.ring % LIVE_UNIT_BYTES, 0);
		assert_true(m.ring >= (1 << 20) && m.ring <= (64 << 20));
		assert_true(m.tables >= WATCH_MEMORY_LEAST && m.tables > m.ring);
		assert_true(m.tables + LIVE_UNIT_BYTES > before);
		before = m.tables;
	}
	assert_int_equal(watch_memory_share((uint64_t)1 << 40).ring, 64 << 20);
}

/* The detector takes what it is given, and keeps to it. */
static void the_tables_can_be_made(void **state)
{
	static const uint64_t sizes[] = {WATCH_MEMORY_SMALLEST, WATCH_MEMORY, (uint64_t)256 << 20};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct watch_conf conf;
		struct watch_stats stats;
		struct watch *w;

		watch_conf_init(&conf);
		conf.memory_bytes = watch_memory_share(sizes[i]).tables;
		w = watch_new(&conf);
		assert_non_null(w);
		watch_stats(w, &stats);
		assert_true(stats.memory_bytes < sizes[i]);
		watch_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_parts_are_the_whole),
		cmocka_unit_test(the_tables_can_be_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
