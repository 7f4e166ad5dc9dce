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
	static const char *const techniques[SEEN_TECHNIQUES] = {
		"connect", "syn",     "fin",	"null",	     "xmas",	   "ack",
		"window",  "ttl",     "maimon", "udp",	     "odd",	   "icmp",
		"arp",	   "ipproto", "synack", "sctp_init", "sctp_cookie"};

	(void)state;
	check_words(event_action_name, EVENT_ACTIONS, actions);
	check_words(event_phase_name, EVENT_PHASES, phases);
	check_words(event_shape_name, EVENT_SHAPES, shapes);
	check_words(event_tool_name, EVENT_TOOLS, tools);
	check_words(event_technique_name, SEEN_TECHNIQUES, techniques);
}

/* Typed from the documentation of ECS, ATT&CK and syslog(3), not from the table. A message id must
 * stay what it was in version 1.0, since users search their journals for it. */
static void test_kinds(void **state)
{
	static const struct {
		const char *name, *title, *kind, *categories, *attacks, *message_id;
		unsigned severity, severity_open, priority;
		bool in_scanlogd;
	} golden[EVENT_ACTIONS] = {
		{"port_scan", "Port scan", "alert", "network intrusion_detection",
		 "T1046 T1018 T1595.001", "2c8c96a49fd6469d8131c5f317181db9", 47, 73, 4, true},
		{"network_sweep", "Network sweep", "alert", "network intrusion_detection",
		 "T1046 T1018 T1595.001", "b57e32f208154094970add2711ab2f31", 47, 73, 4, true},
		{"block_scan", "Block scan", "alert", "network intrusion_detection",
		 "T1046 T1018 T1595.001", "d54089994bae4f66936492c112af1dbe", 47, 73, 4, true},
		{"distributed_scan", "Distributed scan", "alert", "network intrusion_detection",
		 "T1046 T1018 T1595.001", "bf6674f60df0442eaf213113abe24d3a", 47, 73, 4, true},
		{"syn_flood", "SYN flood", "event", "network", "",
		 "817a52535dca4f8aa2dbbd713f58dcbc", 73, 73, 4, false},
		{"backscatter", "Backscatter", "event", "network", "",
		 "968ad4cd0f6d4bc6a57912bb9cb8d056", 21, 21, 5, false},
		{"reflection", "Reflection", "event", "network", "",
		 "588f5e78907a44bfa0eea8b0756dce0c", 21, 21, 5, false},
		{"blind", "Blind spot", "event", "network", "", "495872b6d66d486e86b9ee2de51b7458",
		 73, 73, 4, false},
		{"suppressed", "Events suppressed", "event", "network", "",
		 "3d3477d87e15410d900341e239808211", 21, 21, 5, false},
	};

	(void)state;
	for (unsigned action = 0; action < EVENT_ACTIONS; action++) {
		const struct event_kind *kind = event_kind(action);
		char categories[64] = "", attacks[64] = "";

		for (size_t i = 0; i < 2 && kind->ecs_category[i]; i++) {
			strcat(categories, i ? " " : "");
			strcat(categories, kind->ecs_category[i]);
		}
		for (unsigned i = 0; i < ATTACKS; i++) {
			if (!(kind->attacks >> i & 1))
				continue;
			strcat(attacks, attacks[0] ? " " : "");
			strcat(attacks, event_attacks[i].id);
		}
		assert_string_equal(kind->name, golden[action].name);
		assert_string_equal(kind->title, golden[action].title);
		assert_string_equal(kind->ecs_kind, golden[action].kind);
		assert_string_equal(kind->ecs_type, "info");
		assert_string_equal(categories, golden[action].categories);
		assert_string_equal(attacks, golden[action].attacks);
		assert_string_equal(kind->message_id, golden[action].message_id);
		assert_int_equal(kind->severity, golden[action].severity);
		assert_int_equal(kind->severity_open, golden[action].severity_open);
		assert_int_equal(kind->priority, golden[action].priority);
		assert_int_equal(kind->in_scanlogd, golden[action].in_scanlogd);
		assert_true(strlen(kind->meaning) > 0);
	}
	assert_string_equal(event_kind(EVENT_ACTIONS)->name, "unknown");
}

/* Letters that are values, by the contract of struct event_kind; no other '%'. */
static void test_phrases(void **state)
{
	(void)state;
	for (unsigned action = 0; action < EVENT_ACTIONS; action++) {
		const char *const phrases[] = {event_kind(action)->phrase,
					       event_kind(action)->reason};

		for (size_t i = 0; i < 2; i++) {
			assert_true(strlen(phrases[i]) > 0);
			for (const char *at = phrases[i]; (at = strchr(at, '%')); at++)
				assert_true(at[1] && strchr("TSLENFAC", at[1]));
		}
	}
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
	{BIT(TECH_MAIMON) | BIT(TECH_UDP) | BIT(SEEN_ICMP), "maimon udp icmp"},
	{BIT(TECH_FIN) | BIT(TECH_NULL) | BIT(TECH_XMAS), "fin null xmas"},
	{BIT(SEEN_ODD) | BIT(SEEN_ICMP) | BIT(SEEN_ARP) | BIT(SEEN_IPPROTO),
	 "odd icmp arp ipproto"},
	{BIT(SEEN_SYNACK) | BIT(SEEN_SCTP_INIT) | BIT(SEEN_SCTP_COOKIE),
	 "synack sctp_init sctp_cookie"},
	{UINT32_MAX, "syn|connect fin null xmas ack|window|ttl maimon udp odd icmp arp ipproto "
		     "synack sctp_init sctp_cookie"},
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

/* For any size: never out of bounds, only whole sets, and as many of the first ones as fit. */
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
		cmocka_unit_test(test_words),	cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_phrases), cmocka_unit_test(test_alerts),
		cmocka_unit_test(test_sets),	cmocka_unit_test(test_sets_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
