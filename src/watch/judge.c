/* judge: contacts to evidence, evidence to events. */
#include "watch/judge.h"

#include <netinet/in.h>
#include <string.h>

#include "base/logarithm.h"
#include "watch/name.h"
#include "watch/params.h"
#include "watch/watch_state.h"

/* Numbers of no IP protocol, for the pairs that routine_of() makes. */
#define ROUTINE_SLOT  240
#define ROUTINE_SLOTS 8

/* The surprise where there is no flood: greater than any other. */
#define CALM 1e9

static bool is_trusted(const struct watch *w, struct addr a)
{
	return w->conf.trusted && w->conf.trusted->count && ranges_contain(w->conf.trusted, a);
}

static bool is_gateway(const struct watch *w, struct addr a)
{
	return w->conf.gateways && w->conf.gateways->count && ranges_contain(w->conf.gateways, a);
}

/* Spoofed packets make this machine ask by ARP for the addresses that they seem to come from. */
static bool is_own(const struct watch *w, struct addr a)
{
	return w->conf.is_own && w->conf.is_own(w->conf.is_own_context, a);
}

static bool goes_outwards(const struct watch *w, struct addr src, struct addr dst)
{
	return w->conf.home && w->conf.home->count && ranges_contain(w->conf.home, src) &&
	       !ranges_contain(w->conf.home, dst);
}

/* Whether a flow began with a segment of a connection that may be older than the capture. Raw
 * tools' are not: no stack has their windows. */
static bool is_perhaps_older(const struct watch *w, const struct flow *f)
{
	return f->proto == IPPROTO_TCP && (f->flags & (TCP_ACK | TCP_SYN)) == TCP_ACK && !f->raw &&
	       f->dport >= CLIENT_PORTS && w->now_ms - w->start_ms < OLDER_EXCUSE_MS;
}

/* Fills *c in place: to copy it the processor would have to wait for its narrow stores. */
static void contact_init(struct contact *c, const struct watch *w, const struct flow *f)
{
	*c = (struct contact){
		.src = f->src,
		.dst = f->dst,
		.source = f->source,
		.target = f->target,
		.t_ns = f->t_ns,
		.now_ms = w->now_ms,
		.over_ms = w->now_ms,
		.techniques = f->sight,
		.seq = f->seq,
		.sport = f->sport,
		.dport = f->dport,
		.window = f->window,
		.mss = f->mss,
		.proto = f->proto,
		.tools = f->tools,
		.print = f->proto == IPPROTO_TCP ? proof_print(f->window, f->mss, f->ttl) : 0,
		.proven = f->proven,
		.home = goes_outwards(w, f->src, f->dst),
		.raw = f->raw,
		.talks = f->proto == IPPROTO_UDP && f->more >= TALK_DATAGRAMS,
		.weight = f->stun ? ICE_WEIGHT : 1,
	};
	c->older = is_perhaps_older(w, f);
	if (c->older)
		c->weight *= OLDER_WEIGHT;
	/* Refused: a late answer, perhaps, to a question from before the begin. */
	if (f->proto == IPPROTO_UDP && f->claims & CLAIM_MIDDLE &&
	    w->now_ms - w->start_ms < START_EXCUSE_MS)
		c->weight *= START_WEIGHT;
}

/* How much a contact's source stands out from the flood of its target; CALM if there is no flood.
 * `count`: the contact failed, and is added to the source's sum. */
static double contact_surprise(struct watch *w, const struct contact *c, bool count)
{
	struct crowd *crowd = crowd_get(&w->crowds, c->dst, c->target, w->now_ms);

	if (crowd_mean_pps(crowd, w->now_ms) <= 0)
		return CALM;
	return crowd_surprise(&w->crowds, crowd, c, count);
}

/* Whether a record over the threshold is a scan, despite a flood. In a second of the flood, chance
 * may bring a source there no more often than the sequential test may err. */
static bool stands_out(struct watch *w, const struct evidence *r, const struct contact *c,
		       double surprise)
{
	const struct crowd *crowd = crowd_get(&w->crowds, c->dst, c->target, w->now_ms);

	return surprise >= CALM || (r->failed >= FLOOD_FAILED &&
				    surprise >= w->evidence.threshold + logarithm(crowd->pps));
}

/* Adds a source to the flood's suspects if it stands out a little, or if the flood has so few
 * sources that all may be listed. */
static void note_suspect(struct watch *w, const struct contact *c, double surprise)
{
	const struct crowd *crowd = crowd_get(&w->crowds, c->dst, c->target, w->now_ms);
	struct episode *flood;

	if (surprise < CROWD_ADMITS && crowd->share * SUSPECTS < 1)
		return;
	flood = episode_find(&w->episodes, c->target, true);
	if (flood)
		episode_add_suspect(flood, c);
}

/* Whether a contact belongs to the scan of its source. Used connections are other traffic of the
 * scanner's host, except UDP answers and the like, while it scans by that technique. */
static bool contact_is_probe(const struct episode *e, const struct contact *c)
{
	if (c->again)
		return false;
	if (c->failed || c->idle)
		return true;
	if (!c->open || c->proto == IPPROTO_TCP)
		return false;
	for (unsigned bit = 0; bit < SEEN_TECHNIQUES; bit++)
		if (c->techniques >> bit & 1 && episode_has(e, bit))
			return true;
	return false;
}

/* What is kept of a source; NULL if it is not to be explained. */
static struct kept *kept_of(const struct watch *w, struct addr source)
{
	for (size_t i = 0; i < w->conf.explain_count; i++)
		if (addr_equal(w->conf.explain[i], source))
			return &w->kept[i];
	return NULL;
}

static void keep_record(struct kept *kept, const struct evidence *r)
{
	if (kept && kept->records < KEPT_RECORDS)
		kept->record[kept->records++] = *r;
}

/* Context of join_record. */
struct joining {
	struct watch *watch;
	struct kept *kept;
	struct episode *episode;
	struct evidence origin;
};

static void join_record(void *context, const struct evidence *other)
{
	struct joining *j = context;

	keep_record(j->kept, other);
	episode_join(&j->watch->episodes, j->episode, &j->origin, other,
		     name_host(name_of(&j->watch->conf.key, other->target)));
}

/* Opens an episode with all records of the source of a record that is over the threshold, and
 * reports it. */
static void open_episode(struct watch *w, struct evidence *over, uint64_t t_ns)
{
	struct joining j = {w, kept_of(w, over->src), NULL, *over};
	struct episode *flood;

	j.episode = episode_open(&w->episodes, over, name_host(name_of(&w->conf.key, over->target)),
				 w->now_ms, t_ns);
	if (j.kept) {
		j.kept->event = j.episode->id;
		j.kept->records = 0;
		keep_record(j.kept, over);
	}
	evidence_take(&w->evidence, over, join_record, &j);
	episode_settle(j.episode);
	flood = episode_find(&w->episodes, name_of(&w->conf.key, j.origin.target), true);
	if (flood && flood->suspects)
		suspects_drop(flood->suspects, name_of(&w->conf.key, j.origin.src));
	episode_report(&w->episodes, j.episode, EVENT_OPEN, t_ns);
}

void judge_held(struct watch *w, bool all)
{
	struct evidence *r;

	while ((r = evidence_held(&w->evidence, all ? UINT64_MAX : w->now_ms)))
		open_episode(w, r, w->packet_ns);
}

/* TCP and UDP of a port are one service, since clients of HTTP and DNS fall back from one to the
 * other. */
static struct known_service_pair service_of(uint64_t source, uint64_t target, uint16_t port,
					    uint8_t proto)
{
	return (struct known_service_pair){source, target, port,
					   proto == IPPROTO_UDP ? IPPROTO_TCP : proto};
}

void judge_prefetch(const struct watch *w, const struct flow *f)
{
	const struct known_service_pair pair = service_of(f->source, f->target, f->dport, f->proto);

	known_service_prefetch(&w->known_services, &pair);
	crowd_prefetch(&w->crowds, f->source, f->target);
}

/* Remembers used services. Returns whether the contact failed with a service that its source used
 * before. */
static bool is_known_service(struct watch *w, const struct contact *c)
{
	const struct known_service_pair pair = service_of(c->source, c->target, c->dport, c->proto);

	if (c->used || c->idle)
		known_service_add(&w->known_services, &pair);
	return c->failed && !c->half_open && known_service_has(&w->known_services, &pair);
}

/* The pair that stands for one of the hosts of a network with which a source used a port: eight for
 * each network, so that ROUTINE_HOSTS of them are at least as many hosts. */
static struct known_service_pair routine_of(const struct watch *w, const struct contact *c,
					    unsigned slot)
{
	struct addr network = c->dst;

	network.lo &= addr_is_v4(network) ? ~UINT64_C(0xff) : 0;
	return (struct known_service_pair){c->source, name_of(&w->conf.key, network), c->dport,
					   (uint8_t)(ROUTINE_SLOT + slot)};
}

/* Remembers with how many hosts of a network a source uses a port. Returns whether a contact failed
 * with a port that is its source's own business there. */
static bool is_routine(struct watch *w, const struct contact *c)
{
	unsigned hosts = 0;

	if (c->proto != IPPROTO_TCP || !(c->used || c->failed) || c->raw || c->half_open)
		return false;
	if (c->used) {
		const struct known_service_pair pair =
			routine_of(w, c, name_host(c->target) % ROUTINE_SLOTS);

		known_service_add(&w->known_services, &pair);
		return false;
	}
	for (unsigned slot = 0; slot < ROUTINE_SLOTS; slot++) {
		const struct known_service_pair pair = routine_of(w, c, slot);

		hosts += known_service_has(&w->known_services, &pair);
	}
	return hosts >= ROUTINE_HOSTS;
}

/* Whether a contact's source used a service of the target that names further ports: FTP's passive
 * mode (RFC 959), RPC's endpoint mappers, RTSP. */
static bool is_named_port(const struct watch *w, const struct contact *c)
{
	static const uint16_t controls[] = {21, 111, 135, 554};

	if (c->proto != IPPROTO_TCP || !(c->failed || c->idle) || c->raw || c->dport < 1024)
		return false;
	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
		const struct known_service_pair pair = {c->source, c->target, controls[i],
							IPPROTO_TCP};

		if (known_service_has(&w->known_services, &pair))
			return true;
	}
	return false;
}

/* A handshake with a service that its source used before is a client's, and proves nothing about a
 * scan that another host makes with its address. */
static void contact_settle_proof(struct watch *w, struct contact *c)
{
	const struct known_service_pair pair = {c->source, c->target, c->dport, IPPROTO_RAW};

	if (c->proven && c->idle && known_service_has(&w->known_services, &pair))
		c->proven = false;
	if (c->used && c->proto == IPPROTO_TCP)
		known_service_add(&w->known_services, &pair);
}

/* Judges a contact whose outcome is known, or of which more is known now. */
static void judge_contact(struct watch *w, struct contact *c)
{
	struct episode *e;
	struct evidence *over;
	double surprise;

	if (is_trusted(w, c->src))
		return;
	contact_settle_proof(w, c);
	e = episode_find(&w->episodes, c->source, false);
	if (e && e->action != EVENT_BACKSCATTER) {
		if (contact_is_probe(e, c))
			episode_add(&w->episodes, e, c, name_host(c->target));
		return;
	}
	if (is_known_service(w, c))
		return;
	c->routine = is_routine(w, c);
	if (is_named_port(w, c))
		c->weight *= CONTROL_WEIGHT;
	surprise = contact_surprise(w, c, c->failed && !c->again);
	if (c->failed && !c->again && surprise < CALM)
		note_suspect(w, c, surprise);
	if (c->failed && !c->again && surprise < CROWD_ADMITS)
		return;
	over = evidence_add(&w->evidence, c);
	if (over && stands_out(w, over, c, surprise)) {
		open_episode(w, over, c->t_ns);
		return;
	}
	if (c->failed && !c->again)
		judge_group(w, c);
}

void judge_failed(struct watch *w, const struct flow *f, bool open, bool half_open)
{
	struct contact c;

	contact_init(&c, w, f);
	c.failed = true;
	c.open = open;
	c.half_open = half_open;
	judge_contact(w, &c);
}

void judge_buried(struct watch *w, const struct packet *p, uint64_t t_ns)
{
	struct contact c = {
		.src = p->src,
		.dst = p->dst,
		.source = name_of(&w->conf.key, p->src),
		.target = name_of(&w->conf.key, p->dst),
		.t_ns = t_ns,
		.now_ms = w->now_ms,
		.over_ms = w->now_ms,
		.techniques = UINT32_C(1) << SEEN_ODD,
		.dport = ++w->buried,
		.proto = p->proto,
		.weight = 1,
		.failed = true,
	};

	judge_contact(w, &c);
}

static uint32_t heard_at(const struct watch *w, struct addr a)
{
	return name_host(name_of(&w->conf.key, a)) % (HEARD_WORDS * 64);
}

void judge_heard(struct watch *w, struct addr a)
{
	uint32_t at = heard_at(w, a);

	if (w->now_ms - w->heard_ms >= ARP_HEARD_MS) {
		memcpy(w->heard[1], w->heard[0], sizeof(w->heard[0]));
		memset(w->heard[0], 0, sizeof(w->heard[0]));
		w->heard_ms = w->now_ms;
	}
	w->heard[0][at >> 6] |= UINT64_C(1) << (at & 63);
}

/* A host that sent an ARP packet exists, even if its unicast answers are not captured. */
static bool was_heard(const struct watch *w, struct addr a)
{
	uint32_t at = heard_at(w, a);

	return (w->heard[0][at >> 6] | w->heard[1][at >> 6]) >> (at & 63) & 1;
}

/*
 * Whether a SYN+ACK without a SYN is a probe: by its shape, or as no server listens on a client's
 * port. Where a crowd reflects answers to the target, none is.
 */
static bool stray_is_probe(struct watch *w, const struct flow *f)
{
	const struct episode *crowd = episode_find(&w->episodes, f->target, true);

	return (f->raw || f->sport >= CLIENT_PORTS) &&
	       !(crowd && crowd->action == EVENT_REFLECTION);
}

/* A SYN+ACK without a SYN was followed by nothing, or by a RST: backscatter, or a probe. */
static void note_stray(struct watch *w, const struct flow *f)
{
	struct contact c = {
		.src = f->src,
		.dst = f->dst,
		.source = f->source,
		.target = f->target,
		.t_ns = f->t_ns,
		.now_ms = w->now_ms,
		.sport = f->sport,
		.proto = f->proto,
		.weight = 1,
		.failed = true,
	};
	struct episode *e = episode_find(&w->episodes, c.source, false);
	struct evidence *over;

	if (stray_is_probe(w, f)) {
		contact_init(&c, w, f);
		c.techniques = UINT32_C(1) << SEEN_SYNACK;
		c.failed = true;
		judge_contact(w, &c);
		return;
	}
	if (e) {
		if (e->action == EVENT_BACKSCATTER)
			episode_add(&w->episodes, e, &c, name_host(c.target));
		return;
	}
	over = evidence_stray(&w->evidence, &c);
	if (over)
		open_episode(w, over, c.t_ns);
}

/* RTCP uses the ports next to those of its stream (RFC 3550, 11). */
static bool is_beside_stream(struct watch *w, const struct flow *f)
{
	const struct flow_key stream_key = {
		f->src, f->dst, (uint16_t)(f->sport - 1), (uint16_t)(f->dport - 1), IPPROTO_UDP, 0};
	const struct flow *stream;
	bool forward;

	if (f->proto != IPPROTO_UDP || !(f->sport & f->dport & 1))
		return false;
	stream = flow_find(&w->flows, &stream_key, &forward);
	return stream && (stream->state == FLOW_MIDDLE || stream->claims & CLAIM_MIDDLE);
}

void judge_silence(struct watch *w, const struct flow *f, uint64_t over_ms)
{
	bool asks = flow_is_syn(f) || f->proto == IPPROTO_UDP;
	int listens = 0;
	struct contact c;

	if (f->state == FLOW_STRAY) {
		note_stray(w, f);
		return;
	}
	if (f->state == FLOW_PENDING && w->conf.listens && asks)
		listens = w->conf.listens(w->conf.listens_context, f->dst, f->dport, f->proto);
	/* Only a socket of ours can have asked for an answer, or take part in a stream. */
	if (f->claims & CLAIM_MIDDLE &&
	    (f->proto != IPPROTO_UDP || listens >= 0 || w->now_ms - w->start_ms < START_EXCUSE_MS))
		return;
	contact_init(&c, w, f);
	c.over_ms = over_ms;
	c.failed = true;
	c.silent = true;
	if (f->claims & (uint8_t)~CLAIM_MIDDLE && listens >= 0) {
		c.open = c.half_open = true;
		if (f->claims & CLAIM_ACK)
			judge_claims(w, f);
		else
			judge_contact(w, &c);
		return;
	}
	/* A listening port of ours would have answered: the answer was not captured. That excuses
	 * SYN and UDP only, not what no client sends (FIN, NULL, ...). */
	if (listens > 0)
		return;
	if (f->sight == UINT32_C(1) << SEEN_ARP &&
	    (was_heard(w, f->dst) || is_gateway(w, f->src) || is_own(w, f->src)))
		return;
	if (is_beside_stream(w, f))
		return;
	c.open = f->state == FLOW_HALF;
	judge_contact(w, &c);
}

void judge_completed(struct watch *w, const struct flow *f)
{
	struct contact c;

	contact_init(&c, w, f);
	c.again = true;
	judge_contact(w, &c);
}

void judge_claims(struct watch *w, const struct flow *f)
{
	judge_completed(w, f);
	if (f->claims & CLAIM_DATA)
		judge_used(w, f, true);
	else if (f->claims & CLAIM_END)
		judge_idle(w, f);
}

void judge_idle(struct watch *w, const struct flow *f)
{
	struct contact c;

	contact_init(&c, w, f);
	c.open = true;
	c.idle = true;
	judge_contact(w, &c);
}

void judge_used(struct watch *w, const struct flow *f, bool again)
{
	struct contact c;

	contact_init(&c, w, f);
	c.used = true;
	c.open = !again;
	c.again = again;
	judge_contact(w, &c);
}
