/* Bulk sheets: attempts by position, evidence in a list, and the pace of passes. */
#include "bulk_lab.h"
#include "scan/sheet_private.h"
#include "scan/verdict.h"

/* A cell whose answer comes after days. */
#define LATE 8

/* Probe by probe, then by passes, stopped and gone on with: attempts and times are right. */
static void test_attempts(void **unused)
{
	uint8_t counts[3000] = {0};
	struct bench b;
	struct probe probe;
	uint64_t now_ns = SECOND;

	(void)unused;
	bench_init(&b, 150, 1u << TECH_SYN | 1u << TECH_FIN);
	assert_int_equal(sheet_cells(b.sheet), sizeof(counts));
	for (int i = 0; i < 100; i++) {
		assert_true(walk_next(b.walk, now_ns, &probe));
		assert_int_equal(probe.attempt, 0);
		counts[probe.cell & (PLAN_WINDOW_CELLS - 1)]++;
		walk_sent(b.walk, &probe, now_ns);
	}
	check_tries(&b, counts);
	assert_int_equal(sheet_sent_us(b.sheet, probe.cell & (PLAN_WINDOW_CELLS - 1)),
			 now_ns / 1000);
	pass(&b, counts, 1000, now_ns + 5000000);
	check_tries(&b, counts);
	pass(&b, counts, b.walk->end, now_ns + 9000000);
	check_tries(&b, counts);
	assert_int_equal(b.walk->sent, 3000);
	assert_int_equal(b.walk->resent, 0);
	for (uint32_t cell = 0; cell < 3000; cell += 3)
		(void)sheet_raise(b.sheet, cell, REPLY_RST);
	/* Not before the last of the first pass has had its time. */
	now_ns += 9000000 + b.walk->timeout_ns - 1;
	assert_false(walk_pass_begin(b.walk, now_ns));
	assert_int_equal(b.walk->due_ns, now_ns + 1);
	now_ns++;
	pass(&b, counts, b.walk->end, now_ns);
	check_tries(&b, counts);
	assert_int_equal(b.walk->resent, 2000);
	assert_int_equal(sheet_sent_us(b.sheet, 1), (uint32_t)(now_ns / 1000) | 1);
	/* The third is for FIN alone; probe by probe again. Time stamps are 1 us coarse. */
	now_ns += b.walk->timeout_ns + 2000;
	while (walk_next(b.walk, now_ns, &probe)) {
		assert_int_equal(probe.technique, TECH_FIN);
		assert_int_equal(probe.attempt, 2);
		counts[probe.cell & (PLAN_WINDOW_CELLS - 1)]++;
		walk_sent(b.walk, &probe, now_ns);
	}
	check_tries(&b, counts);
	for (uint32_t cell = 1; cell < 3000; cell += 3)
		assert_int_equal(counts[cell],
				 sheet_probe(b.sheet, cell).technique == TECH_SYN ? 2 : 3);
	assert_true(b.walk->done);
	bench_fini(&b);
}

/* After the last attempts no pass goes over the cells any more: what is still blank was sent as
 * often as it may be, and the walk is done at once. */
static void test_spent(void **unused)
{
	uint8_t counts[3000] = {0};
	uint64_t now_ns = SECOND;
	struct bench b;
	struct probe probe;

	(void)unused;
	bench_init(&b, 300, 1u << TECH_SYN);
	for (int attempt = 0; attempt < 2; attempt++) {
		pass(&b, counts, b.walk->end, now_ns);
		now_ns += b.walk->timeout_ns;
	}
	assert_int_equal(b.walk->pass, 1);
	assert_false(walk_pass_begin(b.walk, now_ns));
	assert_false(walk_next(b.walk, now_ns, &probe));
	assert_int_equal(b.walk->pass, 2);
	assert_int_equal(b.walk->position, b.walk->end);
	assert_true(b.walk->done);
	check_tries(&b, counts);
	assert_int_equal(b.walk->sent, 6000);
	bench_fini(&b);
}

/* What walk_next gives, refused or taken; its cell. */
static uint32_t offered(struct bench *b, unsigned attempt, uint64_t now_ns, bool taken)
{
	struct probe probe;

	assert_true(walk_next(b->walk, now_ns, &probe));
	assert_int_equal(probe.attempt, attempt);
	if (taken)
		walk_sent(b->walk, &probe, now_ns);
	else
		walk_unsent(b->walk, probe.cell);
	return plan_tag_cell(probe.cell);
}

/* What no device took was not sent, and comes before all else; the others of its block keep their
 * time. */
static void test_unsent(void **unused)
{
	const uint64_t now_ns = 2 * SECOND;
	uint8_t counts[3000] = {0};
	uint32_t cell[4];
	struct probe probe;
	struct bench b;

	(void)unused;
	bench_init(&b, 300, 1u << TECH_SYN);
	pass(&b, counts, 1000, SECOND);
	for (unsigned i = 0; i < 4; i++) {
		cell[i] = (uint32_t)permute_forward(sheet_order(b.sheet), 960 + 2 * i);
		walk_unsent(b.walk, cell[i]);
		counts[cell[i]]--;
	}
	check_tries(&b, counts);
	/* Nor is what was answered all the same. */
	(void)sheet_raise(b.sheet, cell[1], REPLY_RST);
	walk_unsent(b.walk, cell[1]);
	assert_int_equal(sheet_unsent_count(b.sheet), 4);
	assert_int_equal(offered(&b, 0, now_ns, true), cell[0]);
	counts[cell[0]]++;
	assert_int_equal(offered(&b, 0, now_ns, false), cell[2]);
	assert_int_equal(offered(&b, 0, now_ns, false), cell[3]);
	check_tries(&b, counts);
	for (uint32_t p = 960; p < 1000; p++) {
		const uint32_t other = (uint32_t)permute_forward(sheet_order(b.sheet), p);

		assert_int_equal(sheet_sent_us(b.sheet, other),
				 other == cell[0] ? 2000000 : 1000001);
		assert_int_equal(b.sheet->sent_us[other], 0);
	}
	assert_int_equal(b.sheet->bulk.sent.count, 1);
	for (unsigned i = 2; i < 4; i++, counts[cell[i - 1]]++)
		assert_int_equal(offered(&b, 0, now_ns, true), cell[i]);
	check_tries(&b, counts);
	pass(&b, counts, b.walk->end, now_ns);
	pass(&b, counts, b.walk->end, 4 * SECOND);
	/* What the last pass did not send keeps the walk from being done. */
	walk_unsent(b.walk, cell[0]);
	assert_int_equal(offered(&b, 1, 5 * SECOND, false), cell[0]);
	assert_false(b.walk->done);
	counts[cell[0]]--;
	check_tries(&b, counts);
	assert_int_equal(offered(&b, 1, 5 * SECOND, true), cell[0]);
	counts[cell[0]]++;
	assert_false(walk_next(b.walk, 5 * SECOND, &probe));
	assert_true(b.walk->done);
	walk_unsent(b.walk, cell[0]);
	assert_false(b.walk->done);
	assert_int_equal(offered(&b, 1, 5 * SECOND, true), cell[0]);
	assert_false(walk_next(b.walk, 5 * SECOND, &probe));
	assert_true(b.walk->done);
	bench_fini(&b);
}

/* A stopped pass sends nothing to cells without attempts left, so these were not unsent either. */
static void test_unsent_of_others(void **unused)
{
	uint8_t counts[3000] = {0};
	uint32_t taken = 0;
	struct bench b;

	(void)unused;
	bench_init(&b, 150, 1u << TECH_SYN | 1u << TECH_FIN);
	for (uint64_t i = 1; i <= 3; i++)
		pass(&b, counts, b.walk->end, i * 2 * SECOND);
	check_tries(&b, counts);
	for (uint32_t cell = 0; cell < 40; cell++) {
		const bool fin = sheet_probe(b.sheet, cell).technique == TECH_FIN;

		walk_unsent(b.walk, cell);
		taken += fin;
		counts[cell] -= fin;
		assert_int_equal(sheet_unsent_count(b.sheet), taken);
	}
	assert_int_equal(taken, 20);
	check_tries(&b, counts);
	bench_fini(&b);
}

static const struct answer refused = {.t_ns = SECOND + 1000000,
				      .has = ANSWER_TTL | ANSWER_ICMP | ANSWER_ATTEMPT,
				      .reply = REPLY_PORT_UNREACH};

/* The quenched host 0 is asked slowly, beside and after the passes that go over host 1: each of
 * its ports that is answered late is found, and each attempt has a number of its own. */
static void test_quenched(void **unused)
{
	uint8_t counts[40] = {0}, asked[40] = {0};
	uint64_t now_ns = SECOND, rtt_ns;
	unsigned answered = 0;
	uint32_t mute = UINT32_MAX;
	int token = 0;
	struct bench b;
	struct probe probe;
	bool has_rtt;

	(void)unused;
	bench_init(&b, 2, 1u << TECH_SYN | 1u << TECH_UDP);
	pass(&b, counts, b.walk->end, now_ns);
	for (uint32_t cell = 0; cell < 20; cell++)
		if (sheet_probe(b.sheet, cell).technique == TECH_UDP && answered++ < 2)
			assert_int_equal(sheet_note(b.sheet, cell, &refused, &rtt_ns, &has_rtt),
					 SHEET_FIRST);
	now_ns += b.walk->timeout_ns;
	pass(&b, counts, b.walk->end, now_ns);
	check_tries(&b, counts);
	assert_false(b.walk->done);
	memcpy(asked, counts, sizeof(asked));
	answered = 2;
	for (int turns = 0; turns < 4000 && !b.walk->done; turns++) {
		now_ns += 20000000;
		while (walk_next(b.walk, now_ns, &probe)) {
			const uint32_t cell = probe.cell & (PLAN_WINDOW_CELLS - 1);
			struct answer answer = refused;

			assert_true(sheet_counted(b.sheet, cell));
			assert_int_equal(probe.attempt, asked[cell]++ & 15);
			walk_sent(b.walk, &probe, now_ns);
			assert_int_equal(sheet_tries(b.sheet, cell), asked[cell]);
			/* A token each ten turns; the port that is asked first never answers. */
			mute = mute == UINT32_MAX ? cell : mute;
			if (turns - token < 10 || cell == mute)
				continue;
			token = turns;
			answer.t_ns = now_ns + 1000000;
			answer.attempt = probe.attempt;
			assert_int_equal(sheet_note(b.sheet, cell, &answer, &rtt_ns, &has_rtt),
					 SHEET_FIRST);
			assert_true(has_rtt && rtt_ns <= 1001000);
			answered++;
		}
	}
	assert_true(b.walk->done);
	assert_int_equal(answered, 9);
	bench_fini(&b);
}

/* What the walk offers beyond the passes, until it is done; `gain` of the probes of each of the
 * first `rounds` rounds are answered, as the kernel does it: a mark in the sheet. */
static void ask_on(struct bench *b, uint8_t *counts, uint64_t now_ns, unsigned rounds)
{
	struct probe probe;
	unsigned gained = 0;

	for (int turns = 0; turns < 20000 && !b->walk->done; turns++) {
		now_ns += 1000000;
		while (walk_next(b->walk, now_ns, &probe)) {
			const uint32_t cell = probe.cell & (PLAN_WINDOW_CELLS - 1);

			assert_true(cell < 10); /* of host 0 */
			assert_true(sheet_counted(b->sheet, cell));
			assert_int_equal(probe.attempt, counts[cell]++ & 15);
			walk_sent(b->walk, &probe, now_ns);
			assert_int_equal(sheet_tries(b->sheet, cell), counts[cell]);
			assert_int_equal(sheet_sent_us(b->sheet, cell), now_ns / 1000);
			if (probe.attempt == 2 + gained && gained < rounds) {
				(void)sheet_raise(b->sheet, cell, REPLY_RST);
				gained++;
			}
		}
	}
	assert_true(b->walk->done);
	assert_int_equal(gained, rounds);
}

/* Host 0 still answers last attempts, host 1 only first ones, host 2 none: the first is asked on,
 * by a pass and probe by probe alike, until two rounds bring nothing. */
static void test_persistent(void **unused)
{
	(void)unused;
	for (int by_pass = 0; by_pass < 2; by_pass++) {
		uint8_t counts[30] = {0}, most = 0;
		uint64_t now_ns = SECOND;
		struct bench b;
		struct probe probe;

		bench_init(&b, 3, 1u << TECH_SYN);
		b.walk->rst_retries = true;
		pass(&b, counts, b.walk->end, now_ns);
		for (uint32_t cell = 0; cell < 3; cell++)
			(void)sheet_raise(b.sheet, cell, REPLY_RST);
		for (uint32_t cell = 10; cell < 18; cell++)
			(void)sheet_raise(b.sheet, cell, REPLY_RST);
		now_ns += b.walk->timeout_ns + 2000;
		if (by_pass)
			pass(&b, counts, b.walk->end, now_ns);
		while (!by_pass && walk_next(b.walk, now_ns, &probe)) {
			counts[probe.cell & (PLAN_WINDOW_CELLS - 1)]++;
			walk_sent(b.walk, &probe, now_ns);
		}
		check_tries(&b, counts);
		assert_false(b.walk->done);
		(void)sheet_raise(b.sheet, 3, REPLY_RST);
		(void)sheet_raise(b.sheet, 4, REPLY_RST);
		ask_on(&b, counts, now_ns, 2);
		/* Two attempts, two rounds that gained, two that did not. */
		for (uint32_t cell = 0; cell < 30; cell++)
			most = counts[cell] > most ? counts[cell] : most;
		assert_int_equal(most, 2 + 2 + 2);
		check_tries(&b, counts);
		bench_fini(&b);
	}
}

/* Answers to all attempts but the last are no reason to go on. */
static void test_not_persistent(void **unused)
{
	uint8_t counts[30] = {0};
	uint64_t now_ns = SECOND;
	struct bench b;

	(void)unused;
	bench_init(&b, 3, 1u << TECH_SYN);
	b.walk->rst_retries = true;
	pass(&b, counts, b.walk->end, now_ns);
	for (uint32_t cell = 0; cell < 5; cell++)
		(void)sheet_raise(b.sheet, cell, REPLY_RST);
	now_ns += b.walk->timeout_ns;
	pass(&b, counts, b.walk->end, now_ns);
	(void)sheet_raise(b.sheet, 5, REPLY_UNREACH); /* a router's word */
	ask_on(&b, counts, now_ns, 0);
	assert_int_equal(b.walk->sent, 30 + 25);
	bench_fini(&b);
}

static void test_evidence(void **unused)
{
	uint8_t counts[3000] = {0};
	struct bench b;
	uint64_t rtt_ns;
	uint32_t near = 0;
	bool has_rtt;

	(void)unused;
	bench_init(&b, 300, 1u << TECH_SYN);
	pass(&b, counts, b.walk->end, SECOND);
	for (uint32_t cell = 0; cell < 3000; cell++) {
		struct answer answer = {
			.t_ns = SECOND + 4000000 + cell * UINT64_C(1000),
			.has = ANSWER_TTL | ANSWER_WINDOW | ANSWER_ATTEMPT,
			.ttl = (uint8_t)(cell % 255 + 1),
			.window = (uint16_t)(cell * 7),
			.reply = cell % 9 ? REPLY_SYN_ACK : REPLY_RST,
		};

		if (cell % 4 == 3)
			continue;
		if (cell % 9 == 1) {
			answer.has = ANSWER_TTL | ANSWER_ICMP | ANSWER_ATTEMPT;
			answer.window = 0;
			answer.icmp_type = 3;
			answer.icmp_code = (uint8_t)cell;
			answer.reply = REPLY_PORT_UNREACH;
		}
		if (cell == LATE)
			answer.t_ns += (UINT64_C(1) << 39) * 1000;
		assert_int_equal(sheet_note(b.sheet, cell, &answer, &rtt_ns, &has_rtt),
				 SHEET_FIRST);
		assert_true(has_rtt);
		assert_in_range(rtt_ns, 3998000 + cell * UINT64_C(1000),
				4000000 + cell * UINT64_C(1000));
		/* A stronger one takes its place. */
		answer.reply = REPLY_SYN_ACK;
		answer.has = ANSWER_TTL | ANSWER_WINDOW | ANSWER_ATTEMPT;
		answer.ttl = 99;
		if (cell % 9 == 0)
			assert_int_equal(sheet_note(b.sheet, cell, &answer, &rtt_ns, &has_rtt),
					 SHEET_STRONGER);
	}
	sheet_settle(b.sheet);
	assert_int_equal(b.sheet->bulk.evidence.count, 3000 / 4 * 3);
	for (uint32_t cell = 0; cell < 3000; cell++) {
		const struct reply_evidence e = sheet_evidence(b.sheet, cell, &near);
		const bool icmp = cell % 9 == 1;

		if (cell % 4 == 3) {
			assert_int_equal(e.ttl, 0);
			assert_int_equal(e.has, 0);
			continue;
		}
		assert_int_equal(e.ttl, cell % 9 ? cell % 255 + 1 : 99);
		assert_int_equal(e.window, icmp ? 0 : (uint16_t)(cell * 7));
		assert_int_equal(e.icmp_type, icmp ? 3 : 0);
		assert_int_equal(e.icmp_code, icmp ? (uint8_t)cell : 0);
		/* Longer than it is kept. */
		assert_int_equal(e.t_us_low, cell == LATE ? UINT32_MAX : 4000 + cell);
		assert_int_equal(e.t_us_high, cell == LATE ? 0x3f : 0);
		assert_in_range(e.rtt_sender >> 8, 3998 + cell, 4000 + cell);
		assert_int_equal(e.attempt, 0);
		assert_true(e.has & EVIDENCE_RTT);
	}
	bench_fini(&b);
}

/* What the kernel judged by itself: state and reason are there, time and TTL are not. */
static void test_read_out(void **unused)
{
	const uint8_t tries[TECHNIQUES] = {[TECH_SYN] = 1};
	struct finding findings[10];
	struct host_report report;
	uint8_t counts[3000] = {0};
	struct bench b;

	(void)unused;
	bench_init(&b, 300, 1u << TECH_SYN);
	pass(&b, counts, b.walk->end, SECOND);
	for (uint32_t cell = 0; cell < 10; cell++)
		(void)sheet_raise(b.sheet, cell, cell < 5 ? REPLY_RST : REPLY_SILENCE);
	verdict_host(b.sheet, 0, true, tries, 0, findings, &report);
	assert_int_equal(report.count, 10);
	assert_true(report.notes & HOST_ANSWERED);
	assert_int_equal(findings[0].state, PORT_CLOSED);
	assert_int_equal(findings[0].reason, REASON_RESET);
	assert_int_equal(findings[0].has, 0);
	assert_int_equal(findings[9].state, PORT_FILTERED);
	verdict_host(b.sheet, 1, true, tries, 0, findings, &report);
	assert_false(report.notes & HOST_ANSWERED);
	bench_fini(&b);
}

/* A path that carries `limit` probes a second: the rate of a pass rises to it, and falls to it. */
static void test_pace(void **unused)
{
	const double limit = 1e6;
	uint64_t now_ns = SECOND, credit = 0, random = 1;
	struct bench b;
	double most = 0;

	(void)unused;
	bench_init(&b, 100000, 1u << TECH_SYN);
	assert_true(walk_pass_begin(b.walk, now_ns));
	scan_pass_begun(&b.scan, b.walk, now_ns);
	assert_null(scan_turn(&b.scan, now_ns, &(unsigned){0}));
	while (b.walk->position < b.walk->end) {
		const uint32_t count = (uint32_t)(b.scan.pacer.rate_pps / 1000);
		uint32_t end = b.walk->position + count;

		now_ns += 1000000;
		credit = (uint64_t)limit / 1000;
		for (uint32_t p = b.walk->position; p < end && p < b.walk->end; p++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			/* What is too much is lost; of the rest eight in ten answer. */
			if ((random >> 33) % count < credit && (random >> 13) % 10 < 8)
				(void)sheet_raise(
					b.sheet, (uint32_t)permute_forward(sheet_order(b.sheet), p),
					REPLY_RST);
		}
		walk_passed(b.walk, end, count, now_ns);
		scan_passing(&b.scan, 0, now_ns);
		if (b.scan.pacer.rate_pps > most)
			most = b.scan.pacer.rate_pps;
	}
	walk_pass_end(b.walk, b.walk->end);
	scan_pass_over(&b.scan, 0, now_ns);
	assert_true(b.scan.pass_sent > 0 && b.scan.pass_sent == b.walk->sent);
	/* From 0.2 to where it hurt, and back below what gets through. */
	assert_true(most >= limit);
	assert_true(most <= 2 * limit);
	assert_true(b.scan.pacer.backoffs >= 1);
	assert_in_range((uint64_t)b.scan.pacer.rate_pps, 600000, 1250000);
	assert_null(b.scan.passing);
	bench_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attempts),       cmocka_unit_test(test_spent),
		cmocka_unit_test(test_unsent),	       cmocka_unit_test(test_evidence),
		cmocka_unit_test(test_read_out),       cmocka_unit_test(test_pace),
		cmocka_unit_test(test_quenched),       cmocka_unit_test(test_persistent),
		cmocka_unit_test(test_not_persistent), cmocka_unit_test(test_unsent_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
