/* pool: the attempts, and their sockets, that the sockets engine may have open at once. */
#include "engine/sockets/pool.h"

#include <errno.h>
#include <stdlib.h>

/* Descriptors left to the rest of the process once it has run out of them. */
#define FILES_BACK 32u

int pool_init(struct pool *pool, uint32_t capacity)
{
	*pool = (struct pool){.capacity = capacity, .limit = capacity};
	pool_list_init(&pool->bare);
	for (int kind = 0; kind < ATTEMPT_KINDS; kind++)
		pool_list_init(&pool->idle[kind]);
	pool->attempt = calloc(capacity, sizeof(*pool->attempt));
	return pool->attempt ? 0 : -1;
}

void pool_list_init(struct pool_list *list)
{
	list->first = list->last = POOL_NONE;
}

void pool_append(struct pool *pool, struct pool_list *list, struct attempt *a)
{
	a->next = POOL_NONE;
	a->prev = list->last;
	if (list->last == POOL_NONE)
		list->first = a->number;
	else
		pool->attempt[list->last].next = a->number;
	list->last = a->number;
}

void pool_remove(struct pool *pool, struct pool_list *list, struct attempt *a)
{
	if (a->prev == POOL_NONE)
		list->first = a->next;
	else
		pool->attempt[a->prev].next = a->next;
	if (a->next == POOL_NONE)
		list->last = a->prev;
	else
		pool->attempt[a->next].prev = a->prev;
}

struct attempt *pool_first(const struct pool *pool, const struct pool_list *list)
{
	return list->first == POOL_NONE ? NULL : &pool->attempt[list->first];
}

/* Removes and returns the attempt that was used last: its memory is still in the cache. */
static struct attempt *pool_pop(struct pool *pool, struct pool_list *list)
{
	struct attempt *a = list->last == POOL_NONE ? NULL : &pool->attempt[list->last];

	if (a)
		pool_remove(pool, list, a);
	return a;
}

/* Returns a free attempt without a socket; NULL if there is none. */
static struct attempt *pool_bare(struct pool *pool)
{
	struct attempt *a = pool_pop(pool, &pool->bare);

	if (a || pool->used == pool->capacity)
		return a;
	a = &pool->attempt[pool->used];
	a->number = pool->used++;
	a->fd = -1;
	return a;
}

/* Closes a free socket of any kind to make room for another; false if there is none. */
static bool pool_close_one(struct pool *pool)
{
	for (int kind = 0; kind < ATTEMPT_KINDS; kind++) {
		struct attempt *a = pool_pop(pool, &pool->idle[kind]);

		if (!a)
			continue;
		attempt_close(a);
		pool->opened--;
		pool_append(pool, &pool->bare, a);
		return true;
	}
	return false;
}

/* Lowers the limit after the process has run out of descriptors. */
static void pool_shrink(struct pool *pool)
{
	uint32_t limit =
		pool->opened > 2 * FILES_BACK ? pool->opened - FILES_BACK : pool->opened / 2;

	if (limit == 0)
		limit = 1;
	if (limit < pool->limit)
		pool->limit = limit;
	while (pool->opened > pool->limit && pool_close_one(pool))
		;
}

struct attempt *pool_take(struct pool *pool, enum attempt_kind kind,
			  const struct attempt_conf *conf, int *error, const char **step)
{
	struct attempt *a = pool_pop(pool, &pool->idle[kind]);

	*error = 0;
	if (a)
		return a;
	if (pool->opened >= pool->limit && !pool_close_one(pool))
		return NULL;
	a = pool_bare(pool);
	if (!a)
		return NULL;
	*error = -attempt_open(a, kind, conf, step);
	if (*error == 0 || *error == EAFNOSUPPORT) {
		*error = 0;
		pool->opened++;
		return a;
	}
	pool_append(pool, &pool->bare, a);
	if (*error == EMFILE || *error == ENFILE)
		pool_shrink(pool);
	return NULL;
}

void pool_release(struct pool *pool, struct attempt *a)
{
	a->state = ATTEMPT_IDLE;
	if (a->fd >= 0 && (a->once || pool->opened > pool->limit))
		attempt_close(a);
	if (a->fd >= 0) {
		pool_append(pool, &pool->idle[a->kind], a);
		return;
	}
	pool->opened--;
	pool_append(pool, &pool->bare, a);
}

void pool_fini(struct pool *pool)
{
	while (pool->attempt && pool_close_one(pool))
		;
	free(pool->attempt);
	pool->attempt = NULL;
}
