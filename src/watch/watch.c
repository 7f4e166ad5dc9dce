/* watch: packets to contacts, contacts to evidence, evidence to events. */
#include "watch/watch.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "watch/crowd.h"
#include "watch/episode.h"
#include "watch/evidence.h"
#include "watch/familiar.h"
#include "watch/flow.h"
#include "watch/fragment.h"
#include "watch/sight.h"
#include "watch/tool.h"

/* A first contact without an answer for so long has failed. */
#define SETTLE_MS 3000
/* So many datagrams of one flow without an answer within SETTLE_MS are a stream, no question. */
#define STREAM_MORE 8
/* What failed, or a connection, begins anew with the same ports after so long a silence. Copies of
 * one SYN are at most 64 s apart (Linux, tcp_syn_retries 6). */
#define ANEW_MS 120000
/* The detector's clock follows the capture's forwards, at most so far at once. */
#define LEAP_MS UINT64_C(86400000)
/* Packets may come so much out of order without a clock having been set. */
#define DISORDER_NS UINT64_C(10000000000)
/* In a flood a source must be so much busier than the average one, and have failed so often. */
#define FLOOD_FACTOR 4.0
#define FLOOD_FAILED 30
/* How often the host set is swept, if it is full. */
#define SWEEP_EVERY_MS 60000
/* Losses are told at most so often, and only from this share of the packets on. */
#define BLIND_EVERY_MS 600000
#define BLIND_SHARE    0.01

/* Hosts that were heard on the link, as a filter; two generations. */
#define HEARD_WORDS 1024
#define HEARD_MS    UINT64_C(3600000)

struct watch {
	struct watch_conf conf;
	struct flow_table flows;
	struct fragment_table pieces;
	struct familiar familiar;
	struct host_set hosts;
	struct evidence_table evidence;
	struct crowd_table crowds;
	struct episode_table episodes;
	uint64_t now_ms;    /* the detector's own clock: never runs backwards */
	uint64_t packet_ns; /* of the latest packet, as the capture says */
	uint64_t ahead_ns;  /* the capture's clock where now_ms stands */
	uint64_t packets, malformed, fragments, lost, lost_told, packets_told, blind_ms;
	uint64_t swept_ms; /* the host set */
	uint64_t heard[2][HEARD_WORDS], heard_ms;
	bool begun;
	size_t memory_bytes;
};

void watch_conf_init(struct watch_conf *conf)
{
	memset(conf, 0, sizeof(*conf));
	conf->memory_bytes = WATCH_MEMORY;
	conf->false_positive = 1e-6;
	conf->detection = 0.99;
	conf->idle_ns = UINT64_C(300000000000);
	conf->events_per_minute = 60;
}

struct watch *watch_new(const struct watch_conf *conf)
{
	struct watch *w;
	size_t part = conf->memory_bytes / 16;

	if (conf->memory_bytes < WATCH_MEMORY_LEAST)
		return NULL;
	w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->conf = *conf;
	w->memory_bytes = conf->memory_bytes;
	w->now_ms = LEAP_MS;
	if (flow_table_init(&w->flows, 6 * part, &conf->key) == 0 &&
	    familiar_init(&w->familiar, part / 4, &conf->key) == 0 &&
	    host_set_init(&w->hosts, part / 2, &conf->key) == 0 &&
	    evidence_table_init(&w->evidence, 5 * part - part / 2, &conf->key, &w->hosts) == 0 &&
	    crowd_table_init(&w->crowds, 2 * part, &conf->key) == 0 &&
	    episode_table_init(&w->episodes, 2 * part + part / 4, &conf->key, &w->hosts) == 0) {
		evidence_set_errors(&w->evidence, conf->false_positive, conf->detection);
		w->episodes.event = conf->event;
		w->episodes.event_context = conf->event_context;
		w->episodes.per_minute = conf->events_per_minute;
		return w;
	}
	watch_free(w);
	return NULL;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	flow_table_fini(&w->flows);
	familiar_fini(&w->familiar);
	host_set_fini(&w->hosts);
	evidence_table_fini(&w->evidence);
	crowd_table_fini(&w->crowds);
	episode_table_fini(&w->episodes);
	free(w);
}

/*
 * Forwards by what the capture's clock moved on; not at all where that ran backwards. A little
 * backwards is disorder, as of several queues, and must not be counted forwards a second time; more
 * than that, and somebody set the clock.
 */
static void watch_clock(struct watch *w, uint64_t t_ns)
{
	if (w->begun && t_ns > w->ahead_ns) {
		uint64_t ms = t_ns / 1000000 - w->ahead_ns / 1000000;

		w->now_ms += ms < LEAP_MS ? ms : LEAP_MS;
	}
	if (!w->begun || t_ns > w->ahead_ns || w->ahead_ns - t_ns > DISORDER_NS)
		w->ahead_ns = t_ns;
	w->begun = true;
	w->packet_ns = t_ns;
}

static bool is_trusted(const struct watch *w, struct addr a)
{
	return w->conf.trusted && w->conf.trusted->count && ranges_contain(w->conf.trusted, a);
}

static bool goes_outwards(const struct watch *w, struct addr src, struct addr dst)
{
	return w->conf.home && w->conf.home->count && ranges_contain(w->conf.home, src) &&
	       !ranges_contain(w->conf.home, dst);
}

static struct contact contact_of(const struct watch *w, const struct flow *f)
{
	return (struct contact){
		.src = f->src,
		.dst = f->dst,
		.t_ns = f->t_ns,
		.now_ms = w->now_ms,
		.techniques = f->sight,
		.seq = f->seq,
		.sport = f->sport,
		.dport = f->dport,
		.window = f->window,
		.mss = f->mss,
		.proto = f->proto,
		.tools = f->tools,
		.home = goes_outwards(w, f->src, f->dst),
	};
}

/* Whether a source stands out from the flood that its target is under, if it is. */
static bool stands_out(struct watch *w, const struct evidence *r, const struct contact *c)
{
	double mean = crowd_mean_pps(crowd_get(&w->crowds, c->dst, w->now_ms), w->now_ms);
	double span = (double)(r->last_ns > r->first_ns ? r->last_ns - r->first_ns : 1) / 1e9;

	if (mean <= 0)
		return true;
	return r->failed >= FLOOD_FAILED && (double)r->failed / span >= FLOOD_FACTOR * mean;
}

/* A group of sources became a scan: its ports and sources so far, and this contact. */
static void crowd_scan(struct watch *w, const struct crowd_group *g, const struct contact *c)
{
	struct episode *e = episode_open_crowd(&w->episodes, c->dst, EVENT_DISTRIBUTED_SCAN,
					       w->now_ms, c->t_ns);

	for (int i = 0; i < g->ports; i++)
		episode_add_port(e, g->port[i], c->proto);
	e->first_ns = g->first_ns;
	e->packets = g->contacts;
	e->failed = g->contacts;
	e->fingerprint = g->fingerprint;
	for (int i = 0; i < g->sources; i++)
		episode_add_source(&w->episodes, e, g->source[i]);
	for (int bit = 0; bit < SIGHTS; bit++)
		e->seen[bit] = c->techniques >> bit & 1 ? g->contacts : 0;
	/* The walk of the ports that no two sources share, as if one had asked for them all. */
	e->confidence = 0.99;
	episode_tell(&w->episodes, e, EVENT_OPEN, c->t_ns);
}

static void note_crowd(struct watch *w, const struct contact *c)
{
	struct crowd *crowd;
	struct crowd_group *group;
	struct episode *e;

	if (c->proto != IPPROTO_TCP && c->proto != IPPROTO_UDP)
		return;
	crowd = crowd_get(&w->crowds, c->dst, w->now_ms);
	if (crowd_mean_pps(crowd, w->now_ms) > 0)
		return; /* a flood with forged sources looks so, too */
	e = episode_find(&w->episodes, c->dst, true);
	if (e) {
		if (e->action != EVENT_DISTRIBUTED_SCAN ||
		    e->fingerprint != crowd_fingerprint(&w->crowds, c))
			return;
		episode_add_source(&w->episodes, e, crowd_source(&w->crowds, c->src));
		episode_add(&w->episodes, e, c, evidence_host(&w->evidence, c->dst));
		return;
	}
	group = crowd_failed(&w->crowds, crowd, c);
	if (group)
		crowd_scan(w, group, c);
}

/* A scanner's host does other things as well: what it uses is no probe, but for answers to UDP
 * while it scans UDP. */
static bool contact_is_probe(const struct episode *e, const struct contact *c)
{
	if (c->again)
		return false;
	if (c->failed || c->idle)
		return true;
	return c->open && c->proto == IPPROTO_UDP && episode_has(e, TECH_UDP);
}

/* Where the other records of a source go that is called a scanner. */
struct joining {
	struct watch *watch;
	struct episode *episode;
	struct evidence origin;
};

static void join_record(void *context, const struct evidence *other)
{
	struct joining *j = context;

	episode_join(&j->watch->episodes, j->episode, &j->origin, other,
		     evidence_host(&j->watch->evidence, other->target));
}

/* A record's walk is over: all that is known of its source becomes an episode. */
static void open_episode(struct watch *w, struct evidence *over, uint64_t t_ns)
{
	struct joining j = {w, NULL, *over};

	j.episode = episode_open(&w->episodes, over, evidence_host(&w->evidence, over->target),
				 w->now_ms, t_ns);
	evidence_take(&w->evidence, over, join_record, &j);
	episode_tell(&w->episodes, j.episode, EVENT_OPEN, t_ns);
}

/* What was used is remembered; what was used before does not fail for the first time. */
static bool is_familiar(struct watch *w, const struct contact *c)
{
	const struct familiar_pair pair = {c->src, c->dst, c->dport, c->proto};

	if (c->used || c->idle)
		familiar_add(&w->familiar, &pair);
	return c->failed && !c->half_open && familiar_has(&w->familiar, &pair);
}

/* In a flood only those are worth a record that are busier than it makes its forged sources. */
static bool flood_admits(struct watch *w, const struct contact *c)
{
	struct crowd *crowd = crowd_get(&w->crowds, c->dst, w->now_ms);

	return crowd_mean_pps(crowd, w->now_ms) <= 0 ||
	       crowd_admits(&w->crowds, crowd, c->src, w->now_ms);
}

/* One contact is over, or more is known of it. */
static void note(struct watch *w, const struct contact *c)
{
	struct episode *e;
	struct evidence *over;

	if (is_trusted(w, c->src))
		return;
	e = episode_find(&w->episodes, c->src, false);
	if (e && e->action != EVENT_BACKSCATTER) {
		e->proven |= c->proven;
		if (contact_is_probe(e, c))
			episode_add(&w->episodes, e, c, evidence_host(&w->evidence, c->dst));
		return;
	}
	if (is_familiar(w, c) || (c->failed && !c->again && !flood_admits(w, c)))
		return;
	over = evidence_add(&w->evidence, c);
	if (over && stands_out(w, over, c)) {
		open_episode(w, over, c->t_ns);
		return;
	}
	if (c->failed && !c->again)
		note_crowd(w, c);
}

static void note_failed(struct watch *w, const struct flow *f, bool open, bool half_open)
{
	struct contact c = contact_of(w, f);

	c.failed = true;
	c.open = open;
	c.half_open = half_open;
	note(w, &c);
}

static bool flow_is_syn(const struct flow *f)
{
	return f->sight & (UINT32_C(1) << TECH_SYN | UINT32_C(1) << TECH_CONNECT);
}

static uint32_t heard_at(const struct watch *w, struct addr a)
{
	return evidence_host(&w->evidence, a) % (HEARD_WORDS * 64);
}

static void hear(struct watch *w, struct addr a)
{
	uint32_t at = heard_at(w, a);

	if (w->now_ms - w->heard_ms >= HEARD_MS) {
		memcpy(w->heard[1], w->heard[0], sizeof(w->heard[0]));
		memset(w->heard[0], 0, sizeof(w->heard[0]));
		w->heard_ms = w->now_ms;
	}
	w->heard[0][at >> 6] |= UINT64_C(1) << (at & 63);
}

/* A host that speaks is there, even if its answers, sent to the asker alone, do not reach us. */
static bool was_heard(const struct watch *w, struct addr a)
{
	uint32_t at = heard_at(w, a);

	return (w->heard[0][at >> 6] | w->heard[1][at >> 6]) >> (at & 63) & 1;
}

/* Nothing came of a SYN+ACK that nobody asked for, or a RST at most. */
static void note_stray(struct watch *w, const struct flow *f)
{
	struct contact c = {
		.src = f->src,
		.dst = f->dst,
		.t_ns = f->t_ns,
		.now_ms = w->now_ms,
		.sport = f->sport,
		.proto = f->proto,
		.failed = true,
	};
	struct episode *e = episode_find(&w->episodes, c.src, false);
	struct evidence *over;

	if (e) {
		if (e->action == EVENT_BACKSCATTER)
			episode_add(&w->episodes, e, &c, evidence_host(&w->evidence, c.dst));
		return;
	}
	over = evidence_stray(&w->evidence, &c);
	if (over)
		open_episode(w, over, c.t_ns);
}

/* Something came of it: it was the part of a connection that we see. */
static void stray_goes_on(struct watch *w, struct flow *f, const struct packet *p)
{
	if (p->flags & (TCP_RST | TCP_SYN))
		return;
	flow_settle(&w->flows, f, FLOW_MIDDLE);
	crowd_stray_went_on(crowd_get(&w->crowds, f->dst, w->now_ms));
}

/* A wait that ended without a packet: nothing came, or the SYN+ACK was never taken up. */
static void note_silence(struct watch *w, const struct flow *f)
{
	bool asks = flow_is_syn(f) || f->proto == IPPROTO_UDP;

	if (f->state == FLOW_STRAY) {
		note_stray(w, f);
		return;
	}
	/* A port of ours that listens would have answered; only the answer was not seen. Nothing
	 * excuses what no client sends: FIN, NULL, ... */
	if (f->state == FLOW_PENDING && w->conf.listens && asks &&
	    w->conf.listens(w->conf.listens_context, f->dst, f->dport, f->proto) > 0)
		return;
	if (f->sight == UINT32_C(1) << SIGHT_ARP && was_heard(w, f->dst))
		return;
	note_failed(w, f, f->state == FLOW_HALF, false);
}

static void settle_old(struct watch *w, uint64_t older_than_ms)
{
	struct flow *f;

	while ((f = flow_oldest(&w->flows)) && w->now_ms - f->moved_ms >= older_than_ms) {
		struct flow copy = *f;

		flow_settle(&w->flows, f, FLOW_REFUSED);
		note_silence(w, &copy);
	}
}

/* The opener went on: the handshake is complete, the address is real. */
static void flow_completes(struct watch *w, struct flow *f)
{
	struct contact c;

	flow_settle(&w->flows, f, FLOW_OPEN);
	c = contact_of(w, f);
	c.again = true;
	c.proven = true;
	crowd_completed(crowd_get(&w->crowds, f->dst, w->now_ms));
	note(w, &c);
}

/* It was completed, and closed without a word. */
static void flow_was_idle(struct watch *w, struct flow *f)
{
	struct contact c;

	flow_settle(&w->flows, f, FLOW_MIDDLE);
	c = contact_of(w, f);
	c.open = true;
	c.idle = true;
	c.proven = true;
	note(w, &c);
}

static void flow_used(struct watch *w, struct flow *f, bool again)
{
	struct contact c;

	flow_settle(&w->flows, f, FLOW_MIDDLE);
	c = contact_of(w, f);
	c.used = true;
	c.open = !again;
	c.again = again;
	note(w, &c);
}

static void flow_fails(struct watch *w, struct flow *f, bool open, bool half_open)
{
	flow_settle(&w->flows, f, FLOW_REFUSED);
	note_failed(w, f, open, half_open);
}

static bool flow_may_be_middle(const struct flow *f)
{
	return f->sight & (UINT32_C(1) << TECH_ACK | UINT32_C(1) << TECH_WINDOW |
			   UINT32_C(1) << TECH_TTL | UINT32_C(1) << TECH_MAIMON);
}

static void opener_goes_on(struct watch *w, struct flow *f, const struct packet *p)
{
	if (f->proto != IPPROTO_TCP) {
		/* Whoever sends so much at once asks nothing: voice, video, a tunnel. */
		if (f->state == FLOW_PENDING && f->proto == IPPROTO_UDP && ++f->more >= STREAM_MORE)
			flow_settle(&w->flows, f, FLOW_MIDDLE);
		return;
	}
	if (f->state == FLOW_STRAY) {
		stray_goes_on(w, f, p);
		return;
	}
	if (f->state == FLOW_OPEN) {
		if (p->payload_bytes)
			flow_used(w, f, true);
		else if (p->flags & (TCP_FIN | TCP_RST))
			flow_was_idle(w, f);
		return;
	}
	if (f->state == FLOW_HALF || (f->state == FLOW_PENDING && flow_is_syn(f))) {
		/* One-way captures do not show the SYN+ACK, but what follows tells of it. */
		if (p->flags & TCP_RST)
			flow_fails(w, f, true, true);
		else if (p->flags & TCP_ACK && !(p->flags & TCP_SYN))
			flow_completes(w, f);
		return;
	}
	/* ACK and FIN+ACK are sent again unchanged; anything else makes it a connection's middle, such
	 * as acknowledging more. What has no ACK is no middle, however often it is sent. */
	if (f->state == FLOW_PENDING && flow_may_be_middle(f) &&
	    (p->payload_bytes || p->seq != f->seq || p->ack != f->ack))
		flow_settle(&w->flows, f, FLOW_MIDDLE);
}

static void target_answers(struct watch *w, struct flow *f, const struct packet *p)
{
	if (f->state == FLOW_STRAY)
		stray_goes_on(w, f, p);
	if (f->state != FLOW_PENDING)
		return;
	if (f->proto != IPPROTO_TCP) {
		flow_used(w, f, false);
		return;
	}
	if (p->flags & TCP_RST)
		flow_fails(w, f, false, false);
	else if (flow_is_syn(f) && (p->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
		flow_settle(&w->flows, f, FLOW_HALF);
	else if (!flow_is_syn(f) || !(p->flags & TCP_SYN))
		flow_settle(&w->flows, f, FLOW_MIDDLE);
}

static struct flow *watch_open(struct watch *w, const struct sighting *s, const struct packet *p,
			       uint64_t t_ns)
{
	struct flow pushed;
	bool has_pushed;
	enum flow_state state = s->kind == SIGHT_FIRST	  ? FLOW_PENDING
				: s->kind == SIGHT_ANSWER ? FLOW_STRAY
							  : FLOW_MIDDLE;
	struct flow *f = flow_open(&w->flows, &s->key, state, w->now_ms, &pushed, &has_pushed);

	f->t_ns = t_ns;
	f->sight = s->techniques;
	f->seq = p->seq;
	f->ack = p->ack;
	f->window = p->window;
	f->mss = p->mss;
	f->ttl = p->ttl;
	f->tools = tool_relations(p);
	if (has_pushed)
		note_silence(w, &pushed);
	return f;
}

/* Told once, and updated as long as it lasts. */
static void crowd_episode(struct watch *w, struct addr target, uint8_t action, uint64_t sources,
			  uint32_t techniques, uint64_t t_ns)
{
	struct episode *e = episode_find(&w->episodes, target, true);
	bool fresh = !e;

	if (fresh)
		e = episode_open_crowd(&w->episodes, target, action, w->now_ms, t_ns);
	else if (e->action != action)
		return;
	for (int bit = 0; bit < SIGHTS; bit++)
		e->seen[bit] += techniques >> bit & 1 ? 64 : 0;
	e->moved_ms = w->now_ms;
	if (t_ns > e->last_ns)
		e->last_ns = t_ns;
	if (sources > e->sources)
		e->sources = sources;
	e->sources_at_least = true;
	e->packets += 64;
	e->confidence = 0.99;
	if (fresh)
		episode_tell(&w->episodes, e, EVENT_OPEN, t_ns);
}

/* A SYN+ACK to what we never saw asked. */
static void stray_answer(struct watch *w, const struct sighting *s, const struct packet *p,
			 uint64_t t_ns)
{
	uint64_t sources;

	if (p->flags & TCP_RST || s->key.proto != IPPROTO_TCP)
		return;
	(void)watch_open(w, s, p, t_ns);
	sources = crowd_stray(&w->crowds, crowd_get(&w->crowds, p->dst, w->now_ms), p->src,
			      w->now_ms);
	if (sources)
		crowd_episode(w, p->dst, EVENT_REFLECTION, sources, 0, t_ns);
}

/* An ICMP error about a flow: the probe was turned away; or it was a traceroute. */
static void error_about(struct watch *w, const struct sighting *s, const struct packet *p)
{
	int family = addr_is_v4(p->src) ? 4 : 6;
	bool forward;
	struct flow *f = flow_find(&w->flows, &s->key, &forward);

	if (!f || !forward || f->state != FLOW_PENDING)
		return;
	enum reason reason = technique_icmp_reason(family, p->icmp_type, p->icmp_code);

	if (reason == REASON_TIME_EXCEEDED)
		flow_settle(&w->flows, f, FLOW_MIDDLE);
	else if (reason != REASON_NO_RESPONSE)
		flow_fails(w, f, false, false);
}

static void first_contact(struct watch *w, const struct sighting *s, const struct packet *p,
			  uint64_t t_ns)
{
	struct crowd *crowd;
	uint64_t sources;

	(void)watch_open(w, s, p, t_ns);
	if (s->key.proto != IPPROTO_TCP && s->key.proto != IPPROTO_UDP)
		return;
	crowd = crowd_get(&w->crowds, p->dst, w->now_ms);
	sources = crowd_contact(&w->crowds, crowd, p->src, w->now_ms);
	if (sources && s->key.proto == IPPROTO_TCP)
		crowd_episode(w, p->dst, EVENT_SYN_FLOOD, sources, s->techniques, t_ns);
}

/* Who used a host before does not ask for it for the first time, but a SYN is always a new one. */
static bool flow_begins_anew(const struct watch *w, const struct flow *f, const struct packet *p)
{
	if (w->now_ms - f->moved_ms < ANEW_MS)
		return false;
	return f->state == FLOW_REFUSED || (f->state == FLOW_MIDDLE && p->flags == TCP_SYN);
}

void watch_packet(struct watch *w, uint64_t t_ns, const struct packet *p, bool outgoing)
{
	struct sighting s;
	struct packet whole;
	struct flow *f;
	bool forward;

	(void)outgoing;
	watch_clock(w, t_ns);
	w->packets++;
	w->malformed += (p->has & (PACKET_MALFORMED | PACKET_TRUNCATED)) != 0;
	w->fragments += (p->has & PACKET_FRAGMENT) != 0;
	settle_old(w, SETTLE_MS);
	if (p->has & (PACKET_TCP_START | PACKET_TCP_FLAGS)) {
		if (!fragment_join(&w->pieces, &w->conf.key, p, w->now_ms, &whole))
			return;
		p = &whole;
	}
	s = sight_packet(p);
	if (p->has & PACKET_ARP)
		hear(w, p->arp_sender);
	if (s.kind == SIGHT_IGNORE)
		return;
	if (s.kind == SIGHT_ERROR) {
		error_about(w, &s, p);
		return;
	}
	f = flow_find(&w->flows, &s.key, &forward);
	if (f && s.kind == SIGHT_FIRST && forward && flow_begins_anew(w, f, p)) {
		flow_forget(&w->flows, f);
		f = NULL;
	}
	if (!f) {
		if (s.kind == SIGHT_FIRST)
			first_contact(w, &s, p, t_ns);
		else if (s.kind == SIGHT_MIDDLE)
			(void)watch_open(w, &s, p, t_ns);
		else
			stray_answer(w, &s, p, t_ns);
		return;
	}
	/* The queue of those that wait is in the order of their first packets. */
	if (!flow_waits(f))
		f->moved_ms = w->now_ms;
	if (forward)
		opener_goes_on(w, f, p);
	else
		target_answers(w, f, p);
}

/* We lose packets, and so may miss what they would have told. */
static void tell_blind(struct watch *w)
{
	uint64_t lost = w->lost - w->lost_told, seen = w->packets - w->packets_told;
	struct event event = {
		.t_ns = w->packet_ns,
		.first_ns = w->packet_ns,
		.last_ns = w->packet_ns,
		.packets = seen,
		.suppressed = w->evidence.evicted,
		.action = EVENT_BLIND,
		.confidence = 1,
	};

	if (lost == 0 || (double)lost < BLIND_SHARE * (double)(seen + lost) ||
	    (w->blind_ms && w->now_ms - w->blind_ms < BLIND_EVERY_MS))
		return;
	w->blind_ms = w->now_ms;
	w->lost_told = w->lost;
	w->packets_told = w->packets;
	w->episodes.lost = w->lost;
	episode_say(&w->episodes, &event, w->now_ms);
}

/* Makes room for hosts where scans are over; once a minute, for where none are it is in vain. */
static void hosts_sweep(struct watch *w)
{
	uint64_t alive[1024] = {0};

	if (w->swept_ms && w->now_ms - w->swept_ms < SWEEP_EVERY_MS)
		return;
	w->swept_ms = w->now_ms;
	evidence_mark_owners(&w->evidence, alive);
	episode_mark_owners(&w->episodes, alive);
	host_set_sweep(&w->hosts, alive);
}

void watch_tick(struct watch *w, uint64_t t_ns)
{
	watch_clock(w, t_ns);
	settle_old(w, SETTLE_MS);
	if (host_set_is_full(&w->hosts))
		hosts_sweep(w);
	episode_expire(&w->episodes, w->now_ms, w->conf.idle_ns / 1000000, t_ns);
	tell_blind(w);
}

void watch_lost(struct watch *w, uint64_t lost)
{
	w->lost = lost;
	w->episodes.lost = lost;
}

void watch_finish(struct watch *w)
{
	settle_old(w, 0);
	episode_close_all(&w->episodes, w->packet_ns);
}

void watch_stats(const struct watch *w, struct watch_stats *out)
{
	uint64_t flows = ((uint64_t)w->flows.mask + 1) * FLOW_WAYS;
	double fill_flows = (double)w->flows.used / (double)flows;
	double fill_evidence = (double)w->evidence.used / ((double)w->evidence.buckets * 8);

	*out = (struct watch_stats){
		.packets = w->packets,
		.malformed = w->malformed,
		.fragments = w->fragments,
		.flows = w->flows.used,
		.flows_evicted = w->flows.evicted,
		.evidence = w->evidence.used,
		.evidence_evicted = w->evidence.evicted,
		.sources_refused = w->evidence.refused,
		.scans_open = w->episodes.open,
		.scans_total = w->episodes.total,
		.scans_refused = w->episodes.refused,
		.suppressed = w->episodes.suppressed,
		.lost = w->lost,
		.memory_bytes = w->memory_bytes,
		.fill = fill_flows > fill_evidence ? fill_flows : fill_evidence,
	};
	memcpy(out->events, w->episodes.told, sizeof(out->events));
}

/* Where the sentences of watch_explain go. */
struct explaining {
	const struct watch *watch;
	void (*line)(void *context, const char *text);
	void *context;
	bool any;
};

static uint32_t record_techniques(const struct evidence *r)
{
	uint32_t set = 0;

	for (int bit = 0; bit < SIGHTS; bit++)
		set |= (uint32_t)(r->seen[bit] != 0) << bit;
	return set;
}

static void explain_record(void *context, const struct evidence *r)
{
	static const char *const about[EVIDENCE_KINDS] = {
		[EVIDENCE_PORTS] = "ports of one host",
		[EVIDENCE_HOSTS] = "hosts on one port",
		[EVIDENCE_PROTOCOLS] = "IP protocols of one host",
		[EVIDENCE_STRAYS] = "unasked-for answers",
	};
	struct explaining *x = context;
	char text[400], names[120], target[ADDR_TEXT];
	double threshold = x->watch->evidence.threshold;

	x->any = true;
	snprintf(text, sizeof(text),
		 "%s (%s, latest %s, port %u): %u failed, %u used, %u packets, %s; walk %.1f of "
		 "%.1f, slow walk %.1f of %.1f: %s",
		 about[r->kind],
		 r->proto == IPPROTO_UDP   ? "udp"
		 : r->proto == IPPROTO_TCP ? "tcp"
					   : "ip",
		 addr_format(r->target, target), r->port, r->failed, r->used, r->packets,
		 event_techniques_text(record_techniques(r), names, sizeof(names)),
		 (double)r->score, threshold, (double)r->slow, 2 * threshold,
		 (double)r->score >= threshold ? "a scan, but its target is under a flood that it "
						 "does not stand out from"
					       : "not enough to call it a scan");
	x->line(x->context, text);
}

bool watch_explain(const struct watch *w, struct addr source,
		   void (*line)(void *context, const char *text), void *context)
{
	struct explaining x = {w, line, context, false};

	for (uint32_t i = 0; i < w->episodes.count; i++) {
		const struct episode *e = &w->episodes.episode[i];
		char text[300], names[120];

		if (!e->id || e->crowd || !addr_equal(e->source, source))
			continue;
		x.any = true;
		snprintf(text, sizeof(text),
			 "called a scanner: event %llu, %s, %u ports, %llu hosts, %llu of %llu "
			 "contacts "
			 "failed",
			 (unsigned long long)e->id,
			 event_techniques_text(episode_techniques(e), names, sizeof(names)),
			 e->tcp_count + e->udp_count, (unsigned long long)e->hosts,
			 (unsigned long long)e->failed, (unsigned long long)e->packets);
		line(context, text);
	}
	evidence_of(&w->evidence, source, explain_record, &x);
	return x.any;
}
