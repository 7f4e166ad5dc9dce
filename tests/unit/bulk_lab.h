/* bulk_lab: a window in bulk, and what an engine would do with it. */
#ifndef PORTLIGHT_TESTS_BULK_LAB_H
#define PORTLIGHT_TESTS_BULK_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "address/ranges.h"
#include "scan/scan.h"

#define SECOND UINT64_C(1000000000)

/* A plan of `hosts` x 10 ports by SYN and FIN, the sheet of its first window in bulk. */
struct bench {
	struct plan *plan;
	struct scan scan;
	struct sheet *sheet;
	struct walk *walk;
	uint64_t *words;
	uint32_t *blocks;
};

static inline void bench_init(struct bench *b, uint32_t hosts, unsigned techniques)
{
	const uint64_t seed[2] = {11, 12};
	const struct scan_conf conf = {
		.pace = {0, 200000, 8e6},
		.rtt = {100000000, 50000000, SECOND},
		.last = UINT64_MAX,
		.tries = {[TECH_SYN] = 2, [TECH_FIN] = 3, [TECH_UDP] = 2},
	};
	struct sheet_loan loan = {0};
	struct scan_conf own = conf;
	struct ranges targets = {0};
	struct ports ports = {0};
	struct failure f = {0};

	memset(b, 0, sizeof(*b));
	assert_int_equal(ranges_add(&targets, addr_from_v4(0xc6130000),
				    addr_from_v4(0xc6130000 + hosts - 1)),
			 0);
	for (unsigned port = 1; port <= 10; port++) {
		port_set_add(&ports.tcp, port);
		port_set_add(&ports.udp, port);
	}
	b->plan = plan_new(&targets, &ports, techniques, seed, &f);
	assert_non_null(b->plan);
	ranges_fini(&targets);
	own.last = b->plan->total;
	scan_init(&b->scan, b->plan, &own, SECOND);
	assert_int_equal(scan_open(&b->scan, SECOND), 0);
	b->sheet = b->scan.sheet[0];
	b->walk = &b->scan.walk[0];
	/* As an engine does. */
	b->words = calloc(sheet_cells(b->sheet) / 16 + 1, sizeof(*b->words));
	b->blocks = calloc(sheet_cells(b->sheet) / 64 + 1, sizeof(*b->blocks));
	assert_true(b->words && b->blocks);
	loan.words = b->words;
	loan.block_us = b->blocks;
	assert_true(sheet_lend(b->sheet, &loan));
}

static inline void bench_fini(struct bench *b)
{
	scan_fini(&b->scan);
	plan_free(b->plan);
	free(b->words);
	free(b->blocks);
}

/* What an engine's pass would do from the walk's position to `end`: counts[cell] attempts. */
static inline void pass(struct bench *b, uint8_t *counts, uint32_t end, uint64_t now_ns)
{
	uint64_t sent = 0;

	assert_true(walk_pass_begin(b->walk, now_ns));
	for (uint32_t p = b->walk->position; p < end; p++) {
		uint32_t cell = (uint32_t)permute_forward(sheet_order(b->sheet), p);
		uint8_t technique = sheet_probe(b->sheet, cell).technique;

		if (sheet_get(b->sheet, cell) != 0 || b->walk->tries[technique] <= b->walk->pass ||
		    sheet_counted(b->sheet, cell))
			continue;
		counts[cell]++;
		sent++;
		b->blocks[p >> 6] = (uint32_t)(now_ns / 1000) | 1;
	}
	walk_passed(b->walk, end, sent, now_ns);
	walk_pass_end(b->walk, end);
}

static inline void check_tries(const struct bench *b, const uint8_t *counts)
{
	for (uint32_t cell = 0; cell < sheet_cells(b->sheet); cell++)
		if (sheet_get(b->sheet, cell) == REPLY_SILENCE)
			assert_int_equal(sheet_tries(b->sheet, cell), counts[cell]);
}

#endif
