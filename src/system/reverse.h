/* reverse: looks up the names of addresses with the system's resolver, in threads of its own. */
#ifndef PORTLIGHT_SYSTEM_REVERSE_H
#define PORTLIGHT_SYSTEM_REVERSE_H

#include <stdbool.h>
#include <stddef.h>

#include "address/addr.h"

/* Lookups that run at once. Most of the time of each is spent waiting for a name server. */
#define REVERSE_THREADS 32u
/* Addresses that are queued or being looked up. */
#define REVERSE_MOST 65536u
/* Room for a name: 253 bytes (RFC 1035, 2.3.4), a final dot, and NUL. */
#define REVERSE_NAME 255

struct reverse;
struct reverse_job;

/* Writes the name of an address to `name`, terminated: true; or false if there is none. Called in
 * several threads at once; may take as long as it wants. */
typedef bool reverse_lookup(void *context, struct addr a, char name[static REVERSE_NAME]);

/*
 * `lookup` NULL: getnameinfo(3), by nsswitch.conf(5). The threads are started as they are needed,
 * so that they have the privileges of the process at that time; they block all signals. NULL if out
 * of memory.
 */
struct reverse *reverse_new(reverse_lookup *lookup, void *context);
/* All jobs must have been dropped. Does not wait: a lookup that is under way ends in its thread, or
 * with the process; `context` must live as long. NULL is fine. */
void reverse_close(struct reverse *r);

/* Queues an address. NULL if REVERSE_MOST are waiting, or without memory or threads. The caller
 * drops the job. */
struct reverse_job *reverse_ask(struct reverse *r, struct addr a);
/* Whether the lookup is over. Does not wait. */
bool reverse_done(const struct reverse_job *job);
/*
 * After reverse_done: the name, or NULL if there is none. Bytes of a foreign name server: so it is
 * checked: it has the syntax of a host name (RFC 1123; underscores pass), and is no address in
 * disguise. Valid until the job is dropped.
 */
const char *reverse_name(const struct reverse_job *job);
/* The job is not needed any more, finished or not. */
void reverse_drop(struct reverse *r, struct reverse_job *job);

/* Whether such a name is accepted, without its final dot. */
bool reverse_is_name(const char *name);

#endif
