/* sheet_bulk: replies by position, attempts by pass, times by block. */
#include "scan/sheet_bulk.h"

#include <stdlib.h>
#include <string.h>

#include "scan/sheet_private.h"

/* Of two times cut to 32 bits, the difference to a later one is less: half an hour, and the passes
 * of an engine, at 1000/s or more, are no further apart. */
#define SENT_LATER_US (UINT32_C(1) << 31)

void sheet_bulk_words(const struct sheet *s, uint64_t *out)
{
	const uint32_t words = (s->cells + 15) / 16;

	memset(out, 0, words * sizeof(*out));
	for (uint32_t i = 0; i < words; i++) {
		uint32_t cell = i * 16;

		/* Ends at the last bit set: most windows are entirely unanswered. */
		for (uint64_t rest = s->word[i]; rest; rest >>= 4, cell++) {
			const uint32_t position = (uint32_t)permute_backward(&s->order, cell);

			out[position / 16] |= (rest & 15) << position % 16 * 4;
		}
	}
}

unsigned sheet_bulk_passed(const struct sheet *s, uint32_t cell, uint32_t position)
{
	const uint32_t slots = s->plan->slots;
	const unsigned limit = sheet_slot_limit(s, cell % slots);
	unsigned tries = s->pass;

	if (sheet_host_absent(s, cell / slots))
		return 0;
	if (tries < limit)
		tries += position < s->position;
	return tries < limit ? tries : limit;
}

static bool bulk_unsent(const struct sheet *s, uint32_t cell)
{
	for (uint32_t i = 0; i < s->unsent.count; i++)
		if (s->unsent.cell[i] == cell)
			return true;
	return false;
}

unsigned sheet_bulk_tries(const struct sheet *s, uint32_t cell)
{
	const uint32_t position = sheet_place(s, cell);
	const struct sent_entry *entry;
	unsigned tries;

	if (sheet_counted(s, cell)) {
		entry = sent_table_get(&s->bulk.sent, position);
		return entry ? entry->tries : 0;
	}
	tries = sheet_bulk_passed(s, cell, position);
	return tries > 0 && bulk_unsent(s, cell) ? tries - 1 : tries;
}

uint32_t sheet_bulk_sent_us(const struct sheet *s, uint32_t cell)
{
	const uint32_t position = sheet_place(s, cell);
	const uint32_t block_us = s->bulk.block_us[position >> SHEET_BLOCK_BITS];
	const struct sent_entry *entry = sent_table_get(&s->bulk.sent, position);

	if (!entry || (block_us && !sheet_counted(s, cell) && block_us - entry->us < SENT_LATER_US))
		return block_us;
	return (uint32_t)entry->us;
}

bool sheet_bulk_sent(struct sheet *s, uint32_t cell, unsigned attempt, uint32_t us)
{
	struct sent_entry *entry = sent_table_put(&s->bulk.sent, sheet_place(s, cell));
	bool again;

	/* Out of memory its time stays that of its block. */
	if (entry)
		entry->us = us;
	if (!entry || !sheet_counted(s, cell))
		return attempt != 0;
	again = entry->tries != 0;
	entry->tries = sheet_tries_next((unsigned)entry->tries);
	return again;
}

uint32_t sheet_bulk_withdraw(struct sheet *s, uint32_t *position, uint32_t since_us,
			     uint32_t span_us)
{
	const uint32_t before = *position, *block_us = s->bulk.block_us;
	uint32_t block = before >> SHEET_BLOCK_BITS;

	while (block > 0 && block_us[block - 1] && block_us[block - 1] - since_us <= span_us)
		block--;
	if (block << SHEET_BLOCK_BITS < before)
		*position = block << SHEET_BLOCK_BITS;
	s->position = *position;
	return before - *position;
}

bool sheet_bulk_count(struct sheet *s, uint32_t host, bool udp)
{
	const uint32_t slots = s->plan->slots;

	if (!sent_table_reserve(&s->bulk.sent, slots))
		return false;
	for (uint32_t slot = 0; slot < slots; slot++) {
		const uint32_t cell = host * slots + slot;
		const uint32_t us = sheet_bulk_sent_us(s, cell);
		struct sent_entry *entry;

		if (sheet_slot_udp(s, slot) != udp)
			continue;
		entry = sent_table_put(&s->bulk.sent, sheet_place(s, cell));
		entry->tries = (uint8_t)sheet_bulk_tries(s, cell);
		entry->us = us;
	}
	return true;
}

static bool bulk_last(struct sheet *s)
{
	if (!s->bulk.last)
		s->bulk.last = calloc((s->cells + 63) / 64, sizeof(*s->bulk.last));
	return s->bulk.last != NULL;
}

void sheet_last_pass(struct sheet *s, uint32_t pass)
{
	const uint32_t slots = s->plan->slots;
	uint8_t reply[64];
	bool any = false;

	for (uint32_t slot = 0; slot < slots && !any; slot++)
		any = !sheet_slot_udp(s, slot) && sheet_slot_limit(s, slot) == pass + 1;
	if (!s->bulk.on || !any || !bulk_last(s))
		return;
	for (uint32_t cell = 0, slot = 0; cell < s->cells; cell++) {
		const unsigned limit = sheet_slot_limit(s, slot);
		const uint64_t bit = UINT64_C(1) << (cell & 63);

		if ((cell & 63) == 0)
			sheet_replies(s, cell, s->cells - cell < 64 ? s->cells - cell : 64, reply);
		/* A pass that was lost, and so was not the last, is forgotten. */
		if (limit > pass)
			s->bulk.last[cell >> 6] &= ~bit;
		if (limit == pass + 1 && reply[cell & 63] == REPLY_SILENCE)
			s->bulk.last[cell >> 6] |= bit;
		slot = slot + 1 == slots ? 0 : slot + 1;
	}
}

void sheet_last_probe(struct sheet *s, uint32_t cell)
{
	if (s->bulk.on && sheet_tries(s, cell) + 1 >= sheet_slot_limit(s, cell % s->plan->slots) &&
	    bulk_last(s))
		s->bulk.last[cell >> 6] |= UINT64_C(1) << (cell & 63);
}

bool sheet_was_last(const struct sheet *s, uint32_t cell)
{
	if (s->bulk.on)
		return s->bulk.last && s->bulk.last[cell >> 6] >> (cell & 63) & 1;
	return s->tries[cell] >= sheet_slot_limit(s, cell % s->plan->slots);
}

bool sheet_has_last(const struct sheet *s)
{
	return !s->bulk.on || s->bulk.last;
}

/* Whether a cell of a plain sheet has the attempts that the bulk layout would derive. */
static bool bulk_fits(const struct sheet *s, uint32_t cell, unsigned tries)
{
	return sheet_get(s, cell) != REPLY_SILENCE || sheet_counted(s, cell) ||
	       s->tries[cell] == tries;
}

/* Whether every unanswered cell has, but for those that are paced. */
static bool bulk_regular(const struct sheet *s)
{
	for (uint32_t position = 0; position < s->cells; position++) {
		const uint32_t cell = (uint32_t)permute_forward(&s->order, position);
		const unsigned tries = sheet_bulk_passed(s, cell, position);

		if (!bulk_fits(s, cell, tries) &&
		    (tries == 0 || !bulk_unsent(s, cell) || !bulk_fits(s, cell, tries - 1)))
			return false;
	}
	for (uint32_t i = 0; i < s->unsent.count; i++) {
		const uint32_t cell = s->unsent.cell[i];
		const unsigned tries = sheet_bulk_passed(s, cell, sheet_position(s, cell));

		if (!bulk_fits(s, cell, tries ? tries - 1 : 0))
			return false;
	}
	return true;
}

/* What the bulk layout stores of a cell in its own way. False out of memory. */
static bool bulk_take_over(struct sheet *s, uint32_t cell, uint32_t *block_us)
{
	const unsigned reply = sheet_get(s, cell), tries = s->tries[cell];
	const uint32_t position = sheet_position(s, cell), us = s->sent_us[cell];
	uint32_t *block = &block_us[position >> SHEET_BLOCK_BITS];

	if (reply == SHEET_NOT_OURS || tries == 0)
		return true;
	if (*block == 0 || us - *block < SENT_LATER_US)
		*block = us ? us : 1;
	if (sheet_counted(s, cell)) {
		struct sent_entry *entry = sent_table_put(&s->bulk.sent, position);

		if (!entry)
			return false;
		entry->tries = (uint8_t)tries;
		entry->us = us;
	}
	if (tries >= sheet_slot_limit(s, cell % s->plan->slots)) {
		if (!bulk_last(s))
			return false;
		s->bulk.last[cell >> 6] |= UINT64_C(1) << (cell & 63);
	}
	if (reply != REPLY_SILENCE && reply_evidence_known(&s->evidence[cell]))
		evidence_list_put(&s->bulk.evidence, cell, reply, &s->evidence[cell]);
	return true;
}

/* Of a sheet that was restored from a snapshot. */
static bool bulk_history(struct sheet *s, uint32_t *block_us)
{
	if (s->pass == 0 && s->position == 0 && s->answered == 0)
		return true;
	if (!bulk_regular(s))
		return false;
	for (uint32_t cell = 0; cell < s->cells; cell++) {
		if (bulk_take_over(s, cell, block_us))
			continue;
		sheet_bulk_fini(s);
		s->bulk = (struct sheet_bulk){0};
		return false;
	}
	return true;
}

bool sheet_lend(struct sheet *s, const struct sheet_loan *loan)
{
	if (loan->hops) {
		if (!s->host_lent)
			free(s->host);
		s->host = loan->hops;
		s->host_lent = true;
		memset(s->host, 0, sheet_host_groups(s->hosts) * sizeof(*s->host));
	}
	if (!loan->words)
		return true;
	memset(loan->block_us, 0, ((size_t)s->cells + 63) / 64 * sizeof(*loan->block_us));
	if (!bulk_history(s, loan->block_us))
		return false;
	sheet_bulk_words(s, loan->words);
	free(s->word);
	s->word = loan->words;
	s->bulk.block_us = loan->block_us;
	s->bulk.on = true;
	return true;
}

void sheet_bulk_fini(struct sheet *s)
{
	evidence_list_fini(&s->bulk.evidence);
	sent_table_fini(&s->bulk.sent);
	free(s->bulk.last);
}
