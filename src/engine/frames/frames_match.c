/* frames_match: finds the probe that a packet answers, quotes or is; every field has to match. */
#include "engine/frames/frames_match.h"

#include <netinet/in.h>
#include <string.h>

#include "engine/frames/frames_egress.h"
#include "engine/frames/frames_state.h"
#include "packet/packet.h"
#include "scan/cookie.h"
#include "scan/echo.h"

bool frames_port_ours(const struct frames *fr, uint16_t port)
{
	return (port & fr->port_mask) == fr->port || (port & COOKIE_PORT_MASK) == fr->block;
}

/* The port of -g has neither cookie nor attempt. */
static bool match_port_fixed(const struct frames *fr, uint16_t ours)
{
	return fr->conf.has_source_port && ours == fr->port;
}

/* Compares the cookie's byte in our port. */
static bool match_port_cookie(const struct frames *fr, uint16_t ours, uint64_t hash)
{
	return match_port_fixed(fr, ours) || (uint8_t)ours == (uint8_t)(hash >> 32);
}

/* Checks that the probe was sent from that address, and that attempt was made. Sets the attempt. */
static bool match_sent(const struct frames *fr, const struct frames_claim *claim,
		       struct frames_match *m)
{
	const struct frames_egress *egress =
		frames_egress_of(fr, m->sheet, m->cell / sheet_plan(m->sheet)->slots);

	if (!egress || !addr_equal(egress->source, claim->source))
		return false;
	m->has_attempt = !match_port_fixed(fr, claim->ours);
	m->attempt = m->has_attempt ? claim->ours >> 8 & 15 : 0;
	return m->attempt < sheet_tries(m->sheet, m->cell);
}

/* Decodes a sequence number's tag to a cell, and checks that its probe is the claimed one. */
static bool match_cell(const struct frames *fr, const struct frames_claim *claim, uint32_t tag,
		       uint8_t technique, struct frames_match *m)
{
	for (unsigned i = 0; i < SHEETS; i++) {
		struct sheet *sheet = fr->conf.sheets[i];
		struct plan_probe probe;

		if (!sheet || !sheet_untag(sheet, tag, &m->cell))
			continue;
		probe = sheet_probe(sheet, m->cell);
		if (probe.technique != technique || probe.port != claim->port ||
		    !addr_equal(probe.to, claim->target))
			continue;
		m->sheet = sheet;
		m->technique = technique;
		return match_sent(fr, claim, m);
	}
	return false;
}

static bool match_seq(const struct frames *fr, const struct frames_claim *claim, uint8_t technique,
		      struct frames_match *m)
{
	const struct technique *row = &technique_table[technique];
	uint64_t hash = cookie_hash(&fr->conf.key, claim->target.hi, claim->target.lo, claim->port,
				    technique);

	if (!match_port_cookie(fr, claim->ours, hash))
		return false;
	for (unsigned i = 0; i < claim->plain_count; i++)
		if (match_cell(fr, claim, claim->plain[i] ^ (uint32_t)hash, technique, m))
			return true;
	if (!(row->flags & TCP_ACK))
		return false;
	for (unsigned i = 0; i < claim->acked_count; i++)
		if (match_cell(fr, claim, claim->acked[i] ^ (uint32_t)hash, technique, m))
			return true;
	return false;
}

bool frames_match_tcp(const struct frames *fr, const struct frames_claim *claim,
		      struct frames_match *out)
{
	if (!frames_port_ours(fr, claim->ours))
		return false;
	for (uint8_t t = 0; t < TECHNIQUES; t++)
		if (fr->techniques >> t & 1 && technique_table[t].proto == IPPROTO_TCP &&
		    match_seq(fr, claim, t, out))
			return true;
	return false;
}

/* Finds the open sheet and the cell, from a host's rank in the plan and a slot. */
static bool match_place(const struct frames *fr, uint64_t rank, uint32_t slot,
			struct frames_match *m)
{
	for (unsigned i = 0; i < SHEETS; i++) {
		struct sheet *sheet = fr->conf.sheets[i];

		if (!sheet || rank < sheet_first_host(sheet) ||
		    rank - sheet_first_host(sheet) >= sheet_hosts(sheet))
			continue;
		m->sheet = sheet;
		m->cell = (uint32_t)(rank - sheet_first_host(sheet)) * sheet_plan(sheet)->slots +
			  slot;
		return true;
	}
	return false;
}

/* The replies that return no number of a probe: a datagram, a SYN to a SYN, the ACK of another
 * connection. Whether the technique has them. */
static bool match_by_ports(unsigned technique, enum reply reply)
{
	return technique_rule(technique, reply)->state != STATE_NONE;
}

static bool match_ports(const struct frames *fr, const struct frames_claim *claim, enum reply reply,
			struct frames_match *out)
{
	uint64_t rank;

	if (!frames_port_ours(fr, claim->ours) ||
	    !plan_find_host(fr->conf.plan, claim->target, &rank))
		return false;
	for (uint8_t t = 0; t < TECHNIQUES; t++) {
		uint32_t slot;

		if (!(fr->techniques >> t & 1) || !match_by_ports(t, reply) ||
		    !plan_find_slot(fr->conf.plan, t, claim->port, &slot))
			continue;
		if (!match_port_cookie(fr, claim->ours,
				       cookie_hash(&fr->conf.key, claim->target.hi,
						   claim->target.lo, claim->port, t)))
			continue;
		out->technique = t;
		if (match_place(fr, rank, slot, out) && match_sent(fr, claim, out))
			return true;
	}
	return false;
}

bool frames_match_ports(const struct frames *fr, const struct frames_claim *claim, uint8_t proto,
			struct frames_match *out)
{
	return match_ports(fr, claim, proto == IPPROTO_UDP ? REPLY_DATA : REPLY_SYN, out);
}

bool frames_match_connection(const struct frames *fr, const struct frames_claim *claim,
			     struct frames_match *out)
{
	return match_ports(fr, claim, REPLY_ACK, out);
}

bool frames_match_elsewhere(const struct frames *fr, const struct frames_claim *claim,
			    const uint8_t *payload, size_t length, struct frames_match *out)
{
	const struct echo_scan scan = {fr->conf.plan, fr->conf.sheets, &fr->conf.key};
	const struct echo_datagram datagram = {
		.from = claim->target,
		.bytes = payload,
		.length = length,
		.has_port = !match_port_fixed(fr, claim->ours),
		.attempt = claim->ours >> 8 & 15,
		.sport = (uint8_t)claim->ours,
	};

	if (!frames_port_ours(fr, claim->ours) ||
	    !echo_find(&scan, &datagram, &out->sheet, &out->cell))
		return false;
	out->technique = sheet_probe(out->sheet, out->cell).technique;
	return match_sent(fr, claim, out);
}

/* Whether a datagram has the payload of one of our probes. */
static bool match_payload(const struct frames *fr, const struct frames_match *m,
			  const struct packet *p, const uint8_t *payload)
{
	const uint32_t host = m->cell / sheet_plan(m->sheet)->slots;
	const struct frames_egress *egress = frames_egress_of(fr, m->sheet, host);
	unsigned first = m->has_attempt ? m->attempt : 0;
	unsigned last = m->has_attempt ? m->attempt : sheet_tries(m->sheet, m->cell) - 1;
	const uint32_t headers = addr_is_v4(p->src) ? 28 : 48;

	for (unsigned attempt = first; attempt <= last; attempt++) {
		const struct probe probe = {
			.to = p->dst,
			.cell = sheet_tag(m->sheet, m->cell),
			.port = p->dport,
			.attempt = (uint8_t)attempt,
		};
		uint8_t bytes[PAYLOAD_MOST];
		const size_t length = frames_egress_payload(
			fr, egress, &probe, sheet_first_host(m->sheet) + host, bytes);

		if (p->ip_bytes == headers + length && p->payload_bytes <= length &&
		    (p->payload_bytes == 0 || memcmp(payload, bytes, p->payload_bytes) == 0))
			return true;
	}
	return false;
}

bool frames_match_probe(const struct frames *fr, const struct packet *p, const uint8_t *payload)
{
	const struct frames_claim claim = {
		.target = p->dst,
		.port = p->dport,
		.source = p->src,
		.ours = p->sport,
		.plain = {p->seq},
		.plain_count = 1,
	};
	struct frames_match m;

	/* Our kernel's RST has a probe's sequence number, too, but other flags. */
	if (p->has & PACKET_TCP)
		return frames_match_tcp(fr, &claim, &m) &&
		       p->flags == technique_table[m.technique].flags;
	return p->has & PACKET_UDP && frames_match_ports(fr, &claim, IPPROTO_UDP, &m) &&
	       match_payload(fr, &m, p, payload);
}
