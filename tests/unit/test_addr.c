/* Tests of src/address/addr.c against inet_pton, inet_ntop and the RFCs' own examples. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "address/addr.h"
#include "packets.h"

static int parse_text(const char *text, struct addr *out)
{
	return addr_parse(text, strlen(text), out);
}

/* What libc reads: 4 bytes, or 16. */
static int libc_parse(const char *text, struct addr *out)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, text, bytes) == 1) {
		*out = addr_from_bytes4(bytes);
		return 0;
	}
	if (inet_pton(AF_INET6, text, bytes) == 1) {
		*out = addr_from_bytes16(bytes);
		return 0;
	}
	return -1;
}

static void assert_agrees_with_libc(const char *text)
{
	struct addr ours = {1, 2}, theirs = {1, 2};
	int result = parse_text(text, &ours);

	if (result != libc_parse(text, &theirs))
		fail_msg("\"%s\" read as %d", text, result);
	if (!addr_equal(ours, theirs))
		fail_msg("\"%s\" read as another address", text);
}

/* Text, the address in two halves, and its one right text after RFC 5952. */
static void known_texts(void **state)
{
	static const struct {
		const char *text;
		struct addr addr;
		const char *canonical;
	} known[] = {
		/* RFC 4291, 2.2 */
		{"ABCD:EF01:2345:6789:ABCD:EF01:2345:6789",
		 {0xabcdef0123456789, 0xabcdef0123456789},
		 "abcd:ef01:2345:6789:abcd:ef01:2345:6789"},
		{"2001:DB8:0:0:8:800:200C:417A",
		 {0x20010db800000000, 0x00080800200c417a},
		 "2001:db8::8:800:200c:417a"},
		{"FF01:0:0:0:0:0:0:101", {0xff01000000000000, 0x101}, "ff01::101"},
		{"0:0:0:0:0:0:0:1", {0, 1}, "::1"},
		{"::", {0, 0}, "::"},
		{"0:0:0:0:0:0:13.1.68.3", {0, 0x0d014403}, "::d01:4403"},
		{"::FFFF:129.144.52.38", {0, 0xffff81903426}, "129.144.52.38"},
		/* RFC 5952, 4 */
		{"2001:0db8::0001", {0x20010db800000000, 1}, "2001:db8::1"},
		{"2001:db8:0:1:1:1:1:1",
		 {0x20010db800000001, 0x0001000100010001},
		 "2001:db8:0:1:1:1:1:1"},
		{"2001:0:0:1:0:0:0:1", {0x2001000000000001, 1}, "2001:0:0:1::1"},
		{"2001:db8:0:0:1:0:0:1",
		 {0x20010db800000000, 0x0001000000000001},
		 "2001:db8::1:0:0:1"},
		{"64:ff9b::192.0.2.33", {0x0064ff9b00000000, 0xc0000221}, "64:ff9b::c000:221"},
		{"1:2:3:4:5:6:7::", {0x0001000200030004, 0x0005000600070000}, "1:2:3:4:5:6:7:0"},
		{"::2:3:4:5:6:7:8", {0x0000000200030004, 0x0005000600070008}, "0:2:3:4:5:6:7:8"},
		{"1:0:0:4:5:6:0:0", {0x0001000000000004, 0x0005000600000000}, "1::4:5:6:0:0"},
		{"fe80::", {0xfe80000000000000, 0}, "fe80::"},
		{"192.0.2.1", {0, 0xffffc0000201}, "192.0.2.1"},
		{"0.0.0.0", {0, 0xffff00000000}, "0.0.0.0"},
		{"255.255.255.255", {0, 0xffffffffffff}, "255.255.255.255"},
	};
	char text[ADDR_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct addr a;

		assert_int_equal(parse_text(known[i].text, &a), 0);
		assert_true(addr_equal(a, known[i].addr));
		assert_ptr_equal(addr_format(a, text), text);
		assert_string_equal(text, known[i].canonical);
		assert_agrees_with_libc(known[i].text);
	}
}

static void refused_texts(void **state)
{
	static const char *const refused[] = {
		"",
		" ",
		"1",
		"1.2.3",
		"1.2.3.4.",
		".1.2.3.4",
		"1.2.3.4.5",
		"1..2.3",
		"01.2.3.4",
		"1.2.3.010",
		"00.0.0.0",
		"256.1.1.1",
		"1.1.1.1000",
		"1.2.3.4 ",
		" 1.2.3.4",
		"+1.2.3.4",
		"0x1.2.3.4",
		"1.2.3.-4",
		"1.2.3.a",
		":",
		":::",
		"1:",
		":1",
		"1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9",
		"1:2:3:4:5:6:7:8::",
		"::1:2:3:4:5:6:7:8",
		"1::2::3",
		"1:::2",
		"12345::",
		"::12345",
		"g::",
		"1:2:3:4:5:6:7:",
		":1:2:3:4:5:6:7",
		"::1.2.3",
		"::1.2.3.4:5",
		"::1.2.3.256",
		"::01.2.3.4",
		"1:2:3:4:5:6:7:1.2.3.4",
		"1:2:3:4:5:1.2.3.4",
		"::1:2:3:4:5:6:1.2.3.4",
		"1.2.3.4::",
		"fe80::1%eth0",
		"fe80::1%",
		"[::1]",
		"::1/64",
		"1:2:3:4:5:6:7:8:",
		"::1 ",
		"0:0:0:0:0:0:0:00001",
		"::ffff:1.2.3.4.5",
		"::a.2.3.4",
		"1:2:3:4:5:6:7::8:9",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct addr a = {7, 8};

		if (parse_text(refused[i], &a) != -1)
			fail_msg("\"%s\" was read", refused[i]);
		assert_true(addr_equal(a, (struct addr){7, 8}));
		assert_agrees_with_libc(refused[i]);
	}
}

/* The length rules, not a NUL: neither is one needed, nor does one end the text early. */
static void length_rules(void **state)
{
	static const char with_nul[] = "1.2.3.4\0";
	struct addr a;
	char *exact = malloc(7);

	(void)state;
	assert_non_null(exact);
	memcpy(exact, "1.2.3.4", 7);
	assert_int_equal(addr_parse(exact, 7, &a), 0);
	assert_true(addr_equal(a, addr_from_v4(0x01020304)));
	assert_int_equal(addr_parse(exact, 6, &a), -1);
	memcpy(exact, "1:2::30", 7);
	assert_int_equal(addr_parse(exact, 7, &a), 0);
	assert_int_equal(addr_parse(exact, 6, &a), 0);
	assert_true(addr_equal(a, (struct addr){0x0001000200000000, 3}));
	assert_int_equal(addr_parse(exact, 5, &a), 0);
	assert_true(addr_equal(a, (struct addr){0x0001000200000000, 0}));
	assert_int_equal(addr_parse(exact, 4, &a), -1);
	free(exact);
	assert_int_equal(addr_parse(with_nul, 8, &a), -1);
}

/* Whether inet_ntop writes the low half of ::/96 as a dotted quad, which RFC 5952 does not ask. */
static bool libc_writes_compatible(struct addr a)
{
	return a.hi == 0 && a.lo >> 32 == 0 && a.lo > 0xffff;
}

static void assert_round_trip(struct addr a)
{
	char text[ADDR_TEXT], libc_text[INET6_ADDRSTRLEN];
	uint8_t bytes[16];
	struct addr back;

	addr_format(a, text);
	assert_int_equal(parse_text(text, &back), 0);
	assert_true(addr_equal(a, back));
	addr_to_bytes16(a, bytes);
	assert_true(addr_equal(addr_from_bytes16(bytes), a));
	if (addr_is_v4(a)) {
		addr_to_bytes4(a, bytes);
		assert_true(addr_equal(addr_from_bytes4(bytes), a));
	}
	for (size_t length = 0; length <= sizeof(bytes); length++) {
		const bool whole = length == 16 || length == 4;
		const struct addr other = {~a.hi, ~a.lo};

		if (length == 4 && !addr_is_v4(a))
			continue;
		if (length == 16)
			addr_to_bytes16(a, bytes);
		back = other;
		assert_int_equal(addr_from_bytes(bytes, length, &back), whole);
		assert_true(addr_equal(back, whole ? a : other));
	}
	if (addr_is_v4(a))
		addr_to_bytes4(a, bytes);
	assert_non_null(
		inet_ntop(addr_is_v4(a) ? AF_INET : AF_INET6, bytes, libc_text, sizeof(libc_text)));
	if (!libc_writes_compatible(a))
		assert_string_equal(text, libc_text);
}

static void round_trips(void **state)
{
	uint64_t seed = 1;

	(void)state;
	/* Every pattern of zero groups, with short and long groups. */
	for (unsigned mask = 0; mask < 256; mask++) {
		struct addr ones = {0, 0}, full = {0, 0};

		for (int i = 0; i < 8; i++) {
			uint64_t group = mask >> i & 1;
			uint64_t *half = i < 4 ? &ones.hi : &ones.lo;
			uint64_t *full_half = i < 4 ? &full.hi : &full.lo;

			*half = *half << 16 | group;
			*full_half = *full_half << 16 | (group ? 0xffff : 0);
		}
		assert_round_trip(ones);
		assert_round_trip(full);
	}
	for (int i = 0; i < 200000; i++) {
		struct addr a = {sample_random(&seed), sample_random(&seed)};
		uint64_t zero = sample_random(&seed);

		for (int group = 0; group < 4; group++) {
			if (zero >> group & 1)
				a.hi &= ~(UINT64_C(0xffff) << group * 16);
			if (zero >> (group + 4) & 1)
				a.lo &= ~(UINT64_C(0xffff) << group * 16);
			if (zero >> (group + 8) & 1)
				a.hi &= ~(UINT64_C(0xfff0) << group * 16);
		}
		assert_round_trip(a);
		assert_round_trip(addr_from_v4((uint32_t)zero));
	}
}

/* Texts that are nearly addresses: an address with a few bytes replaced, added or taken out. */
static void near_misses(void **state)
{
	static const char alphabet[] = "0123456789abcdefABCDEFg:::::....% -";
	uint64_t seed = 2;
	int accepted = 0;

	(void)state;
	for (int i = 0; i < 400000; i++) {
		struct addr a = {sample_random(&seed), sample_random(&seed)};
		uint64_t choice = sample_random(&seed);
		char text[ADDR_TEXT + 8];
		size_t length;

		if (choice & 1)
			a = addr_from_v4((uint32_t)a.lo);
		if (choice & 2)
			a.hi &= UINT64_C(0xffff000000000000);
		if (choice & 4)
			a.lo &= UINT64_C(0xffffffff);
		addr_format(a, text);
		length = strlen(text);
		for (uint64_t edits = choice >> 8 & 3; edits; edits--) {
			uint64_t edit = sample_random(&seed);
			size_t at = (edit >> 8) % (length + 1);

			if (edit & 1 || at == length) {
				memmove(text + at + 1, text + at, length + 1 - at);
				length++;
			} else if (edit & 2) {
				memmove(text + at, text + at + 1, length - at);
				length--;
				continue;
			}
			text[at] = alphabet[(edit >> 40) % (sizeof(alphabet) - 1)];
		}
		assert_agrees_with_libc(text);
		accepted += parse_text(text, &a) == 0;
	}
	/* Neither all nor none, or nothing was tested. */
	assert_in_range(accepted, 100000, 350000);
}

static void arithmetic(void **state)
{
	struct addr a = {1, UINT64_MAX};

	(void)state;
	assert_true(addr_equal(addr_add(a, 1), (struct addr){2, 0}));
	assert_true(addr_equal(addr_add(a, 0), a));
	assert_int_equal(addr_compare(a, addr_add(a, 1)), -1);
	assert_int_equal(addr_compare(addr_add(a, 1), a), 1);
	assert_int_equal(addr_compare(a, a), 0);
	assert_int_equal(addr_compare((struct addr){1, 0}, (struct addr){1, 1}), -1);
	assert_true(addr_is_link_local6((struct addr){UINT64_C(0xfebf) << 48, 0}));
	assert_false(addr_is_link_local6((struct addr){UINT64_C(0xfec0) << 48, 0}));
	assert_false(addr_is_link_local6((struct addr){UINT64_C(0xfe7f) << 48, 0}));
	assert_true(addr_is_v4(addr_from_v4(0)));
	assert_false(addr_is_v4((struct addr){1, ADDR_V4_PREFIX}));
	assert_false(addr_is_v4((struct addr){0, 1}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_texts),	cmocka_unit_test(refused_texts),
		cmocka_unit_test(length_rules), cmocka_unit_test(round_trips),
		cmocka_unit_test(near_misses),	cmocka_unit_test(arithmetic),
	};

	return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
