/* The words of a bulk sheet: by position, and marked by the kernel at the same time. */
#include "bulk_lab.h"

#include <pthread.h>

#include "scan/sheet_private.h"

/* What is known of a window, and what is not ours there, is the same once it is sent in bulk. */
static void test_by_position(void **unused)
{
	uint8_t before[3000];
	struct bench b;
	struct sheet *s;

	(void)unused;
	bench_init(&b, 150, 1u << TECH_SYN | 1u << TECH_FIN);
	s = sheet_new(b.plan, 0, 700, 2900, SECOND);
	assert_non_null(s);
	assert_int_equal(s->cells, 3000);
	for (uint32_t cell = 0; cell < s->cells; cell += 7)
		if (sheet_get(s, cell) == REPLY_SILENCE)
			(void)sheet_raise(s, cell, 1 + cell % 14);
	for (uint32_t cell = 0; cell < s->cells; cell++)
		before[cell] = (uint8_t)sheet_get(s, cell);
	memset(b.words, 0xff, s->cells / 16 * sizeof(*b.words));
	memset(b.blocks, 0xff, (s->cells + 63) / 64 * sizeof(*b.blocks));
	assert_true(sheet_lend(s, &(struct sheet_loan){.words = b.words, .block_us = b.blocks}));
	assert_true(sheet_is_bulk(s));
	for (uint32_t p = 0; p < s->cells; p++) {
		const uint32_t cell = (uint32_t)permute_forward(&s->order, p);

		assert_int_equal(sheet_sent_us(s, cell), 0);

		assert_int_equal(sheet_get(s, cell), before[cell]);
		assert_int_equal(sheet_at(s, p), before[cell]);
		assert_int_equal(before[cell] == SHEET_NOT_OURS, p < 700 || p >= 2900);
	}
	sheet_free(s);
	bench_fini(&b);
}

/* The kernel's part in test_both: as receive_mark of the receiving program, a cell after the other.
 */
struct marker {
	struct bench *b;
	uint32_t marked;
	uint32_t next; /* of both: neither is far ahead */
};

static void *marker_run(void *argument)
{
	struct marker *m = argument;

	for (uint32_t cell = 0; cell < sheet_cells(m->b->sheet); cell++) {
		const uint32_t place = sheet_place(m->b->sheet, cell);
		uint64_t *word = &m->b->words[place >> 4];
		const unsigned shift = (place & 15) * 4;
		uint64_t before = __atomic_load_n(word, __ATOMIC_RELAXED);

		while (__atomic_load_n(&m->next, __ATOMIC_ACQUIRE) < cell)
			;
		while ((before >> shift & 15) < REPLY_RST &&
		       !__atomic_compare_exchange_n(word, &before,
						    (before & ~(UINT64_C(15) << shift)) |
							    (uint64_t)REPLY_RST << shift,
						    false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			;
		m->marked += (before >> shift & 15) == REPLY_SILENCE;
	}
	return NULL;
}

/* A host that answers each probe by an ICMP error and a RST: both are judged at once, the one by
 * user space, the other in the kernel. The stronger stays, and each cell is counted once. */
static void test_both(void **unused)
{
	struct marker m = {0};
	uint8_t *counts;
	pthread_t thread;
	struct bench b;
	uint32_t cell;

	(void)unused;
	bench_init(&b, 50000, 1u << TECH_SYN);
	counts = calloc(sheet_cells(b.sheet), 1);
	assert_non_null(counts);
	pass(&b, counts, b.walk->end, SECOND);
	m.b = &b;
	assert_int_equal(pthread_create(&thread, NULL, marker_run, &m), 0);
	for (uint32_t i = 0; i < sheet_cells(b.sheet); i++) {
		const struct answer error = {
			.t_ns = SECOND,
			.cell = sheet_tag(b.sheet, i),
			.reply = REPLY_UNREACH,
			.has = ANSWER_ICMP | ANSWER_FROM,
		};

		__atomic_store_n(&m.next, i, __ATOMIC_RELEASE);
		(void)scan_answer(&b.scan, &error, &cell);
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(sheet_answered(b.sheet) + m.marked, sheet_cells(b.sheet));
	for (uint32_t i = 0; i < sheet_cells(b.sheet); i++)
		assert_int_equal(sheet_get(b.sheet, i), REPLY_RST);
	free(counts);
	bench_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_position),
		cmocka_unit_test(test_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
