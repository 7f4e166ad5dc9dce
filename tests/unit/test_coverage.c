/* Coverage of a plan against a bitmap; a scheduler's environment; ranges as text and back. */
#include "plan/coverage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "address/ranges.h"
#include "cli/shard.h"
#include "plan/targets.h"

#define INDICES 300

static uint64_t random_state = 20261130;

static uint64_t random_below(uint64_t n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * UINT64_C(2685821657736338717) >> 33) % n;
}

/* The parts are sorted, do not touch, and hold exactly the indices of `has`. */
static void check_same(const struct coverage *c, const uint8_t has[INDICES])
{
	uint8_t mine[INDICES] = {0};
	uint64_t size = 0;

	for (size_t i = 0; i < c->count; i++) {
		assert_true(c->part[i].first < c->part[i].last && c->part[i].last <= INDICES);
		assert_true(i == 0 || c->part[i].first > c->part[i - 1].last);
		memset(mine + c->part[i].first, 1, c->part[i].last - c->part[i].first);
	}
	for (size_t i = 0; i < INDICES; i++)
		size += has[i];
	assert_memory_equal(mine, has, INDICES);
	assert_int_equal(coverage_size(c), size);
}

static void coverage_is_the_set_of_what_was_added(void **state)
{
	(void)state;
	for (int round = 0; round < 500; round++) {
		struct coverage c = {0}, gaps = {0};
		uint8_t has[INDICES] = {0}, hasnt[INDICES];

		for (uint64_t n = random_below(40); n; n--) {
			const uint64_t first = random_below(INDICES), last = random_below(INDICES);

			assert_int_equal(coverage_add(&c, first, last), 0);
			for (uint64_t i = first; i < last; i++)
				has[i] = 1;
		}
		coverage_normalise(&c);
		check_same(&c, has);
		assert_int_equal(coverage_gaps(&c, INDICES, &gaps), 0);
		for (size_t i = 0; i < INDICES; i++)
			hasnt[i] = !has[i];
		check_same(&gaps, hasnt);
		coverage_fini(&c);
		coverage_fini(&gaps);
	}
}

static void joined_parts_hold_all_and_are_few(void **state)
{
	(void)state;
	for (int round = 0; round < 500; round++) {
		struct coverage c = {0}, before = {0};
		const size_t most = 1 + random_below(8);
		uint64_t widest = 0;

		for (uint64_t n = 1 + random_below(40); n; n--) {
			const uint64_t first = random_below(INDICES);

			assert_int_equal(coverage_add(&c, first, first + 1 + random_below(5)), 0);
		}
		coverage_normalise(&c);
		for (size_t i = 0; i < c.count; i++)
			assert_int_equal(coverage_add(&before, c.part[i].first, c.part[i].last), 0);
		coverage_join(&c, most);
		assert_true(c.count <= most);
		for (size_t i = 0, at = 0; i < before.count; i++) {
			while (c.part[at].last < before.part[i].last)
				at++;
			assert_true(c.part[at].first <= before.part[i].first);
		}
		/* No space that is left is smaller than one that was joined over. */
		for (size_t i = 1; i < before.count; i++)
			if (before.part[i].first - before.part[i - 1].last > widest)
				widest = before.part[i].first - before.part[i - 1].last;
		if (most > 1 && before.count > 1 && c.count > 1) {
			uint64_t kept = 0;

			for (size_t i = 1; i < c.count; i++)
				if (c.part[i].first - c.part[i - 1].last > kept)
					kept = c.part[i].first - c.part[i - 1].last;
			assert_int_equal(kept, widest);
		}
		coverage_fini(&c);
		coverage_fini(&before);
	}
}

/* The environment of a test: NAME=VALUE words. */
static const char *environment[8];

static char *lookup(const char *variable)
{
	static char value[64];
	const size_t length = strlen(variable);

	for (size_t i = 0; i < 8 && environment[i]; i++)
		if (strncmp(environment[i], variable, length) == 0 &&
		    environment[i][length] == '=') {
			snprintf(value, sizeof(value), "%s", environment[i] + length + 1);
			return value;
		}
	return NULL;
}

static void shards_come_from_schedulers(void **state)
{
	static const struct {
		const char *text, *environment[6];
		uint64_t number, count; /* 0/0: refused */
		const char *says;
	} cases[] = {
		{"3/8", {NULL}, 3, 8, NULL},
		{"1000000/1000000", {NULL}, 1000000, 1000000, NULL},
		{"0/8", {NULL}, 0, 0, "\"0/8\""},
		{"9/8", {NULL}, 0, 0, "\"9/8\""},
		{"1/1000001", {NULL}, 0, 0, "1000001"},
		{"1/18446744073709551616", {NULL}, 0, 0, "not"},
		{"autox", {NULL}, 0, 0, "\"autox\""},
		{"auto/", {NULL}, 0, 0, "\"auto/\""},
		{"auto", {NULL}, 0, 0, "no scheduler's index"},
		{"auto",
		 {"SLURM_ARRAY_TASK_ID=5", "SLURM_ARRAY_TASK_COUNT=4", "SLURM_ARRAY_TASK_MIN=2",
		  "SLURM_ARRAY_TASK_STEP=3"},
		 2,
		 4,
		 NULL},
		{"auto",
		 {"SLURM_ARRAY_TASK_ID=0", "SLURM_ARRAY_TASK_COUNT=32", "SLURM_ARRAY_TASK_MIN=0",
		  "SLURM_ARRAY_TASK_STEP=1"},
		 1,
		 32,
		 NULL},
		{"auto",
		 {"SLURM_ARRAY_TASK_ID=6", "SLURM_ARRAY_TASK_COUNT=4", "SLURM_ARRAY_TASK_MIN=2",
		  "SLURM_ARRAY_TASK_STEP=3"},
		 0,
		 0,
		 "SLURM_ARRAY_TASK_ID=6 is not one of 4 parts"},
		{"auto",
		 {"SLURM_ARRAY_TASK_ID=x", "SLURM_ARRAY_TASK_COUNT=4"},
		 0,
		 0,
		 "SLURM_ARRAY_TASK_ID is not a number: \"x\""},
		{"auto/4", {"JOB_COMPLETION_INDEX=3"}, 4, 4, NULL},
		{"auto/4", {"JOB_COMPLETION_INDEX=4"}, 0, 0, "JOB_COMPLETION_INDEX=4 is not one"},
		{"auto", {"JOB_COMPLETION_INDEX=3"}, 0, 0, "auto/N, or set PORTLIGHT_SHARDS"},
		{"auto", {"JOB_COMPLETION_INDEX=3", "PORTLIGHT_SHARDS=9"}, 4, 9, NULL},
		{"auto/2", {"NOMAD_ALLOC_INDEX=0"}, 1, 2, NULL},
		{"auto/2", {"PARALLEL_SEQ=2"}, 2, 2, NULL},
		{"auto/2", {"PARALLEL_SEQ=0"}, 0, 0, "PARALLEL_SEQ=0 is not one"},
		{"auto/2", {"PARALLEL_SEQ=3"}, 0, 0, "PARALLEL_SEQ=3 is not one"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct failure f = {0};
		uint64_t number = 0, count = 0;

		memset(environment, 0, sizeof(environment));
		memcpy(environment, cases[i].environment, sizeof(cases[i].environment));
		const int result =
			shard_parse("--shard", cases[i].text, lookup, &number, &count, &f);

		assert_int_equal(result, cases[i].count ? 0 : -1);
		if (cases[i].count) {
			assert_int_equal(number, cases[i].number);
			assert_int_equal(count, cases[i].count);
		} else {
			assert_int_equal(f.exit_code, EXIT_USAGE);
			assert_non_null(strstr(f.text, cases[i].says));
		}
	}
}

static void ranges_are_read_as_they_were_written(void **state)
{
	static const char *const texts[] = {"192.0.2.0/24",	     "192.0.2.5",
					    "192.0.2.5-192.0.2.9",   "0.0.0.0/0",
					    "192.0.2.0-192.0.3.255", "192.0.2.254/31",
					    "2001:db8::/126",	     "2001:db8::1-2001:db8::9",
					    "2001:db8::1",	     "2001:db8:0:1::/64",
					    "2001:db8::/32",	     "::-::fffe:ffff:ffff"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct ranges set = {0};
		struct target target;
		struct failure f = {0};
		char text[RANGE_TEXT];

		assert_int_equal(target_parse(texts[i], strlen(texts[i]), &set, &target, &f), 0);
		assert_int_equal(set.count, 1);
		range_format(set.range, text);
		/* 192.0.2.0-192.0.3.255 is a network. */
		assert_string_equal(text, i == 4 ? "192.0.2.0/23" : texts[i]);
		ranges_fini(&set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(coverage_is_the_set_of_what_was_added),
		cmocka_unit_test(joined_parts_hold_all_and_are_few),
		cmocka_unit_test(shards_come_from_schedulers),
		cmocka_unit_test(ranges_are_read_as_they_were_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
