/* test_result: order, status, merging and summarising of a result's records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report_samples.h"
#include "result/extraports.h"
#include "result/host.h"
#include "result/merge.h"

static void test_extraports(void **state)
{
	struct finding findings[60];
	struct host_report host = {.findings = findings};
	struct extraports_conf conf = {0};
	struct extraports extra;

	(void)state;
	memset(findings, 0, sizeof(findings));
	for (unsigned i = 0; i < 60; i++) {
		findings[i].port = (uint16_t)(i + 1);
		findings[i].technique = TECH_SYN;
		findings[i].state = i < 26 ? PORT_CLOSED : PORT_OPEN;
		findings[i].reason = i < 20 ? REASON_RESET : REASON_CONN_REFUSED;
	}
	host.count = 25; /* as many as are listed */
	extraports_count(&extra, &host, &conf);
	assert_int_equal(extra.groups, 0);
	host.count = 60; /* one more than is listed; open ports are, however many */
	extraports_count(&extra, &host, &conf);
	assert_int_equal(extra.groups, 1);
	assert_int_equal(extra.group[0].count, 26);
	assert_int_equal(extra.group[0].reasons[REASON_RESET], 20);
	assert_int_equal(extra.group[0].reasons[REASON_CONN_REFUSED], 6);
	assert_true(extraports_has(&extra, &findings[0]));
	assert_false(extraports_has(&extra, &findings[59]));
	conf.verbose = 1;
	extraports_count(&extra, &host, &conf);
	assert_int_equal(extra.groups, 0);
	conf = (struct extraports_conf){.all_ports = true};
	extraports_count(&extra, &host, &conf);
	assert_int_equal(extra.groups, 0);
	conf = (struct extraports_conf){.open_only = true};
	host.count = 1;
	extraports_count(&extra, &host, &conf);
	assert_int_equal(extra.groups, 1);
	/* The greater group comes first; each technique has its own. */
	conf = (struct extraports_conf){0};
	host.count = 60;
	for (unsigned i = 26; i < 60; i++) {
		findings[i].technique = TECH_FIN;
		findings[i].state = PORT_OPEN_FILTERED;
	}
	extraports_count(&extra, &host, &conf);
	assert_int_equal(extra.groups, 2);
	assert_int_equal(extra.group[0].technique, TECH_FIN);
	assert_int_equal(extra.group[0].count, 34);
	/* What is no state or technique at all is listed, not summed up. */
	findings[0].state = 200;
	findings[1].technique = 200;
	findings[2].reason = 200;
	extraports_count(&extra, &host, &conf);
	assert_int_equal(extra.groups, 1);
}

/* Ports that a source has only in a list are summarised by any rule; other ports of the same state
 * are not. */
static void test_extraports_marked(void **state)
{
	struct finding findings[4] = {{.port = 1}, {.port = 2}, {.port = 3}, {.port = 4}};
	const struct host_report host = {.findings = findings, .count = 4};
	const struct extraports_conf conf = {.all_ports = true};
	struct extraports extra;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		findings[i].technique = TECH_SYN;
		findings[i].state = i < 3 ? PORT_CLOSED : PORT_OPEN;
		findings[i].reason = i < 3 ? REASON_RESET : REASON_SYN_ACK;
	}
	findings[0].has = findings[3].has = FINDING_SUMMARISED;
	extraports_count(&extra, &host, &conf);
	assert_int_equal(extra.groups, 2);
	assert_int_equal(extra.group[0].state, PORT_OPEN);
	assert_true(extra.group[0].whole);
	assert_int_equal(extra.group[1].state, PORT_CLOSED);
	assert_int_equal(extra.group[1].count, 1);
	assert_int_equal(extra.group[1].reasons[REASON_RESET], 1);
	assert_false(extra.group[1].whole);
	assert_true(extraports_has(&extra, &findings[0]));
	assert_false(extraports_has(&extra, &findings[1]));
	assert_true(extraports_has(&extra, &findings[3]));
	assert_int_equal(extraports_in_state(&extra, 0), 1);
}

static void test_status(void **state)
{
	struct sample *s = sample_basic(false);
	struct host_report *host = &s->host[0];

	(void)state;
	assert_string_equal(host_status(host).reason, "reset");
	assert_int_equal(host_status(host).ttl, 64);
	host->findings += 442; /* the router's word is no answer of the host */
	host->count = 1;
	host->notes = 0;
	assert_int_equal(host_status(host).state, STATUS_UNKNOWN);
	assert_true(host_answered(host)); /* but worth a look */
	s->findings[442].reason = REASON_HOST_UNREACH;
	assert_false(host_answered(host));
	host->notes = HOST_MAC;
	assert_string_equal(host_status(host).reason, "arp-response");
	host->notes |= HOST_FIXED;
	assert_int_equal(host_status(host).state, STATUS_UNKNOWN);
	assert_string_equal(host_status(host).reason, "no-response");
	host->notes = HOST_MAC;
	assert_true(host_answered(host)); /* to ARP, though all its ports are filtered */
	host->addr = SAMPLE_V6;
	assert_string_equal(host_status(host).reason, "nd-response");
	host->notes = HOST_NO_NEIGHBOUR;
	assert_int_equal(host_status(host).state, STATUS_DOWN);
	sample_free(s);
}

/* A status that the record brings along goes before what could be concluded. */
static void test_status_given(void **state)
{
	const struct host_status given = {"echo-reply", STATUS_UP, 61};
	const struct host_report host = {.status = &given, .notes = HOST_NO_ROUTE};

	(void)state;
	assert_string_equal(host_status(&host).reason, "echo-reply");
	assert_int_equal(host_status(&host).ttl, 61);
	assert_string_equal(host_state_name(host_status(&host).state), "up");
	assert_string_equal(host_state_name(99), "unknown");
}

static void test_order(void **state)
{
	const struct finding a = {.technique = TECH_SYN, .port = 80};
	const struct finding b = {.technique = TECH_FIN, .port = 80};
	const struct finding c = {.technique = TECH_SYN, .port = 81};
	const struct finding d = {.technique = TECH_UDP, .port = 1};

	(void)state;
	assert_true(finding_compare(&a, &b) < 0 && finding_compare(&b, &a) > 0);
	assert_true(finding_compare(&b, &c) < 0 && finding_compare(&c, &b) > 0);
	assert_true(finding_compare(&c, &d) < 0 && finding_compare(&d, &c) > 0);
	assert_int_equal(finding_compare(&a, &a), 0);
}

static void test_merge(void **state)
{
	struct sample *s = sample_merged();
	struct finding merged[16];
	static const uint8_t states[] = {PORT_OPEN, PORT_CLOSED, PORT_FILTERED, PORT_CLOSED};

	(void)state;
	assert_true(merge_is_needed(&s->run));
	assert_int_equal(merge_findings(&s->run, &s->host[0], merged), 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(merged[i].port, 22 + i);
		assert_int_equal(merged[i].state, states[i]);
		assert_int_equal(merged[i].technique, TECH_SYN);
	}
	/* A technique each of two protocols: nothing to merge. */
	sample_free(s);
	s = sample_hostile();
	assert_false(merge_is_needed(&s->run));
	sample_free(s);
}

/*
 * A closed that says nothing. A host that answers RST to a FIN at an open port answers so to any
 * segment there, hence to Maimon's FIN+ACK too; but Maimon's own RST is what RFC 9293, 3.10.7.2
 * wants of an open port, so without that proof it is taken at its word.
 */
static void test_mute(void **state)
{
	static const struct {
		uint8_t technique, reply;
		uint32_t notes;
		bool mute;
	} golden[] = {
		{TECH_FIN, REPLY_RST, HOST_RST_TO_ALL, true},
		{TECH_XMAS, REPLY_RST_WINDOW, HOST_RST_TO_ALL, true},
		{TECH_MAIMON, REPLY_RST, HOST_RST_TO_ALL, true},
		{TECH_MAIMON, REPLY_RST, 0, false},
		{TECH_MAIMON, REPLY_SILENCE, HOST_RST_TO_ALL, false},
		{TECH_SYN, REPLY_RST, HOST_RST_TO_ALL, false},
		{TECH_UDP, REPLY_PORT_UNREACH, HOST_RST_TO_ALL, false},
		{TECH_WINDOW, REPLY_RST, HOST_WINDOW_MUTE, true},
		{TECH_WINDOW, REPLY_RST, HOST_TTL_MUTE | HOST_RST_TO_ALL, false},
		{TECH_TTL, REPLY_RST, HOST_TTL_MUTE, true},
		{TECH_ACK, REPLY_RST, HOST_TTL_MUTE | HOST_WINDOW_MUTE, false},
		{TECHNIQUES, REPLY_RST, HOST_RST_TO_ALL, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
		struct finding f = {.technique = golden[i].technique, .reply = golden[i].reply};

		assert_int_equal(host_is_mute(golden[i].notes, &f), golden[i].mute);
	}
}

/* An answer before silence, its own record before a list, else the newer; in either order. */
static void the_surer_verdict_is_kept(void **state)
{
	static const struct {
		struct finding kept, lost;
	} pairs[] = {
		{{.t_ns = 1, .reason = REASON_RESET, .has = FINDING_TIME},
		 {.t_ns = 9, .reason = REASON_NO_RESPONSE}},
		{{.t_ns = 1, .reason = REASON_RESET, .has = FINDING_SUMMARISED},
		 {.t_ns = 9, .reason = REASON_NO_RESPONSE}},
		{{.t_ns = 1, .reason = REASON_SYN_ACK, .has = FINDING_TIME},
		 {.t_ns = 9, .reason = REASON_RESET, .has = FINDING_SUMMARISED}},
		{{.t_ns = 2, .reason = REASON_RESET, .has = FINDING_TIME},
		 {.t_ns = 1, .reason = REASON_SYN_ACK, .has = FINDING_TIME}},
		{{.t_ns = 2, .reason = REASON_NO_RESPONSE},
		 {.t_ns = 1, .reason = REASON_NO_RESPONSE}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const struct finding *kept = &pairs[i].kept, *lost = &pairs[i].lost;

		assert_ptr_equal(merge_surer(kept, lost), kept);
		assert_ptr_equal(merge_surer(lost, kept), kept);
	}
	assert_ptr_equal(merge_surer(&pairs[0].kept, &pairs[0].kept), &pairs[0].kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_surer_verdict_is_kept),
		cmocka_unit_test(test_extraports),
		cmocka_unit_test(test_extraports_marked),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_mute),
		cmocka_unit_test(test_status_given),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
