/* outage: decides when all silence is a lost path, and how long a scan holds for it. */
#ifndef PORTLIGHT_SCAN_OUTAGE_H
#define PORTLIGHT_SCAN_OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

/* Longest hold for a path; then the scan continues (silence) or ends (the engine has no path). */
#define OUTAGE_MOST_NS UINT64_C(10000000000)

/*
 * Two kinds of outage, which may overlap. Lost: the engine reports that no packet can leave, and
 * nothing is sent until it reports the path as restored. Silent: many first attempts have gone
 * without any answer, although the share that was answered before says that this is no chance.
 * Congestion leaves some answers, so the rate is not lowered for it; a few probes a second are
 * still sent, and the first answer ends it. Probes that were sent into an outage do not count as
 * attempts.
 *
 * All silence that is taken for an outage lasts at most OUTAGE_MOST_NS and a quarter of the scan:
 * a host that answers now and then, as one that limits its RSTs, must not keep a scan from
 * its end, and its limit is one that the rate is to be lowered for.
 *
 * Times are in ns, of the scan's clock. No failures, no memory.
 */
struct outage {
	uint64_t start_ns; /* when the scan began */
	uint64_t heard_ns; /* arrival of the last answer; 0: none yet */
	uint64_t unheard;  /* first attempts sent since */
	uint64_t since_ns; /* lost or silent: probes sent from then on may be lost */
	uint64_t begun_ns; /* when it was noticed */
	uint64_t next_ns;  /* silent: when the next probe may go */
	uint64_t gap_ns;   /* silent: between two probes */
	uint64_t spent_ns; /* of all such silence */
	unsigned count;	   /* holds for silence so far */
	bool lost, silent;
	bool given_up; /* silence lasted too long: no other hold before an answer */
};

/* What is known of the path while it works. */
struct outage_path {
	double share;	 /* of first attempts that are answered; 0: unknown */
	double rate_pps; /* at which probes go */
	uint64_t rtt_ns; /* an answer takes no longer, but for rare ones */
};

void outage_init(struct outage *o, uint64_t now_ns);
/* Other hosts are probed from now on: their share of answers is another one. */
void outage_fresh(struct outage *o);

/* Counts `fresh` first attempts that were sent. */
void outage_sent(struct outage *o, unsigned fresh);
/* Whether a silent outage begins now. */
bool outage_check(struct outage *o, const struct outage_path *path, uint64_t now_ns);
/* Whether it has lasted too long. It is over then, and there is no other before an answer. */
bool outage_expired(struct outage *o, uint64_t now_ns);

/* Whether silence is not taken for an outage any more: it has lasted too long. */
bool outage_exhausted(const struct outage *o, uint64_t now_ns);

enum outage_sign {
	OUTAGE_NONE,
	OUTAGE_OVER,  /* the answer ends a silent outage */
	OUTAGE_SHORT, /* there was one, too short to be noticed while it lasted */
};
/* An answer has arrived that was not made by our own kernel. */
enum outage_sign outage_heard(struct outage *o, const struct outage_path *path, uint64_t now_ns);

/* The engine has lost the path; true if it was there until now. It has it again; true if it was
 * lost. since_ns stays until the next outage begins. */
bool outage_lost(struct outage *o, const struct outage_path *path, uint64_t now_ns);
bool outage_restored(struct outage *o, uint64_t now_ns);

static inline bool outage_holds(const struct outage *o)
{
	return o->lost || o->silent;
}

#endif
