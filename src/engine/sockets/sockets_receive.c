/* sockets_receive: reads answers from sockets, and ends probes whose deadline has passed. */
#include "engine/sockets/sockets_receive.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "engine/sockets/sockets_elsewhere.h"
#include "engine/sockets/sockets_path.h"
#include "engine/sockets/sockets_state.h"
#include "engine/sockets/sockets_take.h"

/* Most attempts ended in one call: it takes about a millisecond. */
#define EXPIRE_MOST 512u
/* How long after its deadline a UDP probe may still be answered. */
#define LATE_NS UINT64_C(4000000000)
/* Shortest wait while no socket is free: sending again at once would be useless. */
#define PAUSE_NS UINT64_C(500000)

/* Ends attempts whose deadline has passed. */
static void sockets_expire(struct sockets *s, uint64_t now_ns)
{
	for (unsigned i = 0; i < EXPIRE_MOST; i++) {
		struct attempt *a = pool_first(&s->pool, &s->pending);

		if (!a || a->deadline_ns > now_ns)
			break;
		pool_remove(&s->pool, &s->pending, a);
		/* A router that cannot resolve the target reports it after 3 s (three ARP
		 * requests). UDP sockets retransmit nothing, so they wait on until they are needed.
		 */
		if (a->kind == ATTEMPT_UDP4 || a->kind == ATTEMPT_UDP6) {
			a->late = true;
			pool_append(&s->pool, &s->late, a);
			continue;
		}
		attempt_abandon(a);
		pool_release(&s->pool, a);
	}
	sockets_drop_late(s, now_ns > LATE_NS ? now_ns - LATE_NS : 0);
}

/* Reports up to `max` answers that are ready; how many. */
static unsigned sockets_report(struct sockets *s, struct answer *answers, unsigned max)
{
	unsigned count = 0;

	while (count < max && s->caught_count > 0)
		answers[count++] = s->caught[--s->caught_count];
	while (count < max) {
		struct attempt *a = pool_first(&s->pool, &s->ready);

		if (!a)
			break;
		pool_remove(&s->pool, &s->ready, a);
		attempt_trace_result(a, s->conf.trace);
		if (sockets_path_word(s, a) == WORD_HOLDS)
			answers[count++] = a->answer;
		s->stats.received++;
		pool_release(&s->pool, a);
	}
	return count;
}

static void sockets_ask_job(void *context, unsigned index)
{
	struct sockets *s = context;

	attempt_ask(s->asked[index], &s->common);
}

/* Checks the sockets that epoll has reported. */
static void sockets_ask(struct sockets *s, unsigned events)
{
	unsigned count = 0;

	for (unsigned i = 0; i < events; i++) {
		const uint32_t number = s->event[i].data.u32;
		struct attempt *a;

		if (number >= SOCKETS_ELSEWHERE) {
			sockets_elsewhere_read(s, number - SOCKETS_ELSEWHERE);
			continue;
		}
		a = &s->pool.attempt[number];

		/* Events of free or answered sockets are of earlier probes. */
		if (a->state == ATTEMPT_PENDING)
			s->asked[count++] = a;
	}
	crew_run(s->crew, sockets_ask_job, s, count);
	for (unsigned i = 0; i < count; i++) {
		struct attempt *a = s->asked[i];

		s->stats.invalid += a->invalid;
		s->stats.other += a->other;
		a->invalid = a->other = 0;
		if (a->state == ATTEMPT_PENDING)
			continue;
		pool_remove(&s->pool, a->late ? &s->late : &s->pending, a);
		a->late = false;
		if (a->state == ATTEMPT_ANSWERED)
			pool_append(&s->pool, &s->ready, a);
		else
			pool_release(&s->pool, a);
	}
}

/* How long to wait: timeout_ns; longer if nothing can be sent before, and at most until the next
 * socket becomes free. */
static uint64_t sockets_wait_ns(struct sockets *s, uint64_t timeout_ns)
{
	const struct attempt *oldest = pool_first(&s->pool, &s->pending);
	uint64_t now_ns = clock_monotonic_ns();

	if ((s->short_of || now_ns < s->resume_ns) && timeout_ns < PAUSE_NS)
		timeout_ns = PAUSE_NS;
	if (s->short_of && oldest) {
		uint64_t left_ns = oldest->deadline_ns > now_ns ? oldest->deadline_ns - now_ns : 0;

		return left_ns < timeout_ns ? left_ns : timeout_ns;
	}
	return timeout_ns;
}

/* Waits with a resolution of 1 ns, or of 1 ms on kernels without epoll_pwait2 (before 5.11). */
static int sockets_poll(struct sockets *s, unsigned events, uint64_t wait_ns)
{
	const struct timespec wait = {
		.tv_sec = (time_t)(wait_ns / 1000000000u),
		.tv_nsec = (long)(wait_ns % 1000000000u),
	};
	int count = epoll_pwait2(s->common.epoll, s->event, (int)events, &wait, NULL);

	if (count < 0 && errno == ENOSYS) {
		uint64_t wait_ms = (wait_ns + 999999) / 1000000;

		count = epoll_wait(s->common.epoll, s->event, (int)events,
				   wait_ms < 1000 ? (int)wait_ms : 1000);
	}
	return count < 0 ? -errno : count;
}

int sockets_receive(struct engine *e, struct answer *answers, unsigned max, uint64_t timeout_ns,
		    struct failure *f)
{
	struct sockets *s = (struct sockets *)e;
	unsigned count = sockets_report(s, answers, max);
	unsigned most = max - count < SOCKETS_EVENTS ? max - count : SOCKETS_EVENTS;
	int events;

	if (most == 0)
		return (int)count;
	events = sockets_poll(s, most, count ? 0 : sockets_wait_ns(s, timeout_ns));
	if (events == -EINTR)
		return (int)count;
	if (events < 0) {
		failure_set(f, EXIT_SOFTWARE, "cannot wait for sockets: %s", strerror(-events));
		return events;
	}
	sockets_ask(s, (unsigned)events);
	/* Only if all events have been read: one that was not may be the answer to such a probe. */
	if ((unsigned)events < most)
		sockets_expire(s, clock_monotonic_ns());
	return (int)(count + sockets_report(s, answers + count, max - count));
}
