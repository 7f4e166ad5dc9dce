/* verdict: replies of one host turned into findings by the technique rows. */
#include "scan/verdict.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define GATHER 64

/* What the RSTs of one technique of a host have in common. */
struct rst_summary {
	unsigned count, with_window;
	uint8_t ttl_low, ttl_high;
};

/* The replies to all of a host's probes, many at a time. */
static void findings_gather(const struct sheet *sheet, uint32_t base, struct finding *findings)
{
	const uint32_t slots = sheet_plan(sheet)->slots;
	uint8_t reply[GATHER];

	for (uint32_t from = 0; from < slots; from += GATHER) {
		const uint32_t count = slots - from < GATHER ? slots - from : GATHER;

		sheet_replies(sheet, base + from, count, reply);
		for (uint32_t i = 0; i < count; i++)
			findings[from + i].reply = reply[i];
	}
}

/* Skips techniques whose RST needs no comparison with others. */
static void rst_survey(const struct sheet *sheet, uint32_t base, const struct finding *findings,
		       struct rst_summary out[TECHNIQUES])
{
	const struct plan *plan = sheet_plan(sheet);
	const uint32_t *slot = plan_slots(plan);
	uint32_t near = 0;

	memset(out, 0, sizeof(out[0]) * TECHNIQUES);
	for (uint32_t i = 0; i < plan->slots; i++) {
		const unsigned reply = findings[i].reply;
		struct reply_evidence e;
		const uint8_t technique = plan_slot_technique(slot[i]);
		struct rst_summary *rst = &out[technique];

		if (!reply_is_rst(reply) || !technique_compares_rsts(technique))
			continue;
		e = sheet_evidence(sheet, base + i, &near);
		if (!(e.has & ANSWER_TTL))
			continue;
		if (rst->count == 0 || e.ttl < rst->ttl_low)
			rst->ttl_low = e.ttl;
		if (e.ttl > rst->ttl_high)
			rst->ttl_high = e.ttl;
		rst->count++;
		rst->with_window += reply == REPLY_RST_WINDOW;
	}
}

/* The reply with what the host's other RSTs tell about it. */
static unsigned reply_compared(unsigned reply, uint8_t technique, const struct reply_evidence *e,
			       const struct rst_summary *rst)
{
	if (!technique_table[technique].compares_ttl || !reply_is_rst(reply) ||
	    rst->ttl_low == rst->ttl_high)
		return reply;
	return e->ttl < rst->ttl_high ? REPLY_RST_TTL_LOWER : REPLY_RST_TTL_HIGHER;
}

static void finding_evidence(const struct sheet *sheet, const struct reply_evidence *e,
			     uint64_t wall_offset_ns, struct finding *f)
{
	uint64_t t_us = (uint64_t)e->t_us_high << 32 | e->t_us_low;
	unsigned sender = e->rtt_sender & 0xff;

	/* Judged by a kernel program: nothing is known but the reply. */
	if (!reply_evidence_known(e))
		return;
	f->t_ns = sheet_opened_ns(sheet) + t_us * 1000 + wall_offset_ns;
	f->has = FINDING_TIME;
	f->has |= e->has & ANSWER_TTL ? FINDING_TTL : 0;
	if (e->has & ANSWER_WINDOW)
		f->has |= technique_is_udp(f->technique) ? FINDING_FROM_PORT : FINDING_WINDOW;
	f->has |= e->has & EVIDENCE_RTT ? FINDING_RTT : 0;
	f->has |= e->has & ANSWER_ICMP ? FINDING_ICMP : 0;
	f->has |= e->has & ANSWER_LOCAL ? FINDING_LOCAL : 0;
	f->rtt_us = e->rtt_sender >> 8;
	f->ttl = e->ttl;
	f->window = f->has & FINDING_WINDOW ? e->window : 0;
	f->from_port = f->has & FINDING_FROM_PORT ? e->window : 0;
	f->attempt = e->attempt;
	f->icmp_type = e->icmp_type;
	f->icmp_code = e->icmp_code;
	if (e->has & ANSWER_FROM && sheet_sender(sheet, sender, &f->from))
		f->has |= FINDING_FROM;
}

static enum reason finding_reason(unsigned reply, const struct reply_evidence *e, int family)
{
	if (reply == REPLY_SILENCE)
		return REASON_NO_RESPONSE;
	if (e->has & ANSWER_ICMP)
		return technique_icmp_reason(family, e->icmp_type, e->icmp_code);
	if (e->has & ANSWER_REFUSED)
		return REASON_CONN_REFUSED;
	return technique_reason(reply);
}

/* A RST to FIN, NULL or Xmas from a port that answered a SYN with SYN+ACK. Needs sorted findings.
 */
static bool host_resets_all(const struct finding *findings, size_t count)
{
	size_t run = 0;

	for (size_t i = 0; i < count; i++) {
		bool accepted = false, reset = false;

		if (findings[i].port != findings[run].port)
			run = i;
		for (size_t j = run; j <= i; j++) {
			accepted |= findings[j].reply == REPLY_SYN_ACK;
			reset |= reply_is_rst(findings[j].reply) &&
				 technique_open_is_silent(findings[j].technique);
		}
		if (accepted && reset)
			return true;
	}
	return false;
}

static uint32_t host_mute_notes(const struct rst_summary rst[TECHNIQUES])
{
	uint32_t notes = 0;

	for (int t = 0; t < TECHNIQUES; t++) {
		const struct technique *row = &technique_table[t];

		if (rst[t].count == 0)
			continue;
		if (row->compares_ttl && rst[t].ttl_low == rst[t].ttl_high)
			notes |= HOST_TTL_MUTE;
		if (technique_window_decides((unsigned)t) && rst[t].with_window == 0)
			notes |= HOST_WINDOW_MUTE;
	}
	return notes;
}

/*
 * For a host without an answer: whether our kernel has no route to it or no neighbour answered for
 * it. A prohibiting route does so at each port; if some ports are silent, there was another
 * reason.
 */
static uint32_t host_absence(const struct finding *findings, size_t count)
{
	bool no_route = false, no_neighbour = false, prohibited = false, silent = false;

	for (size_t i = 0; i < count; i++) {
		const struct finding *f = &findings[i];

		silent |= f->reply == REPLY_SILENCE;
		if (f->reply == REPLY_SILENCE)
			continue;
		if (!(f->has & FINDING_LOCAL))
			return 0;
		switch (f->reason) {
		case REASON_HOST_UNREACH:
			no_neighbour = true;
			break;
		case REASON_NET_UNREACH:
		case REASON_NO_ROUTE:
			no_route = true;
			break;
		case REASON_NET_PROHIBITED:
		case REASON_REJECT_ROUTE:
			prohibited = true;
			break;
		default:
			return 0;
		}
	}
	if (prohibited && silent)
		return 0;
	return no_neighbour ? HOST_NO_NEIGHBOUR : no_route || prohibited ? HOST_NO_ROUTE : 0;
}

static void finding_no_route(struct finding *f)
{
	f->reason = REASON_NO_ROUTE;
	f->state = PORT_FILTERED;
	f->has |= FINDING_LOCAL;
}

/* An engine that does not resolve routes and neighbours learns their absence from the kernel, port
 * by port: reports the host as the other engines do. */
static void host_absent(struct host_report *host, struct finding *findings, size_t *count)
{
	const uint32_t absence =
		host->notes & (HOST_ANSWERED | HOST_LOCAL) ? 0 : host_absence(findings, *count);

	host->notes |= absence;
	if (absence == HOST_NO_NEIGHBOUR)
		*count = 0;
	for (size_t i = 0; absence == HOST_NO_ROUTE && i < *count; i++)
		finding_no_route(&findings[i]);
}

/* Whether rules of this machine refused the probe, so that it was never sent. Without a route, or a
 * neighbour, the target is not reached by any means: that is a verdict. */
static bool finding_is_refused(const struct finding *f)
{
	if (!(f->has & FINDING_LOCAL))
		return false;
	return f->reason != REASON_HOST_UNREACH && f->reason != REASON_NET_UNREACH &&
	       f->reason != REASON_NO_ROUTE;
}

/* Leaves out ports that no probe was sent to. */
static void host_refused(struct host_report *host, struct finding *findings, size_t *count)
{
	size_t left = 0;

	for (size_t i = 0; i < *count; i++) {
		if (finding_is_refused(&findings[i]))
			host->notes |= HOST_REFUSED;
		else
			findings[left++] = findings[i];
	}
	*count = left;
}

/* What is known of the host besides its replies. */
static void host_begin(struct sheet *sheet, uint32_t host, uint64_t wall_offset_ns,
		       struct host_report *out)
{
	const struct sheet_host state = sheet_host(sheet, host);
	const struct sheet_pace *pace = sheet_pace(sheet, host);

	memset(out, 0, sizeof(*out));
	out->addr = plan_host(sheet_plan(sheet), sheet_first_host(sheet) + host);
	out->notes = state.notes | (sheet_host_heard(sheet, host) ? HOST_ANSWERED : 0);
	if (state.notes & HOST_MAC)
		memcpy(out->mac, state.mac, sizeof(out->mac));
	out->start_ns = sheet_opened_ns(sheet) + wall_offset_ns;
	out->end_ns = out->start_ns;
	if (pace->icmp_backoff.answers || pace->rst_retry.extra)
		out->notes |= HOST_RATE_LIMITED;
}

void verdict_host(struct sheet *sheet, uint32_t host, bool complete,
		  const uint8_t tries[TECHNIQUES], uint64_t wall_offset_ns,
		  struct finding *findings, struct host_report *out)
{
	const struct plan *plan = sheet_plan(sheet);
	const uint32_t base = host * plan->slots;
	const struct sheet_host state = sheet_host(sheet, host);
	const bool by_cell = !sheet_tracks_hosts(sheet);
	static const struct reply_evidence nothing = {0};
	struct rst_summary rst[TECHNIQUES];
	uint32_t near = 0;
	size_t count = 0;

	sheet_settle(sheet);
	host_begin(sheet, host, wall_offset_ns, out);
	findings_gather(sheet, base, findings);
	rst_survey(sheet, base, findings, rst);
	for (uint32_t i = 0; i < plan->slots; i++) {
		uint32_t cell = base + i, slot = plan_slots(plan)[i];
		uint8_t technique = plan_slot_technique(slot);
		unsigned reply = findings[i].reply; /* count <= i */
		struct reply_evidence e =
			reply == REPLY_SILENCE ? nothing : sheet_evidence(sheet, cell, &near);
		struct finding *f = &findings[count];
		unsigned sent;

		if (sheet_challenged(sheet, cell)) {
			out->notes |= HOST_CHALLENGED;
			if (reply == REPLY_SILENCE) {
				reply = REPLY_ACK;
				e = sheet_evidence(sheet, cell, &near);
			}
		}
		if (reply == SHEET_NOT_OURS || state.notes & HOST_NO_NEIGHBOUR)
			continue;
		/* Of an answered one the evidence has the attempt. */
		sent = reply == REPLY_SILENCE ? sheet_tries(sheet, cell) : 1;
		if (!complete && reply == REPLY_SILENCE && sent < tries[technique]) {
			out->notes |= HOST_PARTIAL;
			continue;
		}
		memset(f, 0, sizeof(*f));
		reply = reply_compared(reply, technique, &e, &rst[technique]);
		f->port = plan_slot_port(slot);
		f->technique = technique;
		f->reply = (uint8_t)reply;
		f->cell = sheet_tag(sheet, cell);
		f->state = technique_rule(technique, reply)->state;
		f->reason = (uint8_t)finding_reason(reply, &e, addr_is_v4(out->addr) ? 4 : 6);
		f->attempt = sent ? (uint8_t)(sent - 1) : 0;
		if (state.notes & HOST_NO_ROUTE && sent == 0)
			finding_no_route(f);
		if (by_cell && sheet_is_answered(reply))
			out->notes |= HOST_ANSWERED;
		if (reply != REPLY_SILENCE)
			finding_evidence(sheet, &e, wall_offset_ns, f);
		if (f->has & FINDING_TIME && f->t_ns > out->end_ns)
			out->end_ns = f->t_ns;
		count++;
	}
	host_absent(out, findings, &count);
	host_refused(out, findings, &count);
	findings_sort(findings, count);
	if (host_resets_all(findings, count))
		out->notes |= HOST_RST_TO_ALL;
	out->notes |= host_mute_notes(rst);
	/* An answer has shown that the entry is right. */
	if (out->notes & HOST_MAC && state.engine == HOP_FIXED && !(out->notes & HOST_ANSWERED))
		out->notes |= HOST_FIXED;
	out->findings = findings;
	out->count = count;
}
