/* known_service: a set-associative table of hashes that evicts the oldest. */
#include "watch/known_service.h"

#include <stdlib.h>
#include <string.h>

#include "watch/name.h"
#include "watch/prefetch.h"

#define WAYS 8

int known_service_init(struct known_services *t, size_t bytes)
{
	memset(t, 0, sizeof(*t));
	t->buckets = bytes / (WAYS * sizeof(*t->tag));
	if (t->buckets == 0)
		return -1;
	t->tag = calloc(t->buckets * WAYS, sizeof(*t->tag));
	return t->tag ? 0 : -1;
}

void known_service_fini(struct known_services *t)
{
	free(t->tag);
	t->tag = NULL;
}

/* The bucket of a pair; *tag is set to its tag there. */
static uint32_t *known_service_bucket(const struct known_services *t,
				      const struct known_service_pair *p, uint32_t *tag)
{
	uint64_t hash = name_with(p->source, SALT_KNOWN_SERVICE,
				  p->target + ((uint64_t)p->proto << 16 | p->port));

	*tag = (uint32_t)hash | 1;
	return &t->tag[name_below(hash, t->buckets) * WAYS];
}

void known_service_prefetch(const struct known_services *t, const struct known_service_pair *pair)
{
	uint32_t tag;

	prefetch_line(known_service_bucket(t, pair, &tag));
}

void known_service_add(struct known_services *t, const struct known_service_pair *pair)
{
	uint32_t tag, *bucket = known_service_bucket(t, pair, &tag);
	int place = 0;

	while (place < WAYS - 1 && bucket[place] != tag)
		place++;
	memmove(bucket + 1, bucket, (size_t)place * sizeof(*bucket));
	bucket[0] = tag;
}

bool known_service_has(const struct known_services *t, const struct known_service_pair *pair)
{
	uint32_t tag;
	const uint32_t *bucket = known_service_bucket(t, pair, &tag);
	bool found = false;

	/* Compares all eight: usually none matches, so an early exit would only cost mispredicted
	 * branches. */
	for (int i = 0; i < WAYS; i++)
		found |= bucket[i] == tag;
	return found;
}
