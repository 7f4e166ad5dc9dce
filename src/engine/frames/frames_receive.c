/* frames_receive: reads frames from the rings and turns them into answers. */
#include "engine/frames/frames_receive.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "capture/ring.h"
#include "engine/frames/frames_egress.h"
#include "engine/frames/frames_kernel.h"
#include "engine/frames/frames_match.h"
#include "engine/frames/frames_state.h"
#include "packet/checksum.h"

/* Most interfaces that are polled at once; frames of others are read without being waited for. */
#define RECEIVE_POLLED 64

/* State of one call of frames_receive(). */
struct receive {
	struct frames *fr;
	struct answer *answers;
	unsigned count, max;
	struct frames_clock clock;
};

static void receive_clocks(struct receive *r)
{
	r->clock.now_ns = clock_monotonic_ns();
	r->clock.wall_offset_ns = clock_wall_ns() - r->clock.now_ns;
}

/* A frame's time by CLOCK_MONOTONIC. Never later than now, even if the wall clock was set. */
static uint64_t receive_time(const struct receive *r, const struct ring_frame *frame)
{
	uint64_t t_ns = frame->wall_ns - r->clock.wall_offset_ns;

	return t_ns < r->clock.now_ns ? t_ns : r->clock.now_ns;
}

static void receive_trace(const struct receive *r, const struct ring_frame *frame,
			  const struct packet *p, const struct frames_match *m)
{
	struct trace_event event;

	if (!r->fr->conf.trace)
		return;
	event = (struct trace_event){
		.t_ns = receive_time(r, frame),
		.cell = sheet_tag(m->sheet, m->cell),
		.kind = frame->flags & RING_OUTGOING ? TRACE_SENT : TRACE_RECEIVED,
		.attempt = m->attempt,
		.packet = *p,
	};
	trace_add(r->fr->conf.trace, &event);
}

/* Traces a packet that this host sent: a probe, or our kernel's RST to a SYN+ACK, which has the
 * sequence number that the SYN+ACK acknowledged (RFC 9293, 3.10.7.1). */
static void receive_outgoing(const struct receive *r, const struct ring_frame *frame,
			     const struct packet *p)
{
	const struct frames_claim claim = {
		.target = p->dst,
		.port = p->dport,
		.source = p->src,
		.ours = p->sport,
		.plain = {p->seq, p->seq - 1},
		.plain_count = 2,
	};
	struct frames_match m;

	if (p->has & PACKET_TCP
		    ? frames_match_tcp(r->fr, &claim, &m)
		    : p->has & PACKET_UDP && frames_match_ports(r->fr, &claim, IPPROTO_UDP, &m))
		receive_trace(r, frame, p, &m);
}

static enum reply judge_tcp(const struct frames *fr, const struct packet *p, struct frames_match *m)
{
	const struct frames_claim claim = {
		.target = p->src,
		.port = p->sport,
		.source = p->dst,
		.ours = p->dport,
		.plain = {p->ack - 1, p->ack},
		.plain_count = 2,
		.acked = {p->seq, p->seq - 1},
		.acked_count = 2,
	};

	if (frames_match_tcp(fr, &claim, m))
		return technique_tcp_reply(p->flags, p->window);
	/* A SYN without ACK (simultaneous open) returns no sequence number. */
	if (p->flags & TCP_SYN && !(p->flags & (TCP_ACK | TCP_RST)) &&
	    frames_match_ports(fr, &claim, IPPROTO_TCP, m))
		return technique_tcp_reply(p->flags, p->window);
	if (technique_tcp_reply(p->flags, p->window) == REPLY_ACK &&
	    frames_match_connection(fr, &claim, m))
		return REPLY_ACK;
	m->sheet = NULL;
	return REPLY_SILENCE;
}

static enum reply judge_udp(const struct frames *fr, const struct packet *p, const uint8_t *payload,
			    struct frames_match *m)
{
	const struct frames_claim claim = {
		.target = p->src, .port = p->sport, .source = p->dst, .ours = p->dport};

	if (frames_match_ports(fr, &claim, IPPROTO_UDP, m) ||
	    frames_match_elsewhere(fr, &claim, payload, p->payload_bytes, m))
		return REPLY_DATA;
	m->sheet = NULL;
	return REPLY_SILENCE;
}

/* Matches an ICMP error by the packet it quotes. */
static enum reply judge_icmp(const struct frames *fr, const struct packet *p,
			     struct frames_match *m)
{
	const struct packet_quote *quote = &p->quote;
	const struct frames_claim claim = {
		.target = quote->dst,
		.port = quote->dport,
		.source = quote->src,
		.ours = quote->sport,
		.plain = {quote->seq},
		.plain_count = 1,
	};
	bool ours = quote->proto == IPPROTO_TCP
			    ? frames_match_tcp(fr, &claim, m)
			    : quote->proto == IPPROTO_UDP &&
				      frames_match_ports(fr, &claim, IPPROTO_UDP, m);

	if (!ours) {
		m->sheet = NULL;
		return REPLY_SILENCE;
	}
	return technique_icmp_reply(addr_is_v4(p->src) ? 4 : 6, p->icmp_type, p->icmp_code,
				    addr_equal(p->src, quote->dst));
}

/*
 * Whether a packet can be judged as TCP: a whole header, or a first fragment that ends behind the
 * window field. Its checksum cannot be verified, but its cookie can. IPv6 hosts drop such fragments
 * (RFC 8200, 4.5).
 */
static bool receive_is_tcp(const struct packet *p)
{
	const uint32_t piece = PACKET_TCP_START | PACKET_TCP_FLAGS;

	return p->has & PACKET_TCP || ((p->has & piece) == piece && addr_is_v4(p->src));
}

/*
 * Of a host that is probed by raw IP sockets a packet may come twice: by a ring as it arrived, by a
 * socket as the kernel takes it. Whether it is such a repetition.
 */
static bool receive_repeats(const struct receive *r, const struct ring_frame *frame,
			    const struct frames_match *m, enum reply reply)
{
	const uint32_t tag = sheet_tag(m->sheet, m->cell);
	const struct frames_egress *egress;

	if (!r->fr->kernel)
		return false;
	egress = frames_egress_of(r->fr, m->sheet, m->cell / sheet_plan(m->sheet)->slots);
	if (!(frame->flags & RING_SOCKET) && !(egress && egress->kernel))
		return false;
	if (sheet_get(m->sheet, m->cell) >= (unsigned)reply)
		return true;
	for (unsigned i = 0; i < r->count; i++)
		if (r->answers[i].cell == tag && r->answers[i].reply >= reply)
			return true;
	return false;
}

/*
 * Whether this machine itself made the answer, in place of a target elsewhere: its packet filter
 * rejects the probe, or its ARP or NDP found no neighbour.
 */
static bool answer_is_local(const struct frames *fr, const struct ring_frame *frame,
			    const struct packet *p, const struct frames_match *m)
{
	const struct link *loopback = link_loopback(&fr->links);
	const struct frames_egress *egress;

	if (!(frame->flags & RING_SOCKET))
		return false;
	egress = frames_egress_of(fr, m->sheet, m->cell / sheet_plan(m->sheet)->slots);
	if (!egress || egress->local)
		return false;
	if (p->has & PACKET_ICMP)
		return own_link(&fr->owns, p->src, 0) != 0 && !addr_equal(p->src, p->quote.dst);
	return loopback && frame->interface == loopback->index && p->flags & TCP_RST;
}

static void answer_fill(const struct receive *r, const struct ring_frame *frame,
			const struct packet *p, const struct frames_match *m, struct answer *a)
{
	*a = (struct answer){
		.t_ns = receive_time(r, frame),
		.from = p->src,
		.cell = sheet_tag(m->sheet, m->cell),
		.has = ANSWER_TTL,
		.ttl = p->ttl,
	};
	if (m->has_attempt) {
		a->has |= ANSWER_ATTEMPT;
		a->attempt = m->attempt;
	}
	if (receive_is_tcp(p)) {
		a->has |= ANSWER_WINDOW;
		a->window = p->window;
	} else if (p->has & PACKET_UDP) {
		const struct plan_probe probe = sheet_probe(m->sheet, m->cell);

		a->has |= addr_equal(p->src, probe.to) ? 0 : ANSWER_FROM;
		a->has |= p->sport == probe.port ? 0 : ANSWER_PORT;
		a->window = p->sport == probe.port ? 0 : p->sport;
	} else if (p->has & PACKET_ICMP) {
		a->has |= ANSWER_ICMP;
		a->icmp_type = p->icmp_type;
		a->icmp_code = p->icmp_code;
		if (!addr_equal(p->src, p->quote.dst))
			a->has |= ANSWER_FROM;
	}
	if (answer_is_local(r->fr, frame, p, m)) {
		a->has |= ANSWER_LOCAL;
		a->has &= (uint8_t)~ANSWER_FROM;
	}
}

/* Adds a received packet to the answers, or counts it as invalid or other. */
static void receive_packet(struct receive *r, const struct ring_frame *frame,
			   const struct packet *p)
{
	struct frames *fr = r->fr;
	struct frames_match m;
	enum reply reply;

	if (p->has & (PACKET_MALFORMED | PACKET_SUM_BAD)) {
		fr->stats.invalid++;
		return;
	}
	if (receive_is_tcp(p)) {
		reply = judge_tcp(fr, p, &m);
	} else if (p->has & PACKET_UDP) {
		reply = judge_udp(fr, p, frame->bytes + p->payload_offset, &m);
	} else if (p->has & PACKET_ICMP && p->has & PACKET_QUOTE &&
		   frames_port_ours(fr, p->quote.sport)) {
		reply = judge_icmp(fr, p, &m);
	} else {
		/* Also ICMP errors about other packets, such as our kernel's about an answer. */
		fr->stats.other++;
		return;
	}
	if (!m.sheet) {
		fr->stats.invalid++;
		return;
	}
	if (reply != REPLY_SILENCE && receive_repeats(r, frame, &m, reply))
		return;
	receive_trace(r, frame, p, &m);
	if (reply == REPLY_SILENCE) {
		fr->stats.other++;
		return;
	}
	answer_fill(r, frame, p, &m, &r->answers[r->count]);
	if (reply == REPLY_UNREACH && r->answers[r->count].has & ANSWER_LOCAL &&
	    frames_kernel_absent(fr, m.sheet, m.cell / sheet_plan(m.sheet)->slots))
		return;
	r->answers[r->count++].reply = (uint8_t)reply;
}

/* Whether a received packet is one that this host sent: loopback delivers those, too. */
static bool receive_echo(const struct frames *fr, const struct ring_frame *frame,
			 const struct packet *p)
{
	if (!(p->has & (PACKET_TCP | PACKET_UDP)) || !frames_port_ours(fr, p->sport))
		return false;
	return !frames_port_ours(fr, p->dport) ||
	       frames_match_probe(fr, p, frame->bytes + p->payload_offset);
}

/* Whether the checksum of a TCP or UDP packet is the pseudo-header's sum: left to the device, and
 * so of a packet that never left this machine. */
static bool socket_sum_pending(const struct ring_frame *frame, const struct packet *p)
{
	const size_t header = addr_is_v4(p->src) ? (frame->bytes[0] & 15u) * 4 : 40;
	const size_t at = header + (p->has & PACKET_TCP ? 16 : 6);

	if (p->ip_bytes < header || at + 2 > frame->length)
		return false;
	return bytes_get16(frame->bytes, frame->length, at) ==
	       checksum_fold(
		       checksum_pseudo(p->src, p->dst, p->proto, p->ip_bytes - (uint32_t)header));
}

/* Parses a packet of a raw IP socket, which does not tell whether its checksum was verified. */
static void receive_socket(const struct ring_frame *frame, struct packet *p)
{
	packet_parse_checked(PACKET_LINK_RAW_IP, frame->bytes, frame->length, p);
	if (p->has & PACKET_SUM_BAD && p->has & (PACKET_TCP | PACKET_UDP) &&
	    socket_sum_pending(frame, p))
		p->has &= ~(uint32_t)PACKET_SUM_BAD;
}

static void receive_frame(struct receive *r, enum packet_link link, const struct ring_frame *frame)
{
	struct packet p;

	r->fr->stats.received++;
	/* A checksum that the kernel has verified, or not filled in yet, is not verified again. */
	if (frame->flags & RING_SOCKET)
		receive_socket(frame, &p);
	else if (frame->flags & (RING_SUM_GOOD | RING_SUM_PENDING | RING_OUTGOING))
		packet_parse(link, frame->bytes, frame->length, &p);
	else
		packet_parse_checked(link, frame->bytes, frame->length, &p);
	if (frame->flags & RING_OUTGOING)
		receive_outgoing(r, frame, &p);
	else if (!receive_echo(r->fr, frame, &p))
		receive_packet(r, frame, &p);
}

bool frames_judge(struct frames *fr, enum packet_link link, const struct ring_frame *frame,
		  const struct frames_clock *clock, struct answer *out)
{
	struct receive r = {.fr = fr, .answers = out, .max = 1, .clock = *clock};

	receive_frame(&r, link, frame);
	return r.count > 0;
}

/* Reads what raw IP sockets have received. */
static void receive_sockets(struct receive *r)
{
	struct ring_frame frame;

	for (unsigned i = 0; i < FRAMES_SLOTS && r->count < r->max; i++) {
		if (!frames_kernel_receive(r->fr, &frame))
			break;
		receive_frame(r, PACKET_LINK_RAW_IP, &frame);
	}
}

/* A frame of any kind of link: its IP packet. */
static void receive_other(struct receive *r, struct ring_frame *frame)
{
	if (frame->network > frame->length)
		return;
	frame->bytes += frame->network;
	frame->length -= frame->network;
	receive_frame(r, PACKET_LINK_RAW_IP, frame);
}

/* Reads frames from all rings in turn, until they are empty or answers[] is full. From each at most
 * as many as it has slots, since frames may arrive as fast as they are read. */
static void receive_drain(struct receive *r)
{
	struct frames *fr = r->fr;

	receive_clocks(r);
	for (unsigned looked = 0; looked < fr->in_count && r->count < r->max; looked++) {
		const struct frames_in *in = &fr->ins[fr->in_turn % fr->in_count];
		struct ring *ring = in->ring;
		struct ring_frame frame;

		for (unsigned i = 0; i < FRAMES_SLOTS && r->count < r->max; i++) {
			if (!ring_receive(ring, &frame))
				break;
			if (in->link)
				receive_frame(r, ring_link(ring), &frame);
			else
				receive_other(r, &frame);
			ring_release(ring);
		}
		fr->in_turn++;
	}
	receive_sockets(r);
}

static int receive_error(const struct frames *fr, const struct pollfd *polls, unsigned count,
			 struct failure *f)
{
	for (unsigned i = 0; i < count; i++) {
		const struct frames_in *in = &fr->ins[i];
		char quoted[LINK_QUOTED];
		int error;

		if (!(polls[i].revents & (POLLERR | POLLHUP | POLLNVAL)))
			continue;
		error = ring_error(in->ring);
		/* An interface of many: no route of the plan needs it. */
		if (!in->link)
			continue;
		/* The interface is down: frames_path() reports it, and the ring works again once it
		 * is up. */
		if (error == 0 || error == -ENETDOWN)
			continue;
		failure_set(f, EXIT_UNAVAILABLE, "interface %s: cannot receive: %s",
			    link_quote(in->link, quoted), strerror(-error));
		return error;
	}
	return 0;
}

/* Waits for frames: 1 if there are some, 0 at until_ns or after a signal, or -errno with *f. */
static int receive_wait(const struct frames *fr, uint64_t until_ns, struct failure *f)
{
	struct pollfd polls[RECEIVE_POLLED + FRAMES_KERNEL_SOCKETS];
	unsigned count = fr->in_count < RECEIVE_POLLED ? fr->in_count : RECEIVE_POLLED;
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t left_ns = now_ns < until_ns ? until_ns - now_ns : 0;
	struct timespec left = {(time_t)(left_ns / 1000000000u), (long)(left_ns % 1000000000u)};
	int ready;

	for (unsigned i = 0; i < count; i++)
		polls[i] = (struct pollfd){.fd = ring_fd(fr->ins[i].ring), .events = POLLIN};
	ready = ppoll(polls, count + frames_kernel_polls(fr, polls + count), &left, NULL);
	if (ready < 0 && errno == EINTR)
		return 0;
	if (ready < 0) {
		int error = -errno;

		failure_set(f, EXIT_SOFTWARE, "cannot wait for frames: %s", strerror(-error));
		return error;
	}
	if (ready > 0) {
		int error = receive_error(fr, polls, count, f);

		if (error < 0)
			return error;
	}
	return ready > 0;
}

int frames_receive(struct engine *e, struct answer *answers, unsigned max, uint64_t timeout_ns,
		   struct failure *f)
{
	struct receive r = {.fr = (struct frames *)e, .answers = answers, .max = max};
	uint64_t until_ns = clock_monotonic_ns();

	/* UINT64_MAX means no time limit; the sum must not wrap. */
	until_ns = timeout_ns < UINT64_MAX - until_ns ? until_ns + timeout_ns : UINT64_MAX;
	for (;;) {
		int ready;

		r.count += frames_kernel_answers(r.fr, answers + r.count, max - r.count);
		receive_drain(&r);
		if (r.count > 0 || max == 0)
			return (int)r.count;
		ready = receive_wait(r.fr, until_ns, f);
		/* Frames that are no answers may keep arriving: the time limit holds for them, too.
		 */
		if (ready <= 0 || clock_monotonic_ns() >= until_ns)
			return ready < 0 ? ready : 0;
	}
}
