/* Interfaces that come and go, by the kernel's messages made here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>

#include "net/link_table.h"

/* No machine has interfaces up there. */
#define FIRST 1000000

static void say(struct link_table *t, uint16_t type, unsigned index, const char *name, bool up)
{
	char buffer[256] __attribute__((aligned(8))) = {0};
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *info;

	message->nlmsg_type = type;
	info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	info->ifi_index = (int)index;
	info->ifi_type = ARPHRD_ETHER;
	info->ifi_flags = up ? IFF_UP : 0;
	mnl_attr_put_strz(message, IFLA_IFNAME, name);
	link_table_message(t, message);
}

static void news(struct link_table *t, const char *name, enum link_change change)
{
	enum link_change got;
	const struct link *link = link_table_changed(t, &got);

	assert_non_null(link);
	assert_string_equal(link->name, name);
	assert_int_equal(got, change);
	assert_null(link_table_changed(t, &got));
}

static void no_news(struct link_table *t)
{
	enum link_change got;

	assert_null(link_table_changed(t, &got));
}

static struct link_table *open_table(void)
{
	struct failure f = {0};
	struct link_table *t = link_table_open(&f);

	if (!t)
		fail_msg("%s", f.text);
	return t;
}

static void those_that_are_there_are_known(void **state)
{
	struct link_table *t = open_table();
	const struct link *lo = link_table_by_name(t, "lo");

	(void)state;
	no_news(t);
	assert_non_null(lo);
	assert_int_equal(lo->kind, LINK_LOOPBACK);
	assert_ptr_equal(link_table_by_index(t, lo->index), lo);
	assert_non_null(link_table_get(t, 0));
	assert_null(link_table_get(t, LINK_TABLE_PLACES));
	assert_null(link_table_by_index(t, FIRST));
	link_table_close(t);
}

static void coming_and_going_is_told_once(void **state)
{
	struct link_table *t = open_table();

	(void)state;
	say(t, RTM_NEWLINK, FIRST, "wire", false);
	no_news(t);
	say(t, RTM_NEWLINK, FIRST, "tun9", true);
	news(t, "tun9", LINK_CAME_UP);
	say(t, RTM_NEWLINK, FIRST, "tun9", true);
	no_news(t);
	say(t, RTM_NEWLINK, FIRST, "tun9", false);
	news(t, "tun9", LINK_WENT_DOWN);
	say(t, RTM_DELLINK, FIRST, "tun9", false);
	no_news(t);
	/* Gone, and yet known by its number. */
	assert_null(link_table_by_name(t, "tun9"));
	assert_string_equal(link_table_by_index(t, FIRST)->name, "tun9");
	/* Made again: under a number of its own, then under the same. */
	say(t, RTM_NEWLINK, FIRST + 1, "tun9", true);
	news(t, "tun9", LINK_CAME_UP);
	assert_int_equal(link_table_by_name(t, "tun9")->index, FIRST + 1);
	say(t, RTM_DELLINK, FIRST + 1, "tun9", true);
	news(t, "tun9", LINK_VANISHED);
	say(t, RTM_NEWLINK, FIRST, "veth0", true);
	news(t, "veth0", LINK_CAME_UP);
	assert_string_equal(link_table_by_index(t, FIRST)->name, "veth0");
	/* To and fro. */
	say(t, RTM_NEWLINK, FIRST, "veth0", false);
	say(t, RTM_NEWLINK, FIRST, "veth0", true);
	no_news(t);
	link_table_close(t);
}

/* A bridge says so, with its own family, when a port leaves it. */
static void a_port_that_leaves_its_bridge_is_not_gone(void **state)
{
	struct link_table *t = open_table();
	char buffer[256] __attribute__((aligned(8))) = {0};
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *info;

	(void)state;
	say(t, RTM_NEWLINK, FIRST, "port", true);
	news(t, "port", LINK_CAME_UP);
	message->nlmsg_type = RTM_DELLINK;
	info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	info->ifi_family = AF_BRIDGE;
	info->ifi_index = FIRST;
	link_table_message(t, message);
	no_news(t);
	assert_non_null(link_table_by_name(t, "port"));
	/* Too short to say anything. */
	message->nlmsg_len = NLMSG_HDRLEN + 4;
	link_table_message(t, message);
	assert_non_null(link_table_by_name(t, "port"));
	link_table_close(t);
}

/* Thousands in turn; then more at once than there are places. */
static void it_keeps_its_size(void **state)
{
	struct link_table *t = open_table();
	enum link_change change;
	char name[IF_NAMESIZE];

	(void)state;
	for (unsigned i = 0; i < 10 * LINK_TABLE_PLACES; i++) {
		(void)snprintf(name, sizeof(name), "v%u", i);
		say(t, RTM_NEWLINK, FIRST + i, name, true);
		news(t, name, LINK_CAME_UP);
		say(t, RTM_DELLINK, FIRST + i, name, true);
		news(t, name, LINK_VANISHED);
	}
	/* The latest are remembered. */
	assert_non_null(link_table_by_index(t, FIRST + 10 * LINK_TABLE_PLACES - 500));
	assert_null(link_table_by_index(t, FIRST + 1));
	for (unsigned i = 0; i < 2 * LINK_TABLE_PLACES; i++) {
		(void)snprintf(name, sizeof(name), "w%u", i);
		say(t, RTM_NEWLINK, 2 * FIRST + i, name, true);
	}
	for (unsigned i = 0; link_table_changed(t, &change); i++)
		assert_true(i < LINK_TABLE_PLACES);
	assert_non_null(link_table_by_name(t, "lo"));
	assert_non_null(link_table_by_name(t, "w0"));
	assert_null(link_table_by_name(t, "w2000"));
	for (unsigned i = 0; i < 2 * LINK_TABLE_PLACES; i++)
		say(t, RTM_DELLINK, 2 * FIRST + i, "", false);
	while (link_table_changed(t, &change))
		assert_int_equal(change, LINK_VANISHED);
	say(t, RTM_NEWLINK, FIRST, "again", true);
	news(t, "again", LINK_CAME_UP);
	link_table_close(t);
}

/* The kernel's answer: the invented interface does not exist. */
static void a_reading_puts_it_right(void **state)
{
	struct link_table *t = open_table();

	(void)state;
	assert_true(link_table_refresh(t) >= 0);
	say(t, RTM_DELLINK, link_table_by_name(t, "lo")->index, "lo", false);
	assert_null(link_table_by_name(t, "lo"));
	link_table_close(t);
	t = open_table();
	assert_non_null(link_table_by_name(t, "lo"));
	link_table_close(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_that_are_there_are_known),
		cmocka_unit_test(coming_and_going_is_told_once),
		cmocka_unit_test(a_port_that_leaves_its_bridge_is_not_gone),
		cmocka_unit_test(it_keeps_its_size),
		cmocka_unit_test(a_reading_puts_it_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
