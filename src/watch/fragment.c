/* fragment: joins the two parts of a TCP header. */
#include "watch/fragment.h"

#include <string.h>

#include "watch/params.h"

bool fragment_join(struct fragment_table *t, const struct siphash_key *key, const struct packet *p,
		   uint64_t now_ms, struct packet *whole)
{
	const __u64 words[5] = {p->src.hi, p->src.lo, p->dst.hi, p->dst.lo, p->fragment_id};
	uint64_t tag = siphash_words(key, words, 5, 1, 3) | 1;
	uint64_t wait_ms = addr_is_v4(p->src) ? FRAGMENT_WAIT_MS : FRAGMENT_WAIT6_MS;
	struct fragment *f = &t->place[tag >> 32 & (FRAGMENT_PLACES - 1)];

	const bool whole_header = p->has & PACKET_TCP;
	const bool start = whole_header || p->has & PACKET_TCP_START;
	const bool flags = whole_header || p->has & PACKET_TCP_FLAGS;

	/* After a whole header only a part that writes over its flags is of interest. */
	if (f->tag != tag || now_ms - f->came_ms > wait_ms || (f->is_told && start)) {
		memset(f, 0, sizeof(*f));
		f->tag = tag;
		f->came_ms = now_ms;
	}
	if (f->is_told && f->flags == p->flags)
		return false;
	if (start && f->has_start)
		f->is_odd |= f->sport != p->sport || f->dport != p->dport;
	else if (start) {
		f->has_start = true;
		f->sport = p->sport;
		f->dport = p->dport;
		f->seq = p->seq;
	}
	if (flags && f->has_flags)
		f->is_odd |= f->flags != p->flags;
	else if (flags) {
		f->has_flags = true;
		f->flags = p->flags;
		f->window = p->window;
	}
	if (!f->has_start || !f->has_flags)
		return false;
	*whole = *p;
	whole->has &= ~(uint32_t)(PACKET_FRAGMENT | PACKET_MORE_FRAGMENTS | PACKET_TCP_START |
				  PACKET_TCP_FLAGS);
	whole->has |= PACKET_TCP;
	whole->sport = f->sport;
	whole->dport = f->dport;
	whole->seq = f->seq;
	/* Which of two the target takes depends on its kernel, and on how they overlap. */
	whole->flags = f->is_odd ? FRAGMENT_ODD_FLAGS : f->flags;
	whole->window = f->window;
	if (!whole_header)
		whole->payload_bytes = 0;
	f->is_told = whole_header && !f->is_odd;
	if (!f->is_told)
		f->tag = 0;
	return true;
}
