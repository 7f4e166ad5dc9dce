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
/* Silence that is waited for once all silence taken for outages was too much: from then on such
 * silence is rather a host's limit. Doubled each time, below OUTAGE_MOST_NS. */
#define WARY_NS UINT64_C(2000000000)
/* A host that was silent for longer than it answered, this many times in a row, has a limit. */
#define HASTY_MOST 3
/* The path is checked after this many probes without an answer, and QUIET_NS and two round trips
 * without one; it is taken for lost after CHECKS checks. */
#define QUIET_PROBES 10
#define QUIET_NS     UINT64_C(200000000)
#define CHECKS	     3
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
	o->sent = 0;
	o->checks = 0;
}

void outage_sent(struct outage *o, unsigned count, unsigned fresh, uint64_t now_ns)
{
	if (o->sent == 0 && count > 0)
		o->asked_ns = now_ns;
	o->sent += count;
	o->unheard += fresh;
}

static uint64_t before(uint64_t now_ns, uint64_t span_ns)
{
	return now_ns > span_ns ? now_ns - span_ns : 0;
}

/* From when on an answer would have been heard. */
static uint64_t outage_silent_ns(const struct outage *o)
{
	return o->asked_ns > o->heard_ns ? o->asked_ns : o->heard_ns;
}

/* Answers that were due since the last one, if the silence is long enough to judge it; else 0. */
static double outage_missing(const struct outage *o, const struct outage_path *path,
			     uint64_t least_ns, uint64_t now_ns)
{
	if (o->heard_ns == 0 || now_ns < outage_silent_ns(o) + least_ns + 2 * path->rtt_ns)
		return 0;
	return (double)o->unheard * path->share;
}

static uint64_t outage_budget_ns(const struct outage *o, uint64_t now_ns)
{
	return OUTAGE_MOST_NS + before(now_ns, o->start_ns) / 4;
}

bool outage_exhausted(const struct outage *o, uint64_t now_ns)
{
	return o->hasty >= HASTY_MOST || o->spent_ns >= outage_budget_ns(o, now_ns);
}

/* Shortest silence that is taken for an outage at present. */
static uint64_t outage_least_ns(const struct outage *o, uint64_t now_ns)
{
	if (!outage_exhausted(o, now_ns))
		return SILENT_NS;
	return o->wary_ns ? o->wary_ns : WARY_NS;
}

static uint64_t outage_quiet_ns(const struct outage *o, const struct outage_path *path)
{
	const uint64_t silent_ns = outage_silent_ns(o);
	const uint64_t last_ns = o->checked_ns > silent_ns ? o->checked_ns : silent_ns;

	return last_ns + QUIET_NS + 2 * path->rtt_ns;
}

bool outage_quiet(const struct outage *o, const struct outage_path *path, uint64_t at_ns)
{
	return o->heard_ns && o->sent > 0 && at_ns > o->heard_ns + QUIET_NS + 2 * path->rtt_ns;
}

uint64_t outage_check_ns(const struct outage *o, const struct outage_path *path, bool last)
{
	if (o->heard_ns == 0 || outage_holds(o) || o->checks == CHECKS || o->sent == 0 ||
	    (!last && o->sent < QUIET_PROBES))
		return UINT64_MAX;
	return last && o->checks == 0 ? 0 : outage_quiet_ns(o, path);
}

void outage_checked(struct outage *o, bool sent, uint64_t now_ns)
{
	o->checked_ns = now_ns;
	o->checks += sent;
}

bool outage_looms(const struct outage *o, const struct outage_path *path)
{
	return o->heard_ns && (double)o->unheard * path->share >= SILENT_ANSWERS;
}

bool outage_check(struct outage *o, const struct outage_path *path, uint64_t now_ns)
{
	const uint64_t least_ns = outage_least_ns(o, now_ns);
	const bool vain = o->checks == CHECKS && now_ns >= outage_silent_ns(o) + least_ns &&
			  now_ns >= outage_quiet_ns(o, path);
	double rate_pps = path->rate_pps;

	if (outage_holds(o) ||
	    (!vain && outage_missing(o, path, least_ns, now_ns) < SILENT_ANSWERS))
		return false;
	if (outage_exhausted(o, now_ns))
		o->wary_ns = 2 * least_ns < OUTAGE_MOST_NS ? 2 * least_ns : least_ns;
	/* Less time with answers than without, again and again? */
	o->hasty = o->ended_ns && o->heard_ns - o->ended_ns < o->ended_ns - o->begun_ns
			   ? o->hasty + 1
			   : 0;
	if (path->share > 0)
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
	o->ended_ns = now_ns;
	outage_fresh(o);
}

bool outage_gone(struct outage *o, uint64_t now_ns)
{
	o->gone |= o->silent && !o->lost && now_ns >= o->begun_ns + OUTAGE_MOST_NS;
	return o->gone;
}

enum outage_sign outage_heard(struct outage *o, const struct outage_path *path, uint64_t now_ns)
{
	enum outage_sign sign = OUTAGE_NONE;

	if (o->gone)
		return sign;
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
	outage_fresh(o);
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
	outage_fresh(o);
	/* Silence is measured from here on. */
	if (o->heard_ns)
		o->heard_ns = now_ns;
	return true;
}
