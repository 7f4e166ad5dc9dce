/* The list of evidence against an array of one for each cell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "scan/evidence_list.h"
#include "scan/probe.h"

#define CELLS (1u << 20)

/* xorshift64*, so that a failure comes again. */
static uint64_t state = 88172645463325252u;

static uint64_t next(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 2685821657736338717u;
}

struct model {
	struct evidence_list evidence_list;
	uint32_t cells;
	struct reply_evidence *evidence;
	uint8_t *reply;
};

static void model_init(struct model *m, uint32_t cells)
{
	*m = (struct model){.cells = cells,
			    .evidence = calloc(cells, sizeof(*m->evidence)),
			    .reply = calloc(cells, 1)};
	assert_true(m->evidence && m->reply);
}

static void model_fini(struct model *m)
{
	evidence_list_fini(&m->evidence_list);
	free(m->evidence);
	free(m->reply);
}

static struct reply_evidence some_evidence(void)
{
	const bool icmp = next() % 3 == 0, from = icmp && next() % 2, timed = next() % 2;
	const uint32_t rtt_us = timed ? (uint32_t)next() & 0xffffff : 0;

	return (struct reply_evidence){
		.t_us_low = (uint32_t)next(),
		.t_us_high = (uint8_t)(next() & 0x3f),
		.rtt_sender = rtt_us << 8 | (from ? 1 + (uint32_t)(next() % 255) : 0),
		.window = icmp ? 0 : (uint16_t)next(),
		.icmp_type = icmp ? (uint8_t)next() : 0,
		.icmp_code = icmp ? (uint8_t)next() : 0,
		.ttl = (uint8_t)next(),
		.attempt = (uint8_t)(next() & 15),
		.has = (uint8_t)((next() & (ANSWER_TTL | ANSWER_REFUSED | ANSWER_LOCAL)) |
				 (icmp ? ANSWER_ICMP : ANSWER_WINDOW) | (from ? ANSWER_FROM : 0) |
				 (timed ? EVIDENCE_RTT : 0)),
	};
}

/* A stronger answer to a cell, as sheet_note lets through. */
static void model_put(struct model *m, uint32_t cell)
{
	struct reply_evidence e = some_evidence();

	if (m->reply[cell] == 14)
		return;
	m->reply[cell] = (uint8_t)(m->reply[cell] + 1 + next() % (14u - m->reply[cell]));
	m->evidence[cell] = e;
	e.has |= next() & ANSWER_ATTEMPT; /* which is forgotten */
	evidence_list_put(&m->evidence_list, cell, m->reply[cell], &e);
}

/* Some of all cells, in ascending order or in any; once all of them. */
static void model_check(struct model *m, uint32_t step)
{
	uint32_t near = 0, count = 0;

	evidence_list_settle(&m->evidence_list);
	for (uint32_t cell = 0; cell < m->cells; cell += step) {
		const struct reply_evidence got = evidence_list_get(&m->evidence_list, cell, &near);

		assert_memory_equal(&got, &m->evidence[cell], sizeof(got));
		count += m->reply[cell] != 0;
	}
	if (step == 1)
		assert_int_equal(m->evidence_list.count, count);
	for (int i = 0; i < 1000; i++) {
		const uint32_t cell = (uint32_t)(next() % m->cells);
		const struct reply_evidence got =
			evidence_list_get(&m->evidence_list, cell, &(uint32_t){0});

		assert_memory_equal(&got, &m->evidence[cell], sizeof(got));
	}
}

/* By the thousand, some of them again and stronger, and a few late ones when it was read. */
static void test_model(void **unused)
{
	static const uint32_t spread[] = {1, 100, 30000, CELLS};

	(void)unused;
	for (unsigned s = 0; s < sizeof(spread) / sizeof(spread[0]); s++) {
		struct model m;

		model_init(&m, CELLS);
		model_check(&m, 999);
		for (int turn = 0; turn < 2; turn++) {
			for (uint32_t i = 0; i < 20000; i++)
				model_put(&m, (uint32_t)(next() % spread[s]) * (CELLS / spread[s]));
			model_check(&m, 1);
			for (uint32_t late = 1; late < 40; late *= 2) {
				for (uint32_t i = 0; i < late; i++)
					model_put(&m, (uint32_t)(next() % CELLS));
				model_check(&m, 999);
			}
		}
		model_check(&m, 1);
		model_fini(&m);
	}
}

/* Hosts that answer each probe, and better and better: no more than one entry of each cell is held
 * once they are looked through, and room for as many. */
static void test_many(void **unused)
{
	struct model m;

	(void)unused;
	model_init(&m, 1u << 16);
	for (unsigned turn = 0; turn < 14; turn++)
		for (uint32_t i = 0; i < m.cells; i++)
			model_put(&m, i * 7919 % m.cells);
	assert_in_range(m.evidence_list.room, m.cells, m.cells * 2);
	model_check(&m, 1);
	model_fini(&m);
}

/* A gap nowhere: what is held is what was put. */
static void test_dense(void **unused)
{
	struct evidence_list k = {0};
	const struct reply_evidence e = {.has = ANSWER_TTL, .ttl = 64};

	(void)unused;
	for (uint32_t i = 0; i < 20000; i++) {
		evidence_list_put(&k, i * UINT64_C(7919) % CELLS, 1, &e);
		assert_int_equal(k.count, i + 1);
		assert_int_equal(k.at[i].ttl, 64);
	}
	evidence_list_fini(&k);
	assert_null(k.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_dense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
