/* crowd: per-target counters of fixed size. */
#include "watch/crowd.h"

#include <stdlib.h>
#include <string.h>

#include "watch/logarithm.h"
#include "watch/name.h"

#define WAYS	       4

#define SIEVE_SALT     4
#define GROUP_SALT     5

#define SECOND_MS      1000
#define FLOOD_CONTACTS 100
#define FLOOD_SOURCES  50
/* A target counts as flooded for so long after its last flooded second. */
#define FLOOD_HOLD_MS 10000
/* Of this many contacts one looks at the estimate again. */
#define LOOK_EVERY 64

/* Less often in two seconds is never admitted during a flood. */
#define ADMIT_LEAST   8

#define GROUP_PORTS   24
#define GROUP_SOURCES 3
#define GROUP_IDLE_MS 120000
/* Slower together than one contact in so long are strangers whose packets look alike. */
#define GROUP_PACE_MS 2000

int crowd_table_init(struct crowd_table *t, size_t bytes, const struct cookie_key *key)
{
	struct crowd_sieve *s = &t->sieve;

	memset(t, 0, sizeof(*t));
	t->key = *key;
	s->width = 256;
	while (s->width * 2 * CROWD_ROWS * 2 * sizeof(uint16_t) <= bytes / 4)
		s->width *= 2;
	t->buckets = (bytes - bytes / 4) / (WAYS * sizeof(struct crowd));
	if (t->buckets == 0)
		return -1;
	t->crowd = calloc(t->buckets * WAYS, sizeof(struct crowd));
	s->count[0] = calloc(s->width, CROWD_ROWS * sizeof(uint16_t));
	s->count[1] = calloc(s->width, CROWD_ROWS * sizeof(uint16_t));
	if (t->crowd && s->count[0] && s->count[1])
		return 0;
	crowd_table_fini(t);
	return -1;
}

void crowd_table_fini(struct crowd_table *t)
{
	free(t->crowd);
	free(t->sieve.count[0]);
	free(t->sieve.count[1]);
	memset(t, 0, sizeof(*t));
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
	memset(victim, 0, sizeof(*victim));
	victim->tag = tag;
	victim->name = name;
	victim->target = target;
	victim->moved_ms = now_ms;
	victim->contacts.began_ms = victim->strays.began_ms = now_ms;
	return t->latest = victim;
}

static void registers_add(uint8_t *registers, uint64_t hash)
{
	unsigned at = (unsigned)(hash & (CROWD_REGISTERS - 1));
	uint64_t rest = hash >> 8 | UINT64_C(1) << 56;
	uint8_t rank = (uint8_t)(__builtin_ctzll(rest) + 1);

	if (rank > registers[at])
		registers[at] = rank;
}

/* Room for all registers at 0 below 2^64. */
#define SUM_BITS 55

static uint64_t registers_estimate(const uint8_t *registers)
{
	double m = CROWD_REGISTERS, estimate;
	uint64_t sum = 0; /* of 2^-register, in units of 2^-SUM_BITS: exact, and no division each */
	unsigned empty = 0;

	for (int i = 0; i < CROWD_REGISTERS; i++) {
		sum += UINT64_C(1) << SUM_BITS >> registers[i];
		empty += registers[i] == 0;
	}
	estimate =
		0.7213 / (1 + 1.079 / m) * m * m * (double)(UINT64_C(1) << SUM_BITS) / (double)sum;
	if (estimate <= 2.5 * m && empty)
		estimate = m * logarithm(m / empty);
	return (uint64_t)(estimate + 0.5);
}

/* Counts one more; with the second over, or enough contacts in it, the sources so far. */
static uint64_t second_add(struct crowd_second *s, uint64_t hash, uint64_t now_ms, uint64_t *over)
{
	uint64_t sources = 0;

	*over = 0;
	if (now_ms - s->began_ms >= SECOND_MS) {
		*over = s->contacts >= FLOOD_CONTACTS ? registers_estimate(s->sources) : 0;
		sources = *over;
		/* The counts of the second that is over are looked at by the caller first. */
		return sources;
	}
	s->contacts++;
	registers_add(s->sources, hash);
	if (s->contacts >= FLOOD_CONTACTS && s->contacts % LOOK_EVERY == 0)
		sources = registers_estimate(s->sources);
	return sources;
}

static void second_begin(struct crowd_second *s, uint64_t hash, uint64_t now_ms)
{
	memset(s, 0, sizeof(*s));
	s->began_ms = now_ms;
	s->contacts = 1;
	registers_add(s->sources, hash);
}

uint64_t crowd_contact(struct crowd *c, uint64_t source, uint64_t now_ms)
{
	uint64_t over, sources = second_add(&c->contacts, source, now_ms, &over);
	bool flood = sources >= FLOOD_SOURCES && c->contacts.completed * 10 < c->contacts.contacts;

	if (flood) {
		uint64_t span_ms = now_ms - c->contacts.began_ms;

		/* By the second, so that the first moments of a flood do not look slow. */
		c->mean_pps = (double)c->contacts.contacts / (double)sources * SECOND_MS /
			      (double)(span_ms < 100	     ? 100
				       : span_ms < SECOND_MS ? span_ms
							     : SECOND_MS);
		c->flood_ms = now_ms + FLOOD_HOLD_MS;
	}
	if (now_ms - c->contacts.began_ms >= SECOND_MS)
		second_begin(&c->contacts, source, now_ms);
	return flood ? sources : 0;
}

uint64_t crowd_stray(struct crowd *c, uint64_t source, uint64_t now_ms)
{
	uint64_t over, sources = second_add(&c->strays, source, now_ms, &over);
	bool flood = sources >= FLOOD_SOURCES && c->strays.completed * 10 < c->strays.contacts;

	if (now_ms - c->strays.began_ms >= SECOND_MS)
		second_begin(&c->strays, source, now_ms);
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

static void sieve_turn(struct crowd_sieve *s, uint64_t now_ms)
{
	uint64_t age_ms = now_ms - s->began_ms;
	size_t bytes = s->width * CROWD_ROWS * sizeof(uint16_t);
	uint16_t *oldest = s->count[1];

	if (age_ms < SECOND_MS)
		return;
	memset(oldest, 0, bytes);
	s->count[1] = s->count[0];
	s->count[0] = oldest;
	s->total[1] = s->total[0];
	s->total[0] = 0;
	s->before_ms = SECOND_MS;
	if (age_ms >= 2 * SECOND_MS) {
		memset(s->count[1], 0, bytes);
		s->total[1] = 0;
		s->before_ms = 0;
	}
	s->began_ms = now_ms;
}

/* Counts the source, and how often it was counted, at most, in this second and the one before. */
static unsigned sieve_add(struct crowd_sieve *s, uint64_t hash)
{
	unsigned least = UINT32_MAX;

	s->total[0]++;
	for (unsigned row = 0; row < CROWD_ROWS; row++) {
		/* Two hashes make as many as one wants (Kirsch and Mitzenmacher 2006). */
		uint64_t at = row * s->width + (((hash >> 32) + row * hash) & (s->width - 1));
		unsigned sum;

		if (s->count[0][at] < UINT16_MAX)
			s->count[0][at]++;
		sum = (unsigned)s->count[0][at] + s->count[1][at];
		least = sum < least ? sum : least;
	}
	return least;
}

bool crowd_admits(struct crowd_table *t, const struct crowd *c, uint64_t source, uint64_t now_ms)
{
	struct crowd_sieve *s = &t->sieve;
	double expected, over;
	unsigned count;

	sieve_turn(s, now_ms);
	count = sieve_add(s, name_with(source, SIEVE_SALT, 0));
	/* Of its own, as one of the flood's, and of others that are counted in the same place. */
	expected = c->mean_pps * (double)(now_ms - s->began_ms + s->before_ms) / SECOND_MS +
		   (double)(s->total[0] + s->total[1]) / (double)s->width;
	/* Four standard deviations of a Poisson distribution, where it is like a normal one: of a
	 * million forged contacts a hundred get a record, still a long way from a verdict. */
	over = (double)count - expected;
	return count >= ADMIT_LEAST && over > 0 && over * over >= 16 * expected;
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
	memset(victim, 0, sizeof(*victim));
	victim->fingerprint = fingerprint;
	victim->first_ns = t_ns;
	victim->began_ms = now_ms;
	return victim;
}

uint32_t crowd_fingerprint(const struct crowd_table *t, const struct contact *contact)
{
	const __u64 words[2] = {contact->techniques, (__u64)contact->window << 16 | contact->mss};

	return (uint32_t)cookie_siphash(&t->key, words, 2, 1, 3) | 1;
}

static uint32_t crowd_network(const struct crowd_table *t, const struct contact *contact)
{
	const struct addr network = {contact->src.hi, 0};

	return addr_is_v4(contact->src) ? crowd_source(contact)
					: name_host(name_of(&t->key, network));
}

uint32_t crowd_source(const struct contact *contact)
{
	return (uint32_t)name_with(contact->source, GROUP_SALT, 0);
}

struct crowd_group *crowd_failed(struct crowd_table *t, struct crowd *c,
				 const struct contact *contact)
{
	uint32_t fingerprint = crowd_fingerprint(t, contact);
	struct crowd_group *g = group_get(c, fingerprint, contact->now_ms, contact->t_ns);
	uint32_t source = crowd_source(contact);
	uint32_t network = crowd_network(t, contact);
	bool known_port = false, known_source = false;

	if (g->contacts == 0)
		g->network = network;
	g->scattered |= g->network != network;
	g->moved_ms = contact->now_ms;
	for (int i = 0; i < g->ports; i++)
		known_port |= g->port[i] == contact->dport;
	for (int i = 0; i < g->sources; i++)
		known_source |= g->source[i] == source;
	/* Full without a verdict: too many sources for so few ports. Begin again. */
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
	if (g->ports < GROUP_PORTS || g->sources < GROUP_SOURCES ||
	    (g->scattered && g->ports * 2 < g->sources * 5) || g->repeats * 4 > g->contacts ||
	    contact->now_ms - g->began_ms > (uint64_t)g->contacts * GROUP_PACE_MS)
		return NULL;
	return g;
}
