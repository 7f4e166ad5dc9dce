/* Read-out: replies and evidence of a host to states, reasons and notes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "result/host.h"
#include "scan/rtt.h"
#include "scan/sheet_private.h"
#include "scan/verdict.h"

#define SECOND UINT64_C(1000000000)

static struct finding findings[64];
static struct host_report report;

/* A host with ports 1..ports scanned by `techniques`. */
static struct sheet *open_sheet(unsigned techniques, unsigned ports, struct plan **plan)
{
	struct ranges targets = {0};
	struct ports set = {0};
	const uint64_t seed[2] = {5, 6};
	struct failure f = {0};

	assert_int_equal(ranges_add(&targets, addr_from_v4(0xc6120001), addr_from_v4(0xc6120001)),
			 0);
	for (unsigned p = 1; p <= ports; p++) {
		port_set_add(&set.tcp, p);
		port_set_add(&set.udp, p);
	}
	*plan = plan_new(&targets, &set, techniques, seed, &f);
	ranges_fini(&targets);
	assert_non_null(*plan);
	struct sheet *s = sheet_new(*plan, 0, 0, (*plan)->total, SECOND);

	assert_non_null(s);
	for (uint32_t c = 0; c < sheet_cells(s); c++)
		(void)sheet_sent(s, c, 0, (uint32_t)(SECOND / 1000));
	return s;
}

static void answer(struct sheet *s, uint8_t technique, uint16_t port, struct answer a)
{
	uint32_t slot;
	uint64_t rtt;
	bool has_rtt;

	assert_true(plan_find_slot(sheet_plan(s), technique, port, &slot));
	a.t_ns = a.t_ns ? a.t_ns : SECOND + 5000000;
	assert_int_equal(sheet_note(s, slot, &a, &rtt, &has_rtt), SHEET_FIRST);
}

static void read_out(struct sheet *s, bool complete)
{
	uint8_t tries[TECHNIQUES];

	memset(tries, 4, sizeof(tries));
	verdict_host(s, 0, complete, tries, 1000 * SECOND, findings, &report);
}

static const struct finding *of(uint8_t technique, uint16_t port)
{
	for (size_t i = 0; i < report.count; i++)
		if (findings[i].technique == technique && findings[i].port == port)
			return &findings[i];
	fail_msg("no finding for port %u", port);
	return NULL;
}

static void ttl_technique_compares_the_resets_of_a_host(void **state)
{
	struct plan *plan;
	struct sheet *s = open_sheet(1u << TECH_TTL, 4, &plan);
	uint8_t ttl[] = {64, 60, 64};

	(void)state;
	for (uint16_t p = 1; p <= 3; p++)
		answer(s, TECH_TTL, p,
		       (struct answer){.reply = REPLY_RST, .has = ANSWER_TTL, .ttl = ttl[p - 1]});
	read_out(s, true);
	assert_int_equal(of(TECH_TTL, 1)->state, PORT_CLOSED);
	assert_int_equal(of(TECH_TTL, 2)->state, PORT_OPEN);
	assert_int_equal(of(TECH_TTL, 3)->state, PORT_CLOSED);
	assert_int_equal(of(TECH_TTL, 4)->state, PORT_FILTERED);
	assert_false(report.notes & HOST_TTL_MUTE);
	sheet_free(s);
	plan_free(plan);
}

static void alike_resets_cannot_tell(void **state)
{
	struct plan *plan;
	struct sheet *s = open_sheet(1u << TECH_TTL | 1u << TECH_WINDOW, 2, &plan);

	(void)state;
	for (uint16_t p = 1; p <= 2; p++) {
		struct answer a = {
			.reply = REPLY_RST, .has = ANSWER_TTL | ANSWER_WINDOW, .ttl = 64};

		answer(s, TECH_TTL, p, a);
		answer(s, TECH_WINDOW, p, a);
	}
	read_out(s, true);
	assert_int_equal(of(TECH_TTL, 1)->state, PORT_UNFILTERED);
	assert_int_equal(of(TECH_WINDOW, 1)->state, PORT_CLOSED);
	assert_true(report.notes & HOST_TTL_MUTE);
	assert_true(report.notes & HOST_WINDOW_MUTE);
	sheet_free(s);
	plan_free(plan);
}

static void one_window_lets_the_window_technique_speak(void **state)
{
	struct plan *plan;
	struct sheet *s = open_sheet(1u << TECH_WINDOW, 2, &plan);

	(void)state;
	answer(s, TECH_WINDOW, 1, (struct answer){.reply = REPLY_RST, .has = ANSWER_TTL});
	answer(s, TECH_WINDOW, 2,
	       (struct answer){.reply = REPLY_RST_WINDOW,
			       .has = ANSWER_TTL | ANSWER_WINDOW,
			       .window = 4096});
	read_out(s, true);
	assert_int_equal(of(TECH_WINDOW, 1)->state, PORT_CLOSED);
	assert_int_equal(of(TECH_WINDOW, 2)->state, PORT_OPEN);
	assert_int_equal(of(TECH_WINDOW, 2)->window, 4096);
	assert_false(report.notes & HOST_WINDOW_MUTE);
	sheet_free(s);
	plan_free(plan);
}

static void resets_to_everything_are_noticed(void **state)
{
	static const uint8_t inverse[] = {TECH_FIN, TECH_NULL, TECH_XMAS, TECH_MAIMON};

	(void)state;
	for (size_t i = 0; i < sizeof(inverse); i++) {
		struct plan *plan;
		struct sheet *s = open_sheet(1u << TECH_SYN | 1u << inverse[i], 2, &plan);

		answer(s, TECH_SYN, 1, (struct answer){.reply = REPLY_SYN_ACK});
		answer(s, inverse[i], 2, (struct answer){.reply = REPLY_RST});
		read_out(s, true);
		assert_false(report.notes & HOST_RST_TO_ALL); /* closed port: as it should */
		answer(s, inverse[i], 1, (struct answer){.reply = REPLY_RST});
		read_out(s, true);
		/* RFC 9293 3.10.7.2 asks for a RST to a segment with ACK. */
		assert_int_equal((report.notes & HOST_RST_TO_ALL) != 0, inverse[i] != TECH_MAIMON);
		sheet_free(s);
		plan_free(plan);
	}
}

static void icmp_errors_name_their_sender(void **state)
{
	struct plan *plan;
	struct sheet *s = open_sheet(1u << TECH_SYN, 3, &plan);
	struct addr router = addr_from_v4(0xc61200fe);

	(void)state;
	answer(s, TECH_SYN, 1,
	       (struct answer){.reply = REPLY_UNREACH,
			       .has = ANSWER_ICMP | ANSWER_FROM | ANSWER_TTL,
			       .from = router,
			       .icmp_type = 3,
			       .icmp_code = 13,
			       .ttl = 63});
	answer(s, TECH_SYN, 2,
	       (struct answer){.reply = REPLY_PORT_UNREACH,
			       .has = ANSWER_ICMP | ANSWER_TTL,
			       .icmp_type = 3,
			       .icmp_code = 3,
			       .ttl = 64});
	read_out(s, true);
	const struct finding *f = of(TECH_SYN, 1);

	assert_int_equal(f->state, PORT_FILTERED);
	assert_int_equal(f->reason, REASON_ADMIN_PROHIBITED);
	assert_true(f->has & FINDING_FROM && addr_equal(f->from, router));
	assert_int_equal(f->ttl, 63);
	assert_int_equal(f->rtt_us, 5000);
	assert_true(f->t_ns == 1001 * SECOND + 5000000);
	f = of(TECH_SYN, 2);
	assert_int_equal(f->state, PORT_FILTERED);
	assert_int_equal(f->reason, REASON_PORT_UNREACH);
	assert_false(f->has & FINDING_FROM);
	f = of(TECH_SYN, 3);
	assert_int_equal(f->state, PORT_FILTERED);
	assert_int_equal(f->reason, REASON_NO_RESPONSE);
	assert_int_equal(f->has, 0);
	sheet_free(s);
	plan_free(plan);
}

/* What our kernel says of all that was not silent: the host is down, in the words of an engine that
 * asked for routes and neighbours itself. */
static void a_host_that_only_our_kernel_speaks_of_is_down(void **state)
{
	const struct answer no_host = {.reply = REPLY_UNREACH,
				       .has = ANSWER_ICMP | ANSWER_LOCAL,
				       .icmp_type = 3,
				       .icmp_code = 1};
	struct answer no_route = no_host, prohibited = no_host, routers = no_host;
	struct plan *plan;
	struct sheet *s = open_sheet(1u << TECH_CONNECT | 1u << TECH_UDP, 3, &plan);

	(void)state;
	no_route.icmp_code = 0;
	prohibited.icmp_code = 13;
	routers.has = ANSWER_ICMP | ANSWER_FROM;
	read_out(s, true);
	assert_false(report.notes & (HOST_NO_NEIGHBOUR | HOST_NO_ROUTE));
	answer(s, TECH_CONNECT, 1, no_route);
	read_out(s, true);
	assert_true(report.notes & HOST_NO_ROUTE);
	assert_int_equal(report.count, 6);
	for (size_t i = 0; i < report.count; i++) {
		assert_int_equal(findings[i].state, PORT_FILTERED);
		assert_int_equal(findings[i].reason, REASON_NO_ROUTE);
		assert_true(findings[i].has & FINDING_LOCAL);
	}
	answer(s, TECH_UDP, 1, no_host);
	read_out(s, true);
	assert_int_equal(report.notes & (HOST_NO_NEIGHBOUR | HOST_NO_ROUTE), HOST_NO_NEIGHBOUR);
	assert_int_equal(report.count, 0);
	/* A rule of our own firewall, or another host's error: no conclusion. */
	answer(s, TECH_CONNECT, 2, prohibited);
	read_out(s, true);
	assert_false(report.notes & (HOST_NO_NEIGHBOUR | HOST_NO_ROUTE));
	/* ... on the host: that port was never probed, and has no verdict. */
	assert_true(report.notes & HOST_REFUSED);
	assert_int_equal(report.count, 5);
	for (size_t i = 0; i < report.count; i++)
		assert_false(findings[i].technique == TECH_CONNECT && findings[i].port == 2);
	sheet_free(s);
	plan_free(plan);
	/* A route that prohibits: at each port. */
	prohibited.icmp_code = 9;
	s = open_sheet(1u << TECH_CONNECT, 3, &plan);
	answer(s, TECH_CONNECT, 1, prohibited);
	answer(s, TECH_CONNECT, 2, prohibited);
	read_out(s, true);
	assert_false(report.notes & (HOST_NO_NEIGHBOUR | HOST_NO_ROUTE));
	answer(s, TECH_CONNECT, 3, prohibited);
	read_out(s, true);
	assert_int_equal(report.notes & (HOST_NO_NEIGHBOUR | HOST_NO_ROUTE), HOST_NO_ROUTE);
	assert_int_equal(findings[1].reason, REASON_NO_ROUTE);
	sheet_free(s);
	plan_free(plan);
	s = open_sheet(1u << TECH_CONNECT, 3, &plan);
	answer(s, TECH_CONNECT, 1, no_host);
	answer(s, TECH_CONNECT, 2, routers);
	read_out(s, true);
	assert_false(report.notes & (HOST_NO_NEIGHBOUR | HOST_NO_ROUTE));
	/* The host itself. */
	s->word[0] &= ~UINT64_C(0xf0);
	answer(s, TECH_CONNECT, 3, (struct answer){.reply = REPLY_RST, .has = ANSWER_REFUSED});
	read_out(s, true);
	assert_false(report.notes & (HOST_NO_NEIGHBOUR | HOST_NO_ROUTE));
	sheet_free(s);
	plan_free(plan);
}

static void findings_are_sorted_tcp_first(void **state)
{
	struct plan *plan;
	struct sheet *s = open_sheet(1u << TECH_UDP | 1u << TECH_SYN | 1u << TECH_FIN, 2, &plan);
	static const struct {
		uint16_t port;
		uint8_t technique;
	} order[] = {{1, TECH_SYN}, {1, TECH_FIN}, {2, TECH_SYN},
		     {2, TECH_FIN}, {1, TECH_UDP}, {2, TECH_UDP}};

	(void)state;
	read_out(s, true);
	assert_int_equal(report.count, 6);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(findings[i].port, order[i].port);
		assert_int_equal(findings[i].technique, order[i].technique);
	}
	sheet_free(s);
	plan_free(plan);
}

static void an_unfinished_host_gives_only_what_is_settled(void **state)
{
	struct plan *plan;
	struct sheet *s = open_sheet(1u << TECH_SYN, 3, &plan);

	(void)state;
	answer(s, TECH_SYN, 1, (struct answer){.reply = REPLY_RST});
	s->tries[1] = 4; /* had all its attempts */
	read_out(s, false);
	assert_int_equal(report.count, 2);
	assert_true(report.notes & HOST_PARTIAL);
	assert_int_equal(of(TECH_SYN, 2)->state, PORT_FILTERED);
	sheet_free(s);
	plan_free(plan);
}

static void a_round_trip_is_never_measured_against_another_copy(void **state)
{
	struct plan *plan;
	struct sheet *s = open_sheet(1u << TECH_SYN, 3, &plan);
	uint64_t rtt;
	bool has_rtt;
	struct answer a = {
		.t_ns = 3 * SECOND, .reply = REPLY_RST, .has = ANSWER_ATTEMPT, .attempt = 0};

	(void)state;
	for (int c = 0; c < 3; c++) {
		s->tries[c] = 2; /* sent again at 2.9 s */
		s->sent_us[c] = 2900000;
	}
	assert_int_equal(sheet_note(s, 0, &a, &rtt, &has_rtt), SHEET_FIRST);
	assert_false(has_rtt); /* the late answer to the first copy */
	a.attempt = 1;
	assert_int_equal(sheet_note(s, 1, &a, &rtt, &has_rtt), SHEET_FIRST);
	assert_true(has_rtt && rtt == SECOND / 10);
	a.has = 0; /* fixed source port: unknown which copy */
	assert_int_equal(sheet_note(s, 2, &a, &rtt, &has_rtt), SHEET_FIRST);
	assert_false(has_rtt);
	sheet_free(s);
	plan_free(plan);
}

static void timeouts_follow_the_slow_hosts(void **state)
{
	const struct rtt_conf conf = {SECOND, SECOND / 10, 10 * SECOND};
	struct rtt r;

	(void)state;
	rtt_init(&r, &conf);
	assert_true(rtt_timeout_ns(&r) == SECOND);
	for (int i = 0; i < 1000; i++)
		rtt_note(&r, 200000);
	assert_true(rtt_timeout_ns(&r) == SECOND / 10);
	/* Five in a thousand are 300 ms away: they are waited for. */
	for (int i = 0; i < 1000; i++)
		rtt_note(&r, i % 200 ? 200000 : 300000000);
	assert_true(rtt_timeout_ns(&r) >= 600000000 && rtt_timeout_ns(&r) <= 2 * SECOND);
	for (int i = 0; i < 100; i++)
		rtt_note(&r, 50 * SECOND);
	assert_true(rtt_timeout_ns(&r) == 10 * SECOND);
}

/* A datagram from another address or port: the host is up, and the finding says from where. */
static void datagrams_from_elsewhere_name_it(void **unused)
{
	const struct addr other = addr_from_v4(0xc6120009);

	(void)unused;
	for (unsigned from = 0; from < 2; from++) {
		struct plan *plan;
		struct sheet *s = open_sheet(1u << TECH_UDP, 2, &plan);
		const struct finding *f;

		answer(s, TECH_UDP, 1,
		       (struct answer){.reply = REPLY_DATA,
				       .has = (uint16_t)((from ? ANSWER_FROM : 0) | ANSWER_PORT |
							 ANSWER_TTL),
				       .from = other,
				       .window = 40069,
				       .ttl = 64});
		read_out(s, true);
		f = of(TECH_UDP, 1);
		assert_int_equal(f->state, PORT_OPEN);
		assert_int_equal(f->has & (FINDING_FROM | FINDING_FROM_PORT | FINDING_WINDOW),
				 (from ? FINDING_FROM : 0) | FINDING_FROM_PORT);
		assert_int_equal(f->from_port, 40069);
		assert_int_equal(f->window, 0);
		assert_true(!from || addr_equal(f->from, other));
		assert_true(report.notes & HOST_ANSWERED);
		assert_string_equal(host_status(&report).reason, "udp-response");
		sheet_free(s);
		plan_free(plan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ttl_technique_compares_the_resets_of_a_host),
		cmocka_unit_test(alike_resets_cannot_tell),
		cmocka_unit_test(one_window_lets_the_window_technique_speak),
		cmocka_unit_test(resets_to_everything_are_noticed),
		cmocka_unit_test(icmp_errors_name_their_sender),
		cmocka_unit_test(a_host_that_only_our_kernel_speaks_of_is_down),
		cmocka_unit_test(findings_are_sorted_tcp_first),
		cmocka_unit_test(an_unfinished_host_gives_only_what_is_settled),
		cmocka_unit_test(a_round_trip_is_never_measured_against_another_copy),
		cmocka_unit_test(timeouts_follow_the_slow_hosts),
		cmocka_unit_test(datagrams_from_elsewhere_name_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
