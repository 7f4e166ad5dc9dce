/* A whole replay from C: a request, an observer and a sink; no command line. */
#include "capture_image.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "packet/packet.h"
#include "recording_sink.h"
#include "run/watch_driver.h"

#define NS	UINT64_C(1000000000)
#define SCANNER UINT32_C(0xcb007107)
#define TARGET	UINT32_C(0xc0000201)
#define PORTS	100u

static char path[] = "/tmp/portlight-watch-XXXXXX";

/* Two a second: a SYN to each port, and its RST. */
static int capture_make(void **state)
{
	struct image image = {0};
	int fd = mkstemp(path);

	(void)state;
	put_pcap_header(&image, 0xa1b2c3d4, 101); /* raw IP */
	for (unsigned i = 0; i < 2 * PORTS; i++) {
		const bool reply = i & 1;
		const uint16_t port = (uint16_t)(1 + i / 2);
		const struct packet p = {
			.has = PACKET_TCP,
			.src = addr_from_v4(reply ? TARGET : SCANNER),
			.dst = addr_from_v4(reply ? SCANNER : TARGET),
			.ttl = 64,
			.sport = reply ? port : 40000,
			.dport = reply ? 40000 : port,
			.seq = reply ? 0 : 7,
			.ack = reply ? 8 : 0,
			.flags = reply ? TCP_RST | TCP_ACK : TCP_SYN,
		};
		uint8_t frame[100];
		size_t length = packet_build(PACKET_LINK_RAW_IP, &p, NULL, 0, frame, sizeof(frame));

		assert_true(length > 0);
		put32(&image, 1700000000 + i / 4);
		put32(&image, i % 4 * 250000);
		put32(&image, (uint32_t)length);
		put32(&image, (uint32_t)length);
		put(&image, frame, length);
	}
	assert_true(fd >= 0);
	assert_int_equal(write(fd, image.bytes, image.length), image.length);
	assert_int_equal(close(fd), 0);
	drop(&image);
	return 0;
}

static int capture_remove(void **state)
{
	(void)state;
	return unlink(path);
}

struct whole {
	struct watch_request request;
	struct recording_sink sink;
	struct failure f;
	unsigned news, stats, counters, reports, lines;
	struct watch_stats last;
	char line[200], explained[2000];
	volatile sig_atomic_t stop, report;
	uint64_t packets;
	int result;
};

static void record_news(void *context, const char *text)
{
	struct whole *w = context;

	w->news++;
	snprintf(w->line, sizeof(w->line), "%s", text);
}

static void record_stats(void *context, const struct watch_stats *stats)
{
	struct whole *w = context;

	w->stats++;
	w->last = *stats;
}

static void record_counters(void *context, const struct watch_stats *stats)
{
	struct whole *w = context;

	w->counters++;
	w->last = *stats;
}

static void record_report(void *context)
{
	struct whole *w = context;

	w->reports++;
}

static void record_line(void *context, const char *text)
{
	struct whole *w = context;
	const size_t used = strlen(w->explained);

	w->lines++;
	snprintf(w->explained + used, sizeof(w->explained) - used, "%s\n", text);
}

static void run_whole(struct whole *w)
{
	const struct observer observer = {
		.context = w,
		.news = record_news,
		.stats = record_stats,
		.counters = record_counters,
		.report = record_report,
	};
	const struct run_context run = {
		.observer = &observer,
		.sink = &w->sink.sink,
		.interrupts = &w->stop,
		.report = &w->report,
		.now_ns = clock_monotonic_ns,
		.wall_ns = clock_wall_ns,
		.version = "test",
	};
	struct watch_setup setup;
	struct watch_driver *driver;
	struct watch_conf conf;

	watch_conf_init(&conf);
	w->request.read = path;
	w->request.memory_bytes = conf.memory_bytes;
	w->request.false_positive = conf.false_positive;
	w->request.detection = conf.detection;
	w->request.idle_ns = conf.idle_ns;
	w->request.events_per_minute = conf.events_per_minute;
	w->sink.sink.ops = &recording_ops;
	assert_int_equal(watch_setup_init(&setup, &w->request, &observer, &w->f), 0);
	assert_null(watch_setup_home(&setup)); /* of a capture nobody knows */
	assert_int_equal(watch_setup_capture(&setup, &w->f), 0);
	driver = watch_driver_new(&setup, &run, &w->f);
	assert_non_null(driver);
	w->result = watch_driver_run(driver, &w->f);
	w->packets = driver->packets;
	watch_driver_explain(driver, record_line, w);
	watch_driver_free(driver);
	watch_setup_fini(&setup);
	assert_int_equal(w->sink.begun, 1);
	assert_int_equal(w->sink.ended, 1);
	recording_sink_fini(&w->sink);
}

static void a_whole_replay_needs_no_command_line(void **state)
{
	struct addr sources[] = {addr_from_v4(SCANNER), addr_from_v4(SCANNER + 1)};
	struct whole w = {
		.request.explain = {sources, 2},
		.request.stats_every_ns = 10 * NS,
		.request.dry_run = true,
		.report = 1,
	};

	(void)state;
	run_whole(&w);
	assert_int_equal(w.result, 0);
	assert_int_equal(w.packets, 2 * PORTS);
	assert_true(w.sink.events >= 2); /* it began and it ended */
	assert_false(w.sink.summary.partial);
	/* By the clock of the capture, which is 50 seconds long. */
	assert_in_range(w.stats, 4, 6);
	assert_int_equal(w.counters, 1); /* at the end */
	assert_int_equal(w.last.packets, 2 * PORTS);
	assert_int_equal(w.reports, 1);
	assert_int_equal(w.report, 0);
	/* A SYN alone proves no address. */
	assert_true(w.news >= 1);
	assert_non_null(strstr(w.line, "would not block 203.0.113.7: "));
	assert_non_null(strstr(w.explained, "203.0.113.7:\n  reported "));
	assert_non_null(strstr(w.explained, "203.0.113.8:\n  no evidence"));
}

static void a_replay_ends_after_so_many_packets(void **state)
{
	struct whole w = {.request.count = 33};

	(void)state;
	run_whole(&w);
	assert_int_equal(w.result, 0);
	assert_int_equal(w.packets, 33);
}

static void a_sink_that_takes_nothing_more_ends_the_replay(void **state)
{
	struct whole w = {.sink.error = EPIPE};

	(void)state;
	run_whole(&w);
	assert_int_equal(w.result, 0);
	assert_int_equal(w.packets, 0); /* it said so at the beginning */
}

static void an_interrupted_replay_is_partial(void **state)
{
	struct whole w = {.stop = 1};

	(void)state;
	run_whole(&w);
	assert_int_equal(w.result, 0);
	assert_true(w.sink.summary.partial);
	assert_int_equal(w.packets, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_replay_needs_no_command_line),
		cmocka_unit_test(a_replay_ends_after_so_many_packets),
		cmocka_unit_test(a_sink_that_takes_nothing_more_ends_the_replay),
		cmocka_unit_test(an_interrupted_replay_is_partial),
	};

	return cmocka_run_group_tests(tests, capture_make, capture_remove);
}
