/* xdp_pass: one pass over a window, in a thread that stays in the kernel until it is through. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "engine/xdp.h"

/*
 * A call of BPF_PROG_RUN takes 20 to 35 ms whatever it sends: for less than these, frames is the
 * better tool.
 */
#define PASS_RATE_LEAST	  200000
#define PASS_PROBES_LEAST 16384
#define PASS_FORCED_LEAST 1000
/* A schedule that is so far behind is not made up for. */
#define PASS_SLACK_NS 2000000
/* Above this rate the clock is looked at every 16 positions only. */
#define PASS_CLOCK_PPS	 400000
#define PASS_BATCH	 16
#define PASS_ALL_RSTS	 100000
#define PASS_SAMPLE_MASK 63
/* One in so many lost in our own queue: the pass was no attempt for all that it was for. */
#define PASS_LOSS 1000
/* Refused at once and nothing taken: the interface cannot, or no longer. */
#define PASS_ERRORS 64
/* Ends a call that has nothing left to do, as a signal does. Ignored by default. */
#define PASS_SIGNAL SIGURG

static void pass_signal(int number)
{
	(void)number;
}

static void *pass_thread(void *argument)
{
	struct xdp *x = argument;
	volatile struct xdp_pass *pass = x->kernel.memory.pass;
	const uint32_t bytes = x->kernel.memory.setting->frame_bytes;
	int error = 0;

	while (!pass->stop && !pass->finished) {
		/* Runs that come too early, by the rate, count too: then for as long as it takes.
		 */
		const uint32_t left = pass->end - pass->position;

		error = xdp_kernel_run(&x->kernel, bytes,
				       pass->gap_ns ? 1u << 30 : left + PASS_BATCH);
		if (error < 0 && error != -EINTR && error != -EAGAIN)
			break;
		error = 0;
	}
	x->sending.error = error;
	atomic_store(&x->sending.over, true);
	return NULL;
}

static void pass_rate(struct xdp *x, double rate_pps)
{
	volatile struct xdp_pass *pass = x->kernel.memory.pass;
	const uint32_t batch = rate_pps > PASS_CLOCK_PPS ? PASS_BATCH : 1;

	pass->batch_mask = batch - 1;
	pass->gap_ns = (uint64_t)(batch * 1e9 / rate_pps);
	x->kernel.memory.receiving->sample_mask = rate_pps > PASS_ALL_RSTS ? PASS_SAMPLE_MASK : 0;
}

/* With attempts left in that pass. */
static uint32_t pass_techniques(const struct walk *walk)
{
	uint32_t mask = 0;

	for (unsigned t = 0; t < TECHNIQUES; t++)
		mask |= walk->tries[t] > walk->pass ? 1u << t : 0;
	return mask;
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
	if (x->conf.forced)
		return rate_pps >= PASS_FORCED_LEAST && blanks > 0;
	return rate_pps >= PASS_RATE_LEAST && blanks >= PASS_PROBES_LEAST;
}

static int pass_start(struct xdp *x, struct failure *f)
{
	const struct sigaction act = {.sa_handler = pass_signal};
	sigset_t all, before;
	int error;

	(void)sigaction(PASS_SIGNAL, &act, NULL);
	atomic_store(&x->sending.over, false);
	/* Signals to the process are for the loop's thread. */
	sigfillset(&all);
	sigdelset(&all, PASS_SIGNAL);
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
	if (!pass_techniques(walk)) {
		/* Nobody has attempts left: the walk finds out by itself. */
		walk_pass_end(walk, walk->position);
		return PASS_SEND;
	}
	while (x->conf.sheets[place] != walk->sheet)
		place++;
	memset((void *)pass, 0, sizeof(*pass));
	pass->place = place;
	pass->attempt = walk->pass;
	pass->technique_mask = pass_techniques(walk);
	pass->position = walk->position;
	pass->end = walk->end;
	pass->slack_ns = PASS_SLACK_NS;
	pass_rate(x, rate_pps);
	x->kernel.memory.window[place].attempts = walk->pass + 1;
	x->sending.walk = walk;
	x->sending.sent = x->sending.refused = 0;
	x->sending.errors = x->kernel.memory.refusals->errors;
	x->sending.before = x->kernel.memory.refusals->drops + x->sending.errors;
	x->sending.position = walk->position;
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

	if (sent > x->sending.sent) {
		walk_passed(x->sending.walk, sent - x->sending.sent, now_ns);
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
	/* Once more each time: one that comes just before the call begins is lost. */
	if (pass->stop || pass->finished)
		(void)pthread_kill(x->sending.thread, PASS_SIGNAL);
	return 1;
}

void xdp_pass_stop(struct engine *e)
{
	struct xdp *x = (struct xdp *)e;

	if (x->sending.begun)
		x->kernel.memory.pass->stop = 1;
}
