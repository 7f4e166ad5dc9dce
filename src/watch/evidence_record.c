/* evidence_record: finding, evicting, decaying and counting records of the evidence table. */
#include "watch/evidence_record.h"

#include <string.h>

#include "watch/name.h"
#include "watch/params.h"
#include "watch/tool.h"

uint32_t evidence_network(const struct siphash_key *key, struct addr a)
{
	a.lo &= addr_is_v4(a) ? ~UINT64_C(0xff) : 0;
	const uint32_t hash = (uint32_t)name_of(key, a);

	return hash ? hash : 1;
}

uint32_t contact_network(const struct evidence_table *t, const struct contact *c)
{
	return c->network ? c->network : evidence_network(&t->key, c->dst);
}

uint64_t record_tag(uint64_t source, const struct subject *about)
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

void record_leak(struct evidence *r, uint64_t now_ms)
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

	for (int i = 0; i < EVIDENCE_WAYS && victim->tag; i++) {
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

struct evidence *record_get(struct evidence_table *t, const struct contact *c,
			    const struct subject *about, bool make)
{
	uint64_t tag = record_tag(c->source, about);
	struct evidence *bucket = &t->record[name_below(tag, t->buckets) * EVIDENCE_WAYS], *victim;

	for (int i = 0; i < EVIDENCE_WAYS; i++)
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

void count_contact(uint16_t *counter)
{
	if (*counter < UINT16_MAX)
		++*counter;
}

static void count_up(uint8_t *counter)
{
	if (*counter < UINT8_MAX)
		++*counter;
}

bool filter_add(uint64_t *filter, unsigned bits, uint32_t hash)
{
	unsigned at = hash % bits;
	bool fresh = !(filter[at >> 6] >> (at & 63) & 1);

	filter[at >> 6] |= UINT64_C(1) << (at & 63);
	return fresh;
}

unsigned filter_bits(const uint64_t *filter, unsigned words)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < words; i++)
		bits += (unsigned)__builtin_popcountll(filter[i]);
	return bits;
}

bool used_add(uint64_t filter[static 8], uint32_t hash)
{
	if (filter_bits(filter, 8) > 256)
		memset(filter, 0, 8 * sizeof(*filter));
	return filter_add(filter, 512, hash);
}

bool list_host(struct evidence_table *t, struct evidence *r, uint32_t host)
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

void record_note(struct evidence *r, const struct contact *c)
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

void record_step(struct evidence *r, float step, float slow)
{
	r->score += step;
	r->slow += slow;
	if (r->score < 0)
		r->score = 0;
	if (r->slow < 0)
		r->slow = 0;
}

bool record_is_over(const struct evidence_table *t, const struct evidence *r)
{
	return (double)r->score >= t->threshold || (double)r->slow >= t->threshold * SLOW_FACTOR;
}

struct evidence *record_find(struct evidence_table *t, uint64_t tag)
{
	struct evidence *bucket = &t->record[name_below(tag, t->buckets) * EVIDENCE_WAYS];

	for (int i = 0; i < EVIDENCE_WAYS; i++)
		if (bucket[i].tag == tag)
			return &bucket[i];
	return NULL;
}
