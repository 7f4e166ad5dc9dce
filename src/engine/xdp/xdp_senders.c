/* xdp_senders: the threads that send a pass; as many are awake as its rate needs. */
#include "engine/xdp/xdp_senders.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "engine/frames/frames_state.h"
#include "engine/xdp/xdp_state.h"

/* While the rate leaves time, a thread calls BPF_PROG_RUN once in each slice: probes are sent in
 * bursts of that length. A thread that is late makes up for it with bursts of two slices, that is
 * with at most twice the rate, even where the line could take all of it at once. */
#define SENDERS_SLICE_NS 1000000
#define SENDERS_MOST_NS	 (2 * SENDERS_SLICE_NS)
/* If the schedule is so late, the threads that are awake cannot keep up: another is woken. */
#define SENDERS_BEHIND_NS 3000000
/* Most runs of a call, so that it ends soon after a stop. */
#define SENDERS_RUNS 65536
/* After a stop, frames that a full queue has refused are offered again for so long. */
#define SENDERS_PATIENCE_NS 20000000

/* How long after its due time a batch is sent, so that a slice's worth is sent at once. */
static uint64_t senders_gather_ns(const struct xdp *x)
{
	const uint64_t gap_ns = x->programs.memory.pass->gap_ns;

	return gap_ns < SENDERS_SLICE_NS ? SENDERS_SLICE_NS - gap_ns : 0;
}

/* Number of runs for the next call: this thread's share of what is due and left to send. */
static uint32_t sender_runs(const struct xdp_thread *t, uint64_t behind_ns)
{
	const struct xdp *x = t->x;
	const volatile struct xdp_pass *pass = x->programs.memory.pass;
	const volatile struct xdp_sender *s = &x->programs.memory.sender[t->number];
	const uint32_t next = pass->next, awake = atomic_load(&x->sending.awake);
	const uint64_t gap_ns = pass->gap_ns ? pass->gap_ns : 1;
	const uint64_t left =
		(next < pass->end ? pass->end - next : 0) + (xdp_sender_idle(s) ? 0 : pass->take);
	uint64_t runs = (behind_ns / gap_ns + 1) * pass->batch;

	if (runs > left)
		runs = left;
	runs = runs / (awake ? awake : 1) + 1;
	return runs < SENDERS_RUNS ? (uint32_t)runs : SENDERS_RUNS;
}

static int sender_run(const struct xdp_thread *t, uint32_t runs)
{
	const struct xdp_programs *p = &t->x->programs;
	const int error = xdp_programs_run(p, t->number, p->memory.setting->frame_bytes, runs);

	return error == -EINTR || error == -EAGAIN ? 0 : error;
}

/* Whether, after a stop, the device has refused every frame for SENDERS_PATIENCE_NS. */
static bool sender_stuck(struct xdp_thread *t)
{
	const volatile struct xdp_sender *s = &t->x->programs.memory.sender[t->number];
	const uint64_t now_ns = clock_monotonic_ns();

	if (s->taken != t->taken || s->again_head == s->again_tail ||
	    !t->x->programs.memory.pass->stop) {
		t->taken = s->taken;
		t->taken_ns = now_ns;
	}
	return now_ns - t->taken_ns >= SENDERS_PATIENCE_NS;
}

/*
 * Sends what the thread has taken at once, before it sleeps: time stamps are kept by blocks, and
 * after a stop everything before one position has been sent. Moves the schedule on accordingly.
 */
static int sender_finish(struct xdp_thread *t)
{
	volatile struct xdp_sender *s = &t->x->programs.memory.sender[t->number];
	volatile struct xdp_pass *pass = t->x->programs.memory.pass;
	int error = 0;

	s->rest = 1;
	while (!xdp_sender_idle(s) && error == 0 && !sender_stuck(t)) {
		const uint32_t left =
			s->until - s->position + s->tail - s->limit + s->again_tail - s->again_head;

		if (s->credit < left) {
			__atomic_fetch_add(&pass->due_ns,
					   (left - s->credit) * pass->gap_ns / pass->batch,
					   __ATOMIC_RELAXED);
			s->credit = left;
		}
		error = sender_run(t, left + s->limit - s->queued);
	}
	s->rest = 0;
	return error;
}

/* Wakes a thread if it exists and sleeps. One that is about to sleep is missed, and woken by a
 * later call. */
static void sender_wake(struct xdp *x, unsigned number)
{
	struct xdp_thread *t = &x->sending.thread[number];

	if (number >= x->senders || !t->begun || atomic_exchange(&t->awake, true))
		return;
	atomic_fetch_add(&x->sending.awake, 1);
	(void)sem_post(&t->wake); /* cannot overflow */
}

/* Wakes every thread, also one that is about to sleep, so that all see that the pass is over. */
static void senders_wake_all(struct xdp *x)
{
	for (unsigned i = 1; i < x->senders; i++)
		if (x->sending.thread[i].begun)
			(void)sem_post(&x->sending.thread[i].wake);
}

static void sender_sleep(struct xdp_thread *t)
{
	atomic_fetch_sub(&t->x->sending.awake, 1);
	atomic_store(&t->awake, false);
	while (sem_wait(&t->wake) < 0 && errno == EINTR)
		;
}

static int sender_pause(uint64_t until_ns)
{
	const struct timespec until = {(time_t)(until_ns / 1000000000),
				       (long)(until_ns % 1000000000)};

	/* These threads block all signals; one would only end the pause early. */
	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	return 0;
}

/* One slice of a thread: sends what is due; else the first thread waits for the schedule, and the
 * others sleep until they are needed. */
static int sender_turn(struct xdp_thread *t)
{
	struct xdp *x = t->x;
	const uint64_t now_ns = clock_monotonic_ns(), due_ns = x->programs.memory.pass->due_ns;
	const uint64_t behind_ns = now_ns > due_ns ? now_ns - due_ns : 0;
	const uint64_t go_ns = due_ns + senders_gather_ns(x);
	const bool alone = atomic_load(&x->alone);
	int error;

	if (t->number > 0 && (alone || now_ns < go_ns)) {
		error = sender_finish(t);
		if (error == 0)
			sender_sleep(t);
		return error;
	}
	/* For a slice at most: the pass may be stopped, or its rate changed. */
	if (now_ns < go_ns)
		return sender_pause(go_ns < now_ns + SENDERS_SLICE_NS ? go_ns
								      : now_ns + SENDERS_SLICE_NS);
	/* At rates with one probe a batch, one thread is enough. */
	if (behind_ns >= SENDERS_BEHIND_NS && x->programs.memory.pass->batch > 1 && !alone)
		sender_wake(x, t->number + 1);
	if (now_ns < t->next_ns)
		return sender_pause(t->next_ns);
	t->next_ns = now_ns + SENDERS_SLICE_NS;
	return sender_run(
		t, sender_runs(t, behind_ns < SENDERS_MOST_NS ? behind_ns : SENDERS_MOST_NS));
}

/* Whether the thread has sent all it has taken and nothing is left to take. */
static bool sender_over(const struct xdp_thread *t)
{
	const volatile struct xdp_sender *s = &t->x->programs.memory.sender[t->number];
	const volatile struct xdp_pass *pass = t->x->programs.memory.pass;

	return xdp_sender_idle(s) && (pass->stop || pass->next >= pass->end);
}

static void *sender_thread(void *argument)
{
	struct xdp_thread *t = argument;
	struct xdp *x = t->x;
	int error = 0;

	if (t->number > 0)
		sender_sleep(t);
	while (error == 0 && !sender_over(t) && !sender_stuck(t))
		error = sender_turn(t);
	if (error < 0) {
		atomic_store(&x->sending.error, error);
		x->programs.memory.pass->stop = 1;
	}
	senders_wake_all(x);
	atomic_fetch_sub(&x->sending.going, 1);
	return NULL;
}

static int sender_begin(struct xdp *x, unsigned number)
{
	struct xdp_thread *t = &x->sending.thread[number];
	int error;

	t->x = x;
	t->number = number;
	t->taken = 0;
	t->next_ns = 0;
	t->taken_ns = clock_monotonic_ns();
	atomic_store(&t->awake, true);
	(void)sem_init(&t->wake, 0, 0); /* cannot fail with these arguments */
	atomic_fetch_add(&x->sending.going, 1);
	atomic_fetch_add(&x->sending.awake, 1);
	t->begun = true;
	error = pthread_create(&t->thread, NULL, sender_thread, t);
	if (error) {
		t->begun = false;
		atomic_fetch_sub(&x->sending.going, 1);
		atomic_fetch_sub(&x->sending.awake, 1);
		(void)sem_destroy(&t->wake);
	}
	return -error;
}

int xdp_senders_begin(struct xdp *x)
{
	sigset_t all, before;
	int error = 0;

	atomic_store(&x->sending.error, 0);
	/* The new threads block all signals: these are for the caller's thread. */
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	/* The first is started last: the others sleep until then, and it can do without them. */
	for (unsigned i = x->senders; i-- > 0;)
		error = sender_begin(x, i);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error < 0) {
		x->programs.memory.pass->stop = 1;
		senders_wake_all(x);
		xdp_senders_end(x);
	}
	return error;
}

bool xdp_senders_over(const struct xdp *x)
{
	return atomic_load(&x->sending.going) == 0;
}

void xdp_senders_end(struct xdp *x)
{
	for (unsigned i = 0; i < x->senders; i++)
		if (x->sending.thread[i].begun) /* joinable, and not this thread: cannot fail */
			(void)pthread_join(x->sending.thread[i].thread, NULL);
	/* No thread is left that could post these. */
	for (unsigned i = 0; i < x->senders; i++) {
		if (x->sending.thread[i].begun)
			(void)sem_destroy(&x->sending.thread[i].wake);
		x->sending.thread[i].begun = false;
	}
}
