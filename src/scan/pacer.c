/* pacer: a token bucket that learns its rate from the share of probes that are answered. */
#include "scan/pacer.h"

#include <string.h>

/* Shortest epoch, and how many answers make its share worth judging. */
#define EPOCH_NS      UINT64_C(4000000)
#define EPOCH_ANSWERS 24
/* Answers are waited for so much longer than the round trip says before an epoch is judged. */
#define EPOCH_SLACK_NS UINT64_C(2000000)
/* A smaller loss than this may be chance, and is left to retransmissions. */
#define TOLERATED_SHARE 0.97
/* Probes that the expected share is known from, at most, so that it can change. */
#define POOL_MOST 8192
/* The rate never falls below this part of the one it began with. */
#define START_SHARE 50
/* The bucket holds what the rate gives in this time, so that a late wake-up is made up for. */
#define BUCKET_NS 4e6

/* Whole microseconds, as a sheet remembers when a probe was sent. */
static uint64_t pacer_clock(uint64_t now_ns)
{
	return now_ns - now_ns % 1000;
}

void pacer_init(struct pacer *p, const struct pacer_conf *conf, uint64_t now_ns)
{
	memset(p, 0, sizeof(*p));
	p->conf = *conf;
	p->rate_pps = conf->start_pps;
	p->threshold_pps = conf->ceiling_pps;
	p->proven_pps = conf->start_pps;
	p->proven_threshold = conf->ceiling_pps;
	p->tokens = 1;
	p->filled_ns = now_ns;
	p->idle = true;
	p->epoch_ns = pacer_clock(now_ns);
}

static void pacer_epoch(struct pacer *p, uint64_t now_ns)
{
	p->epoch_ns = pacer_clock(now_ns);
	p->epoch_end_ns = 0;
	p->epoch_sent = 0;
	p->epoch_answered = 0;
}

void pacer_fresh(struct pacer *p, uint64_t now_ns)
{
	p->idle = true;
	p->best_share = 0;
	p->best_sent = 0;
	pacer_epoch(p, now_ns);
}

static void pacer_set(struct pacer *p, double rate)
{
	if (rate > p->conf.ceiling_pps)
		rate = p->conf.ceiling_pps;
	if (rate < p->conf.floor_pps)
		rate = p->conf.floor_pps;
	if (rate < p->conf.start_pps / START_SHARE)
		rate = p->conf.start_pps / START_SHARE;
	p->rate_pps = rate;
}

void pacer_limit(struct pacer *p)
{
	pacer_set(p, p->rate_pps);
	if (p->threshold_pps > p->conf.ceiling_pps)
		p->threshold_pps = p->conf.ceiling_pps;
	p->proven_pps = p->rate_pps;
	p->proven_threshold = p->threshold_pps;
}

static void pacer_judge(struct pacer *p, uint64_t now_ns);

void pacer_resume(struct pacer *p, uint64_t now_ns)
{
	pacer_set(p, p->proven_pps);
	p->threshold_pps = p->proven_threshold;
	p->lowered_sent = 0;
	p->hold_ns = now_ns;
	p->idle = true;
	pacer_epoch(p, now_ns);
}

/*
 * Begins, ends and judges epochs. Only here, before a burst is sent: an answer may carry a time
 * from the middle of the burst that it belongs to, and an epoch holds whole bursts.
 */
static void pacer_tick(struct pacer *p, uint64_t now_ns)
{
	uint64_t age_ns = now_ns > p->epoch_ns ? now_ns - p->epoch_ns : 0;
	bool enough = p->epoch_answered >= EPOCH_ANSWERS && age_ns >= EPOCH_NS;
	/* Answers have stopped coming, though many were due. */
	bool stalled = p->best_sent && age_ns > 4 * EPOCH_NS + 2 * p->rtt_ns &&
		       (double)p->epoch_sent * p->best_share > 4 * EPOCH_ANSWERS;

	if (p->epoch_end_ns == 0 && (enough || stalled))
		p->epoch_end_ns = pacer_clock(now_ns);
	else if (p->epoch_end_ns && now_ns >= p->epoch_end_ns + p->rtt_ns + EPOCH_SLACK_NS)
		pacer_judge(p, now_ns);
}

void pacer_idle(struct pacer *p)
{
	p->idle = true;
}

unsigned pacer_budget(struct pacer *p, uint64_t now_ns, unsigned most)
{
	pacer_tick(p, now_ns);
	const double bucket = p->idle ? 1 : 1 + p->rate_pps * (BUCKET_NS / 1e9);

	p->idle = false;
	if (now_ns > p->filled_ns) {
		p->tokens += (double)(now_ns - p->filled_ns) * p->rate_pps / 1e9;
		p->filled_ns = now_ns;
	}
	if (p->tokens > bucket)
		p->tokens = bucket;
	if (p->tokens < 1)
		return 0;
	return p->tokens < most ? (unsigned)p->tokens : most;
}

uint64_t pacer_wait_ns(const struct pacer *p, uint64_t now_ns)
{
	/* Wake for a few packets rather than for each one. */
	double wanted = p->rate_pps * 0.0005;

	if (wanted < 1)
		wanted = 1;
	if (p->tokens >= wanted)
		return 0;
	uint64_t wait = (uint64_t)((wanted - p->tokens) * 1e9 / p->rate_pps) + 1;
	uint64_t passed = now_ns > p->filled_ns ? now_ns - p->filled_ns : 0;

	return wait > passed ? wait - passed : 0;
}

void pacer_sent(struct pacer *p, unsigned count, unsigned fresh, uint64_t refused, uint64_t now_ns)
{
	p->tokens -= count;
	if (p->epoch_end_ns == 0)
		p->epoch_sent += fresh;
	if (refused && now_ns >= p->hold_ns) {
		pacer_set(p, p->rate_pps * 0.75);
		p->threshold_pps = p->rate_pps;
		p->hold_ns = now_ns + 5 * EPOCH_NS;
		p->backoffs++;
	}
}

/*
 * 3 standard deviations of the difference of two measured shares, `hits` of `n` and `other_hits`
 * of `m`, as if both had one true share: that of all of them together, one hit and one miss added,
 * so that 24 of 24 is not taken for certainty. Newton's square root.
 */
static double share_noise(double hits, double n, double other_hits, double m)
{
	double share = (hits + other_hits + 1) / (n + m + 2);
	double variance = share * (1 - share) * (1 / n + 1 / m);
	double root = 0.5;

	for (int i = 0; i < 24; i++)
		root = (root + variance / root) / 2;
	return 3 * root;
}

/* Whether `share` of this epoch is significantly below `high`, which `sent` probes gave. */
static bool share_fell(const struct pacer *p, double share, double high, uint64_t sent)
{
	double noise = share_noise((double)p->epoch_answered, (double)p->epoch_sent,
				   high * (double)sent, (double)sent);

	return share < high * TOLERATED_SHARE - noise;
}

static void pacer_lower(struct pacer *p, double share, double rate, uint64_t now_ns)
{
	p->lowered_share = share;
	p->lowered_sent = p->epoch_sent;
	p->lowered_from_pps = p->rate_pps;
	/* What got through is what the path carries; go below it, so that queues drain. */
	pacer_set(p, rate * share / p->best_share * 0.85);
	p->threshold_pps = p->rate_pps;
	p->hold_ns = now_ns + 5 * EPOCH_NS;
	p->backoffs++;
}

/* An epoch that was fine: it and the ones before say together what share is to be expected. */
static void pacer_pool(struct pacer *p, double share)
{
	double hits = p->best_share * (double)p->best_sent + share * (double)p->epoch_sent;

	/* A better one than all before: those had losses of their own. */
	if (share * TOLERATED_SHARE > p->best_share) {
		hits = share * (double)p->epoch_sent;
		p->best_sent = 0;
	}
	p->best_sent += p->epoch_sent;
	p->best_share = hits / (double)p->best_sent;
	if (p->best_sent > POOL_MOST)
		p->best_sent /= 2;
}

/* The epoch's answers are in: keep, raise or lower the rate. */
static void pacer_judge(struct pacer *p, uint64_t now_ns)
{
	if (p->best_sent && p->epoch_answered == 0 && !p->strict) {
		pacer_epoch(p, now_ns);
		return;
	}
	double share = (double)p->epoch_answered / (double)p->epoch_sent;
	double span = (double)(p->epoch_end_ns - p->epoch_ns) / 1e9;
	double actual = span > 0 ? (double)p->epoch_sent / span : p->rate_pps;
	bool fell = p->best_sent && share_fell(p, share, p->best_share, p->best_sent);
	bool was_lowered = p->lowered_sent != 0;
	/* Lowering the rate changed nothing: then it was not the rate. */
	bool in_vain = was_lowered && fell && p->epoch_answered > 0 &&
		       !(p->lowered_share < share * TOLERATED_SHARE);

	if (share > 1)
		share = 1;
	p->lowered_sent = 0;
	if (in_vain) {
		p->best_share = share;
		p->best_sent = p->epoch_sent;
		p->threshold_pps = p->conf.ceiling_pps;
		pacer_set(p, p->lowered_from_pps);
	} else if (fell) {
		pacer_lower(p, share, actual < p->rate_pps ? actual : p->rate_pps, now_ns);
	} else {
		pacer_pool(p, share);
		p->proven_pps = p->rate_pps;
		p->proven_threshold = p->threshold_pps;
		if (now_ns >= p->hold_ns && actual > p->rate_pps * 0.5)
			pacer_set(p, p->rate_pps < p->threshold_pps ? p->rate_pps * 2
								    : p->rate_pps * 1.02);
	}
	pacer_epoch(p, now_ns);
}

void pacer_passing(struct pacer *p, uint64_t refused, uint64_t now_ns)
{
	p->tokens = 0;
	p->filled_ns = now_ns;
	/* An epoch of single probes is none any more. */
	pacer_epoch(p, now_ns);
	pacer_sent(p, 0, 0, refused, now_ns);
}

void pacer_share(struct pacer *p, uint64_t answered, uint64_t sent, double actual_pps,
		 uint64_t now_ns)
{
	const uint64_t span_ns = (uint64_t)((double)sent * 1e9 / actual_pps);
	const struct pacer before = *p;

	p->epoch_end_ns = now_ns;
	p->epoch_ns = span_ns < now_ns ? now_ns - span_ns : 0;
	p->epoch_sent = sent;
	p->epoch_answered = answered;
	pacer_judge(p, now_ns);
	/* A pass has enough probes to outweigh the pool: its best share would sink with the rising
	 * rate. */
	if (before.best_sent && !before.lowered_sent && p->best_share < before.best_share) {
		p->best_share = before.best_share;
		p->best_sent = before.best_sent;
	}
}

void pacer_answered(struct pacer *p, uint64_t sent_ns, uint64_t rtt_ns)
{
	uint64_t end_ns = p->epoch_end_ns ? p->epoch_end_ns : UINT64_MAX;

	p->rtt_ns = rtt_ns;
	if (sent_ns >= p->epoch_ns && sent_ns < end_ns)
		p->epoch_answered++;
}

void pacer_dropped(struct pacer *p, uint64_t now_ns)
{
	if (now_ns < p->hold_ns)
		return;
	pacer_set(p, p->rate_pps / 2);
	p->threshold_pps = p->rate_pps;
	p->hold_ns = now_ns + 10 * EPOCH_NS;
	p->backoffs++;
}
