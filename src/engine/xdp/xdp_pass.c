/* xdp_pass: starts, paces, counts and ends a pass over a window. Its threads: xdp_senders.c. */
#include "engine/xdp/xdp_pass.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "engine/frames/frames_state.h"
#include "engine/xdp/xdp_senders.h"
#include "engine/xdp/xdp_state.h"

/* Below this rate, or for fewer probes, a pass is not worth its set-up: engine frames is as fast.
 * PASS_FORCED_LEAST: the rate if the user asked for engine xdp. */
#define PASS_RATE_LEAST	  200000
#define PASS_PROBES_LEAST 16384
#define PASS_FORCED_LEAST 1000
/* A delay of the schedule longer than this is not made up for. */
#define PASS_SLACK_NS 20000000
/* Above these rates the clock is read every 16, and every 64 frames. */
#define PASS_CLOCK_PPS 400000
#define PASS_BATCH     16
#define PASS_FAST_PPS  2000000
#define PASS_FAST      64
/* Above this rate the evidence (time, TTL) of one RST in 256 is kept. Where that may be more than
 * PASS_SAMPLES_PPS, of one in 512, and so on. Enough to measure round-trip times and losses. */
#define PASS_EVIDENCE_PPS 100000
#define PASS_SAMPLE_MASK  255
#define PASS_SAMPLES_PPS  4000
/* If a full queue refuses this many frames while several threads send, one thread sends alone for
 * the rest of the scan: the interface is the limit, or the processors, which also receive. */
#define PASS_CROWDED 64
/* If the device refuses this many frames with an error and accepts none, it cannot send (any more).
 */
#define PASS_ERRORS 64
/* If a full queue accepts nothing for this time, the carrier is lost; engine frames reports that.
 */
#define PASS_STUCK_NS 2000000000

/* See PASS_EVIDENCE_PPS. */
static uint32_t pass_sample_mask(double rate_pps)
{
	uint32_t mask = PASS_SAMPLE_MASK;

	if (rate_pps <= PASS_EVIDENCE_PPS)
		return 0;
	while (rate_pps / (mask + 1.0) > PASS_SAMPLES_PPS && mask < UINT16_MAX)
		mask = mask << 1 | 1;
	return mask;
}

static void pass_rate(struct xdp *x, double rate_pps)
{
	volatile struct xdp_pass *pass = x->programs.memory.pass;
	const uint32_t batch = rate_pps > PASS_FAST_PPS	   ? PASS_FAST
			       : rate_pps > PASS_CLOCK_PPS ? PASS_BATCH
							   : 1;

	x->programs.memory.receiving->sample_mask = pass_sample_mask(rate_pps);
	x->programs.memory.receiving->reset_mask =
		rate_pps > PASS_EVIDENCE_PPS ? x->frames->techniques & 1u << TECH_SYN : 0;
	pass->batch = batch;
	/* A slow pass takes little at once: after a stop, what is taken is still sent. */
	pass->take = batch > 1 ? XDP_TAKE : XDP_BLOCK;
	/* Rounded up: never faster than the rate. */
	pass->gap_ns = (uint64_t)ceil(batch * 1e9 / rate_pps);
}

/* Techniques of the plan that have attempts left in pass `number`, as bits. */
static uint32_t pass_techniques(const struct xdp *x, const struct walk *walk, uint32_t number)
{
	uint32_t mask = 0;

	for (unsigned t = 0; t < TECHNIQUES; t++)
		mask |= walk->tries[t] > number ? 1u << t : 0;
	return mask & x->frames->techniques;
}

/* Leaves UDP probes of hosts that rate-limit their ICMP errors to engine frames, which paces them.
 */
static void pass_rate_limited(struct xdp *x, unsigned place, const struct sheet *sheet)
{
	uint64_t *out = x->programs.memory.rate_limited +
			(size_t)place * x->programs.memory.setting->rate_limited;

	for (uint32_t i = 0; i < sheet_hosts(sheet); i++)
		if (icmp_backoff_active(&sheet_pace_of(sheet, i)->icmp_backoff))
			out[i >> 6] |= UINT64_C(1) << (i & 63);
}

/* Whether a pass is worth its set-up. */
static bool pass_worth(const struct xdp *x, const struct walk *walk, double rate_pps)
{
	const struct sheet *sheet = walk->sheet;
	const bool turned = walk->position == walk->end;
	const uint64_t left = turned ? walk->end : walk->end - walk->position;
	const uint64_t unanswered =
		(uint64_t)(sheet_ours(sheet) - sheet_answered(sheet)) * left / walk->end;

	/* Unsent probes are sent one by one, by engine frames. */
	if (!sheet_is_bulk(sheet) || sheet_unsent_count(sheet) || x->broken || x->sending.begun)
		return false;
	/* Without attempts left, passes are over. */
	if (walk->idle || !pass_techniques(x, walk, walk->pass + turned))
		return false;
	if (x->conf.forced)
		return rate_pps >= PASS_FORCED_LEAST && unanswered > 0;
	return rate_pps >= PASS_RATE_LEAST && unanswered >= PASS_PROBES_LEAST;
}

_Static_assert(XDP_SENDERS *(XDP_AGAIN + XDP_IMAGES + XDP_TAKE) <= SHEET_UNSENT,
	       "room for all that senders have taken");

/* The threads have ended. Returns to the walk what they had taken and, after a stop, not sent:
 * refused frames, frames made, and positions not looked at. */
static void pass_end(struct xdp *x)
{
	const volatile struct xdp_pass *pass = x->programs.memory.pass;
	struct walk *walk = x->sending.walk;
	const struct permute *order = sheet_order(walk->sheet);
	const uint32_t next = pass->next > pass->begin ? pass->next : pass->begin;

	walk_pass_end(walk, next < pass->end ? next : pass->end);
	for (unsigned i = 0; i < x->senders; i++) {
		const volatile struct xdp_sender *s = &x->programs.memory.sender[i];

		for (uint32_t a = s->again_head; a != s->again_tail; a++)
			walk_unsent(walk, s->again[a % XDP_AGAIN]);
		for (uint32_t m = s->flushed; m != s->tail; m++)
			walk_unsent(walk, s->image[m % XDP_IMAGES].cell);
		for (uint32_t p = s->position; p < s->until; p++)
			walk_unsent(walk, (uint32_t)permute_forward(order, p));
	}
}

/* The interface accepts nothing, or no thread can be started: engine frames sends the rest, or
 * reports the cause more exactly. `what`: "", or what failed, with a colon. */
static void pass_break(struct xdp *x, const char *what, int error)
{
	char quoted[LINK_QUOTED];

	x->broken = true;
	x->has_news = true;
	snprintf(x->news, sizeof(x->news),
		 "engine xdp gives up on interface %s (%s%s); continuing with engine frames",
		 link_quote(x->link, quoted), what, strerror(error));
}

int xdp_pass_begin(struct engine *e, struct walk *walk, uint64_t now_ns, double rate_pps,
		   struct failure *f)
{
	struct xdp *x = (struct xdp *)e;
	volatile struct xdp_pass *pass = x->programs.memory.pass;
	unsigned place = 0;
	int error;

	(void)f;
	/* A pass has no other port than that of -g. */
	if (!pass_worth(x, walk, rate_pps) ||
	    (x->conf.has_source_port && sheet_any_challenged(walk->sheet)))
		return PASS_SEND;
	if (!walk_pass_begin(walk, now_ns))
		return PASS_LATER;
	while (x->conf.sheets[place] != walk->sheet)
		place++;
	if (walk->udp_paced)
		pass_rate_limited(x, place, walk->sheet);
	memset((void *)pass, 0, sizeof(*pass));
	memset((void *)x->programs.memory.sender, 0, XDP_SENDERS * sizeof(struct xdp_sender));
	pass->place = place;
	pass->attempt = walk->pass;
	pass->technique_mask = pass_techniques(x, walk, walk->pass);
	pass->fresh = walk->pass == 0 && sheet_ours(walk->sheet) == sheet_cells(walk->sheet);
	pass->begin = walk->position;
	pass->next = walk->position / XDP_TAKE * XDP_TAKE;
	pass->end = walk->end;
	pass->slack_ns = PASS_SLACK_NS;
	pass->due_ns = now_ns;
	pass_rate(x, rate_pps);
	x->programs.memory.window[place].attempts = walk->pass + 1;
	x->sending.walk = walk;
	x->sending.sent = x->sending.refused = x->sending.errors = x->sending.drops = 0;
	x->sending.taken_ns = now_ns;
	error = xdp_senders_begin(x);
	if (error < 0) {
		pass_break(x, "cannot start a thread: ", -error);
		pass_end(x);
		return PASS_SEND;
	}
	x->sending.begun = true;
	return PASS_BEGUN;
}

/* Sums of the senders' counters. */
struct pass_total {
	uint64_t taken, drops, errors;
	uint32_t error;
};

static struct pass_total pass_total(const struct xdp *x)
{
	struct pass_total total = {0};

	for (unsigned i = 0; i < x->senders; i++) {
		const volatile struct xdp_sender *s = &x->programs.memory.sender[i];

		total.errors += s->errors;
		total.drops += s->drops;
		total.taken += s->taken;
		total.error = s->error ? s->error : total.error;
	}
	return total;
}

/* Reports to the walk, and counts, what was sent and refused since the last call. */
static void pass_count(struct xdp *x, const struct pass_total *total, uint64_t now_ns)
{
	const uint64_t refused = total->drops + total->errors;
	const uint32_t next = x->programs.memory.pass->next;

	/* What is taken and not sent yet, a few blocks of thousands, counts as passed. */
	walk_passed(x->sending.walk,
		    next > x->sending.walk->position ? next : x->sending.walk->position,
		    total->taken - x->sending.sent, now_ns);
	if (total->taken != x->sending.sent) {
		x->sent += total->taken - x->sending.sent;
		x->sending.sent = total->taken;
		x->sending.drops = total->drops;
		x->sending.taken_ns = now_ns;
	}
	x->refused_burst += refused - x->sending.refused;
	x->refused += refused - x->sending.refused;
	x->sending.refused = refused;
}

static int pass_over(struct xdp *x)
{
	const int error = atomic_load(&x->sending.error);

	xdp_senders_end(x);
	x->sending.begun = false;
	/* From here on the walk may wait for a single answer: user space judges each SYN+ACK. */
	x->programs.memory.receiving->reset_mask = 0;
	if (error < 0 && !x->broken)
		pass_break(x, "", -error);
	pass_end(x);
	return 0;
}

int xdp_pass_poll(struct engine *e, uint64_t now_ns, double rate_pps, struct failure *f)
{
	struct xdp *x = (struct xdp *)e;
	volatile struct xdp_pass *pass = x->programs.memory.pass;
	const bool over = xdp_senders_over(x);
	const uint64_t sent = x->sending.sent;
	struct pass_total total;

	(void)f;
	if (!x->sending.begun)
		return 0;
	total = pass_total(x);
	pass_count(x, &total, now_ns);
	if (over)
		return pass_over(x);
	if (rate_pps > 0)
		pass_rate(x, rate_pps);
	if (atomic_load(&x->sending.awake) > 1 && x->sending.refused >= PASS_CROWDED)
		atomic_store(&x->alone, true);
	if (!x->broken && x->sending.sent == sent &&
	    total.errors - x->sending.errors >= PASS_ERRORS) {
		pass_break(x, "", (int)total.error);
		pass->stop = 1;
	}
	if (!x->broken && total.drops != x->sending.drops &&
	    now_ns - x->sending.taken_ns >= PASS_STUCK_NS) {
		pass_break(x, "", ENOBUFS);
		pass->stop = 1;
	}
	if (x->sending.sent != sent)
		x->sending.errors = total.errors;
	return 1;
}

void xdp_pass_stop(struct engine *e)
{
	struct xdp *x = (struct xdp *)e;

	if (x->sending.begun)
		x->programs.memory.pass->stop = 1;
}
