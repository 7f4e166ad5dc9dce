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

/* An independent token bucket, which must never overflow: between any two times, no more packets
 * are sent than the rate allows in that time plus `burst`. */
struct gauge {
	double rate_pps, burst, level;
	uint64_t at_ns, first_ns;
	uint64_t count, after_first;
};

static void gauge_add(struct gauge *g, unsigned count, uint64_t now_ns)
{
	g->level -= (double)(now_ns - g->at_ns) * g->rate_pps / 1e9;
	if (g->level < 0 || g->count == 0)
		g->level = 0;
	g->level += count;
	g->at_ns = now_ns;
	if (g->count == 0)
		g->first_ns = now_ns;
	else
		g->after_first += count;
	g->count += count;
	assert_true(g->level <= g->burst + 0.001);
}

/* Sends `count` packets at a rate, by a clock whose wake-ups are late: usually by 0.1 ms at most,
 * sometimes by `late_ns`. */
static struct gauge paced(double rate_pps, uint64_t count, uint64_t late_ns)
{
	const struct pacer_conf conf = {0, rate_pps, rate_pps};
	struct gauge gauge = {.rate_pps = rate_pps, .burst = 1 + rate_pps * 0.004};
	struct pacer pacer;
	uint64_t now_ns = SECOND;

	random_state = 5;
	pacer_init(&pacer, &conf, now_ns);
	now_ns += 3 * SECOND; /* what is done before anything may be sent */
	while (gauge.count < count) {
		unsigned sent = pacer_budget(&pacer, now_ns, 512);

		pacer_sent(&pacer, sent, sent, 0, now_ns);
		if (sent)
			gauge_add(&gauge, sent, now_ns);
		now_ns += pacer_wait_ns(&pacer, now_ns);
		now_ns += chance(0.01) ? late_ns : random_next() % 100000;
	}
	return gauge;
}

static const double rates[] = {1e-2, 0.5, 1,	2.5,   100,    900,    1000,
			       1100, 4e3, 10e3, 99999, 100001, 300000, 1e6};

/* Late wake-ups are made up for: the mean is what was asked for, at any rate. */
static void the_mean_is_the_rate(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		const struct gauge g = paced(rates[i], 2000 + (uint64_t)(rates[i] * 3), 100000);
		const double mean = (double)g.after_first * 1e9 / (double)(g.at_ns - g.first_ns);

		assert_true(mean > 0.997 * rates[i] && mean < 1.003 * rates[i]);
	}
}

/* For any delay: never more than 4 ms' worth above the rate, also not after a pause or at the
 * beginning. */
static void no_burst_is_longer_than_4_ms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		for (uint64_t late_ns = MS; late_ns <= 1000 * MS; late_ns *= 10)
			(void)paced(rates[i], 2000, late_ns);
}

/* No probe was due for a while, so none is late: sending continues with one probe. */
static void what_was_not_due_is_not_made_up_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		const struct pacer_conf conf = {0, rates[i], rates[i]};
		struct pacer pacer;

		pacer_init(&pacer, &conf, SECOND);
		/* Windows are prepared: that takes time. */
		assert_int_equal(pacer_budget(&pacer, 1000 * SECOND, 512), 1);
		pacer_sent(&pacer, 1, 1, 0, 1000 * SECOND);
		assert_int_equal(pacer_budget(&pacer, 1000 * SECOND + 1, 512), 0);
		pacer_idle(&pacer);
		assert_int_equal(pacer_budget(&pacer, 1300 * SECOND + 2, 512), 1);
		pacer_sent(&pacer, 1, 1, 0, 1300 * SECOND + 2);
		/* But an attempt that was just sent is still waited for. */
		pacer_idle(&pacer);
		assert_int_equal(pacer_budget(&pacer, 1300 * SECOND + 4, 512), 0);
	}
}

static enum nature all_silent(uint64_t rank)
{
	(void)rank;
	return ALL_SILENT;
}

static unsigned expect_silent(uint64_t rank, const struct finding *f)
{
	(void)rank;
	return technique_table[f->technique].rules[REPLY_SILENCE].state;
}

/* All of a pass is silent, and then all of it is due again at once: that is no backlog. */
static void a_pass_begins_without_a_burst(void **state)
{
	struct plan *plan = plan_of(1, 1, 100, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);
	uint64_t now_ns = SECOND;
	struct walk *walk;
	unsigned budget;
	struct scan scan;

	(void)state;
	conf.pace = (struct pacer_conf){0, 10000, 10000};
	scan_init(&scan, plan, &conf, now_ns);
	assert_int_equal(scan_open(&scan, now_ns), 0);
	/* The first pass, with its neighbours asked for before it. */
	now_ns += SECOND;
	for (unsigned sent = 0; sent < 100; now_ns += 100000) {
		struct probe probe;

		walk = scan_turn(&scan, now_ns, &budget);
		assert_true(walk && budget == 1);
		assert_true(walk_next(walk, now_ns, &probe));
		walk_sent(walk, &probe, now_ns);
		scan_sent(&scan, walk, 1, 0, now_ns);
		sent++;
	}
	walk = scan_turn(&scan, now_ns, &budget);
	assert_false(walk_next(walk, now_ns, &(struct probe){0}));
	scan_sent(&scan, walk, 0, 0, now_ns);
	assert_null(scan_turn(&scan, now_ns, &budget));
	now_ns += 10 * SECOND;
	assert_non_null(scan_turn(&scan, now_ns, &budget));
	assert_int_equal(budget, 1);
	scan_fini(&scan);
	plan_free(plan);
}

/* The first pass of a window is through: the next is not slept before. */
static void the_next_window_is_not_waited_for(void **state)
{
	struct network net = {.nature = all_silent, .rtt_ns = MS};
	struct plan *plan = plan_of(60, 1, 50000, 1u << TECH_FIN);
	struct scan_conf conf = conf_default(plan);

	(void)state;
	conf.pace = (struct pacer_conf){0, 1e6, 1e6};
	conf.rst_retries = false;
	conf.tries[TECH_FIN] = 1;
	struct result r = run(plan, &net, &conf, expect_silent, 0);

	assert_int_equal(r.sent, 3000000);
	/* The last have a second to answer. */
	assert_true(r.elapsed_ns >= 4000 * MS && r.elapsed_ns < 4020 * MS);
	plan_free(plan);
}

/* That nothing is left to send is seen without a probe's leave to go. */
static void the_end_is_not_paced(void **state)
{
	struct network net = {.nature = all_silent, .rtt_ns = MS};
	struct plan *plan = plan_of(1, 1, 2, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);

	(void)state;
	conf.pace = (struct pacer_conf){0, 0.01, 0.01};
	conf.rst_retries = false;
	conf.tries[TECH_SYN] = 1;
	struct result r = run(plan, &net, &conf, expect_silent, 0);

	assert_int_equal(r.sent, 2);
	assert_true(r.elapsed_ns >= 101 * SECOND && r.elapsed_ns < 102 * SECOND);
	plan_free(plan);
}

static void the_tempo_is_measured(void **state)
{
	struct tempo steady = {0}, uneven = {0}, slow = {0};

	(void)state;
	assert_true(tempo_mean(&steady) == 0 && tempo_variance(&steady) == 0);
	/* 100 packets each 1 ms for 10 s, of which a part was idle. */
	for (unsigned i = 0; i < 10000; i++) {
		tempo_sent(&steady, 100, SECOND + i * MS);
		if (i == 5000) {
			tempo_idle(&steady);
			i += 1000;
		}
	}
	assert_float_equal(tempo_mean(&steady), 100000, 1e-6);
	assert_float_equal(tempo_variance(&steady), 0, 1e-3);
	assert_in_range(steady.intervals, 448, 450);
	/* 10 and 30 packets by turns in 20 ms: 500/s and 1500/s. */
	for (unsigned i = 0; i <= 100; i++)
		tempo_sent(&uneven, i % 2 ? 10 : 30, SECOND + i * 20 * MS);
	assert_int_equal(uneven.intervals, 100);
	assert_float_equal(tempo_mean(&uneven), 1000, 1e-6);
	assert_float_equal(tempo_variance(&uneven), 250000, 1e-3);
	/* A probe in 100 s; turns without one, or one that is idle, are no interval. */
	for (unsigned i = 0; i < 4; i++) {
		tempo_sent(&slow, 1, SECOND + i * 100 * SECOND);
		tempo_sent(&slow, 0, 51 * SECOND + i * 100 * SECOND);
		if (i == 2)
			tempo_idle(&slow);
	}
	assert_int_equal(slow.intervals, 2);
	assert_float_equal(tempo_mean(&slow), 0.01, 1e-12);
	assert_float_equal(tempo_variance(&slow), 0, 1e-12);
}

/* An outage of the whole network, `dark_ns` long, in a scan at its usual pace. */
static struct result run_dark(double max_pps, uint64_t ports, uint64_t dark_ns, uint8_t tries)
{
	struct network net = {
		.nature = all_normal,
		.rtt_ns = 2 * MS,
		.dark_from_ns = 3 * SECOND,
		.dark_until_ns = 3 * SECOND + dark_ns,
	};
	struct plan *plan = plan_of(4, 1, (unsigned)ports, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);

	conf.pace = (struct pacer_conf){0, max_pps < 5000 ? max_pps : 5000, max_pps};
	for (int t = 0; tries && t < TECHNIQUES; t++)
		conf.tries[t] = tries;
	struct result r = run(plan, &net, &conf, expect_normal, 0);

	assert_int_equal(r.findings, 4 * ports);
	plan_free(plan);
	return r;
}

/* A scan of 10 s whose network is away for a while takes that much longer, at any rate, and calls
 * nothing filtered. Not even a probe without retransmission is lost. */
static void an_outage_costs_its_own_time(void **state)
{
	static const double pps[] = {100, 1000, 10000};
	static const uint64_t dark[] = {100 * MS, 300 * MS, SECOND, 3 * SECOND, 8 * SECOND};

	(void)state;
	for (size_t i = 0; i < sizeof(pps) / sizeof(pps[0]); i++) {
		for (size_t j = 0; j < sizeof(dark) / sizeof(dark[0]); j++) {
			const struct result r =
				run_dark(pps[i], (uint64_t)(pps[i] * 10 / 4), dark[j], 0);

			assert_int_equal(r.wrong, 0);
			assert_true(r.elapsed_ns < 10 * SECOND + dark[j] + 2 * SECOND);
		}
		const struct result once = run_dark(pps[i], (uint64_t)(pps[i] * 10 / 4), SECOND, 1);

		assert_int_equal(once.wrong, 0);
	}
}

/* Outages in a row cost their own time, too, at any length: nothing is filtered for them. */
static void outages_in_a_row_cost_their_own_time(void **state)
{
	static const double pps[] = {100, 1000, 10000};
	static const struct {
		uint64_t dark_ns, every_ns;
	} rows[] = {{SECOND, 4 * SECOND}, {300 * MS, 2 * SECOND}, {50 * MS, 500 * MS}};

	(void)state;
	for (size_t i = 0; i < sizeof(pps) / sizeof(pps[0]); i++) {
		for (size_t j = 0; j < sizeof(rows) / sizeof(rows[0]); j++) {
			const uint64_t ports = (uint64_t)(pps[i] * 10 / 4);
			struct network net = {
				.nature = all_normal,
				.rtt_ns = 2 * MS,
				.dark_from_ns = 2 * SECOND,
				.dark_until_ns = 2 * SECOND + rows[j].dark_ns,
				.dark_every_ns = rows[j].every_ns,
			};
			struct plan *plan = plan_of(4, 1, (unsigned)ports, 1u << TECH_SYN);
			struct scan_conf conf = conf_default(plan);

			conf.pace = (struct pacer_conf){0, pps[i] < 5000 ? pps[i] : 5000, pps[i]};
			struct result r = run(plan, &net, &conf, expect_normal, 0);

			assert_int_equal(r.findings, 4 * ports);
			assert_int_equal(r.wrong, 0);
			assert_int_equal(r.partial, 0);
			assert_true(r.elapsed_ns < 20 * SECOND);
			plan_free(plan);
		}
	}
}

/* A network that does not come back ends the scan: what was not answered has no verdict. */
static void an_outage_without_end_is_no_verdict(void **state)
{
	static const double pps[] = {100, 1000, 10000};
	static const uint64_t dead[] = {2 * SECOND, 6 * SECOND, 10900 * MS};

	(void)state;
	for (size_t i = 0; i < sizeof(pps) / sizeof(pps[0]); i++) {
		for (size_t j = 0; j < 2 * sizeof(dead) / sizeof(dead[0]); j++) {
			const uint64_t ports = (uint64_t)(pps[i] * 10 / 4);
			struct network net = {
				.nature = all_normal,
				.rtt_ns = 2 * MS,
				.dead_from_ns = dead[j / 2],
			};
			struct plan *plan = plan_of(4, 1, (unsigned)ports, 1u << TECH_SYN);
			struct scan_conf conf = conf_default(plan);

			conf.pace = (struct pacer_conf){0, pps[i] < 5000 ? pps[i] : 5000, pps[i]};
			for (int t = 0; j % 2 && t < TECHNIQUES; t++)
				conf.tries[t] = 1;
			struct result r = run(plan, &net, &conf, expect_normal, 0);

			/* Fewer missing answers than tell an outage from chance are none. */
			if (dead[j / 2] + 48 * SECOND / (uint64_t)pps[i] > 11 * SECOND) {
				plan_free(plan);
				continue;
			}
			assert_int_equal(r.wrong, 0);
			assert_int_equal(r.partial, 4);
			assert_true(r.findings < 4 * ports);
			assert_true(r.elapsed_ns < dead[j / 2] - SECOND + 12 * SECOND);
			plan_free(plan);
		}
	}
}

/* The same once there were too many: only longer silence is taken for an outage then. */
static void the_last_of_many_outages_is_no_verdict(void **state)
{
	struct network net = {
		.nature = all_normal,
		.rtt_ns = 2 * MS,
		.dark_from_ns = 2 * SECOND,
		.dark_until_ns = 4 * SECOND,
		.dark_every_ns = 4 * SECOND,
		.dead_from_ns = 100 * SECOND,
	};
	struct plan *plan = plan_of(4, 1, 65535, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);

	(void)state;
	conf.pace = (struct pacer_conf){0, 1000, 1000};
	struct result r = run(plan, &net, &conf, expect_normal, 0);

	assert_int_equal(r.wrong, 0);
	assert_int_equal(r.partial, 4);
	assert_true(r.elapsed_ns < 130 * SECOND);
	plan_free(plan);
}

static enum nature all_filtered(uint64_t rank)
{
	(void)rank;
	return MOSTLY_FILTERED;
}

static unsigned expect_mostly_filtered(uint64_t rank, const struct finding *f)
{
	(void)rank;
	return f->port % 500 == 0 ? PORT_OPEN : PORT_FILTERED;
}

/* Where few ports answer, silence is usual: checks tell it from an outage, of a second or for good,
 * at any time. */
static void an_outage_is_found_where_few_ports_answer(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		const uint64_t at_ns = 1500 * MS + i / 2 * SECOND;
		struct network net = {.nature = all_filtered, .rtt_ns = 2 * MS};
		struct plan *plan = plan_of(1, 1, 5000, 1u << TECH_SYN);
		struct scan_conf conf = conf_default(plan);
		struct result r;

		conf.pace = (struct pacer_conf){0, 1000, 1000};
		if (i % 2)
			net.dead_from_ns = at_ns;
		net.dark_from_ns = at_ns;
		net.dark_until_ns = at_ns + SECOND;
		r = run(plan, &net, &conf, expect_mostly_filtered, 0);
		assert_int_equal(r.wrong, 0);
		assert_int_equal(r.partial, i % 2);
		assert_true(i % 2 || r.findings == 5000);
		assert_true(r.checks < 5 * r.elapsed_ns / SECOND + 200);
		plan_free(plan);
	}
}

static enum nature all_limited_by_second(uint64_t rank)
{
	(void)rank;
	return RST_LIMITED_BY_SECOND;
}

static unsigned expect_closed(uint64_t rank, const struct finding *f)
{
	(void)rank;
	(void)f;
	return PORT_CLOSED;
}

/* A limit of RSTs that looks like an outage in each second. */
static void a_limit_by_the_second_does_not_hold_the_scan(void **state)
{
	struct network net = {.nature = all_limited_by_second, .rtt_ns = 2 * MS, .rst_tokens = 200};
	struct plan *plan = plan_of(1, 1, 20000, 1u << TECH_SYN);
	struct scan_conf conf = conf_default(plan);
	struct result r = run(plan, &net, &conf, expect_closed, 0);

	(void)state;
	assert_int_equal(r.findings, 20000);
	assert_int_equal(r.wrong, 0);
	/* It allows 200 a second. */
	assert_true(r.elapsed_ns < 150 * SECOND);
	plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rate_finds_the_bottleneck),
		cmocka_unit_test(a_lucky_start_does_not_stall),
		cmocka_unit_test(a_loss_that_is_not_the_rates_does_not_stall),
		cmocka_unit_test(max_rate_is_kept),
		cmocka_unit_test(an_outage_costs_its_own_time),
		cmocka_unit_test(outages_in_a_row_cost_their_own_time),
		cmocka_unit_test(an_outage_without_end_is_no_verdict),
		cmocka_unit_test(the_last_of_many_outages_is_no_verdict),
		cmocka_unit_test(an_outage_is_found_where_few_ports_answer),
		cmocka_unit_test(a_limit_by_the_second_does_not_hold_the_scan),
		cmocka_unit_test(the_mean_is_the_rate),
		cmocka_unit_test(no_burst_is_longer_than_4_ms),
		cmocka_unit_test(what_was_not_due_is_not_made_up_for),
		cmocka_unit_test(a_pass_begins_without_a_burst),
		cmocka_unit_test(the_next_window_is_not_waited_for),
		cmocka_unit_test(the_end_is_not_paced),
		cmocka_unit_test(the_tempo_is_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
