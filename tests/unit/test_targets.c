/* Tests of plan/targets: golden texts, accepted and refused, and list files. */
#include "plan/targets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The ranges of a normalised set as "first-last first ...". */
static void set_format(const struct ranges *set, char *out, size_t size)
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < set->count; i++) {
		char first[ADDR_TEXT], last[ADDR_TEXT];
		const struct range *range = &set->range[i];
		bool single = addr_equal(range->first, range->last);
		int wrote = snprintf(out + at, size - at, "%s%s%s%s", i ? " " : "",
				     addr_format(range->first, first), single ? "" : "-",
				     single ? "" : addr_format(range->last, last));

		assert_true(wrote > 0 && (size_t)wrote < size - at);
		at += (size_t)wrote;
	}
}

struct golden {
	const char *text, *want;
};

static const struct golden accepted[] = {
	{"192.0.2.5", "192.0.2.5"},
	{"0.0.0.0", "0.0.0.0"},
	{"255.255.255.255", "255.255.255.255"},
	{"192.0.2.0/28", "192.0.2.0-192.0.2.15"},
	{"192.0.2.77/28", "192.0.2.64-192.0.2.79"},
	{"192.0.2.77/32", "192.0.2.77"},
	{"192.0.2.77/31", "192.0.2.76-192.0.2.77"},
	{"1.2.3.4/0", "0.0.0.0-255.255.255.255"},
	{"255.255.255.255/1", "128.0.0.0-255.255.255.255"},
	{"192.0.0-3.1,5,9", "192.0.0.1 192.0.0.5 192.0.0.9 192.0.1.1 192.0.1.5 192.0.1.9 192.0.2.1 "
			    "192.0.2.5 192.0.2.9 192.0.3.1 192.0.3.5 192.0.3.9"},
	{"192.0.2.*", "192.0.2.0-192.0.2.255"},
	{"192.0.2.-", "192.0.2.0-192.0.2.255"},
	{"192.0.2.-5", "192.0.2.0-192.0.2.5"},
	{"192.0.2.250-", "192.0.2.250-192.0.2.255"},
	{"192.0.2.5-9", "192.0.2.5-192.0.2.9"},
	{"192.0.2.9-9", "192.0.2.9"},
	{"192.0.2.1-3,2-5,7", "192.0.2.1-192.0.2.5 192.0.2.7"},
	{"192.0.2.7,1", "192.0.2.1 192.0.2.7"},
	{"192.0.1-2.*", "192.0.1.0-192.0.2.255"},
	{"192.0.1,3.*", "192.0.1.0-192.0.1.255 192.0.3.0-192.0.3.255"},
	{"192.0.2-3.0,255", "192.0.2.0 192.0.2.255-192.0.3.0 192.0.3.255"},
	{"*.*.*.*", "0.0.0.0-255.255.255.255"},
	{"10-11.*.*.0-255", "10.0.0.0-11.255.255.255"},
	{"0,255.-.-.-", "0.0.0.0-0.255.255.255 255.0.0.0-255.255.255.255"},
	{"192.0.2.5-192.0.2.9", "192.0.2.5-192.0.2.9"},
	{"192.0.2.250-192.0.3.4", "192.0.2.250-192.0.3.4"},
	{"0.0.0.0-255.255.255.255", "0.0.0.0-255.255.255.255"},
	{"192.0.2.5-192.0.2.5", "192.0.2.5"},
	{"2001:db8::1", "2001:db8::1"},
	{"::", "::"},
	{"::/128", "::"},
	{"2001:DB8::1/126", "2001:db8::-2001:db8::3"},
	{"2001:db8::/64", "2001:db8::-2001:db8::ffff:ffff:ffff:ffff"},
	{"2001:db8::/63", "2001:db8::-2001:db8:0:1:ffff:ffff:ffff:ffff"},
	{"2001:db8::/65", "2001:db8::-2001:db8::7fff:ffff:ffff:ffff"},
	{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/1",
	 "8000::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	{"2001:db8::1-2001:db8::9", "2001:db8::1-2001:db8::9"},
	{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	/* The IPv4-mapped block is IPv4, and not meant by IPv6 text around it. */
	{"::/0", "::-::fffe:ffff:ffff ::1:0:0:0-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	{"::/80", "::-::fffe:ffff:ffff"},
	{"::fffe:0:1-::1:0:0:9", "::fffe:0:1-::fffe:ffff:ffff ::1:0:0:0-::1:0:0:9"},
	{"::ffff:192.0.2.5", "192.0.2.5"},
	{"::ffff:192.0.2.5/120", "192.0.2.0-192.0.2.255"},
	{"::ffff:c000:205/96", "0.0.0.0-255.255.255.255"},
	{"::ffff:192.0.2.5-::ffff:192.0.2.9", "192.0.2.5-192.0.2.9"},
	{"fe80::1", "fe80::1"},
};

static void test_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		struct ranges set = {0};
		struct failure f = {0};
		struct target target;
		char got[1024];

		if (target_parse(accepted[i].text, strlen(accepted[i].text), &set, &target, &f) < 0)
			fail_msg("%s: %s", accepted[i].text, f.text);
		assert_int_equal(f.exit_code, 0);
		assert_int_equal(target.kind, TARGET_RANGES);
		assert_string_equal(target.zone, "");
		ranges_normalise(&set);
		set_format(&set, got, sizeof(got));
		assert_string_equal(got, accepted[i].want);
		ranges_fini(&set);
	}
}

static const struct golden refused[] = {
	{"", "empty target"},
	{"192.0.2.300", "bad target \"192.0.2.300\": octet 300 is over 255"},
	{"192.0.2.99999999999999999999",
	 "bad target \"192.0.2.99999999999999999999\": octet 99999999999999999999 is over 255"},
	{"192.0.2.010", "bad target \"192.0.2.010\": octet 010 has a leading zero"},
	{"192.0.2", "bad target \"192.0.2\": not four octets"},
	{"192.0.2.1.5", "bad target \"192.0.2.1.5\": not four octets"},
	{"3221225985", "bad target \"3221225985\": octet 3221225985 is over 255"},
	{"10-0-0-1", "bad target \"10-0-0-1\": \"0-0-1\" is no octet"},
	{"192.0.2.", "bad target \"192.0.2.\": empty octet"},
	{"192..2.1", "bad target \"192..2.1\": empty octet"},
	{"192.0.2.1,", "bad target \"192.0.2.1,\": empty octet"},
	{"192.0.2.9-5", "bad target \"192.0.2.9-5\": reversed range \"9-5\""},
	{"192.0.2.1-2-3", "bad target \"192.0.2.1-2-3\": \"2-3\" is no octet"},
	{"192.0.2.5*", "bad target \"192.0.2.5*\": \"5*\" is no octet"},
	{"192.0.2.1 ", "bad target \"192.0.2.1 \": \"1 \" is no octet"},
	{"*.*.*.1", "bad target \"*.*.*.1\": more than 65536 ranges"},
	{"192.0.2.0/33", "bad target \"192.0.2.0/33\": prefix length 33 is over 32"},
	{"192.0.2.0/", "bad target \"192.0.2.0/\": empty prefix length"},
	{"192.0.2.0/024", "bad target \"192.0.2.0/024\": prefix length 024 has a leading zero"},
	{"192.0.2.0/255.255.255.0",
	 "bad target \"192.0.2.0/255.255.255.0\": \"255.255.255.0\" is no prefix length"},
	{"192.0.2-3.0/24",
	 "bad target \"192.0.2-3.0/24\": a prefix length goes with one whole address only"},
	{"192.0.2/24",
	 "bad target \"192.0.2/24\": a prefix length goes with one whole address only"},
	{"192.0.2.300/24", "bad target \"192.0.2.300/24\": octet 300 is over 255"},
	{"192.0.2.1-192.0.2.9/24",
	 "bad target \"192.0.2.1-192.0.2.9/24\": a range takes no prefix length"},
	{"192.0.2.9-192.0.2.5", "bad target \"192.0.2.9-192.0.2.5\": reversed range"},
	{"192.0.2.9-192.0.2", "bad target \"192.0.2.9-192.0.2\": \"192.0.2\" has not four octets"},
	{"192.0.2.9-192.0.2.1.1",
	 "bad target \"192.0.2.9-192.0.2.1.1\": \"192.0.2.1.1\" has not four octets"},
	{"192.0.2.5-192.0.2.256", "bad target \"192.0.2.5-192.0.2.256\": octet 256 is over 255"},
	{"-5.0.0.1", "bad target \"-5.0.0.1\": begins like an option"},
	{"-sS", "bad target \"-sS\": begins like an option"},
	{"/24", "bad target \"/24\": no address before \"/\""},
	{"2001:db8::/129", "bad target \"2001:db8::/129\": prefix length 129 is over 128"},
	{"2001:db8::g", "bad target \"2001:db8::g\": \"2001:db8::g\" is no IPv6 address"},
	{"2001:db8::9-2001:db8::1", "bad target \"2001:db8::9-2001:db8::1\": reversed range"},
	{"2001:db8::1-9", "bad target \"2001:db8::1-9\": \"9\" is no IPv6 address"},
	{"::1-::ffff:192.0.2.1",
	 "bad target \"::1-::ffff:192.0.2.1\": range from one address family to the other"},
	{"::ffff:192.0.2.1/90", "bad target \"::ffff:192.0.2.1/90\": prefix length 90 of an "
				"IPv4-mapped address is under 96"},
	{"::ffff:192.0.2.1/95", "bad target \"::ffff:192.0.2.1/95\": prefix length 95 of an "
				"IPv4-mapped address is under 96"},
	{"fe80::1%", "bad target \"fe80::1%\": no interface behind \"%\""},
	{"fe80::1%0123456789abcdef", "bad target \"fe80::1%0123456789abcdef\": the interface's "
				     "name is longer than 15 bytes"},
	{"fe80::1%a b", "bad target \"fe80::1%a b\": impossible interface name"},
	{"2001:db8::1%eth0", "bad target \"2001:db8::1%eth0\": only link-local addresses "
			     "(fe80::/10) take an interface"},
	{"http://host/", "bad target \"http://host/\": give the host of a URL alone"},
	{"host:80", "bad target \"host:80\": \"host:80\" is no IPv6 address"},
	{"a..b", "bad target \"a..b\": empty label in a host name"},
	{".a", "bad target \".a\": empty label in a host name"},
	{"a.-b", "bad target \"a.-b\": label \"-b\" begins or ends with a hyphen"},
	{"a-", "bad target \"a-\": label \"a-\" begins or ends with a hyphen"},
	{"a!b", "bad target \"a!b\": \"!\" cannot be in a host name"},
	{"a\x1b[31m", "bad target \"a\\x1b[31m\": \"\\x1b\" cannot be in a host name"},
	{"m\xc3\xbcnchen", "bad target \"m\\xc3\\xbcnchen\": write international names in ASCII "
			   "(xn--...)"},
	{"0x7f000001", "bad target \"0x7f000001\": neither an address nor a host name"},
	{"0x7F.1", "bad target \"0x7F.1\": neither an address nor a host name"},
	{"0x7f.0x1.", "bad target \"0x7f.0x1.\": neither an address nor a host name"},
	{"0x", "bad target \"0x\": neither an address nor a host name"},
	{"a.1", "bad target \"a.1\": neither an address nor a host name"},
	{"host/129", "bad target \"host/129\": prefix length 129 is over 128"},
	{"host/x", "bad target \"host/x\": \"x\" is no prefix length"},
};

static void check_refused(const char *text, size_t length, const char *want)
{
	struct ranges set = {0};
	struct failure f = {0};
	struct target target;

	assert_int_equal(ranges_add(&set, addr_from_v4(7), addr_from_v4(8)), 0);
	assert_int_equal(target_parse(text, length, &set, &target, &f), -1);
	assert_string_equal(f.text, want);
	assert_int_equal(f.exit_code, EXIT_USAGE);
	assert_int_equal(set.count, 1);
	assert_true(addr_equal(set.range[0].first, addr_from_v4(7)));
	assert_true(addr_equal(set.range[0].last, addr_from_v4(8)));
	ranges_fini(&set);
}

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		check_refused(refused[i].text, strlen(refused[i].text), refused[i].want);
	check_refused("192.0.2.1\0", 10, "bad target \"192.0.2.1\\x00\": \"1\\x00\" is no octet");
	check_refused("a\0b", 3, "bad target \"a\\x00b\": \"\\x00\" cannot be in a host name");
}

static void check_name(const char *text, const char *name, int prefix)
{
	struct ranges set = {0};
	struct failure f = {0};
	struct target target;

	if (target_parse(text, strlen(text), &set, &target, &f) < 0)
		fail_msg("%s: %s", text, f.text);
	assert_int_equal(target.kind, TARGET_NAME);
	assert_string_equal(target.name, name);
	assert_int_equal(target.has_prefix, prefix >= 0);
	assert_int_equal(target.prefix_bits, prefix >= 0 ? prefix : 0);
	assert_int_equal(set.count, 0);
	assert_null(set.range);
}

static void test_names(void **state)
{
	char longest[254], label[65];
	struct failure f = {0};
	struct target target;
	struct ranges set = {0};

	(void)state;
	check_name("host", "host", -1);
	check_name("host.example/28", "host.example", 28);
	check_name("host/0", "host", 0);
	check_name("host/128", "host", 128);
	check_name("Host-1.Example.", "Host-1.Example.", -1);
	check_name("my_db", "my_db", -1);
	check_name("3com.example", "3com.example", -1);
	check_name("192.0.2.x", "192.0.2.x", -1);
	check_name("0xyz", "0xyz", -1);
	check_name("xn--mnchen-3ya.example", "xn--mnchen-3ya.example", -1);
	check_name("1.2.3.4a", "1.2.3.4a", -1);

	memset(longest, 'a', 253);
	for (size_t i = 63; i < 253; i += 64)
		longest[i] = '.';
	longest[253] = '\0';
	check_name(longest, longest, -1);

	memset(label, 'a', 64);
	label[64] = '\0';
	assert_int_equal(target_parse(label, 63, &set, &target, &f), 0);
	assert_int_equal(target_parse(label, 64, &set, &target, &f), -1);
	assert_non_null(strstr(f.text, "is longer than 63 bytes"));

	char over[255];

	(void)snprintf(over, sizeof(over), "%s.", longest);
	f.exit_code = 0;
	assert_int_equal(target_parse(over, 254, &set, &target, &f), -1);
	assert_non_null(strstr(f.text, "a host name has at most 253 bytes"));
}

static void test_zone(void **state)
{
	struct ranges set = {0};
	struct failure f = {0};
	struct target target;
	char got[256];

	(void)state;
	assert_int_equal(target_parse("fe80::1%br-lan", 14, &set, &target, &f), 0);
	assert_string_equal(target.zone, "br-lan");
	assert_int_equal(target_parse("fe80::8-fe80::9%eth0", 20, &set, &target, &f), 0);
	assert_string_equal(target.zone, "eth0");
	assert_int_equal(target_parse("fe80::20%eth0.1234567890/126", 19 + 9, &set, &target, &f),
			 0);
	assert_string_equal(target.zone, "eth0.1234567890");
	ranges_normalise(&set);
	set_format(&set, got, sizeof(got));
	assert_string_equal(got, "fe80::1 fe80::8-fe80::9 fe80::20-fe80::23");
	ranges_fini(&set);
}

/* Octet lists against the naive way to read them. */
static void test_octets_against_bitmaps(void **state)
{
	uint32_t x = 12345;

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		bool has[2][256] = {{false}};
		struct ranges set = {0};
		struct failure f = {0};
		struct target target;
		char text[256];
		size_t at = 0;
		uint64_t size[2] = {0};

		at += (size_t)snprintf(text, sizeof(text), "10.20");
		for (unsigned octet = 0; octet < 2; octet++) {
			unsigned parts = 1 + round % 4;

			for (unsigned i = 0; i < parts; i++) {
				x = x * 1664525 + 1013904223;
				unsigned low = x >> 24, high = low + (x >> 16 & 255) % (256 - low);

				if (x >> 8 & 1)
					high = low;
				at += (size_t)snprintf(text + at, sizeof(text) - at,
						       high > low ? "%c%u-%u" : "%c%u",
						       i ? ',' : '.', low, high);
				for (unsigned v = low; v <= high; v++)
					has[octet][v] = true;
			}
		}
		for (unsigned v = 0; v < 256; v++) {
			size[0] += has[0][v];
			size[1] += has[1][v];
		}
		if (target_parse(text, at, &set, &target, &f) < 0)
			fail_msg("%s: %s", text, f.text);
		ranges_normalise(&set);
		assert_int_equal(ranges_size(&set), size[0] * size[1]);
		for (unsigned v = 0; v < 65536; v += 1 + (round & 7))
			assert_int_equal(
				ranges_contain(&set, addr_from_v4(10u << 24 | 20u << 16 | v)),
				has[0][v >> 8] && has[1][v & 255]);
		ranges_fini(&set);
	}
}

static void test_most_ranges(void **state)
{
	struct ranges set = {0};
	struct failure f = {0};
	struct target target;

	(void)state;
	assert_int_equal(target_parse("10.*.*.1", 8, &set, &target, &f), 0);
	assert_int_equal(set.count, 65536);
	ranges_normalise(&set);
	assert_int_equal(ranges_size(&set), 65536);
	assert_int_equal(target_parse("10.*.*.1,3", 10, &set, &target, &f), -1);
	assert_int_equal(set.count, 65536);
	ranges_fini(&set);
}

static void test_prefix(void **state)
{
	const struct addr v6 = {UINT64_C(0x20010db800000000), 1};
	struct ranges set = {0};
	struct failure f = {0};
	char got[512];

	(void)state;
	assert_int_equal(target_add_prefix(&set, addr_from_v4(0xc0000205), 24, &f), 0);
	assert_int_equal(target_add_prefix(&set, v6, 64, &f), 0);
	assert_int_equal(target_add_prefix(&set, v6, 0, &f), 0);
	ranges_normalise(&set);
	set_format(&set, got, sizeof(got));
	assert_string_equal(got, "::-::fffe:ffff:ffff 192.0.2.0-192.0.2.255 "
				 "::1:0:0:0-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	assert_int_equal(target_add_prefix(&set, addr_from_v4(0xc0000205), 33, &f), -1);
	assert_string_equal(f.text, "prefix length 33 of 192.0.2.5 is over 32");
	f.exit_code = 0;
	assert_int_equal(target_add_prefix(&set, v6, 129, &f), -1);
	assert_string_equal(f.text, "prefix length 129 of 2001:db8::1 is over 128");
	assert_int_equal(set.count, 3);
	ranges_fini(&set);
}

struct words {
	char text[512];
	size_t at;
	const char *stop_at; /* refuse this word */
	int stop_with;
};

static void words_add(struct words *words, const char *word, size_t length)
{
	assert_true(words->at + length + 32 < sizeof(words->text));
	memcpy(words->text + words->at, word, length);
	words->at += length;
	words->text[words->at] = '\0';
}

static int list_word(void *context, const char *word, size_t length, unsigned line,
		     struct failure *f)
{
	struct words *words = context;
	char number[16];

	if (words->stop_at && strlen(words->stop_at) == length &&
	    memcmp(words->stop_at, word, length) == 0) {
		if (words->stop_with < 0)
			return failure_set(f, EXIT_USAGE, "no such word");
		return words->stop_with;
	}
	words_add(words, number, (size_t)snprintf(number, sizeof(number), "%u:", line));
	words_add(words, word, length);
	words_add(words, "|", 1);
	return 0;
}

static int list(const char *text, size_t length, struct words *words, struct failure *f)
{
	return target_list_parse(text, length, "hosts.txt", list_word, words, f);
}

static void check_list(const char *text, const char *want)
{
	struct words words = {0};
	struct failure f = {0};

	assert_int_equal(list(text, strlen(text), &words, &f), 0);
	assert_string_equal(words.text, want);
	assert_int_equal(f.exit_code, 0);
}

static void test_list(void **state)
{
	struct words words = {.stop_at = "bad", .stop_with = -1};
	struct failure f = {0};
	char word[1025];

	(void)state;
	check_list("", "");
	check_list("a", "1:a|");
	check_list("a b\tc\nd\n", "1:a|1:b|1:c|2:d|");
	check_list("# all\n\n10.0.0.1 # one\r\nhost#two\n", "3:10.0.0.1|4:host|");
	check_list("a#", "1:a|");
	check_list("\xef\xbb\xbf"
		   "a\n",
		   "1:a|");
	check_list("192.0.2.1,5\n", "1:192.0.2.1,5|");

	assert_int_equal(list("a\n\n bad c", 9, &words, &f), -1);
	assert_string_equal(words.text, "1:a|");
	assert_string_equal(f.text, "no such word");
	assert_int_equal(f.exit_code, EXIT_USAGE);

	words = (struct words){.stop_at = "bad", .stop_with = 7};
	f.exit_code = 0;
	assert_int_equal(list("bad", 3, &words, &f), 7);
	assert_int_equal(f.exit_code, 0);

	assert_int_equal(list("a\nb\0c", 5, &words, &f), -1);
	assert_string_equal(f.text, "hosts.txt:2: a NUL byte");
	f.exit_code = 0;
	assert_int_equal(list("#\0", 2, &words, &f), -1);
	assert_string_equal(f.text, "hosts.txt:1: a NUL byte");

	memset(word, 'a', sizeof(word));
	words = (struct words){.stop_at = NULL};
	f.exit_code = 0;
	assert_int_equal(list(word, 1025, &words, &f), -1);
	assert_string_equal(f.text, "hosts.txt:1: a word longer than 1024 bytes");
	assert_string_equal(words.text, "");
	words = (struct words){.stop_at = word, .stop_with = 7};
	word[1024] = '\0';
	f.exit_code = 0;
	assert_int_equal(list(word, 1024, &words, &f), 7);
}

static int split_word(void *context, const char *word, size_t length, struct failure *f)
{
	struct words *words = context;

	if (words->stop_at && memcmp(words->stop_at, word, 1) == 0)
		return failure_set(f, EXIT_USAGE, "stopped");
	words_add(words, word, length);
	words_add(words, "|", 1);
	return 0;
}

static const struct golden splits[] = {
	{"192.0.2.9", "192.0.2.9|"},
	{"192.0.2.9,192.0.2.8", "192.0.2.9|192.0.2.8|"},
	{"192.0.0-3.1,5,9", "192.0.0-3.1,5,9|"},
	{"192.0.0-3.1,5,10.0.0.0/8,host", "192.0.0-3.1,5|10.0.0.0/8|host|"},
	{"10,11.0.0.1,2,a", "10,11.0.0.1,2|a|"},
	{"10.1,2.3,4.5,6,7.8.9.10", "10.1,2.3,4.5,6|7.8.9.10|"},
	{"a,b", "a|b|"},
	{"2001:db8::1,2001:db8::/64,1.2.3.4", "2001:db8::1|2001:db8::/64|1.2.3.4|"},
	{"10.0.0.0/8,5", "10.0.0.0/8|5|"},
	{"1,2.3.4.0/24,5", "1,2.3.4.0/24|5|"},
	{"a,5,6", "a|5,6|"},
	{"1.2.3.4,1.2", "1.2.3.4,1.2|"},
	{"", "|"},
	{"a,,b", "a||b|"},
	{"a,", "a||"},
};

static void test_split(void **state)
{
	struct words stop = {.stop_at = "b"};
	struct failure f = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(splits) / sizeof(splits[0]); i++) {
		struct words words = {0};

		assert_int_equal(target_split(splits[i].text, strlen(splits[i].text), split_word,
					      &words, &f),
				 0);
		assert_string_equal(words.text, splits[i].want);
	}
	assert_int_equal(target_split("a,b,c", 5, split_word, &stop, &f), -1);
	assert_string_equal(f.text, "stopped");
	assert_string_equal(stop.text, "a|");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),    cmocka_unit_test(test_refused),
		cmocka_unit_test(test_names),	    cmocka_unit_test(test_zone),
		cmocka_unit_test(test_most_ranges), cmocka_unit_test(test_octets_against_bitmaps),
		cmocka_unit_test(test_prefix),	    cmocka_unit_test(test_list),
		cmocka_unit_test(test_split),
	};

	return cmocka_run_group_tests_name("targets", tests, NULL, NULL);
}
