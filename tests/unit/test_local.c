/* Name servers from resolv.conf text, and this machine as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/local.h"

static struct addr address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, strlen(text), &a), 0);
	return a;
}

static void nameservers_are_found(void **state)
{
	static const char text[] = "# nameserver 198.51.100.9\n"
				   "search example\n"
				   "nameserver 198.51.100.1\n"
				   "nameserver\t2001:db8::53 # ours\n"
				   "nameserver fe80::1%eth0\n"
				   "nameserver   198.51.100.2;\r\n"
				   "nameservers 198.51.100.3\n"
				   " nameserver 198.51.100.4\n"
				   "nameserver 198.51.100\n"
				   "nameserver\n"
				   "nameserver \n"
				   "options ndots:1\n"
				   "nameserver 198.51.100.5";
	static const char *const wanted[] = {"198.51.100.1", "2001:db8::53", "fe80::1",
					     "198.51.100.2", "198.51.100.5"};
	struct ranges found = {0};

	(void)state;
	assert_int_equal(local_resolvers_parse(text, sizeof(text) - 1, &found), 0);
	assert_int_equal(found.count, sizeof(wanted) / sizeof(wanted[0]));
	for (size_t i = 0; i < found.count; i++) {
		assert_true(addr_equal(found.range[i].first, address(wanted[i])));
		assert_true(addr_equal(found.range[i].last, address(wanted[i])));
	}
	ranges_fini(&found);
}

/* Each cut of a line: no byte behind the end is read (the sanitizers watch). */
static void cuts_are_survived(void **state)
{
	static const char text[] = "nameserver 198.51.100.1\nnameserver ::1\n";

	(void)state;
	for (size_t length = 0; length < sizeof(text); length++) {
		char *copy = test_malloc(length + 1);
		struct ranges found = {0};

		memcpy(copy, text, length);
		assert_int_equal(local_resolvers_parse(copy, length, &found), 0);
		assert_true(found.count <= 2);
		ranges_fini(&found);
		test_free(copy);
	}
}

static void this_machine_is_known(void **state)
{
	struct failure f = {0};
	struct local here;
	struct netlink *netlink = netlink_open(&f);

	(void)state;
	assert_non_null(netlink);
	assert_int_equal(local_read(&here, netlink, &f), 0);
	assert_true(ranges_contain(&here.own, address("127.0.0.1")));
	assert_true(ranges_contain(&here.own, address("127.200.1.1")));
	assert_true(ranges_contain(&here.own, address("::1")));
	assert_false(ranges_contain(&here.own, address("0.0.0.0")));
	assert_false(ranges_contain(&here.gateways, address("0.0.0.0")));
	assert_false(ranges_contain(&here.gateways, address("::")));
	for (size_t i = 0; i < here.own.count; i++) {
		assert_true(ranges_contain(&here.home, here.own.range[i].first));
		assert_true(ranges_contain(&here.home, here.own.range[i].last));
	}
	/* A home network of all addresses would need ten times the evidence for every source. */
	assert_false(ranges_contain(&here.home, address("255.255.255.255")));
	assert_false(ranges_contain(&here.home, address("ff02::1")));
	local_fini(&here);
	assert_int_equal(here.own.count, 0);
	netlink_close(netlink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nameservers_are_found),
		cmocka_unit_test(cuts_are_survived),
		cmocka_unit_test(this_machine_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
