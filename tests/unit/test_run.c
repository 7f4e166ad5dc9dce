/* A whole scan from C: a request, an observer, a sink and a small engine; no command line. */
#include "engine_lab.h"

#include <stdio.h>

#include "recording_sink.h"
#include "run/scan_driver.h"

/* The calls that an observer received. */
struct recording {
	unsigned warnings, news, progress, stopping;
	uint64_t discovered;
	char warning[200], line[200];
	struct scan_progress last;
};

static void record_warning(void *context, const char *text)
{
	struct recording *r = context;

	r->warnings++;
	snprintf(r->warning, sizeof(r->warning), "%s", text);
}

static void record_news(void *context, const char *text)
{
	struct recording *r = context;

	r->news++;
	snprintf(r->line, sizeof(r->line), "%s", text);
}

static bool record_due(void *context, uint64_t now_ns)
{
	(void)context;
	(void)now_ns;
	return true;
}

static void record_progress(void *context, const struct scan_progress *progress, uint64_t now_ns)
{
	struct recording *r = context;

	(void)now_ns;
	assert_true(progress->settled <= progress->total);
	assert_true(progress->hosts_done >= r->last.hosts_done);
	r->progress++;
	r->last = *progress;
}

static void record_discovered(void *context, const struct plan_probe *ports, unsigned count)
{
	struct recording *r = context;

	assert_true(count > 0);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(ports[i].port % 10, 0);
	r->discovered += count;
}

static void record_stopping(void *context)
{
	struct recording *r = context;

	r->stopping++;
}

/* One scan of eight hosts, from start to end. */
struct whole {
	struct scan_request request;
	struct recording seen;
	struct recording_sink sink;
	struct run_summary summary;
	struct failure f;
	int result, sink_error;
	uint64_t findings, wrong;
	unsigned techniques;
};

static void judge_hosts(struct whole *w, const struct plan *plan)
{
	for (size_t h = 0; h < w->sink.hosts; h++) {
		const struct host_report *host = &w->sink.host[h];
		uint64_t rank;

		assert_true(plan_find_host(plan, host->addr, &rank));
		assert_int_equal(rank, h);
		for (size_t i = 0; i < host->count; i++) {
			w->findings++;
			w->wrong +=
				host->findings[i].state != expect_mixed(rank, &host->findings[i]);
		}
	}
}

static void run_whole(struct whole *w)
{
	const char *targets[] = {"198.18.0.0/29"};
	const struct observer observer = {
		.context = &w->seen,
		.warning = record_warning,
		.news = record_news,
		.progress_due = record_due,
		.progress = record_progress,
		.discovered = record_discovered,
		.stopping = record_stopping,
	};
	const struct run_context run = {
		.observer = &observer,
		.sink = &w->sink.sink,
		.interrupts = &lab.interrupts,
		.now_ns = lab_now_ns,
		.wall_offset_ns = 1000 * SECOND,
		.seed = 7,
		.version = "test",
		.args = "none",
	};
	struct scan_setup setup;
	struct scan_driver driver;

	w->sink.sink.ops = &recording_ops;
	w->request.targets = (struct words){targets, 1};
	w->request.engine = &lab_row;
	w->request.timing = 3;
	random_state = 99;
	lab.now_ns = SECOND;
	lab.net.filled_ns = lab.net.icmp_ns = lab.net.rst_ns = lab.now_ns;
	lab.net.icmp_tokens = 6;
	assert_int_equal(scan_setup_init(&setup, &w->request, run.seed, &observer, &w->f), 0);
	assert_int_equal(scan_driver_open(&driver, &setup, &run, &w->f), 0);
	w->result = scan_driver_run(&driver, &w->f);
	w->techniques = setup.techniques;
	w->summary = driver.summary;
	w->sink_error = driver.sink_error;
	judge_hosts(w, setup.plan);
	scan_driver_close(&driver);
	scan_setup_fini(&setup);
	assert_int_equal(lab.opened, 1);
	assert_int_equal(lab.closed, 1);
	assert_int_equal(w->sink.begun, 1);
	assert_int_equal(w->sink.ended, 1);
	assert_string_equal(w->sink.run.engine, "lab");
	assert_memory_equal(&w->summary, &w->sink.summary, sizeof(w->summary));
}

static int lab_reset(void **state)
{
	(void)state;
	memset(&lab, 0, sizeof(lab));
	lab.net = (struct network){.nature = mixed, .rtt_ns = MS};
	return 0;
}

static void a_whole_scan_needs_no_command_line(void **state)
{
	struct whole w = {.request.ports = "1-200", .request.has_seed = true};

	(void)state;
	lab.news = "the lab is open";
	lab.refuse_every = 97;
	run_whole(&w);
	assert_int_equal(w.result, 0);
	assert_false(w.summary.partial);
	assert_int_equal(w.techniques, 1u << TECH_SYN); /* the row's default */
	assert_int_equal(w.sink.hosts, 8);
	assert_int_equal(w.findings, 6 * 200); /* none of the two dead */
	assert_int_equal(w.wrong, 0);
	assert_int_equal(w.summary.hosts_up, 4);
	assert_int_equal(w.summary.hosts_down, 2);
	assert_int_equal(w.summary.hosts_silent, 2);
	/* Of four hosts that answer, every tenth port, as it was found. */
	assert_int_equal(w.seen.discovered, 4 * 20);
	assert_int_equal(w.seen.news, 1);
	assert_string_equal(w.seen.line, "the lab is open");
	assert_int_equal(w.seen.warnings, 0);
	assert_int_equal(w.seen.stopping, 0);
	assert_true(w.seen.progress > 10);
	assert_int_equal(w.seen.last.total, 8 * 200);
	/* What the kernel refused was sent later, and is no attempt. */
	assert_true(w.summary.send_errors > 0);
	assert_int_equal(w.summary.probes_sent, lab.stats.sent);
	assert_int_equal(w.summary.probes_sent, 4 * 200 + 2 * 200 * 4 + lab.checks);
	/* Five a second while only two hosts that are silent are probed. */
	assert_in_range(lab.checks, 1, 10);
	assert_true(w.sink.host[0].start_ns > 1000 * SECOND);
	recording_sink_fini(&w.sink);
}

static void loss_and_several_techniques_change_nothing_but_the_cost(void **state)
{
	struct whole w = {
		.request.ports = "1-300",
		.request.techniques = 1u << TECH_SYN | 1u << TECH_FIN,
	};

	(void)state;
	lab.net.loss = 0.01;
	run_whole(&w);
	assert_int_equal(w.result, 0);
	assert_int_equal(w.findings, 6 * 600);
	assert_true(w.wrong <= 5);
	assert_true(w.summary.probes_retried > 0);
	recording_sink_fini(&w.sink);
}

static enum nature none_limits(uint64_t rank)
{
	(void)rank;
	return OPEN_AT_MULTIPLES_OF_10;
}

static enum nature all_limit(uint64_t rank)
{
	(void)rank;
	return ICMP_LIMITED;
}

static unsigned hosts_with(const struct whole *w, uint32_t note)
{
	unsigned count = 0;

	for (unsigned i = 0; i < w->sink.hosts; i++)
		count += (w->sink.host[i].notes & note) != 0;
	return count;
}

/* Answers that were under way when a pass ended are no sign of a limited rate; those that only
 * come at the host's own pace are. */
static void a_rate_limit_is_noted_where_there_is_one(void **state)
{
	static const uint64_t rtts_ns[] = {MS / 20, 3 * MS, 20 * MS, 300 * MS};

	for (size_t i = 0; i < sizeof(rtts_ns) / sizeof(rtts_ns[0]); i++) {
		struct whole w = {.request = {.ports = "U:1-9", .techniques = 1u << TECH_UDP}};

		lab_reset(state);
		lab.net.nature = none_limits;
		lab.net.rtt_ns = rtts_ns[i];
		run_whole(&w);
		assert_int_equal(w.result, 0);
		assert_int_equal(hosts_with(&w, HOST_RATE_LIMITED), 0);
		recording_sink_fini(&w.sink);

		w = (struct whole){.request = {.ports = "U:1-9", .techniques = 1u << TECH_UDP}};
		lab_reset(state);
		lab.net.nature = all_limit;
		lab.net.rtt_ns = rtts_ns[i];
		run_whole(&w);
		assert_int_equal(w.result, 0);
		assert_true(hosts_with(&w, HOST_RATE_LIMITED) > 0);
		recording_sink_fini(&w.sink);
	}
}

static void an_interruption_ends_the_sending_and_keeps_what_was_found(void **state)
{
	struct whole w = {.request.ports = "1-200"};

	(void)state;
	lab.stop_after = 500;
	lab.interruptions = 1;
	run_whole(&w);
	assert_int_equal(w.result, 0);
	assert_true(w.summary.partial);
	assert_string_equal(w.summary.stopped_why, "interrupted");
	assert_int_equal(w.seen.stopping, 1);
	assert_int_equal(lab.sent_after_stop, 0);
	assert_int_equal(w.sink.hosts, 8);
	assert_int_equal(w.wrong, 0);
	/* The answers on their way were waited for. */
	assert_true(w.summary.replies_valid > 0);
	assert_int_equal(w.summary.replies_valid, lab.stats.received);
	recording_sink_fini(&w.sink);
}

static void a_second_interruption_waits_for_nothing(void **state)
{
	struct whole w = {.request.ports = "1-200"};

	(void)state;
	lab.stop_after = 500;
	lab.interruptions = 2;
	lab.net.rtt_ns = SECOND / 2;
	run_whole(&w);
	assert_int_equal(w.result, 0);
	assert_true(w.summary.partial);
	assert_true(w.summary.elapsed_ns < SECOND / 2);
	assert_int_equal(w.summary.replies_valid, 0);
	assert_int_equal(w.sink.hosts, 8);
	recording_sink_fini(&w.sink);
}

/* The link is away from 1.05 s on: with 8 hosts and 300 ports at 1,000 a second. */
static void link_away(struct whole *w, uint64_t span_ns)
{
	w->request.ports = "1-300";
	w->request.max_rate_pps = 1000;
	w->request.has_max_retries = true;
	w->request.max_retries = 1;
	lab.lost_from_ns = lab.net.dark_from_ns = 1050 * MS;
	lab.lost_until_ns = lab.net.dark_until_ns = lab.lost_from_ns + span_ns;
	run_whole(w);
}

static void a_lost_path_is_waited_for(void **state)
{
	struct whole w = {.result = 0}, undisturbed = {.result = 0};

	link_away(&undisturbed, 0);
	lab_reset(state);
	link_away(&w, 5 * SECOND);
	assert_int_equal(w.result, 0);
	assert_false(w.summary.partial);
	assert_int_equal(w.findings, 6 * 300);
	assert_int_equal(w.wrong, 0);
	assert_int_equal(w.seen.warnings, 0);
	assert_int_equal(w.seen.news, 2);
	assert_non_null(strstr(w.seen.line, "the path is back after 5.0 s"));
	assert_true(w.summary.elapsed_ns >= undisturbed.summary.elapsed_ns + 5 * SECOND);
	assert_true(w.summary.elapsed_ns < undisturbed.summary.elapsed_ns + 5200 * MS);
	recording_sink_fini(&undisturbed.sink);
	recording_sink_fini(&w.sink);
}

static void a_path_that_stays_away_ends_the_scan_as_partial(void **state)
{
	struct whole w = {.result = 0};

	(void)state;
	link_away(&w, 1000 * SECOND);
	assert_int_equal(w.result, 0);
	assert_true(w.summary.partial);
	assert_string_equal(w.summary.stopped_why, "path lost");
	assert_int_equal(w.seen.warnings, 1);
	assert_non_null(strstr(w.seen.warning, "the simulated link is away"));
	assert_int_equal(w.sink.hosts, 8);
	/* What has no answer has no state either. */
	assert_int_equal(w.wrong, 0);
	assert_true(w.findings < 6 * 300);
	assert_true(w.summary.elapsed_ns < 11 * SECOND);
	recording_sink_fini(&w.sink);
}

/* As where a router far away dies: no engine can know. */
static void a_network_that_dies_ends_the_scan_as_partial(void **state)
{
	struct whole w = {.request.ports = "1-300", .request.max_rate_pps = 1000};

	(void)state;
	lab.net.dead_from_ns = 1300 * MS;
	run_whole(&w);
	assert_int_equal(w.result, 0);
	assert_true(w.summary.partial);
	assert_string_equal(w.summary.stopped_why, "no answers");
	assert_int_equal(w.seen.warnings, 1);
	assert_non_null(strstr(w.seen.warning, "nothing answers any more, for 10 s"));
	assert_int_equal(w.sink.hosts, 8);
	assert_int_equal(w.wrong, 0);
	assert_true(w.findings < 6 * 300);
	assert_true(w.summary.elapsed_ns < 13 * SECOND);
	recording_sink_fini(&w.sink);
}

static void a_failed_engine_is_reported_and_asked_no_more(void **state)
{
	struct whole w = {.request.ports = "1-200"};

	(void)state;
	lab.fail_after = 700;
	run_whole(&w);
	assert_int_equal(w.result, -1);
	assert_int_equal(w.f.exit_code, EXIT_UNAVAILABLE);
	assert_string_equal(w.f.text, "the simulated link is down");
	assert_true(w.summary.partial);
	assert_string_equal(w.summary.stopped_why, "failed");
	assert_int_equal(w.sink.hosts, 8); /* with what is known of them */
	assert_int_equal(w.wrong, 0);
	recording_sink_fini(&w.sink);
}

static void a_sink_that_takes_nothing_more_ends_the_scan(void **state)
{
	struct whole full = {.request.ports = "1-200", .sink.error = ENOSPC};
	struct whole closed = {.request.ports = "1-200", .sink.error = EPIPE};

	(void)state;
	run_whole(&full);
	assert_int_equal(full.result, -1);
	assert_int_equal(full.f.exit_code, EXIT_IO);
	assert_non_null(strstr(full.f.text, "cannot write to \"the recording\": "));
	assert_int_equal(lab.stats.sent, 0);
	recording_sink_fini(&full.sink);

	/* The reader closed the pipe: that is not a failure. */
	lab_reset(NULL);
	run_whole(&closed);
	assert_int_equal(closed.result, 0);
	assert_int_equal(closed.sink_error, EPIPE);
	assert_true(closed.summary.partial);
	assert_int_equal(lab.stats.sent, 0);
	recording_sink_fini(&closed.sink);
}

static void what_is_asked_for_in_vain_is_a_warning(void **state)
{
	struct whole w = {.request.ports = "80,U:53"};

	(void)state;
	run_whole(&w);
	assert_int_equal(w.seen.warnings, 1);
	assert_non_null(strstr(w.seen.warning, "U: ports"));
	recording_sink_fini(&w.sink);
}

static void the_same_seed_gives_the_same_records(void **state)
{
	struct whole first = {.request = {.ports = "1-200", .has_seed = true, .seed = 42}};
	struct whole second = first;

	(void)state;
	lab.net.loss = 0.02;
	run_whole(&first);
	lab_reset(NULL);
	lab.net.loss = 0.02;
	run_whole(&second);
	assert_int_equal(first.sink.hosts, second.sink.hosts);
	assert_memory_equal(&first.summary, &second.summary, sizeof(first.summary));
	for (size_t h = 0; h < first.sink.hosts; h++) {
		assert_int_equal(first.sink.host[h].count, second.sink.host[h].count);
		for (size_t i = 0; i < first.sink.host[h].count; i++)
			assert_int_equal(first.sink.host[h].findings[i].t_ns,
					 second.sink.host[h].findings[i].t_ns);
	}
	recording_sink_fini(&first.sink);
	recording_sink_fini(&second.sink);
}

#define TEST(name) cmocka_unit_test_setup(name, lab_reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_whole_scan_needs_no_command_line),
		TEST(loss_and_several_techniques_change_nothing_but_the_cost),
		TEST(a_rate_limit_is_noted_where_there_is_one),
		TEST(an_interruption_ends_the_sending_and_keeps_what_was_found),
		TEST(a_second_interruption_waits_for_nothing),
		TEST(a_lost_path_is_waited_for),
		TEST(a_path_that_stays_away_ends_the_scan_as_partial),
		TEST(a_network_that_dies_ends_the_scan_as_partial),
		TEST(a_failed_engine_is_reported_and_asked_no_more),
		TEST(a_sink_that_takes_nothing_more_ends_the_scan),
		TEST(what_is_asked_for_in_vain_is_a_warning),
		TEST(the_same_seed_gives_the_same_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
