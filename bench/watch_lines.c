/*
 * watch_lines: the least number of contacts at which the detector notices a scan, by its shape and
 * by the time between two contacts. It prints the table of the manual page (mdoc), from made-up
 * packets; nothing is sent. Usage: watch_lines
 */
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "packet/packet.h"
#include "result/event.h"
#include "watch/watch.h"

#define SECOND	 UINT64_C(1000000000)
#define BEGIN_NS (UINT64_C(1700000000) * SECOND)
#define MOST	 1200

struct shape {
	const char *title;
	unsigned ports; /* of each host; 0: all contacts go to one host */
	uint16_t port;	/* the first */
	bool scattered; /* each host in a network of its own */
	bool raw;	/* by a raw tool */
	bool open;	/* all ports are open: connected to, and closed without a word */
};

static const struct shape shapes[] = {
	{"ports of a host", 0, 1, false, false, false},
	{"hosts of a network", 1, 8080, false, false, false},
	{"hosts, raw tool or sprayed port", 1, 445, false, true, false},
	{"cells of a block", 5, 8080, false, false, false},
	{"cells of a block, raw tool", 5, 8080, false, true, false},
	{"random cells, raw tool", 1, 0, true, true, false},
	{"hosts anywhere, sprayed port", 1, 23, true, false, false},
	{"open hosts, sprayed port", 1, 22, false, false, true},
	{"open cells of a block", 4, 8080, false, false, true},
};
#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static const struct {
	const char *name;
	unsigned seconds;
} paces[] = {{"1s", 1},	   {"15s", 15},	  {"5m", 300},	{"1h", 3600},
	     {"2h", 7200}, {"8h", 28800}, {"1d", 86400}};
#define PACES (sizeof(paces) / sizeof(paces[0]))

static void note(void *context, const struct event *e)
{
	if (event_is_alert(e->action))
		*(bool *)context = true;
}

static struct packet syn(const struct shape *s, unsigned n)
{
	unsigned host = s->ports ? n / s->ports : 0;

	return (struct packet){
		.has = PACKET_IP | PACKET_TCP | PACKET_MSS,
		.src = addr_from_v4(0xc6336442),
		.dst = addr_from_v4(s->scattered ? 0x0b000001 + host * 65793 : 0x0a000001 + host),
		.proto = IPPROTO_TCP,
		.ttl = 60,
		.ip_id = (uint16_t)(n * 40503),
		.sport = (uint16_t)(40000 + n % 20000),
		.dport = (uint16_t)(s->ports == 0  ? s->port + n
				    : s->port == 0 ? 1024 + n * 7919 % 60000
						   : s->port + n % s->ports),
		.seq = n * UINT32_C(2654435761) + 1,
		.flags = TCP_SYN,
		.window = s->raw ? 1024 : 64240,
		.mss = 1460,
	};
}

static struct packet reply(const struct packet *p, uint8_t flags)
{
	struct packet back = *p;

	back.src = p->dst;
	back.dst = p->src;
	back.sport = p->dport;
	back.dport = p->sport;
	back.seq = 7;
	back.ack = p->seq + 1;
	back.flags = flags;
	return back;
}

static void contact(struct watch *w, const struct shape *s, unsigned n, uint64_t t_ns)
{
	struct packet p = syn(s, n),
		      back = reply(&p, s->open ? TCP_SYN | TCP_ACK : TCP_RST | TCP_ACK);

	watch_packet(w, t_ns, &p, false);
	watch_packet(w, t_ns + 1000, &back, false);
	if (!s->open)
		return;
	p.seq++;
	p.ack = 8;
	p.flags = TCP_ACK;
	watch_packet(w, t_ns + 2000, &p, false);
	p.flags = TCP_FIN | TCP_ACK;
	watch_packet(w, t_ns + 3000, &p, false);
}

/* Whether `count` contacts are noticed, by the end of the capture at the latest. */
static bool is_noticed(const struct shape *s, unsigned seconds, unsigned count)
{
	bool noticed = false;
	struct watch_conf conf;
	struct watch *w;

	watch_conf_init(&conf);
	conf.event = note;
	conf.event_context = &noticed;
	w = watch_new(&conf);
	if (!w)
		exit(71);
	for (unsigned n = 0; n < count && !noticed; n++) {
		uint64_t t_ns = BEGIN_NS + (uint64_t)n * seconds * SECOND;

		contact(w, s, n, t_ns);
		for (unsigned i = 1; i <= seconds && i < 6; i++)
			watch_tick(w, t_ns + i * SECOND - SECOND / 2);
	}
	watch_finish(w);
	watch_free(w);
	return noticed;
}

/* The least number of contacts; 0: not within MOST. */
static unsigned least(const struct shape *s, unsigned seconds)
{
	unsigned few = 0, most = MOST;

	if (!is_noticed(s, seconds, most))
		return 0;
	while (most - few > 1) {
		unsigned middle = few + (most - few) / 2;

		if (is_noticed(s, seconds, middle))
			most = middle;
		else
			few = middle;
	}
	return most;
}

int main(void)
{
	printf(".It Em shape");
	for (size_t j = 0; j < PACES; j++)
		printf(" Ta %s", paces[j].name);
	printf("\n");
	for (size_t i = 0; i < SHAPES; i++) {
		printf(".It %s", shapes[i].title);
		for (size_t j = 0; j < PACES; j++) {
			unsigned n = least(&shapes[i], paces[j].seconds);

			if (n)
				printf(" Ta %u", n);
			else
				printf(" Ta -");
		}
		printf("\n");
	}
	return 0;
}
