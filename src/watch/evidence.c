/* evidence: the sequential tests, one record for each source and subject. */
#include "watch/evidence.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "watch/logarithm.h"
#include "watch/name.h"
#include "watch/params.h"
#include "watch/tool.h"

#define WAYS 8

int evidence_table_init(struct evidence_table *t, size_t bytes, const struct siphash_key *key,
			struct host_set *hosts)
{
	memset(t, 0, sizeof(*t));
	t->buckets = bytes * 4 / 5 / (WAYS * sizeof(struct evidence));
	if (t->buckets == 0)
		return -1;
	t->record = calloc(t->buckets * WAYS, sizeof(struct evidence));
	if (!t->record || probation_init(&t->probation, bytes / 5) < 0) {
		evidence_table_fini(t);
		return -1;
	}
	t->key = *key;
	t->hosts = hosts;
	return 0;
}

void evidence_set_errors(struct evidence_table *t, double false_positive, double detection)
{
	t->threshold = logarithm(detection / false_positive);
}

void evidence_table_fini(struct evidence_table *t)
{
	free(t->record);
	probation_fini(&t->probation);
	t->record = NULL;
}

static uint32_t host_network(const struct evidence_table *t, struct addr a)
{
	if (addr_is_v4(a))
		a.lo &= ~UINT64_C(0xff);
	else
		a.lo = 0;
	return (uint32_t)name_of(&t->key, a);
}

/* The subject of a record, besides its source. */
struct subject {
	uint32_t host; /* name_host of the one target; 0: any */
	uint16_t port;
	uint8_t kind, proto;
};

static uint64_t record_tag(uint64_t source, const struct subject *about)
{
	uint64_t what = (uint64_t)about->kind << 24 | (uint64_t)about->proto << 16 | about->port;

	return name_with(source, SALT_EVIDENCE, (uint64_t)about->host << 32 | what) | 1;
}

/* How suspicious a record is: its slow score, decayed to now_ms. */
static float record_worth(const struct evidence *r, uint64_t now_ms)
{
	float ms = now_ms > r->moved_ms ? (float)(now_ms - r->moved_ms) : 0;
	float worth = r->slow - ms / LEAK_SLOW_MS * STEP_PORT_FAILED;

	return worth > 0 ? worth : 0;
}

static void record_leak(struct evidence *r, uint64_t now_ms)
{
	float ms = now_ms > r->moved_ms ? (float)(now_ms - r->moved_ms) : 0;

	r->score -= ms / LEAK_MS * STEP_PORT_FAILED;
	if (r->score < 0)
		r->score = 0;
	r->slow = record_worth(r, now_ms);
	r->moved_ms = now_ms;
}

/* A free record of a bucket, or else the least suspicious one, of equals the longest idle. */
static struct evidence *record_victim(struct evidence *bucket, uint64_t now_ms)
{
	struct evidence *victim = bucket;
	float least = record_worth(bucket, now_ms);

	for (int i = 0; i < WAYS && victim->tag; i++) {
		struct evidence *r = &bucket[i];
		float worth = record_worth(r, now_ms);

		if (r->tag == 0 || worth < least ||
		    (!(worth > least) && r->moved_ms < victim->moved_ms)) {
			victim = r;
			least = worth;
		}
	}
	return victim;
}

/* The record of a subject, or NULL. With `make` it is created, and evicts the least suspicious of
 * its bucket. */
static struct evidence *record_get(struct evidence_table *t, const struct contact *c,
				   const struct subject *about, bool make)
{
	uint64_t tag = record_tag(c->source, about);
	struct evidence *bucket = &t->record[name_below(tag, t->buckets) * WAYS], *victim;

	for (int i = 0; i < WAYS; i++)
		if (bucket[i].tag == tag)
			return &bucket[i];
	if (!make)
		return NULL;
	victim = record_victim(bucket, c->now_ms);
	t->evicted += victim->tag != 0;
	t->used += victim->tag == 0;
	*victim = (struct evidence){
		.tag = tag,
		.owner = tag + ++t->made * UINT64_C(0x9e3779b97f4a7c15),
		.first_ns = c->t_ns,
		.began_ms = c->now_ms,
		.moved_ms = c->now_ms,
		.src = c->src,
		.target = c->dst,
		.port = about->port,
		.kind = about->kind,
		.proto = about->proto,
		.home = c->home,
	};
	return victim;
}

static void count_contact(uint16_t *counter)
{
	if (*counter < UINT16_MAX)
		++*counter;
}

static void count_up(uint8_t *counter)
{
	if (*counter < UINT8_MAX)
		++*counter;
}

/* Adds a port (or protocol) to the list; *place is set to its index. Returns whether it is new. */
static bool list_port(struct evidence *r, uint16_t port, int *place)
{
	for (int i = 0; i < r->listed; i++)
		if (r->number[i] == port) {
			*place = i;
			return false;
		}
	*place = r->listed < EVIDENCE_LISTED_PORTS ? r->listed++ : EVIDENCE_LISTED_PORTS - 1;
	r->number[*place] = port;
	r->open[*place >> 6] &= ~(UINT64_C(1) << (*place & 63));
	return true;
}

static bool filter_add(uint64_t *filter, unsigned bits, uint32_t hash)
{
	unsigned at = hash % bits;
	bool fresh = !(filter[at >> 6] >> (at & 63) & 1);

	filter[at >> 6] |= UINT64_C(1) << (at & 63);
	return fresh;
}

static unsigned filter_bits(const uint64_t *filter, unsigned words)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < words; i++)
		bits += (unsigned)__builtin_popcountll(filter[i]);
	return bits;
}

/* Adds to a filter of used ports or hosts; returns whether it was new. The filter is emptied when
 * half full, so that each new service counts for a client of hundreds, and a repeated one does not.
 */
static bool used_add(uint64_t filter[static 8], uint32_t hash)
{
	if (filter_bits(filter, 8) > 256)
		memset(filter, 0, 8 * sizeof(*filter));
	return filter_add(filter, 512, hash);
}

static uint32_t port_hash(uint16_t number)
{
	return number * UINT32_C(2654435761) >> 16;
}

/* Adds a host; returns whether it is new. If the host set is full, none is. */
static bool list_host(struct evidence_table *t, struct evidence *r, uint32_t host)
{
	for (int i = 0; i < r->listed; i++)
		if (r->host[i] == host)
			return false;
	if (r->listed < EVIDENCE_LISTED_HOSTS)
		r->host[r->listed++] = host;
	else if (host_set_add(t->hosts, r->owner, host) != HOST_SET_NEW)
		return false;
	r->hosts++;
	return true;
}

static void record_note(struct evidence *r, const struct contact *c)
{
	if (c->t_ns > r->last_ns)
		r->last_ns = c->t_ns;
	if (c->t_ns < r->first_ns)
		r->first_ns = c->t_ns;
	if (c->half_open)
		count_up(&r->half_open);
	if (c->idle)
		count_up(&r->idle);
	if (c->again)
		return;
	r->packets++;
	if (c->failed || c->idle)
		proof_add(&r->proof, c->print, c->idle && c->proven);
	for (int bit = 0; bit < SEEN_TECHNIQUES; bit++)
		if (c->techniques >> bit & 1)
			count_contact(&r->seen[bit]);
	uint16_t tools = c->tools;

	if (r->packets > 1 && r->last_seq == c->seq && r->last_sport == c->sport)
		tools = tool_repeated(tools, c->window);
	for (int tool = 0; tool < EVENT_TOOLS; tool++)
		if (tools >> tool & 1)
			count_contact(&r->tools[tool]);
	r->last_seq = c->seq;
	r->last_sport = c->sport;
}

static void record_step(struct evidence *r, float step, float slow)
{
	r->score += step;
	r->slow += slow;
	if (r->score < 0)
		r->score = 0;
	if (r->slow < 0)
		r->slow = 0;
}

static bool record_is_over(const struct evidence_table *t, const struct evidence *r)
{
	return (double)r->score >= t->threshold || (double)r->slow >= t->threshold * SLOW_FACTOR;
}

/* Whether a contact would be part of a scan: used ones are not, except answers to UDP. */
static bool contact_is_listed(const struct contact *c)
{
	return c->failed || c->idle || (c->used && !c->again);
}

/* Adds a contact to the record about the ports or IP protocols of its target. */
static struct evidence *add_port(struct evidence_table *t, const struct contact *c)
{
	bool protocol = c->techniques == UINT32_C(1) << SEEN_IPPROTO;
	struct subject about = {name_host(c->target), 0,
				protocol ? EVIDENCE_PROTOCOLS : EVIDENCE_PORTS,
				protocol ? 0 : c->proto};
	uint16_t number = protocol ? c->proto : c->dport;
	struct evidence *r = record_get(t, c, &about, c->failed || c->idle);
	int place;

	if (!r)
		return NULL;
	record_leak(r, c->now_ms);
	record_note(r, c);
	/* Each port counts once, or a scanner could undo its failures with one open port. */
	if (c->used && used_add(r->used_ports, port_hash(number))) {
		count_contact(&r->used);
		record_step(r, STEP_PORT_USED, STEP_PORT_USED);
	}
	if (contact_is_listed(c)) {
		bool fresh = list_port(r, number, &place);

		if (c->open)
			r->open[place >> 6] |= UINT64_C(1) << (place & 63);
		if (fresh && c->failed) {
			count_contact(&r->failed);
			record_step(r, STEP_PORT_FAILED, STEP_PORT_FAILED);
		}
	}
	return record_is_over(t, r) ? r : NULL;
}

/*
 * The weight of a host: SCATTERED_WEIGHT in a network that is new to the filter. A network may seem
 * known by a collision, the likelier the more bits are set, so the weight then falls with them.
 */
static float host_spread(struct evidence_table *t, struct evidence *r, const struct contact *c)
{
	float empty = 1 - (float)filter_bits(r->networks, 4) / 256, trust;

	if (filter_add(r->networks, 256, host_network(t, c->dst)))
		return SCATTERED_WEIGHT;
	trust = empty * empty;
	trust *= trust;
	trust *= trust;
	return SCATTERED_WEIGHT + (1 - SCATTERED_WEIGHT) * trust;
}

static void step_host_failed(struct evidence_table *t, struct evidence *r, const struct contact *c)
{
	float outwards = c->home ? OUTWARDS_WEIGHT : 1;

	if (c->techniques == UINT32_C(1) << SEEN_ARP) {
		record_step(r, STEP_ARP * outwards, 0);
	} else {
		float step = STEP_HOST_FAILED * outwards * host_spread(t, r, c);

		record_step(r, step, step);
	}
}

static void step_host_used(struct evidence *r, const struct contact *c)
{
	float step = c->techniques == UINT32_C(1) << SEEN_ICMP	? STEP_PING_USED
		     : c->techniques == UINT32_C(1) << SEEN_ARP ? -STEP_ARP
								: STEP_HOST_USED;

	record_step(r, step, step);
}

static bool is_sweep_only(uint32_t techniques)
{
	return techniques == UINT32_C(1) << SEEN_ICMP || techniques == UINT32_C(1) << SEEN_ARP;
}

/* Whether a contact creates a record: failed, closed without data, or a ping or ARP request, since
 * all answers to a fast sweep come before the first wait is over. */
static bool contact_is_asked(const struct contact *c)
{
	return c->failed || c->idle || (c->used && is_sweep_only(c->techniques));
}

/* Adds a contact to the record about hosts contacted on its port, or by the same kind of ping. */
static struct evidence *add_host(struct evidence_table *t, const struct contact *c, uint8_t kind)
{
	struct subject about = {0, kind == EVIDENCE_STRAYS ? 0 : c->dport, kind, c->proto};
	struct evidence *r = record_get(t, c, &about, contact_is_asked(c));
	uint32_t host = name_host(c->target);

	if (!r)
		return NULL;
	record_leak(r, c->now_ms);
	record_note(r, c);
	/* Each host counts once, for or against. */
	if (c->used) {
		if (used_add(r->used_hosts, host)) {
			count_contact(&r->used);
			step_host_used(r, c);
		}
		/* Answers to pings are what a sweep looks for. */
		if (is_sweep_only(c->techniques) && list_host(t, r, host))
			count_contact(&r->answered);
	} else if (contact_is_listed(c)) {
		r->target = c->dst;
		if (list_host(t, r, host) && c->failed) {
			count_contact(&r->failed);
			step_host_failed(t, r, c);
		}
	}
	return r;
}

/* Adds the contact from probation to the record about the target, if that is the same. */
static void probation_bring(struct evidence_table *t, const struct contact *c,
			    const struct probation_entry *earlier)
{
	struct contact first = probation_contact(c, earlier);

	if (earlier->target != name_host(c->target))
		return;
	/* Probes for protocols have no port. */
	if (c->techniques == UINT32_C(1) << SEEN_IPPROTO ? earlier->port != 0
							 : earlier->proto != c->proto)
		return;
	(void)add_port(t, &first);
}

/* The same for the record about hosts. The network is not stored, so the host weighs
 * SCATTERED_WEIGHT. */
static void probation_bring_host(struct evidence_table *t, struct evidence *r,
				 const struct contact *c, const struct probation_entry *earlier)
{
	struct contact first = probation_contact(c, earlier);
	float step = STEP_HOST_FAILED * SCATTERED_WEIGHT * (c->home ? OUTWARDS_WEIGHT : 1);

	if (!r || earlier->port != c->dport || earlier->proto != c->proto)
		return;
	record_note(r, &first);
	if (!list_host(t, r, earlier->target))
		return;
	if (!first.failed) {
		if (is_sweep_only(c->techniques))
			count_contact(&r->answered);
		return;
	}
	count_contact(&r->failed);
	record_step(r, step, step);
}

struct evidence *evidence_add(struct evidence_table *t, const struct contact *c)
{
	struct probation_entry earlier = {0};
	struct evidence *ports = NULL, *hosts = NULL;
	bool sweep = is_sweep_only(c->techniques);
	enum probation_answer admission = PROBATION_OVER;

	if (contact_is_asked(c))
		admission = probation_check(&t->probation, c, name_host(c->target), &earlier);
	if (admission == PROBATION_HOLD)
		return NULL;
	if (admission == PROBATION_ENDS && !sweep)
		probation_bring(t, c, &earlier);
	if (!sweep)
		ports = add_port(t, c);
	if (c->techniques != UINT32_C(1) << SEEN_IPPROTO) {
		hosts = add_host(t, c, EVIDENCE_HOSTS);
		if (admission == PROBATION_ENDS)
			probation_bring_host(t, hosts, c, &earlier);
	}
	if (ports)
		return ports;
	return hosts && record_is_over(t, hosts) ? hosts : NULL;
}

struct evidence *evidence_stray(struct evidence_table *t, const struct contact *c)
{
	struct evidence *r = add_host(t, c, EVIDENCE_STRAYS);

	return r && record_is_over(t, r) ? r : NULL;
}

void evidence_drop(struct evidence_table *t, struct evidence *record)
{
	memset(record, 0, sizeof(*record));
	t->used--;
}

/* Hosts and ports whose records evidence_take still has to look up. */
#define TAKEN_MOST 256
struct taking {
	uint32_t host[TAKEN_MOST];
	struct {
		uint16_t port;
		uint8_t proto;
	} port[TAKEN_MOST];
	unsigned hosts, ports;
};

static void taking_host(struct taking *g, uint32_t host)
{
	for (unsigned i = 0; i < g->hosts; i++)
		if (g->host[i] == host)
			return;
	if (g->hosts < TAKEN_MOST)
		g->host[g->hosts++] = host;
}

static void taking_port(struct taking *g, uint16_t port, uint8_t proto)
{
	for (unsigned i = 0; i < g->ports; i++)
		if (g->port[i].port == port && g->port[i].proto == proto)
			return;
	if (g->ports < TAKEN_MOST) {
		g->port[g->ports].port = port;
		g->port[g->ports++].proto = proto;
	}
}

static void taking_record(struct evidence_table *t, struct taking *g, const struct evidence *r)
{
	if (r->kind == EVIDENCE_HOSTS) {
		taking_port(g, r->port, r->proto);
		for (int i = 0; i < r->listed; i++)
			taking_host(g, r->host[i]);
	} else if (r->kind != EVIDENCE_STRAYS) {
		taking_host(g, name_host(name_of(&t->key, r->target)));
		for (int i = 0; i < r->listed && r->kind == EVIDENCE_PORTS; i++)
			taking_port(g, r->number[i], r->proto);
	}
}

static struct evidence *record_find(struct evidence_table *t, uint64_t tag)
{
	struct evidence *bucket = &t->record[name_below(tag, t->buckets) * WAYS];

	for (int i = 0; i < WAYS; i++)
		if (bucket[i].tag == tag)
			return &bucket[i];
	return NULL;
}

void evidence_take(struct evidence_table *t, struct evidence *record,
		   void (*each)(void *context, const struct evidence *other), void *context)
{
	static const struct subject of_host[] = {{0, 0, EVIDENCE_PORTS, IPPROTO_TCP},
						 {0, 0, EVIDENCE_PORTS, IPPROTO_UDP},
						 {0, 0, EVIDENCE_PROTOCOLS, 0}};
	struct taking g = {.hosts = 0};
	uint64_t source = name_of(&t->key, record->src);
	unsigned hosts = 0, ports = 0;

	taking_record(t, &g, record);
	evidence_drop(t, record);
	while (hosts < g.hosts * 3 || ports < g.ports) {
		struct subject about;
		struct evidence *r;

		if (hosts < g.hosts * 3) {
			about = of_host[hosts % 3];
			about.host = g.host[hosts++ / 3];
		} else {
			about = (struct subject){0, g.port[ports].port, EVIDENCE_HOSTS,
						 g.port[ports].proto};
			ports++;
		}
		r = record_find(t, record_tag(source, &about));
		if (!r)
			continue;
		taking_record(t, &g, r);
		each(context, r);
		evidence_drop(t, r);
	}
}

void evidence_mark_owners(const struct evidence_table *t, uint64_t alive[static 1024])
{
	for (uint64_t i = 0; i < t->buckets * WAYS; i++) {
		const struct evidence *r = &t->record[i];
		uint16_t mark = host_set_mark(r->owner);

		if (r->tag && (r->kind == EVIDENCE_HOSTS || r->kind == EVIDENCE_STRAYS) &&
		    r->listed == EVIDENCE_LISTED_HOSTS)
			alive[mark >> 6] |= UINT64_C(1) << (mark & 63);
	}
}

double evidence_error(const struct evidence *record)
{
	double score = (double)record->score, power = 1;

	/* e^-score by squaring e^-(score / 1024). */
	if (score <= 0)
		return 1;
	power = 1 - score / 1024 + score * score / (2 * 1024.0 * 1024.0);
	for (int i = 0; i < 10; i++)
		power *= power;
	return power;
}

void evidence_of(const struct evidence_table *t, struct addr src, uint64_t now_ms,
		 void (*each)(void *context, const struct evidence *record), void *context)
{
	for (uint64_t i = 0; i < t->buckets * WAYS; i++) {
		struct evidence faded = t->record[i];

		if (!faded.tag || !addr_equal(faded.src, src))
			continue;
		record_leak(&faded, now_ms);
		each(context, &faded);
	}
}
