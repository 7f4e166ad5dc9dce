/* sockets_elsewhere: one socket more, for datagrams that no probe's socket is connected to. */
#include "engine/sockets/sockets_elsewhere.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "engine/sockets/complaint.h"
#include "engine/sockets/sockets_state.h"
#include "scan/echo.h"
#include "technique/technique.h"

static bool plan_sends_udp(const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->slots; i++)
		if (technique_is_udp(plan_slot_technique(plan_slots(plan)[i])))
			return true;
	return false;
}

/* Whether the plan has targets of the family. */
static bool plan_has_family(const struct plan *plan, bool v4)
{
	for (uint32_t i = 0; i < plan->ranges; i++) {
		const struct plan_range *r = &plan_ranges(plan)[i];

		if (addr_is_v4((struct addr){r->hi, r->lo}) == v4)
			return true;
	}
	return false;
}

int sockets_elsewhere_open(struct sockets *s, struct failure *f)
{
	static const enum attempt_kind kinds[SOCKETS_ELSEWHERES] = {ATTEMPT_UDP4, ATTEMPT_UDP6};

	for (unsigned i = 0; i < SOCKETS_ELSEWHERES; i++) {
		struct attempt *a = &s->elsewhere[i];
		struct epoll_event event = {.events = EPOLLIN, .data.u32 = SOCKETS_ELSEWHERE + i};
		const char *step = "";
		int error;

		if (!s->conf.has_source_port || !plan_sends_udp(s->conf.plan) ||
		    !plan_has_family(s->conf.plan, i == 0))
			continue;
		error = -attempt_open(a, kinds[i], &s->common, &step);
		if (!error && epoll_ctl(s->common.epoll, EPOLL_CTL_ADD, a->fd, &event) != 0)
			error = errno;
		if (error && error != EAFNOSUPPORT)
			return failure_set(f, EXIT_UNAVAILABLE,
					   "cannot use source port %u for all answers (%s): %s",
					   s->conf.source_port, step, strerror(error));
	}
	return 0;
}

void sockets_elsewhere_close(struct sockets *s)
{
	for (unsigned i = 0; i < SOCKETS_ELSEWHERES; i++)
		attempt_close(&s->elsewhere[i]);
}

static bool elsewhere_answer(const struct sockets *s, const struct complaint *c,
			     struct answer *answer)
{
	const struct echo_scan scan = {s->conf.plan, s->conf.sheets, &s->conf.key};
	const struct echo_datagram datagram = {
		.from = c->peer, .bytes = c->data, .length = c->length};
	struct plan_probe probe;
	struct sheet *sheet;
	uint32_t cell;

	if (!echo_find(&scan, &datagram, &sheet, &cell))
		return false;
	probe = sheet_probe(sheet, cell);
	*answer = (struct answer){
		.t_ns = clock_monotonic_ns(),
		.from = c->peer,
		.cell = sheet_tag(sheet, cell),
		.window = c->port == probe.port ? 0 : c->port,
		.reply = REPLY_DATA,
		.ttl = c->ttl,
	};
	answer->has = c->has_ttl ? ANSWER_TTL : 0;
	answer->has |= addr_equal(c->peer, probe.to) ? 0 : ANSWER_FROM;
	answer->has |= c->port == probe.port ? 0 : ANSWER_PORT;
	return true;
}

static void elsewhere_trace(const struct sockets *s, const struct answer *answer,
			    const struct complaint *c)
{
	const struct trace_event event = {
		.t_ns = answer->t_ns,
		.cell = answer->cell,
		.kind = TRACE_RESULT,
		.call = "recv",
		.packet = {.has = PACKET_IP | PACKET_UDP, .src = c->peer, .sport = c->port},
	};

	trace_add(s->conf.trace, &event);
}

void sockets_elsewhere_read(struct sockets *s, unsigned index)
{
	const int fd = s->elsewhere[index].fd;
	struct complaint c;

	/* Errors of probes are in the queues of their own sockets. Neither loop needs to reach the
	 * end: it is not edge-triggered, and what is left is reported again. */
	for (unsigned i = 0; i < ELSEWHERE_MOST && complaint_read(fd, true, &c) == 0; i++)
		;
	for (unsigned i = 0; i < ELSEWHERE_MOST && s->caught_count < ELSEWHERE_MOST; i++) {
		struct answer *answer = &s->caught[s->caught_count];
		const int error = complaint_read(fd, false, &c);

		if (error == -EAGAIN)
			return;
		if (error)
			continue; /* a pending one, returned once */
		if (!elsewhere_answer(s, &c, answer)) {
			s->stats.invalid++;
			continue;
		}
		elsewhere_trace(s, answer, &c);
		s->caught_count++;
	}
}
