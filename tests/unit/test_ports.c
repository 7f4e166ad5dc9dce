/* Tests of scan/ports: golden texts, accepted and refused, and the ranking. */
#include "plan/ports.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "system/services.h"

static const char services_text[] = "ftp\t21/tcp\n"
				    "ssh 22/tcp # remote login\n"
				    "domain 53/tcp\n"
				    "domain 53/udp\n"
				    "http 80/tcp www\n"
				    "ntp 123/udp\n"
				    "https 443/tcp\n"
				    "https 443/udp\n"
				    "http-alt 8080/tcp webcache\n"
				    "high 60001/udp\n";

static int set_up(void **state)
{
	*state = services_new(services_text, sizeof(services_text) - 1);
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	services_free(*state);
	return 0;
}

/* "22,80-90". */
static void set_format(const struct port_set *set, char *out, size_t size)
{
	size_t at = 0;

	out[0] = '\0';
	for (unsigned port = 0; port <= 65535; port++) {
		unsigned first = port;

		if (!port_set_has(set, port))
			continue;
		while (port < 65535 && port_set_has(set, port + 1))
			port++;
		int wrote = snprintf(out + at, size - at, port > first ? "%s%u-%u" : "%s%u",
				     at ? "," : "", first, port);

		assert_true(wrote > 0 && (size_t)wrote < size - at);
		at += (size_t)wrote;
	}
}

static const struct {
	const char *text, *tcp, *udp;
} accepted[] = {
	{"22", "22", "22"},
	{"22,80-90", "22,80-90", "22,80-90"},
	{"80-90,85-95,22,22", "22,80-95", "22,80-95"},
	{"-", "1-65535", "1-65535"},
	{"-100", "1-100", "1-100"},
	{"60000-", "60000-65535", "60000-65535"},
	{"0", "0", "0"},
	{"0-", "0-65535", "0-65535"},
	{"0-0", "0", "0"},
	{"65535", "65535", "65535"},
	{"65535-65535", "65535", "65535"},
	{"0022", "22", "22"},
	{" 22 , 80 ", "22,80", "22,80"},
	{"U:53,T:1-5", "1-5", "53"},
	{"u:53,t:1-5", "1-5", "53"},
	{"T:80,81,U:53,54", "80-81", "53-54"},
	{"22,U:53", "22", "22,53"},
	{"T:1-1000,U:53,123,161", "1-1000", "53,123,161"},
	{"T:-", "1-65535", ""},
	{"U: 53", "", "53"},
	{"http,ssh", "22,80", ""},
	{"HTTP", "80", ""},
	{"www", "80", ""},
	{"domain", "53", "53"},
	{"U:domain", "", "53"},
	{"http*", "80,443,8080", "443"},
	{"http?", "443", "443"},
	{"*t?", "21,80", "123"},
	{"n??", "", "123"},
	{"*", "21-22,53,80,443,8080", "53,123,443,60001"},
	{"http-alt", "8080", ""},
	{"[1-1024]", "21-22,53,80,443", "53,123,443"},
	{"[-]", "21-22,53,80,443,8080", "53,123,443,60001"},
	{"T:[1-1024],9", "9,21-22,53,80,443", ""},
	{"[T:1-79,U:60000-],7", "21-22,53", "7,60001"},
	{"[22,23],23", "22-23", "23"},
	{"[ 22 ]", "22", ""},
	{"[http]", "80", ""},
};

static void test_accepted(void **state)
{
	struct service_names names = services_names(*state);

	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		struct ports ports = {0};
		struct failure f = {0};
		char got[512];

		if (ports_parse(accepted[i].text, strlen(accepted[i].text), &names, &ports, &f) < 0)
			fail_msg("%s: %s", accepted[i].text, f.text);
		assert_int_equal(f.exit_code, 0);
		set_format(&ports.tcp, got, sizeof(got));
		assert_string_equal(got, accepted[i].tcp);
		set_format(&ports.udp, got, sizeof(got));
		assert_string_equal(got, accepted[i].udp);
	}
}

static const struct {
	const char *text, *want;
} refused[] = {
	{"", "no ports in \"-p \""},
	{"70000", "port 70000 in \"-p 70000\" is over 65535"},
	{"65536", "port 65536 in \"-p 65536\" is over 65535"},
	{"1-70000", "port 70000 in \"-p 1-70000\" is over 65535"},
	{"18446744073709551638",
	 "port 18446744073709551638 in \"-p 18446744073709551638\" is over 65535"},
	{"90-80", "reversed range \"90-80\" in \"-p 90-80\""},
	{"22,90-80", "reversed range \"90-80\" in \"-p 22,90-80\""},
	{"-0", "reversed range \"-0\" in \"-p -0\""},
	{"1-2-3", "\"1-2-3\" in \"-p 1-2-3\" is no port range"},
	{"--", "\"--\" in \"-p --\" is no port range"},
	{"22,,80", "empty item in \"-p 22,,80\""},
	{"22,", "empty item in \"-p 22,\""},
	{",", "empty item in \"-p ,\""},
	{" ", "empty item in \"-p  \""},
	{"U:", "empty item in \"-p U:\""},
	{"[]", "empty item in \"-p []\""},
	{"[22,]", "empty item in \"-p [22,]\""},
	{"S:22", "\"S:\" in \"-p S:22\": only T: (TCP) and U: (UDP) can be scanned"},
	{"P:1", "\"P:\" in \"-p P:1\": only T: (TCP) and U: (UDP) can be scanned"},
	{"T:U:53", "unknown service \"U:53\" in \"-p T:U:53\""},
	{"gopher", "unknown service \"gopher\" in \"-p gopher\""},
	{"U:http", "unknown service \"http\" in \"-p U:http\""},
	{"x*", "unknown service \"x*\" in \"-p x*\""},
	{"80a", "unknown service \"80a\" in \"-p 80a\""},
	{"22 80", "unknown service \"22 80\" in \"-p 22 80\""},
	{"\x1b[2J", "unknown service \"\\x1b\" in \"-p \\x1b[2J\""},
	{"[1-2", "\"[\" without \"]\" in \"-p [1-2\""},
	{"1-2]", "\"]\" without \"[\" in \"-p 1-2]\""},
	{"[[22]]", "\"[\" inside brackets in \"-p [[22]]\""},
	{"[22]80", "missing comma in \"-p [22]80\""},
	{"22[80]", "missing comma in \"-p 22[80]\""},
	{"[1]", "no port with a service name in \"-p [1]\""},
};

static void test_refused(void **state)
{
	struct service_names names = services_names(*state);

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct ports ports = {0};
		struct failure f = {0};

		port_set_add(&ports.tcp, 7);
		assert_int_equal(
			ports_parse(refused[i].text, strlen(refused[i].text), &names, &ports, &f),
			-1);
		assert_string_equal(f.text, refused[i].want);
		assert_int_equal(f.exit_code, EXIT_USAGE);
		assert_int_equal(port_set_size(&ports.tcp), 1);
		assert_true(port_set_has(&ports.tcp, 7));
		assert_int_equal(port_set_size(&ports.udp), 0);
	}
}

static void test_without_names(void **state)
{
	struct ports ports = {0};
	struct failure f = {0};

	(void)state;
	assert_int_equal(ports_parse("22", 2, NULL, &ports, &f), 0);
	assert_int_equal(ports_parse("http", 4, NULL, &ports, &f), -1);
	assert_string_equal(f.text, "unknown service \"http\" in \"-p http\"");
	f.exit_code = 0;
	assert_int_equal(ports_parse("[22]", 4, NULL, &ports, &f), -1);
	assert_string_equal(f.text, "no port with a service name in \"-p [22]\"");
	/* what was there stays, and the new is added */
	assert_int_equal(ports_parse("T:23", 4, NULL, &ports, &(struct failure){0}), 0);
	assert_int_equal(port_set_size(&ports.tcp), 2);
	assert_int_equal(port_set_size(&ports.udp), 1);
}

static void test_long_text(void **state)
{
	struct ports ports = {0};
	struct failure f = {0};
	static char text[100000];

	(void)state;
	memset(text, '9', sizeof(text));
	assert_int_equal(ports_parse(text, sizeof(text), NULL, &ports, &f), -1);
	assert_true(strlen(f.text) < 300);
	f.exit_code = 0;
	memset(text, 'x', sizeof(text));
	assert_int_equal(ports_parse(text, sizeof(text), NULL, &ports, &f), -1);
	assert_true(strlen(f.text) < 300);
}

static void test_set(void **state)
{
	struct port_set set = {0};

	(void)state;
	assert_int_equal(port_set_size(&set), 0);
	for (unsigned port = 0; port <= 65535; port += 257)
		port_set_add(&set, port);
	assert_int_equal(port_set_size(&set), 256);
	port_set_remove(&set, 257);
	assert_false(port_set_has(&set, 257));
	assert_true(port_set_has(&set, 65535));
	assert_int_equal(port_set_size(&set), 255);
}

static void check_top(int proto)
{
	struct port_set before = {0}, all = {0};

	/* each step adds one port, and takes none away: no port is ranked twice */
	for (unsigned n = 1; n <= 2000; n++) {
		struct port_set top = {0};

		ports_add_top(&top, proto, n);
		assert_int_equal(port_set_size(&top), n);
		for (size_t i = 0; i < 1024; i++)
			assert_true((before.word[i] & ~top.word[i]) == 0);
		before = top;
	}
	/* behind the ranking the lowest come: at the end of 2,000 no gap is left at the bottom */
	for (unsigned port = 1; port < 1024; port++)
		assert_true(port_set_has(&before, port));
	assert_false(port_set_has(&before, 0));

	for (unsigned n = 65534; n <= 65536; n++) {
		all = (struct port_set){0};
		ports_add_top(&all, proto, n);
		assert_int_equal(port_set_size(&all), n < 65535 ? n : 65535);
		assert_false(port_set_has(&all, 0));
	}
	all = (struct port_set){0};
	ports_add_top(&all, proto, UINT32_MAX);
	assert_int_equal(port_set_size(&all), 65535);
	all = (struct port_set){0};
	ports_add_top(&all, proto, 0);
	assert_int_equal(port_set_size(&all), 0);
}

static void test_top(void **state)
{
	static const uint16_t tcp[] = {21, 22, 23, 25, 53, 80, 110, 139, 143, 443, 445, 3306, 3389};
	static const uint16_t udp[] = {53, 67, 69, 111, 123, 137, 161, 500, 1900, 5353};
	struct port_set set = {0};

	(void)state;
	check_top(IPPROTO_TCP);
	check_top(IPPROTO_UDP);
	ports_add_top(&set, IPPROTO_TCP, 30);
	for (size_t i = 0; i < sizeof(tcp) / sizeof(tcp[0]); i++)
		assert_true(port_set_has(&set, tcp[i]));
	set = (struct port_set){0};
	ports_add_top(&set, IPPROTO_UDP, 30);
	for (size_t i = 0; i < sizeof(udp) / sizeof(udp[0]); i++)
		assert_true(port_set_has(&set, udp[i]));
	set = (struct port_set){0};
	ports_add_top(&set, IPPROTO_SCTP, 30);
	assert_int_equal(port_set_size(&set), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_accepted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
		cmocka_unit_test(test_without_names),
		cmocka_unit_test(test_long_text),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_top),
	};

	return cmocka_run_group_tests_name("ports", tests, NULL, NULL);
}
