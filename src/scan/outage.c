/* outage: a lost path, as the engine reports it or as total silence shows it. */
#include "scan/outage.h"

#include <string.h>

/*
 * Missing answers from which on silence is not chance. Half of the probes may be so recent that
 * their answers are still under way; of the rest, 24 answers were expected: e^-24 is 4e-11.
 */
#define SILENT_ANSWERS 48
/* The same in retrospect, where an error only costs a measurement. */
#define SHORT_ANSWERS 12
/* Silence lasts this long and two round trips: policers and queues drop whole bursts. */
#define SILENT_NS UINT64_C(100000000)
#define SHORT_NS  UINT64_C(20000000)
/* Answers a second that would come during an outage if the path were back. */
#define TRICKLE_ANSWERS 20
/* Slack for what is under way when an outage begins. */
#define SINCE_SLACK_NS UINT64_C(5000000)

void outage_init(struct outage *o, uint64_t now_ns)
{
	memset(o, 0, sizeof(*o));
	o->start_ns = now_ns;
}

void outage_fresh(struct outage *o)
{
	o->unheard = 0;
}

void outage_sent(struct outage *o, unsigned fresh)
{
	o->unheard += fresh;
}

static uint64_t before(uint64_t now_ns, uint64_t span_ns)
{
	return now_ns > span_ns ? now_ns - span_ns : 0;
}

/* Answers that were due since the last one, if the silence is long enough to judge it; else 0. */
static double outage_missing(const struct outage *o, const struct outage_path *path,
			     uint64_t least_ns, uint64_t now_ns)
{
	if (o->heard_ns == 0 || now_ns < o->heard_ns + least_ns + 2 * path->rtt_ns)
		return 0;
	return (double)o->unheard * path->share;
}

static uint64_t outage_budget_ns(const struct outage *o, uint64_t now_ns)
{
	return OUTAGE_MOST_NS + before(now_ns, o->start_ns) / 4;
}

bool outage_exhausted(const struct outage *o, uint64_t now_ns)
{
	return o->given_up || o->spent_ns >= outage_budget_ns(o, now_ns);
}

bool outage_check(struct outage *o, const struct outage_path *path, uint64_t now_ns)
{
	double rate_pps;

	if (outage_holds(o) || outage_exhausted(o, now_ns) ||
	    outage_missing(o, path, SILENT_NS, now_ns) < SILENT_ANSWERS)
		return false;
	rate_pps = TRICKLE_ANSWERS / path->share;
	if (rate_pps > path->rate_pps)
		rate_pps = path->rate_pps;
	o->silent = true;
	o->count++;
	o->since_ns = before(o->heard_ns, path->rtt_ns + SINCE_SLACK_NS);
	o->begun_ns = now_ns;
	o->next_ns = now_ns;
	o->gap_ns = (uint64_t)(1e9 / rate_pps);
	return true;
}

static void outage_end(struct outage *o, uint64_t now_ns)
{
	o->silent = false;
	o->spent_ns += before(now_ns, o->begun_ns);
	o->unheard = 0;
}

bool outage_expired(struct outage *o, uint64_t now_ns)
{
	const uint64_t held_ns = before(now_ns, o->begun_ns);

	if (!o->silent || o->lost ||
	    (held_ns < OUTAGE_MOST_NS && o->spent_ns + held_ns < outage_budget_ns(o, now_ns)))
		return false;
	outage_end(o, now_ns);
	o->given_up = true;
	return true;
}

enum outage_sign outage_heard(struct outage *o, const struct outage_path *path, uint64_t now_ns)
{
	enum outage_sign sign = OUTAGE_NONE;

	if (o->silent) {
		outage_end(o, now_ns);
		sign = OUTAGE_OVER;
	} else if (!o->lost && !outage_exhausted(o, now_ns) &&
		   outage_missing(o, path, SHORT_NS, now_ns) >= SHORT_ANSWERS) {
		o->spent_ns += now_ns - o->heard_ns;
		sign = OUTAGE_SHORT;
	}
	if (now_ns > o->heard_ns)
		o->heard_ns = now_ns;
	o->unheard = 0;
	o->given_up = false;
	return sign;
}

bool outage_lost(struct outage *o, const struct outage_path *path, uint64_t now_ns)
{
	uint64_t last_ns = now_ns;

	if (o->lost)
		return false;
	o->lost = true;
	/* It may have been lost for a while, but then nothing was heard. */
	if (o->heard_ns && o->heard_ns < now_ns)
		last_ns = o->heard_ns;
	if (last_ns < before(now_ns, OUTAGE_MOST_NS))
		last_ns = now_ns - OUTAGE_MOST_NS;
	/* A path that changes again and again must not have the same probes sent for ever. */
	if (o->spent_ns + (now_ns - last_ns) > outage_budget_ns(o, now_ns))
		last_ns = now_ns;
	o->spent_ns += now_ns - last_ns;
	if (!o->silent)
		o->since_ns = before(last_ns, path->rtt_ns + SINCE_SLACK_NS);
	o->begun_ns = now_ns;
	return true;
}

bool outage_restored(struct outage *o, uint64_t now_ns)
{
	if (!o->lost)
		return false;
	o->lost = false;
	o->silent = false;
	o->given_up = false;
	o->unheard = 0;
	/* Silence is measured from here on. */
	if (o->heard_ns)
		o->heard_ns = now_ns;
	return true;
}
