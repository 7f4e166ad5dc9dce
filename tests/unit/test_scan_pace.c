/* The pace of whole scans: up while nothing is lost, no faster than asked for. */
#include "scan_lab.h"

static void the_rate_finds_the_bottleneck(void **state)
{
	struct network net = {.nature = all_normal, .rtt_ns = 2 * MS, .capacity_pps = 30000};
	struct plan *plan = plan_of(40, 1, 5000, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_normal, 0);

	(void)state;
	assert_int_equal(r.findings, 200000);
	assert_true(r.wrong <= 2);
	/* At 400,000 a second all the way, 13 of 14 would be lost, four times over. */
	assert_true(r.sent < 210000);
	assert_true(r.elapsed_ns < 20 * SECOND);
	plan_free(plan);
}

/* Every tenth port is dropped, and by chance the first two dozen answer: that is no loss. */
static void a_lucky_start_does_not_stall(void **state)
{
	struct pacer pacer;
	const struct pacer_conf conf = {0, 5000, 400000};
	uint64_t now_ns = SECOND, sent = 0, answered = 0;

	(void)state;
	pacer_init(&pacer, &conf, now_ns);
	while (now_ns < 3 * SECOND) {
		unsigned count = pacer_budget(&pacer, now_ns, 512);

		pacer_sent(&pacer, count, count, 0, now_ns);
		for (unsigned i = 0; i < count; i++, sent++)
			if (sent < 24 || sent % 10 != 0) {
				pacer_answered(&pacer, now_ns, 100000);
				answered++;
			}
		now_ns += 100000;
	}
	assert_true(pacer.rate_pps > 300000);
	assert_true(answered < sent);
}

/* A share that falls for a reason of its own, at any rate: the rate comes back. */
static void a_loss_that_is_not_the_rates_does_not_stall(void **state)
{
	struct pacer pacer;
	const struct pacer_conf conf = {0, 5000, 400000};
	uint64_t now_ns = SECOND, sent = 0;

	(void)state;
	pacer_init(&pacer, &conf, now_ns);
	while (now_ns < 5 * SECOND) {
		unsigned count = pacer_budget(&pacer, now_ns, 512);

		pacer_sent(&pacer, count, count, 0, now_ns);
		for (unsigned i = 0; i < count; i++, sent++)
			if (sent < 20000 || sent % 3 == 0)
				pacer_answered(&pacer, now_ns, 100000);
		now_ns += 100000;
	}
	assert_true(pacer.rate_pps > 300000);
}

static void max_rate_is_kept(void **state)
{
	struct network net = {.nature = all_normal, .rtt_ns = MS};
	struct plan *plan = plan_of(1, 1, 3000, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);

	(void)state;
	conf.pace = (struct pacer_conf){0, 1000, 1000};
	struct result r = run(plan, &net, &conf, expect_normal, 0);

	assert_true(r.elapsed_ns > 2900 * MS && r.elapsed_ns < 3200 * MS);
	/* A probe in 100 s. */
	conf.pace = (struct pacer_conf){0, 0.01, 0.01};
	plan_free(plan);
	plan = plan_of(1, 1, 10, 1u << TECH_SYN);
	conf.last = plan->total;
	r = run(plan, &net, &conf, expect_normal, 0);
	assert_true(r.elapsed_ns > 899 * SECOND && r.elapsed_ns < 1001 * SECOND);
	assert_int_equal(r.wrong, 0);
	plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rate_finds_the_bottleneck),
		cmocka_unit_test(a_lucky_start_does_not_stall),
		cmocka_unit_test(a_loss_that_is_not_the_rates_does_not_stall),
		cmocka_unit_test(max_rate_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
