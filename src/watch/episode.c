/* episode: counts what a scan does, and reports it at growing intervals and within a limit. */
#include "watch/episode.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "watch/name.h"
#include "watch/params.h"
#include "watch/tool.h"

#define BITMAPS 3 /* TCP, UDP or SCTP, answered open */

int episode_table_init(struct episode_table *t, size_t bytes, const struct siphash_key *key,
		       struct host_set *hosts)
{
	_Static_assert(SUSPECTS * sizeof(struct suspect) ==
			       BITMAPS * EPISODE_PORT_WORDS * sizeof(uint64_t),
		       "the suspects are stored in the memory of the ports");
	size_t each = sizeof(struct episode) + BITMAPS * EPISODE_PORT_WORDS * sizeof(uint64_t);
	size_t for_events = (size_t)EPISODE_RANGES_MOST * BITMAPS * sizeof(*t->ranges) +
			    SUSPECTS * sizeof(*t->suspects);

	memset(t, 0, sizeof(*t));
	if (bytes < for_events + each)
		return -1;
	t->count = (uint32_t)((bytes - for_events) / each);
	t->hosts = hosts;
	t->key = *key;
	t->next_id = 1;
	t->episode = calloc(t->count, sizeof(*t->episode));
	t->bitmaps = calloc((size_t)t->count * BITMAPS * EPISODE_PORT_WORDS, sizeof(uint64_t));
	t->ranges = calloc((size_t)EPISODE_RANGES_MOST * BITMAPS, sizeof(*t->ranges));
	t->suspects = calloc(SUSPECTS, sizeof(*t->suspects));
	if (t->episode && t->bitmaps && t->ranges && t->suspects)
		return 0;
	episode_table_fini(t);
	return -1;
}

void episode_table_fini(struct episode_table *t)
{
	free(t->episode);
	free(t->bitmaps);
	free(t->ranges);
	free(t->suspects);
	t->episode = NULL;
	t->bitmaps = NULL;
	t->ranges = NULL;
	t->suspects = NULL;
}

static uint64_t episode_tag(uint64_t name, bool crowd)
{
	return name_with(name, SALT_EPISODE, crowd);
}

struct episode *episode_find(struct episode_table *t, uint64_t name, bool crowd)
{
	if (t->open == 0)
		return NULL;
	uint64_t tag = episode_tag(name, crowd);

	for (uint32_t i = t->bucket[tag % EPISODE_BUCKETS]; i; i = t->episode[i - 1].chain)
		if (t->episode[i - 1].tag == tag)
			return &t->episode[i - 1];
	return NULL;
}

static void chain_add(struct episode_table *t, struct episode *e)
{
	uint32_t *head = &t->bucket[e->tag % EPISODE_BUCKETS];

	e->chain = *head;
	*head = (uint32_t)(e - t->episode) + 1;
}

static void chain_remove(struct episode_table *t, const struct episode *e)
{
	uint32_t *link = &t->bucket[e->tag % EPISODE_BUCKETS];

	while (*link && &t->episode[*link - 1] != e)
		link = &t->episode[*link - 1].chain;
	if (*link)
		*link = e->chain;
}

/* Adds a host to the episode's; returns whether it is new. */
static bool hosts_add(struct episode_table *t, struct episode *e, uint32_t host)
{
	enum host_set_answer answer = host_set_add(t->hosts, e->owner, host);

	e->hosts_at_least |= answer == HOST_SET_FULL;
	return answer == HOST_SET_NEW;
}

static void bit_add(uint64_t *bitmap, uint16_t port, uint32_t *count)
{
	uint64_t bit = UINT64_C(1) << (port & 63);

	*count += !(bitmap[port >> 6] & bit);
	bitmap[port >> 6] |= bit;
}

void episode_add_port(struct episode *e, uint16_t port, uint8_t proto)
{
	if (proto == IPPROTO_TCP)
		bit_add(e->tcp, port, &e->tcp_count);
	else if (proto == IPPROTO_UDP && e->sctp_count == 0)
		bit_add(e->udp, port, &e->udp_count);
	else if (proto == IPPROTO_SCTP && e->udp_count == 0)
		bit_add(e->udp, port, &e->sctp_count);
}

static void episode_close(struct episode_table *t, struct episode *e, uint64_t t_ns)
{
	episode_report(t, e, EVENT_CLOSE, t_ns);
	chain_remove(t, e);
	e->id = 0;
	t->open--;
}

static struct episode *episode_new(struct episode_table *t, struct addr key, bool crowd,
				   uint64_t now_ms, uint64_t t_ns)
{
	struct episode *e = &t->episode[0];

	for (uint32_t i = 0; i < t->count; i++) {
		if (t->episode[i].id == 0) {
			e = &t->episode[i];
			break;
		}
		if (t->episode[i].moved_ms < e->moved_ms)
			e = &t->episode[i];
	}
	if (e->id) {
		t->refused++;
		episode_close(t, e, t_ns);
	}
	const __u64 id = t->next_id++;
	uint64_t *bitmap = t->bitmaps + (size_t)(e - t->episode) * BITMAPS * EPISODE_PORT_WORDS;

	memset(bitmap, 0, BITMAPS * EPISODE_PORT_WORDS * sizeof(*bitmap));
	*e = (struct episode){
		.id = id,
		.tag = episode_tag(name_of(&t->key, key), crowd),
		.owner = siphash_words(&t->key, &id, 1, 1, 3),
		.began_ms = now_ms,
		.moved_ms = now_ms,
		.sources = 1,
		.crowd = crowd,
		.tcp = bitmap,
		.udp = bitmap + EPISODE_PORT_WORDS,
		.open = bitmap + 2 * EPISODE_PORT_WORDS,
	};
	chain_add(t, e);
	t->open++;
	t->total++;
	return e;
}

static void protocol_add(struct episode *e, uint8_t protocol)
{
	uint64_t bit = UINT64_C(1) << (protocol & 63);

	e->protocol_count += !(e->protocols[protocol >> 6] & bit);
	e->protocols[protocol >> 6] |= bit;
}

static void record_ports(struct episode *e, const struct evidence *r)
{
	for (int i = 0; i < r->listed; i++) {
		if (r->kind == EVIDENCE_PROTOCOLS) {
			protocol_add(e, (uint8_t)r->number[i]);
			continue;
		}
		episode_add_port(e, r->number[i], r->proto);
		if (r->open[i >> 6] >> (i & 63) & 1)
			bit_add(e->open, r->number[i], &e->open_count);
	}
}

/* Takes hosts and ports from the list of a record about cells. */
static void record_cells(struct episode_table *t, struct episode *e, const struct evidence *r)
{
	for (int i = 0; i < r->listed; i++) {
		episode_add_port(e, r->cell_port[i],
				 r->cell_udp >> i & 1 ? IPPROTO_UDP : IPPROTO_TCP);
		e->hosts += hosts_add(t, e, r->cell_host[i]);
	}
	e->many_targets = e->hosts > 1;
}

/* Takes the hosts of a record about hosts as its own, if these are more. Those of the list of
 * `origin`, a record about cells, are added again. */
static void adopt_hosts(struct episode_table *t, struct episode *e, const struct evidence *origin,
			const struct evidence *hosts)
{
	if (e->adopted || hosts->hosts <= e->hosts)
		return;
	e->adopted = true;
	e->owner = hosts->owner;
	e->hosts = hosts->hosts;
	e->answered = hosts->answered;
	e->many_targets = true;
	for (int i = 0; i < hosts->listed; i++)
		(void)hosts_add(t, e, hosts->host[i]);
	for (int i = 0; i < origin->listed; i++)
		e->hosts += hosts_add(t, e, origin->cell_host[i]);
}

uint64_t episode_ports(const struct episode *e)
{
	return (uint64_t)e->tcp_count + e->udp_count + e->sctp_count;
}

static uint64_t greater(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void episode_settle(struct episode *e)
{
	e->packets = greater(greater(e->packets, e->failed), greater(e->hosts, episode_ports(e)));
}

/* Whether the contacts of a record are in the one about cells that opened the episode, too. */
static bool is_within(const struct evidence *origin, const struct evidence *other)
{
	struct addr a = origin->target, b = other->target;

	if (origin->kind == EVIDENCE_CELLS)
		return true;
	if (!addr_is_v4(a) || !addr_is_v4(b))
		return a.hi == b.hi;
	return addr_v4(a) >> 8 == addr_v4(b) >> 8;
}

static void add_counts(struct episode *e, const struct evidence *r)
{
	e->packets += r->packets;
	e->failed += r->failed;
	e->half_open += r->half_open;
	e->idle += r->idle;
	for (int bit = 0; bit < SEEN_TECHNIQUES; bit++)
		e->seen[bit] += r->seen[bit];
	for (int tool = 0; tool < EVENT_TOOLS; tool++)
		e->tools[tool] += r->tools[tool];
}

struct episode *episode_open(struct episode_table *t, const struct evidence *r,
			     uint32_t target_hash, uint64_t now_ms, uint64_t t_ns)
{
	struct episode *e = episode_new(t, r->src, false, now_ms, t_ns);

	e->source = r->src;
	e->target = r->target;
	e->target_hash = target_hash;
	e->first_ns = r->first_ns;
	e->last_ns = r->last_ns;
	e->proof = r->proof;
	e->last_seq = r->last_seq;
	e->last_sport = r->last_sport;
	e->began_ms = r->began_ms;
	e->confidence = 1 - evidence_error(r);
	add_counts(e, r);
	e->of_ports = r->kind != EVIDENCE_STRAYS &&
		      (r->kind != EVIDENCE_HOSTS || r->proto == IPPROTO_TCP ||
		       r->proto == IPPROTO_UDP || r->proto == IPPROTO_SCTP);
	if (r->kind == EVIDENCE_PORTS || r->kind == EVIDENCE_PROTOCOLS) {
		record_ports(e, r);
		hits_add_record(e->hits, r);
		e->on_target = r->packets;
		e->hosts = 1;
		(void)hosts_add(t, e, target_hash);
		return e;
	}
	if (evidence_is_cells(r)) {
		record_cells(t, e, r);
		return e;
	}
	e->many_targets = true;
	/* The hosts beyond the record's list are in the host set, under its owner number. */
	e->owner = r->owner;
	e->adopted = true;
	e->hosts = r->hosts;
	e->answered = r->answered;
	for (int i = 0; i < r->listed; i++)
		(void)hosts_add(t, e, r->host[i]);
	if (r->kind == EVIDENCE_STRAYS)
		e->action = EVENT_BACKSCATTER;
	else if (r->proto == IPPROTO_TCP || r->proto == IPPROTO_UDP)
		episode_add_port(e, r->port, r->proto);
	return e;
}

static uint32_t less_one(uint32_t counter)
{
	return counter - (counter > 0);
}

/* A record about ports without the contacts that are in a record about the hosts of one of these
 * ports. */
static struct evidence without_port(const struct evidence *r, const struct evidence *hosts)
{
	struct evidence rest = *r;
	bool both = false;

	for (int i = 0; i < r->listed; i++)
		both |= r->number[i] == hosts->port;
	if (!both || r->kind != EVIDENCE_PORTS || r->proto != hosts->proto)
		return rest;
	rest.packets = less_one(r->packets);
	rest.failed = (uint16_t)less_one(r->failed);
	for (int bit = 0; bit < SEEN_TECHNIQUES; bit++)
		rest.seen[bit] = (uint16_t)less_one(r->seen[bit]);
	for (int tool = 0; tool < EVENT_TOOLS; tool++)
		rest.tools[tool] = (uint16_t)less_one(r->tools[tool]);
	if (rest.packets == 0)
		rest.half_open = rest.idle = 0;
	return rest;
}

void episode_join(struct episode_table *t, struct episode *e, const struct evidence *origin,
		  const struct evidence *other, uint32_t target_hash)
{
	struct evidence rest = *other;

	if (other->first_ns < e->first_ns)
		e->first_ns = other->first_ns;
	if (other->last_ns > e->last_ns)
		e->last_ns = other->last_ns;
	/* Each contact is in a record about ports and in one about hosts. */
	if (other->kind == EVIDENCE_HOSTS) {
		if (evidence_is_cells(origin))
			adopt_hosts(t, e, origin, other);
		return;
	}
	if (origin->kind == EVIDENCE_HOSTS)
		rest = without_port(other, origin);
	if (!evidence_is_cells(origin) || !is_within(origin, other)) {
		proof_join(&e->proof, &rest.proof);
		add_counts(e, &rest);
		if (addr_equal(e->target, other->target))
			e->on_target += rest.packets;
	}
	record_ports(e, other);
	hits_add_record(e->hits, other);
	if (hosts_add(t, e, target_hash)) {
		e->hosts++;
		e->many_targets = true;
	}
}

void episode_mark_owners(const struct episode_table *t, uint64_t alive[static 1024])
{
	for (uint32_t i = 0; i < t->count; i++) {
		uint16_t mark = host_set_mark(t->episode[i].owner);

		if (t->episode[i].id)
			alive[mark >> 6] |= UINT64_C(1) << (mark & 63);
	}
}

struct episode *episode_open_crowd(struct episode_table *t, struct addr target, uint8_t action,
				   uint64_t now_ms, uint64_t t_ns)
{
	struct episode *e = episode_new(t, target, true, now_ms, t_ns);

	e->target = target;
	e->action = action;
	e->hosts = 1;
	e->sources = 0;
	if (action == EVENT_SYN_FLOOD)
		e->suspects = (struct suspect *)e->tcp;
	e->first_ns = e->last_ns = t_ns;
	return e;
}

void episode_add_suspect(struct episode *e, const struct contact *c)
{
	if (e->suspects)
		e->suspects_news |= suspects_add(e->suspects, c);
}

/* Reports new suspects at once at first, then at doubling intervals up to SUSPECTS_WAIT_MOST_MS. */
static void report_suspects(struct episode_table *t, struct episode *e, uint64_t now_ms,
			    uint64_t t_ns)
{
	if (!e->suspects_news || now_ms < e->suspects_ms)
		return;
	e->suspects_news = false;
	e->suspects_wait_ms = e->suspects_wait_ms ? e->suspects_wait_ms * 2 : SUSPECTS_WAIT_MS;
	if (e->suspects_wait_ms > SUSPECTS_WAIT_MOST_MS)
		e->suspects_wait_ms = SUSPECTS_WAIT_MOST_MS;
	e->suspects_ms = now_ms + e->suspects_wait_ms;
	episode_report(t, e, EVENT_UPDATE, t_ns);
}

void episode_add_source(struct episode_table *t, struct episode *e, uint32_t source)
{
	/* Sources are in the host set, too, under another owner number. */
	enum host_set_answer answer = host_set_add(t->hosts, e->owner ^ 1, source);

	e->sources += answer == HOST_SET_NEW;
	e->sources_at_least |= answer == HOST_SET_FULL;
}

static void episode_grown(struct episode_table *t, struct episode *e, uint64_t t_ns)
{
	uint64_t least = e->reported_size > UPDATE_LEAST ? e->reported_size : UPDATE_LEAST;

	if (!e->reported) {
		episode_report_late(t, e, t_ns);
		return;
	}
	if (episode_size(e) >= UPDATE_GROWTH * least ||
	    e->hosts >= UPDATE_HOSTS_GROWTH * e->reported_hosts ||
	    e->reported_techniques != episode_techniques(e) ||
	    e->reported_proven != proof_holds(&e->proof))
		episode_report(t, e, EVENT_UPDATE, t_ns);
}

/* Whether a contact looks for hosts, and the scan for ports of a few: scanners look for hosts
 * first.
 */
static bool is_by_product(const struct episode *e, const struct contact *c)
{
	const uint32_t pings = UINT32_C(1) << SEEN_ICMP | UINT32_C(1) << SEEN_ARP;

	return e->of_ports && e->hosts <= SHAPE_FEW && c->techniques && !(c->techniques & ~pings);
}

void episode_add(struct episode_table *t, struct episode *e, const struct contact *c,
		 uint32_t host_hash)
{
	e->moved_ms = c->now_ms;
	if (c->t_ns > e->last_ns)
		e->last_ns = c->t_ns;
	if (c->t_ns < e->first_ns)
		e->first_ns = c->t_ns;
	e->packets++;
	e->on_target += addr_equal(e->target, c->dst);
	e->failed += c->failed;
	for (int bit = 0; bit < SEEN_TECHNIQUES; bit++)
		e->seen[bit] += c->techniques >> bit & 1;
	uint16_t tools = c->tools;

	if (e->last_seq == c->seq && e->last_sport == c->sport)
		tools = tool_repeated(tools, c->window);
	for (int tool = 0; tool < EVENT_TOOLS; tool++)
		e->tools[tool] += tools >> tool & 1;
	e->last_seq = c->seq;
	e->last_sport = c->sport;
	if (c->techniques == UINT32_C(1) << SEEN_IPPROTO)
		protocol_add(e, c->proto);
	else if (e->action != EVENT_BACKSCATTER && /* answers ask for no port */
		 (c->proto == IPPROTO_TCP || c->proto == IPPROTO_UDP || c->proto == IPPROTO_SCTP))
		episode_add_port(e, c->dport, c->proto);
	if (!e->crowd && !is_by_product(e, c))
		hits_add(e->hits, c);
	if (is_by_product(e, c)) {
		e->pings++;
	} else if (!addr_equal(e->target, c->dst) || e->many_targets) {
		e->many_targets |= !e->crowd;
		if (hosts_add(t, e, host_hash))
			e->hosts++;
	}
	e->half_open += c->half_open;
	e->idle += c->idle;
	proof_add(&e->proof, c->print, c->idle && c->proven);
	if (c->open) {
		e->answered++;
		if (c->proto == IPPROTO_TCP || c->proto == IPPROTO_UDP || c->proto == IPPROTO_SCTP)
			bit_add(e->open, c->dport, &e->open_count);
	}
	episode_grown(t, e, c->t_ns);
}

/* A scan that takes its time is not over for as long a silence as one that hurries: several of its
 * own pauses, up to two days. */
static uint64_t episode_patience(const struct episode *e, uint64_t idle_ms)
{
	uint64_t pauses =
		e->packets ? CLOSE_PAUSES * ((e->moved_ms - e->began_ms) / e->packets) : 0;

	if (pauses > CLOSE_PAUSES_MOST_MS)
		pauses = CLOSE_PAUSES_MOST_MS;
	return pauses > idle_ms ? pauses : idle_ms;
}

void episode_expire(struct episode_table *t, uint64_t now_ms, uint64_t idle_ms, uint64_t t_ns)
{
	for (uint32_t i = 0; t->open && i < t->count; i++) {
		struct episode *e = &t->episode[i];

		if (!e->id)
			continue;
		report_suspects(t, e, now_ms, t_ns);
		if (now_ms - e->moved_ms >= episode_patience(e, idle_ms))
			episode_close(t, e, t_ns);
	}
	episode_report_minute(t, now_ms, t_ns);
}

void episode_close_all(struct episode_table *t, uint64_t t_ns)
{
	while (t->open) {
		struct episode *first = NULL;

		for (uint32_t i = 0; i < t->count; i++)
			if (t->episode[i].id && (!first || t->episode[i].id < first->id))
				first = &t->episode[i];
		episode_close(t, first, t_ns);
	}
	episode_report_suppressed(t, t_ns);
}
