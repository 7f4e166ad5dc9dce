/* test_event_metrics: the Prometheus textfile, and what can go wrong with a file. */
#include "report/event/event_metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "place.h"

#define START_NS UINT64_C(1795419020000000000) /* 2026-11-23T07:30:20Z */

/* The whole file as text in a buffer that the next call uses again. */
static const char *file_text(const char *path)
{
	static char text[1 << 14];
	FILE *in = fopen(path, "r");
	size_t length;

	assert_non_null(in);
	length = fread(text, 1, sizeof(text) - 1, in);
	assert_int_equal(fclose(in), 0);
	text[length] = '\0';
	return text;
}

static void test_metrics(void **state)
{
	static const char *const parts[] = {
		"# HELP portlight_packets_total Packets judged.\n"
		"# TYPE portlight_packets_total counter\nportlight_packets_total 7\n",
		"\nportlight_build_info{version=\"" PORTLIGHT_VERSION "\"} 1\n",
		"\nportlight_table_fill_ratio 0.125\n",
		"\nportlight_memory_bytes 33554432\n",
		"\nportlight_events_total{action=\"port_scan\"} 3\n",
		"\nportlight_events_total{action=\"suppressed\"} 4\n",
		"\nportlight_events_delivered_total{sink=\"journal\"} 11\n"
		"portlight_events_delivered_total{sink=\"text\"} 2\n#",
		"\nportlight_events_undelivered_total{sink=\"journal\"} 1\n",
		"\nportlight_start_time_seconds 1795419020.000\n",
		"\nportlight_last_event_time_seconds 1795419021.500\n",
	};
	const struct place *p = *state;
	const struct event_sink sinks[] = {
		{.ops = &event_journal, .delivered = 5, .undelivered = 1},
		{.ops = &event_text, .delivered = 2},
		{.ops = &event_journal, .delivered = 6}};
	struct watch_stats stats = {
		.packets = 7, .memory_bytes = WATCH_MEMORY, .fill = 0.125, .events = {3}};
	struct event_metrics_more more = {sinks, 3, START_NS, START_NS + 1500000000};
	struct event_metrics metrics;
	struct stat status;
	const char *text;
	mode_t mask = umask(077);

	stats.events[EVENT_SUPPRESSED] = 4;
	assert_int_equal(event_metrics_open(&metrics, p->path), 0);
	assert_int_equal(event_metrics_write(&metrics, &stats, &more), 0);
	(void)umask(mask);
	text = file_text(p->path);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!strstr(text, parts[i]))
			fail_msg("no %s in:\n%s", parts[i], text);
	assert_int_equal(text[strlen(text) - 1], '\n');
	assert_int_equal(stat(p->path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0644);
	/* Rewritten, it is another file: a reader that has the old one open reads all of it. */
	int old = open(p->path, O_RDONLY | O_CLOEXEC);
	ino_t inode = status.st_ino;

	stats.packets = 8;
	assert_int_equal(event_metrics_write(&metrics, &stats, &more), 0);
	assert_non_null(strstr(file_text(p->path), "\nportlight_packets_total 8\n"));
	assert_int_equal(stat(p->path, &status), 0);
	assert_true(status.st_ino != inode);
	(void)close(old);
	event_metrics_close(&metrics);
}

static void test_metrics_fail(void **state)
{
	const struct place *p = *state;
	const struct watch_stats stats = {0};
	const struct event_metrics_more more = {0};
	struct event_metrics metrics;
	char path[400], draft[200], victim[200];

	assert_int_equal(event_metrics_open(&metrics, "/nowhere/at/all.prom"), -ENOENT);
	assert_int_equal(event_metrics_open(&metrics, "/tmp/"), -EINVAL);
	assert_int_equal(event_metrics_open(&metrics, ""), -EINVAL);
	(void)snprintf(path, sizeof(path), "%s/%0250d", p->folder, 0);
	assert_int_equal(event_metrics_open(&metrics, path), -ENAMETOOLONG);
	/* A folder has the name: the draft is gone afterwards. */
	assert_int_equal(mkdir(p->path, 0700), 0);
	assert_int_equal(event_metrics_open(&metrics, p->path), 0);
	assert_int_equal(event_metrics_write(&metrics, &stats, &more), -EISDIR);
	(void)snprintf(draft, sizeof(draft), "%s/.file.draft", p->folder);
	assert_int_equal(access(draft, F_OK), -1);
	assert_int_equal(rmdir(p->path), 0);
	/* A link where the draft goes is replaced, not followed. */
	(void)snprintf(victim, sizeof(victim), "%s/victim", p->folder);
	assert_int_equal(symlink(victim, draft), 0);
	assert_int_equal(event_metrics_write(&metrics, &stats, &more), 0);
	assert_int_equal(access(victim, F_OK), -1);
	assert_int_equal(access(draft, F_OK), -1);
	assert_int_equal(access(p->path, F_OK), 0);
	event_metrics_close(&metrics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_metrics, place_open, place_close),
		cmocka_unit_test_setup_teardown(test_metrics_fail, place_open, place_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
