/* frames_send: sends the probes of a walk as batches of frames. */
#include "engine/frames/frames_send.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "capture/transmit.h"
#include "engine/frames/frames_egress.h"
#include "engine/frames/frames_kernel.h"
#include "engine/frames/frames_refused.h"
#include "engine/frames/frames_state.h"
#include "scan/cookie.h"
#include "technique/payloads.h"

/* A full queue that accepts nothing for so long has no carrier. */
#define SEND_STUCK_NS UINT64_C(10000000000)

/* Hosts that may be refused in one call, so that it ends soon. */
#define SEND_REFUSED_MOST 64

/* A probe of the batch, and the index of its transmitter in frames.outs. */
struct frames_probe {
	struct probe probe;
	unsigned out;
};

/* Probes taken from the walk whose frames are not confirmed yet, in the order they were taken. */
_Static_assert(TRANSMIT_BATCH <= SHEET_UNSENT, "room for a batch that is refused as a whole");
struct send_batch {
	struct frames_probe probe[TRANSMIT_BATCH];
	unsigned count;
};

/* Writes the probe's frame into the batch of its transmitter. False if its host has no egress. */
static bool send_build(struct frames *fr, const struct sheet *sheet, struct frames_probe *p)
{
	const struct probe *probe = &p->probe;
	const uint32_t cell = probe->cell & (PLAN_WINDOW_CELLS - 1);
	const uint32_t host = cell / sheet_plan(sheet)->slots;
	const struct frames_egress *egress = frames_egress_of(fr, sheet, host);
	const struct template *template;
	struct template_fields fields;
	struct transmit *transmit;
	struct sheet_host neighbour;
	uint8_t payload[PAYLOAD_MOST];
	struct cookie cookie;

	if (!egress || egress->kind >= EGRESS_NO_NEIGHBOUR)
		return false;
	cookie = cookie_make(&fr->conf.key, probe->to.hi, probe->to.lo, probe->port,
			     probe->technique, probe->cell);
	template = &egress->template[probe->technique];
	fields.to = probe->to;
	fields.mac_dst = NULL;
	if (egress->kind == EGRESS_NEIGHBOUR) {
		neighbour = sheet_host(sheet, host);
		fields.mac_dst = neighbour.mac;
	}
	fields.payload_bytes = 0;
	fields.seq = cookie.seq;
	fields.ip_id = cookie.ip_id;
	fields.dport = probe->port;
	fields.sport = fr->conf.has_source_port && !probe->other_port
			       ? fr->conf.source_port
			       : cookie_port(fr->block, probe->attempt, cookie.sport);
	fields.payload = payload;
	if (!template->tcp)
		fields.payload_bytes = frames_egress_payload(
			fr, egress, probe, sheet_first_host(sheet) + host, payload);
	p->out = template->tcp ? egress->out : egress->out_udp;
	transmit = fr->outs[p->out].transmit;
	transmit_commit(transmit, template_write(template, &fields, transmit_reserve(transmit)),
			probe->to);
	return true;
}

enum send_refusal {
	REFUSED_NOT,
	REFUSED_FULL, /* no room at the moment: send again later */
	REFUSED_ONE,  /* this packet will never be accepted */
	REFUSED_DOWN, /* no packet will be accepted from now on */
};

/* What an errno of transmit_flush() means. */
static enum send_refusal send_refusal(const struct frames_out *out, int error)
{
	switch (error) {
	case 0:
		return REFUSED_NOT;
	case ENOBUFS:
	case EAGAIN:
	case ENOMEM:
		return REFUSED_FULL;
	case ENETDOWN:
	case ENXIO:
	case ENODEV:
		return REFUSED_DOWN;
	case EPERM:
	case EACCES:
		return out->ip_family ? REFUSED_ONE : REFUSED_DOWN;
	default:
		return REFUSED_ONE;
	}
}

/* A probe that will never be sent. */
static void send_refused(struct frames *fr, struct walk *walk, const struct frames_probe *p,
			 int error, uint64_t now_ns)
{
	fr->stats.send_errors++;
	if (frames_refused(fr, walk->sheet, &p->probe, p->out, error))
		walk_unsent(walk, p->probe.cell);
	else
		/* Counts as an attempt, or the walk would offer it again for ever. */
		walk_sent(walk, &p->probe, now_ns);
}

/* Confirms to the walk which probes of transmitter `out` were sent; the others are unsent. The one
 * at index `refused` of its batch was refused for `error`. Returns how many were sent. */
static unsigned send_confirm(struct frames *fr, struct walk *walk, struct send_batch *batch,
			     unsigned out, unsigned refused, int error, uint64_t now_ns)
{
	const enum send_refusal refusal = send_refusal(&fr->outs[out], error);
	const struct transmit *transmit = fr->outs[out].transmit;
	unsigned sent = 0, seen = 0;

	for (unsigned i = 0; i < batch->count; i++) {
		if (batch->probe[i].out != out)
			continue;
		if (transmit_took(transmit, seen)) {
			walk_sent(walk, &batch->probe[i].probe, now_ns);
			sent++;
		} else if (transmit_denied(transmit, seen)) {
			/* A packet filter or an IPsec policy of ours refused that packet. */
			walk_sent(walk, &batch->probe[i].probe, now_ns);
			frames_kernel_denied(fr, walk->sheet, &batch->probe[i].probe, now_ns);
			fr->stats.send_errors++;
			fr->stats.refused_burst += fr->outs[out].queue;
		} else if (seen == refused && refusal == REFUSED_ONE) {
			send_refused(fr, walk, &batch->probe[i], error, now_ns);
		} else {
			walk_unsent(walk, batch->probe[i].probe.cell);
		}
		seen++;
	}
	return sent;
}

/* Whether an interface has accepted nothing for SEND_STUCK_NS because its queue is full. */
static bool send_stuck(struct frames_out *out, unsigned taken, enum send_refusal refusal,
		       uint64_t now_ns)
{
	if (taken || (refusal != REFUSED_FULL && refusal != REFUSED_DOWN)) {
		out->refuses_ns = 0;
		return false;
	}
	if (!out->refuses_ns)
		out->refuses_ns = now_ns;
	return now_ns - out->refuses_ns >= SEND_STUCK_NS;
}

/* Hands all batches to the kernel. Returns how many probes were sent, or -errno with *f; *full is
 * set if a queue had no room. */
static int send_flush(struct frames *fr, struct walk *walk, struct send_batch *batch,
		      uint64_t now_ns, bool *full, struct failure *f)
{
	unsigned sent = 0;

	for (unsigned o = 0; o < fr->out_count; o++) {
		struct frames_out *out = &fr->outs[o];
		enum send_refusal refusal;
		char quoted[LINK_QUOTED];
		unsigned taken, refused;
		int error;

		if (transmit_waiting(out->transmit) == 0)
			continue;
		taken = transmit_flush(out->transmit, &error, &refused);
		refusal = send_refusal(out, error);
		sent += send_confirm(fr, walk, batch, o, refused, error, now_ns);
		fr->stats.sent += taken;
		/* frames_path() tells that the interface is down, and when it is up again. */
		const bool stuck = send_stuck(out, taken, refusal, now_ns);

		if (refusal == REFUSED_DOWN && (stuck || error == EPERM || error == EACCES)) {
			failure_set(f,
				    error == EPERM || error == EACCES ? EXIT_NO_PERMISSION
								      : EXIT_UNAVAILABLE,
				    "interface %s: cannot send: %s", link_quote(out->link, quoted),
				    strerror(error));
			return -error;
		}
		if (stuck) {
			failure_set(
				f, EXIT_UNAVAILABLE,
				"interface %s has accepted no frame for %u s: is it plugged in, or "
				"does a filter or traffic shaping of this machine drop the rest?",
				link_quote(out->link, quoted),
				(unsigned)(SEND_STUCK_NS / 1000000000u));
			return -ENOBUFS;
		}
		if (refusal == REFUSED_FULL || refusal == REFUSED_DOWN) {
			*full = true;
			fr->stats.send_errors++;
			fr->stats.refused_burst += refusal == REFUSED_FULL;
		}
	}
	return (int)sent;
}

static bool batch_has(const struct send_batch *batch, uint32_t cell)
{
	for (unsigned i = 0; i < batch->count; i++)
		if (batch->probe[i].probe.cell == cell)
			return true;
	return false;
}

/*
 * Takes up to `most` probes and writes their frames. What was sent is confirmed to the walk only
 * after the batch: so the batch ends where the walk begins its next pass, or the walk would offer
 * probes of this batch a second time.
 */
static void send_fill(struct frames *fr, struct walk *walk, struct send_batch *batch, unsigned most,
		      uint64_t now_ns)
{
	const uint32_t pass = walk->pass;

	batch->count = 0;
	while (batch->count < most && walk->pass == pass) {
		struct frames_probe *p = &batch->probe[batch->count];

		if (!walk_next(walk, now_ns, &p->probe))
			return;
		if (walk->pass != pass && batch_has(batch, p->probe.cell))
			return;
		if (send_build(fr, walk->sheet, p)) {
			batch->count++;
			continue;
		}
		/* No egress, though the sheet has no note of it: must not be offered for ever. */
		walk_sent(walk, &p->probe, now_ns);
		fr->stats.send_errors++;
	}
}

int frames_send(struct engine *e, struct walk *walk, uint64_t now_ns, unsigned budget,
		struct failure *f)
{
	struct frames *fr = (struct frames *)e;
	const unsigned refused = fr->refused;
	struct send_batch batch;
	unsigned sent = 0;
	bool full = false;

	/* Each host that is refused takes a batch of its own. */
	while (sent < budget && !full && frames_kernel_room(fr) &&
	       fr->refused - refused < SEND_REFUSED_MOST) {
		unsigned most = budget - sent < TRANSMIT_BATCH ? budget - sent : TRANSMIT_BATCH;
		int taken;

		send_fill(fr, walk, &batch, most, now_ns);
		if (batch.count == 0)
			break;
		taken = send_flush(fr, walk, &batch, now_ns, &full, f);
		if (taken < 0)
			return taken;
		sent += (unsigned)taken;
		/* Round-trip times are measured from when each batch was sent. */
		now_ns = clock_monotonic_ns();
	}
	return (int)sent;
}
