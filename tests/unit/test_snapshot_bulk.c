/* Snapshots and the bulk layout: an engine that sends passes, and one that sends probe by probe,
 * continue where either stopped; each cell gets its attempts and no more, in spite of losses. */
#include "scan_lab.h"

#include <string.h>

#include "scan/scan_snapshot.h"

/* Attempts of a TCP port by rounds at most, beyond those of its technique (rst_retry.c). */
#define ROUNDS 200

static uint64_t choice_state;

static uint64_t choice(uint64_t below)
{
	choice_state ^= choice_state >> 12;
	choice_state ^= choice_state << 25;
	choice_state ^= choice_state >> 27;
	return (choice_state * UINT64_C(2685821657736338717) >> 16) % below;
}

static enum nature (*nature)(uint64_t rank);

/* Any other packet may be lost, but the last attempt and its answer get through: so each verdict is
 * known, and an attempt that is left out, or counted though it was not sent, makes one wrong. */
static struct lab {
	const struct plan *plan;
	struct scan scan;
	struct network net;
	double loss;
	uint64_t now_ns;
	bool again; /* killed once more, before anything else is sent */
	bool bulk;  /* the engine at work lends memory, and sends passes */
	bool side;  /* which memory is in use; the other is that of the engine before */
	uint64_t *words[2][SHEETS];
	uint32_t *blocks[2][SHEETS];
	uint8_t *attempts; /* by rank * slots + slot */
	unsigned passes, stopped, restored, crossed, killed;
	struct result result;
	expected_state *expect;
} lab;

static uint64_t cell_number(const struct sheet *s, uint32_t cell)
{
	return (sheet_first_host(s) * sheet_plan(s)->slots) + cell;
}

static bool is_lost(uint64_t number, unsigned attempt, unsigned limit)
{
	const uint64_t hash = (number * 64 + attempt) * UINT64_C(0x9e3779b97f4a7c15);

	return attempt + 1 < limit && (double)(hash >> 40) / (double)(1 << 24) < lab.loss;
}

/* One probe on its way, however it is sent. */
static void lab_send(const struct sheet *s, uint32_t cell, unsigned attempt)
{
	const uint64_t number = cell_number(s, cell);
	const struct plan_probe p = sheet_probe(s, cell);
	const unsigned limit = lab.scan.conf.tries[p.technique];
	const struct probe probe = {.to = p.to,
				    .cell = sheet_tag(s, cell),
				    .port = p.port,
				    .technique = p.technique,
				    .attempt = (uint8_t)(attempt & 15)};
	const bool paced = sheet_counted(s, cell);

	assert_int_not_equal(sheet_get(s, cell), SHEET_NOT_OURS);
	/* Each attempt once, in order. */
	assert_int_equal(lab.attempts[number] & 15, attempt & 15);
	lab.attempts[number]++;
	assert_true(lab.attempts[number] <= limit + (paced ? ROUNDS : 0));
	lab.result.sent++;
	if (paced || !is_lost(number, attempt, limit))
		network_send(&lab.net, lab.plan, &probe, lab.now_ns);
}

/* The answers that are in: RSTs as a kernel program judges them, the others through the scan. */
static void lab_receive(void)
{
	while (lab.net.head && lab.net.head->answer.t_ns <= lab.now_ns) {
		struct pending *p = lab.net.head;
		uint32_t cell = 0;
		bool judged = false;

		for (unsigned i = 0; i < SHEETS && p->answer.reply == REPLY_RST; i++) {
			struct sheet *s = lab.scan.sheet[i];

			if (!s || !sheet_is_bulk(s) || !sheet_untag(s, p->answer.cell, &cell))
				continue;
			judged = true;
			if (sheet_raise(s, cell, REPLY_RST) == REPLY_SILENCE)
				sheet_add_answered(s, 1);
		}
		if (!judged)
			(void)scan_answer(&lab.scan, &p->answer, &cell);
		lab.net.head = p->next;
		if (!lab.net.head)
			lab.net.tail = NULL;
		free(p);
	}
}

/* As an engine prepares a window that is new, or was restored. */
static void lab_prepare(unsigned place)
{
	const struct sheet_host absent = {.notes = HOST_NO_NEIGHBOUR};
	struct sheet *s = lab.scan.sheet[place];
	struct sheet_loan loan = {.words = lab.words[lab.side][place],
				  .block_us = lab.blocks[lab.side][place]};

	for (uint32_t h = 0; h < sheet_hosts(s); h++)
		if (nature(sheet_first_host(s) + h) == DEAD)
			sheet_set_host(s, h, &absent);
	/* What was there does not count. */
	memset(loan.words, 0xff, sheet_cells(s) / 16 * sizeof(*loan.words));
	memset(loan.block_us, 0xff, sheet_cells(s) / 64 * sizeof(*loan.block_us));
	if (lab.bulk)
		assert_true(sheet_lend(s, &loan));
}

static struct sheet *lab_same(const struct scan *scan, const struct sheet *s)
{
	struct sheet *t = scan->sheet[0];

	if (sheet_window(t) != sheet_window(s))
		t = scan->sheet[1];
	assert_int_equal(sheet_window(t), sheet_window(s));
	return t;
}

/* Another process takes the place of this one, by a snapshot of this moment. */
static void lab_replace(struct scan *before)
{
	const size_t length = scan_snapshot(&lab.scan, lab.now_ns, NULL, 0);
	uint8_t *bytes = malloc(length);
	struct scan copy;

	assert_int_equal(scan_snapshot(&lab.scan, lab.now_ns, bytes, length), length);
	scan_init(&copy, lab.plan, &lab.scan.conf, lab.now_ns);
	assert_int_equal(scan_restore(&copy, bytes, length, lab.now_ns, 0), SNAPSHOT_OK);
	free(bytes);
	lab.side = !lab.side;
	*before = lab.scan;
	lab.scan = copy;
}

/* What is known of answers is not lost in either layout. */
static void lab_compare_evidence(struct sheet *s, struct sheet *t)
{
	uint32_t near_s = 0, near_t = 0;

	sheet_settle(s);
	sheet_settle(t);
	for (uint32_t c = 0; c < sheet_cells(s); c++) {
		const unsigned reply = sheet_get(s, c);
		struct reply_evidence before, after;

		if (reply == REPLY_SILENCE || reply == SHEET_NOT_OURS)
			continue;
		before = sheet_evidence(s, c, &near_s);
		after = sheet_evidence(t, c, &near_t);
		/* The bulk layout does not store it. */
		assert_int_equal(after.has & ~ANSWER_ATTEMPT, before.has & ~ANSWER_ATTEMPT);
		assert_int_equal(after.ttl, before.ttl);
		assert_int_equal(after.t_us_low, before.t_us_low);
	}
}

/* In the middle of a pass that began at position `from`: what it has sent counts only where it is
 * answered. */
static void lab_kill(const struct walk *walk, uint32_t from)
{
	struct sheet *sheet = walk->sheet;
	struct scan before;

	lab_replace(&before);
	for (unsigned i = 0; i < SHEETS; i++) {
		const struct sheet *s = before.sheet[i];

		for (uint32_t c = 0; s && c < sheet_cells(s); c++) {
			const struct sheet *t = lab_same(&lab.scan, s);
			uint8_t *attempts = &lab.attempts[cell_number(s, c)];
			const uint32_t position = (uint32_t)permute_backward(sheet_order(s), c);
			const bool undone = s == sheet && position >= from;

			assert_int_equal(sheet_get(t, c), sheet_get(s, c));
			if (sheet_get(t, c) != REPLY_SILENCE)
				continue;
			assert_true(*attempts == sheet_tries(t, c) ||
				    (undone && *attempts == sheet_tries(t, c) + 1));
			*attempts = (uint8_t)sheet_tries(t, c);
		}
	}
	for (unsigned i = 0; i < SHEETS; i++)
		if (lab.scan.sheet[i])
			lab_prepare(i);
	for (unsigned i = 0; i < SHEETS; i++)
		if (before.sheet[i])
			lab_compare_evidence(before.sheet[i], lab_same(&lab.scan, before.sheet[i]));
	scan_fini(&before);
	lab.killed++;
	lab.again = choice(2);
}

/* Sends a part of a pass, or all of it. Of a stopped one some cells before its end are unsent. */
static bool lab_pass(struct walk *walk)
{
	struct sheet *s = walk->sheet;
	const uint32_t stop = choice(3) == 0 ? walk->end : (uint32_t)choice(walk->end + 1);
	uint32_t *block = lab.blocks[lab.side][walk - lab.scan.walk], unsent[64], count = 0,
		 position;
	const uint32_t from = walk->position,
		       kill = choice(3) == 0 ? (uint32_t)choice(walk->end) : UINT32_MAX;
	uint64_t sent = 0;

	if (!sheet_is_bulk(s) || sheet_unsent_count(s) || !walk_pass_begin(walk, lab.now_ns))
		return false;
	scan_pass_begun(&lab.scan, walk, lab.now_ns);
	for (position = from; position < walk->end && position < stop; position++) {
		const uint32_t cell = (uint32_t)permute_forward(sheet_order(s), position);
		const bool hold = count < 64 && choice(20) == 0;

		if (position == kill) {
			walk_passed(walk, position, sent, lab.now_ns);
			scan_passing(&lab.scan, 0, lab.now_ns);
			lab_kill(walk, from);
			return true;
		}

		if (hold)
			unsent[count++] = cell;
		if (hold || sheet_get(s, cell) != REPLY_SILENCE || sheet_counted(s, cell) ||
		    sheet_host_absent(s, cell / lab.plan->slots) ||
		    walk->tries[sheet_probe(s, cell).technique] <= walk->pass)
			continue;
		lab_send(s, cell, walk->pass);
		block[position >> 6] = (uint32_t)(lab.now_ns / 1000) | 1;
		sent++;
		/* Some answers come before a pass is over. */
		lab.now_ns += 20000;
		lab_receive();
	}
	walk_passed(walk, position, sent, lab.now_ns);
	scan_passing(&lab.scan, 0, lab.now_ns);
	walk_pass_end(walk, position);
	while (count > 0)
		walk_unsent(walk, unsent[--count]);
	scan_pass_over(&lab.scan, 0, lab.now_ns);
	lab.passes++;
	lab.stopped += position < walk->end;
	return true;
}

static void lab_turn(void)
{
	unsigned budget, sent = 0;
	struct walk *walk = scan_turn(&lab.scan, lab.now_ns, &budget);
	struct probe probe;

	if (walk && !walk_is_checking(walk) && choice(2) && lab_pass(walk))
		return;
	while (walk && sent < budget && walk_next(walk, lab.now_ns, &probe)) {
		if (choice(30) == 0) {
			walk_unsent(walk, probe.cell);
			break;
		}
		if (probe.check)
			network_send(&lab.net, lab.plan, &probe, lab.now_ns);
		else
			lab_send(walk->sheet, plan_tag_cell(probe.cell), probe.attempt);
		walk_sent(walk, &probe, lab.now_ns);
		sent++;
	}
	if (walk)
		scan_sent(&lab.scan, walk, sent, 0, lab.now_ns);
}

/* Replies, attempts where they matter, and which answers came to last attempts. */
static void lab_compare(const struct sheet *s, const struct sheet *t)
{
	for (uint32_t c = 0; c < sheet_cells(s); c++) {
		const uint32_t slot = c % lab.plan->slots;
		const unsigned reply = sheet_get(s, c);

		assert_int_equal(sheet_get(t, c), reply);
		if (reply == REPLY_SILENCE)
			assert_int_equal(sheet_tries(t, c), sheet_tries(s, c));
		else if (sheet_is_answered(reply) && !sheet_slot_udp(s, slot) &&
			 !sheet_counted(s, c))
			assert_int_equal(sheet_was_last(t, c), sheet_was_last(s, c));
	}
}

/* Another process continues, by the same engine or the other one. */
static void lab_restore(void)
{
	struct scan before;

	lab_replace(&before);
	for (unsigned i = 0; i < SHEETS; i++)
		if (before.sheet[i])
			lab_compare(before.sheet[i], lab_same(&lab.scan, before.sheet[i]));
	lab.restored++;
	lab.again = false;
	if (choice(3) == 0) {
		lab.bulk = !lab.bulk;
		lab.crossed++;
	}
	for (unsigned i = 0; i < SHEETS; i++)
		if (lab.scan.sheet[i])
			lab_prepare(i);
	/* And when it is in the layout of its engine. */
	for (unsigned i = 0; i < SHEETS; i++)
		if (before.sheet[i]) {
			lab_compare(before.sheet[i], lab_same(&lab.scan, before.sheet[i]));
			lab_compare_evidence(before.sheet[i], lab_same(&lab.scan, before.sheet[i]));
		}
	scan_fini(&before);
}

static void lab_read_out(void)
{
	int place;

	while ((place = scan_ready(&lab.scan, lab.now_ns)) >= 0)
		read_out(&lab.scan, place, lab.expect, &lab.result);
}

static void lab_run(const struct plan *plan, const struct scan_conf *conf)
{
	lab.plan = plan;
	lab.now_ns = SECOND;
	lab.attempts = calloc(plan->total, 1);
	for (unsigned i = 0; i < 2 * SHEETS; i++) {
		lab.words[i / SHEETS][i % SHEETS] =
			calloc(plan->window_cells / 16 + 1, sizeof(uint64_t));
		lab.blocks[i / SHEETS][i % SHEETS] =
			calloc(plan->window_cells / 64 + 1, sizeof(uint32_t));
	}
	lab.net.filled_ns = lab.net.icmp_ns = lab.net.rst_ns = lab.now_ns;
	scan_init(&lab.scan, plan, conf, lab.now_ns);
	while (!scan_over(&lab.scan)) {
		uint64_t next_ns;
		int place;

		if (lab.again || choice(40) == 0)
			lab_restore();
		while ((place = scan_open(&lab.scan, lab.now_ns)) >= 0)
			lab_prepare((unsigned)place);
		lab_turn();
		next_ns = lab.now_ns + scan_wait_ns(&lab.scan, lab.now_ns) + 1000;
		if (lab.net.head && lab.net.head->answer.t_ns < next_ns)
			next_ns = lab.net.head->answer.t_ns;
		lab.now_ns = next_ns > lab.now_ns ? next_ns : lab.now_ns;
		lab_receive();
		lab_read_out();
		assert_true(lab.now_ns < 100000 * SECOND);
	}
	scan_fini(&lab.scan);
	for (unsigned i = 0; i < 2 * SHEETS; i++) {
		free(lab.words[i / SHEETS][i % SHEETS]);
		free(lab.blocks[i / SHEETS][i % SHEETS]);
	}
	free(lab.attempts);
}

static enum nature by_eight(uint64_t rank)
{
	static const enum nature by[8] = {
		OPEN_AT_MULTIPLES_OF_10, ALL_SILENT, RST_ALWAYS, DEAD,
		OPEN_AT_MULTIPLES_OF_10, RST_ALWAYS, ALL_SILENT, OPEN_AT_MULTIPLES_OF_10};

	return by[rank % 8];
}

static enum nature limited(uint64_t rank)
{
	return rank == 1 ? ICMP_LIMITED : OPEN_AT_MULTIPLES_OF_10;
}

static unsigned expect_by_eight(uint64_t rank, const struct finding *f)
{
	static const uint64_t alike[4] = {0, 1, 2, 3};

	for (unsigned i = 0; i < 4; i++)
		if (mixed(alike[i]) == by_eight(rank))
			return expect_mixed(alike[i], f);
	return PORT_OPEN;
}

struct story {
	enum nature (*nature)(uint64_t rank);
	expected_state *expect;
	unsigned hosts, ports, techniques, shard, shards;
	double loss;
	uint32_t window_hosts;
};

static void tell(const struct story *story, uint64_t seed)
{
	struct plan *plan = plan_of(story->hosts, 1, story->ports, story->techniques);
	struct scan_conf conf = conf_default(plan);
	struct lab *l = &lab;

	if (story->window_hosts) {
		plan->window_hosts = story->window_hosts;
		plan->window_cells = story->window_hosts * plan->slots;
		plan->windows = (plan->hosts + plan->window_hosts - 1) / plan->window_hosts;
	}
	plan_shard(plan, story->shard ? story->shard : 1, story->shards ? story->shards : 1,
		   &conf.first, &conf.last);
	memset(l, 0, sizeof(*l));
	choice_state = random_state = seed;
	nature = story->nature;
	l->net = (struct network){.nature = story->nature, .rtt_ns = 3 * MS, .icmp_tokens = 6};
	l->loss = story->loss;
	l->expect = story->expect;
	l->bulk = choice(4) != 0;
	lab_run(plan, &conf);
	assert_int_equal(l->result.wrong, 0);
	plan_free(plan);
}

/* What a story's runs did, all together. */
struct deeds {
	unsigned passes, stopped, restored, crossed, killed;
};

static void either_engine_goes_on_where_the_other_stopped(void **state)
{
	static const struct story stories[] = {
		{by_eight, expect_by_eight, 16, 60, 1u << TECH_SYN, .loss = 0.5},
		{by_eight, expect_by_eight, 16, 40, 1u << TECH_SYN | 1u << TECH_FIN, .loss = 0.3},
		{by_eight, expect_by_eight, 8, 60, 1u << TECH_SYN | 1u << TECH_ACK, .loss = 0.4,
		 .shard = 1, .shards = 3},
		{by_eight, expect_by_eight, 40, 30, 1u << TECH_SYN, .loss = 0.3, .window_hosts = 6},
		{limited, expect_normal, 4, 12, 1u << TECH_UDP | 1u << TECH_SYN, .loss = 0.3},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		struct deeds all = {0};

		for (unsigned round = 0; round < 40; round++) {
			tell(&stories[i], 1 + 100 * i + round);
			all.passes += lab.passes;
			all.stopped += lab.stopped;
			all.restored += lab.restored;
			all.crossed += lab.crossed;
			all.killed += lab.killed;
		}
		assert_true(all.passes > 40 && all.stopped > 20);
		assert_true(all.restored > 40 && all.crossed > 10 && all.killed > 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(either_engine_goes_on_where_the_other_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
