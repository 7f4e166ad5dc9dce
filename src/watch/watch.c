/* watch: packets to flows, and flows to their outcomes. */
#include "watch/watch.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "watch/judge.h"
#include "watch/name.h"
#include "watch/outcome.h"
#include "watch/params.h"
#include "watch/sight.h"
#include "watch/tool.h"
#include "watch/under_way.h"
#include "watch/watch_state.h"

void watch_conf_init(struct watch_conf *conf)
{
	memset(conf, 0, sizeof(*conf));
	conf->memory_bytes = WATCH_MEMORY;
	conf->false_positive = WATCH_FALSE_POSITIVE;
	conf->detection = WATCH_DETECTION;
	conf->idle_ns = WATCH_IDLE_S * UINT64_C(1000000000);
	conf->events_per_minute = WATCH_EVENTS_PER_MINUTE;
}

struct watch *watch_new(const struct watch_conf *conf)
{
	struct watch *w;
	size_t part;

	if (conf->memory_bytes < WATCH_MEMORY_LEAST)
		return NULL;
	part = (conf->memory_bytes - sizeof(*w)) / 16;
	w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->conf = *conf;
	w->memory_bytes = conf->memory_bytes;
	w->now_ms = w->start_ms = CLOCK_LEAP_MS;
	w->name = name_of(&conf->key, w->named);
	w->kept = conf->explain_count ? calloc(conf->explain_count, sizeof(*w->kept)) : NULL;
	if ((w->kept || !conf->explain_count) &&
	    flow_table_init(&w->flows, 6 * part, &conf->key) == 0 &&
	    known_service_init(&w->known_services, part / 4) == 0 &&
	    host_set_init(&w->hosts, part / 2, &conf->key) == 0 &&
	    evidence_table_init(&w->evidence, 5 * part - part / 2, &conf->key, &w->hosts) == 0 &&
	    crowd_table_init(&w->crowds, 2 * part, &conf->key) == 0 &&
	    episode_table_init(&w->episodes, 2 * part + part / 4, &conf->key, &w->hosts) == 0) {
		evidence_set_errors(&w->evidence, conf->false_positive, conf->detection);
		w->episodes.event = conf->event;
		w->episodes.beyond = conf->beyond;
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
	known_service_fini(&w->known_services);
	host_set_fini(&w->hosts);
	evidence_table_fini(&w->evidence);
	crowd_table_fini(&w->crowds);
	episode_table_fini(&w->episodes);
	free(w->kept);
	free(w);
}

/*
 * Advances now_ms by as much as the capture's clock advanced. Small steps back are packets out of
 * order, as from several queues, and must not be counted forwards again; after a larger step the
 * clock was set.
 */
static void watch_clock(struct watch *w, uint64_t t_ns)
{
	if (w->begun && t_ns > w->ahead_ns) {
		uint64_t ms = t_ns / 1000000 - w->ahead_ns / 1000000;

		w->now_ms += ms < CLOCK_LEAP_MS ? ms : CLOCK_LEAP_MS;
	}
	if (!w->begun || t_ns > w->ahead_ns || w->ahead_ns - t_ns > CLOCK_DISORDER_NS)
		w->ahead_ns = t_ns;
	w->begun = true;
	w->packet_ns = t_ns;
}

static void settle_old(struct watch *w, uint64_t older_than_ms)
{
	struct flow *f;

	while ((f = flow_oldest(&w->flows)) && w->now_ms - f->moved_ms >= older_than_ms)
		outcome_over(w, f);
}

/* name_of() the target; most packets have the target of the one before. */
static uint64_t target_name(struct watch *w, struct addr target)
{
	if (!addr_equal(w->named, target)) {
		w->named = target;
		w->name = name_of(&w->conf.key, target);
	}
	return w->name;
}

static struct flow *watch_open(struct watch *w, const struct sighting *s, const struct packet *p,
			       uint64_t t_ns)
{
	struct flow evicted;
	bool has_evicted;
	enum flow_state state = s->kind == SIGHT_FIRST || s->kind == SIGHT_LIKELY_MIDDLE
					? FLOW_PENDING
				: s->kind == SIGHT_ANSWER ? FLOW_STRAY
							  : FLOW_MIDDLE;
	struct flow *f = flow_open(&w->flows, &s->key, state, w->now_ms, &evicted, &has_evicted);

	/* Flows without a captured begin are never judged. */
	if (state != FLOW_MIDDLE) {
		f->source = name_of(&w->conf.key, f->src);
		f->target = target_name(w, f->dst);
	}
	f->t_ns = t_ns;
	f->sight = s->techniques;
	f->seq = p->seq;
	f->ack = p->ack;
	f->flags = p->flags;
	f->claims = s->kind == SIGHT_LIKELY_MIDDLE ? CLAIM_MIDDLE : 0;
	f->window = p->window;
	f->mss = p->mss;
	f->ttl = p->ttl;
	f->tools = tool_relations(p);
	f->raw = p->has & PACKET_TCP && !(p->has & PACKET_TRUNCATED) &&
		 tool_is_raw(p->flags, p->window, p->mss);
	f->stun = p->has & PACKET_STUN;
	f->latest = outcome_mark(w, p);
	f->interface = s->way == SIGHT_WAY_IN ? s->interface : 0;
	if (has_evicted)
		judge_silence(w, &evicted, w->now_ms);
	return f;
}

/* A SYN+ACK without a SYN. */
static void stray_answer(struct watch *w, const struct sighting *s, const struct packet *p,
			 uint64_t t_ns)
{
	const struct flow *f;
	struct crowd *crowd;
	uint64_t sources;

	if (p->flags & TCP_RST || s->key.proto != IPPROTO_TCP)
		return;
	f = watch_open(w, s, p, t_ns);
	crowd = crowd_get(&w->crowds, f->dst, f->target, w->now_ms);
	sources = crowd_stray(crowd, f->source, w->now_ms);
	if (sources)
		judge_crowd(w, crowd, EVENT_REFLECTION, sources, 0, t_ns);
}

/* An ICMP error about a flow: the probe was rejected, or it was a traceroute. */
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
		outcome_fails(w, f, false, false);
}

static void first_contact(struct watch *w, const struct sighting *s, const struct packet *p,
			  uint64_t t_ns)
{
	const struct flow *f = watch_open(w, s, p, t_ns);
	struct crowd *crowd;
	uint64_t source = f->source, sources;

	if (s->key.proto != IPPROTO_TCP && s->key.proto != IPPROTO_UDP)
		return;
	/* A single host has a whole IPv6 /64 to send from, so the network is counted. */
	if (!addr_is_v4(f->src))
		source = name_of(&w->conf.key, (struct addr){f->src.hi, 0});
	crowd = crowd_get(&w->crowds, f->dst, f->target, w->now_ms);
	sources = crowd_contact(crowd, source, w->now_ms);
	if (sources && s->key.proto == IPPROTO_TCP)
		judge_crowd(w, crowd, EVENT_SYN_FLOOD, sources, s->techniques, t_ns);
}

/* Whether a packet is one that no TCP sends within a connection: without ACK and RST. */
static bool is_outside_connections(const struct packet *p)
{
	return p->has & PACKET_TCP && !(p->flags & (TCP_ACK | TCP_RST));
}

/*
 * Whether a first contact of a known flow's host is a new one. A SYN is, in any state of the flow,
 * unless it is a retransmission (which has the same sequence number, RFC 9293, 3.8): an attacker
 * could otherwise hide its probes behind packets that made a flow of that state. After packets that
 * were no SYN, so is any packet that no connection has; and any probe after a refused SYN+ACK, or
 * after a long silence.
 */
static bool flow_begins_anew(const struct watch *w, const struct flow *f, const struct packet *p,
			     bool forward)
{
	bool same = forward && p->flags == f->flags && p->seq == f->seq;
	bool stray = (f->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
	bool syn = is_outside_connections(p) && p->flags & TCP_SYN;

	if (f->proto == IPPROTO_TCP && !same) {
		if (syn && !(p->flags & TCP_FIN))
			return true;
		if (forward && is_outside_connections(p) && !flow_is_syn(f))
			return true;
		if (forward && stray && f->state == FLOW_REFUSED)
			return true;
	}
	if (!forward || w->now_ms - f->moved_ms < REUSE_AFTER_MS)
		return false;
	return f->state == FLOW_REFUSED || (f->state == FLOW_MIDDLE && p->flags == TCP_SYN);
}

/* Makes room for a new first contact of the same ports. What the flow's opener did before is judged
 * as if nothing more came, except a SYN: the new one is just as much evidence. */
static void flow_ends(struct watch *w, struct flow *f)
{
	if (flow_waits(f) && !flow_is_syn(f))
		outcome_over(w, f);
	flow_forget(&w->flows, f);
}

void prefetch_bucket(const struct watch *w, const struct packet *p, struct sighting *s)
{
	sight_packet(p, s);
	if (s->kind <= SIGHT_ASKS)
		return;
	s->key.tag = flow_tag(&w->flows, &s->key);
	flow_prefetch_bucket(&w->flows, s->key.tag);
}

void prefetch_entry(const struct watch *w, struct sighting *s)
{
	if (s->kind > SIGHT_ASKS)
		s->slot = flow_prefetch(&w->flows, s->key.tag);
}

void prefetch_victim(const struct watch *w, const struct sighting *s)
{
	const struct flow *f;

	if (s->kind <= SIGHT_ASKS)
		return;
	f = flow_prefetch_evicted(&w->flows, s->key.tag, s->slot);
	if (f)
		judge_prefetch(w, f);
}

/* Whether a SYN+ACK of a flow is another one than before, or did not come from where its target is.
 * Retransmissions have the same number (RFC 9293, 3.8). */
static void doubt_answer(struct flow *f, const struct packet *p, const struct sighting *s)
{
	if (f->proto != IPPROTO_TCP || (p->flags & (TCP_SYN | TCP_ACK)) != (TCP_SYN | TCP_ACK))
		return;
	if ((f->state == FLOW_HALF && f->ack != p->seq + 1) ||
	    (f->doubts & DOUBT_FORWARDED && s->way == SIGHT_WAY_IN && s->interface == f->interface))
		f->doubts |= DOUBT_ANSWER;
}

static void judge_sighting(struct watch *w, uint64_t t_ns, const struct packet *p,
			   const struct sighting *s)
{
	struct flow *f;
	bool forward;

	if (p->has & PACKET_ARP)
		judge_heard(w, p->arp_sender);
	if (p->has & PACKET_NEIGHBOUR)
		judge_heard(w, s->key.src);
	if (s->kind == SIGHT_ASKS)
		excuse_ask(&w->excuses, &w->conf.key, &s->key, w->now_ms);
	if (s->kind <= SIGHT_ASKS)
		return;
	if (s->kind == SIGHT_ERROR) {
		error_about(w, s, p);
		return;
	}
	f = flow_find(&w->flows, &s->key, &forward);
	if (f && (s->kind == SIGHT_FIRST || s->kind == SIGHT_LIKELY_MIDDLE) &&
	    flow_begins_anew(w, f, p, forward)) {
		flow_ends(w, f);
		f = NULL;
	}
	if (p->has & PACKET_SUM_BAD && (f || s->kind != SIGHT_FIRST))
		return;
	if (!f) {
		struct sighting middle = *s;

		middle.kind = (uint8_t)under_way(w, p, s);
		if (middle.kind == SIGHT_FIRST)
			first_contact(w, s, p, t_ns);
		else if (middle.kind == SIGHT_ANSWER)
			stray_answer(w, s, p, t_ns);
		else
			(void)watch_open(w, &middle, p, t_ns);
		return;
	}
	/* Waiting flows keep the time of their first packet: the queue is in that order. */
	if (!flow_waits(f))
		flow_touch(&w->flows, f, w->now_ms);
	if (forward) {
		f->doubts |= s->way == SIGHT_WAY_OUT && f->interface ? DOUBT_FORWARDED : 0;
		outcome_opener(w, f, p);
	} else {
		doubt_answer(f, p, s);
		outcome_target(w, f, p);
	}
}

/* Whether a packet came in with a source address of ours: we would have seen it go out. */
static bool is_own_forged(const struct watch *w, const struct packet *p, const struct sighting *s)
{
	struct addr sender = p->has & PACKET_ARP ? p->arp_sender : p->src;

	return s->way == SIGHT_WAY_IN && w->conf.is_own && p->has & (PACKET_IP | PACKET_ARP) &&
	       w->conf.is_own(w->conf.is_own_context, sender);
}

/* Damaged, or truncated before the headers that are judged; the payload is not needed. */
static bool packet_is_unreadable(const struct packet *p)
{
	const uint32_t enough = PACKET_ARP | PACKET_TCP | PACKET_UDP | PACKET_ICMP | PACKET_SCTP |
				PACKET_FRAGMENT | PACKET_TCP_START;

	return p->has & (PACKET_MALFORMED | PACKET_TCP_OPTIONS_BAD) ||
	       (p->has & PACKET_TRUNCATED && !(p->has & enough));
}

void watch_judge(struct watch *w, uint64_t t_ns, const struct packet *p, const struct sighting *s)
{
	struct sighting joined;
	struct packet whole;

	watch_clock(w, t_ns);
	w->packets++;
	w->malformed += packet_is_unreadable(p);
	w->fragments += (p->has & PACKET_FRAGMENT) != 0;
	settle_old(w, ANSWER_WAIT_MS);
	if (is_own_forged(w, p, s)) {
		w->own_forged++;
		return;
	}
	if (p->has & PACKET_BURIED) {
		judge_buried(w, p, t_ns);
		return;
	}
	if (p->has & (PACKET_TCP_START | PACKET_TCP_FLAGS) ||
	    (p->has & PACKET_TCP && p->has & PACKET_MORE_FRAGMENTS)) {
		if (!fragment_join(&w->pieces, &w->conf.key, p, w->now_ms, &whole))
			return;
		prefetch_bucket(w, &whole, &joined);
		joined.way = s->way;
		joined.interface = s->interface;
		p = &whole;
		s = &joined;
	}
	judge_sighting(w, t_ns, p, s);
}

void watch_packet(struct watch *w, uint64_t t_ns, const struct packet *p, bool outgoing)
{
	struct sighting s;

	prefetch_bucket(w, p, &s);
	s.way = outgoing ? SIGHT_WAY_OUT : SIGHT_WAY_UNKNOWN;
	watch_judge(w, t_ns, p, &s);
}

/* Reports that packets were lost, so that scans may be missed. */
static void report_blind(struct watch *w)
{
	uint64_t lost = w->lost - w->lost_reported, seen = w->packets - w->packets_reported;
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
	w->lost_reported = w->lost;
	w->packets_reported = w->packets;
	w->episodes.lost = w->lost;
	episode_report_notice(&w->episodes, &event, w->now_ms);
}

/* Removes the hosts of closed episodes and evicted records; at most every HOST_SET_SWEEP_MS, as it
 * may find none. */
static void hosts_sweep(struct watch *w)
{
	uint64_t alive[1024] = {0};

	if (w->swept_ms && w->now_ms - w->swept_ms < HOST_SET_SWEEP_MS)
		return;
	w->swept_ms = w->now_ms;
	evidence_mark_owners(&w->evidence, alive);
	episode_mark_owners(&w->episodes, alive);
	host_set_sweep(&w->hosts, alive);
}

void watch_tick(struct watch *w, uint64_t t_ns)
{
	watch_clock(w, t_ns);
	settle_old(w, ANSWER_WAIT_MS);
	if (host_set_is_full(&w->hosts))
		hosts_sweep(w);
	judge_held(w, false);
	episode_expire(&w->episodes, w->now_ms, w->conf.idle_ns / 1000000, t_ns);
	report_blind(w);
}

void watch_lost(struct watch *w, uint64_t lost)
{
	w->lost = lost;
	w->episodes.lost = lost;
}

void watch_finish(struct watch *w)
{
	settle_old(w, 0);
	judge_held(w, true);
	report_blind(w);
	episode_close_all(&w->episodes, w->packet_ns);
}

void watch_stats(const struct watch *w, struct watch_stats *out)
{
	uint64_t flows = (uint64_t)w->flows.buckets * FLOW_WAYS;
	double fill_flows = (double)w->flows.used / (double)flows;
	double fill_evidence = (double)w->evidence.used / ((double)w->evidence.buckets * 8);

	*out = (struct watch_stats){
		.packets = w->packets,
		.malformed = w->malformed,
		.own_forged = w->own_forged,
		.fragments = w->fragments,
		.flows = w->flows.used,
		.flows_evicted = w->flows.evicted,
		.evidence = w->evidence.used,
		.evidence_evicted = w->evidence.evicted,
		.sources_refused = w->evidence.probation.refused,
		.scans_open = w->episodes.open,
		.scans_total = w->episodes.total,
		.scans_refused = w->episodes.refused,
		.suppressed = w->episodes.suppressed,
		.lost = w->lost,
		.memory_bytes = w->memory_bytes,
		.fill = fill_flows > fill_evidence ? fill_flows : fill_evidence,
	};
	memcpy(out->events, w->episodes.reported, sizeof(out->events));
}
