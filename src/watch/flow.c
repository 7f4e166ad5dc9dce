/* flow: a set-associative table, and a queue of its waiting flows. */
#include "watch/flow.h"

#include <stdlib.h>
#include <string.h>

#include "base/salts.h"
#include "technique/technique.h"
#include "watch/name.h"
#include "watch/params.h"
#include "watch/prefetch.h"

/* The queue numbers flows in 32 bits. */
#define FLOW_BUCKETS_MOST ((size_t)1 << 24)

#define ENTRY_BYTES	  (sizeof(struct flow) + sizeof(struct flow_way) + sizeof(struct flow_link))

int flow_table_init(struct flow_table *t, size_t bytes, const struct siphash_key *key)
{
	size_t buckets = bytes / (FLOW_WAYS * ENTRY_BYTES);

	memset(t, 0, sizeof(*t));
	if (buckets > FLOW_BUCKETS_MOST)
		buckets = FLOW_BUCKETS_MOST;
	if (buckets == 0)
		return -1;
	t->flow = calloc(buckets * FLOW_WAYS, sizeof(struct flow));
	t->way = calloc(buckets * FLOW_WAYS, sizeof(struct flow_way));
	t->link = calloc(buckets * FLOW_WAYS, sizeof(struct flow_link));
	if (!t->flow || !t->way || !t->link) {
		flow_table_fini(t);
		return -1;
	}
	t->buckets = (uint32_t)buckets;
	t->key = *key;
	return 0;
}

void flow_table_fini(struct flow_table *t)
{
	free(t->flow);
	free(t->way);
	free(t->link);
	t->flow = NULL;
	t->way = NULL;
	t->link = NULL;
}

/* The lower end first, so that both directions have the same tag. IPv4 fits into two words. */
uint64_t flow_tag(const struct flow_table *t, const struct flow_key *k)
{
	int order = addr_compare(k->src, k->dst);
	bool swap = order > 0 || (order == 0 && k->sport > k->dport);
	struct addr a = swap ? k->dst : k->src, b = swap ? k->src : k->dst;
	uint16_t a_port = swap ? k->dport : k->sport, b_port = swap ? k->sport : k->dport;
	__u64 rest = (__u64)k->proto << 32 | (__u64)a_port << 16 | b_port;

	if (addr_is_v4(a) && addr_is_v4(b)) {
		const __u64 words[2] = {(__u64)addr_v4(a) << 32 | addr_v4(b), rest ^ SALT_FLOW};

		return siphash_words(&t->key, words, 2, 1, 3) | 1;
	}
	const __u64 words[5] = {a.hi ^ SALT_FLOW, a.lo, b.hi, b.lo, rest};

	return siphash_words(&t->key, words, 5, 1, 3) | 1;
}

static uint64_t key_tag(const struct flow_table *t, const struct flow_key *k)
{
	return k->tag ? k->tag : flow_tag(t, k);
}

/* Number of the first flow of a tag's bucket. */
static size_t flow_bucket(const struct flow_table *t, uint64_t tag)
{
	return (size_t)name_below(tag, t->buckets) * FLOW_WAYS;
}

static void flow_rank(struct flow_table *t, const struct flow *f)
{
	t->way[f - t->flow].rank =
		f->state == FLOW_FREE ? 0 : (uint64_t)flow_waits(f) << 63 | (f->moved_ms + 1);
}

struct flow *flow_find(struct flow_table *t, const struct flow_key *key, bool *forward)
{
	uint64_t tag = key_tag(t, key);
	size_t first = flow_bucket(t, tag);

	for (size_t i = first; i < first + FLOW_WAYS; i++) {
		if (t->way[i].tag != tag)
			continue;
		*forward = addr_equal(t->flow[i].src, key->src) && t->flow[i].sport == key->sport;
		return &t->flow[i];
	}
	return NULL;
}

static void queue_remove(struct flow_table *t, const struct flow *f)
{
	struct flow_link *l = &t->link[f - t->flow];

	if (l->prev)
		t->link[l->prev - 1].next = l->next;
	else
		t->head = l->next;
	if (l->next)
		t->link[l->next - 1].prev = l->prev;
	else
		t->tail = l->prev;
	*l = (struct flow_link){0, 0};
}

static void queue_append(struct flow_table *t, const struct flow *f)
{
	uint32_t index = (uint32_t)(f - t->flow) + 1;

	t->link[index - 1] = (struct flow_link){0, t->tail};
	if (t->tail)
		t->link[t->tail - 1].next = index;
	else
		t->head = index;
	t->tail = index;
}

bool flow_waits(const struct flow *f)
{
	return f->state == FLOW_PENDING || f->state == FLOW_HALF || f->state == FLOW_STRAY;
}

bool flow_is_syn(const struct flow *f)
{
	return f->sight & (UINT32_C(1) << TECH_SYN | UINT32_C(1) << TECH_CONNECT);
}

/* The flow of a bucket with the lowest rank. */
static struct flow *flow_victim(struct flow_table *t, size_t first)
{
	size_t victim = first;

	for (size_t i = first + 1; i < first + FLOW_WAYS; i++)
		if (t->way[i].rank < t->way[victim].rank)
			victim = i;
	return &t->flow[victim];
}

void flow_prefetch_bucket(const struct flow_table *t, uint64_t tag)
{
	const struct flow_way *way = &t->way[flow_bucket(t, tag)];

	prefetch_line(way);
	prefetch_line(way + FLOW_WAYS / 2);
}

/* Index of the flow with that tag, or else of the one that a new flow would evict. */
static size_t flow_place(const struct flow_table *t, uint64_t tag)
{
	size_t first = flow_bucket(t, tag), at = first;

	for (size_t i = first; i < first + FLOW_WAYS; i++) {
		if (t->way[i].tag == tag)
			return i;
		if (t->way[i].rank < t->way[at].rank)
			at = i;
	}
	return at;
}

static void flow_prefetch_at(const struct flow_table *t, size_t at)
{
	const char *flow = (const char *)&t->flow[at];

	prefetch_line(flow);
	prefetch_line(flow + 64);
	prefetch_line(flow + sizeof(struct flow) - 1);
	prefetch_line(&t->link[at]);
}

size_t flow_prefetch(const struct flow_table *t, uint64_t tag)
{
	size_t at = flow_place(t, tag);

	flow_prefetch_at(t, at);
	return at;
}

void flow_prefetch_next(const struct flow_table *t, const struct flow *f)
{
	const uint32_t next = t->link[f - t->flow].next;

	if (next)
		flow_prefetch_at(t, next - 1);
}

const struct flow *flow_prefetch_evicted(const struct flow_table *t, uint64_t tag, size_t at)
{
	const struct flow_link *link = &t->link[at];

	/* Waiting flows have ranks of 2^63 and more. */
	if (t->way[at].tag == tag || !(t->way[at].rank >> 63))
		return NULL;
	if (link->next)
		prefetch_line(&t->link[link->next - 1]);
	if (link->prev)
		prefetch_line(&t->link[link->prev - 1]);
	return &t->flow[at];
}

/* Sets all fields one by one: gcc would clear a compound literal with "rep stos" first
 * (bytes_clear). */
static void flow_begin(struct flow *f, const struct flow_key *key, uint64_t tag)
{
	f->tag = tag;
	f->src = key->src;
	f->dst = key->dst;
	f->sport = key->sport;
	f->dport = key->dport;
	f->proto = key->proto;
	f->t_ns = f->source = f->target = 0;
	f->seq = f->ack = f->sight = f->latest = 0;
	f->window = f->mss = f->tools = 0;
	f->ttl = f->more = f->claims = f->flags = 0;
	f->doubts = 0;
	f->interface = 0;
	f->proven = f->raw = f->stun = false;
}

struct flow *flow_open(struct flow_table *t, const struct flow_key *key, enum flow_state state,
		       uint64_t now_ms, struct flow *evicted, bool *has_evicted)
{
	uint64_t tag = key_tag(t, key);
	struct flow *f = flow_victim(t, flow_bucket(t, tag));

	*has_evicted = flow_waits(f);
	if (*has_evicted) {
		*evicted = *f;
		queue_remove(t, f);
		t->evicted++;
	} else if (f->state != FLOW_FREE && now_ms - f->moved_ms < FLOW_REMEMBERED_MS)
		t->forgot_ms = now_ms;
	t->used += f->state == FLOW_FREE;
	flow_begin(f, key, tag);
	f->moved_ms = now_ms;
	f->state = (uint8_t)state;
	t->way[f - t->flow].tag = tag;
	flow_rank(t, f);
	if (flow_waits(f))
		queue_append(t, f);
	return f;
}

void flow_touch(struct flow_table *t, struct flow *flow, uint64_t now_ms)
{
	flow->moved_ms = now_ms;
	flow_rank(t, flow);
}

void flow_settle(struct flow_table *t, struct flow *flow, enum flow_state state)
{
	bool waited = flow_waits(flow);

	flow->state = (uint8_t)state;
	if (waited && !flow_waits(flow))
		queue_remove(t, flow);
	flow_rank(t, flow);
}

void flow_forget(struct flow_table *t, struct flow *flow)
{
	if (flow_waits(flow))
		queue_remove(t, flow);
	flow->tag = 0;
	flow->state = FLOW_FREE;
	t->way[flow - t->flow].tag = 0;
	flow_rank(t, flow);
	t->used--;
}

struct flow *flow_oldest(struct flow_table *t)
{
	return t->head ? &t->flow[t->head - 1] : NULL;
}
