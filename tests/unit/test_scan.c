/* Whole scans without a network: what is planned, sent, found and told. */
#include "scan_lab.h"

static enum nature silent(uint64_t rank)
{
	(void)rank;
	return ALL_SILENT;
}

static void every_technique_is_right_without_loss(void **state)
{
	(void)state;
	for (unsigned t = 0; t < PORT_TECHNIQUES; t++) {
		struct network net = {.nature = all_normal, .rtt_ns = MS};
		struct plan *plan = plan_of(3, 1, 200, 1u << t);
		struct scan_conf conf = conf_default(plan);
		struct result r = run(plan, &net, &conf, expect_normal, 0);

		assert_int_equal(r.findings, 600);
		assert_int_equal(r.wrong, 0);
		plan_free(plan);
	}
}

static void an_answering_host_is_done_with_its_last_answer(void **state)
{
	struct network net = {.nature = all_normal, .rtt_ns = 100000};
	struct plan *plan = plan_of(1, 1, 60000, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_normal, 0);

	(void)state;
	assert_int_equal(r.findings, 60000);
	assert_int_equal(r.wrong, 0);
	assert_int_equal(r.sent - r.checks, 60000);
	assert_true(r.checks <= 600);
	/* Slow start from 5,000 to 400,000 a second, and no time-out at the end. */
	assert_true(r.elapsed_ns < 400 * MS);
	plan_free(plan);
}

static void mixed_hosts_over_several_windows_come_in_order(void **state)
{
	struct network net = {.nature = mixed, .rtt_ns = 5 * MS, .loss = 0.005};
	unsigned techniques = 1u << TECH_SYN | 1u << TECH_FIN;
	struct plan *plan = plan_of(2000, 1, 600, techniques);
	struct scan_conf conf = conf_default(plan);

	(void)state;
	assert_true(plan->windows >= 3);
	struct result r = run(plan, &net, &conf, expect_mixed, 0);

	assert_int_equal(r.hosts, 2000);
	assert_int_equal(r.findings, 1500 * 1200); /* none of the dead */
	assert_true(r.wrong <= 5);
	plan_free(plan);
}

static void silence_gets_its_attempts_and_no_more(void **state)
{
	struct network net = {.nature = silent, .rtt_ns = MS};
	struct plan *plan = plan_of(4, 1, 100, 1u << TECH_FIN);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_mixed, 0);

	(void)state;
	assert_int_equal(r.sent, 400 * 5);
	assert_int_equal(r.top_pps, 5000); /* silence proves nothing: no faster */
	plan_free(plan);
}

/* Silent ports wait for the round trip as measured, not for the initial guess of a second. */
static void silence_is_judged_by_the_measured_round_trip(void **state)
{
	struct network net = {.nature = all_normal, .rtt_ns = MS};
	struct plan *plan = plan_of(1, 1, 10, 1u << TECH_FIN);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_normal, 0);

	(void)state;
	assert_int_equal(r.wrong, 0);
	assert_int_equal(r.sent, 9 + 5 + 1);
	assert_int_equal(r.checks, 1); /* the path worked to the end */
	assert_true(r.elapsed_ns < 600 * MS);
	plan_free(plan);
}

static void shards_scan_only_their_part(void **state)
{
	uint64_t findings = 0;
	struct plan *plan = plan_of(30, 1, 100, 1u << TECH_SYN);

	(void)state;
	for (uint64_t shard = 1; shard <= 4; shard++) {
		struct network net = {.nature = all_normal, .rtt_ns = MS};
		struct scan_conf conf = conf_default(plan);

		plan_shard(plan, shard, 4, &conf.first, &conf.last);
		struct result r = run(plan, &net, &conf, expect_normal, 0);

		assert_int_equal(r.findings, 750);
		assert_int_equal(r.sent, 750);
		assert_int_equal(r.wrong, 0);
		findings += r.findings;
	}
	assert_int_equal(findings, plan->total);
	plan_free(plan);
}

static void a_stopped_scan_says_what_it_knows_and_no_more(void **state)
{
	struct network net = {.nature = mixed, .rtt_ns = MS};
	struct plan *plan = plan_of(40, 1, 500, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_mixed, 4000);

	(void)state;
	assert_true(r.sent >= 4000 && r.sent < 4600);
	assert_int_equal(r.hosts, 40);
	assert_true(r.findings > 1000 && r.findings < 4600);
	assert_int_equal(r.wrong, 0);
	assert_true(r.partial >= 30);
	plan_free(plan);
}

/* While the first window waits for the answers to its last probes, the next one is to be sent. */
static void a_window_that_may_be_opened_is_not_slept_over(void **state)
{
	struct plan *plan = plan_of(40, 1, 60000, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);
	struct scan scan;

	(void)state;
	scan_init(&scan, plan, &conf, SECOND);
	assert_int_equal(scan_open(&scan, SECOND), 0);
	assert_int_equal(scan_open(&scan, SECOND), -1);
	scan.walk[0].due_ns = SECOND + 50 * MS;
	assert_int_equal(scan_wait_ns(&scan, SECOND), 50 * MS);
	scan.walk[0].pass = 1;
	assert_int_equal(scan_wait_ns(&scan, SECOND), 0);
	assert_int_equal(scan_open(&scan, SECOND), 1);
	/* The second can be done, but not finished before the first. */
	scan.walk[1].done = true;
	assert_int_equal(scan_wait_ns(&scan, 20 * SECOND), 0);
	scan.walk[0].due_ns = 20 * SECOND + 50 * MS;
	assert_int_equal(scan_wait_ns(&scan, 20 * SECOND), 50 * MS);
	scan.walk[0].due_ns = SECOND + 50 * MS;
	scan.walk[1].done = false;
	scan.walk[1].due_ns = SECOND + 60 * MS;
	assert_int_equal(scan_wait_ns(&scan, SECOND), 50 * MS);
	scan_fini(&scan);
	plan_free(plan);
}

/* Answers without a probe. */
static void stray_answers_change_nothing(void **state)
{
	struct plan *plan = plan_of(2, 1, 10, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);
	struct scan scan;
	uint32_t cell;
	struct answer a = {.t_ns = SECOND, .reply = REPLY_SYN_ACK, .cell = 3};

	(void)state;
	scan_init(&scan, plan, &conf, SECOND);
	assert_null(scan_answer(&scan, &a, &cell)); /* no window is open */
	assert_int_equal(scan_open(&scan, SECOND), 0);
	assert_null(scan_answer(&scan, &a, &cell)); /* that probe was never sent */
	a.cell = 20;				    /* past the last */
	assert_null(scan_answer(&scan, &a, &cell));
	a.cell = 1 << 20; /* another window */
	assert_null(scan_answer(&scan, &a, &cell));
	(void)sheet_sent(scan.sheet[0], 3, 0, 0);
	a.cell = 3;
	a.reply = REPLY_DATA; /* no answer to a SYN */
	assert_null(scan_answer(&scan, &a, &cell));
	assert_int_equal(scan.stray, 5);
	a.reply = REPLY_RST;
	assert_non_null(scan_answer(&scan, &a, &cell));
	a.reply = REPLY_UNREACH; /* weaker */
	assert_null(scan_answer(&scan, &a, &cell));
	a.reply = REPLY_SYN_ACK; /* stronger: wins */
	assert_non_null(scan_answer(&scan, &a, &cell));
	assert_int_equal(sheet_get(scan.sheet[0], 3), REPLY_SYN_ACK);
	assert_int_equal(sheet_answered(scan.sheet[0]), 1);
	scan_fini(&scan);
	plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_technique_is_right_without_loss),
		cmocka_unit_test(an_answering_host_is_done_with_its_last_answer),
		cmocka_unit_test(mixed_hosts_over_several_windows_come_in_order),
		cmocka_unit_test(silence_gets_its_attempts_and_no_more),
		cmocka_unit_test(silence_is_judged_by_the_measured_round_trip),
		cmocka_unit_test(shards_scan_only_their_part),
		cmocka_unit_test(a_stopped_scan_says_what_it_knows_and_no_more),
		cmocka_unit_test(a_window_that_may_be_opened_is_not_slept_over),
		cmocka_unit_test(stray_answers_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
