/* sockets_send: starts the probes of a walk on sockets, in batches, and deals with shortages. */
#include "engine/sockets/sockets_send.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "engine/sockets/endpoint.h"
#include "engine/sockets/sockets_path.h"
#include "engine/sockets/sockets_state.h"
#include "engine/sockets/sockets_take.h"
#include "scan/echo.h"
#include "technique/technique.h"

/* Pause after the kernel has refused a probe for a shortage. */
#define REFUSED_PAUSE_NS UINT64_C(1000000)
/* Without pending probes, which would free resources, a shortage is final after this time. */
#define STUCK_NS UINT64_C(5000000000)
/* To check for an answer as soon as a probe is sent costs one system call, and saves three if there
 * is one, as on this machine. Done while at least 1 in 8 is answered by then; every 16th batch
 * tries it again. */
#define EARLY_WORTH 32u
#define EARLY_RETRY 15u

/* Returns the list of held probes of a walk. */
static struct held *sockets_held(struct sockets *s, const struct walk *walk)
{
	struct held *place = NULL;

	for (int i = 0; i < SHEETS; i++) {
		if (s->held[i].walk == walk)
			return &s->held[i];
		if (!place || s->held[i].count < place->count)
			place = &s->held[i];
	}
	/* At most two walks are open: the one that used this entry is closed, or holds nothing. */
	place->walk = walk;
	place->count = 0;
	return place;
}

/* Whether a held probe needs no sending: it is answered, was sent by other means, or its window is
 * closed. */
static bool probe_is_stale(const struct walk *walk, const struct probe *probe)
{
	uint32_t cell;

	return !sheet_untag(walk->sheet, probe->cell, &cell) ||
	       sheet_get(walk->sheet, cell) != REPLY_SILENCE ||
	       (sheet_tries(walk->sheet, cell) & 15) != probe->attempt;
}

/*
 * Takes the next probe to send; false if there is none. The batch ends with the walk's pass: the
 * next pass may offer probes of this batch again, since they are not confirmed yet.
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

static bool target_is_local(const struct sockets *s, struct addr to)
{
	/* All of 127.0.0.0/8 is this machine (RFC 1122, 3.2.1.3); the list has one address of it.
	 */
	return (addr_is_v4(to) && addr_v4(to) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET) ||
	       own_link(&s->owns, to, 0) != 0;
}

static void sockets_prepare_udp(const struct sockets *s, const struct sheet *sheet,
				struct attempt *a)
{
	const uint32_t host = plan_tag_cell(a->probe.cell) / s->conf.plan->slots;

	if (payload_dialects(a->probe.port) > 0)
		echo_make(&s->conf.key, a->probe.to, a->probe.port, sheet_first_host(sheet) + host,
			  a->cookie);
	a->connected = s->conf.has_source_port || !s->knows_owns || target_is_local(s, a->probe.to);
}

/* Fills the batch and returns its size. *error: errno of a shortage that ended it early, or 0. */
static unsigned sockets_fill(struct sockets *s, struct held *held, struct walk *walk,
			     uint64_t now_ns, unsigned budget, int *error, struct failure *f)
{
	unsigned count = 0, most = budget < SOCKETS_BATCH ? budget : SOCKETS_BATCH;
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
		if (technique_is_udp(probe.technique))
			sockets_prepare_udp(s, walk->sheet, a);
		s->batch[count++] = a;
	}
	return count;
}

static void sockets_start_job(void *context, unsigned index)
{
	struct sockets *s = context;

	attempt_start(s->batch[index], &s->common, s->ask);
}

/* Puts a started attempt on the list of its state. Returns whether the probe was sent. */
static bool sockets_sort(struct sockets *s, struct held *held, struct walk *walk, struct attempt *a)
{
	s->stats.invalid += a->invalid;
	s->stats.other += a->other;
	a->invalid = a->other = 0;
	if (a->state == ATTEMPT_REFUSED && a->error == EADDRNOTAVAIL &&
	    !endpoint_has_source(a->probe.to, s->conf.zone))
		attempt_answer_local(a, a->error);
	attempt_trace_call(a, s->conf.trace);
	switch (sockets_path_word(s, a)) {
	case WORD_HOLDS:
		break;
	case WORD_LOST:
		held->probe[held->count++] = a->probe;
		s->resume_ns = a->sent_ns + REFUSED_PAUSE_NS;
		pool_release(&s->pool, a);
		return false;
	case WORD_VAIN:
		a->state = ATTEMPT_VOID;
		break;
	}
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
	sockets_path_follow(s, a);
	walk_sent(walk, &a->probe, a->sent_ns);
	s->stats.sent++;
	return true;
}

/* Decides whether the next batch is checked for answers at once. */
static void sockets_learn_early(struct sockets *s, unsigned count, unsigned answered)
{
	if (s->ask && count)
		s->early = (s->early * 3 + SOCKETS_EARLY_ALL * answered / count) / 4;
	s->ask = s->early >= EARLY_WORTH || ++s->batches % (EARLY_RETRY + 1) == 0;
}

/* After a batch: notes a shortage, or its end. -errno with *f if it lasts for STUCK_NS. */
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

int sockets_send(struct engine *e, struct walk *walk, uint64_t now_ns, unsigned budget,
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
