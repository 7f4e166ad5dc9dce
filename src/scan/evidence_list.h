/* evidence_list: evidence of the answers of a bulk sheet, of which few cells have any. */
#ifndef PORTLIGHT_SCAN_EVIDENCE_LIST_H
#define PORTLIGHT_SCAN_EVIDENCE_LIST_H

#include <stdbool.h>
#include <stdint.h>

/* What is recorded of the strongest answer to a probe. 16 bytes. */
struct reply_evidence {
	uint32_t t_us_low;   /* arrival after sheet_opened_ns(), low 32 of 40 bits */
	uint32_t rtt_sender; /* round-trip time in us << 8 | index for sheet_sender() */
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

/* The same with its cell and reply, also in 16 bytes: a window size and an ICMP type share their
 * bits, as no answer has both, and times end after three days. */
struct evidence_entry {
	uint64_t cell : 20, reply : 4; /* enum reply, 0 to 15 */
	uint64_t t_us : 38, has_ttl : 1, has_window : 1;
	uint64_t rtt_sender : 32, window_icmp : 16; /* icmp_type << 8 | icmp_code */
	uint64_t ttl : 8, attempt : 4, has_icmp : 1, has_rtt : 1, refused : 1, local : 1;
};

/*
 * Append-only. Several entries of one cell may coexist until evidence_list_settle() sorts them by
 * cell and keeps the strongest of each. All zero is an empty list. It is one allocation, of whose
 * pages those not written to yet take no memory.
 */
struct evidence_list {
	struct evidence_entry *at;
	uint32_t count, settled, room;
};

/* Appends evidence of a reply < 16 to a cell < 2^20; ANSWER_ATTEMPT is not stored. Out of memory it
 * is dropped. */
void evidence_list_put(struct evidence_list *k, uint32_t cell, unsigned reply,
		       const struct reply_evidence *e);
/* Sorts what was appended since the last call. */
void evidence_list_settle(struct evidence_list *k);
/* Evidence of a cell, as of the last evidence_list_settle(); all zero if there is none. *near:
 * in/out search hint. Start at 0 and call with ascending cells. */
struct reply_evidence evidence_list_get(const struct evidence_list *k, uint32_t cell,
					uint32_t *near);
void evidence_list_fini(struct evidence_list *k);

#endif
