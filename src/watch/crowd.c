/* crowd: counters of fixed size for each target. */
#include "watch/crowd.h"

#include <stdlib.h>
#include <string.h>

#include "base/logarithm.h"
#include "watch/name.h"
#include "watch/params.h"

#define WAYS	  4

#define SECOND_MS 1000
#define TENTH_MS  100
/* The estimate of sources is computed once in this number of contacts. */
#define LOOK_EVERY 64

int crowd_table_init(struct crowd_table *t, size_t bytes, const struct siphash_key *key)
{
	memset(t, 0, sizeof(*t));
	t->key = *key;
	t->buckets = (bytes - bytes / 4) / (WAYS * sizeof(struct crowd));
	if (t->buckets == 0)
		return -1;
	t->crowd = calloc(t->buckets * WAYS, sizeof(struct crowd));
	if (t->crowd && cusum_init(&t->cusum, bytes / 4) == 0)
		return 0;
	crowd_table_fini(t);
	return -1;
}

void crowd_table_fini(struct crowd_table *t)
{
	free(t->crowd);
	cusum_fini(&t->cusum);
	memset(t, 0, sizeof(*t));
}

/* All registers at 0 stay below 2^64. */
#define SUM_ONE (UINT64_C(1) << 53)

static void span_clear(struct crowd_span *s, uint64_t now_ms)
{
	const uint32_t used = CROWD_REGISTERS - s->empty;

	if (used > CROWD_LISTED)
		memset(s->sources, 0, sizeof(s->sources));
	else
		for (uint32_t i = 0; i < used; i++)
			s->sources[s->listed[i]] = 0;
	s->contacts = s->completed = 0;
	s->began_ms = now_ms;
	s->sum = CROWD_REGISTERS * SUM_ONE;
	s->empty = CROWD_REGISTERS;
}

static void group_clear(struct crowd_group *g)
{
	memset(g, 0, offsetof(struct crowd_group, source)); /* the counts of the arrays are 0 */
}

/* Empties the counters. Done for every new target, thus for each host of a sweep, so only what is
 * used is cleared: all of it is a quarter of a first-level cache. */
static void crowd_clear(struct crowd *c, uint64_t now_ms)
{
	memset(c, 0, offsetof(struct crowd, contacts));
	span_clear(&c->contacts, now_ms);
	span_clear(&c->tenth, now_ms);
	span_clear(&c->strays, now_ms);
	for (int i = 0; i < CROWD_GROUPS; i++)
		group_clear(&c->group[i]);
}

struct crowd *crowd_get(struct crowd_table *t, struct addr target, uint64_t name, uint64_t now_ms)
{
	uint64_t tag = name | 1;
	struct crowd *bucket, *victim;

	if (t->latest && t->latest->tag == tag) {
		t->latest->moved_ms = now_ms;
		return t->latest;
	}
	bucket = victim = &t->crowd[name_below(name, t->buckets) * WAYS];
	for (int i = 0; i < WAYS; i++) {
		if (bucket[i].tag == tag) {
			bucket[i].moved_ms = now_ms;
			return t->latest = &bucket[i];
		}
		if (victim->tag && (bucket[i].tag == 0 || bucket[i].moved_ms < victim->moved_ms))
			victim = &bucket[i];
	}
	t->evicted += victim->tag != 0;
	crowd_clear(victim, now_ms);
	victim->tag = tag;
	victim->name = name;
	victim->target = target;
	victim->moved_ms = now_ms;
	victim->uneven = 1;
	return t->latest = victim;
}

static double greater(double a, double b)
{
	return a > b ? a : b;
}

static void span_count(struct crowd_span *s, uint64_t hash)
{
	uint8_t *at = &s->sources[hash & (CROWD_REGISTERS - 1)];
	uint64_t rest = hash >> 10 | UINT64_C(1) << 54;
	uint8_t rank = (uint8_t)(__builtin_ctzll(rest) + 1);

	s->contacts++;
	if (rank <= *at)
		return;
	s->sum += (SUM_ONE >> rank) - (SUM_ONE >> *at);
	if (*at == 0) {
		const uint32_t used = CROWD_REGISTERS - s->empty--;

		if (used < CROWD_LISTED)
			s->listed[used] = hash & (CROWD_REGISTERS - 1);
	}
	*at = rank;
}

static uint64_t span_sources(const struct crowd_span *s)
{
	double m = CROWD_REGISTERS;
	double estimate = 0.7213 / (1 + 1.079 / m) * m * m * (double)SUM_ONE / (double)s->sum;

	if (estimate <= 2.5 * m && s->empty)
		estimate = m * logarithm(m / s->empty);
	return (uint64_t)(estimate + 0.5);
}

/* Counts one contact. Returns the number of sources when a second is over or has enough contacts,
 * else 0. */
static uint64_t span_add(struct crowd_span *s, uint64_t hash, uint64_t now_ms, uint64_t *over)
{
	*over = 0;
	if (now_ms - s->began_ms >= SECOND_MS) {
		/* The caller reads the counts of the second that is over before it begins a new
		 * one. */
		*over = s->contacts >= FLOOD_CONTACTS ? span_sources(s) : 0;
		return *over;
	}
	span_count(s, hash);
	return s->contacts >= FLOOD_CONTACTS && s->contacts % LOOK_EVERY == 0 ? span_sources(s) : 0;
}

static void span_begin(struct crowd_span *s, uint64_t hash, uint64_t now_ms)
{
	span_clear(s, now_ms);
	span_count(s, hash);
}

/*
 * Estimates the average source's contacts in a tenth of a second: increases at once, decreases
 * slowly. If many sources stand out at a time they are no scanners but fast machines of a botnet,
 * and `uneven` rises.
 */
static void tenth_add(struct crowd *c, uint64_t source, uint64_t now_ms)
{
	struct crowd_span *s = &c->tenth;

	if (now_ms - s->began_ms >= TENTH_MS) {
		uint64_t sources = span_sources(s);
		double burst = (double)s->contacts / (double)(sources ? sources : 1);

		c->burst += burst > c->burst ? burst - c->burst : (burst - c->burst) / 8;
		c->uneven = c->admitted > ADMITTED_MOST + c->pps * ADMITTED_SHARE
				    ? c->uneven * UNEVEN_MORE
				    : greater(c->uneven * UNEVEN_LESS, 1);
		if (c->uneven > UNEVEN_MOST)
			c->uneven = UNEVEN_MOST;
		c->admitted -= c->admitted / 10;
		span_begin(s, source, now_ms);
		return;
	}
	span_count(s, source);
}

/* Keeps the greatest values of the latest full seconds, since contacts of the oldest may still be
 * judged. */
static void full_add(struct crowd *c, double contacts, double sources)
{
	c->held.mean_pps = contacts / sources;
	c->held.share = 1 / sources;
	for (int i = CROWD_FULL - 1; i > 0; i--) {
		c->full[i] = c->full[i - 1];
		c->held.mean_pps = greater(c->held.mean_pps, c->full[i].mean_pps);
		c->held.share = greater(c->held.share, c->full[i].share);
	}
	c->full[0].mean_pps = contacts / sources;
	c->full[0].share = 1 / sources;
}

/*
 * The mean contacts of all sources, from the mean `each` of those that made any. Sources without a
 * contact are not counted, so each = x / (1 - e^-x); this is its inverse to a few per cent.
 */
static double average_of_all(double each)
{
	double more = each - 1;

	return 1.06 * (more + more / each);
}

/* Measures the flood by full seconds; within a second the rate is only raised, if by more than an
 * estimate's error. At the begin of a flood too high a rate is better than too low. */
static void flood_measure(struct crowd *c, uint64_t sources, bool full, uint64_t now_ms)
{
	double contacts = (double)c->contacts.contacts, each = contacts / (double)sources;
	double passed = full ? 1 : (double)(now_ms - c->contacts.began_ms) / SECOND_MS;
	double span = greater(passed, (double)TENTH_MS / SECOND_MS);
	double now = average_of_all(each) / span, share = now * passed / contacts;

	if (full) {
		full_add(c, contacts, (double)sources);
	} else {
		if (now_ms >= c->flood_ms) {
			memset(c->full, 0, sizeof(c->full));
			c->held.mean_pps = each / span;
		}
		/* Sources without a contact so far are not known. */
		if (c->full[0].share <= 0)
			c->held.share = 1 / (double)sources;
	}
	c->mean_pps = !full && now > FLOOD_RISEN * c->held.mean_pps ? now : c->held.mean_pps;
	c->share = !full && share > FLOOD_RISEN * c->held.share ? share : c->held.share;
	c->pps = full ? contacts : greater(c->pps, contacts / span);
	c->flood_ms = now_ms + FLOOD_HOLD_MS;
}

uint64_t crowd_contact(struct crowd *c, uint64_t source, uint64_t now_ms)
{
	uint64_t over, sources = span_add(&c->contacts, source, now_ms, &over);
	bool flood = sources >= FLOOD_SOURCES &&
		     c->contacts.completed * FLOOD_COMPLETED_ONE_IN < c->contacts.contacts;

	tenth_add(c, source, now_ms);
	if (flood)
		flood_measure(c, sources, over != 0, now_ms);
	if (now_ms - c->contacts.began_ms >= SECOND_MS)
		span_begin(&c->contacts, source, now_ms);
	return flood ? sources : 0;
}

uint64_t crowd_stray(struct crowd *c, uint64_t source, uint64_t now_ms)
{
	uint64_t over, sources = span_add(&c->strays, source, now_ms, &over);
	bool flood = sources >= FLOOD_SOURCES &&
		     c->strays.completed * FLOOD_COMPLETED_ONE_IN < c->strays.contacts;

	if (now_ms - c->strays.began_ms >= SECOND_MS)
		span_begin(&c->strays, source, now_ms);
	return flood ? sources : 0;
}

void crowd_completed(struct crowd *c)
{
	c->contacts.completed++;
}

void crowd_stray_went_on(struct crowd *c)
{
	c->strays.completed++;
}

double crowd_mean_pps(const struct crowd *c, uint64_t now_ms)
{
	return now_ms < c->flood_ms ? c->mean_pps : 0;
}

/* How many times busier than the average source some of a flood's sources are: those of an uneven
 * flood, and those that send in turns, in their turn. */
static double busy_share(const struct crowd *c, double mean_pps)
{
	double turn = (c->burst - 1) * SECOND_MS / TENTH_MS / mean_pps;
	double share = greater(c->uneven, turn);

	return share < UNEVEN_MOST ? share : UNEVEN_MOST;
}

static uint64_t cusum_hash(uint64_t source, uint64_t target)
{
	return name_with(source, SALT_CUSUM, target);
}

void crowd_prefetch(const struct crowd_table *t, uint64_t source, uint64_t target)
{
	cusum_prefetch(&t->cusum, cusum_hash(source, target));
}

double crowd_surprise(struct crowd_table *t, struct crowd *c, const struct contact *contact,
		      bool count)
{
	/* A burst of packets is one decision of its sender. */
	double burst = greater(c->burst, 1), mean = crowd_mean_pps(c, contact->now_ms);
	double busy = busy_share(c, mean);
	const struct cusum_query ask = {
		.hash = cusum_hash(contact->source, contact->target),
		.t_ms = contact->over_ms,
		.mean_pps = mean * busy,
		.arrivals = &c->arrivals,
		.share = c->share * busy,
		.level = cusum_level(CROWD_ADMITS) + burst,
		.count = count,
	};
	bool rises;
	double above;

	if (count)
		arrivals_add(&c->arrivals, contact->over_ms);
	above = cusum_above(&t->cusum, &ask, &rises);
	c->admitted += rises;
	return cusum_surprise(above - burst);
}

static struct crowd_group *group_get(struct crowd *c, uint32_t fingerprint, uint64_t now_ms,
				     uint64_t t_ns)
{
	struct crowd_group *victim = &c->group[0];

	for (int i = 0; i < CROWD_GROUPS; i++) {
		struct crowd_group *g = &c->group[i];

		if (g->fingerprint == fingerprint && now_ms - g->moved_ms < GROUP_IDLE_MS)
			return g;
		if (g->fingerprint == fingerprint || g->fingerprint == 0 ||
		    g->moved_ms < victim->moved_ms)
			victim = g;
		if (g->fingerprint == fingerprint)
			break;
	}
	group_clear(victim);
	victim->fingerprint = fingerprint;
	victim->first_ns = t_ns;
	victim->began_ms = now_ms;
	return victim;
}

uint32_t crowd_fingerprint(const struct crowd_table *t, const struct contact *contact)
{
	const __u64 words[2] = {contact->techniques, (__u64)contact->window << 16 | contact->mss};

	return (uint32_t)siphash_words(&t->key, words, 2, 1, 3) | 1;
}

static uint32_t crowd_network(const struct crowd_table *t, const struct contact *contact)
{
	const struct addr network = {contact->src.hi, 0};

	return addr_is_v4(contact->src) ? crowd_source(contact)
					: name_host(name_of(&t->key, network));
}

uint32_t crowd_source(const struct contact *contact)
{
	return (uint32_t)name_with(contact->source, SALT_CROWD_GROUP, 0);
}

uint32_t crowd_network_print(const struct crowd_table *t, const struct contact *contact,
			     unsigned bits)
{
	const __u64 words[2] = {contact->src.hi >> (64 - bits), bits};

	return (uint32_t)siphash_words(&t->key, words, 2, 1, 3) | 1;
}

/*
 * Whether a group is a scan. Its members' ports are disjoint, but for a share of the contacts.
 * Sources of several networks that share few ports each need more ports together: strangers may
 * have one program in common. So do sources that have nothing in common but the time.
 */
static bool group_is_scan(const struct crowd_group *g, enum crowd_join join, bool v6,
			  uint64_t now_ms)
{
	const bool few = g->scattered && g->ports * 2 < g->sources * 5;
	unsigned ports = GROUP_PORTS, repeats = GROUP_REPEATS_ONE_IN, pace_ms = GROUP_PACE_MS;

	if (join == CROWD_ANY || few) {
		ports = GROUP_PORTS_SPREAD;
		repeats = GROUP_REPEATS_SPREAD_ONE_IN;
	}
	if (join == CROWD_ANY || few)
		pace_ms = GROUP_PACE_SPREAD_MS;
	/* Forged sources have a packet each, too, but come as fast as they can; and IPv6 has
	 * networks enough for each. */
	if (few && (v6 || now_ms - g->began_ms < (uint64_t)g->contacts * GROUP_PACE_FORGED_MS))
		return false;
	return g->ports >= ports && g->sources >= GROUP_SOURCES &&
	       g->repeats * repeats <= g->contacts &&
	       now_ms - g->began_ms <= (uint64_t)g->contacts * pace_ms;
}

struct crowd_group *crowd_failed(struct crowd_table *t, struct crowd *c,
				 const struct contact *contact, uint32_t fingerprint,
				 enum crowd_join join)
{
	struct crowd_group *g = group_get(c, fingerprint, contact->now_ms, contact->t_ns);
	uint32_t source = crowd_source(contact);
	uint32_t network = crowd_network(t, contact);
	bool known_port = false, known_source = false;

	if (g->contacts == 0)
		g->network = network;
	g->scattered |= join != CROWD_SITE && g->network != network;
	g->moved_ms = contact->now_ms;
	for (int i = 0; i < g->ports; i++)
		known_port |= g->port[i] == contact->dport;
	for (int i = 0; i < g->sources; i++)
		known_source |= g->source[i] == source;
	/* Full without a verdict: too many sources for so few ports. Starts a new group. */
	if ((!known_port && g->ports == CROWD_PORTS) ||
	    (!known_source && g->sources == CROWD_SOURCES)) {
		g->fingerprint = 0;
		return NULL;
	}
	if (!known_port)
		g->port[g->ports++] = contact->dport;
	if (!known_source)
		g->source[g->sources++] = source;
	g->contacts++;
	g->repeats += known_port;
	return group_is_scan(g, join, !addr_is_v4(contact->src), contact->now_ms) ? g : NULL;
}
