/* Tests of src/text: failures keep the first word, strangers' bytes come out harmless. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/failure.h"
#include "base/quote.h"

static void failure_keeps_the_first(void **state)
{
	struct failure f = {0};

	(void)state;
	assert_int_equal(failure_set(&f, EXIT_USAGE, "port %d of %s", 70000, "x"), -1);
	assert_int_equal(f.exit_code, EXIT_USAGE);
	assert_string_equal(f.text, "port 70000 of x");
	assert_int_equal(failure_set(&f, EXIT_IO, "another"), -1);
	assert_int_equal(f.exit_code, EXIT_USAGE);
	assert_string_equal(f.text, "port 70000 of x");
}

static void failure_cuts_with_dots(void **state)
{
	char longest[sizeof(((struct failure *)0)->text) + 1];
	struct failure f = {0};

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(f.text) - 1] = '\0';
	failure_set(&f, EXIT_IO, "%s", longest);
	assert_string_equal(f.text, longest);

	f.exit_code = 0;
	longest[sizeof(f.text) - 1] = 'a';
	longest[sizeof(f.text)] = '\0';
	failure_set(&f, EXIT_IO, "%s", longest);
	assert_int_equal(strlen(f.text), sizeof(f.text) - 1);
	assert_string_equal(f.text + sizeof(f.text) - 5, "a...");
}

static void quote_leaves_plain_text(void **state)
{
	char plain[0x7f - 0x20 + 1];
	char out[TEXT_QUOTED(sizeof(plain))];
	size_t count = 0;

	(void)state;
	for (char c = 0x20; c < 0x7f; c++) {
		if (c != '\\')
			plain[count++] = c;
	}
	plain[count] = '\0';
	assert_ptr_equal(text_quote(plain, count, out, sizeof(out)), out);
	assert_string_equal(out, plain);
}

static void quote_escapes_the_rest(void **state)
{
	static const char hostile[] = "\x1b[2J\n\0\\x\x7f\xc3\xa9\xff";
	char out[TEXT_QUOTED(sizeof(hostile) - 1)];

	(void)state;
	text_quote(hostile, sizeof(hostile) - 1, out, sizeof(out));
	assert_string_equal(out, "\\x1b[2J\\x0a\\x00\\x5cx\\x7f\\xc3\\xa9\\xff");
}

/* Every one of the 256 bytes, alone: printable only, and the worst case fits TEXT_QUOTED(1). */
static void quote_is_safe_for_each_byte(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		char in = (char)byte;
		char out[TEXT_QUOTED(1)];

		text_quote(&in, 1, out, sizeof(out));
		if (out[0] == '\\') {
			assert_int_equal(strlen(out), 4);
			assert_int_equal(out[1], 'x');
			assert_int_equal(strtol(out + 2, NULL, 16), byte);
		} else {
			assert_int_equal(strlen(out), 1);
			assert_int_equal((unsigned char)out[0], byte);
		}
	}
}

static void quote_cuts_between_bytes(void **state)
{
	char out[16];

	(void)state;
	assert_string_equal(text_quote("abcdefgh", 8, out, 9), "abcdefgh");
	assert_string_equal(text_quote("abcdefgh", 8, out, 8), "abcd...");
	assert_string_equal(text_quote("ab\n\n", 4, out, 11), "ab\\x0a\\x0a");
	assert_string_equal(text_quote("ab\n\n", 4, out, 10), "ab\\x0a...");
	assert_string_equal(text_quote("ab\n\n", 4, out, 9), "ab...");
	assert_string_equal(text_quote("\n", 1, out, 5), "\\x0a");
	assert_string_equal(text_quote("\n", 1, out, 4), "...");
	assert_string_equal(text_quote("", 0, out, 4), "");
	assert_string_equal(text_quote("ab", 2, out, 3), "ab");
	assert_string_equal(text_quote("abc", 3, out, 3), "");
	assert_string_equal(text_quote("abc", 3, out, 1), "");
	out[0] = 'k';
	text_quote("abc", 3, out, 0);
	assert_int_equal(out[0], 'k');
}

/* For any size the result is a prefix of the whole text, perhaps with dots, and within bounds. */
static void quote_keeps_its_bounds(void **state)
{
	static const char in[] = "a\nb\\c\x1b\x1b"
				 "d";
	char whole[TEXT_QUOTED(sizeof(in))];

	(void)state;
	text_quote(in, sizeof(in) - 1, whole, sizeof(whole));
	for (size_t size = 4; size <= strlen(whole) + 2; size++) {
		char *out = malloc(size);
		size_t length;

		assert_non_null(out);
		text_quote(in, sizeof(in) - 1, out, size);
		length = strlen(out);
		assert_true(length < size);
		if (size > strlen(whole)) {
			assert_string_equal(out, whole);
		} else {
			assert_string_equal(out + length - 3, "...");
			assert_memory_equal(out, whole, length - 3);
		}
		free(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failure_keeps_the_first),
		cmocka_unit_test(failure_cuts_with_dots),
		cmocka_unit_test(quote_leaves_plain_text),
		cmocka_unit_test(quote_escapes_the_rest),
		cmocka_unit_test(quote_is_safe_for_each_byte),
		cmocka_unit_test(quote_cuts_between_bytes),
		cmocka_unit_test(quote_keeps_its_bounds),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
