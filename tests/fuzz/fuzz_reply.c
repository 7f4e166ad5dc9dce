/* Fuzzes the reply decoder of the frames engine against plan and sheets of a scan under way. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "address/ranges.h"
#include "capture/ring.h"
#include "engine/frames/frames_egress.h"
#include "engine/frames/frames_receive.h"
#include "engine/frames/frames_state.h"
#include "input.h"
#include "scan/echo.h"

/*
 * The first byte selects: an arbitrary frame, or one built from the next bytes (the answer to a
 * probe, or the probe itself) and then changed by the rest. A reply that is accepted must carry
 * the cookie, which is computed here independently from the published SipHash; a correct answer
 * must be accepted.
 */
#define BASE	0xf000
#define FIXED	0xf035 /* -g */
#define MOST	512
#define WINDOWS SHEETS

enum { TCP_PORTS = 2200, UDP_PORTS = 300, V4_HOSTS = 60, HOSTS = V4_HOSTS + 1 + 17 };
/* All but connect, which is the kernel's. */
#define TECHNIQUES_USED (((1u << TECHNIQUES) - 1) & ~(1u << TECH_CONNECT))

static struct frames fr;
static struct frames_egress egress[2], *egresses[2] = {&egress[0], &egress[1]};
static struct sheet *sheets[SHEETS];
static struct trace *trace;

/* Probes of ourselves that go from a port to the very same one. */
static struct self {
	uint32_t cell;
	uint8_t window, attempt;
	bool fixed;
} selves[128];
static unsigned self_count;

static struct link lo = {.index = 1, .mtu = 1500};

/* The plan, a second time: sorted addresses, techniques by number, ports in order. */

static struct addr host_of(uint64_t rank)
{
	if (rank < V4_HOSTS)
		return addr_from_v4(0x0a000000 + (uint32_t)rank);
	if (rank == V4_HOSTS) /* ourselves, as is the first of IPv6 */
		return addr_from_v4(0xc0000201);
	return (struct addr){0x20010db800180000, rank - V4_HOSTS};
}

static struct addr source_of(struct addr target)
{
	return addr_is_v4(target) ? addr_from_v4(0xc0000201) : (struct addr){0x20010db800180000, 1};
}

static uint16_t port_of(uint32_t number, uint32_t count)
{
	/* The last fifth lies in the block that our own ports are from. */
	uint32_t low = count - count / 5;

	return (uint16_t)(number < low ? number + 1 : BASE + number - low);
}

struct sent {
	struct addr to, source;
	uint16_t port;
	uint8_t technique, attempt;
	struct sheet *sheet;
	uint32_t cell, tag;
	uint64_t hash;
};

static uint64_t reference_siphash(struct addr to, uint32_t word3);

static struct sent sent_of(unsigned window, uint32_t cell)
{
	struct sent s = {.sheet = sheets[window % WINDOWS]};
	uint32_t slot;

	s.cell = cell % sheet_cells(s.sheet);
	s.to = host_of(sheet_window(s.sheet) * fr.conf.plan->window_hosts +
		       s.cell / fr.conf.plan->slots);
	s.source = source_of(s.to);
	slot = s.cell % fr.conf.plan->slots;
	for (uint8_t t = 0; t < TECHNIQUES; t++) {
		uint32_t count = technique_table[t].proto == IPPROTO_UDP ? UDP_PORTS : TCP_PORTS;

		if (!(TECHNIQUES_USED >> t & 1))
			continue;
		s.technique = t;
		s.port = port_of(slot, count);
		if (slot < count)
			break;
		slot -= count;
	}
	s.tag = (uint32_t)sheet_window(s.sheet) << 20 | s.cell;
	s.hash = reference_siphash(s.to, (uint32_t)s.technique << 16 | s.port);
	return s;
}

/* SipHash-1-3 as its paper defines it, over bytes. */

static uint64_t key_word[2] = {0x0123456789abcdef, 0xfedcba9876543210};

static uint64_t rotated(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotated(v[1], 13) ^ v[0];
	v[3] = rotated(v[3], 16) ^ v[2];
	v[0] = rotated(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotated(v[1], 17) ^ v[2];
	v[3] = rotated(v[3], 21) ^ v[0];
	v[2] = rotated(v[2], 32);
}

static uint64_t reference_siphash(struct addr to, uint32_t word3)
{
	uint64_t v[4] = {key_word[0] ^ UINT64_C(0x736f6d6570736575),
			 key_word[1] ^ UINT64_C(0x646f72616e646f6d),
			 key_word[0] ^ UINT64_C(0x6c7967656e657261),
			 key_word[1] ^ UINT64_C(0x7465646279746573)};
	/* The address, 4 bytes or 16, then port and technique, 3, and the length of all. */
	const uint64_t v4[] = {(uint64_t)7 << 56 | (uint64_t)word3 << 32 | addr_v4(to)};
	const uint64_t v6[] = {to.hi, to.lo, (uint64_t)19 << 56 | word3};
	const uint64_t *message = addr_is_v4(to) ? v4 : v6;

	for (int i = 0; i < (addr_is_v4(to) ? 1 : 3); i++) {
		v[3] ^= message[i];
		sip_round(v);
		v[0] ^= message[i];
	}
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The fixture: a scan whose cells were sent 0 to 3 times, which its number tells. */

static uint8_t tries_of(uint32_t cell)
{
	return (uint8_t)((cell * 2654435761u) >> 30);
}

static void open_sheet(unsigned i)
{
	struct sheet *sheet = sheet_new(fr.conf.plan, i, 0, fr.conf.plan->total, 0);

	input_check(sheet != NULL);
	for (uint32_t cell = 0; cell < sheet_cells(sheet); cell++)
		for (unsigned attempt = 0; attempt < tries_of(cell); attempt++)
			(void)sheet_sent(sheet, cell, attempt, 0);
	fr.windows[i].window = i;
	fr.windows[i].used = true;
	fr.windows[i].egress = calloc(sheet_hosts(sheet), sizeof(uint16_t));
	input_check(fr.windows[i].egress != NULL);
	for (uint32_t host = 0; host < sheet_hosts(sheet); host++)
		fr.windows[i].egress[host] = !addr_is_v4(
			host_of(sheet_window(sheet) * fr.conf.plan->window_hosts + host));
	sheets[i] = sheet;
}

static void find_selves(unsigned window)
{
	for (uint32_t cell = 0; cell < sheet_cells(sheets[window]); cell++) {
		struct sent s = sent_of(window, cell);
		uint8_t attempt = s.port >> 8 & 15;
		bool fixed = s.port == FIXED;

		if (!addr_equal(s.to, s.source) || s.port < BASE || tries_of(cell) == 0)
			continue;
		if (!fixed &&
		    ((uint8_t)s.port != (uint8_t)(s.hash >> 32) || attempt >= tries_of(cell)))
			continue;
		if (self_count < sizeof(selves) / sizeof(selves[0]))
			selves[self_count++] =
				(struct self){cell, (uint8_t)window, fixed ? 0 : attempt, fixed};
	}
}

static void open_fixture(void)
{
	static struct ports ports;
	const uint64_t seed[2] = {11, 12};
	struct ranges targets = {0};
	struct failure f = {0};

	for (uint32_t p = 0; p < TCP_PORTS; p++)
		port_set_add(&ports.tcp, port_of(p, TCP_PORTS));
	for (uint32_t p = 0; p < UDP_PORTS; p++)
		port_set_add(&ports.udp, port_of(p, UDP_PORTS));
	for (uint64_t rank = 0; rank < HOSTS; rank++)
		input_check(ranges_add(&targets, host_of(rank), host_of(rank)) == 0);
	ranges_normalise(&targets);
	fr.conf.plan = plan_new(&targets, &ports, TECHNIQUES_USED, seed, &f);
	ranges_fini(&targets);
	input_check(fr.conf.plan != NULL && fr.conf.plan->windows == WINDOWS);
	input_check(fr.conf.plan->hosts == HOSTS);
	memcpy(fr.conf.key.k, key_word, sizeof(key_word));
	fr.conf.sheets = sheets;
	fr.techniques = TECHNIQUES_USED;
	fr.egresses = egresses;
	fr.egress_count = 2;
	for (unsigned i = 0; i < 2; i++) {
		egress[i].source = source_of(host_of(i ? V4_HOSTS + 1 : 0));
		egress[i].link = &lo;
	}
	for (unsigned i = 0; i < WINDOWS; i++) {
		open_sheet(i);
		find_selves(i);
	}
	input_check(self_count > 8 && selves[0].window < WINDOWS);
	trace = trace_new(64);
	input_check(trace != NULL);
}

/* What a probe and the answers to it look like. */

static uint16_t our_port(const struct sent *s)
{
	if (fr.conf.has_source_port)
		return FIXED;
	return (uint16_t)(BASE | s->attempt << 8 | (uint8_t)(s->hash >> 32));
}

static uint32_t our_number(const struct sent *s)
{
	return (uint32_t)s->hash ^ s->tag;
}

static uint64_t rank_of(const struct sent *s)
{
	return sheet_window(s->sheet) * fr.conf.plan->window_hosts + s->cell / fr.conf.plan->slots;
}

static size_t make_probe(const struct sent *s, enum packet_link link, uint8_t *frame)
{
	const struct technique *row = &technique_table[s->technique];
	uint8_t payload[PAYLOAD_MOST];
	size_t length = 0;
	struct packet p = {
		.has = row->proto == IPPROTO_UDP ? PACKET_UDP : PACKET_TCP,
		.src = s->source,
		.dst = s->to,
		.ttl = 64,
		.sport = our_port(s),
		.dport = s->port,
		.flags = row->flags,
	};

	if (row->proto == IPPROTO_UDP) {
		const struct probe probe = {
			.to = s->to, .cell = s->tag, .port = s->port, .attempt = s->attempt};

		length = frames_egress_payload(&fr, &egress[!addr_is_v4(s->to)], &probe, rank_of(s),
					       payload);
	} else {
		p.seq = our_number(s);
		p.ack = row->flags & TCP_ACK ? our_number(s) : 0;
		p.window = 1024;
	}
	return packet_build(link, &p, payload, length, frame, MOST);
}

static size_t make_icmp(const struct sent *s, bool router, enum packet_link link, uint8_t *frame)
{
	uint8_t probe[MOST];
	size_t length = make_probe(s, PACKET_LINK_RAW_IP, probe);
	bool v4 = addr_is_v4(s->to);
	struct packet p = {
		.has = PACKET_ICMP,
		.src = s->to,
		.dst = s->source,
		.ttl = 60,
		.icmp_type = v4 ? 3 : 1,
		.icmp_code = v4 ? 3 : 4,
	};

	if (router)
		p.src = v4 ? addr_from_v4(0xc63364fe) : (struct addr){0x20010db800990000, 7};
	/* The header and eight bytes behind it are what RFC 792 asks for. */
	if (v4 && length > 28)
		length = 28;
	return length ? packet_build(link, &p, probe, length, frame, MOST) : 0;
}

/* The answer that technique.c's rules are about; *reply is what it must be taken for. */
static size_t make_answer(const struct sent *s, unsigned kind, enum packet_link link,
			  uint8_t *frame, enum reply *reply)
{
	const struct technique *row = &technique_table[s->technique];
	struct packet p = {
		.src = s->to, .dst = s->source, .ttl = 60, .sport = s->port, .dport = our_port(s)};

	if (kind % 4 == 3) {
		*reply = kind & 4 ? REPLY_UNREACH : REPLY_PORT_UNREACH;
		return make_icmp(s, kind & 4, link, frame);
	}
	if (row->proto == IPPROTO_UDP) {
		*reply = REPLY_DATA;
		p.has = PACKET_UDP;
		return packet_build(link, &p, (const uint8_t *)"yes", 3, frame, MOST);
	}
	p.has = PACKET_TCP;
	p.flags = TCP_RST | TCP_ACK;
	p.ack = our_number(s) + !!(row->flags & (TCP_SYN | TCP_FIN));
	*reply = REPLY_RST;
	if (row->flags & TCP_ACK || kind & 8) {
		p.flags = TCP_RST;
		p.seq = our_number(s);
		p.ack = 0;
	} else if (kind % 4 == 1) {
		p.flags = TCP_SYN | TCP_ACK;
		p.seq = 4711;
		p.window = 64240;
		*reply = REPLY_SYN_ACK;
	} else if (kind % 4 == 2 && row->flags == TCP_SYN) {
		p.flags = TCP_SYN;
		p.ack = 0;
		*reply = REPLY_SYN;
	}
	return packet_build(link, &p, NULL, 0, frame, MOST);
}

/* The oracle. */

static void check_number(const struct sent *s, const struct packet *p)
{
	const struct technique *row = &technique_table[s->technique];
	uint32_t want = our_number(s);

	if (row->proto == IPPROTO_UDP)
		return; /* its cookie is the port's byte */
	if (p->has & PACKET_ICMP) {
		input_check(p->quote.seq == want);
		return;
	}
	input_check(
		p->ack == want || p->ack == want + 1 ||
		(row->flags & TCP_ACK && (p->seq == want || p->seq == want + 1)) ||
		(row->flags == TCP_SYN && (p->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN) ||
		(p->flags & (TCP_FIN | TCP_SYN | TCP_ACK | TCP_RST)) == TCP_ACK);
}

static void check_kind(const struct packet *p, unsigned reply)
{
	switch (reply) {
	case REPLY_SYN_ACK:
		input_check((p->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == (TCP_SYN | TCP_ACK));
		break;
	case REPLY_SYN:
		input_check((p->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN);
		break;
	case REPLY_RST:
	case REPLY_RST_WINDOW:
		input_check(p->flags & TCP_RST && (p->window != 0) == (reply == REPLY_RST_WINDOW));
		break;
	case REPLY_ACK:
		input_check((p->flags & (TCP_FIN | TCP_SYN | TCP_ACK | TCP_RST)) == TCP_ACK);
		break;
	case REPLY_DATA:
		input_check(p->has & PACKET_UDP);
		break;
	case REPLY_PORT_UNREACH:
		input_check(p->has & PACKET_ICMP && addr_equal(p->src, p->quote.dst));
		break;
	default:
		input_check(reply == REPLY_UNREACH && p->has & PACKET_ICMP);
	}
}

static bool has_bytes(const uint8_t *payload, size_t length, const uint8_t *part, size_t count)
{
	for (size_t at = 0; at + count <= length; at++)
		if (memcmp(payload + at, part, count) == 0)
			return true;
	return false;
}

/* A packet comes from where the probe went; or it is a datagram that returns two bytes of the
 * probe's cookie at least, or one of TFTP from the probed address. */
static void check_origin(const struct sent *s, const struct packet *p, const uint8_t *payload,
			 const struct answer *a)
{
	const bool here = addr_equal(p->src, s->to), same = p->sport == s->port;
	uint8_t cookie[PAYLOAD_ECHO];

	if (p->has & PACKET_UDP) {
		input_check(!(a->has & ANSWER_FROM) == here);
		input_check(!(a->has & ANSWER_PORT) == same && (same || a->window == p->sport));
	}
	if (here && same)
		return;
	input_check(p->has & PACKET_UDP);
	if (s->port == 69) {
		input_check(here && p->payload_bytes > 1 && payload[0] == 0 && payload[1] >= 3);
		return;
	}
	echo_make(&fr.conf.key, s->to, s->port, rank_of(s), cookie);
	input_check(has_bytes(payload, p->payload_bytes, cookie, 2));
}

/* Only what carries the cookie of a probe that was sent is an answer. */
static void check_answer(enum packet_link link, const struct ring_frame *frame,
			 const struct answer *a)
{
	struct sent s = sent_of(a->cell >> 20, a->cell & 0xfffff);
	struct packet p;
	uint16_t ours;

	packet_parse_checked(link, frame->bytes, frame->length, &p);
	input_check(a->cell >> 20 < WINDOWS && (a->cell & 0xfffff) == s.cell);
	input_check(!(p.has & PACKET_MALFORMED));
	input_check(!(p.has & PACKET_SUM_BAD) || frame->flags & (RING_SUM_GOOD | RING_SUM_PENDING));
	input_check(!(frame->flags & RING_OUTGOING));
	ours = p.has & PACKET_ICMP ? p.quote.sport : p.dport;
	s.attempt = ours >> 8 & 15;
	/* With -g also from the block: those are sent where that port has a connection. */
	const bool fixed = fr.conf.has_source_port && ours == FIXED;

	if (fixed)
		s.attempt = 0;
	input_check(fixed || ours == (uint16_t)(BASE | s.attempt << 8 | (uint8_t)(s.hash >> 32)));
	input_check(s.attempt < tries_of(s.cell));
	input_check(!!(a->has & ANSWER_ATTEMPT) == !fixed);
	input_check(a->attempt == s.attempt && addr_equal(a->from, p.src));
	if (p.has & PACKET_ICMP) {
		input_check(p.quote.proto == technique_table[s.technique].proto);
		input_check(addr_equal(p.quote.dst, s.to) && addr_equal(p.quote.src, s.source));
		input_check(p.quote.dport == s.port);
	} else {
		input_check(!(p.has & PACKET_TCP) ==
			    (technique_table[s.technique].proto == IPPROTO_UDP));
		input_check(addr_equal(p.dst, s.source));
		check_origin(&s, &p, frame->bytes + p.payload_offset, a);
	}
	check_number(&s, &p);
	check_kind(&p, a->reply);
}

static bool judge(enum packet_link link, const struct ring_frame *frame, struct answer *answer)
{
	const struct frames_clock clock = {.now_ns = 1000, .wall_offset_ns = 500};
	const struct engine_stats before = fr.stats;
	bool believed;

	trace->count = 0;
	believed = frames_judge(&fr, link, frame, &clock, answer);
	input_check(fr.stats.received == before.received + 1);
	input_check(fr.stats.invalid + fr.stats.other - before.invalid - before.other + believed <=
		    1);
	if (believed) {
		check_answer(link, frame, answer);
		input_check(answer->t_ns <= clock.now_ns);
	}
	return believed;
}

/* Pairs of offset and what to change there; whether anything was. */
static bool change(struct input *in, uint8_t *frame, size_t length)
{
	bool changed = false;

	while (in->left >= 2 && length) {
		unsigned at = input_take(in, 1), bits = input_take(in, 1);

		frame[at % length] ^= (uint8_t)bits;
		changed |= bits != 0;
	}
	return changed;
}

/* The probe that the next bytes name; *right is false if no such probe was sent. */
static struct sent choose(struct input *in, unsigned choice, unsigned *kind, bool *right)
{
	unsigned window = input_take(in, 1);
	struct sent s = sent_of(window, input_take(in, 3));

	*kind = input_take(in, 1);
	s.attempt = (uint8_t)(*kind >> 4);
	*right = true;
	if (choice & 64) {
		const struct self *self = &selves[s.cell % self_count];

		s = sent_of(self->window, self->cell);
		s.attempt = self->attempt;
		*right = self->fixed == fr.conf.has_source_port;
	} else if (choice & 32) {
		/* This address and port, but the number of another host's same port. */
		s.tag += (1 + input_take(in, 1) % 50) * fr.conf.plan->slots;
		*right = false;
	}
	if ((fr.conf.has_source_port ? 0 : s.attempt) >= tries_of(s.cell))
		*right = false;
	return s;
}

static void fuzz_made(struct input *in, unsigned choice)
{
	enum packet_link link = choice & 16 ? PACKET_LINK_RAW_IP : PACKET_LINK_ETHERNET;
	unsigned kind;
	bool was_sent;
	struct sent s = choose(in, choice, &kind, &was_sent);
	bool probe = choice & 1, changed;
	uint8_t frame[MOST], *copy;
	struct ring_frame in_ring = {.wall_ns = input_take(in, 2),
				     .flags = input_take(in, 1) & 0x3f};
	enum reply reply = REPLY_SILENCE;
	struct answer answer;

	in_ring.length = (uint32_t)(probe ? make_probe(&s, link, frame)
					  : make_answer(&s, kind, link, frame, &reply));
	if (in_ring.length == 0)
		return;
	changed = change(in, frame, in_ring.length);
	/* Another cell's number, or one where this technique's answers have none. */
	changed |= choice & 32;
	changed |= !probe && kind & 8 && !(technique_table[s.technique].flags & TCP_ACK);
	/* On the heap, so that a byte behind the end is seen to be read. */
	copy = malloc(in_ring.length);
	if (!copy)
		return;
	memcpy(copy, frame, in_ring.length);
	in_ring.bytes = copy;
	if (judge(link, &in_ring, &answer)) {
		input_check(!probe || changed || !was_sent);
		input_check(changed || probe || (answer.cell == s.tag && answer.reply == reply));
	} else {
		input_check(probe || changed || !was_sent || in_ring.flags & RING_OUTGOING);
	}
	free(copy);
}

static void fuzz_any(struct input *in, unsigned choice)
{
	static const enum packet_link links[] = {PACKET_LINK_ETHERNET, PACKET_LINK_RAW_IP};
	struct ring_frame frame = {.wall_ns = 1, .flags = input_take(in, 1) & 0x3f};
	struct answer answer;

	frame.bytes = in->at;
	frame.length = (uint32_t)in->left;
	(void)judge(links[choice >> 4 & 1], &frame, &answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	unsigned choice = input_take(&in, 1);

	if (!trace)
		open_fixture();
	fr.conf.has_source_port = choice & 4;
	fr.conf.trace = choice & 8 ? trace : NULL;
	fr.port = choice & 4 ? FIXED : BASE;
	fr.port_mask = choice & 4 ? 0xffff : 0xf000;
	fr.block = BASE;
	if (choice & 2)
		fuzz_any(&in, choice);
	else
		fuzz_made(&in, choice);
	return 0;
}
