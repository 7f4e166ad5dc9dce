/* familiar: a set-associative table of hashes that forgets the oldest. */
#include "watch/known_service.h"

#include <stdlib.h>
#include <string.h>

#include "watch/fetch.h"
#include "watch/name.h"

#define WAYS	      8
#define FAMILIAR_SALT 2

int familiar_init(struct familiar *t, size_t bytes)
{
	memset(t, 0, sizeof(*t));
	t->buckets = bytes / (WAYS * sizeof(*t->tag));
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
	uint64_t hash = name_with(p->source, FAMILIAR_SALT,
				  p->target + ((uint64_t)p->proto << 16 | p->port));

	*tag = (uint32_t)hash | 1;
	return &t->tag[name_below(hash, t->buckets) * WAYS];
}

void familiar_fetch(const struct familiar *t, const struct familiar_pair *pair)
{
	uint32_t tag;

	fetch_line(familiar_bucket(t, pair, &tag));
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
	bool found = false;

	/* All eight: most often it is none of them, and so no branch is guessed wrong. */
	for (int i = 0; i < WAYS; i++)
		found |= bucket[i] == tag;
	return found;
}
