/* How many ports a scan says that it may have missed, against how many it has missed, in worlds
 * whose losses are independent or come in bursts. */
#include "base/mix.h"
#include "scan_lab.h"

#define WORLDS	     100
#define WORLDS_RIGHT 93 /* by a bound of 95 % */

static void the_exponential_is_the_inverse_of_the_logarithm(void **state)
{
	(void)state;
	for (double x = 1; x > 1e-200; x /= 7.3) {
		const double again = exponential(logarithm(x)) / x;

		assert_true(again > 1 - 1e-9 && again < 1 + 1e-9);
	}
	assert_true(exponential(0) == 1);
	assert_true(exponential(-1e9) == 0);
}

/* Right unless a port that is open was not found so. */
static unsigned expect_open(uint64_t rank, const struct finding *f)
{
	(void)rank;
	return f->port % 10 == 0 ? PORT_OPEN : f->state;
}

/* And unless a closed one was taken for open|filtered. */
static unsigned expect_closed(uint64_t rank, const struct finding *f)
{
	(void)rank;
	return f->port % 10 == 0 ? f->state : PORT_CLOSED;
}

static double pick(uint64_t number, const double *values, unsigned count)
{
	return values[number % count];
}

/* Loss, attempts and rate differ from world to world. */
static struct result world(uint64_t seed, bool bursty, unsigned technique)
{
	static const double losses[] = {0, 0.005, 0.02, 0.05, 0.1};
	static const double bad_losses[] = {0.5, 0.8, 0.95, 1};
	static const double bad_seconds[] = {0.02, 0.1, 0.3, 1};
	static const double shares[] = {0.005, 0.01, 0.03};
	static const double rates[] = {5000, 10000, 40000};
	const uint64_t number = mix64(seed);
	struct network net = {
		.nature = all_normal,
		.rtt_ns = 5 * MS,
		.seed = number | 1,
		.loss = pick(number, losses, 5),
	};
	struct plan *plan = plan_of(24, 1, 1000, 1u << technique);
	struct scan_conf conf = conf_default(plan);
	struct result r;

	if (bursty) {
		const double bad = pick(number >> 8, bad_seconds, 4);

		net.bursts = (struct bursts){
			.loss = pick(number >> 16, bad_losses, 4),
			.bad_ns = (uint64_t)(bad * 1e9),
			.good_ns = (uint64_t)(bad * 1e9 / pick(number >> 24, shares, 3)),
			.paths = number >> 32 & 1 ? 1 : LAB_PATHS,
		};
	}
	conf.pace.ceiling_pps = pick(number >> 40, rates, 3);
	conf.rst_retries = number >> 44 & 1;
	for (unsigned t = 0; t < TECHNIQUES; t++)
		conf.tries[t] = (uint8_t)(1 + (number >> 48) % 4);
	r = run(plan, &net, &conf, technique == TECH_SYN ? expect_open : expect_closed, 0);
	plan_free(plan);
	return r;
}

static unsigned worlds_right(bool bursty, unsigned technique)
{
	const unsigned kind = technique == TECH_SYN ? CONFIDENCE_OPEN : CONFIDENCE_SILENCE;
	unsigned right = 0;

	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		const struct result r = world(seed, bursty, technique);

		assert_true(r.confidence.known && r.confidence.wrong[kind].known);
		assert_false(r.confidence.wrong[1 - kind].known);
		right += r.wrong <= r.confidence.wrong[kind].most;
	}
	return right;
}

static void the_truth_is_within_the_bound(void **state)
{
	(void)state;
	assert_in_range(worlds_right(false, TECH_SYN), WORLDS_RIGHT, WORLDS);
	assert_in_range(worlds_right(false, TECH_FIN), WORLDS_RIGHT, WORLDS);
}

static void the_truth_is_within_the_bound_in_bursts(void **state)
{
	(void)state;
	assert_in_range(worlds_right(true, TECH_SYN), WORLDS_RIGHT, WORLDS);
	assert_in_range(worlds_right(true, TECH_FIN), WORLDS_RIGHT, WORLDS);
}

/* Numbers by hand: 10,000 ports, a loss of 4 % at each attempt. */
static void even_losses_are_continued(void **state)
{
	struct confidence c = {
		.tries = {[CONFIDENCE_OPEN] = 3},
		.found = {[CONFIDENCE_OPEN] = 10000},
		.seen = {[CONFIDENCE_OPEN] = {96000, 3840, 154}},
	};
	struct run_confidence r = confidence_summary(&c);

	(void)state;
	assert_true(r.known && r.wrong[CONFIDENCE_OPEN].known);
	assert_false(r.wrong[CONFIDENCE_SILENCE].known);
	assert_in_range(r.loss_ppm, 39800, 40200);
	assert_int_equal(r.again, 0);
	/* 0.04 ^ 3 of 10,000 are 0.64. */
	assert_in_range(r.wrong[CONFIDENCE_OPEN].milli, 500, 1500);
	assert_in_range(r.wrong[CONFIDENCE_OPEN].most, 2, 4);
	/* The same, and a fifth of them lost again each time: further attempts fare worse. */
	c.seen[CONFIDENCE_OPEN][1] = 3200;
	c.seen[CONFIDENCE_OPEN][2] = 640;
	r = confidence_summary(&c);
	assert_in_range(r.wrong[CONFIDENCE_OPEN].milli, 13000, 60000);
}

/* What takes all attempts away leaves no trace but in ports that were probed again. */
static void bursts_are_seen_by_asking_again(void **state)
{
	struct confidence c = {
		.tries = {[CONFIDENCE_SILENCE] = 4},
		.found = {[CONFIDENCE_SILENCE] = 8000},
		.seen = {[CONFIDENCE_SILENCE] = {8000}},
	};
	struct run_confidence r;

	(void)state;
	for (unsigned i = 0; i < 995; i++)
		confidence_again(&c, CONFIDENCE_SILENCE, 1, true);
	r = confidence_summary(&c);
	assert_int_equal(r.wrong[CONFIDENCE_SILENCE].most, 0);
	assert_in_range(r.wrong[CONFIDENCE_SILENCE].milli, 0, 100);
	for (unsigned i = 0; i < 5; i++)
		confidence_again(&c, CONFIDENCE_SILENCE, 4, false);
	r = confidence_summary(&c);
	assert_int_equal(r.again, 1000);
	assert_int_equal(r.again_mute, 5);
	assert_int_equal(r.loss_ppm, 556); /* 5 of 9,000 */
	assert_int_equal(r.wrong[CONFIDENCE_SILENCE].milli, 40000);
	/* Of 5, 10.5 are the bound of the mean: 84; and chance. */
	assert_in_range(r.wrong[CONFIDENCE_SILENCE].most, 84, 110);
}

static void without_answers_nothing_is_known(void **state)
{
	struct confidence c = {.tries = {[CONFIDENCE_OPEN] = 4}};

	(void)state;
	assert_false(confidence_summary(&c).known);
	/* Of ports that were sent one probe, those that it did not reach are not seen. */
	c = (struct confidence){
		.tries = {[CONFIDENCE_OPEN] = 1},
		.found = {[CONFIDENCE_OPEN] = 1},
		.seen = {[CONFIDENCE_OPEN] = {1000}},
	};
	assert_false(confidence_summary(&c).known);
}

/* A path without loss: no port is missed, and the sample is a hundredth of the probes. */
static void without_loss_the_bound_is_small_and_cheap(void **state)
{
	struct network net = {.nature = all_normal, .rtt_ns = MS};
	struct plan *plan = plan_of(20, 1, 1000, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_open, 0);

	(void)state;
	assert_int_equal(r.wrong, 0);
	assert_int_equal(r.confidence.loss_ppm, 0);
	assert_int_equal(r.confidence.wrong[CONFIDENCE_OPEN].most, 0);
	assert_in_range(r.confidence.again, 150, 200);
	assert_int_equal(r.sent - r.checks, 20000);
	assert_true(r.checks <= 200);
	plan_free(plan);
	/* A small scan sends nothing more than its probes. */
	plan = plan_of(1, 1, 1000, 1u << TECH_SYN);
	conf = conf_default(plan);
	r = run(plan, &net, &conf, expect_open, 0);
	assert_int_equal(r.sent, 1000);
	assert_int_equal(r.confidence.again, 0);
	assert_true(r.confidence.known);
	plan_free(plan);
}

static enum nature half_limit_resets(uint64_t rank)
{
	return rank % 2 ? RST_LIMITED : OPEN_AT_MULTIPLES_OF_10;
}

/* Hosts that limit their RSTs lose none. */
static void a_limit_is_no_loss(void **state)
{
	struct network net = {.nature = half_limit_resets, .rtt_ns = MS};
	struct plan *plan = plan_of(20, 1, 1000, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_open, 0);

	(void)state;
	assert_int_equal(r.wrong, 0);
	assert_in_range(r.confidence.loss_ppm, 0, 10000);
	assert_in_range(r.confidence.wrong[CONFIDENCE_OPEN].most, 0, 20);
	plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_exponential_is_the_inverse_of_the_logarithm),
		cmocka_unit_test(even_losses_are_continued),
		cmocka_unit_test(bursts_are_seen_by_asking_again),
		cmocka_unit_test(without_answers_nothing_is_known),
		cmocka_unit_test(without_loss_the_bound_is_small_and_cheap),
		cmocka_unit_test(a_limit_is_no_loss),
		cmocka_unit_test(the_truth_is_within_the_bound),
		cmocka_unit_test(the_truth_is_within_the_bound_in_bursts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
