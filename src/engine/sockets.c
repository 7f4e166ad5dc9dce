/* sockets: the engine that needs no privilege: connect(2), and UDP with its error queue. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "engine/attempt.h"
#include "engine/endpoint.h"
#include "engine/engine.h"
#include "engine/pool.h"
#include "system/crew.h"
#include "system/link.h"
#include "technique/technique.h"
#include "text/quote.h"

/* Open files that the rest of the process may need besides our sockets. */
#define FILES_SPARE 32u
/* More at once than this fill kernel memory (some 5 KB each), not the network. */
#define SOCKETS_MOST 16384u
/* Started together: answers are looked at in between, so a round trip is measured this finely. */
#define BATCH  128u
#define EVENTS 256u
/* Timed-out attempts given up in one call: about a millisecond. */
#define EXPIRE_MOST 512u
/* Connects that a thread takes at a time. */
#define CREW_CHUNK 8
/* How long after its deadline a UDP socket is heard on. */
#define LATE_NS UINT64_C(4000000000)
/* With no socket to spare, or after a refusal, there is no use in asking again at once. */
#define PAUSE_NS	 UINT64_C(500000)
#define REFUSED_PAUSE_NS UINT64_C(1000000)
/* With nothing under way that could free anything, a shortage is final after this long. */
#define STUCK_NS UINT64_C(5000000000)
/* Asking at once costs a system call, and saves three where the answer is there already, as on one
 * machine: done while at least one in 8 of late was; every 16th batch tries anew. In 1/256. */
#define EARLY_WORTH 32u
#define EARLY_ALL   256u
#define EARLY_RETRY 15u

/* Probes taken from a walk and not yet taken by the kernel: offered again before others. */
struct held {
	const struct walk *walk;
	unsigned count;
	struct probe probe[BATCH + 1];
};

struct sockets {
	struct engine base;
	struct engine_conf conf;
	struct attempt_conf common;
	struct engine_stats stats;
	struct crew *crew;
	struct pool pool;
	struct pool_list pending; /* oldest first: deadlines are nearly in this order */
	struct pool_list late;	  /* UDP past its deadline, oldest first */
	struct pool_list ready;	  /* answered, not yet told */
	struct held held[SHEETS];
	struct attempt *batch[BATCH];
	struct attempt *asked[EVENTS];
	struct epoll_event event[EVENTS];
	bool ask;	/* this batch is asked at once */
	unsigned early; /* share that was answered at once, of EARLY_ALL */
	unsigned batches;
	bool short_of;	    /* the last send ended for want of sockets */
	int refusal;	    /* errno of the last shortage, 0 if none since the last success */
	uint64_t stuck_ns;  /* when it began */
	uint64_t resume_ns; /* no send before this */
};

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int open_failure(const struct sockets *s, int error, const char *step, struct failure *f)
{
	char text[ADDR_TEXT], quoted[TEXT_QUOTED(64)];
	int code = error == EPERM || error == EACCES ? EXIT_NO_PERMISSION : EXIT_UNAVAILABLE;

	if (strcmp(step, "SO_BINDTODEVICE") == 0)
		failure_set(f, code, "cannot use interface %s: %s",
			    text_quote(s->conf.interface, strnlen(s->conf.interface, 64), quoted,
				       sizeof(quoted)),
			    strerror(error));
	else if (strcmp(step, "bind") == 0 && error == EADDRNOTAVAIL)
		failure_set(f, EXIT_USAGE, "source address %s is not one of this machine's",
			    addr_format(s->conf.source, text));
	else if (strcmp(step, "bind") == 0 && s->conf.has_source_port)
		failure_set(f, code, "cannot use source port %u: %s", s->conf.source_port,
			    strerror(error));
	else
		failure_set(f, code, "cannot set up a socket (%s): %s", step, strerror(error));
	return -error;
}

/* Gives up late ones whose deadline was before `before_ns`. */
static void sockets_drop_late(struct sockets *s, uint64_t before_ns)
{
	for (unsigned i = 0; i < EXPIRE_MOST; i++) {
		struct attempt *a = pool_first(&s->pool, &s->late);

		if (!a || a->deadline_ns >= before_ns)
			break;
		pool_remove(&s->pool, &s->late, a);
		a->late = false;
		attempt_abandon(a);
		pool_release(&s->pool, a);
	}
}

/* As pool_take; and *f is set where it is of no use to try again. */
static struct attempt *sockets_take(struct sockets *s, enum attempt_kind kind, int *error,
				    struct failure *f)
{
	const char *step;
	struct attempt *a = pool_take(&s->pool, kind, &s->common, error, &step);

	if (!a && *error == 0) {
		sockets_drop_late(s, UINT64_MAX);
		a = pool_take(&s->pool, kind, &s->common, error, &step);
	}

	if (*error && (!attempt_is_shortage(*error) || strcmp(step, "bind") == 0))
		(void)open_failure(s, *error, step, f);
	return a;
}

/* ---- sending ---- */

static struct held *sockets_held(struct sockets *s, const struct walk *walk)
{
	struct held *place = NULL;

	for (int i = 0; i < SHEETS; i++) {
		if (s->held[i].walk == walk)
			return &s->held[i];
		if (!place || s->held[i].count < place->count)
			place = &s->held[i];
	}
	/* Two walks at most are alive: the one that had this place is gone, or holds nothing. */
	place->walk = walk;
	place->count = 0;
	return place;
}

/* Answered, sent otherwise, or of a window that is closed by now. */
static bool probe_is_stale(const struct walk *walk, const struct probe *probe)
{
	uint32_t cell;

	return !sheet_untag(walk->sheet, probe->cell, &cell) ||
	       sheet_get(walk->sheet, cell) != REPLY_SILENCE ||
	       (walk->sheet->tries[cell] & 15) != probe->attempt;
}

/*
 * The next probe to send. A pass that ends ends the batch as well, for the next pass may offer
 * again what is in it but not yet confirmed.
 */
static bool sockets_next(struct held *held, struct walk *walk, uint64_t now_ns, bool first,
			 struct probe *out)
{
	uint32_t pass = walk->pass;

	while (held->count > 0) {
		*out = held->probe[--held->count];
		if (!probe_is_stale(walk, out))
			return true;
	}
	if (!walk_next(walk, now_ns, out))
		return false;
	if (first || walk->pass == pass)
		return true;
	held->probe[held->count++] = *out;
	return false;
}

/* Fills the batch. Returns how many; *error is a shortage that ended it early. */
static unsigned sockets_fill(struct sockets *s, struct held *held, struct walk *walk,
			     uint64_t now_ns, unsigned budget, int *error, struct failure *f)
{
	unsigned count = 0, most = budget < BATCH ? budget : BATCH;
	struct probe probe;

	*error = 0;
	while (count < most && sockets_next(held, walk, now_ns, count == 0, &probe)) {
		struct attempt *a = sockets_take(s, attempt_kind_of(&probe), error, f);

		if (!a) {
			held->probe[held->count++] = probe;
			s->short_of = *error == 0;
			break;
		}
		a->probe = probe;
		s->batch[count++] = a;
	}
	return count;
}

static void sockets_start_job(void *context, unsigned index)
{
	struct sockets *s = context;

	attempt_start(s->batch[index], &s->common, s->ask);
}

/* Puts a started attempt where it belongs. Returns whether the kernel took it. */
static bool sockets_sort(struct sockets *s, struct held *held, struct walk *walk, struct attempt *a)
{
	s->stats.invalid += a->invalid;
	s->stats.other += a->other;
	a->invalid = a->other = 0;
	if (a->state == ATTEMPT_REFUSED && a->error == EADDRNOTAVAIL &&
	    !endpoint_has_source(a->probe.to, s->conf.zone))
		attempt_answer_local(a, a->error);
	attempt_trace_call(a, s->conf.trace);
	switch (a->state) {
	case ATTEMPT_REFUSED:
		s->refusal = a->error;
		s->stats.send_errors++;
		s->stats.refused_burst++;
		held->probe[held->count++] = a->probe;
		pool_release(&s->pool, a);
		return false;
	case ATTEMPT_PENDING:
		pool_append(&s->pool, &s->pending, a);
		break;
	case ATTEMPT_ANSWERED:
		pool_append(&s->pool, &s->ready, a);
		break;
	default:
		pool_release(&s->pool, a);
		break;
	}
	walk_sent(walk, &a->probe, a->sent_ns);
	s->stats.sent++;
	return true;
}

static void sockets_learn_early(struct sockets *s, unsigned count, unsigned answered)
{
	if (s->ask && count)
		s->early = (s->early * 3 + EARLY_ALL * answered / count) / 4;
	s->ask = s->early >= EARLY_WORTH || ++s->batches % (EARLY_RETRY + 1) == 0;
}

/* Gives up what has waited long enough. */
static void sockets_expire(struct sockets *s, uint64_t now_ns)
{
	for (unsigned i = 0; i < EXPIRE_MOST; i++) {
		struct attempt *a = pool_first(&s->pool, &s->pending);

		if (!a || a->deadline_ns > now_ns)
			break;
		pool_remove(&s->pool, &s->pending, a);
		/* A router that finds nobody says so after 3 s (three ARP requests): UDP sockets,
		 * which send nothing by themselves, go on hearing until they are needed. */
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

/* After a batch: success ends a shortage; one that nothing can end is a failure. */
static int sockets_shortage(struct sockets *s, unsigned sent, uint64_t now_ns, struct failure *f)
{
	if (s->refusal == 0)
		return 0;
	if (sent > 0 || s->stuck_ns == 0)
		s->stuck_ns = now_ns;
	s->resume_ns = now_ns + REFUSED_PAUSE_NS;
	if (s->pending.first != POOL_NONE || now_ns - s->stuck_ns < STUCK_NS) {
		s->refusal = 0;
		return 0;
	}
	failure_set(f, EXIT_UNAVAILABLE, "no probe could be sent for %u seconds: %s",
		    (unsigned)(STUCK_NS / 1000000000u), strerror(s->refusal));
	return -s->refusal;
}

static int sockets_send(struct engine *e, struct walk *walk, uint64_t now_ns, unsigned budget,
			struct failure *f)
{
	struct sockets *s = (struct sockets *)e;
	struct held *held = sockets_held(s, walk);
	unsigned count, sent = 0, answered = 0;
	int error;

	s->short_of = false;
	if (now_ns < s->resume_ns)
		return 0;
	count = sockets_fill(s, held, walk, now_ns, budget, &error, f);
	if (f->exit_code)
		goto err0;
	if (error) {
		s->refusal = error;
		s->stats.send_errors++;
		s->stats.refused_burst++;
	}
	crew_run(s->crew, sockets_start_job, s, count);
	for (unsigned i = 0; i < count; i++) {
		sent += sockets_sort(s, held, walk, s->batch[i]);
		answered += s->batch[i]->state == ATTEMPT_ANSWERED;
	}
	sockets_learn_early(s, sent, answered);
	if (sent > 0 && s->refusal == 0)
		s->stuck_ns = 0;
	error = -sockets_shortage(s, sent, now_ns, f);
	return error ? -error : (int)sent;
err0:
	for (unsigned i = 0; i < count; i++)
		pool_release(&s->pool, s->batch[i]);
	return -error;
}

/* ---- receiving ---- */

/* Tells what is ready, at most `max`. */
static unsigned sockets_tell(struct sockets *s, struct answer *answers, unsigned max)
{
	unsigned count = 0;

	while (count < max) {
		struct attempt *a = pool_first(&s->pool, &s->ready);

		if (!a)
			break;
		pool_remove(&s->pool, &s->ready, a);
		attempt_trace_result(a, s->conf.trace);
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

/* Looks after the sockets that epoll named. */
static void sockets_ask(struct sockets *s, unsigned events)
{
	unsigned count = 0;

	for (unsigned i = 0; i < events; i++) {
		struct attempt *a = &s->pool.attempt[s->event[i].data.u32];

		/* Idle or answered ones only tell of what is over. */
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

/* How long to wait: no longer than asked, but for a moment if sending is of no use before. */
static uint64_t sockets_wait_ns(struct sockets *s, uint64_t timeout_ns)
{
	const struct attempt *oldest = pool_first(&s->pool, &s->pending);
	uint64_t now_ns = clock_ns();

	if ((s->short_of || now_ns < s->resume_ns) && timeout_ns < PAUSE_NS)
		timeout_ns = PAUSE_NS;
	if (s->short_of && oldest) {
		uint64_t left_ns = oldest->deadline_ns > now_ns ? oldest->deadline_ns - now_ns : 0;

		return left_ns < timeout_ns ? left_ns : timeout_ns;
	}
	return timeout_ns;
}

/* epoll_wait to the nanosecond, or where the kernel (before 5.11) has none, to the millisecond. */
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

static int sockets_receive(struct engine *e, struct answer *answers, unsigned max,
			   uint64_t timeout_ns, struct failure *f)
{
	struct sockets *s = (struct sockets *)e;
	unsigned told = sockets_tell(s, answers, max);
	unsigned most = max - told < EVENTS ? max - told : EVENTS;
	int events;

	if (most == 0)
		return (int)told;
	events = sockets_poll(s, most, told ? 0 : sockets_wait_ns(s, timeout_ns));
	if (events == -EINTR)
		return (int)told;
	if (events < 0) {
		failure_set(f, EXIT_SOFTWARE, "cannot wait for sockets: %s", strerror(-events));
		return events;
	}
	sockets_ask(s, (unsigned)events);
	/* Only once all that came is looked at: an answer may wait behind the last event. */
	if ((unsigned)events < most)
		sockets_expire(s, clock_ns());
	return (int)(told + sockets_tell(s, answers + told, max - told));
}

/* ---- the rest ---- */

static int sockets_prepare(struct engine *e, struct sheet *sheet, struct failure *f)
{
	(void)e;
	(void)sheet;
	(void)f;
	return 0; /* the kernel finds routes and neighbours */
}

static void sockets_stats(struct engine *e, struct engine_stats *out)
{
	struct sockets *s = (struct sockets *)e;

	*out = s->stats;
	s->stats.refused_burst = 0;
}

static void sockets_close(struct engine *e)
{
	struct sockets *s = (struct sockets *)e;

	if (!s)
		return;
	crew_free(s->crew);
	for (struct attempt *a; (a = pool_first(&s->pool, &s->pending)) != NULL;) {
		pool_remove(&s->pool, &s->pending, a);
		attempt_abandon(a);
		pool_release(&s->pool, a);
	}
	for (struct attempt *a; (a = pool_first(&s->pool, &s->late)) != NULL;) {
		pool_remove(&s->pool, &s->late, a);
		attempt_abandon(a);
		pool_release(&s->pool, a);
	}
	for (struct attempt *a; (a = pool_first(&s->pool, &s->ready)) != NULL;) {
		pool_remove(&s->pool, &s->ready, a);
		pool_release(&s->pool, a);
	}
	pool_fini(&s->pool);
	if (s->common.epoll >= 0)
		(void)close(s->common.epoll); /* no data in it */
	free(s);
}

static const struct engine_ops sockets_ops = {
	.name = "sockets",
	.prepare = sockets_prepare,
	.send = sockets_send,
	.receive = sockets_receive,
	.stats = sockets_stats,
	.close = sockets_close,
};

static uint32_t sockets_limit(const struct engine_conf *conf)
{
	struct rlimit files;
	uint64_t most = SOCKETS_MOST;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < SOCKETS_MOST + FILES_SPARE)
		most = files.rlim_cur > FILES_SPARE + 4 ? files.rlim_cur - FILES_SPARE
							: files.rlim_cur / 8 + 1;
	if (conf->max_open && conf->max_open < most)
		most = conf->max_open;
	return (uint32_t)most;
}

/* What this engine cannot send is refused by name. */
static int sockets_refuse(const struct engine_conf *conf, struct failure *f)
{
	const struct plan *plan = conf->plan;

	for (uint32_t i = 0; i < plan->slots; i++) {
		const struct technique *t =
			&technique_table[plan_slot_technique(plan_slots(plan)[i])];

		if (t->needs != NEEDS_NOTHING)
			return failure_set(f, EXIT_USAGE,
					   "engine sockets cannot send technique %s: hand-made "
					   "packets need engine frames",
					   t->name);
	}
	if (conf->bad_sum)
		return failure_set(f, EXIT_USAGE, "engine sockets cannot send wrong checksums");
	for (uint32_t i = 0; conf->has_source && i < plan->ranges; i++) {
		const struct plan_range *r = &plan_ranges(plan)[i];
		char text[ADDR_TEXT];

		if (addr_is_v4((struct addr){r->hi, r->lo}) != addr_is_v4(conf->source))
			return failure_set(f, EXIT_USAGE,
					   "source address %s is not of the targets' family",
					   addr_format(conf->source, text));
	}
	return 0;
}

/* One socket of each kind that the plan needs: what cannot work is said before the scan. */
static int sockets_try(struct sockets *s, struct failure *f)
{
	const struct plan *plan = s->conf.plan;
	bool v6 = !addr_is_v4((struct addr){plan_ranges(plan)[0].hi, plan_ranges(plan)[0].lo});
	int error;

	for (uint32_t i = 0; i < plan->slots; i++) {
		uint8_t technique = plan_slot_technique(plan_slots(plan)[i]);
		bool udp = technique_table[technique].proto == IPPROTO_UDP;
		struct attempt *a;

		if (i > 0 && technique == plan_slot_technique(plan_slots(plan)[i - 1]))
			continue;
		a = sockets_take(s, (udp ? ATTEMPT_UDP4 : ATTEMPT_TCP4) + v6, &error, f);
		if (a)
			pool_release(&s->pool, a);
		else if (f->exit_code)
			return -1;
	}
	return 0;
}

struct engine *engine_sockets_open(const struct engine_conf *conf, struct failure *f)
{
	struct sockets *s;
	uint32_t limit = sockets_limit(conf);

	/* A socket may be bound to an interface that is down: its silence would look like a filter.
	 */
	if (sockets_refuse(conf, f) != 0 || (conf->interface && link_check(conf->interface, f) < 0))
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		goto err0;
	s->base.ops = &sockets_ops;
	s->conf = *conf;
	s->common = (struct attempt_conf){
		.epoll = epoll_create1(EPOLL_CLOEXEC),
		.zone = conf->zone,
		.interface = conf->interface,
		.has_source = conf->has_source,
		.has_source_port = conf->has_source_port,
		.source = conf->source,
		.source_port = conf->source_port,
		.ttl = conf->ttl,
	};
	if (s->common.epoll < 0)
		failure_set(f, EXIT_UNAVAILABLE, "cannot open an epoll instance: %s",
			    strerror(errno));
	pool_list_init(&s->pending);
	pool_list_init(&s->late);
	pool_list_init(&s->ready);
	s->ask = true;
	s->early = EARLY_ALL;
	s->crew = crew_new(0, CREW_CHUNK);
	if (pool_init(&s->pool, limit) != 0 || !s->crew)
		goto err1;
	if (f->exit_code || sockets_try(s, f) != 0)
		goto err1;
	return &s->base;
err1:
	sockets_close(&s->base);
err0:
	failure_set(f, EXIT_UNAVAILABLE, "out of memory for %u sockets", limit);
	return NULL;
}
