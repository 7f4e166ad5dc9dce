/* pacer: how many probes may go now. */
#ifndef PORTLIGHT_SCAN_PACER_H
#define PORTLIGHT_SCAN_PACER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A token bucket whose rate moves between floor and ceiling. It holds one packet and what the rate
 * gives in 4 ms: so late wake-ups are made up for, at any rate, and in no stretch of time more goes
 * than the rate gives in it and 4 ms. What was not sent because nothing was due is not made up for.
 * The plan's order is random, so the
 * share of probes that get an answer is the same at any time unless packets are lost on the way
 * because of the rate itself. Hence: the rate doubles only after enough answers have come back at
 * the present one (silence proves nothing, so without answers it stays where it is), and is
 * lowered to what got through when the kernel refuses packets, our ring drops, or the answered
 * share of an epoch falls significantly (3 sigma and 3 %) below the best share seen at a lower
 * rate.
 * Where lowering it changes nothing, the loss was not the rate's, and it goes back. An epoch
 * without any answer is not judged unless `strict` is set: congestion lets something through, and
 * for an outage (outage.h) the rate is not lowered.
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
	uint64_t filled_ns;
	bool idle;		 /* nothing was due: what is not sent now is not late */
	double threshold_pps;	 /* above it the rate grows by 2 % instead of doubling */
	uint64_t epoch_ns;	 /* when the present epoch began */
	uint64_t epoch_end_ns;	 /* when it stopped counting sends; 0 while it counts */
	uint64_t epoch_sent;	 /* first attempts sent in it */
	uint64_t epoch_answered; /* of those, answered so far */
	double best_share;	 /* answered share that is to be expected */
	uint64_t best_sent;	 /* and from how many probes that is known */
	double lowered_share;	 /* that made the rate be lowered last time */
	uint64_t lowered_sent;	 /* from how many probes; 0: it was not lowered last time */
	double lowered_from_pps; /* and from which rate */
	uint64_t rtt_ns;	 /* present estimate of the round trip */
	uint64_t hold_ns;	 /* no change of rate before this */
	uint64_t backoffs;	 /* how often it was lowered */
	bool strict;		 /* silence is no outage: it lowers the rate, too */
	double proven_pps;	 /* rate of the last epoch without loss, */
	double proven_threshold; /* and threshold_pps then */
};

void pacer_init(struct pacer *p, const struct pacer_conf *conf, uint64_t now_ns);
/* How many may go now; at most `most`. */
unsigned pacer_budget(struct pacer *p, uint64_t now_ns, unsigned most);
/* Nothing is due: the time until the next pacer_budget is not made up for. */
void pacer_idle(struct pacer *p);
/* ns until one may go. */
uint64_t pacer_wait_ns(const struct pacer *p, uint64_t now_ns);
/* `count` went (first of them `fresh`: first attempts), the kernel pushed back `refused` times. */
void pacer_sent(struct pacer *p, unsigned count, unsigned fresh, uint64_t refused, uint64_t now_ns);
/* An engine paces itself by rate_pps: nothing is owed to it afterwards. */
void pacer_passing(struct pacer *p, uint64_t refused, uint64_t now_ns);
/* Of `sent` first attempts that went at actual_pps, so many are answered by now, which is late
 * enough: moves the rate. */
void pacer_share(struct pacer *p, uint64_t answered, uint64_t sent, double actual_pps,
		 uint64_t now_ns);
/* Our own ring lost answers. */
void pacer_dropped(struct pacer *p, uint64_t now_ns);
/* A window of other hosts begins: their share of answers is another one, and preparing it takes
 * time. */
void pacer_fresh(struct pacer *p, uint64_t now_ns);
/* An outage is over: the rate of the last epoch without loss, and a new epoch. */
void pacer_resume(struct pacer *p, uint64_t now_ns);
/* A first attempt was answered, sent at sent_ns (to the whole microsecond). rtt_ns: the present
 * estimate. */
void pacer_answered(struct pacer *p, uint64_t sent_ns, uint64_t rtt_ns);

#endif
