/* kept: the evidence of few cells of many: as it comes, and in order once it is read. */
#ifndef PORTLIGHT_SCAN_EVIDENCE_LIST_H
#define PORTLIGHT_SCAN_EVIDENCE_LIST_H

#include <stdbool.h>
#include <stdint.h>

/* What is kept of the strongest answer to a probe. 16 bytes. */
struct reply_evidence {
	uint32_t t_us_low;   /* arrival, since sheet->opened_ns, low 32 of 40 bits */
	uint32_t rtt_sender; /* round trip in us << 8 | index into sheet->sender, 0: the target */
	uint16_t window;
	uint8_t t_us_high;
	uint8_t ttl;
	uint8_t has; /* enum answer_has, and EVIDENCE_RTT */
	uint8_t attempt;
	uint8_t icmp_type, icmp_code;
};
#define EVIDENCE_RTT (1u << 7)

/* Whether it says anything: all zero stands for no evidence. */
static inline bool reply_evidence_known(const struct reply_evidence *e)
{
	return e->t_us_low || e->t_us_high || e->has;
}

/* The same and whose it is, in 16 bytes, too: what an answer cannot have both shares a place, and
 * time ends after three days. */
struct evidence_entry {
	uint64_t cell : 20, reply : 4; /* enum reply, 0 to 15 */
	uint64_t t_us : 38, has_ttl : 1, has_window : 1;
	uint64_t rtt_sender : 32, window_icmp : 16; /* icmp_type << 8 | icmp_code */
	uint64_t ttl : 8, attempt : 4, has_icmp : 1, has_rtt : 1, refused : 1, local : 1;
};

/*
 * A list without gaps: what comes goes to its end, and stands beside what there was of the cell.
 * evidence_list_settle puts it into the order of the cells, the strongest of each. All zero is an
 * empty one. Its block is of whole pages that are the kernel's until something is written there.
 */
struct evidence_list {
	struct evidence_entry *at;
	uint32_t count, settled, room;
};

/* Without memory it is not kept. cell < 2^20, reply < 16. ANSWER_ATTEMPT is forgotten. */
void evidence_list_put(struct evidence_list *k, uint32_t cell, unsigned reply,
		       const struct reply_evidence *e);
void evidence_list_settle(struct evidence_list *k);
/* Of a settled one; all zero if there is nothing. *near is 0 at first, then as the call for a lower
 * cell left it, which makes the way to the next one short. */
struct reply_evidence evidence_list_get(const struct evidence_list *k, uint32_t cell,
					uint32_t *near);
void evidence_list_fini(struct evidence_list *k);

#endif
