/* outcome: what further packets of a flow say about its first contact. */
#include "watch/outcome.h"

#include <netinet/in.h>

#include "technique/technique.h"
#include "watch/crowd.h"
#include "watch/flow.h"
#include "watch/judge.h"
#include "watch/params.h"
#include "watch/watch_state.h"

/* An answer without a question continues: it belongs to a connection of which only a part is
 * captured, unless its target refuses what comes. */
static void stray_goes_on(struct watch *w, struct flow *f, const struct packet *p, bool opener)
{
	if (p->flags & (TCP_RST | TCP_SYN))
		return;
	crowd_stray_went_on(crowd_get(&w->crowds, f->dst, f->target, w->now_ms));
	if (!opener) {
		flow_settle(&w->flows, f, FLOW_MIDDLE);
		return;
	}
	flow_settle(&w->flows, f, FLOW_PENDING);
	f->sight = technique_by_sight(IPPROTO_TCP, TCP_ACK);
	f->flags = p->flags;
	f->claims = CLAIM_MIDDLE;
}

/* The wait for more packets of a flow is over: nothing came that decides it. */
void outcome_over(struct watch *w, struct flow *f)
{
	struct flow copy = *f;

	flow_prefetch_next(&w->flows, f);
	flow_settle(&w->flows, f,
		    f->claims & (CLAIM_DATA | CLAIM_END | CLAIM_MIDDLE) ? FLOW_MIDDLE
		    : f->claims & CLAIM_ACK				? FLOW_OPEN
									: FLOW_REFUSED);
	judge_silence(w, &copy, copy.moved_ms + ANSWER_WAIT_MS);
}

void outcome_fails(struct watch *w, struct flow *f, bool open, bool half_open)
{
	flow_settle(&w->flows, f, FLOW_REFUSED);
	judge_failed(w, f, open, half_open);
}

/* Whether the first packet had ACK and no SYN (first packets never have RST). */
static bool flow_may_be_middle(const struct flow *f)
{
	return f->proto == IPPROTO_TCP && (f->flags & (TCP_ACK | TCP_SYN)) == TCP_ACK;
}

static bool is_plain_ack(const struct packet *p)
{
	return (p->flags & (TCP_ACK | TCP_SYN | TCP_RST)) == TCP_ACK;
}

static void flow_completes(struct watch *w, const struct flow *f)
{
	crowd_completed(crowd_get(&w->crowds, f->dst, f->target, w->now_ms));
}

/* The opener of a SYN without a captured answer sent one more packet. */
static void opener_claims(struct watch *w, struct flow *f, const struct packet *p)
{
	if (p->flags & TCP_SYN || f->claims & (CLAIM_DATA | CLAIM_END | CLAIM_RESET))
		return;
	if (p->flags & TCP_RST) {
		f->claims |= f->claims ? CLAIM_END : CLAIM_RESET;
		return;
	}
	if (!is_plain_ack(p))
		return;
	if (!f->claims) {
		f->claims = CLAIM_ACK;
		f->ack = p->ack;
		flow_completes(w, f);
	}
	if (p->payload_bytes)
		f->claims |= CLAIM_DATA;
	else if (p->flags & TCP_FIN)
		f->claims |= CLAIM_END;
}

/* Whether the opener acknowledges the SYN+ACK, or data after it, and so completes the handshake.
 * Only a host that received it knows the number. */
static bool opener_completes(struct watch *w, struct flow *f, const struct packet *p)
{
	if (!is_plain_ack(p) || p->ack - f->ack > ACK_WITHIN_BYTES)
		return false;
	f->proven = p->ack == f->ack && !(f->doubts & DOUBT_ANSWER);
	flow_settle(&w->flows, f, FLOW_OPEN);
	flow_completes(w, f);
	judge_completed(w, f);
	return true;
}

static void opener_uses(struct watch *w, struct flow *f, const struct packet *p)
{
	bool idle = !p->payload_bytes && p->flags & (TCP_FIN | TCP_RST);

	if (p->payload_bytes || idle)
		flow_settle(&w->flows, f, FLOW_MIDDLE);
	if (p->payload_bytes)
		judge_used(w, f, true);
	else if (idle)
		judge_idle(w, f);
}

/* The capture time in units of 16 us, and 12 bits of what copies of the packet have in common. */
uint32_t outcome_mark(const struct watch *w, const struct packet *p)
{
	return (uint32_t)(w->packet_ns / 16000) << 12 | ((p->ip_id ^ p->ip_bytes) & 0xfff);
}

/* Whether the packet is a copy of the opener's latest one; if not, it becomes the latest. */
static bool flow_copy(const struct watch *w, struct flow *f, const struct packet *p)
{
	uint32_t mark = outcome_mark(w, p), before = f->latest;

	if ((mark & 0xfff) == (before & 0xfff) && (mark - before) >> 12 < COPY_US / 16)
		return true;
	f->latest = mark;
	return false;
}

/* SCTP (RFC 9260, 5.1): an INIT ACK is no connection yet; a COOKIE ECHO or data use it, an ABORT of
 * the opener leaves it half-open. */
static void sctp_opener(struct watch *w, struct flow *f, const struct packet *p)
{
	if (f->state != FLOW_HALF)
		return;
	if (p->chunk == SCTP_ABORT) {
		outcome_fails(w, f, true, true);
	} else if (p->chunk != SCTP_INIT) {
		flow_settle(&w->flows, f, FLOW_MIDDLE);
		judge_used(w, f, false);
	}
}

static void sctp_target(struct watch *w, struct flow *f, const struct packet *p)
{
	if (f->state == FLOW_PENDING && p->chunk == SCTP_ABORT) {
		outcome_fails(w, f, false, false);
	} else if (f->state == FLOW_PENDING && p->chunk == SCTP_INIT_ACK) {
		flow_settle(&w->flows, f, FLOW_HALF);
	} else if (f->state == FLOW_PENDING) {
		flow_settle(&w->flows, f, FLOW_MIDDLE);
		judge_used(w, f, false);
	}
}

void outcome_opener(struct watch *w, struct flow *f, const struct packet *p)
{
	if (f->proto == IPPROTO_SCTP) {
		sctp_opener(w, f, p);
		return;
	}
	if (f->proto != IPPROTO_TCP) {
		/* That many datagrams are a stream: voice, video, a tunnel. */
		if (f->state == FLOW_PENDING && f->proto == IPPROTO_UDP &&
		    f->more < STREAM_DATAGRAMS && !flow_copy(w, f, p) &&
		    ++f->more == STREAM_DATAGRAMS)
			f->claims = CLAIM_MIDDLE;
		return;
	}
	if (f->state == FLOW_STRAY) {
		stray_goes_on(w, f, p, true);
		return;
	}
	if (f->state == FLOW_HALF && p->flags & TCP_RST) {
		outcome_fails(w, f, true, true);
		return;
	}
	if (f->state == FLOW_OPEN || (f->state == FLOW_HALF && opener_completes(w, f, p))) {
		opener_uses(w, f, p);
		return;
	}
	if (f->state == FLOW_PENDING && flow_is_syn(f)) {
		opener_claims(w, f, p);
		return;
	}
	/* Retransmissions of an ACK or FIN+ACK are identical; a packet that differs, such as by
	 * acknowledging more, shows an established connection. Packets without ACK never do. */
	if (f->state == FLOW_PENDING && flow_may_be_middle(f) &&
	    (p->payload_bytes || p->seq != f->seq || p->ack != f->ack))
		f->claims = CLAIM_MIDDLE;
}

/* A SYN+ACK, possibly captured after the opener's reaction to it. */
static void target_accepts(struct watch *w, struct flow *f, const struct packet *p)
{
	uint32_t wanted = p->seq + 1;

	if (f->claims & CLAIM_RESET) {
		outcome_fails(w, f, true, true);
		return;
	}
	if (f->claims & CLAIM_ACK && f->ack - wanted <= ACK_WITHIN_BYTES) {
		f->proven = f->ack == wanted && !(f->doubts & DOUBT_ANSWER);
		flow_settle(&w->flows, f,
			    f->claims & (CLAIM_DATA | CLAIM_END) ? FLOW_MIDDLE : FLOW_OPEN);
		judge_claims(w, f);
		return;
	}
	f->ack = wanted;
	if (f->state == FLOW_PENDING)
		flow_settle(&w->flows, f, FLOW_HALF);
}

void outcome_target(struct watch *w, struct flow *f, const struct packet *p)
{
	bool accepts = flow_is_syn(f) && (p->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);

	if (f->proto == IPPROTO_SCTP) {
		sctp_target(w, f, p);
		return;
	}
	if (f->state == FLOW_STRAY && p->flags & TCP_RST) {
		outcome_over(w, f);
		return;
	}
	if (f->state == FLOW_STRAY)
		stray_goes_on(w, f, p, false);
	if (f->state == FLOW_HALF && accepts)
		target_accepts(w, f, p);
	/* Nothing but refusals, even if the first ones were not seen: no connection. */
	if (f->state == FLOW_MIDDLE && f->claims & CLAIM_MIDDLE && f->proto == IPPROTO_TCP) {
		f->claims = 0;
		if (p->flags & TCP_RST && f->source)
			outcome_fails(w, f, false, false);
		return;
	}
	if (f->state != FLOW_PENDING)
		return;
	if (f->proto != IPPROTO_TCP) {
		/* A datagram that looks like an answer asks for no service. */
		bool asks = !(f->claims & CLAIM_MIDDLE) || f->more == STREAM_DATAGRAMS;

		flow_settle(&w->flows, f, FLOW_MIDDLE);
		if (asks)
			judge_used(w, f, false);
		return;
	}
	if (p->flags & TCP_RST)
		outcome_fails(w, f, false, false);
	else if (accepts)
		target_accepts(w, f, p);
	else if (!flow_is_syn(f) || !(p->flags & TCP_SYN))
		flow_settle(&w->flows, f, FLOW_MIDDLE);
}
