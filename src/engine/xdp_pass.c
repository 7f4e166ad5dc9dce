/* xdp_pass: one pass over a window, in a thread that sends it slice by slice. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "engine/xdp.h"

/* For less than this the set-up of a pass is not worth it: frames does it as well. */
#define PASS_RATE_LEAST	  200000
#define PASS_PROBES_LEAST 16384
#define PASS_FORCED_LEAST 1000
/* The thread sleeps so long between calls while the rate leaves time: probes go in bursts of that
 * length. What is owed for longer than the slack is not made up for. */
#define PASS_SLICE_NS 1000000
#define PASS_SLACK_NS 20000000
/* Most runs of a call, so that a stop is heeded soon. */
#define PASS_RUNS 65536
/* Above this rate the clock is looked at every 16 positions only. */
#define PASS_CLOCK_PPS 400000
#define PASS_BATCH     16
/* More than any processor does: then the clock is for the time stamps only. */
#define PASS_FREE_PPS	6000000
#define PASS_FREE_BATCH 64
/* Above this rate only one RST of 256 keeps its evidence (time, TTL): for round trips and pace. */
#define PASS_EVIDENCE_PPS 100000
#define PASS_SAMPLE_MASK  255
/* One in so many lost in our own queue: the pass was no attempt for all that it was for. */
#define PASS_LOSS 1000
/* Refused at once and nothing taken: the interface cannot, or no longer. */
#define PASS_ERRORS 64
/* The rate is measured over intervals of this length. */
#define PASS_INTERVAL_NS 20000000

/* How many runs the schedule allows now; 0: sleep a slice. */
static uint32_t pass_due(const volatile struct xdp_pass *pass)
{
	const uint64_t now_ns = frames_now_ns(), gap_ns = pass->gap_ns, due_ns = pass->due_ns;
	const uint32_t left = pass->end - pass->position + 1;
	uint64_t runs = PASS_RUNS;

	if (gap_ns) {
		if (now_ns < due_ns + PASS_SLICE_NS)
			return 0;
		runs = ((now_ns - due_ns) / gap_ns + 1) * pass->batch;
	}
	if (runs > PASS_RUNS)
		runs = PASS_RUNS;
	return runs < left ? (uint32_t)runs : left;
}

/* The rate of each interval, for its mean and spread; a whole pass may be shorter than one. */
static void pass_interval(struct xdp_rates *r, uint64_t sent, bool last)
{
	const uint64_t now_ns = frames_now_ns(), span_ns = now_ns - r->begin_ns;
	double rate;

	if (span_ns == 0 || (span_ns < PASS_INTERVAL_NS && !(last && r->count == 0)))
		return;
	rate = (double)(sent - r->sent) * 1e9 / (double)span_ns;
	r->begin_ns = now_ns;
	r->sent = sent;
	r->count++;
	r->sum += rate;
	r->squares += rate * rate;
}

static void *pass_thread(void *argument)
{
	struct xdp *x = argument;
	const volatile struct xdp_pass *pass = x->kernel.memory.pass;
	const uint32_t bytes = x->kernel.memory.setting->frame_bytes;
	const struct timespec slice = {.tv_nsec = PASS_SLICE_NS};
	int error = 0;

	while (!pass->stop && !pass->finished && error == 0) {
		const uint32_t runs = pass_due(pass);

		if (runs == 0)
			(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &slice, NULL);
		else
			error = xdp_kernel_run(&x->kernel, bytes, runs);
		if (error == -EINTR || error == -EAGAIN)
			error = 0;
		pass_interval(&x->sending.rates, pass->sent, false);
	}
	pass_interval(&x->sending.rates, pass->sent, true);
	x->sending.error = error;
	atomic_store(&x->sending.over, true);
	return NULL;
}

static void pass_rate(struct xdp *x, double rate_pps)
{
	volatile struct xdp_pass *pass = x->kernel.memory.pass;
	const uint32_t batch = rate_pps >= PASS_FREE_PPS   ? PASS_FREE_BATCH
			       : rate_pps > PASS_CLOCK_PPS ? PASS_BATCH
							   : 1;

	x->kernel.memory.receiving->sample_mask =
		rate_pps > PASS_EVIDENCE_PPS ? PASS_SAMPLE_MASK : 0;
	pass->batch = batch;
	pass->gap_ns = rate_pps >= PASS_FREE_PPS ? 0 : (uint64_t)(batch * 1e9 / rate_pps);
}

/* Of the plan, with attempts left in that pass. */
static uint32_t pass_techniques(const struct xdp *x, const struct walk *walk, uint32_t number)
{
	uint32_t mask = 0;

	for (unsigned t = 0; t < TECHNIQUES; t++)
		mask |= walk->tries[t] > number ? 1u << t : 0;
	return mask & x->frames->techniques;
}

/* UDP of a host that limits its errors is left to frames, which asks slowly. */
static void pass_quenched(struct xdp *x, unsigned place, const struct sheet *sheet)
{
	uint64_t *host = x->kernel.memory.hosts + (size_t)place * x->kernel.memory.setting->hosts;

	for (uint32_t i = 0; i < sheet->hosts; i++)
		if (quench_on(&sheet->pace[i].quench))
			host[i] |= XDP_HOST_QUENCHED;
}

/* Whether there is so much to send that a call is worth it. */
static bool pass_worth(const struct xdp *x, const struct walk *walk, double rate_pps)
{
	const struct sheet *sheet = walk->sheet;
	const bool turned = walk->position == walk->end;
	const uint64_t left = turned ? walk->end : walk->end - walk->position;
	const uint64_t blanks = (uint64_t)(sheet->ours - sheet->answered) * left / walk->end;

	if (!sheet->bulk || x->broken || x->sending.begun)
		return false;
	/* Without attempts left, what there is to do is not for passes. */
	if (walk->idle || !pass_techniques(x, walk, walk->pass + turned))
		return false;
	if (x->conf.forced)
		return rate_pps >= PASS_FORCED_LEAST && blanks > 0;
	return rate_pps >= PASS_RATE_LEAST && blanks >= PASS_PROBES_LEAST;
}

static int pass_start(struct xdp *x, struct failure *f)
{
	sigset_t all, before;
	int error;

	atomic_store(&x->sending.over, false);
	/* Signals to the process are for the loop's thread. */
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&x->sending.thread, NULL, pass_thread, x);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error) {
		failure_set(f, EXIT_SOFTWARE, "cannot start a thread: %s", strerror(error));
		return -error;
	}
	x->sending.begun = true;
	return PASS_BEGUN;
}

int xdp_pass_begin(struct engine *e, struct walk *walk, uint64_t now_ns, double rate_pps,
		   struct failure *f)
{
	struct xdp *x = (struct xdp *)e;
	volatile struct xdp_pass *pass = x->kernel.memory.pass;
	unsigned place = 0;

	if (!pass_worth(x, walk, rate_pps))
		return PASS_SEND;
	if (!walk_pass_begin(walk, now_ns))
		return PASS_LATER;
	while (x->conf.sheets[place] != walk->sheet)
		place++;
	if (walk->quenching)
		pass_quenched(x, place, walk->sheet);
	memset((void *)pass, 0, sizeof(*pass));
	pass->place = place;
	pass->attempt = walk->pass;
	pass->technique_mask = pass_techniques(x, walk, walk->pass);
	pass->position = walk->position;
	pass->end = walk->end;
	pass->slack_ns = PASS_SLACK_NS;
	pass->due_ns = now_ns;
	pass_rate(x, rate_pps);
	x->kernel.memory.window[place].attempts = walk->pass + 1;
	x->sending.walk = walk;
	x->sending.sent = x->sending.refused = 0;
	x->sending.errors = x->kernel.memory.refusals->errors;
	x->sending.before = x->kernel.memory.refusals->drops + x->sending.errors;
	x->sending.position = walk->position;
	x->sending.rates = (struct xdp_rates){.begin_ns = now_ns};
	return pass_start(x, f);
}

/* What went since last asked: redirected less what the device then refused. */
static void pass_count(struct xdp *x, uint64_t now_ns)
{
	const volatile struct xdp_refusals *refusals = x->kernel.memory.refusals;
	/* Refusals first: they are counted after the frame they belong to. */
	const uint64_t refused = refusals->drops + refusals->errors - x->sending.before;
	const uint64_t redirected = x->kernel.memory.pass->sent;
	const uint64_t sent = redirected > refused ? redirected - refused : 0;

	walk_passed(x->sending.walk, x->kernel.memory.pass->position,
		    sent > x->sending.sent ? sent - x->sending.sent : 0, now_ns);
	if (sent > x->sending.sent) {
		x->sent += sent - x->sending.sent;
		x->sending.sent = sent;
		x->sending.position = x->kernel.memory.pass->position;
	}
	x->refused_burst += refused - x->sending.refused;
	x->refused += refused - x->sending.refused;
	x->sending.refused = refused;
}

/* The interface takes nothing: frames will do, or say better what is wrong. */
static void pass_break(struct xdp *x, int error)
{
	char quoted[LINK_QUOTED];

	x->broken = true;
	x->has_news = true;
	snprintf(x->news, sizeof(x->news),
		 "engine xdp gives up on interface %s (%s); going on with engine frames",
		 link_quote(x->link, quoted), strerror(error));
}

static int pass_over(struct xdp *x)
{
	const volatile struct xdp_pass *pass = x->kernel.memory.pass;
	struct walk *walk = x->sending.walk;

	(void)pthread_join(x->sending.thread, NULL); /* it is over: cannot fail */
	x->sending.begun = false;
	x->kernel.memory.pass->running = 0;
	x->rates.count += x->sending.rates.count;
	x->rates.sum += x->sending.rates.sum;
	x->rates.squares += x->sending.rates.squares;
	if (x->sending.error < 0 && !x->broken)
		pass_break(x, -x->sending.error);
	/* What a broken interface has swallowed is for frames to send. */
	if (x->broken)
		walk_pass_end(walk, x->sending.position);
	else
		walk_pass_end(walk, pass->position < walk->end ? pass->position : walk->end);
	if (!x->broken && x->sending.refused > x->sending.sent / PASS_LOSS)
		walk_pass_lost(walk);
	return 0;
}

int xdp_pass_poll(struct engine *e, uint64_t now_ns, double rate_pps, struct failure *f)
{
	struct xdp *x = (struct xdp *)e;
	volatile struct xdp_pass *pass = x->kernel.memory.pass;
	const bool over = atomic_load(&x->sending.over);
	const uint64_t sent = x->sending.sent;
	uint64_t errors;

	(void)f;
	if (!x->sending.begun)
		return 0;
	pass_count(x, now_ns);
	if (over)
		return pass_over(x);
	if (rate_pps > 0)
		pass_rate(x, rate_pps);
	errors = x->kernel.memory.refusals->errors;
	if (!x->broken && x->sending.sent == sent && errors - x->sending.errors >= PASS_ERRORS) {
		pass_break(x, (int)x->kernel.memory.refusals->error);
		pass->stop = 1;
	}
	if (x->sending.sent != sent)
		x->sending.errors = errors;
	return 1;
}

void xdp_pass_stop(struct engine *e)
{
	struct xdp *x = (struct xdp *)e;

	if (x->sending.begun)
		x->kernel.memory.pass->stop = 1;
}
