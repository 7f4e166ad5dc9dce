/* Fuzzes the whole detector: any frames and made-up packets, at any times. */
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "packet/packet.h"
#include "result/event.h"
#include "watch/watch.h"

/*
 * The first two bytes choose the set-up, the rest are commands: time passes, a frame arrives, a
 * packet of a few hosts arrives, or many copies of it with ports, hosts or sources counted up. For
 * any input: only watch_new allocates, and no more than was granted; all names are from the lists;
 * each scan is opened once, updated and closed once, and its numbers only grow; and the same input
 * gives the same events.
 */
#define MOST_EVENTS 8192
#define GRANTED	    ((size_t)4 << 20)
/* Packets of one input. */
#define MOST_PACKETS 6000

/* Of the sanitizers' run-time library, where there is one. */
__attribute__((weak)) int
__sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
					  void (*on_free)(const volatile void *));

/* Of this thread: the fuzzer has others. */
static _Thread_local bool counting;
static size_t allocations, allocated_bytes;

static void on_malloc(const volatile void *at, size_t bytes)
{
	(void)at;
	if (counting) {
		allocations++;
		allocated_bytes += bytes;
	}
}

static void on_free(const volatile void *at)
{
	(void)at;
}

/* What was said of each scan, by its number. */
struct said {
	uint64_t packets, hosts, sources, ports, failed, answered, updates;
	uint8_t phase, action;
	bool any;
};

struct run {
	struct watch *watch;
	struct said said[MOST_EVENTS];
	uint64_t t_ns, digest, open;
	unsigned packets;
};

static void digest(struct run *r, uint64_t value)
{
	r->digest = (r->digest ^ value) * UINT64_C(0x100000001b3);
}

static uint64_t check_ports(const struct event_ports *ports)
{
	uint64_t total = 0;

	for (size_t i = 0; i < ports->count; i++) {
		input_check(ports->range[i][0] <= ports->range[i][1]);
		input_check(i == 0 || ports->range[i][0] > ports->range[i - 1][1] + 1);
		total += (uint64_t)(ports->range[i][1] - ports->range[i][0]) + 1;
	}
	return total;
}

static void check_numbers(const struct event *e)
{
	uint64_t tcp = check_ports(&e->tcp), udp = check_ports(&e->udp);

	input_check(tcp + udp == e->ports_total && check_ports(&e->open) <= 65536);
	input_check(e->first_ns <= e->last_ns);
	input_check(e->failed <= e->packets && e->answered <= e->packets);
	if (!event_is_alert(e->action))
		return;
	input_check(e->techniques != 0 && e->hosts > 0 && e->sources > 0);
	input_check(e->ports_total + e->protocols <= e->packets && e->hosts <= e->packets);
	input_check(e->shape != SHAPE_NONE);
	input_check(e->has & (EVENT_HAS_SOURCE | EVENT_HAS_TARGET));
	input_check(!(e->has & EVENT_HANDSHAKE) == !!(e->has & EVENT_SPOOFABLE));
}

static void check_words(const struct event *e)
{
	char text[256];

	input_check(e->action < EVENT_ACTIONS && e->phase < EVENT_PHASES &&
		    e->shape < EVENT_SHAPES);
	input_check(e->tool < EVENT_TOOLS && e->techniques >> SEEN_TECHNIQUES == 0);
	input_check(strcmp(event_action_name(e->action), "unknown") != 0);
	input_check(strlen(event_techniques_text(e->techniques, text, sizeof(text))) <
		    sizeof(text));
	input_check(e->confidence >= 0 && e->confidence <= 1 && e->rate_pps >= 0);
	input_check(e->tool_confidence >= 0 && e->tool_confidence <= 1);
}

static void on_event(void *context, const struct event *e)
{
	struct run *r = context;
	struct said *s;

	check_words(e);
	input_check(e->id > 0);
	digest(r, e->id << 8 | (uint64_t)e->phase << 4 | e->action);
	digest(r, e->packets ^ e->hosts << 20 ^ e->ports_total << 40 ^ e->techniques);
	digest(r, e->t_ns);
	if (e->id >= MOST_EVENTS)
		return;
	s = &r->said[e->id];
	if (e->action == EVENT_BLIND || e->action == EVENT_SUPPRESSED) {
		input_check(!s->any);
		s->any = true;
		s->phase = EVENT_CLOSE;
		return;
	}
	check_numbers(e);
	input_check(s->any == (e->phase != EVENT_OPEN) && (!s->any || s->phase != EVENT_CLOSE));
	input_check(e->packets >= s->packets && e->hosts >= s->hosts && e->sources >= s->sources);
	input_check(e->ports_total >= s->ports && e->failed >= s->failed &&
		    e->answered >= s->answered);
	input_check(!s->any || event_is_alert(e->action) == event_is_alert(s->action));
	r->open += e->phase == EVENT_OPEN;
	r->open -= e->phase == EVENT_CLOSE;
	*s = (struct said){e->packets,	e->hosts,   e->sources, e->ports_total, e->failed,
			   e->answered, e->updates, e->phase,	e->action,	true};
}

static struct addr host(unsigned number)
{
	/* Neighbours, strangers, IPv6, ourselves, all of them. */
	static const struct addr special[] = {
		{0, ADDR_V4_PREFIX | 0x7f000001},
		{0, ADDR_V4_PREFIX | 0xe00000fb},
		{0, ADDR_V4_PREFIX | 0x0a0000ff},
		{0, ADDR_V4_PREFIX},
		{0, ADDR_V4_PREFIX | 0xffffffff},
		{UINT64_C(0xff02000000000000), 1},
		{0, 0},
		{UINT64_C(0xfe80000000000000), 1},
	};

	switch (number >> 5 & 3) {
	case 0:
		return addr_from_v4(0x0a000001 + (number & 31));
	case 1:
		return addr_from_v4(0x40000001 + ((number & 31) << 20));
	case 2:
		return (struct addr){UINT64_C(0x20010db800000000), 1 + (number & 31)};
	default:
		return special[number & 7];
	}
}

static void deliver(struct run *r, const struct packet *p)
{
	if (r->packets++ < MOST_PACKETS)
		watch_packet(r->watch, r->t_ns, p, false);
}

static void any_frame(struct run *r, struct input *in)
{
	static const uint8_t links[] = {PACKET_LINK_ETHERNET, PACKET_LINK_RAW_IP,
					PACKET_LINK_COOKED, PACKET_LINK_COOKED2};
	enum packet_link link = (enum packet_link)links[input_take(in, 1) & 3];
	size_t length = input_take(in, 1);
	struct packet p;

	if (length > in->left)
		length = in->left;
	packet_parse(link, in->at, length, &p);
	in->at += length;
	in->left -= length;
	deliver(r, &p);
}

static struct packet made_up(struct input *in)
{
	static const uint16_t transports[] = {PACKET_TCP,  PACKET_TCP, PACKET_UDP,
					      PACKET_ICMP, PACKET_ARP, 0};
	unsigned kind = input_take(in, 1), transport = transports[kind % 6];
	struct packet p = {.has = PACKET_IP | transport, .ttl = (uint8_t)(kind & 64 ? 5 : 64)};

	p.src = host(input_take(in, 1));
	p.dst = host(input_take(in, 1));
	p.sport = (uint16_t)input_take(in, 2);
	p.dport = (uint16_t)input_take(in, 2);
	p.flags = (uint8_t)input_take(in, 1);
	p.seq = input_take(in, 1);
	p.ack = input_take(in, 1);
	p.payload_bytes = kind & 128 ? 100 : 0;
	p.window = 1024;
	p.proto = IPPROTO_TCP;
	if (transport == PACKET_UDP)
		p.proto = IPPROTO_UDP;
	if (transport == PACKET_ICMP) {
		p.proto = addr_is_v4(p.src) ? IPPROTO_ICMP : IPPROTO_ICMPV6;
		p.icmp_type = (uint8_t)p.sport;
		p.icmp_code = (uint8_t)p.dport;
		p.quote = (struct packet_quote){p.dst, host(p.seq), (uint16_t)p.ack, p.dport,
						0,     0,	    p.flags,	     1};
		p.has |= kind & 32 ? PACKET_QUOTE : 0;
	}
	if (transport == PACKET_ARP) {
		p.has = PACKET_ETHERNET | PACKET_ARP;
		p.arp_operation = (uint16_t)(p.flags & 3);
		p.arp_sender = p.src;
		p.arp_target = p.dst;
	}
	if (transport == 0)
		p.proto = p.flags;
	return p;
}

static struct addr add_to(struct addr a, unsigned n)
{
	return addr_is_v4(a) ? addr_from_v4(addr_v4(a) + n) : addr_add(a, n);
}

/* Many of one packet; bits say what counts up and how each is answered. */
static void many(struct run *r, struct input *in)
{
	struct packet p = made_up(in);
	unsigned how = input_take(in, 1), count = input_take(in, 2) % 2048,
		 gap_ms = input_take(in, 1);

	for (unsigned n = 0; n < count; n++) {
		struct packet back;

		deliver(r, &p);
		back = p;
		back.src = p.dst;
		back.dst = p.src;
		back.sport = p.dport;
		back.dport = p.sport;
		back.flags = how & 16 ? TCP_RST | TCP_ACK : TCP_SYN | TCP_ACK;
		if (how & 8)
			deliver(r, &back);
		if (how & 32) {
			back = p;
			back.flags = how & 64 ? TCP_RST : TCP_ACK;
			deliver(r, &back);
			back.flags = TCP_FIN | TCP_ACK;
			back.payload_bytes = how & 128 ? 10 : 0;
			deliver(r, &back);
		}
		p.dport = (uint16_t)(p.dport + (how & 1));
		p.sport++;
		if (how & 2)
			p.dst = p.arp_target = add_to(p.dst, 1);
		if (how & 4)
			p.src = add_to(p.src, 1 + n % 3);
		p.proto = (uint8_t)(p.proto + (p.has == PACKET_IP));
		r->t_ns += (uint64_t)gap_ms * gap_ms * 1000000;
	}
}

static void time_passes(struct run *r, struct input *in)
{
	unsigned how = input_take(in, 1);
	uint64_t ns = (uint64_t)input_take(in, 2) << (how & 48);

	if (how & 1)
		r->t_ns -= ns;
	else
		r->t_ns += ns;
	if (how & 2)
		watch_tick(r->watch, r->t_ns);
}

static void on_line(void *context, const char *text)
{
	struct run *r = context;

	input_check(strlen(text) < 1000);
	digest(r, strlen(text));
}

static void order(struct run *r, struct input *in)
{
	struct packet p;

	switch (input_take(in, 1) & 7) {
	case 0:
	case 1:
		time_passes(r, in);
		break;
	case 2:
		any_frame(r, in);
		break;
	case 3:
	case 4:
		p = made_up(in);
		deliver(r, &p);
		break;
	case 5:
		watch_lost(r->watch, input_take(in, 2));
		break;
	case 6:
		(void)watch_explain(r->watch, host(input_take(in, 1)), on_line, r);
		break;
	default:
		many(r, in);
	}
}

static uint64_t run(const uint8_t *data, size_t size)
{
	static struct run r;
	struct input in = {data, size};
	unsigned choice = input_take(&in, 1);
	struct watch_conf conf;
	struct watch_stats stats;

	memset(&r, 0, sizeof(r));
	watch_conf_init(&conf);
	conf.memory_bytes = GRANTED;
	conf.key = (struct siphash_key){{input_take(&in, 1), 2}};
	conf.event = on_event;
	conf.event_context = &r;
	conf.false_positive = choice & 2 ? 1e-6 : 0.01;
	conf.events_per_minute = choice & 4 ? 3 : 60;
	r.t_ns = choice & 8 ? 0 : UINT64_C(1700000000000000000);
	allocations = allocated_bytes = 0;
	counting = true;
	r.watch = watch_new(&conf);
	input_check(r.watch != NULL && allocated_bytes <= GRANTED);
	input_check(!__sanitizer_install_malloc_and_free_hooks || allocations > 0);
	allocations = 0;
	while (in.left > 0 && r.packets < MOST_PACKETS)
		order(&r, &in);
	watch_stats(r.watch, &stats);
	input_check(stats.memory_bytes <= GRANTED && stats.fill >= 0 && stats.fill <= 1);
	watch_finish(r.watch);
	watch_stats(r.watch, &stats);
	input_check(stats.scans_open == 0);
	input_check(allocations == 0);
	counting = false;
	watch_free(r.watch);
	input_check(r.open == 0);
	return r.digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool hooked;
	uint64_t first;

	if (!hooked && __sanitizer_install_malloc_and_free_hooks)
		(void)__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
	hooked = true;
	first = run(data, size);
	if (size && data[0] & 1)
		input_check(run(data, size) == first);
	return 0;
}
