/* Which sources may be blocked, and which never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "watch/block_policy.h"

static struct addr address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, strlen(text), &a), 0);
	return a;
}

/* A scan that may be answered with a block. */
static struct event proven(const char *source)
{
	return (struct event){.action = EVENT_PORT_SCAN,
			      .source = address(source),
			      .sources = 1,
			      .has = EVENT_HAS_SOURCE | EVENT_HANDSHAKE};
}

static struct ranges never;

static int never_make(void **state)
{
	static struct ranges own, listed;
	const struct ranges *const lists[] = {&own, NULL, &listed};
	int result;

	(void)state;
	if (ranges_add(&own, address("198.51.100.1"), address("198.51.100.1")) < 0 ||
	    ranges_add(&listed, address("2001:db8:1::"), address("2001:db8:1::ffff")) < 0)
		return -1;
	result = block_policy_never(&never, lists, 3);
	ranges_fini(&own);
	ranges_fini(&listed);
	return result;
}

static int never_free(void **state)
{
	(void)state;
	ranges_fini(&never);
	return 0;
}

static void proven_scans_are_blocked(void **state)
{
	static const uint8_t actions[] = {EVENT_PORT_SCAN, EVENT_NETWORK_SWEEP, EVENT_BLOCK_SCAN};

	(void)state;
	for (size_t i = 0; i < sizeof(actions); i++)
		for (unsigned phase = 0; phase < EVENT_PHASES; phase++) {
			struct event e = proven("203.0.113.7");

			e.action = actions[i];
			e.phase = (uint8_t)phase;
			assert_int_equal(block_policy(&e, &never), BLOCK_YES);
			e.source = address("2001:db8:2::7");
			assert_int_equal(block_policy(&e, &never), BLOCK_YES);
		}
}

static void other_events_are_not(void **state)
{
	(void)state;
	for (unsigned action = EVENT_DISTRIBUTED_SCAN; action < EVENT_ACTIONS + 3; action++) {
		struct event e = proven("203.0.113.7");

		e.action = (uint8_t)action;
		assert_int_not_equal(block_policy(&e, &never), BLOCK_YES);
	}
}

static void forged_addresses_are_not(void **state)
{
	struct event e = proven("203.0.113.7");

	(void)state;
	e.has = EVENT_HAS_SOURCE;
	assert_int_equal(block_policy(&e, &never), BLOCK_UNPROVEN);
	e.has = EVENT_HAS_SOURCE | EVENT_SPOOFABLE;
	assert_int_equal(block_policy(&e, &never), BLOCK_UNPROVEN);
	e.has = EVENT_HAS_SOURCE | EVENT_SPOOFABLE | EVENT_HANDSHAKE;
	assert_int_equal(block_policy(&e, &never), BLOCK_UNPROVEN);
	e.has = EVENT_HANDSHAKE;
	assert_int_equal(block_policy(&e, &never), BLOCK_NO_SOURCE);
	e = proven("203.0.113.7");
	e.sources = 2;
	assert_int_equal(block_policy(&e, &never), BLOCK_NO_SOURCE);
}

static void some_are_never_blocked(void **state)
{
	static const char *const spared[] = {
		"198.51.100.1",
		"2001:db8:1::",
		"2001:db8:1::1",
		"2001:db8:1::ffff",
		"0.0.0.0",
		"0.1.2.3",
		"127.0.0.1",
		"127.255.255.255",
		"169.254.0.0",
		"169.254.9.9",
		"224.0.0.1",
		"239.1.2.3",
		"240.0.0.1",
		"255.255.255.255",
		"::",
		"::1",
		"fe80::1",
		"febf:ffff::1",
		"ff02::1",
		"ffff::1",
	};
	static const char *const allowed[] = {
		"198.51.100.0",	   "198.51.100.2", "2001:db8:1::1:0", "1.0.0.0",
		"126.255.255.255", "128.0.0.0",	   "169.253.255.255", "169.255.0.0",
		"223.255.255.255", "::2",	   "fe7f::1",	      "fec0::1",
		"fd00::1",	   "10.0.0.1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(spared) / sizeof(spared[0]); i++) {
		struct event e = proven(spared[i]);

		if (block_policy(&e, &never) != BLOCK_NEVER)
			fail_msg("%s may be blocked", spared[i]);
	}
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		struct event e = proven(allowed[i]);

		if (block_policy(&e, &never) != BLOCK_YES)
			fail_msg("%s may not be blocked", allowed[i]);
	}
}

static void each_verdict_has_words(void **state)
{
	(void)state;
	for (unsigned v = 0; v < BLOCK_VERDICTS; v++) {
		assert_string_not_equal(block_verdict_text(v), "unknown");
		for (unsigned other = 0; other < v; other++)
			assert_string_not_equal(block_verdict_text(v), block_verdict_text(other));
	}
	assert_string_equal(block_verdict_text(BLOCK_VERDICTS), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proven_scans_are_blocked),
		cmocka_unit_test(other_events_are_not),
		cmocka_unit_test(forged_addresses_are_not),
		cmocka_unit_test(some_are_never_blocked),
		cmocka_unit_test(each_verdict_has_words),
	};

	return cmocka_run_group_tests(tests, never_make, never_free);
}
