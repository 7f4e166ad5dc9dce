/* outage: decides when all silence is a lost path, and how long a scan holds for it. */
#ifndef PORTLIGHT_SCAN_OUTAGE_H
#define PORTLIGHT_SCAN_OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

/* Longest hold for a path; then the scan ends. */
#define OUTAGE_MOST_NS UINT64_C(10000000000)

/*
 * Two kinds of outage, which may overlap. Lost: the engine reports that no packet can leave, and
 * nothing is sent until it reports the path as restored. Silent: many first attempts have gone
 * without any answer, although the share that was answered before says that this is no chance; or
 * ports that have answered do not any more.
 * Congestion leaves some answers, so the rate is not lowered for it; a few probes a second are
 * still sent, to ports that have answered before, and the first answer ends it. Probes that were
 * sent into an outage do not count as attempts.
 *
 * Gone: for OUTAGE_MOST_NS nothing has answered, though many answers were due. The path is lost
 * somewhere beyond the engine's view, or a firewall drops all that this machine sends; in either
 * case silence says nothing about a port any more.
 *
 * All silence that is taken for an outage at once lasts at most OUTAGE_MOST_NS and a quarter of the
 * scan: a host that answers now and then, as one that limits its RSTs, must not keep a scan from
 * its end, and its limit is one that the rate is to be lowered for. After that only a longer
 * silence is taken for one.
 *
 * Times are in ns, of the scan's clock. No failures, no memory.
 */
struct outage {
	uint64_t start_ns;   /* when the scan began */
	uint64_t heard_ns;   /* arrival of the last answer; 0: none yet */
	uint64_t unheard;    /* first attempts sent since */
	uint64_t sent;	     /* all probes sent since */
	uint64_t asked_ns;   /* time of the first of them */
	uint64_t checked_ns; /* time of the last check */
	uint64_t ended_ns;   /* end of the last hold for silence; 0: none yet */
	unsigned checks;     /* since the last answer */
	unsigned hasty;	     /* holds in a row that came soon after the one before */
	uint64_t since_ns;   /* lost or silent: probes sent from then on may be lost */
	uint64_t begun_ns;   /* when it was noticed */
	uint64_t next_ns;    /* silent: when the next probe may go */
	uint64_t gap_ns;     /* silent: between two probes */
	uint64_t spent_ns;   /* of all such silence */
	unsigned count;	     /* holds for silence so far */
	bool lost, silent;
	bool gone;	  /* for good; `silent` stays set */
	uint64_t wary_ns; /* when exhausted: silence before the next hold; 0: not yet */
};

/* What is known of the path while it works. */
struct outage_path {
	double share;	 /* of first attempts that are answered; 0: unknown */
	double rate_pps; /* at which probes go */
	uint64_t rtt_ns; /* an answer takes no longer, but for rare ones */
};

void outage_init(struct outage *o, uint64_t now_ns);
/* Silence up to now says nothing: other hosts are probed from now on, whose share of answers is
 * another one, or a full queue takes no more, and holds what it took. */
void outage_fresh(struct outage *o);

/* Counts probes that were sent now, `fresh` of them first attempts. */
void outage_sent(struct outage *o, unsigned count, unsigned fresh, uint64_t now_ns);
/*
 * When to send a probe to a port that has answered before, to see whether the path works, since it
 * is quiet: at any share of answered probes, as where all but a few ports are filtered.
 * `last`: no other probes follow. UINT64_MAX: it need not be. outage_checked: it was, or (not sent)
 * there is no such port; after some without an answer outage_check() is true.
 */
uint64_t outage_check_ns(const struct outage *o, const struct outage_path *path, bool last);
void outage_checked(struct outage *o, bool sent, uint64_t now_ns);
/* Whether a silent outage begins now. */
bool outage_check(struct outage *o, const struct outage_path *path, uint64_t now_ns);
/* Whether at_ns was so long after the last answer that the path may have been lost by then. */
bool outage_quiet(const struct outage *o, const struct outage_path *path, uint64_t at_ns);
/* Whether an outage begins unless an answer comes soon: more are missing than chance explains. */
bool outage_looms(const struct outage *o, const struct outage_path *path);
/* Whether a silent outage has lasted for OUTAGE_MOST_NS; from then on it stays so. */
bool outage_gone(struct outage *o, uint64_t now_ns);

/* Whether short silence is not taken for an outage any more: all of it has lasted too long. */
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
