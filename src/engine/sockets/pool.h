/* pool: the attempts that the sockets engine may have at once, and which are free. */
#ifndef PORTLIGHT_ENGINE_SOCKETS_POOL_H
#define PORTLIGHT_ENGINE_SOCKETS_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/sockets/attempt.h"

/* Linked by number through attempt.next and .prev; POOL_NONE ends it. */
#define POOL_NONE UINT32_MAX
struct pool_list {
	uint32_t first, last;
};

/* Caller's storage. About 150 bytes an attempt; what was never in use is on no page. */
struct pool {
	struct attempt *attempt;
	uint32_t capacity;     /* of the array */
	uint32_t used;	       /* of it, ever: [used, capacity) are untouched */
	uint32_t limit;	       /* sockets at once at present; shrinks when files run out */
	uint32_t opened;       /* attempts with a socket, or handed out without one */
	struct pool_list bare; /* without a socket */
	struct pool_list idle[ATTEMPT_KINDS]; /* with one */
};

/* 0, or -1 out of memory. */
int pool_init(struct pool *pool, uint32_t capacity);
/* Closes the idle sockets; those on the caller's lists are the caller's. */
void pool_fini(struct pool *pool);

void pool_list_init(struct pool_list *list);
void pool_append(struct pool *pool, struct pool_list *list, struct attempt *a);
void pool_remove(struct pool *pool, struct pool_list *list, struct attempt *a);
/* NULL if it is empty. */
struct attempt *pool_first(const struct pool *pool, const struct pool_list *list);

/*
 * An attempt with a socket of that kind, on no list. NULL with *error 0 if all are in use; NULL
 * with *error > 0 an errno and *step what failed (see attempt_open) if no socket can be had. Where
 * this machine lacks the address family: one without a socket.
 */
struct attempt *pool_take(struct pool *pool, enum attempt_kind kind,
			  const struct attempt_conf *conf, int *error, const char **step);

/* Back to where it can be taken from again; on no list before, and not pending. */
void pool_release(struct pool *pool, struct attempt *a);

#endif
