/* cusum: a set-associative table of cumulative sums. */
#include "watch/cusum.h"

#include <stdlib.h>
#include <string.h>

#include "watch/name.h"
#include "watch/params.h"
#include "watch/prefetch.h"

#define WAYS  8
#define ONE   256.0
#define PARTS 65536
/* Upper bound of the leak, so that its product with the greatest age fits. */
#define LEAK_MOST  1e12
#define LINE_BYTES 64
#define TAG_MASK   UINT64_C(0x7ffffff)
#define TIME_MASK  UINT64_C(0xfffff)
#define ABOVE_MOST UINT64_C(0xffff)
/* ms that a contact may be older than its entry. */
#define LATE_MS 16384

int cusum_init(struct cusum *s, size_t bytes)
{
	uintptr_t at;

	_Static_assert(WAYS * sizeof(struct cusum_entry) == LINE_BYTES, "a line each");
	memset(s, 0, sizeof(*s));
	if (bytes < 2 * LINE_BYTES)
		return -1;
	s->buckets = bytes / LINE_BYTES - 1;
	s->memory = calloc(s->buckets + 1, LINE_BYTES);
	if (!s->memory)
		return -1;
	at = (uintptr_t)s->memory;
	s->place = (void *)(at + (LINE_BYTES - at % LINE_BYTES) % LINE_BYTES);
	return 0;
}

void cusum_fini(struct cusum *s)
{
	free(s->memory);
	memset(s, 0, sizeof(*s));
}

/* The age of an entry in ms, modulo a quarter of an hour, the range of its 20 bits. */
static uint64_t place_age(const struct cusum_entry *p, uint64_t t_ms)
{
	uint64_t age = (t_ms - p->moved_ms) & TIME_MASK;

	return age <= TIME_MASK - LATE_MS ? age : 0;
}

/* In contacts. */
static double place_above(const struct cusum_entry *p, const struct cusum_query *query)
{
	uint64_t age = place_age(p, query->t_ms);
	double leaked = query->arrivals
				? query->share * arrivals_between(query->arrivals,
								  query->t_ms - age, query->t_ms,
								  query->mean_pps / query->share)
				: query->mean_pps * (double)age / 1000;
	double above = (double)p->above / ONE - CUSUM_FACTOR * leaked;

	return above > 0 ? above : 0;
}

static struct cusum_entry *bucket_find(struct cusum_entry *bucket, uint64_t tag)
{
	for (int i = 0; i < WAYS; i++)
		if (bucket[i].tag == tag && bucket[i].above)
			return &bucket[i];
	return NULL;
}

/* The entry with the lowest sum as of now, negative sums included. Without branches, since in a
 * flood each contact comes here. */
static struct cusum_entry *bucket_victim(struct cusum_entry *bucket, double leak, uint64_t t_ms)
{
	const double parts = leak * ONE * PARTS;
	const int64_t leak_parts = parts < LEAK_MOST ? (int64_t)parts : (int64_t)LEAK_MOST;
	int64_t least = INT64_MAX;
	int victim = 0;

	for (int i = 0; i < WAYS; i++) {
		const int64_t left = (int64_t)bucket[i].above * PARTS -
				     leak_parts * (int64_t)place_age(&bucket[i], t_ms);

		victim = left < least ? i : victim;
		least = left < least ? left : least;
	}
	return &bucket[victim];
}

void cusum_prefetch(const struct cusum *s, uint64_t hash)
{
	prefetch_line(&s->place[name_below(hash, s->buckets) * WAYS]);
}

double cusum_above(struct cusum *s, const struct cusum_query *query, bool *rises)
{
	struct cusum_entry *bucket = &s->place[name_below(query->hash, s->buckets) * WAYS];
	double leak = CUSUM_FACTOR * query->mean_pps / 1000, above = 0;
	struct cusum_entry *p = bucket_find(bucket, query->hash & TAG_MASK);

	*rises = false;
	if (p)
		above = place_above(p, query);
	if (!query->count)
		return above;
	if (!p) {
		p = bucket_victim(bucket, leak, query->t_ms);
		p->moved_ms = query->t_ms & TIME_MASK;
		p->tag = query->hash & TAG_MASK;
	}
	if (above <= 0)
		p->risen = 0;
	above += 1;
	p->moved_ms = (p->moved_ms + place_age(p, query->t_ms)) & TIME_MASK;
	p->above = above * ONE < (double)ABOVE_MOST ? (uint64_t)(above * ONE + 0.5) & ABOVE_MOST
						    : ABOVE_MOST;
	*rises = above >= query->level && !p->risen;
	p->risen |= *rises;
	return above;
}

double cusum_surprise(double above)
{
	return above > 0 ? above * CUSUM_SURPRISE : 0;
}

double cusum_level(double surprise)
{
	return surprise / CUSUM_SURPRISE;
}
