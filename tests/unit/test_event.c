/* test_event: the detector's fixed words, and technique sets as text. */
#include "result/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define BIT(bit) (UINT32_C(1) << (bit))

/* Each word is a short lower-case one, none is there twice, and beyond the last is "unknown". */
static void check_words(const char *(*name)(unsigned), unsigned count, const char *const *golden)
{
	for (unsigned i = 0; i < count; i++) {
		assert_string_equal(name(i), golden[i]);
		assert_true(strlen(name(i)) > 0);
		assert_int_equal(strspn(name(i), "abcdefghijklmnopqrstuvwxyz_"), strlen(name(i)));
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(name(i), name(j));
	}
	assert_string_equal(name(count), "unknown");
	assert_string_equal(name(UINT32_MAX), "unknown");
}

static void test_words(void **state)
{
	static const char *const actions[EVENT_ACTIONS] = {
		"port_scan",   "network_sweep", "block_scan", "distributed_scan", "syn_flood",
		"backscatter", "reflection",	"blind",      "suppressed"};
	static const char *const phases[EVENT_PHASES] = {"open", "update", "close"};
	static const char *const shapes[EVENT_SHAPES] = {"none", "vertical", "horizontal", "block",
							 "distributed"};
	static const char *const tools[EVENT_TOOLS] = {"unknown", "nmap",      "masscan",
						       "zmap",	  "mirai",     "unicornscan",
						       "hping",	  "portlight", "connect"};
	static const char *const techniques[SIGHTS] = {"connect", "syn",    "fin", "null",   "xmas",
						       "ack",	  "window", "ttl", "maimon", "udp",
						       "odd",	  "icmp",   "arp", "ipproto"};

	(void)state;
	check_words(event_action_name, EVENT_ACTIONS, actions);
	check_words(event_phase_name, EVENT_PHASES, phases);
	check_words(event_shape_name, EVENT_SHAPES, shapes);
	check_words(event_tool_name, EVENT_TOOLS, tools);
	check_words(event_technique_name, SIGHTS, techniques);
}

static void test_alerts(void **state)
{
	(void)state;
	for (unsigned action = 0; action <= EVENT_ACTIONS; action++)
		assert_int_equal(event_is_alert(action), action < 4);
	assert_false(event_is_alert(UINT32_MAX));
}

static const struct {
	uint32_t techniques;
	const char *text;
} sets[] = {
	{0, ""},
	{BIT(TECH_SYN), "syn"},
	{BIT(TECH_CONNECT), "connect"},
	{BIT(TECH_SYN) | BIT(TECH_CONNECT), "syn|connect"},
	{BIT(TECH_ACK) | BIT(TECH_WINDOW) | BIT(TECH_TTL), "ack|window|ttl"},
	{BIT(TECH_ACK) | BIT(TECH_TTL), "ack|ttl"},
	{BIT(TECH_SYN) | BIT(TECH_CONNECT) | BIT(TECH_FIN) | BIT(TECH_UDP), "syn|connect fin udp"},
	{BIT(TECH_MAIMON) | BIT(TECH_UDP) | BIT(SIGHT_ICMP), "maimon udp icmp"},
	{BIT(TECH_FIN) | BIT(TECH_NULL) | BIT(TECH_XMAS), "fin null xmas"},
	{BIT(SIGHT_ODD) | BIT(SIGHT_ICMP) | BIT(SIGHT_ARP) | BIT(SIGHT_IPPROTO),
	 "odd icmp arp ipproto"},
	{UINT32_MAX, "syn|connect fin null xmas ack|window|ttl maimon udp odd icmp arp ipproto"},
};

static void test_sets(void **state)
{
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		assert_ptr_equal(event_techniques_text(sets[i].techniques, text, sizeof(text)),
				 text);
		assert_string_equal(text, sets[i].text);
	}
}

/* Whatever the room: never beyond it, only whole sets, and as many from the first on as fit. */
static void test_sets_cut(void **state)
{
	const char *whole = sets[sizeof(sets) / sizeof(sets[0]) - 1].text;
	char text[128];

	(void)state;
	for (size_t size = 0; size <= strlen(whole) + 2; size++) {
		size_t end;

		memset(text, '#', sizeof(text));
		(void)event_techniques_text(UINT32_MAX, text, size);
		assert_int_equal(text[size], '#');
		if (size == 0)
			continue;
		assert_non_null(memchr(text, '\0', size));
		end = strlen(text);
		assert_memory_equal(text, whole, end);
		assert_true(end == 0 || whole[end] == ' ' || whole[end] == '\0');
		/* The next set would not have fit. */
		if (whole[end])
			assert_true(end + (end ? 1 : 0) +
					    strcspn(whole + end + (end ? 1 : 0), " ") + 1 >
				    size);
	}
	(void)event_techniques_text(UINT32_MAX, text, strlen(whole) + 1);
	assert_string_equal(text, whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_alerts),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_sets_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
