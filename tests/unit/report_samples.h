/* report_samples: made-up runs that the report tests and emit_reports.c feed to every format. */
#ifndef PORTLIGHT_TESTS_REPORT_SAMPLES_H
#define PORTLIGHT_TESTS_REPORT_SAMPLES_H

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"

#define SAMPLE_START  UINT64_C(1790000000123456789) /* 2026-09-21T14:13:20.123456789Z */
#define SAMPLE_HOSTS  8
#define SAMPLE_MAX    4096
#define SAMPLE_RANGES 300 /* in two records */

struct sample {
	const char *name;
	struct run_info run;
	struct run_plan plan;
	struct range ranges[SAMPLE_RANGES];
	struct run_summary summary;
	struct report_conf conf;
	struct host_report host[SAMPLE_HOSTS];
	size_t hosts;
	struct finding findings[SAMPLE_MAX];
	size_t used;
	struct trace *trace;
	/* What XML readers must find listed, typed by hand: "ADDRESS PROTO PORT STATE\n"... */
	const char *expect;
};

static inline const char *sample_service(void *context, uint16_t port, uint8_t proto)
{
	(void)context;
	if (proto == IPPROTO_TCP && port == 22)
		return "ssh";
	if (proto == IPPROTO_TCP && port == 80)
		return "http";
	if (proto == IPPROTO_UDP && port == 53)
		return "domain";
	if (port == 666)
		return "a/b,<\x1b[2J>\"&\xff";
	return NULL;
}

static inline struct host_report *sample_add_host(struct sample *s, struct addr addr,
						  const char *name, uint32_t notes)
{
	struct host_report *host = &s->host[s->hosts++];

	*host = (struct host_report){.addr = addr,
				     .name = name,
				     .notes = notes,
				     .mac = {2, 0, 0x5e, 0x10, 0, 1},
				     .start_ns = SAMPLE_START,
				     .end_ns = SAMPLE_START + 1500000000,
				     .findings = s->findings + s->used};
	return host;
}

/* A finding of the host added last, with the evidence that its reply usually has. */
static inline struct finding *sample_add(struct sample *s, enum technique_id technique,
					 uint16_t port, enum reply reply)
{
	struct finding *f = &s->findings[s->used];

	*f = (struct finding){.port = port,
			      .technique = (uint8_t)technique,
			      .reply = (uint8_t)reply,
			      .cell = (uint32_t)s->used};
	s->used++;
	f->state = technique_rule(technique, reply)->state;
	if (reply == REPLY_SYN_ACK)
		f->reason = REASON_SYN_ACK;
	else if (reply >= REPLY_RST && reply <= REPLY_RST_TTL_LOWER)
		f->reason = REASON_RESET;
	else if (reply == REPLY_DATA)
		f->reason = REASON_UDP_RESPONSE;
	else if (reply == REPLY_PORT_UNREACH)
		f->reason = REASON_PORT_UNREACH;
	if (reply != REPLY_SILENCE) {
		f->has = FINDING_TTL | FINDING_RTT | FINDING_TIME;
		f->ttl = 64;
		f->rtt_us = 321;
		f->t_ns = SAMPLE_START + 1000 * f->cell;
	}
	if (reply == REPLY_SYN_ACK) {
		f->has |= FINDING_WINDOW;
		f->window = 64240;
	}
	s->host[s->hosts - 1].count++;
	return f;
}

/* The same, as an ICMP communication-prohibited that a router sent. */
static inline void sample_add_prohibited(struct sample *s, enum technique_id technique,
					 uint16_t port, struct addr router)
{
	struct finding *f = sample_add(s, technique, port, REPLY_UNREACH);

	f->reason = REASON_ADMIN_PROHIBITED;
	f->has |= FINDING_FROM | FINDING_ICMP;
	f->from = router;
	f->ttl = 63;
	f->icmp_type = addr_is_v4(router) ? 3 : 1;
	f->icmp_code = addr_is_v4(router) ? 13 : 1;
}

static inline void sample_trace(struct sample *s, const struct finding *f, uint64_t t_us,
				enum trace_kind kind, struct packet packet)
{
	struct trace_event event = {.t_ns = UINT64_C(5000000000) + t_us * 1000,
				    .cell = f->cell,
				    .kind = (uint8_t)kind,
				    .packet = packet};

	trace_add(s->trace, &event);
}

static inline struct packet sample_tcp(struct addr src, struct addr dst, uint16_t sport,
				       uint16_t dport, uint8_t flags)
{
	return (struct packet){.has = PACKET_IP | PACKET_TCP,
			       .src = src,
			       .dst = dst,
			       .proto = IPPROTO_TCP,
			       .ttl = 64,
			       .sport = sport,
			       .dport = dport,
			       .flags = flags};
}

/* A plan of single addresses, each second one. */
static inline void sample_plan(struct sample *s)
{
	for (uint32_t i = 0; i < SAMPLE_RANGES; i++)
		s->ranges[i].first = s->ranges[i].last = addr_from_v4(0xc6120000 + 2 * i);
	s->plan = (struct run_plan){.hash = UINT64_C(0x0123456789abcdef),
				    .seed = 7,
				    .total = 3000,
				    .first = 1000,
				    .last = 2000,
				    .ranges = s->ranges,
				    .range_count = SAMPLE_RANGES};
	s->run.plan = &s->plan;
	s->summary.finished = 2000;
}

static inline struct sample *sample_new(const char *name, const uint8_t *techniques, size_t count,
					const char *const *lists, const uint32_t *counts)
{
	struct sample *s = calloc(1, sizeof(*s));

	if (!s || !(s->trace = trace_new(64)))
		abort();
	s->name = name;
	s->run = (struct run_info){.program = "portlight",
				   .version = "0.1.0",
				   .args = "portlight scan -sS 192.0.2.5",
				   .engine = "frames",
				   .start_ns = SAMPLE_START,
				   .techniques = techniques,
				   .technique_count = count,
				   .port_lists = lists,
				   .port_counts = counts,
				   .hosts = 1,
				   .probes = 1000};
	s->summary = (struct run_summary){.end_ns = SAMPLE_START + UINT64_C(2340000000),
					  .elapsed_ns = UINT64_C(2340000000),
					  .hosts_up = 1,
					  .hosts_total = 1,
					  .probes_sent = 1001,
					  .probes_retried = 1,
					  .replies_valid = 1000};
	sample_plan(s);
	s->conf = (struct report_conf){.service = sample_service, .trace = s->trace};
	s->expect = "";
	return s;
}

static inline void sample_free(struct sample *s)
{
	trace_free(s->trace);
	free(s);
}

#define SAMPLE_TARGET addr_from_v4(0xc0000205)			       /* 192.0.2.5 */
#define SAMPLE_ROUTER addr_from_v4(0xc0000201)			       /* 192.0.2.1 */
#define SAMPLE_OWN    addr_from_v4(0xc0000202)			       /* 192.0.2.2 */
#define SAMPLE_V6     ((struct addr){UINT64_C(0x20010db800000000), 5}) /* 2001:db8::5 */

/* 22 and 80 open (80 closed if `changed`), 443 prohibited by a router, 997 closed; with packets. */
static inline struct sample *sample_basic(bool changed)
{
	static const uint8_t techniques[] = {TECH_SYN};
	static const char *const lists[] = {"1-1000"};
	static const uint32_t counts[] = {1000};
	struct sample *s = sample_new(changed ? "changed" : "basic", techniques, 1, lists, counts);
	struct packet p;

	sample_add_host(s, SAMPLE_TARGET, "web.example", HOST_ANSWERED | HOST_NAMED);
	for (uint16_t port = 1; port <= 1000; port++) {
		if (port == 443)
			sample_add_prohibited(s, TECH_SYN, port, SAMPLE_ROUTER);
		else
			sample_add(s, TECH_SYN, port,
				   port == 22 || (port == 80 && !changed) ? REPLY_SYN_ACK
									  : REPLY_RST);
	}
	s->expect = changed ? "192.0.2.5 tcp 22 open\n192.0.2.5 tcp 443 filtered\n"
			    : "192.0.2.5 tcp 22 open\n192.0.2.5 tcp 80 open\n"
			      "192.0.2.5 tcp 443 filtered\n";

	const struct finding *ssh = &s->findings[21], *https = &s->findings[442];

	p = sample_tcp(SAMPLE_OWN, SAMPLE_TARGET, 61001, 22, TCP_SYN);
	p.seq = 2882343476u;
	p.window = 1024;
	sample_trace(s, ssh, 0, TRACE_SENT, p);
	p = sample_tcp(SAMPLE_TARGET, SAMPLE_OWN, 22, 61001, TCP_SYN | TCP_ACK);
	p.seq = 4294967295u;
	p.ack = 2882343477u;
	p.window = 64240;
	sample_trace(s, ssh, 321, TRACE_RECEIVED, p);
	p = sample_tcp(SAMPLE_OWN, SAMPLE_TARGET, 61001, 22, TCP_RST);
	p.seq = 2882343477u;
	sample_trace(s, ssh, 321, TRACE_SENT, p);
	p = (struct packet){.has = PACKET_IP | PACKET_ICMP | PACKET_QUOTE,
			    .src = SAMPLE_ROUTER,
			    .dst = SAMPLE_OWN,
			    .proto = IPPROTO_ICMP,
			    .ttl = 63,
			    .icmp_type = 3,
			    .icmp_code = 13,
			    .quote = {.sport = 61001, .dport = 443}};
	sample_trace(s, https, 1321, TRACE_RECEIVED, p);
	trace_sort(s->trace);
	return s;
}

static inline struct sample *sample_all_ports(void)
{
	struct sample *s = sample_basic(false);

	s->name = "all_ports";
	s->conf.all_ports = true;
	s->conf.reasons = true;
	s->expect = NULL; /* 1000 rows: the oracle counts them instead */
	return s;
}

/* No host at all, and hosts that are not listed. */
static inline struct sample *sample_empty(bool silent)
{
	static const uint8_t techniques[] = {TECH_SYN};
	static const char *const lists[] = {"22"};
	static const uint32_t counts[] = {1};
	struct sample *s = sample_new(silent ? "silent" : "empty", techniques, 1, lists, counts);

	s->summary.hosts_up = 0;
	s->summary.hosts_total = s->summary.hosts_silent = silent ? 2 : 0;
	if (silent) {
		sample_add_host(s, SAMPLE_TARGET, NULL, 0);
		sample_add(s, TECH_SYN, 22, REPLY_SILENCE);
		sample_add_host(s, SAMPLE_OWN, NULL, HOST_NO_NEIGHBOUR);
		sample_add(s, TECH_SYN, 22, REPLY_SILENCE);
	}
	return s;
}

static inline struct sample *sample_partial(void)
{
	struct sample *s = sample_basic(false);

	s->name = "partial";
	s->host[0].notes |= HOST_PARTIAL;
	s->host[0].count = 80;
	s->summary.partial = true;
	s->summary.stopped_why = "interrupted";
	s->summary.send_errors = 3;
	s->summary.ring_drops = 5;
	s->expect = "192.0.2.5 tcp 22 open\n192.0.2.5 tcp 80 open\n";
	return s;
}

/* Two protocols with the same bulk state, a MAC, link evidence, and hostile text in all fields. */
static inline struct sample *sample_hostile(void)
{
	static const uint8_t techniques[] = {TECH_SYN, TECH_UDP};
	static const char *const lists[] = {"1-31,666", "1-31,53,123"};
	static const uint32_t counts[] = {32, 33};
	struct sample *s = sample_new("hostile", techniques, 2, lists, counts);

	s->run.args = "portlight scan --x <&'\"]]>--\\ -->\x1b[2J\xc3\x28\x01";
	s->run.hosts = 1;
	s->summary.stopped_why = "why\n\"<\xff";
	s->summary.partial = true;
	s->summary.hosts_down = 0;
	sample_add_host(s, SAMPLE_V6, "v6\x1b]0;x\x07\"<]]>--.example",
			HOST_ANSWERED | HOST_NAMED | HOST_MAC | HOST_RATE_LIMITED);
	for (uint16_t port = 1; port <= 31; port++)
		sample_add(s, TECH_SYN, port, REPLY_RST);
	sample_add(s, TECH_SYN, 666, REPLY_SYN_ACK);
	for (uint16_t port = 1; port <= 31; port++)
		sample_add(s, TECH_UDP, port, REPLY_PORT_UNREACH);
	/* Of a host that limits its errors: asked more often than an answer can tell. */
	sample_add(s, TECH_UDP, 53, REPLY_DATA)->attempt = 15;
	sample_add(s, TECH_UDP, 123, REPLY_SILENCE)->attempt = UINT8_MAX - 1;
	s->expect = "2001:db8::5 tcp 666 open\n2001:db8::5 udp 53 open\n"
		    "2001:db8::5 udp 123 open|filtered\n";
	return s;
}

/*
 * Four TCP techniques on the same ports of a host that answers RST to everything and window 0:
 * 22 open by syn though fin and window say closed; 23 closed; 24 dropped for syn while fin's
 * closed is empty talk; 25 open only by the TTL heuristic, closed by syn.
 */
static inline struct sample *sample_merged(void)
{
	static const uint8_t techniques[] = {TECH_SYN, TECH_FIN, TECH_WINDOW, TECH_TTL};
	static const char *const lists[] = {"22-25", "22-25", "22-25", "22-25"};
	static const uint32_t counts[] = {4, 4, 4, 4};
	static const enum reply replies[4][4] = {
		{REPLY_SYN_ACK, REPLY_RST, REPLY_RST, REPLY_RST_TTL_HIGHER},
		{REPLY_RST, REPLY_RST, REPLY_RST, REPLY_RST_TTL_HIGHER},
		{REPLY_SILENCE, REPLY_RST, REPLY_RST, REPLY_SILENCE},
		{REPLY_RST, REPLY_RST, REPLY_RST, REPLY_RST_TTL_LOWER},
	};
	struct sample *s = sample_new("merged", techniques, 4, lists, counts);

	s->conf.reasons = true;
	sample_add_host(s, SAMPLE_TARGET, NULL, HOST_ANSWERED | HOST_RST_TO_ALL | HOST_WINDOW_MUTE);
	for (unsigned port = 0; port < 4; port++)
		for (unsigned t = 0; t < 4; t++)
			sample_add(s, (enum technique_id)techniques[t], (uint16_t)(22 + port),
				   replies[port][t]);
	s->expect = "192.0.2.5 tcp 22 open\n192.0.2.5 tcp 23 closed\n192.0.2.5 tcp 24 filtered\n"
		    "192.0.2.5 tcp 25 closed\n";
	return s;
}

static inline struct sample *sample_open_only(void)
{
	struct sample *s = sample_basic(false);

	s->name = "open_only";
	s->conf.open_only = true;
	s->expect = "192.0.2.5 tcp 22 open\n192.0.2.5 tcp 80 open\n";
	return s;
}

/* Feeds the sample to a report on `out`; returns the report's error. */
static inline int sample_write(const struct sample *s, const struct report_ops *ops, FILE *out)
{
	struct report r;

	report_init(&r, ops, out, &s->conf);
	(void)sink_begin(&r.sink, &s->run);
	for (size_t i = 0; i < s->hosts; i++)
		(void)sink_host(&r.sink, &s->host[i]);
	return sink_end(&r.sink, &s->summary);
}

#endif
