/* watch_lab: the detector with made-up traffic: contacts of every kind, and what was said. */
#ifndef PORTLIGHT_TESTS_WATCH_LAB_H
#define PORTLIGHT_TESTS_WATCH_LAB_H

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "packet/packet.h"
#include "result/event.h"
#include "watch/watch.h"

#define LAB_EVENTS 4096
#define LAB_RANGES 64
#define LAB_START  UINT64_C(1700000000000000000)
#define MS	   UINT64_C(1000000)
#define SECOND	   (1000 * MS)
#define BIT(n)	   (UINT32_C(1) << (n))

/* What comes of a contact. */
enum lab_outcome {
	REFUSED,  /* RST, or ICMP port unreachable for UDP */
	SILENT,	  /* nothing */
	REJECTED, /* ICMP: administratively prohibited, by a router */
	HALF,	  /* SYN+ACK, then the opener's RST */
	HALF_OS,  /* SYN+ACK, then nothing */
	IDLE,	  /* handshake, then the opener closes without a word */
	USED,	  /* handshake, data both ways, both close; UDP and the rest: an answer */
};

struct lab_event {
	struct event event; /* pointers of port sets are not valid any more */
	uint16_t range[LAB_RANGES][2];
	size_t ranges; /* of TCP */
	uint16_t open[LAB_RANGES][2];
	size_t open_ranges;
	struct event_target first_target;
	size_t targets;
	bool lists; /* lab.looked_for is among its suspects */
};

struct lab {
	struct watch *watch;
	struct watch_conf conf;
	uint64_t t_ns;
	uint64_t gap_ns;  /* between packets */
	bool v6, one_way; /* one_way: what the contacted side sends is not seen */
	bool inwards;	  /* what hosts of lab_near send is not seen */
	unsigned copies;  /* copies of each packet: it passed that many more interfaces and was
			     captured at each */
	bool raw;	  /* SYNs as hand-made ones: window 1024, one sequence number */
	uint8_t way;	  /* enum sight_way of each packet */
	uint16_t interface;
	bool bad_clock; /* statements may go back in time */
	struct addr looked_for;
	uint64_t random; /* state */
	struct lab_event *told;
	size_t count, alerts, open;
	/* Alerts that were opened and then named so at the end. */
	uint32_t seen_actions;
};

/* SplitMix64 (Steele, Lea, Flood 2014). */
static inline uint64_t lab_random(struct lab *l)
{
	uint64_t z = l->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline unsigned lab_below(struct lab *l, unsigned n)
{
	return (unsigned)(lab_random(l) % n);
}

/* An ephemeral port as Linux draws it. */
static inline uint16_t lab_port(struct lab *l)
{
	return (uint16_t)(32768 + lab_below(l, 28232));
}

/* The n-th host of a network: 10.1.0.0/16, 2001:db8:0:1::/64. */
static inline struct addr lab_near(const struct lab *l, uint32_t n)
{
	return l->v6 ? (struct addr){UINT64_C(0x20010db800000001), n + 1}
		     : addr_from_v4(0x0a010001 + n + 2 * (n / 254));
}

static inline bool lab_is_near(struct addr a)
{
	return addr_is_v4(a) ? addr_v4(a) >> 16 == 0x0a01 : a.hi == UINT64_C(0x20010db800000001);
}

/* The n-th of hosts that are scattered over the Internet: no two in one /24 or /64. */
static inline struct addr lab_far(const struct lab *l, uint32_t n)
{
	uint32_t mixed = (n * UINT32_C(2654435761)) & 0x3fffff;

	return l->v6 ? (struct addr){UINT64_C(0x2a00000000000000) | (uint64_t)mixed << 16, n + 1}
		     : addr_from_v4(0x40000000 | mixed << 8 | (n % 250 + 1));
}

static inline size_t lab_ranges(const struct event_ports *ports, uint16_t (*out)[2],
				uint64_t *total)
{
	for (size_t i = 0; i < ports->count; i++) {
		assert_true(ports->range[i][0] <= ports->range[i][1]);
		if (i)
			assert_true(ports->range[i][0] > ports->range[i - 1][1] + 1);
		*total += (uint64_t)(ports->range[i][1] - ports->range[i][0]) + 1;
		if (i < LAB_RANGES)
			memcpy(out[i], ports->range[i], sizeof(out[i]));
	}
	return ports->count;
}

/* Properties of every event, for any input. */
static inline void lab_check_event(const struct lab *l, const struct event *e)
{
	const struct event *before = NULL;

	assert_true(e->action < EVENT_ACTIONS && e->phase < EVENT_PHASES);
	assert_true(e->shape < EVENT_SHAPES && e->tool < EVENT_TOOLS);
	assert_true(e->techniques < BIT(SEEN_TECHNIQUES));
	assert_true(e->confidence >= 0 && e->confidence <= 1);
	assert_true(e->tool_confidence >= 0 && e->tool_confidence <= 1);
	assert_true(e->first_ns <= e->last_ns && e->rate_pps >= 0);
	assert_string_not_equal(event_action_name(e->action), "unknown");
	for (size_t i = 0; i < l->count; i++)
		if (l->told[i].event.id == e->id)
			before = &l->told[i].event;
	if (e->action == EVENT_BLIND || e->action == EVENT_SUPPRESSED) {
		assert_null(before);
		return;
	}
	if (e->phase == EVENT_OPEN) {
		assert_null(before);
	} else {
		assert_non_null(before);
		assert_int_not_equal(before->phase, EVENT_CLOSE);
		assert_true(e->packets >= before->packets && e->hosts >= before->hosts);
		assert_true(e->ports_total >= before->ports_total);
		assert_true(e->failed >= before->failed && e->answered >= before->answered);
		assert_true(e->sources >= before->sources && e->last_ns >= before->last_ns);
		assert_int_equal(e->updates, before->updates + (before->phase == EVENT_UPDATE));
		assert_true(e->t_ns >= before->t_ns || l->bad_clock);
	}
	assert_true(e->suspects.count == 0 || e->action == EVENT_SYN_FLOOD);
	if (!event_is_alert(e->action))
		return;
	assert_int_not_equal(e->techniques, 0);
	assert_true(e->hosts > 0 && e->sources > 0 && e->packets >= e->hosts);
	assert_true(e->packets >= e->failed && e->packets >= e->ports_total);
	assert_true(e->action == EVENT_DISTRIBUTED_SCAN || e->has & EVENT_HAS_SOURCE);
	assert_true(!(e->has & EVENT_HANDSHAKE) != !(e->has & EVENT_SPOOFABLE));
}

static inline void lab_event(void *context, const struct event *e)
{
	struct lab *l = context;
	struct lab_event *to;
	uint64_t tcp = 0, udp = 0, sctp = 0, open = 0;
	uint16_t other[LAB_RANGES][2];

	lab_check_event(l, e);
	assert_true(l->count < LAB_EVENTS);
	to = &l->told[l->count++];
	to->event = *e;
	to->ranges = lab_ranges(&e->tcp, to->range, &tcp);
	(void)lab_ranges(&e->udp, other, &udp);
	(void)lab_ranges(&e->sctp, other, &sctp);
	to->open_ranges = lab_ranges(&e->open, to->open, &open);
	to->targets = e->targets.count;
	if (e->targets.count)
		to->first_target = e->targets.target[0];
	to->lists = false;
	for (size_t i = 0; i < e->suspects.count; i++)
		to->lists |= addr_equal(e->suspects.suspect[i].source, l->looked_for);
	if (e->action < EVENT_BLIND)
		assert_int_equal(tcp + udp + sctp, e->ports_total);
	assert_true(open <= e->ports_total);
	if (e->phase == EVENT_OPEN)
		l->alerts += event_is_alert(e->action);
	l->seen_actions |= BIT(e->action);
}

/* Set up with the defaults; the caller may change l->conf before lab_begin. */
static inline void lab_init(struct lab *l)
{
	static struct lab_event told[LAB_EVENTS];

	memset(l, 0, sizeof(*l));
	watch_conf_init(&l->conf);
	l->conf.key = (struct siphash_key){{1, 2}};
	l->conf.event = lab_event;
	l->conf.event_context = l;
	l->t_ns = LAB_START;
	l->gap_ns = 50000;
	l->random = 20261123;
	l->told = told;
}

static inline void lab_begin(struct lab *l)
{
	l->watch = watch_new(&l->conf);
	assert_non_null(l->watch);
}

static inline struct lab *lab_open(struct lab *l)
{
	lab_init(l);
	lab_begin(l);
	return l;
}

/* Every scan that was opened is closed at the end. */
static inline void lab_finish(struct lab *l)
{
	watch_finish(l->watch);
	for (size_t i = 0; i < l->count; i++) {
		const struct event *e = &l->told[i].event;
		bool closed = false;

		if (e->phase != EVENT_OPEN || e->action >= EVENT_BLIND)
			continue;
		for (size_t j = i + 1; j < l->count; j++)
			closed |= l->told[j].event.id == e->id &&
				  l->told[j].event.phase == EVENT_CLOSE;
		assert_true(closed);
	}
	watch_free(l->watch);
	l->watch = NULL;
}

static inline void lab_print(const struct lab *l)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct event *e = &l->told[i].event;
		char a[ADDR_TEXT], b[ADDR_TEXT], t[128];

		print_message("# %s %s %s from %s to %s by %s: %llu ports %llu hosts %llu "
			      "sources %llu packets, %.1f/s\n",
			      event_phase_name(e->phase), event_action_name(e->action),
			      event_shape_name(e->shape), addr_format(e->source, a),
			      addr_format(e->target, b),
			      event_techniques_text(e->techniques, t, sizeof(t)),
			      (unsigned long long)e->ports_total, (unsigned long long)e->hosts,
			      (unsigned long long)e->sources, (unsigned long long)e->packets,
			      e->rate_pps);
	}
}

/* Nothing was said that is an alert; `others`: nor anything else. */
static inline void lab_silent(struct lab *l, bool others)
{
	lab_finish(l);
	if (l->alerts || (others && l->count)) {
		lab_print(l);
		fail_msg("%zu alerts, %zu statements in all", l->alerts, l->count);
	}
}

/* The latest statement about an alert from `source`, or about any if that is NULL. */
static inline const struct lab_event *lab_alert(const struct lab *l, const struct addr *source)
{
	for (size_t i = l->count; i-- > 0;) {
		const struct event *e = &l->told[i].event;

		if (event_is_alert(e->action) && (!source || addr_equal(e->source, *source)))
			return &l->told[i];
	}
	return NULL;
}

static inline const struct lab_event *lab_action(const struct lab *l, unsigned action)
{
	for (size_t i = l->count; i-- > 0;)
		if (l->told[i].event.action == action)
			return &l->told[i];
	return NULL;
}

/* Finishes; exactly one alert was reported, and this is how it ended. */
static inline const struct lab_event *lab_one_alert(struct lab *l)
{
	lab_finish(l);
	if (l->alerts != 1) {
		lab_print(l);
		fail_msg("%zu alerts, not one", l->alerts);
	}
	return lab_alert(l, NULL);
}

static inline void lab_packet(struct lab *l, const struct packet *p)
{
	struct packet copy = *p;

	for (unsigned n = 0; n <= l->copies; n++, copy.ttl--) {
		struct sighting s;

		if (l->inwards && lab_is_near(p->src))
			continue;
		prefetch_bucket(l->watch, &copy, &s);
		s.way = l->way;
		s.interface = l->interface;
		watch_judge(l->watch, l->t_ns + n * 4000, &copy, &s);
	}
	l->t_ns += l->gap_ns;
}

/* Time passes; the caller of the detector looks at the clock once a second. */
static inline void lab_wait(struct lab *l, uint64_t ns)
{
	uint64_t until = l->t_ns + ns;

	while (l->t_ns < until) {
		uint64_t left = until - l->t_ns;

		l->t_ns += left < SECOND ? left : SECOND;
		watch_tick(l->watch, l->t_ns);
	}
}

static inline struct packet lab_tcp(struct lab *l, struct addr src, struct addr dst, uint16_t sport,
				    uint16_t dport)
{
	return (struct packet){
		.has = PACKET_IP | PACKET_TCP,
		.src = src,
		.dst = dst,
		.proto = IPPROTO_TCP,
		.ttl = 64,
		.ip_id = (uint16_t)lab_random(l),
		.sport = sport,
		.dport = dport,
		.seq = (uint32_t)lab_random(l),
		.window = 502,
	};
}

static inline struct packet lab_syn(struct lab *l, struct addr src, struct addr dst, uint16_t sport,
				    uint16_t dport)
{
	struct packet p = lab_tcp(l, src, dst, sport, dport);

	p.has |= PACKET_MSS;
	p.mss = 1460;
	p.flags = TCP_SYN;
	p.window = l->raw ? 1024 : 64240;
	if (l->raw) {
		p.seq = 4711;
		p.ttl = 50;
	}
	return p;
}

/* The number that the contacted side begins with. */
static inline uint32_t lab_server_seq(const struct packet *first)
{
	return first->seq * UINT32_C(2654435761) + first->dport;
}

/* The same segment, one way or the other, later in a connection. */
static inline void lab_segment(struct lab *l, const struct packet *first, bool back, uint8_t flags,
			       uint32_t payload)
{
	struct packet p = *first;

	if (back && l->one_way)
		return;
	if (back) {
		p.src = first->dst;
		p.dst = first->src;
		p.sport = first->dport;
		p.dport = first->sport;
	}
	p.has &= ~(uint32_t)PACKET_MSS;
	if (flags & TCP_SYN)
		p.has |= PACKET_MSS;
	p.flags = flags;
	/* The server's initial sequence number is known only to a host that receives it (RFC 9293,
	 * 3.4.1). */
	p.seq = back ? lab_server_seq(first) + !(flags & TCP_SYN) : first->seq + 1;
	p.ack = back ? first->seq + 1 : lab_server_seq(first) + 1;
	p.payload_bytes = payload;
	lab_packet(l, &p);
}

/* A segment of a connection whose beginning was not captured. */
static inline struct packet lab_stray(struct lab *l, struct addr src, struct addr dst,
				      const uint16_t ports[2], uint8_t flags, uint32_t payload)
{
	struct packet p = lab_tcp(l, src, dst, ports[0], ports[1]);

	p.flags = flags;
	p.ack = (uint32_t)lab_random(l);
	p.payload_bytes = payload;
	lab_packet(l, &p);
	return p;
}

/* An ICMP error that quotes *about: the target's own if router is NULL. */
static inline void lab_error(struct lab *l, const struct packet *about, const struct addr *router,
			     uint8_t type, uint8_t code)
{
	bool v4 = addr_is_v4(about->src);
	struct packet p = {
		.has = PACKET_IP | PACKET_ICMP | PACKET_QUOTE,
		.src = router ? *router : about->dst,
		.dst = about->src,
		.proto = v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6,
		.ttl = 60,
		.icmp_type = type,
		.icmp_code = code,
		.quote = {about->src, about->dst, about->sport, about->dport, about->seq,
			  about->ip_id, about->proto, about->ttl},
	};

	if (!l->one_way)
		lab_packet(l, &p);
}

static inline void lab_port_unreachable(struct lab *l, const struct packet *about)
{
	bool v4 = addr_is_v4(about->src);

	lab_error(l, about, NULL, v4 ? 3 : 1, v4 ? 3 : 4);
}

static inline void lab_prohibited(struct lab *l, const struct packet *about)
{
	struct addr router = addr_is_v4(about->dst) ? addr_from_v4(0x0afffffe)
						    : (struct addr){0x20010db8ffff0000, 1};
	bool v4 = addr_is_v4(about->src);

	lab_error(l, about, &router, v4 ? 3 : 1, v4 ? 13 : 1);
}

/* A connection from its SYN to its end. */
static inline void lab_connect(struct lab *l, struct addr src, struct addr dst, uint16_t sport,
			       uint16_t dport, enum lab_outcome outcome)
{
	struct packet p = lab_syn(l, src, dst, sport, dport);

	lab_packet(l, &p);
	if (outcome == REFUSED)
		lab_segment(l, &p, true, TCP_RST | TCP_ACK, 0);
	else if (outcome == REJECTED)
		lab_prohibited(l, &p);
	if (outcome < HALF)
		return;
	lab_segment(l, &p, true, TCP_SYN | TCP_ACK, 0);
	if (outcome == HALF)
		lab_segment(l, &p, false, TCP_RST, 0);
	if (outcome == HALF || outcome == HALF_OS)
		return;
	lab_segment(l, &p, false, TCP_ACK, 0);
	if (outcome == USED) {
		lab_segment(l, &p, false, TCP_ACK | TCP_PSH, 300);
		lab_segment(l, &p, true, TCP_ACK, 0);
		lab_segment(l, &p, true, TCP_ACK | TCP_PSH, 1400);
		lab_segment(l, &p, false, TCP_ACK, 0);
	}
	lab_segment(l, &p, false, TCP_FIN | TCP_ACK, 0);
	lab_segment(l, &p, true, TCP_FIN | TCP_ACK, 0);
	lab_segment(l, &p, false, TCP_ACK, 0);
}

/* A segment that a technique other than SYN and connect sends. */
static inline void lab_segment_probe(struct lab *l, struct addr src, struct addr dst,
				     const uint16_t ports[2], uint8_t flags,
				     enum lab_outcome outcome)
{
	struct packet p = lab_tcp(l, src, dst, ports[0], ports[1]);

	p.flags = flags;
	if (l->raw) {
		p.seq = 4711;
		p.window = 1024;
		p.ttl = 50;
	}
	lab_packet(l, &p);
	if (outcome == REFUSED)
		lab_segment(l, &p, true, TCP_RST | TCP_ACK, 0);
	else if (outcome == REJECTED)
		lab_prohibited(l, &p);
}

static inline void lab_udp(struct lab *l, struct addr src, struct addr dst, uint16_t sport,
			   uint16_t dport, enum lab_outcome outcome)
{
	struct packet p = {
		.has = PACKET_IP | PACKET_UDP,
		.src = src,
		.dst = dst,
		.proto = IPPROTO_UDP,
		.ttl = 64,
		.sport = sport,
		.dport = dport,
		.payload_bytes = 40,
	};
	struct packet back = p;

	lab_packet(l, &p);
	if (outcome == REFUSED)
		lab_port_unreachable(l, &p);
	else if (outcome == REJECTED)
		lab_prohibited(l, &p);
	if (outcome != USED || l->one_way)
		return;
	back.src = dst;
	back.dst = src;
	back.sport = dport;
	back.dport = sport;
	lab_packet(l, &back);
}

static inline void lab_ping(struct lab *l, struct addr src, struct addr dst,
			    enum lab_outcome outcome)
{
	bool v4 = addr_is_v4(src);
	struct packet p = {
		.has = PACKET_IP | PACKET_ICMP,
		.src = src,
		.dst = dst,
		.proto = v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6,
		.ttl = 64,
		.icmp_type = v4 ? 8 : 128,
		.icmp_rest = (uint32_t)lab_random(l),
	};

	lab_packet(l, &p);
	if (outcome != USED || l->one_way)
		return;
	p.src = dst;
	p.dst = src;
	p.icmp_type = v4 ? 0 : 129;
	lab_packet(l, &p);
}

/* An ARP request, and a reply if the outcome is USED. */
static inline void lab_arp(struct lab *l, struct addr src, struct addr dst,
			   enum lab_outcome outcome)
{
	struct packet p = {
		.has = PACKET_ETHERNET | PACKET_ARP,
		.arp_operation = 1,
		.arp_sender = src,
		.arp_target = dst,
	};

	lab_packet(l, &p);
	if (outcome != USED || l->one_way)
		return;
	p.arp_operation = 2;
	p.arp_sender = dst;
	p.arp_target = src;
	lab_packet(l, &p);
}

static inline void lab_protocol(struct lab *l, struct addr src, struct addr dst, uint8_t protocol,
				enum lab_outcome outcome)
{
	struct packet p = {.has = PACKET_IP, .src = src, .dst = dst, .proto = protocol, .ttl = 64};

	lab_packet(l, &p);
	if (outcome == REFUSED) /* protocol unreachable; unrecognised next header */
		lab_error(l, &p, NULL, addr_is_v4(src) ? 3 : 4, addr_is_v4(src) ? 2 : 1);
}

/*
 * The TCP flags of a technique by its bit (event.h): typed from the literature, not from the table.
 * Those that are no TCP technique have none.
 */
static inline uint8_t lab_flags(unsigned technique)
{
	static const uint8_t flags[SEEN_TECHNIQUES] = {
		[TECH_CONNECT] = 0x02, [TECH_SYN] = 0x02, [TECH_FIN] = 0x01,	[TECH_NULL] = 0x00,
		[TECH_XMAS] = 0x29,    [TECH_ACK] = 0x10, [TECH_WINDOW] = 0x10, [TECH_TTL] = 0x10,
		[TECH_MAIMON] = 0x11,  [SEEN_ODD] = 0x2b, /* SYN, FIN, PSH, URG: nmap's OS probe T3
							   */
	};

	return flags[technique];
}

/* A SYN+ACK that answers nothing; a raw one, since a server's is not distinguished from
 * backscatter. */
static inline void lab_synack(struct lab *l, struct addr src, struct addr dst,
			      const uint16_t ports[2], enum lab_outcome outcome)
{
	struct packet p = lab_tcp(l, src, dst, ports[0], ports[1]);

	p.has |= PACKET_MSS;
	p.mss = 1460;
	p.flags = TCP_SYN | TCP_ACK;
	p.window = 1024;
	p.ack = (uint32_t)lab_random(l);
	lab_packet(l, &p);
	if (outcome == REFUSED)
		lab_segment(l, &p, true, TCP_RST, 0);
	else if (outcome == REJECTED)
		lab_prohibited(l, &p);
}

/* An SCTP chunk that scans send (RFC 9260): refused by ABORT. */
static inline void lab_sctp(struct lab *l, struct addr src, struct addr dst,
			    const uint16_t ports[2], uint8_t chunk, enum lab_outcome outcome)
{
	struct packet p = {
		.has = PACKET_IP | PACKET_SCTP,
		.src = src,
		.dst = dst,
		.proto = IPPROTO_SCTP,
		.ttl = 64,
		.sport = ports[0],
		.dport = ports[1],
		.chunk = chunk,
	};
	struct packet back = p;

	lab_packet(l, &p);
	if (outcome == REJECTED)
		lab_prohibited(l, &p);
	if (outcome == SILENT || outcome == REJECTED || l->one_way)
		return;
	back.src = dst;
	back.dst = src;
	back.sport = p.dport;
	back.dport = p.sport;
	back.chunk = outcome == REFUSED ? SCTP_ABORT : SCTP_INIT_ACK;
	lab_packet(l, &back);
	p.chunk = outcome == USED ? SCTP_COOKIE_ECHO : SCTP_ABORT;
	if (outcome != REFUSED)
		lab_packet(l, &p);
}

/* One probe of a technique. For SEEN_IPPROTO the port is the protocol's number. */
static inline void lab_probe(struct lab *l, unsigned technique, struct addr src, struct addr dst,
			     uint16_t port, enum lab_outcome outcome)
{
	const uint16_t ports[2] = {lab_port(l), port};

	switch (technique) {
	case TECH_CONNECT:
	case TECH_SYN:
		lab_connect(l, src, dst, ports[0], port, outcome);
		break;
	case TECH_UDP:
		lab_udp(l, src, dst, ports[0], port, outcome);
		break;
	case SEEN_ICMP:
		lab_ping(l, src, dst, outcome);
		break;
	case SEEN_ARP:
		lab_arp(l, src, dst, outcome);
		break;
	case SEEN_SYNACK:
		lab_synack(l, src, dst, ports, outcome);
		break;
	case SEEN_SCTP_INIT:
	case SEEN_SCTP_COOKIE:
		lab_sctp(l, src, dst, ports,
			 technique == SEEN_SCTP_INIT ? SCTP_INIT : SCTP_COOKIE_ECHO, outcome);
		break;
	case SEEN_IPPROTO:
		lab_protocol(l, src, dst, (uint8_t)port, outcome);
		break;
	default:
		lab_segment_probe(l, src, dst, ports, lab_flags(technique), outcome);
	}
}

#endif
