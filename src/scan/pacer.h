/* pacer: how many probes may be sent now, and at which rate. */
#ifndef PORTLIGHT_SCAN_PACER_H
#define PORTLIGHT_SCAN_PACER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A token bucket whose rate moves between floor and ceiling. The bucket holds one packet and what
 * the rate gives in 4 ms: so a late wake-up is made up for, and in any interval no more is sent
 * than the rate gives in that interval and 4 ms. What was not sent because nothing was due is not
 * made up for.
 *
 * The plan's order is random, so the share of probes that get an answer is the same at any time
 * unless packets are lost because of the rate itself. Hence: the rate doubles only after enough
 * answers have come back at the present rate (silence proves nothing: without answers the rate
 * stays). It is lowered to what got through when the kernel refuses packets, when our receive ring
 * drops answers, or when the answered share of an epoch is significantly (3 sigma and 3 %) below
 * the best share seen at a lower rate. Where lowering it changes nothing, the rate was not the
 * reason, and it goes back up. An epoch without any answer is not judged unless `strict` is set:
 * congestion lets something through, and for an outage (outage.h) the rate is not lowered.
 */
struct pacer_conf {
	double floor_pps;   /* never slower: --min-rate */
	double start_pps;   /* before anything is known */
	double ceiling_pps; /* never faster: --max-rate */
};

struct pacer {
	struct pacer_conf conf;
	double rate_pps;
	double tokens;
	uint64_t filled_ns;	 /* when tokens were last added */
	bool idle;		 /* nothing was due: the time since is not made up for */
	double threshold_pps;	 /* above it the rate grows by 2 % instead of doubling */
	uint64_t epoch_ns;	 /* when the present epoch began */
	uint64_t epoch_end_ns;	 /* when it stopped counting probes; 0 while it counts */
	uint64_t epoch_sent;	 /* first attempts sent in it */
	uint64_t epoch_answered; /* of those, answered so far */
	double best_share;	 /* answered share to be expected; 0: unknown */
	uint64_t best_sent;	 /* from how many probes that is known */
	double lowered_share;	 /* the share that last made the rate be lowered */
	uint64_t lowered_sent;	 /* from how many probes; 0: the last change was no lowering */
	double lowered_from_pps; /* the rate before that */
	uint64_t rtt_ns;	 /* present estimate of the round-trip time */
	uint64_t hold_ns;	 /* the rate does not change before this */
	uint64_t backoffs;	 /* how often the rate was lowered */
	bool strict;		 /* silence is no outage: it lowers the rate, too */
	double proven_pps;	 /* rate of the last epoch without loss, */
	double proven_threshold; /* and threshold_pps then */
};

void pacer_init(struct pacer *p, const struct pacer_conf *conf, uint64_t now_ns);
/* Number of probes that may be sent now; at most `most`. */
unsigned pacer_budget(struct pacer *p, uint64_t now_ns, unsigned most);
/* Nothing is due: the time until the next pacer_budget is not made up for. */
void pacer_idle(struct pacer *p);
/* Nanoseconds until a probe may be sent; 0: now. */
uint64_t pacer_wait_ns(const struct pacer *p, uint64_t now_ns);
/* Records that `count` probes were sent, `fresh` of them first attempts, and how often the kernel
 * refused one. */
void pacer_sent(struct pacer *p, unsigned count, unsigned fresh, uint64_t refused, uint64_t now_ns);
/* While an engine sends a pass at rate_pps by itself: records refusals; tokens do not collect. */
void pacer_passing(struct pacer *p, uint64_t refused, uint64_t now_ns);
/* Adjusts the rate by a sample of first attempts sent at actual_pps, whose answers have had their
 * time: `answered` of `sent`. */
void pacer_share(struct pacer *p, uint64_t answered, uint64_t sent, double actual_pps,
		 uint64_t now_ns);
/* Records that our receive ring dropped answers. */
void pacer_dropped(struct pacer *p, uint64_t now_ns);
/* A window of other hosts begins: the share of answers may be another one there, and the time to
 * prepare it is not made up for. */
void pacer_fresh(struct pacer *p, uint64_t now_ns);
/* An outage is over: sets the rate of the last epoch without loss, and begins a new epoch. */
void pacer_resume(struct pacer *p, uint64_t now_ns);
/* Records the answer to a first attempt that was sent at sent_ns (in whole microseconds). rtt_ns:
 * present estimate of the round-trip time. */
void pacer_answered(struct pacer *p, uint64_t sent_ns, uint64_t rtt_ns);
/* Brings a rate that was restored from a snapshot within the limits of conf. */
void pacer_limit(struct pacer *p);

#endif
