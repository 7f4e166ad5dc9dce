/* Tests of src/packet/checksum.* against a computation word by word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "packet/checksum.h"
#include "packets.h"

/* RFC 1071, 4.1, with the carry folded in at each step. */
static uint16_t naive(const uint8_t *bytes, size_t length)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < length; i++) {
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return (uint16_t)~sum;
}

/* RFC 1071, 3: the sum of these bytes is ddf2. */
static void example_of_rfc_1071(void **state)
{
	static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

	(void)state;
	assert_int_equal(checksum_fold(checksum_add(0, bytes, sizeof(bytes))), 0xddf2);
	assert_int_equal(checksum_finish(checksum_add(0, bytes, sizeof(bytes))), 0x220d);
}

static void every_length_agrees(void **state)
{
	uint64_t seed = 3;

	(void)state;
	for (size_t length = 0; length <= 2000; length++) {
		uint8_t *bytes = malloc(length + 1);

		assert_non_null(bytes);
		sample_bytes(&seed, bytes, length);
		assert_int_equal(checksum_finish(checksum_add(0, bytes, length)),
				 naive(bytes, length));
		memset(bytes, 0xff, length);
		assert_int_equal(checksum_finish(checksum_add(0, bytes, length)),
				 naive(bytes, length));
		memset(bytes, 0, length);
		assert_int_equal(checksum_finish(checksum_add(0, bytes, length)), 0xffff);
		free(bytes);
	}
}

static void parts_add_up(void **state)
{
	uint8_t bytes[300];
	uint64_t seed = 4;

	(void)state;
	sample_bytes(&seed, bytes, sizeof(bytes));
	for (size_t cut = 0; cut <= sizeof(bytes); cut += 2) {
		uint64_t sum = checksum_add(0, bytes, cut);

		sum = checksum_add(sum, bytes + cut, sizeof(bytes) - cut);
		assert_int_equal(checksum_finish(sum), naive(bytes, sizeof(bytes)));
	}
}

/* A partial sum near the top still folds right: 2^64 - 1 is 0 modulo 0xffff, never written 0. */
static void fold_takes_any_sum(void **state)
{
	uint64_t seed = 5;

	(void)state;
	assert_int_equal(checksum_fold(UINT64_MAX), 0xffff);
	assert_int_equal(checksum_fold(0), 0);
	assert_int_equal(checksum_fold(0xffff), 0xffff);
	assert_int_equal(checksum_fold(0x10000), 1);
	for (int i = 0; i < 100000; i++) {
		uint64_t sum = sample_random(&seed) >> sample_random(&seed) % 64;
		uint16_t folded = checksum_fold(sum);

		assert_int_equal(folded % 0xffff, sum % 0xffff);
		assert_int_equal(folded == 0, sum == 0);
	}
}

static void pseudo_headers(void **state)
{
	uint64_t seed = 6;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		bool v4 = i & 1;
		struct addr src = sample_addr(&seed, v4), dst = sample_addr(&seed, v4);
		uint16_t length = (uint16_t)sample_random(&seed);
		uint8_t proto = (uint8_t)sample_random(&seed);
		uint8_t bytes[40] = {0};

		if (v4) {
			addr_to_bytes4(src, bytes);
			addr_to_bytes4(dst, bytes + 4);
			bytes[9] = proto;
			bytes[10] = (uint8_t)(length >> 8);
			bytes[11] = (uint8_t)length;
		} else {
			addr_to_bytes16(src, bytes);
			addr_to_bytes16(dst, bytes + 16);
			bytes[34] = (uint8_t)(length >> 8);
			bytes[35] = (uint8_t)length;
			bytes[39] = proto;
		}
		assert_int_equal(checksum_finish(checksum_pseudo(src, dst, proto, length)),
				 naive(bytes, v4 ? 12 : 40));
	}
	/* Longer than 16 bits: RFC 8200, 8.1 has 32. */
	assert_int_equal(checksum_fold(checksum_pseudo((struct addr){1, 0}, (struct addr){0, 0}, 0,
						       0x20000)),
			 3);
}

/* RFC 1624, 4: header dd2f, field 5555 changes to 3285, right answer 0000. */
static void example_of_rfc_1624(void **state)
{
	(void)state;
	assert_int_equal(checksum_update16(0xdd2f, 0x5555, 0x3285), 0x0000);
}

static void an_update_equals_a_new_sum(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		uint8_t bytes[24], field_bytes[4];
		size_t at = sample_random(&seed) % 10 * 2;
		uint16_t field, wide;
		uint32_t before, after = (uint32_t)sample_random(&seed);

		sample_bytes(&seed, bytes, sizeof(bytes));
		if (i % 16 == 0)
			after = (uint32_t)(0 - (i >> 4 & 1));
		before = (uint32_t)bytes[at] << 24 | (uint32_t)bytes[at + 1] << 16 |
			 (uint32_t)bytes[at + 2] << 8 | bytes[at + 3];
		for (int byte = 0; byte < 4; byte++)
			field_bytes[byte] = (uint8_t)(after >> (24 - 8 * byte));
		field = naive(bytes, sizeof(bytes));
		wide = checksum_update32(field, before, after);
		field = checksum_update16(field, (uint16_t)(before >> 16), (uint16_t)(after >> 16));
		field = checksum_update16(field, (uint16_t)before, (uint16_t)after);
		memcpy(bytes + at, field_bytes, 4);
		/* Equal as residues: 0 and 0xffff are the same number. */
		assert_int_equal(field % 0xffff, naive(bytes, sizeof(bytes)) % 0xffff);
		assert_int_equal(wide % 0xffff, naive(bytes, sizeof(bytes)) % 0xffff);
		assert_int_equal(checksum_fold(checksum_add(wide, bytes, sizeof(bytes))), 0xffff);
	}
}

static void udp_has_no_zero(void **state)
{
	(void)state;
	assert_int_equal(checksum_finish(0xffff), 0);
	assert_int_equal(checksum_finish_udp(0xffff), 0xffff);
	assert_int_equal(checksum_finish_udp(0x1234), 0xedcb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(example_of_rfc_1071),
		cmocka_unit_test(every_length_agrees),
		cmocka_unit_test(parts_add_up),
		cmocka_unit_test(fold_takes_any_sum),
		cmocka_unit_test(pseudo_headers),
		cmocka_unit_test(example_of_rfc_1624),
		cmocka_unit_test(an_update_equals_a_new_sum),
		cmocka_unit_test(udp_has_no_zero),
	};

	return cmocka_run_group_tests_name("checksum", tests, NULL, NULL);
}
