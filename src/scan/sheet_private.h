/* sheet_private: the memory of a sheet, for sheet.c, sheet_bulk.c, sheet_snapshot.c and the tests
 * of these. Nothing else includes it. */
#ifndef PORTLIGHT_SCAN_SHEET_PRIVATE_H
#define PORTLIGHT_SCAN_SHEET_PRIVATE_H

#include "scan/sent_table.h"
#include "scan/sheet.h"

/* 1 to 254: addresses; 255: any other. */
#define SHEET_SENDERS 255

struct sheet_unsent {
	uint32_t cell[SHEET_UNSENT];
	uint32_t count;
};

/* What only the bulk layout has; see sheet_bulk.h. */
struct sheet_bulk {
	bool on;
	uint32_t *block_us; /* lent */
	struct evidence_list evidence;
	struct sent_table sent; /* cells that were sent one by one, by position */
	uint64_t *last; /* a bit a cell: unanswered when its last attempt was sent; may be NULL */
};

struct sheet {
	const struct plan *plan;
	uint64_t window;
	uint64_t first_host;
	uint64_t opened_ns;
	uint32_t hosts, cells;
	uint32_t ours;
	uint32_t answered;
	struct permute order;
	uint64_t *word; /* replies: 4 bits each, at sheet_place(); lent in the bulk layout */
	/* The next three are by cell, and of the plain layout only. */
	uint32_t *sent_us; /* low 32 bits of the clock in us, of the latest attempt */
	uint8_t *tries;	   /* attempts sent */
	struct reply_evidence *evidence;
	struct hop_group *host; /* see sheet_host() */
	bool alike;
	bool host_lent;
	uint8_t *heard;	      /* a bit a host: HOST_ANSWERED */
	uint64_t *challenged; /* a bit a cell; NULL: none */
	struct sheet_pace *pace;
	struct addr sender[SHEET_SENDERS]; /* from 1 on */
	unsigned senders;		   /* 0, or one more than the last index in use */
	uint32_t pass, position;	   /* of the walk */
	uint8_t limit[TECHNIQUES];
	struct sheet_unsent unsent;
	struct sheet_bulk bulk;
};

/* One attempt more; past 255 the low four bits count on. */
static inline uint8_t sheet_tries_next(unsigned tries)
{
	return (uint8_t)(tries < UINT8_MAX ? tries + 1 : UINT8_MAX - 15);
}

static inline uint32_t sheet_position(const struct sheet *s, uint32_t cell)
{
	return (uint32_t)permute_backward(&s->order, cell);
}

/* Where the reply of a cell stands in word[]. */
static inline uint32_t sheet_place(const struct sheet *s, uint32_t cell)
{
	return s->bulk.on ? sheet_position(s, cell) : cell;
}

static inline unsigned sheet_at(const struct sheet *s, uint32_t place)
{
	return s->word[place >> 4] >> ((place & 15) * 4) & 15;
}

/* Sets the bit of sheet_challenged(). False out of memory. */
bool sheet_set_challenged(struct sheet *s, uint32_t cell);

static inline uint8_t sheet_technique(const struct sheet *s, uint32_t cell)
{
	return plan_slot_technique(plan_slots(s->plan)[cell % s->plan->slots]);
}

#endif
