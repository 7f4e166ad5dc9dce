/* Checkpoints: their bytes, their files, and whole scans that are interrupted and resumed. */
#include "engine_lab.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording_sink.h"
#include "run/scan_checkpoint.h"
#include "run/scan_driver.h"

/* Longest scan of these, in interruptions. */
#define RUNS_MOST 200

static char folder[64], path[96];

static int folder_make(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/portlight-checkpoint.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/c", folder);
	memset(&lab, 0, sizeof(lab));
	lab.net = (struct network){.nature = mixed, .rtt_ns = MS};
	return 0;
}

static int folder_remove(void **state)
{
	static const char *const names[] = {"c", "c.windows", "c.tmp"};
	char name[96];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s/%s", folder, names[i]);
		(void)unlink(name); /* not every test made it */
	}
	return rmdir(folder);
}

/* One of everything. */
static void fill(struct checkpoint *c)
{
	struct failure f = {0};

	*c = (struct checkpoint){.id = 11,
				 .start_ns = 12,
				 .taken_ns = 13,
				 .elapsed_ns = 14,
				 .windows = 15,
				 .windows_bytes = 16,
				 .stats = {.sent = 17, .duplicate = 18},
				 .seed = 19,
				 .first = 3,
				 .last = 40,
				 .techniques = 1u << TECH_SYN | 1u << TECH_UDP,
				 .ports = "T:22,U:53",
				 .output = {{"ndjson", "/tmp/a b", 12}, {"table", NULL, 0}},
				 .outputs = 2};
	assert_int_equal(words_add(&c->command, "a.example"), 0);
	assert_int_equal(words_add(&c->command, "-p\x1b[2J"), 0);
	assert_int_equal(
		ranges_add(&c->targets.ranges, addr_from_v4(0xc6120000), addr_from_v4(0xc6120007)),
		0);
	assert_int_equal(target_list_named(&c->targets, addr_from_v4(0xc6120002), "a.example", &f),
			 0);
	assert_int_equal(target_list_named(&c->targets, addr_from_v4(0xc6120003), NULL, &f), 0);
	c->targets.named[0].other_names = strdup("b.example,c");
	snprintf(c->targets.zone, sizeof(c->targets.zone), "eth0");
	c->targets.unresolved = 2;
	c->targets.unresolved_exit = EXIT_USAGE;
}

static uint8_t *written(const struct checkpoint *c, size_t *length)
{
	struct plan *plan = plan_of(8, 1, 10, 1u << TECH_SYN);
	const struct scan_conf conf = conf_default(plan);
	struct scan scan;
	uint8_t *bytes;

	scan_init(&scan, plan, &conf, SECOND);
	*length = checkpoint_write(c, &scan, SECOND, NULL, 0);
	bytes = malloc(*length);
	assert_non_null(bytes);
	assert_int_equal(checkpoint_write(c, &scan, SECOND, bytes, *length), *length);
	scan_fini(&scan);
	plan_free(plan);
	return bytes;
}

static void free_filled(struct checkpoint *c)
{
	c->ports = NULL;
	checkpoint_fini(c);
}

static void what_is_written_is_read(void **state)
{
	struct checkpoint c, back;
	size_t length;
	uint8_t *bytes;

	(void)state;
	fill(&c);
	bytes = written(&c, &length);
	assert_memory_equal(bytes, "PLckpt\r\n\1\0\0\0\0\0\0\0", 16);
	assert_int_equal(checkpoint_read(&back, bytes, length), SNAPSHOT_OK);
	assert_int_equal(back.id, 11);
	assert_int_equal(back.start_ns, 12);
	assert_int_equal(back.taken_ns, 13);
	assert_int_equal(back.elapsed_ns, 14);
	assert_int_equal(back.windows, 15);
	assert_int_equal(back.windows_bytes, 16);
	assert_int_equal(back.stats.sent, 17);
	assert_int_equal(back.stats.duplicate, 18);
	assert_int_equal(back.seed, 19);
	assert_int_equal(back.first, 3);
	assert_int_equal(back.last, 40);
	assert_int_equal(back.techniques, c.techniques);
	assert_string_equal(back.ports, c.ports);
	assert_int_equal(back.command.count, 2);
	assert_string_equal(back.command.word[1], "-p\x1b[2J");
	assert_int_equal(back.targets.ranges.count, 1);
	assert_int_equal(back.targets.named_count, 2);
	assert_string_equal(back.targets.named[0].name, "a.example");
	assert_string_equal(back.targets.named[0].other_names, "b.example,c");
	assert_null(back.targets.named[1].name);
	assert_string_equal(back.targets.zone, "eth0");
	assert_int_equal(back.targets.unresolved, 2);
	assert_int_equal(back.targets.unresolved_exit, EXIT_USAGE);
	assert_int_equal(back.outputs, 2);
	assert_string_equal(back.output[0].path, "/tmp/a b");
	assert_int_equal(back.output[0].bytes, 12);
	assert_null(back.output[1].path);
	checkpoint_fini(&back);
	free(bytes);
	free_filled(&c);
}

static enum snapshot_error read_error(const uint8_t *bytes, size_t length)
{
	struct checkpoint c;
	const enum snapshot_error error = checkpoint_read(&c, bytes, length);

	if (error != SNAPSHOT_OK)
		assert_true(!c.text && !c.command.word && !c.targets.named);
	checkpoint_fini(&c);
	return error;
}

static void seal(uint8_t *bytes, size_t length)
{
	const uint64_t sum = checkpoint_sum(bytes, length - 8);

	for (unsigned i = 0; i < 8; i++)
		bytes[length - 8 + i] = (uint8_t)(sum >> i * 8);
}

static void damage_is_refused(void **state)
{
	struct checkpoint c;
	size_t length;
	uint8_t *bytes;

	(void)state;
	fill(&c);
	bytes = written(&c, &length);
	for (size_t cut = 0; cut < length; cut++)
		assert_int_equal(read_error(bytes, cut),
				 cut < 8 ? SNAPSHOT_NONE : SNAPSHOT_DAMAGED);
	for (size_t at = 0; at < length; at++) {
		bytes[at] ^= 4;
		assert_int_equal(read_error(bytes, length), at < 8    ? SNAPSHOT_NONE
							    : at < 12 ? SNAPSHOT_VERSION
								      : SNAPSHOT_DAMAGED);
		bytes[at] ^= 4;
	}
	/* The first section, under a right checksum: of a later version, to be skipped, missing. */
	bytes[32] = 7;
	seal(bytes, length);
	assert_int_equal(read_error(bytes, length), SNAPSHOT_VERSION);
	bytes[35] = 0x80;
	seal(bytes, length);
	assert_int_equal(read_error(bytes, length), SNAPSHOT_INVALID);
	free(bytes);
	free_filled(&c);
}

/* A terminal would obey such names. */
static void strange_names_are_refused(void **state)
{
	struct checkpoint c;
	size_t length;
	uint8_t *bytes;

	(void)state;
	fill(&c);
	free(c.targets.named[0].name);
	c.targets.named[0].name = strdup("a\x1b[2J");
	bytes = written(&c, &length);
	assert_int_equal(read_error(bytes, length), SNAPSHOT_INVALID);
	free(bytes);
	free_filled(&c);
}

/* A scan of eight hosts that is interrupted each time when it has sent some probes. */
struct story {
	uint64_t hosts; /* reported as whole */
	uint64_t wrong, findings, sent;
	unsigned runs;
};

static const struct observer silent = {.context = NULL};

static void judge(struct story *story, const struct recording_sink *sink, const struct plan *plan)
{
	story->wrong = story->findings = 0;
	for (size_t h = 0; h < sink->hosts; h++) {
		const struct host_report *host = &sink->host[h];
		uint64_t rank;

		assert_true(plan_find_host(plan, host->addr, &rank));
		assert_int_equal(rank, h);
		for (size_t i = 0; i < host->count; i++)
			story->wrong +=
				host->findings[i].state != expect_mixed(rank, &host->findings[i]);
		story->findings += host->count;
	}
	story->hosts = sink->hosts;
}

/* One run of it; false once the scan is over. */
static bool run_part(struct story *story, uint64_t stop_after, int interruptions)
{
	static const char *const targets[] = {"198.18.0.0/29"};
	struct checkpoint data = {.id = 5};
	struct checkpoint_file file = {.windows_fd = -1};
	struct scan_checkpoint checkpoint = {
		.file = &file, .data = &data, .resumed = story->runs > 0, .every_ns = SECOND};
	struct recording_sink sink = {.sink = {.ops = &recording_ops}};
	const struct run_context run = {.observer = &silent,
					.sink = &sink.sink,
					.interrupts = &lab.interrupts,
					.now_ns = lab_now_ns,
					.wall_offset_ns = 1000 * SECOND,
					.version = "test",
					.args = "none",
					.checkpoint = &checkpoint};
	const struct network net = {.nature = mixed, .rtt_ns = MS};
	struct scan_request request = {.targets = {(const char **)targets, 1},
				       .ports = "1-200",
				       .engine = &lab_row,
				       .timing = 3,
				       .has_seed = true,
				       .seed = 7};
	const uint64_t now_ns = lab.now_ns + SECOND;
	struct failure f = {0};
	struct scan_setup setup;
	struct scan_driver driver;
	bool partial;

	memset(&lab, 0, sizeof(lab));
	lab.net = net;
	lab.now_ns = now_ns;
	lab.net.filled_ns = lab.net.icmp_ns = lab.net.rst_ns = now_ns;
	lab.stop_after = stop_after;
	lab.interruptions = interruptions;
	if (checkpoint.resumed) {
		assert_int_equal(checkpoint_file_open(&file, path, &data, &f), 0);
		request.resolved = &data.targets;
	} else {
		assert_int_equal(checkpoint_file_create(&file, path, data.id, &f), 0);
	}
	assert_int_equal(scan_setup_init(&setup, &request, 1, &silent, &f), 0);
	assert_int_equal(scan_driver_open(&driver, &setup, &run, &f), 0);
	assert_int_equal(scan_driver_run(&driver, &f), 0);
	partial = driver.summary.partial;
	story->sent = driver.summary.probes_sent;
	judge(story, &sink, setup.plan);
	recording_sink_fini(&sink);
	scan_driver_close(&driver);
	scan_setup_fini(&setup);
	checkpoint_file_close(&file, true);
	checkpoint_fini(&data);
	story->runs++;
	return partial;
}

static void a_scan_is_resumed_until_it_ends(void **state)
{
	const int interruptions = *state ? 2 : 1;
	struct story undisturbed = {.runs = 0}, story = {.runs = 0};
	bool more = true;

	assert_false(run_part(&undisturbed, 0, 0));
	assert_int_equal(undisturbed.wrong, 0);
	/* It is finished: resumed, it only reports again. */
	assert_false(run_part(&undisturbed, 0, 0));
	assert_int_equal(lab.stats.sent, 0);
	assert_int_equal(undisturbed.wrong, 0);
	assert_int_equal(undisturbed.hosts, 8);
	assert_int_equal(unlink(path), 0);
	while (more && story.runs < RUNS_MOST)
		more = run_part(&story, 61 + story.runs * 13, interruptions);
	assert_false(more);
	assert_true(story.runs > 10);
	assert_int_equal(story.wrong, 0);
	assert_int_equal(story.hosts, 8);
	assert_int_equal(story.findings, undisturbed.findings);
	/* What was in flight at an interruption is sent again, and no more. */
	assert_true(story.sent >= undisturbed.sent);
}

static void one_scan_at_a_time(void **state)
{
	struct checkpoint_file first, second;
	struct checkpoint c;
	struct failure f = {0}, g = {0}, h = {0};

	(void)state;
	assert_int_equal(checkpoint_file_create(&first, path, 1, &f), 0);
	assert_int_equal(checkpoint_file_create(&second, path, 2, &g), -1);
	assert_int_equal(g.exit_code, EXIT_CANNOT_CREATE);
	assert_non_null(strstr(g.text, "in use"));
	checkpoint_file_close(&second, true);
	assert_int_equal(checkpoint_file_open(&second, path, &c, &h), -1);
	assert_int_equal(h.exit_code, EXIT_UNAVAILABLE);
	checkpoint_fini(&c);
	checkpoint_file_close(&second, true);
	/* Nothing was saved: nothing stays. */
	checkpoint_file_close(&first, true);
	assert_int_equal(access(path, F_OK), -1);
	snprintf(h.text, sizeof(h.text), "%s.windows", path);
	assert_int_equal(access(h.text, F_OK), -1);
}

int main(void)
{
	static bool twice = true;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(damage_is_refused),
		cmocka_unit_test(strange_names_are_refused),
		cmocka_unit_test_setup_teardown(a_scan_is_resumed_until_it_ends, folder_make,
						folder_remove),
		{"a_scan_is_resumed_after_two_interruptions", a_scan_is_resumed_until_it_ends,
		 folder_make, folder_remove, &twice},
		cmocka_unit_test_setup_teardown(one_scan_at_a_time, folder_make, folder_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
