/* The payloads, checked by independent parsers of their protocols. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "technique/payloads.h"

static const uint8_t *get(uint16_t port, unsigned attempt, size_t *length)
{
	const uint8_t *bytes;

	payload_for_attempt(port, attempt, &bytes, length);
	assert_non_null(bytes);
	return bytes;
}

static unsigned be16(const uint8_t *bytes)
{
	return (unsigned)bytes[0] << 8 | bytes[1];
}

/* Walks BER elements (X.690, 8.1) with one- and two-byte lengths: they fill their frame exactly. */
static void is_ber(const uint8_t *bytes, size_t length)
{
	size_t at = 0;

	while (at < length) {
		unsigned tag = bytes[at++];
		size_t inner;

		assert_true(at < length);
		inner = bytes[at++];
		if (inner == 0x81) {
			assert_true(at < length);
			inner = bytes[at++];
		}
		assert_true(inner <= length - at);
		if (tag & 0x20) /* constructed */
			is_ber(bytes + at, inner);
		at += inner;
	}
	assert_int_equal(at, length);
}

static void every_payload_fits_and_dialects_take_turns(void **unused)
{
	unsigned with = 0;

	(void)unused;
	for (unsigned port = 0; port <= 65535; port++) {
		unsigned dialects = payload_dialects((uint16_t)port);
		const uint8_t *first, *plain;
		size_t length, plain_length;

		first = get((uint16_t)port, 0, &length);
		payload_for((uint16_t)port, &plain, &plain_length);
		assert_ptr_equal(first, plain);
		assert_int_equal(length, plain_length);
		assert_true(length <= PAYLOAD_MOST);
		assert_int_equal(length > 0, dialects > 0);
		with += dialects > 0;
		for (unsigned d = 1; d < dialects; d++) {
			const uint8_t *other = get((uint16_t)port, d, &length);

			assert_ptr_not_equal(first, other);
			assert_true(length > 0 && length <= PAYLOAD_MOST);
			assert_ptr_equal(get((uint16_t)port, d + dialects, &length), other);
		}
	}
	assert_true(with >= 40);
}

static void ports_left_empty_on_purpose(void **unused)
{
	static const uint16_t empty[] = {0, 7, 9, 13, 17, 19, 37, 514, 1812, 65535};

	(void)unused;
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
		assert_int_equal(payload_dialects(empty[i]), 0);
}

/* RFC 1035, 4.1: one question, nothing else, a name that ends, and the message with it. */
static void is_question(uint16_t port, unsigned type, unsigned class)
{
	size_t length, at = 12;
	const uint8_t *b = get(port, 0, &length);

	assert_true(length > 16);
	assert_false(b[2] & 0xf8); /* a query, standard */
	assert_int_equal(be16(b + 4), 1);
	for (unsigned i = 6; i < 12; i++)
		assert_int_equal(b[i], 0);
	while (b[at] != 0) {
		assert_true(b[at] <= 63);
		at += 1u + b[at];
		assert_true(at < length);
	}
	assert_int_equal(at + 5, length);
	assert_int_equal(be16(b + at + 1), type);
	assert_int_equal(be16(b + at + 3), class);
}

static void dns_and_its_kin(void **unused)
{
	(void)unused;
	is_question(53, 2, 1);
	is_question(5353, 12, 0x8001);
	is_question(137, 0x21, 1);
}

static void asn1(void **unused)
{
	static const uint16_t ports[] = {88, 161, 389};

	(void)unused;
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		for (unsigned d = 0; d < payload_dialects(ports[i]); d++) {
			size_t length;
			const uint8_t *b = get(ports[i], d, &length);

			is_ber(b, length);
		}
	assert_int_equal(payload_dialects(161), 3);
}

/* SNMP: versions 1, 3 and 2c, as version numbers 0, 3 and 1 (RFC 1157, RFC 3412, RFC 1901). */
static void snmp_versions(void **unused)
{
	static const uint8_t versions[] = {0, 3, 1};

	(void)unused;
	for (unsigned d = 0; d < 3; d++) {
		size_t length;
		const uint8_t *b = get(161, d, &length);

		assert_memory_equal(b + 2, "\x02\x01", 2);
		assert_int_equal(b[4], versions[d]);
	}
}

/* RFC 5531, 9: a call is 10 words with empty credentials. */
static void rpc_calls(void **unused)
{
	size_t length;
	const uint8_t *b = get(111, 0, &length);

	(void)unused;
	assert_int_equal(length, 40);
	assert_int_equal(be16(b + 12) << 16 | be16(b + 14), 100000);
	b = get(2049, 0, &length);
	assert_int_equal(length, 40);
	assert_int_equal(be16(b + 12) << 16 | be16(b + 14), 100003);
}

/* Formats that say their own length somewhere. */
static void lengths_within(void **unused)
{
	size_t length;
	const uint8_t *b;

	(void)unused;
	for (unsigned d = 0; d < payload_dialects(500); d++) { /* RFC 7296, 3.1 */
		b = get(500, d, &length);
		assert_int_equal(be16(b + 24) << 16 | be16(b + 26), length);
		size_t behind;
		const uint8_t *nat = get(4500, d, &behind); /* RFC 3948, 2.2 */

		assert_int_equal(behind, length + 4);
		assert_memory_equal(nat, "\0\0\0", 4);
		assert_memory_equal(nat + 4, b, length);
	}
	b = get(1701, 0, &length); /* RFC 2661, 3.1 */
	assert_int_equal(be16(b + 2), length);
	b = get(427, 0, &length); /* RFC 2608, 8 */
	assert_int_equal(be16(b + 3), length);
	b = get(5684, 0, &length); /* RFC 6347, 4.1 and 4.2.2 */
	assert_int_equal(be16(b + 11), length - 13);
	assert_int_equal(be16(b + 15), length - 25);
	b = get(47808, 0, &length); /* ASHRAE 135, J.2 */
	assert_int_equal(be16(b + 2), length);
	b = get(2152, 0, &length); /* 3GPP TS 29.060, 6 */
	assert_int_equal(be16(b + 2), length - 8);
	b = get(3478, 0, &length); /* RFC 8489, 5 */
	assert_int_equal(be16(b + 2), length - 20);
	assert_memory_equal(b + 4, "\x21\x12\xa4\x42", 4);
}

static void fixed_lengths(void **unused)
{
	size_t length;
	const uint8_t *b = get(443, 0, &length); /* RFC 9000, 14.1, 15 and 17.2 */

	(void)unused;
	assert_int_equal(length, 1200);
	assert_int_equal(b[0] & 0xc0, 0xc0);
	for (unsigned i = 1; i < 5; i++)
		assert_int_equal(b[i] & 0x0f, 0x0a);
	assert_int_equal(b[5], 8);
	b = get(123, 0, &length); /* RFC 5905, 7.3 */
	assert_int_equal(length, 48);
	assert_int_equal(b[0] & 7, 3);
	(void)get(520, 0, &length); /* RFC 2453, 3.9.1 */
	assert_int_equal(length, 24);
	(void)get(44818, 0, &length);
	assert_int_equal(length, 24);
}

/* Lines end in CR LF, and an empty line ends the message. */
static void text_protocols(void **unused)
{
	static const uint16_t ports[] = {1900, 5060};

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		size_t length;
		const uint8_t *b = get(ports[i], 0, &length);

		assert_memory_equal(b + length - 4, "\r\n\r\n", 4);
		for (size_t at = 0; at < length; at++) {
			if (b[at] == '\n')
				assert_true(at > 0 && b[at - 1] == '\r');
			else
				assert_true(b[at] == '\r' || (b[at] >= 0x20 && b[at] < 0x7f));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_payload_fits_and_dialects_take_turns),
		cmocka_unit_test(ports_left_empty_on_purpose),
		cmocka_unit_test(dns_and_its_kin),
		cmocka_unit_test(asn1),
		cmocka_unit_test(snmp_versions),
		cmocka_unit_test(rpc_calls),
		cmocka_unit_test(lengths_within),
		cmocka_unit_test(fixed_lengths),
		cmocka_unit_test(text_protocols),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
