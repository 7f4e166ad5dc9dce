/* Scans that find hosts first, from C: requests, a small engine, a sink; no command line. */
#include "engine_lab.h"

#include <stdio.h>

#include "recording_sink.h"
#include "result/host.h"
#include "run/scan_driver.h"
#include "scan/live_set.h"

/* One scan of 198.18.0.0/24 and of what else is named. */
struct whole {
	struct scan_request request;
	const char *target[3];
	struct recording_sink sink;
	struct run_summary summary;
	struct failure f;
	int result;
	char news[200];
	uint64_t probes_of_ports;
};

static void whole_news(void *context, const char *text)
{
	struct whole *w = context;

	snprintf(w->news, sizeof(w->news), "%s", text);
}

static void run_whole(struct whole *w)
{
	const struct observer observer = {.context = w, .news = whole_news};
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
	size_t count = 0;

	while (count < 3 && w->target[count])
		count++;
	w->sink.sink.ops = &recording_ops;
	w->request.targets = (struct words){w->target, count};
	w->request.engine = &lab_row;
	w->request.timing = 3;
	random_state = 99;
	lab.now_ns = SECOND;
	lab.net.filled_ns = lab.net.icmp_ns = lab.net.rst_ns = lab.now_ns;
	lab.net.icmp_tokens = 6;
	w->result = scan_setup_init(&setup, &w->request, run.seed, &observer, &w->f);
	if (w->result == 0) {
		assert_int_equal(scan_driver_open(&driver, &setup, &run, &w->f), 0);
		w->result = scan_driver_run(&driver, &w->f);
		w->summary = driver.summary;
		w->probes_of_ports = setup.finding ? 0 : setup.plan->total;
		assert_int_equal(lab.opened, lab.closed + 1);
		scan_driver_close(&driver);
		assert_int_equal(w->sink.begun, 1);
		assert_int_equal(w->sink.ended, 1);
	}
	scan_setup_fini(&setup);
}

/* Four of 256 answer. The second stage has a plan of its own, with the ranks of these four. */
static enum nature four_of_many(uint64_t rank)
{
	if (lab.opened == 2 && lab.conf->plan->hosts == 4)
		return OPEN_AT_MULTIPLES_OF_10;
	if (lab.opened == 2 && lab.conf->plan->hosts == 5)
		return rank == 1 ? ALL_SILENT : OPEN_AT_MULTIPLES_OF_10;
	return rank < 256 && rank % 64 == 3 ? OPEN_AT_MULTIPLES_OF_10 : ALL_SILENT;
}

static int lab_reset(void **state)
{
	(void)state;
	memset(&lab, 0, sizeof(lab));
	lab.net = (struct network){.nature = four_of_many, .rtt_ns = MS};
	return 0;
}

static size_t count_status(const struct recording_sink *sink, unsigned wanted)
{
	size_t count = 0;

	for (size_t i = 0; i < sink->hosts; i++)
		count += host_status(&sink->host[i]).state == wanted;
	return count;
}

static void ports_of_hosts_that_are_up(void **state)
{
	struct whole w = {.request.ports = "1-100", .target = {"198.18.0.0/24"}};

	(void)state;
	run_whole(&w);
	assert_int_equal(w.result, 0);
	assert_int_equal(lab.opened, 2);
	assert_int_equal(w.probes_of_ports, 4 * 100);
	assert_int_equal(w.sink.hosts, 256);
	assert_int_equal(w.summary.hosts_up, 4);
	assert_int_equal(w.summary.hosts_down, 252);
	assert_int_equal(w.summary.hosts_total, 256);
	assert_int_equal(count_status(&w.sink, STATUS_UP), 4);
	for (size_t i = 0; i < w.sink.hosts; i++) {
		const struct host_report *host = &w.sink.host[i];
		const bool up = host_status(host).state == STATUS_UP;

		assert_int_equal(host->count, up ? 100 : 0);
		assert_string_equal(host_status(host).reason, up ? "echo-reply" : "no-response");
	}
	/* Both stages are counted: at most seven probes a silent host. */
	assert_true(w.summary.probes_sent >= 4 * 100 + 252 * 4);
	assert_true(w.summary.probes_sent <= 4 * 101 + 252 * 7);
	assert_non_null(strstr(w.news, "4 of 256"));
	recording_sink_fini(&w.sink);
}

static void only_hosts_are_found(void **state)
{
	struct whole w = {.request.pings.only = true, .target = {"198.18.0.0/24"}};

	(void)state;
	run_whole(&w);
	assert_int_equal(w.result, 0);
	assert_int_equal(lab.opened, 1);
	assert_int_equal(w.sink.hosts, 256);
	assert_int_equal(w.summary.hosts_up, 4);
	assert_int_equal(w.summary.hosts_down, 252);
	assert_int_equal(w.sink.run.technique_count, 0);
	for (size_t i = 0; i < w.sink.hosts; i++)
		assert_int_equal(w.sink.host[i].count, 0);
	recording_sink_fini(&w.sink);
}

/* Silent, and named: scanned all the same. */
static void a_named_host_is_scanned_all_the_same(void **state)
{
	struct whole w = {.request.ports = "1-100", .target = {"198.18.0.0/24", "198.18.0.9"}};

	(void)state;
	run_whole(&w);
	assert_int_equal(w.result, 0);
	assert_int_equal(w.probes_of_ports, 5 * 100);
	assert_int_equal(w.summary.hosts_up, 4);
	assert_int_equal(w.summary.hosts_silent, 1);
	assert_int_equal(w.summary.hosts_down, 251);
	recording_sink_fini(&w.sink);
}

/* A scan that discovery would not make cheaper is the one it was. */
static void few_probes_need_no_discovery(void **state)
{
	static const struct {
		const char *target, *ports;
		bool never, found;
	} cases[] = {
		{"198.18.0.0/24", "1-9", false, false},	  /* about as much as to find hosts */
		{"198.18.0.0/30", "1-500", false, false}, /* few in all */
		{"198.18.0.3", "1-65535", false, false},  /* named */
		{"198.18.0.0/24", "1-100", true, false},  /* -Pn */
		{"198.18.0.0/24", "1-100", false, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct whole w = {.request.ports = cases[i].ports,
				  .request.pings.never = cases[i].never,
				  .target = {cases[i].target}};

		(void)lab_reset(NULL);
		run_whole(&w);
		assert_int_equal(w.result, 0);
		assert_int_equal(lab.opened, cases[i].found ? 2 : 1);
		recording_sink_fini(&w.sink);
	}
}

static enum nature no_host(uint64_t rank)
{
	(void)rank;
	return ALL_SILENT;
}

/* No host is there: the scan ends with the discovery. */
static void an_empty_network_ends_with_the_discovery(void **state)
{
	struct whole w = {.request.ports = "1-1000", .target = {"198.18.0.0/24"}};

	(void)state;
	lab.net.nature = no_host;
	run_whole(&w);
	assert_int_equal(w.result, 0);
	assert_int_equal(lab.opened, 1);
	assert_int_equal(w.summary.hosts_down, 256);
	assert_int_equal(w.summary.hosts_total, 256);
	assert_false(w.summary.partial);
	assert_int_equal(w.summary.probes_sent, 256 * 7);
	recording_sink_fini(&w.sink);
}

/* Interrupted while hosts are found: nothing is called down, and no port is scanned. */
static void an_interruption_ends_both_stages(void **state)
{
	struct whole w = {.request.ports = "1-100", .target = {"198.18.0.0/24"}};

	(void)state;
	lab.stop_after = 100;
	lab.interruptions = 1;
	run_whole(&w);
	assert_int_equal(w.result, 0);
	assert_true(w.summary.partial);
	assert_int_equal(lab.opened, 1);
	assert_int_equal(w.summary.hosts_down, 0);
	recording_sink_fini(&w.sink);
}

/* The set in itself: ranges of what is in it, through gaps of the plan, and the reasons. */
static void a_live_set_gives_its_ranges(void **state)
{
	const uint32_t slot = (uint32_t)TECH_ICMP_ECHO << 16;
	const uint64_t seed[2] = {1, 2};
	const struct addr base = addr_from_v4(0xc6120000);
	struct ranges targets = {0}, up = {0};
	struct live_set set;
	struct failure f = {0};
	enum reason reason;
	uint8_t ttl;

	(void)state;
	assert_int_equal(ranges_add(&targets, base, addr_add(base, 9)), 0);
	assert_int_equal(ranges_add(&targets, addr_add(base, 20), addr_add(base, 29)), 0);
	struct plan *plan = plan_new_by_slot(&targets, &slot, 1, seed, &f);

	assert_non_null(plan);
	assert_true(live_set_init(&set, plan->hosts));
	live_set_up(&set, 8, REASON_ECHO_REPLY, 64);
	live_set_up(&set, 9, REASON_RESET, 0);
	live_set_up(&set, 10, REASON_ARP_RESPONSE, 0); /* .20 */
	live_set_named(&set, 19);
	assert_int_equal(set.count, 4);
	assert_true(live_set_ranges(&set, plan, &up));
	assert_int_equal(up.count, 3);
	assert_int_equal(ranges_size(&up), 4);
	assert_true(ranges_contain(&up, addr_add(base, 8)) &&
		    ranges_contain(&up, addr_add(base, 9)));
	assert_true(ranges_contain(&up, addr_add(base, 20)) &&
		    ranges_contain(&up, addr_add(base, 29)));
	assert_true(live_set_why(&set, 8, &reason, &ttl));
	assert_int_equal(reason, REASON_ECHO_REPLY);
	assert_int_equal(ttl, 64);
	assert_false(live_set_why(&set, 7, &reason, &ttl));
	assert_false(live_set_why(&set, 19, &reason, &ttl)); /* named, not up */
	assert_false(live_set_why(&set, 20, &reason, &ttl));
	live_set_fini(&set);
	assert_false(live_set_init(&set, LIVE_TARGETS_MOST + 1));
	live_set_fini(&set);
	ranges_fini(&targets);
	ranges_fini(&up);
	plan_free(plan);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup(test, lab_reset)
	const struct CMUnitTest tests[] = {
		TEST(ports_of_hosts_that_are_up),
		TEST(only_hosts_are_found),
		TEST(a_named_host_is_scanned_all_the_same),
		TEST(few_probes_need_no_discovery),
		TEST(an_empty_network_ends_with_the_discovery),
		TEST(an_interruption_ends_both_stages),
		TEST(a_live_set_gives_its_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
