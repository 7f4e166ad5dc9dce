/* test_event_phrase: small texts about events, and the commas of JSON. */
#include "report/event/event_phrase.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/json/json.h"

/* Whose address is external decides T1595.001; a list of our own networks is the better judge. */
static void test_external(void **state)
{
	static const struct {
		const char *address;
		bool external;
	} sources[] = {
		{"9.255.255.255", true},
		{"10.0.0.0", false},
		{"10.255.255.255", false},
		{"11.0.0.0", true},
		{"172.15.255.255", true},
		{"172.16.0.0", false},
		{"172.31.255.255", false},
		{"172.32.0.0", true},
		{"192.168.0.0", false},
		{"192.169.0.0", true},
		{"100.63.255.255", true},
		{"100.64.0.1", false},
		{"100.127.255.255", false},
		{"100.128.0.0", true},
		{"127.0.0.1", false},
		{"169.254.9.9", false},
		{"0.0.0.0", false},
		{"::", false},
		{"::1", false},
		{"::2", true},
		{"fe80::1", false},
		{"fec0::1", true},
		{"fc00::1", false},
		{"fdff::1", false},
		{"fe00::1", true},
		{"2001:db8::1", true},
		{"8.8.8.8", true},
	};
	struct ranges home = {0};
	struct event e = {.has = EVENT_HAS_SOURCE};

	(void)state;
	assert_int_equal(ranges_add(&home, addr_from_v4(0x08080800), addr_from_v4(0x080808ff)), 0);
	ranges_normalise(&home);
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		const char *text = sources[i].address;

		assert_int_equal(addr_parse(text, strlen(text), &e.source), 0);
		if (event_phrase_is_external(&e, NULL) != sources[i].external)
			fail_msg("%s", text);
		assert_int_equal(event_phrase_is_external(&e, &home), strcmp(text, "8.8.8.8") != 0);
	}
	ranges_fini(&home);
	e.has = 0;
	assert_false(event_phrase_is_external(&e, NULL));
}

static void test_decimal(void **state)
{
	static const struct {
		double value;
		unsigned decimals;
		const char *text;
	} numbers[] = {
		{0, 9, "0"},
		{-1, 9, "0"},
		{NAN, 9, "0"},
		{INFINITY, 3, "1000000000"},
		{1, 9, "1"},
		{1, 0, "1"},
		{0.5, 9, "0.5"},
		{0.95, 9, "0.95"},
		{0.999999, 9, "0.999999"},
		{0.99999999999, 9, "0.999999999"},
		{0.9999, 3, "0.999"},
		{2525.254, 2, "2525.25"},
		{1.996, 2, "2"},
		{0.004, 2, "0"},
		{95.4, 0, "95"},
		{10, 3, "10"},
		{0.000000001, 9, "0.000000001"},
	};
	char text[EVENT_PHRASE_DECIMAL];

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_string_equal(
			event_phrase_decimal(numbers[i].value, numbers[i].decimals, text),
			numbers[i].text);
}

static char *ports_text(size_t most)
{
	static const uint16_t ports[][2] = {{21, 25}, {80, 80}, {443, 443}};
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	event_phrase_ports(out, (struct event_ports){ports, 3}, most);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void test_ports_cut(void **state)
{
	static const struct {
		size_t most;
		const char *text;
	} cuts[] = {
		{SIZE_MAX, "21-25,80,443"}, {12, "21-25,80,443"}, {11, "21-25,80,..."},
		{8, "21-25,80,..."},	    {7, "21-25,..."},	  {0, "21-25,..."},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		char *text = ports_text(cuts[i].most);

		assert_string_equal(text, cuts[i].text);
		free(text);
	}
}

static void test_json(void **state)
{
	char *text = NULL;
	size_t length = 0;
	struct json j = {open_memstream(&text, &length), false};

	(void)state;
	assert_non_null(j.out);
	json_open(&j, NULL, '{');
	json_open(&j, "a", '[');
	json_close(&j, ']');
	json_open(&j, "b", '[');
	json_number(&j, NULL, UINT64_MAX);
	json_open(&j, NULL, '{');
	json_close(&j, '}');
	json_flag(&j, NULL, false);
	json_close(&j, ']');
	json_string(&j, "c", "\"\n");
	json_bytes(&j, "d", "x\0y", 3);
	json_decimal(&j, "e", "0.5");
	json_quote(&j, "f");
	(void)fputs("g", j.out);
	json_unquote(&j);
	json_string(&j, "h", NULL);
	json_number_or_null(&j, "i", false, 5);
	json_number_or_null(&j, "j", true, 5);
	json_null(&j, "k");
	json_end_line(&j);
	json_open(&j, NULL, '{');
	json_end_line(&j);
	assert_int_equal(fclose(j.out), 0);
	assert_string_equal(text, "{\"a\":[],\"b\":[18446744073709551615,{},false],"
				  "\"c\":\"\\\"\\u000a\",\"d\":\"x\\u0000y\",\"e\":0.5,"
				  "\"f\":\"g\",\"h\":null,\"i\":null,\"j\":5,\"k\":null}\n{}\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_external),
		cmocka_unit_test(test_decimal),
		cmocka_unit_test(test_ports_cut),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
