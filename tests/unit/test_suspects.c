/* The suspects of a flood: each that asked for many ports is in the list, and cannot be washed out
 * of it for less than it sent itself. */
#include "watch_lab.h"

#include "watch/evidence.h"
#include "watch/name.h"
#include "watch/suspects.h"

static const struct siphash_key key = {{3, 4}};

static struct contact contact_of(uint32_t source, uint16_t port)
{
	struct contact c = {
		.src = addr_from_v4(0xc6336400 + source),
		.dport = port,
		.proto = IPPROTO_TCP,
		.failed = true,
	};

	c.source = name_of(&key, c.src);
	return c;
}

static unsigned ask(struct suspect *s, uint32_t source, unsigned contacts, unsigned ports)
{
	unsigned told = 0;

	for (unsigned n = 0; n < contacts; n++) {
		struct contact c = contact_of(source, (uint16_t)(1 + n % ports));

		told += suspects_add(s, &c);
	}
	return told;
}

static const struct event_suspect *find(const struct event_suspect *list, size_t count,
					uint32_t source)
{
	for (size_t i = 0; i < count; i++)
		if (addr_equal(list[i].source, addr_from_v4(0xc6336400 + source)))
			return &list[i];
	return NULL;
}

static void the_list_is_in_order(void **state)
{
	static struct suspect s[SUSPECTS];
	struct event_suspect list[SUSPECTS];
	size_t count;

	(void)state;
	memset(s, 0, sizeof(s));
	assert_int_equal(suspects_list(s, list), 0);
	/* Told once; never of one port, nor of too few contacts. */
	assert_int_equal(ask(s, 1, 19, 19), 0);
	assert_int_equal(ask(s, 2, 1000, 9), 0);
	assert_int_equal(ask(s, 3, 20, 20), 1);
	assert_int_equal(ask(s, 4, 1000, 1000), 1);
	assert_int_equal(ask(s, 5, 1000, 1), 0);
	count = suspects_list(s, list);
	assert_int_equal(count, 2);
	assert_true(addr_equal(list[0].source, addr_from_v4(0xc6336404)));
	assert_int_equal(list[0].contacts, 1000);
	assert_in_range(list[0].ports, 800, 1200);
	assert_in_range(list[1].ports, 17, 23);
	/* Each bit set: it says no more. */
	(void)ask(s, 6, 60000, 60000);
	count = suspects_list(s, list);
	assert_int_equal(count, 3);
	assert_int_equal(list[0].ports, 1420);
	suspects_drop(s, contact_of(4, 1).source);
	assert_int_equal(suspects_list(s, list), 2);
}

/* A scan amid as many that are as busy as there is room for with some to spare. */
static void each_of_many_is_in_it(void **state)
{
	static struct suspect s[SUSPECTS];
	struct event_suspect list[SUSPECTS];

	(void)state;
	memset(s, 0, sizeof(s));
	for (unsigned n = 0; n < 100; n++)
		for (uint32_t source = 0; source < 257; source++) {
			struct contact c = contact_of(source, (uint16_t)(n * 7));

			(void)suspects_add(s, &c);
		}
	assert_int_equal(suspects_list(s, list), 257);
	for (unsigned i = 0; i < 257; i++)
		assert_int_equal(list[i].contacts, 100);
}

static void few_packets_wash_nobody_out(void **state)
{
	static struct suspect s[SUSPECTS];
	struct event_suspect list[SUSPECTS];
	size_t count;

	(void)state;
	memset(s, 0, sizeof(s));
	(void)ask(s, 7, 1000, 1000);
	/* Ever new sources, each with one packet: thrice what all places hold at 100 each. */
	for (uint32_t source = 1000; source < 1000 + SUSPECTS * 300; source++)
		(void)ask(s, source, 1, 1);
	count = suspects_list(s, list);
	assert_non_null(find(list, count, 7));
	assert_int_equal(count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_is_in_order),
		cmocka_unit_test(each_of_many_is_in_it),
		cmocka_unit_test(few_packets_wash_nobody_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
