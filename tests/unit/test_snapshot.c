/* Snapshots in the plain layout: a scan that is stopped and restored continues as if it had not
 * been; what is damaged, or of another scan, is refused. */
#include "scan_lab.h"

#include <string.h>

#include "scan/scan_snapshot.h"

/* Times that the scan of a run was replaced by its copy. */
static unsigned restored;
/* The next turn at which it is. */
static uint64_t turn, next_turn, turns_most;
static uint64_t choice_state;

/* Randomness of its own, so that the network's is the same with and without. */
static uint64_t choice(void)
{
	choice_state ^= choice_state >> 12;
	choice_state ^= choice_state << 25;
	choice_state ^= choice_state >> 27;
	return choice_state * UINT64_C(2685821657736338717);
}

static uint8_t *take(struct scan *scan, uint64_t now_ns, size_t *length)
{
	uint8_t *bytes;

	*length = scan_snapshot(scan, now_ns, NULL, 0);
	bytes = malloc(*length);
	assert_non_null(bytes);
	assert_int_equal(scan_snapshot(scan, now_ns, bytes, *length), *length);
	return bytes;
}

/* What is known of the path is no part of a snapshot: it may be another one by then. Here it is the
 * same, and checks of it are probes, too. */
static void same_path(struct scan *copy, const struct scan *scan)
{
	copy->outage = scan->outage;
	copy->unproven = scan->unproven;
	for (int i = 0; i < SHEETS; i++)
		for (int j = 0; j < SHEETS; j++)
			if (copy->sheet[i] && scan->sheet[j] &&
			    sheet_window(copy->sheet[i]) == sheet_window(scan->sheet[j]))
				copy->walk[i].check_at = scan->walk[j].check_at;
}

static void replace(struct scan *scan, uint64_t now_ns)
{
	struct scan copy;
	size_t length, again_length;
	uint8_t *bytes, *again;

	/* What is taken up again later is not stopping any more. */
	if (++turn < next_turn || scan->stopping)
		return;
	next_turn = turn + 1 + choice() % turns_most;
	bytes = take(scan, now_ns, &length);
	scan_init(&copy, scan->plan, &scan->conf, now_ns);
	assert_int_equal(scan_restore(&copy, bytes, length, now_ns, 0), SNAPSHOT_OK);
	/* What is restored is written the same again. */
	again = take(&copy, now_ns, &again_length);
	assert_int_equal(again_length, length);
	assert_memory_equal(again, bytes, length);
	assert_int_equal(scan_cells_settled(&copy), scan_cells_settled(scan));
	free(bytes);
	free(again);
	same_path(&copy, scan);
	scan_fini(scan);
	*scan = copy;
	/* Long ones take their time. */
	if (++restored % 32 == 0)
		turns_most *= 2;
}

static enum nature all_kinds(uint64_t rank)
{
	static const enum nature by[8] = {OPEN_AT_MULTIPLES_OF_10,
					  ALL_SILENT,
					  RST_ALWAYS,
					  DEAD,
					  ICMP_LIMITED,
					  RST_LIMITED,
					  ICMP_LIMITED_DROPS,
					  OPEN_AT_MULTIPLES_OF_10};

	return by[rank % 8];
}

static uint64_t far_away(uint64_t rank)
{
	return rank % 3 == 0 ? 300 * MS : 0;
}

static unsigned expect_itself(uint64_t rank, const struct finding *f)
{
	(void)rank;
	return f->state;
}

struct story {
	unsigned hosts, ports, techniques;
	double loss;
	unsigned shard, shards;
	uint64_t stop_after;
	double capacity_pps;
	uint64_t (*extra_rtt_ns)(uint64_t rank);
	uint32_t window_hosts; /* 0: as the plan has them */
};

/* Windows as small as those of plans with many ports. */
static void narrow_windows(struct plan *plan, uint32_t hosts)
{
	plan->window_hosts = hosts;
	plan->window_cells = hosts * plan->slots;
	plan->windows = (plan->hosts + hosts - 1) / hosts;
}

static struct result tell(const struct story *story)
{
	struct network net = {.nature = all_kinds,
			      .rtt_ns = 3 * MS,
			      .loss = story->loss,
			      .capacity_pps = story->capacity_pps,
			      .extra_rtt_ns = story->extra_rtt_ns};
	struct plan *plan = plan_of(story->hosts, 1, story->ports, story->techniques);
	struct scan_conf conf = conf_default(plan);
	struct result r;

	conf.probe_again = false; /* that sample is not in a snapshot */
	if (story->window_hosts)
		narrow_windows(plan, story->window_hosts);
	plan_shard(plan, story->shard, story->shards, &conf.first, &conf.last);
	/* Ranks of the hosts that are read out count from the shard's first window: one only. */
	assert_int_equal(conf.first / plan->window_cells, 0);
	r = run(plan, &net, &conf, expect_itself, story->stop_after);
	plan_free(plan);
	return r;
}

/* To the last probe, microsecond and piece of evidence. */
static void a_restored_scan_goes_on_as_if_never_stopped(void **state)
{
	static const struct story stories[] = {
		{.hosts = 8, .ports = 60, .techniques = 1u << TECH_SYN},
		{.hosts = 16,
		 .ports = 40,
		 .techniques = 1u << TECH_SYN | 1u << TECH_UDP,
		 .loss = 0.1},
		{.hosts = 9,
		 .ports = 50,
		 .techniques = 1u << TECH_FIN | 1u << TECH_TTL,
		 .loss = 0.3,
		 .extra_rtt_ns = far_away},
		{.hosts = 24,
		 .ports = 30,
		 .techniques = 1u << TECH_SYN | 1u << TECH_WINDOW,
		 .loss = 0.05,
		 .shard = 2,
		 .shards = 3},
		{.hosts = 16, .ports = 100, .techniques = 1u << TECH_UDP, .shard = 1, .shards = 2},
		{.hosts = 40, .ports = 200, .techniques = 1u << TECH_SYN, .stop_after = 4000},
		{.hosts = 30, .ports = 400, .techniques = 1u << TECH_SYN, .capacity_pps = 20000},
		/* Several windows, two of them open now and then. */
		{.hosts = 40,
		 .ports = 50,
		 .techniques = 1u << TECH_SYN | 1u << TECH_UDP,
		 .loss = 0.1,
		 .window_hosts = 3},
		{.hosts = 64,
		 .ports = 30,
		 .techniques = 1u << TECH_ACK,
		 .loss = 0.1,
		 .window_hosts = 16,
		 .shard = 1,
		 .shards = 2,
		 .extra_rtt_ns = far_away},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		struct story story = stories[i];
		struct result whole, pieces;

		story.shards = story.shards ? story.shards : 1;
		story.shard = story.shard ? story.shard : 1;
		lab_each_turn = NULL;
		whole = tell(&story);
		restored = 0;
		for (unsigned round = 0; round < 4; round++) {
			choice_state = 1000 + 10 * i + round;
			turn = 0;
			turns_most = UINT64_C(4) << 2 * round;
			next_turn = 1 + choice() % turns_most;
			lab_each_turn = replace;
			pieces = tell(&story);
			lab_each_turn = NULL;
			if (pieces.digest != whole.digest)
				fail_msg("story %u, round %u: another result", i, round);
			assert_int_equal(pieces.sent, whole.sent);
			assert_int_equal(pieces.elapsed_ns, whole.elapsed_ns);
			assert_int_equal(pieces.findings, whole.findings);
		}
		assert_true(restored >= 3);
	}
}

/* A scan of three windows in the middle of the second, as one to be written down. */
static struct plan *middle_plan;
static struct scan middle;
static const uint64_t middle_ns = 50 * SECOND;

static void send_some(struct scan *scan, uint64_t now_ns, unsigned most)
{
	static uint32_t unsent[SHEET_UNSENT];
	struct probe probe;
	uint32_t count = 0;

	for (unsigned place = 0; place < SHEETS; place++) {
		unsigned sent = 0;

		while (scan->sheet[place] && sent < most &&
		       walk_next(&scan->walk[place], now_ns, &probe)) {
			struct answer a = {.t_ns = now_ns + MS,
					   .cell = probe.cell,
					   .reply = REPLY_RST,
					   .has = ANSWER_TTL | ANSWER_ATTEMPT,
					   .attempt = probe.attempt,
					   .ttl = 64};
			uint32_t cell;

			if (sent % 7 == 3)
				unsent[count++] = probe.cell;
			else
				walk_sent(&scan->walk[place], &probe, now_ns);
			if (sent % 7 < 2)
				(void)scan_answer(scan, &a, &cell);
			sent++;
		}
		while (count > 0)
			walk_unsent(&scan->walk[place], unsent[--count]);
	}
}

static int open_middle(void **state)
{
	struct scan_conf conf;

	(void)state;
	middle_plan = plan_of(5, 1, 500, 1u << TECH_SYN | 1u << TECH_UDP);
	conf = conf_default(middle_plan);
	scan_init(&middle, middle_plan, &conf, SECOND);
	assert_int_equal(scan_open(&middle, SECOND), 0);
	send_some(&middle, middle_ns, 2000);
	assert_true(sheet_unsent_count(middle.sheet[0]) > 100);
	return 0;
}

static int close_middle(void **state)
{
	(void)state;
	scan_fini(&middle);
	plan_free(middle_plan);
	return 0;
}

/* On a machine that was started later, or much earlier. */
static void another_clock_moves_all_times(void **state)
{
	static const uint64_t clocks[] = {2 * SECOND, 50 * SECOND, 123456789 * SECOND};
	size_t length;
	uint8_t *bytes = take(&middle, middle_ns, &length);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		const uint64_t now_ns = clocks[i];
		const uint32_t moved_us = (uint32_t)(now_ns / 1000) - (uint32_t)(middle_ns / 1000);
		struct scan copy;

		scan_init(&copy, middle_plan, &middle.conf, now_ns);
		assert_int_equal(scan_restore(&copy, bytes, length, now_ns, 0), SNAPSHOT_OK);
		for (uint32_t cell = 0; cell < sheet_cells(copy.sheet[0]); cell++) {
			const unsigned tries = sheet_tries(middle.sheet[0], cell);

			assert_int_equal(sheet_get(copy.sheet[0], cell),
					 sheet_get(middle.sheet[0], cell));
			assert_int_equal(sheet_tries(copy.sheet[0], cell), tries);
			if (tries)
				assert_int_equal(sheet_sent_us(copy.sheet[0], cell),
						 sheet_sent_us(middle.sheet[0], cell) + moved_us);
		}
		assert_int_equal(copy.walk[0].last_sent_ns, now_ns);
		assert_int_equal(sheet_opened_ns(copy.sheet[0]), now_ns - 49 * SECOND);
		scan_fini(&copy);
	}
	free(bytes);
}

/* When something was answered stays as it was, even if this clock began later than that; what is
 * waited for is as far off as it was. */
static void an_interruption_moves_no_time_of_a_result(void **state)
{
	static const uint64_t away[] = {0, SECOND, 3600 * SECOND, 86400 * SECOND};
	const uint64_t now_ns = 7 * SECOND;
	size_t length;
	uint8_t *bytes = take(&middle, middle_ns, &length);

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		const struct answer late = {
			.t_ns = now_ns + SECOND, .reply = REPLY_RST, .has = ANSWER_TTL};
		struct answer a = late;
		struct finding found[1000], before[1000];
		struct host_report host, host_before;
		uint64_t rtt_ns;
		bool has_rtt;
		struct scan copy;
		uint32_t cell = 0;

		scan_init(&copy, middle_plan, &middle.conf, now_ns);
		assert_int_equal(scan_restore(&copy, bytes, length, now_ns, away[i]), SNAPSHOT_OK);
		assert_int_equal(copy.walk[0].last_sent_ns, now_ns);
		/* The wall clock of this process, by which it is away[i] later. */
		copy.conf.wall_offset_ns = middle_ns + away[i] - now_ns;
		scan_read(&middle, 0, 0, false, before, &host_before);
		scan_read(&copy, 0, 0, false, found, &host);
		assert_int_equal(host.start_ns, host_before.start_ns);
		assert_int_equal(host.end_ns, host_before.end_ns);
		assert_int_equal(host.count, host_before.count);
		assert_true(host.count > 50);
		for (size_t p = 0; p < host.count; p++)
			assert_int_equal(found[p].t_ns, before[p].t_ns);
		while (sheet_get(copy.sheet[0], cell) != REPLY_SILENCE ||
		       sheet_tries(copy.sheet[0], cell) == 0)
			cell++;
		a.cell = sheet_tag(copy.sheet[0], cell);
		(void)sheet_note(copy.sheet[0], cell, &a, &rtt_ns, &has_rtt);
		scan_read(&copy, 0, cell / middle_plan->slots, false, found, &host);
		assert_int_equal(host.end_ns, now_ns + SECOND + copy.conf.wall_offset_ns);
		scan_fini(&copy);
	}
	free(bytes);
}

/* Nothing hears the answers to what was in flight: it is sent again, and is no attempt. */
static void what_was_in_flight_is_sent_again(void **state)
{
	size_t length;
	uint8_t *bytes = take(&middle, middle_ns, &length);
	struct scan copy;
	uint32_t again = 0;

	(void)state;
	scan_init(&copy, middle_plan, &middle.conf, SECOND);
	assert_int_equal(scan_restore(&copy, bytes, length, SECOND, 0), SNAPSHOT_OK);
	scan_taken_up(&copy, SECOND);
	for (uint32_t cell = 0; cell < sheet_cells(copy.sheet[0]); cell++) {
		const unsigned tries = sheet_tries(middle.sheet[0], cell);
		const bool silent = sheet_get(copy.sheet[0], cell) == REPLY_SILENCE;

		assert_int_equal(sheet_tries(copy.sheet[0], cell), silent ? 0 : tries);
		again += silent && tries;
	}
	assert_true(again > 1000);
	assert_int_equal(scan_hold(&copy).withdrawn, again);
	scan_fini(&copy);
	free(bytes);
}

static void a_finished_window_is_read_out_the_same(void **state)
{
	const size_t length = scan_window_snapshot(&middle, 0, middle_ns, NULL, 0);
	uint8_t *bytes = malloc(length);
	struct finding found[1000], before[1000];
	struct host_report host, host_before;
	struct scan copy;

	(void)state;
	assert_int_equal(scan_window_snapshot(&middle, 0, middle_ns, bytes, length), length);
	scan_init(&copy, middle_plan, &middle.conf, SECOND);
	copy.conf.wall_offset_ns = middle_ns - SECOND;
	assert_int_equal(scan_window_restore(&copy, 1, bytes, length, SECOND, 0), SNAPSHOT_INVALID);
	assert_int_equal(scan_window_restore(&copy, 0, bytes, length - 1, SECOND, 0),
			 SNAPSHOT_INVALID);
	assert_null(copy.sheet[0]);
	assert_int_equal(scan_window_restore(&copy, 0, bytes, length, SECOND, 0), SNAPSHOT_OK);
	for (uint32_t h = 0; h < scan_hosts(&copy, 0); h++) {
		scan_read(&middle, 0, h, true, before, &host_before);
		scan_read(&copy, 0, h, true, found, &host);
		assert_int_equal(host.count, host_before.count);
		assert_int_equal(host.start_ns, host_before.start_ns);
		assert_memory_equal(found, before, host.count * sizeof(found[0]));
	}
	scan_close(&copy, 0);
	assert_int_equal(scan_window_first(&middle), 0);
	scan_fini(&copy);
	free(bytes);
}

/* A snapshot of one plan put to the scan of another. */
static void another_plan_is_refused(void **state)
{
	size_t length;
	uint8_t *bytes = take(&middle, middle_ns, &length);
	struct plan *others[] = {
		plan_of(6, 1, 500, 1u << TECH_SYN | 1u << TECH_UDP),
		plan_of(5, 2, 500, 1u << TECH_SYN | 1u << TECH_UDP),
		plan_of(5, 1, 500, 1u << TECH_FIN | 1u << TECH_UDP),
		plan_of(5, 1, 500, 1u << TECH_SYN | 1u << TECH_UDP),
		plan_of(5, 1, 500, 1u << TECH_SYN | 1u << TECH_UDP),
	};

	(void)state;
	others[4]->seed[0]++;
	for (unsigned i = 0; i < 5; i++) {
		struct scan_conf conf = conf_default(others[i]);
		struct scan copy;

		if (i == 3)
			plan_shard(others[i], 1, 2, &conf.first, &conf.last);
		scan_init(&copy, others[i], &conf, SECOND);
		assert_int_equal(scan_restore(&copy, bytes, length, SECOND, 0),
				 SNAPSHOT_OTHER_PLAN);
		assert_null(copy.sheet[0]);
		assert_non_null(strstr(snapshot_error_text(SNAPSHOT_OTHER_PLAN), "another scan"));
		scan_fini(&copy);
		plan_free(others[i]);
	}
	free(bytes);
}

static enum snapshot_error restore_bytes(const uint8_t *bytes, size_t length)
{
	struct scan copy;
	enum snapshot_error error;

	scan_init(&copy, middle_plan, &middle.conf, SECOND);
	error = scan_restore(&copy, bytes, length, SECOND, 0);
	if (error != SNAPSHOT_OK)
		assert_true(!copy.sheet[0] && !copy.sheet[1] && copy.sent == 0 &&
			    copy.window_next == 0);
	scan_fini(&copy);
	return error;
}

/* Each length, and each of many bits. */
static void damage_is_refused(void **state)
{
	size_t length;
	uint8_t *bytes = take(&middle, middle_ns, &length);

	(void)state;
	assert_int_equal(restore_bytes(bytes, length), SNAPSHOT_OK);
	for (size_t cut = 0; cut < length; cut += 1 + cut / 50)
		assert_int_equal(restore_bytes(bytes, cut),
				 cut < 8 ? SNAPSHOT_NONE : SNAPSHOT_DAMAGED);
	for (size_t at = 0; at < length; at += 1 + at / 50) {
		const uint8_t bit = (uint8_t)(1u << at % 8);
		enum snapshot_error error;

		bytes[at] ^= bit;
		error = restore_bytes(bytes, length);
		assert_int_equal(error, at < 8	  ? SNAPSHOT_NONE
					: at < 12 ? SNAPSHOT_VERSION
						  : SNAPSHOT_DAMAGED);
		bytes[at] ^= bit;
	}
	free(bytes);
}

/* Golden: what was written once can be read for ever, or the version number has to change. */
static void the_format_stays(void **state)
{
	uint64_t digest = 0;
	size_t length;
	uint8_t *bytes = take(&middle, middle_ns, &length);

	(void)state;
	assert_memory_equal(bytes, "PLsnap\r\n\1\0\0\0\0\0\0\0", 16);
	for (size_t i = 0; i < length; i++)
		digest_add(&digest, bytes[i]);
	assert_int_equal(length, 15729);
	assert_true(digest == UINT64_C(0xdaf5f9b15ec690e2));
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_restored_scan_goes_on_as_if_never_stopped),
		cmocka_unit_test_setup_teardown(another_clock_moves_all_times, open_middle,
						close_middle),
		cmocka_unit_test_setup_teardown(an_interruption_moves_no_time_of_a_result,
						open_middle, close_middle),
		cmocka_unit_test_setup_teardown(what_was_in_flight_is_sent_again, open_middle,
						close_middle),
		cmocka_unit_test_setup_teardown(a_finished_window_is_read_out_the_same, open_middle,
						close_middle),
		cmocka_unit_test_setup_teardown(another_plan_is_refused, open_middle, close_middle),
		cmocka_unit_test_setup_teardown(damage_is_refused, open_middle, close_middle),
		cmocka_unit_test_setup_teardown(the_format_stays, open_middle, close_middle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
