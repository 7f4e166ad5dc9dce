/* Whole scans of hosts and paths that lose, limit and delay what they should answer. */
#include "scan_lab.h"

static enum nature limited(uint64_t rank)
{
	(void)rank;
	return ICMP_LIMITED;
}

static enum nature limited_and_mute(uint64_t rank)
{
	(void)rank;
	return ICMP_LIMITED_MUTE;
}

static enum nature limited_and_dropping(uint64_t rank)
{
	(void)rank;
	return ICMP_LIMITED_DROPS;
}

static enum nature one_limits_resets(uint64_t rank)
{
	return rank == 1 ? RST_LIMITED : OPEN_AT_MULTIPLES_OF_10;
}

static unsigned expect_mute(uint64_t rank, const struct finding *f)
{
	(void)rank;
	return f->port % 10 == 0 ? PORT_OPEN_FILTERED : PORT_CLOSED;
}

static unsigned expect_drops(uint64_t rank, const struct finding *f)
{
	(void)rank;
	return f->port % 10 == 0 ? PORT_CLOSED : PORT_OPEN_FILTERED;
}

static void losses_are_made_good(void **state)
{
	static const uint8_t techniques[] = {TECH_SYN, TECH_ACK};

	(void)state;
	for (size_t i = 0; i < sizeof(techniques); i++) {
		struct network net = {.nature = all_normal, .rtt_ns = MS, .loss = 0.02};
		struct plan *plan = plan_of(20, 1, 1000, 1u << techniques[i]);
		struct scan_conf conf = conf_default(plan);
		struct result r = run(plan, &net, &conf, expect_normal, 0);

		assert_int_equal(r.findings, 20000);
		/* 0.04^4 of 20,000 is 0.05 ports. */
		assert_true(r.wrong <= 1);
		assert_true(r.sent < 22000);
		plan_free(plan);
	}
}

static void rate_limited_icmp_is_waited_for(void **state)
{
	struct network net = {.nature = limited, .rtt_ns = MS};
	struct plan *plan = plan_of(1, 1, 60, 1u << TECH_UDP);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_normal, 0);

	(void)state;
	assert_int_equal(r.findings, 60);
	assert_int_equal(r.wrong, 0);
	/* 54 closed ports, 6 at once, one a second after; asked without a flood: in five rounds, or
	 * six, which a third of all orders take. */
	assert_true(r.elapsed_ns > 45 * SECOND && r.elapsed_ns < 60 * SECOND);
	assert_true(r.sent < 60 * 7);
	plan_free(plan);
}

/* Wherever a port that never answers stands in the order, the others get their turn. */
static void silent_ports_keep_no_other_from_being_asked(void **state)
{
	(void)state;
	for (unsigned first = 1; first <= 41; first += 10) {
		struct network net = {.nature = limited_and_mute, .rtt_ns = MS};
		struct plan *plan = plan_of(1, first, 20, 1u << TECH_UDP);
		struct scan_conf conf = conf_default(plan);
		struct result r = run(plan, &net, &conf, expect_mute, 0);

		assert_int_equal(r.findings, 20);
		assert_int_equal(r.wrong, 0);
		/* 18 closed ports, 6 at once, one a second after. */
		assert_true(r.elapsed_ns < 20 * SECOND);
		assert_true(r.sent < 20 * 6);
		plan_free(plan);
	}
}

/* Closed ports among many dropped ones: a token is used soon after it is there, or it is wasted. */
static void dropped_ports_cost_a_limited_host_little_time(void **state)
{
	struct network net = {.nature = limited_and_dropping, .rtt_ns = MS};
	struct plan *plan = plan_of(1, 1, 800, 1u << TECH_UDP);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_drops, 0);

	(void)state;
	assert_int_equal(r.findings, 800);
	assert_int_equal(r.wrong, 0);
	assert_int_equal(r.asked_on.hosts, 1);
	assert_int_equal(r.asked_on.round, 0);
	/* 80 closed ports, 6 at once, one a second after, and 720 to be sure of at 100 a second. */
	assert_true(r.elapsed_ns < 100 * SECOND);
	assert_true(r.sent < 800 * 5);
	plan_free(plan);
}

/* FreeBSD and macOS send some 200 RSTs a second: what is silent meanwhile is not filtered. */
static void rate_limited_resets_are_waited_for(void **state)
{
	struct network net = {.nature = one_limits_resets, .rtt_ns = MS};
	struct plan *plan = plan_of(2, 1, 1000, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_normal, 0);

	(void)state;
	assert_int_equal(r.findings, 2000);
	assert_int_equal(r.wrong, 0);
	assert_int_equal(r.asked_on.hosts, 1);
	assert_true(r.asked_on.round >= 1);
	/* 900 closed ports take 4.5 s, twice that by bursts; asked without a flood. */
	assert_true(r.elapsed_ns < 12 * SECOND);
	assert_true(r.sent < 12000);
	/* As many attempts as were asked for, if they were. */
	net = (struct network){.nature = one_limits_resets, .rtt_ns = MS};
	conf.rst_retries = false;
	r = run(plan, &net, &conf, expect_normal, 0);
	assert_true(r.wrong > 500);
	assert_int_equal(r.asked_on.hosts, 0);
	assert_true(r.sent <= 1000 + 4 * 1000);
	plan_free(plan);
}

static void heavy_losses_are_made_good(void **state)
{
	struct network net = {.nature = all_normal, .rtt_ns = MS, .loss = 0.4};
	struct plan *plan = plan_of(20, 1, 1000, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_normal, 0);

	(void)state;
	/* 0.64^4 of 20,000, which four attempts would leave, is 3,355. A host's last port may fall
	 * silent in two rounds by chance: less than one a host. */
	assert_true(r.wrong < 20);
	assert_true(r.sent < 20000 * 3);
	assert_true(r.elapsed_ns < 20 * SECOND);
	plan_free(plan);
}

static uint64_t one_far_away(uint64_t rank)
{
	return rank == 3 ? 600 * MS : 0;
}

static uint64_t one_out_of_reach(uint64_t rank)
{
	return rank == 3 ? 30 * SECOND : 0;
}

/* What a round trip to its neighbours takes says nothing about a host that is far away. */
static void a_slow_host_among_fast_ones_is_waited_for(void **state)
{
	struct network net = {
		.nature = all_normal, .rtt_ns = MS, .extra_rtt_ns = one_far_away, .loss = 0.05};
	struct plan *plan = plan_of(8, 1, 40, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_normal, 0);

	(void)state;
	assert_int_equal(r.findings, 320);
	assert_int_equal(r.wrong, 0);
	assert_true(r.elapsed_ns < 3 * SECOND);
	/* No host is waited for longer than the longest time-out. */
	net = (struct network){
		.nature = all_normal, .rtt_ns = MS, .extra_rtt_ns = one_out_of_reach};
	r = run(plan, &net, &conf, expect_normal, 0);
	assert_int_equal(r.wrong, 40);
	assert_true(r.elapsed_ns < 3 * SECOND);
	plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(losses_are_made_good),
		cmocka_unit_test(rate_limited_icmp_is_waited_for),
		cmocka_unit_test(silent_ports_keep_no_other_from_being_asked),
		cmocka_unit_test(dropped_ports_cost_a_limited_host_little_time),
		cmocka_unit_test(rate_limited_resets_are_waited_for),
		cmocka_unit_test(heavy_losses_are_made_good),
		cmocka_unit_test(a_slow_host_among_fast_ones_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
