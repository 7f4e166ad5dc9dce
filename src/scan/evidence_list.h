/* evidence_list: stores the evidence of few cells of a large window: appended while it arrives,
 * sorted for reading. */
#ifndef PORTLIGHT_SCAN_EVIDENCE_LIST_H
#define PORTLIGHT_SCAN_EVIDENCE_LIST_H

#include <stdbool.h>
#include <stdint.h>

/* The stored part of the strongest answer to a probe. 16 bytes. */
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

/* Whether it is evidence: all zero stands for none. */
static inline bool reply_evidence_known(const struct reply_evidence *e)
{
	return e->t_us_low || e->t_us_high || e->has;
}

/* The same with its cell, also in 16 bytes: fields that no answer has together share bits, and
 * times wrap after three days. */
struct evidence_entry {
	uint64_t cell : 20, reply : 4; /* enum reply, 0 to 15 */
	uint64_t t_us : 38, has_ttl : 1, has_window : 1;
	uint64_t rtt_sender : 32, window_icmp : 16; /* icmp_type << 8 | icmp_code */
	uint64_t ttl : 8, attempt : 4, has_icmp : 1, has_rtt : 1, refused : 1, local : 1;
};

/*
 * Append-only. Several entries of one cell may coexist until evidence_list_settle sorts them and
 * keeps the strongest of each. All zero is empty. Its block consists of whole pages, which use no
 * memory until they are written to.
 */
struct evidence_list {
	struct evidence_entry *at;
	uint32_t count, settled, room;
};

/* Appends evidence; drops it if out of memory. cell < 2^20, reply < 16. ANSWER_ATTEMPT is not
 * stored. */
void evidence_list_put(struct evidence_list *k, uint32_t cell, unsigned reply,
		       const struct reply_evidence *e);
void evidence_list_settle(struct evidence_list *k);
/* Finds the evidence of a cell in a settled list; all zero if there is none. *near: in/out search
 * hint. Start at 0 and call with descending cells. */
struct reply_evidence evidence_list_get(const struct evidence_list *k, uint32_t cell,
					uint32_t *near);
void evidence_list_fini(struct evidence_list *k);

#endif
