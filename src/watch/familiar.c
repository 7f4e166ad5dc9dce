/* familiar: a set-associative table of hashes that forgets the oldest. */
#include "watch/familiar.h"

#include <stdlib.h>
#include <string.h>

#define WAYS 8
/* Private number for keys of tables (flow.c). */
#define FAMILIAR_SALT UINT64_C(0x66616d696c696172)

int familiar_init(struct familiar *t, size_t bytes, const struct cookie_key *key)
{
	memset(t, 0, sizeof(*t));
	t->buckets = bytes / (WAYS * sizeof(*t->tag));
	t->key = *key;
	if (t->buckets == 0)
		return -1;
	t->tag = calloc(t->buckets * WAYS, sizeof(*t->tag));
	return t->tag ? 0 : -1;
}

void familiar_fini(struct familiar *t)
{
	free(t->tag);
	t->tag = NULL;
}

/* The bucket of a pair; *tag is what stands for it there. */
static uint32_t *familiar_bucket(const struct familiar *t, const struct familiar_pair *p,
				 uint32_t *tag)
{
	const __u64 words[5] = {p->src.hi ^ FAMILIAR_SALT, p->src.lo, p->dst.hi, p->dst.lo,
				(__u64)p->proto << 16 | p->port};
	uint64_t hash = cookie_siphash(&t->key, words, 5, 1, 3);

	*tag = (uint32_t)hash | 1;
	return &t->tag[(uint64_t)(((unsigned __int128)hash * t->buckets) >> 64) * WAYS];
}

void familiar_add(struct familiar *t, const struct familiar_pair *pair)
{
	uint32_t tag, *bucket = familiar_bucket(t, pair, &tag);
	int place = 0;

	while (place < WAYS - 1 && bucket[place] != tag)
		place++;
	memmove(bucket + 1, bucket, (size_t)place * sizeof(*bucket));
	bucket[0] = tag;
}

bool familiar_has(const struct familiar *t, const struct familiar_pair *pair)
{
	uint32_t tag;
	const uint32_t *bucket = familiar_bucket(t, pair, &tag);

	for (int i = 0; i < WAYS; i++)
		if (bucket[i] == tag)
			return true;
	return false;
}
