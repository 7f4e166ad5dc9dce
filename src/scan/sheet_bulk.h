/* sheet_bulk: the layout of a sheet whose passes an engine sends by itself. */
#ifndef PORTLIGHT_SCAN_SHEET_BULK_H
#define PORTLIGHT_SCAN_SHEET_BULK_H

#include "scan/sheet.h"

/*
 * Replies stand in order of position: the sender reads them in a row, and answers to what was just
 * sent fall into the same few cache lines. By cell each would be a line of its own, for which the
 * processor has to wait.
 *
 * Attempts are not stored: the walk's pass and position show what was sent, except for the unsent
 * list. Times are stored for blocks of 64 positions, as passes send them. Cells that were sent one
 * by one have an entry in a table (sent_table.h), and not in the arrays of the plain layout: the
 * cells of a block lie on 64 pages of these. The later of both times counts. Paced cells
 * (sheet_counted) are counted by their entry alone, from when their pace began.
 *
 * Evidence is kept for few cells, in a list (evidence_list.h).
 */
#define SHEET_BLOCK_BITS 6

/* The replies of a plain sheet in order of position, into (cells + 15) / 16 words. */
void sheet_bulk_words(const struct sheet *s, uint64_t *out);

/* The rest is for sheet.c: the functions of sheet.h of the same names, for the bulk layout. */
unsigned sheet_bulk_tries(const struct sheet *s, uint32_t cell);
/* The same for a caller that knows the cell's position, as if no cell were unsent. */
unsigned sheet_bulk_passed(const struct sheet *s, uint32_t cell, uint32_t position);
uint32_t sheet_bulk_sent_us(const struct sheet *s, uint32_t cell);
bool sheet_bulk_sent(struct sheet *s, uint32_t cell, unsigned attempt, uint32_t us);
uint32_t sheet_bulk_withdraw(struct sheet *s, uint32_t *position, uint32_t since_us,
			     uint32_t span_us);
bool sheet_bulk_count(struct sheet *s, uint32_t host, bool udp);
void sheet_bulk_fini(struct sheet *s);

#endif
