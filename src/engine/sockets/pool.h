/* pool: the attempts, and their sockets, that the sockets engine may have open at once. */
#ifndef PORTLIGHT_ENGINE_SOCKETS_POOL_H
#define PORTLIGHT_ENGINE_SOCKETS_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/sockets/attempt.h"

/* A list of attempts, linked by number through attempt.next and .prev. POOL_NONE: no attempt. */
#define POOL_NONE UINT32_MAX
struct pool_list {
	uint32_t first, last;
};

/* Caller's storage. About 150 bytes an attempt; entries that were never used take no memory. */
struct pool {
	struct attempt *attempt;
	uint32_t capacity; /* of the array */
	uint32_t used;	   /* entries from here on were never used */
	uint32_t limit;	   /* most sockets at once; lowered when the process runs out of files */
	uint32_t opened;   /* attempts with a socket, or handed out without one */
	struct pool_list bare;		      /* free attempts without a socket */
	struct pool_list idle[ATTEMPT_KINDS]; /* free attempts with one */
};

/* An empty pool for that many attempts: 0, or -1 out of memory. */
int pool_init(struct pool *pool, uint32_t capacity);
/* Closes the sockets of free attempts and frees the array. Attempts that were handed out must have
 * been released. */
void pool_fini(struct pool *pool);

/* An empty list; append an attempt that is on no list; remove one that is on this list. */
void pool_list_init(struct pool_list *list);
void pool_append(struct pool *pool, struct pool_list *list, struct attempt *a);
void pool_remove(struct pool *pool, struct pool_list *list, struct attempt *a);
/* The oldest attempt of a list, which stays on it; NULL if it is empty. */
struct attempt *pool_first(const struct pool *pool, const struct pool_list *list);

/*
 * Hands out an attempt with a socket of that kind, on no list; without a socket where this machine
 * lacks the address family. NULL with *error 0 if `limit` sockets are in use; NULL with *error an
 * errno, and *step as attempt_open() sets it, if no socket could be opened.
 */
struct attempt *pool_take(struct pool *pool, enum attempt_kind kind,
			  const struct attempt_conf *conf, int *error, const char **step);

/* Takes an attempt back that is on no list and not pending. */
void pool_release(struct pool *pool, struct attempt *a);

#endif
