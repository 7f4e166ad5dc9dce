/* scan: windows, turns and ends. */
#include "scan/scan.h"

#include <string.h>

#include "scan/scan_private.h"
#include "scan/verdict.h"
#include "technique/technique.h"

/* Most probes of one turn, so that answers are looked at in between. */
#define TURN_MOST 512
/* Longest sleep of the loop: progress lines and signals want to be looked at. */
#define WAIT_MOST_NS UINT64_C(100000000)
/* While nothing answers: 20 probes a second to ports that have answered before. */
#define CHECK_GAP_NS UINT64_C(50000000)
/* A plan by slot: how long the answers to a slot are waited for before the next is sent. */
#define GAP_MOST_NS  UINT64_C(100000000)
#define GAP_LEAST_NS UINT64_C(2000000)
/* Longest while an engine sends by itself, or has lost the path. */
#define WAIT_PASS_NS UINT64_C(1000000)
#define WAIT_LOST_NS UINT64_C(10000000)

void scan_init(struct scan *s, const struct plan *plan, const struct scan_conf *conf,
	       uint64_t now_ns)
{
	memset(s, 0, sizeof(*s));
	s->plan = plan;
	s->conf = *conf;
	pacer_init(&s->pacer, &conf->pace, now_ns);
	rtt_init(&s->rtt, &conf->rtt);
	s->window_next = conf->first / plan->window_cells;
	s->window_last = (conf->last + plan->window_cells - 1) / plan->window_cells;
	s->cells_all = conf->last - conf->first;
	outage_init(&s->outage, now_ns);
	confidence_init(&s->confidence, plan, conf->tries);
	recapture_init(&s->recapture, conf->probe_again ? s->cells_all : 0);
}

struct outage_path scan_path(const struct scan *s)
{
	const uint64_t passed = s->passing ? s->passing->sent - s->pass_first : 0;
	double share = s->pacer.best_sent ? s->pacer.best_share : 0;

	/* Before the first part of a pass is judged, those that were under way make it too low. */
	if (share == 0 && passed > 0 && s->passing->pass == 0)
		share = (double)s->pass_answered / (double)passed;
	return (struct outage_path){
		.share = share < 1 ? share : 1,
		.rate_pps = s->pacer.rate_pps,
		.rtt_ns = s->rtt.smoothed_ns + 4 * s->rtt.variation_ns,
	};
}

/* Whether a walk that is done has silence that is no verdict yet: it may be taken for an outage, or
 * a check has to show that the path worked to the end. */
static bool scan_unproven(const struct scan *s, const struct walk *walk)
{
	const struct outage *o = &s->outage;
	const struct outage_path path = scan_path(s);

	if (outage_looms(o, &path))
		return true;
	return outage_quiet(o, &path, walk->last_sent_ns) &&
	       (o->checks > 0 || o->checked_ns < walk->last_sent_ns);
}

void scan_fini(struct scan *s)
{
	for (int i = 0; i < SHEETS; i++) {
		if (s->sheet[i])
			walk_fini(&s->walk[i]);
		sheet_free(s->sheet[i]);
		s->sheet[i] = NULL;
	}
}

/* Where the next window may be opened now: -1 if there is none, or no place for it yet. */
static int scan_place(const struct scan *s)
{
	int place = -1;

	/* In an outage no neighbour would be found. */
	if (s->stopping || s->window_next >= s->window_last || outage_holds(&s->outage))
		return -1;
	for (int i = 0; i < SHEETS; i++) {
		if (!s->sheet[i])
			place = place < 0 ? i : place;
		else if (s->walk[i].pass == 0 && !s->walk[i].done)
			return -1; /* one first pass at a time */
	}
	return place;
}

bool scan_open_window(struct scan *s, unsigned place, uint64_t window, uint64_t now_ns)
{
	struct walk *walk = &s->walk[place];

	s->sheet[place] = sheet_new(s->plan, window, s->conf.first, s->conf.last, now_ns);
	if (!s->sheet[place])
		return false;
	walk_init(walk, s->sheet[place], s->conf.tries, rtt_timeout_ns(&s->rtt));
	walk->silent_ns = s->conf.rtt.initial_ns;
	walk->most_ns = s->conf.rtt.max_ns;
	walk->rst_retries = s->conf.rst_retries;
	walk->mac_settles = s->conf.mac_settles;
	walk->host_timeout_ns = s->conf.host_timeout_ns;
	sheet_set_max_open(s->sheet[place], s->conf.max_open);
	walk->gap_ns = GAP_MOST_NS;
	s->rounds_seen[place] = 0;
	return true;
}

int scan_open(struct scan *s, uint64_t now_ns)
{
	const int place = scan_place(s);

	if (place < 0)
		return -1;
	if (!scan_open_window(s, (unsigned)place, s->window_next, now_ns))
		return -2;
	pacer_fresh(&s->pacer, now_ns);
	outage_fresh(&s->outage);
	s->window_next++;
	return place;
}

/* Places in the order of their windows. */
static int scan_order(const struct scan *s, int order[SHEETS])
{
	int count = 0;

	for (int i = 0; i < SHEETS; i++) {
		if (!s->sheet[i])
			continue;
		int at = count++;

		for (; at > 0 && sheet_window(s->sheet[order[at - 1]]) > sheet_window(s->sheet[i]);
		     at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
	return count;
}

/* What was sent into an outage does not count as an attempt. */
void scan_withdraw(struct scan *s, uint64_t now_ns)
{
	for (int i = 0; i < SHEETS; i++)
		if (s->sheet[i] && &s->walk[i] != s->passing)
			s->withdrawn += walk_withdraw(&s->walk[i], s->outage.since_ns, now_ns);
	recapture_withdraw(&s->recapture, s->outage.since_ns / 1000, now_ns / 1000);
}

static void scan_resume(struct scan *s, uint64_t now_ns)
{
	scan_withdraw(s, now_ns);
	pacer_resume(&s->pacer, now_ns);
}

/* Between two probes to ports that have answered, while nothing answers; or as the rate says. */
static uint64_t scan_check_gap_ns(const struct scan *s)
{
	const uint64_t gap_ns = (uint64_t)(1e9 / s->pacer.rate_pps);

	return gap_ns > CHECK_GAP_NS ? gap_ns : CHECK_GAP_NS;
}

/* While nothing answers: the walk that may send one probe, to see whether the path is back. */
static struct walk *scan_trickle(struct scan *s, uint64_t now_ns, unsigned *budget)
{
	int order[SHEETS], count = scan_order(s, order);
	bool done = true;

	tempo_idle(&s->tempo);
	if (now_ns < s->outage.next_ns || s->outage.gone)
		return NULL;
	for (int i = count; i-- > 0;) {
		if (!walk_check(&s->walk[order[i]], false))
			continue;
		s->outage.next_ns = now_ns + scan_check_gap_ns(s);
		*budget = 1;
		return &s->walk[order[i]];
	}
	/* Only routers have answered: their errors are as frequent as they were. */
	s->outage.next_ns = now_ns + s->outage.gap_ns;
	for (int i = 0; i < count; i++) {
		struct walk *walk = &s->walk[order[i]];

		walk_set_timeout(walk, rtt_timeout_ns(&s->rtt));
		if (walk_is_due(walk, now_ns)) {
			*budget = 1;
			return walk;
		}
		done &= walk->done;
	}
	if (done)
		scan_withdraw(s, now_ns);
	return NULL;
}

/* Whether there is an outage at present. */
static bool scan_holds(struct scan *s, uint64_t now_ns)
{
	const struct outage_path path = scan_path(s);

	const bool gone = s->outage.gone;

	/* Hosts that are found are not probed again: the answers end with each slot. */
	if (s->plan->by_slot)
		return s->outage.lost;
	if (outage_check(&s->outage, &path, now_ns) || outage_gone(&s->outage, now_ns) != gone)
		scan_withdraw(s, now_ns);
	s->pacer.strict = outage_exhausted(&s->outage, now_ns);
	return outage_holds(&s->outage);
}

/*
 * A plan by slot: answers to one slot end the wait for the next. With each slot the share of hosts
 * that answer is another one.
 */
static void scan_round(struct scan *s, int place, uint64_t now_ns)
{
	struct walk *walk = &s->walk[place];
	const uint64_t rtt_ns = s->rtt.smoothed_ns + 4 * s->rtt.variation_ns;

	if (s->rtt.count)
		walk->gap_ns = rtt_ns < GAP_LEAST_NS  ? GAP_LEAST_NS
			       : rtt_ns > GAP_MOST_NS ? GAP_MOST_NS
						      : rtt_ns;
	if (walk->rounds == s->rounds_seen[place])
		return;
	s->rounds_seen[place] = walk->rounds;
	pacer_fresh(&s->pacer, now_ns);
	outage_fresh(&s->outage);
}

/* Whether a check of the path comes next. `last`: the walk has nothing else to send. */
static bool scan_checks(struct scan *s, struct walk *walk, bool last, uint64_t now_ns)
{
	const struct outage_path path = scan_path(s);
	bool sent;

	if (s->plan->by_slot)
		return false;
	/* Paced hosts are silent for longer, and answer no more for being probed more. */
	if ((walk->idle && !walk->done) || now_ns < outage_check_ns(&s->outage, &path, last))
		return false;
	sent = walk_check(walk, true);
	outage_checked(&s->outage, sent, now_ns);
	return sent;
}

struct walk *scan_turn(struct scan *s, uint64_t now_ns, unsigned *budget)
{
	int order[SHEETS], count = scan_order(s, order);
	uint64_t timeout_ns = rtt_timeout_ns(&s->rtt);

	*budget = 0;
	if (s->stopping || s->passing)
		return NULL;
	if (scan_holds(s, now_ns)) {
		pacer_idle(&s->pacer);
		return s->outage.lost ? NULL : scan_trickle(s, now_ns, budget);
	}
	for (int i = 0; i < count; i++) {
		struct walk *walk = &s->walk[order[i]];

		walk_set_timeout(walk, timeout_ns);
		if (s->plan->by_slot)
			scan_round(s, order[i], now_ns);
		if (i == 0 && s->unproven && walk->done && scan_checks(s, walk, true, now_ns)) {
			*budget = 1;
			return walk;
		}
		if (walk->done || now_ns < walk->due_ns)
			continue;
		*budget = pacer_budget(&s->pacer, now_ns, TURN_MOST);
		if (*budget > 0 && scan_checks(s, walk, false, now_ns))
			*budget = 1;
		else if (*budget > 0 && !s->plan->by_slot)
			recapture_ask(&s->recapture, walk, (unsigned)order[i], now_ns);
		if (*budget > 0)
			return walk;
		walk_look(walk, now_ns);
		return NULL;
	}
	pacer_idle(&s->pacer);
	tempo_idle(&s->tempo);
	return NULL;
}

void scan_sent(struct scan *s, struct walk *walk, unsigned count, uint64_t refused, uint64_t now_ns)
{
	uint64_t again = walk->resent - s->resent_seen[walk - s->walk];

	s->resent_seen[walk - s->walk] = walk->resent;
	s->sent += count;
	s->resent += again;
	tempo_sent(&s->tempo, count, now_ns);
	const unsigned fresh = count - (again < count ? (unsigned)again : count);

	pacer_sent(&s->pacer, count, fresh, refused, now_ns);
	if (count == 0 && refused > 0)
		outage_fresh(&s->outage);
	outage_sent(&s->outage, count, fresh, now_ns);
	recapture_sent(&s->recapture, fresh);
}

/* Something came through. */
static void scan_heard(struct scan *s, const struct answer *answer)
{
	const struct outage_path path = scan_path(s);

	if (answer->has & ANSWER_LOCAL)
		return;
	switch (outage_heard(&s->outage, &path, answer->t_ns)) {
	case OUTAGE_NONE:
		break;
	case OUTAGE_OVER:
		scan_resume(s, answer->t_ns);
		break;
	case OUTAGE_SHORT:
		pacer_resume(&s->pacer, answer->t_ns);
		break;
	}
}

struct sheet *scan_answer(struct scan *s, const struct answer *answer, uint32_t *cell)
{
	for (int i = 0; i < SHEETS; i++) {
		struct sheet *sheet = s->sheet[i];
		uint64_t rtt_ns = 0;
		bool has_rtt;

		if (!sheet || !sheet_untag(sheet, answer->cell, cell))
			continue;
		const enum sheet_mark mark = sheet_note(sheet, *cell, answer, &rtt_ns, &has_rtt);

		s->stray += mark == SHEET_STRAY;
		s->duplicate += mark == SHEET_DUPLICATE;
		if (mark == SHEET_STRAY)
			return NULL;
		scan_heard(s, answer);
		if (s->recapture.open > 0 && mark != SHEET_FIRST)
			recapture_heard(&s->recapture, &s->confidence, sheet, (unsigned)i, *cell);
		if (mark == SHEET_DUPLICATE)
			return NULL;
		s->valid++;
		/* A router reports after seconds that there is no host: that is no round trip. */
		if (s->plan->by_slot && answer->has & ANSWER_FROM)
			has_rtt = false;
		if (mark == SHEET_CHALLENGED)
			return NULL;
		if (has_rtt)
			rtt_note(&s->rtt, rtt_ns);
		if (has_rtt && sheet_tries(sheet, *cell) == 1)
			pacer_answered(&s->pacer, answer->t_ns / 1000 * 1000 - rtt_ns,
				       s->rtt.smoothed_ns + 4 * s->rtt.variation_ns);
		return sheet;
	}
	s->stray++;
	return NULL;
}

/* When the last answers of a walk have had their time. */
static uint64_t walk_end_ns(const struct scan *s, const struct walk *walk)
{
	uint64_t end_ns = walk->last_sent_ns + rtt_timeout_ns(&s->rtt);

	return end_ns > walk->end_ns ? end_ns : walk->end_ns;
}

static uint64_t sooner(uint64_t wait_ns, uint64_t at_ns, uint64_t now_ns)
{
	uint64_t left = at_ns > now_ns ? at_ns - now_ns : 0;

	return left < wait_ns ? left : wait_ns;
}

uint64_t scan_wait_ns(const struct scan *s, uint64_t now_ns)
{
	uint64_t wait_ns = WAIT_MOST_NS;
	int order[SHEETS], count;

	if (s->passing)
		return WAIT_PASS_NS;
	if (s->stopping)
		return sooner(wait_ns, s->stop_ns, now_ns);
	if (outage_holds(&s->outage))
		return s->outage.lost || s->outage.gone
			       ? WAIT_LOST_NS
			       : sooner(wait_ns, s->outage.next_ns, now_ns);
	if (scan_place(s) >= 0)
		return 0;
	count = scan_order(s, order);
	for (int i = 0; i < count; i++) {
		const struct walk *walk = &s->walk[order[i]];

		if (walk->host_timeout_ns && walk->first_sent_ns)
			wait_ns = sooner(wait_ns, walk->first_sent_ns + walk->host_timeout_ns,
					 now_ns);
		if (walk->done) {
			/* Windows finish in order: only the oldest can. */
			if (i == 0)
				wait_ns = sooner(wait_ns, walk_end_ns(s, walk), now_ns);
			if (i == 0 && wait_ns == 0 && s->unproven)
				wait_ns = WAIT_LOST_NS;
			continue;
		}
		uint64_t pace_ns = now_ns + pacer_wait_ns(&s->pacer, now_ns);

		wait_ns = sooner(wait_ns, walk->due_ns > pace_ns ? walk->due_ns : pace_ns, now_ns);
	}
	return wait_ns;
}

int scan_ready(struct scan *s, uint64_t now_ns)
{
	int order[SHEETS];

	if (scan_order(s, order) == 0)
		return -1;
	/* The oldest first, so that hosts are reported in order. */
	const struct sheet *sheet = s->sheet[order[0]];
	struct walk *walk = &s->walk[order[0]];

	if (walk == s->passing)
		return -1;
	if (sheet_complete(sheet))
		return order[0];
	if (s->stopping)
		return now_ns >= s->stop_ns ? order[0] : -1;
	s->unproven = false;
	if (!walk_expire(walk, now_ns) && !walk->done)
		return -1;
	if (outage_holds(&s->outage))
		return -1;
	walk_set_timeout(walk, rtt_timeout_ns(&s->rtt));
	if (!walk_over(walk, now_ns))
		return -1;
	s->unproven = !s->plan->by_slot && scan_unproven(s, walk);
	return s->unproven ? -1 : order[0];
}

void scan_close(struct scan *s, int place)
{
	s->cells_done += sheet_ours(s->sheet[place]);
	recapture_close(&s->recapture, &s->confidence, &s->walk[place], (unsigned)place);
	walk_fini(&s->walk[place]);
	sheet_free(s->sheet[place]);
	s->sheet[place] = NULL;
	s->resent_seen[place] = 0;
}

void scan_lost(struct scan *s, uint64_t now_ns)
{
	const struct outage_path path = scan_path(s);

	(void)outage_lost(&s->outage, &path, now_ns); /* it may be known */
}

void scan_restored(struct scan *s, uint64_t now_ns)
{
	if (outage_restored(&s->outage, now_ns))
		scan_resume(s, now_ns);
}

void scan_changed(struct scan *s, uint64_t now_ns)
{
	scan_lost(s, now_ns);
	scan_restored(s, now_ns);
}

struct scan_hold scan_hold(const struct scan *s)
{
	return (struct scan_hold){
		.lost = s->outage.lost,
		.silent = s->outage.silent,
		.gone = s->outage.gone,
		.begun_ns = s->outage.begun_ns,
		.count = s->outage.count,
		.withdrawn = s->withdrawn,
	};
}

void scan_stop(struct scan *s, uint64_t now_ns)
{
	if (s->stopping)
		return;
	s->stopping = true;
	uint64_t timeout_ns = rtt_timeout_ns(&s->rtt);

	s->stop_ns = now_ns + (timeout_ns < 1000000000 ? timeout_ns : 1000000000);
}

bool scan_over(const struct scan *s)
{
	for (int i = 0; i < SHEETS; i++)
		if (s->sheet[i])
			return false;
	return s->stopping || s->window_next >= s->window_last;
}

void scan_abandon(struct scan *s)
{
	s->passing = NULL;
	scan_stop(s, 0);
	s->stop_ns = 0;
}

bool scan_stopping(const struct scan *s)
{
	return s->stopping;
}

bool scan_pass_expired(const struct scan *s, uint64_t now_ns)
{
	return s->passing && walk_expire(s->passing, now_ns);
}

bool scan_in_pass(const struct scan *s)
{
	return s->passing != NULL;
}

bool scan_has_windows(const struct scan *s)
{
	return s->window_next < s->window_last;
}

double scan_rate_pps(const struct scan *s)
{
	return s->pacer.rate_pps;
}

void scan_dropped(struct scan *s, uint64_t now_ns)
{
	pacer_dropped(&s->pacer, now_ns);
}

struct sheet *scan_sheet(const struct scan *s, int place)
{
	return s->sheet[place];
}

uint32_t scan_hosts(const struct scan *s, int place)
{
	return sheet_hosts(s->sheet[place]);
}

uint64_t scan_rank(const struct scan *s, int place, uint32_t host)
{
	return sheet_first_host(s->sheet[place]) + host;
}

bool scan_answered(const struct scan *s, int place)
{
	return sheet_complete(s->sheet[place]);
}

void scan_read(struct scan *s, int place, uint32_t host, bool complete, struct finding *findings,
	       struct host_report *out)
{
	const bool expired = s->walk[place].expired;

	verdict_host(s->sheet[place], host, complete && !expired, s->conf.tries,
		     s->conf.wall_offset_ns, findings, out);
	if (complete && expired && out->notes & HOST_PARTIAL)
		out->notes ^= HOST_PARTIAL | HOST_TIMED_OUT;
}

void scan_reported(struct scan *s, const struct host_report *host)
{
	confidence_host(&s->confidence, host);
}

struct run_confidence scan_confidence(const struct scan *s)
{
	return confidence_summary(&s->confidence);
}
