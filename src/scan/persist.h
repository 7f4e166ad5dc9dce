/* persist: hosts whose answers are lost or held back, and how long they are asked on. */
#ifndef PORTLIGHT_SCAN_PERSIST_H
#define PORTLIGHT_SCAN_PERSIST_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Where even the last attempt at a TCP port brought an answer, the ports that are still silent may
 * have one, too: packets are lost on the way, or the host limits its RSTs (FreeBSD sends 200 a
 * second, macOS 250). Such a host gets a round more, an attempt at each silent port, and another
 * one, until two rounds bring nothing. Asked at the pace of its answers: three probes to one that
 * came in the time-out before, so that a limited host is not flooded; faster while none comes, to
 * get over ports that are filtered.
 */
struct persist {
	uint64_t next_ns;	   /* the allowance is for the time until then */
	uint64_t over_ns;	   /* when the last answers of a round are in; 0: it goes on */
	uint32_t given, allowance; /* probes for that time, and what is left of them */
	uint32_t recent;	   /* answers since the allowance was given */
	uint32_t gained;	   /* answers to the last attempts of this round */
	uint8_t extra;		   /* rounds so far: attempts beyond the technique's own */
	uint8_t empty;		   /* rounds in a row that brought nothing */
	bool open;		   /* in this pass there was a port still to be asked */
};

/* An answer by TCP came; `last`: to a port that had no attempt left. */
void persist_answered(struct persist *p, bool last);
/* May a probe of a further round go? It counts as gone. If not, next_ns says when to ask again. */
bool persist_take(struct persist *p, uint64_t timeout_ns, uint64_t now_ns);
/*
 * After a pass: true if another round begins. *due_ns is lowered to when to look again if answers
 * may still come.
 */
bool persist_turn(struct persist *p, uint64_t timeout_ns, uint64_t now_ns, uint64_t *due_ns);

#endif
