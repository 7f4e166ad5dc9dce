/* The golden list: technique rows typed from the RFCs and the literature, not from the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "technique/technique.h"

/*
 * Flags as bits of the TCP header's 14th byte, RFC 9293 figure 1: CWR 80, ECE 40, URG 20, ACK 10,
 * PSH 08, RST 04, SYN 02, FIN 01. States in the order silence, ICMP unreachable, ICMP port
 * unreachable from the target, RST with window 0, RST with a window, SYN+ACK, bare SYN, datagram,
 * ACK. "-" where such a packet is no answer.
 */
// clang-format off
static const struct golden {
	const char *name;
	char letter;
	int protocol;
	int flags;
	const char *state[9];
} golden[] = {
	/* RFC 9293 3.10.7.1 (CLOSED: RST), 3.10.7.2 (LISTEN: SYN gets SYN+ACK), 3.5 figure 7. */
	{"connect", 'T', 6, 0x02, {"filtered", "filtered", "filtered", "closed", "closed", "open", "open", "-", "unfiltered"}},
	{"syn",     'S', 6, 0x02, {"filtered", "filtered", "filtered", "closed", "closed", "open", "open", "-", "unfiltered"}},
	/* RFC 793 p. 65/66, RFC 9293 3.10.7.1/2: closed must RST, LISTEN drops what has no SYN/ACK/RST. */
	{"fin",     'F', 6, 0x01, {"open|filtered", "filtered", "filtered", "closed", "closed", "-", "-", "-", "unfiltered"}},
	{"null",    'N', 6, 0x00, {"open|filtered", "filtered", "filtered", "closed", "closed", "-", "-", "-", "unfiltered"}},
	{"xmas",    'X', 6, 0x29, {"open|filtered", "filtered", "filtered", "closed", "closed", "-", "-", "-", "unfiltered"}},
	/* RFC 9293 3.10.7.2: an ACK in LISTEN gets a RST, as in CLOSED. */
	{"ack",     'A', 6, 0x10, {"filtered", "filtered", "filtered", "unfiltered", "unfiltered", "-", "-", "-", "unfiltered"}},
	/* Phrack 49-15: the RST's window and TTL. */
	{"window",  'W', 6, 0x10, {"filtered", "filtered", "filtered", "closed", "open", "-", "-", "-", "unfiltered"}},
	{"ttl",     0,   6, 0x10, {"filtered", "filtered", "filtered", "unfiltered", "unfiltered", "-", "-", "-", "unfiltered"}},
	{"maimon",  'M', 6, 0x11, {"open|filtered", "filtered", "filtered", "closed", "closed", "-", "-", "-", "unfiltered"}},
	/* The last column of TCP: RFC 9293 3.10.7.4 (first: an unacceptable segment gets an ACK) and RFC
	 * 5961 4.2 (a SYN in a synchronised state gets an ACK): reached, but of a connection's state.
	 * RFC 1122 4.1.3.1: port unreachable if no process listens. */
	{"udp",     'U', 17, 0x00, {"open|filtered", "filtered", "closed", "-", "-", "-", "-", "open", "-"}},
};

/* ICMP: RFC 792, RFC 1812 5.2.7.1; ICMPv6: RFC 4443 3.1, 3.3, 3.4. "-": no answer. */
static const struct golden_icmp {
	int family, type, code;
	const char *word;
	int port; /* 1: the target's own port unreachable */
} golden_icmp[] = {
	{4, 3, 0, "net-unreach", 0}, {4, 3, 1, "host-unreach", 0}, {4, 3, 2, "proto-unreach", 0},
	{4, 3, 3, "port-unreach", 1}, {4, 3, 4, "-", 0}, {4, 3, 9, "net-prohibited", 0},
	{4, 3, 10, "host-prohibited", 0}, {4, 3, 13, "admin-prohibited", 0},
	{4, 11, 0, "time-exceeded", 0}, {4, 11, 1, "time-exceeded", 0},
	{4, 0, 0, "-", 0}, {4, 4, 0, "-", 0}, {4, 5, 1, "-", 0}, {4, 8, 0, "-", 0},
	{6, 1, 0, "no-route", 0}, {6, 1, 1, "admin-prohibited", 0}, {6, 1, 2, "beyond-scope", 0},
	{6, 1, 3, "host-unreach", 0}, {6, 1, 4, "port-unreach", 1},
	{6, 1, 5, "admin-prohibited", 0}, {6, 1, 6, "reject-route", 0},
	{6, 3, 0, "time-exceeded", 0}, {6, 2, 0, "-", 0}, {6, 128, 0, "-", 0}, {6, 136, 0, "-", 0},
};
// clang-format on

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void each_technique_has_its_golden_row(void **state)
{
	static const uint8_t replies[9] = {REPLY_SILENCE, REPLY_UNREACH,    REPLY_PORT_UNREACH,
					   REPLY_RST,	  REPLY_RST_WINDOW, REPLY_SYN_ACK,
					   REPLY_SYN,	  REPLY_DATA,	    REPLY_ACK};

	(void)state;
	assert_int_equal(COUNT(golden), TECHNIQUES);
	for (size_t i = 0; i < COUNT(golden); i++) {
		int t = technique_by_name(golden[i].name, strlen(golden[i].name));

		assert_in_range(t, 0, TECHNIQUES - 1);
		assert_int_equal(technique_table[t].letter, golden[i].letter);
		assert_int_equal(technique_table[t].proto, golden[i].protocol);
		assert_int_equal(technique_table[t].flags, golden[i].flags);
		for (int r = 0; r < 9; r++) {
			unsigned s = technique_rule((unsigned)t, replies[r])->state;

			if (strcmp(golden[i].state[r], "-") == 0)
				assert_int_equal(s, STATE_NONE);
			else
				assert_string_equal(port_state_name(s), golden[i].state[r]);
		}
	}
}

/*
 * What RFC 9293, 3.10.7.2 makes of each row. A listening port drops a segment that has neither
 * SYN, ACK nor RST (step "other data or control"); one with an ACK gets a RST (step "check for an
 * ACK"). Maimon's FIN+ACK therefore is read like FIN, NULL and Xmas (silence can be an open port,
 * on old BSD), but a RST to it from an open port proves nothing about the host.
 */
static void helpers_agree_with_the_rfc(void **state)
{
	static const struct {
		const char *name;
		bool inverse, open_is_silent, window_decides, compares_rsts, is_udp;
	} rows[] = {
		{"connect", false, false, false, false, false},
		{"syn", false, false, false, false, false},
		{"fin", true, true, false, false, false},
		{"null", true, true, false, false, false},
		{"xmas", true, true, false, false, false},
		{"ack", false, false, false, false, false},
		{"window", false, false, true, true, false},
		{"ttl", false, false, false, true, false},
		{"maimon", true, false, false, false, false},
		{"udp", false, false, false, false, true},
	};
	char letters[TECHNIQUE_LETTERS];

	(void)state;
	assert_int_equal(COUNT(rows), TECHNIQUES);
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned t = (unsigned)technique_by_name(rows[i].name, strlen(rows[i].name));

		assert_int_equal(technique_is_inverse(t), rows[i].inverse);
		assert_int_equal(technique_open_is_silent(t), rows[i].open_is_silent);
		assert_int_equal(technique_window_decides(t), rows[i].window_decides);
		assert_int_equal(technique_compares_rsts(t), rows[i].compares_rsts);
		assert_int_equal(technique_is_udp(t), rows[i].is_udp);
	}
	assert_false(technique_is_inverse(TECHNIQUES) || technique_open_is_silent(TECHNIQUES) ||
		     technique_window_decides(TECHNIQUES) || technique_compares_rsts(TECHNIQUES) ||
		     technique_is_udp(TECHNIQUES));
	assert_string_equal(technique_letters(letters), "T S F N X A W M U");
}

static void icmp_errors_have_their_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(golden_icmp); i++) {
		const struct golden_icmp *g = &golden_icmp[i];
		enum reply own =
			technique_icmp_reply(g->family, (uint8_t)g->type, (uint8_t)g->code, true);
		enum reply other =
			technique_icmp_reply(g->family, (uint8_t)g->type, (uint8_t)g->code, false);

		if (strcmp(g->word, "-") == 0) {
			assert_int_equal(own, REPLY_SILENCE);
			assert_int_equal(other, REPLY_SILENCE);
			continue;
		}
		assert_int_equal(own, g->port ? REPLY_PORT_UNREACH : REPLY_UNREACH);
		assert_int_equal(other, REPLY_UNREACH);
		assert_string_equal(reason_name(technique_icmp_reason(g->family, (uint8_t)g->type,
								      (uint8_t)g->code)),
				    g->word);
	}
}

static void segments_are_told_apart(void **state)
{
	(void)state;
	assert_int_equal(technique_tcp_reply(0x12, 64240), REPLY_SYN_ACK);
	assert_int_equal(technique_tcp_reply(0x02, 64240), REPLY_SYN);
	assert_int_equal(technique_tcp_reply(0x14, 0), REPLY_RST);
	assert_int_equal(technique_tcp_reply(0x04, 0), REPLY_RST);
	assert_int_equal(technique_tcp_reply(0x04, 512), REPLY_RST_WINDOW);
	assert_int_equal(technique_tcp_reply(0x10, 512), REPLY_ACK);
	assert_int_equal(technique_tcp_reply(0x18, 512), REPLY_ACK);
	assert_int_equal(technique_tcp_reply(0x11, 512), REPLY_SILENCE);
	assert_int_equal(technique_tcp_reply(0x13, 512), REPLY_SILENCE);
	assert_int_equal(technique_tcp_reply(0x03, 512), REPLY_SILENCE);
	assert_int_equal(technique_tcp_reply(0x00, 0), REPLY_SILENCE);
}

static void only_kernel_techniques_need_no_privilege(void **state)
{
	(void)state;
	for (int t = 0; t < TECHNIQUES; t++)
		assert_int_equal(technique_table[t].needs == NEEDS_NOTHING,
				 t == TECH_CONNECT || t == TECH_UDP);
	/* RFC 9293 3.10.7.1: a RST to a segment with ACK takes its sequence number from there,
	 * to one without, its acknowledgement. */
	for (int t = 0; t < TECHNIQUES; t++)
		if (technique_table[t].proto == 6)
			assert_int_equal(technique_table[t].cookie,
					 technique_table[t].flags & 0x10 ? COOKIE_SEQ : COOKIE_ACK);
}

static void every_rule_says_why(void **state)
{
	(void)state;
	for (unsigned t = 0; t < TECHNIQUES; t++) {
		assert_true(strlen(technique_table[t].sends) > 5);
		assert_non_null(technique_table[t].caveat);
		for (unsigned r = 0; r < REPLIES; r++) {
			const struct rule *rule = technique_rule(t, r);

			if (rule->state == STATE_NONE)
				continue;
			assert_true(strlen(rule->why) > 10);
			assert_true(strlen(rule->from) > 5);
		}
	}
}

static void strangers_are_refused(void **state)
{
	(void)state;
	assert_int_equal(technique_by_name("sy", 2), -1);
	assert_int_equal(technique_by_name("synx", 4), -1);
	assert_int_equal(technique_by_name("", 0), -1);
	assert_int_equal(technique_by_letter('Z'), -1);
	assert_int_equal(technique_by_letter(0), -1);
	assert_int_equal(technique_rule(TECHNIQUES, 0)->state, STATE_NONE);
	assert_int_equal(technique_rule(0, REPLIES)->state, STATE_NONE);
	assert_string_equal(port_state_name(99), "unknown");
	assert_string_equal(reason_name(99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_technique_has_its_golden_row),
		cmocka_unit_test(helpers_agree_with_the_rfc),
		cmocka_unit_test(icmp_errors_have_their_words),
		cmocka_unit_test(segments_are_told_apart),
		cmocka_unit_test(only_kernel_techniques_need_no_privilege),
		cmocka_unit_test(every_rule_says_why),
		cmocka_unit_test(strangers_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
