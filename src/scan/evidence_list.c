/* evidence_list: appended, and sorted in place. */
#include "scan/evidence_list.h"

#include <stdlib.h>
#include <string.h>

#include "scan/probe.h"

/* Large enough for malloc to map it by itself (mallopt(3), M_MMAP_THRESHOLD): pages that are not
 * written to take no memory, and growing maps them anew without a copy. */
#define EVIDENCE_LIST_FIRST 8448
/* Up to so many late entries are inserted one by one; more are sorted with all others. */
#define EVIDENCE_LIST_LATE 16
/* Bits of a cell and a reply. */
#define EVIDENCE_LIST_BITS 24

_Static_assert(sizeof(struct evidence_entry) == sizeof(struct reply_evidence), "16 bytes");

static uint32_t evidence_list_key(const struct evidence_entry *one)
{
	return (uint32_t)(one->cell << 4 | one->reply);
}

/* Before place `to` of `count`. */
static void evidence_list_insert(struct evidence_entry *at, uint32_t count, uint32_t to,
				 struct evidence_entry one)
{
	memmove(&at[to + 1], &at[to], (count - to) * sizeof(*at));
	at[to] = one;
}

/* By the lowest `bits` of the key, the others being the same: no order that a stranger chooses
 * makes it slow. */
static void evidence_list_sort(struct evidence_entry *at, uint32_t count, unsigned bits)
{
	for (; bits > 0 && count > EVIDENCE_LIST_LATE; bits--) {
		uint32_t low = 0, high = count;

		while (low < high) {
			const struct evidence_entry one = at[low];

			if (evidence_list_key(&one) >> (bits - 1) & 1) {
				at[low] = at[--high];
				at[high] = one;
			} else {
				low++;
			}
		}
		evidence_list_sort(at, low, bits - 1);
		at += low;
		count -= low;
	}
	for (uint32_t i = 1; bits > 0 && i < count; i++) {
		uint32_t to = i;

		while (to > 0 && evidence_list_key(&at[to - 1]) > evidence_list_key(&at[i]))
			to--;
		evidence_list_insert(at, i, to, at[i]);
	}
}

/* The first of the settled ones, from `low` on, that is not of a lower cell. */
static uint32_t evidence_list_find(const struct evidence_list *k, uint32_t cell, uint32_t low)
{
	uint32_t step = 1, high = k->settled;

	while (step <= k->settled - low && k->at[low + step - 1].cell < cell) {
		low += step;
		step *= 2;
	}
	if (step <= k->settled - low)
		high = low + step - 1;
	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (k->at[middle].cell < cell)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The last of each cell, which is the strongest. */
static void evidence_list_unite(struct evidence_list *k)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < k->count; i++) {
		if (count > 0 && k->at[count - 1].cell == k->at[i].cell)
			count--;
		k->at[count++] = k->at[i];
	}
	k->count = k->settled = count;
}

void evidence_list_settle(struct evidence_list *k)
{
	if (k->count == k->settled)
		return;
	if (k->count - k->settled > EVIDENCE_LIST_LATE) {
		evidence_list_sort(k->at, k->count, EVIDENCE_LIST_BITS);
		evidence_list_unite(k);
		return;
	}
	for (uint32_t i = k->settled; i < k->count; i++) {
		const struct evidence_entry one = k->at[i];
		const uint32_t to = evidence_list_find(k, (uint32_t)one.cell, 0);

		if (to == k->settled || k->at[to].cell != one.cell) {
			evidence_list_insert(k->at, k->settled++, to, one);
		} else if (k->at[to].reply <= one.reply) {
			k->at[to] = one;
		}
	}
	k->count = k->settled;
}

static bool evidence_list_grow(struct evidence_list *k)
{
	const uint32_t room = k->room ? k->room + k->room / 2 : EVIDENCE_LIST_FIRST;
	struct evidence_entry *grown = reallocarray(k->at, room, sizeof(*grown));

	if (!grown)
		return false;
	k->at = grown;
	k->room = room;
	return true;
}

void evidence_list_put(struct evidence_list *k, uint32_t cell, unsigned reply,
		       const struct reply_evidence *e)
{
	const uint64_t t_us = (uint64_t)e->t_us_high << 32 | e->t_us_low;
	const bool icmp = e->has & ANSWER_ICMP;

	if (k->count == k->room) {
		evidence_list_settle(k);
		/* With room made by that for a few only, it would be full again soon. */
		if (k->count >= k->room - k->room / 4 && !evidence_list_grow(k) &&
		    k->count == k->room)
			return;
	}
	k->at[k->count++] = (struct evidence_entry){
		.cell = cell & 0xfffff,
		.reply = reply & 15u,
		.t_us = (t_us < UINT64_C(1) << 38 ? t_us : UINT64_MAX) & 0x3fffffffff,
		.rtt_sender = e->rtt_sender,
		.window_icmp = (uint16_t)(icmp ? e->icmp_type << 8 | e->icmp_code : e->window),
		.ttl = e->ttl,
		.attempt = e->attempt & 15u,
		.has_ttl = (e->has & ANSWER_TTL) != 0,
		.has_window = (e->has & ANSWER_WINDOW) != 0,
		.has_icmp = icmp,
		.has_rtt = (e->has & EVIDENCE_RTT) != 0,
		.refused = (e->has & ANSWER_REFUSED) != 0,
		.local = (e->has & ANSWER_LOCAL) != 0,
	};
}

struct reply_evidence evidence_list_get(const struct evidence_list *k, uint32_t cell,
					uint32_t *near)
{
	const uint32_t place = evidence_list_find(k, cell, *near);
	const struct evidence_entry *one;
	struct reply_evidence e = {0};

	*near = place;
	if (place == k->settled || k->at[place].cell != cell)
		return e;
	one = &k->at[place];
	e = (struct reply_evidence){
		.t_us_low = (uint32_t)one->t_us,
		.t_us_high = (uint8_t)(one->t_us >> 32),
		.rtt_sender = (uint32_t)one->rtt_sender,
		.ttl = one->ttl,
		.attempt = (uint8_t)one->attempt,
		.has = (uint8_t)((one->has_ttl ? ANSWER_TTL : 0) |
				 (one->has_window ? ANSWER_WINDOW : 0) |
				 (one->has_icmp ? ANSWER_ICMP : 0) |
				 (one->rtt_sender & 0xff ? ANSWER_FROM : 0) |
				 (one->refused ? ANSWER_REFUSED : 0) |
				 (one->local ? ANSWER_LOCAL : 0) |
				 (one->has_rtt ? EVIDENCE_RTT : 0)),
	};
	if (one->has_icmp) {
		e.icmp_type = (uint8_t)(one->window_icmp >> 8);
		e.icmp_code = (uint8_t)one->window_icmp;
	} else {
		e.window = one->window_icmp;
	}
	return e;
}

void evidence_list_fini(struct evidence_list *k)
{
	free(k->at);
	*k = (struct evidence_list){0};
}
