/* cage_layers: the parts that the cage is made of, for its own files and the blocker's helper. */
#ifndef PORTLIGHT_SANDBOX_CAGE_LAYERS_H
#define PORTLIGHT_SANDBOX_CAGE_LAYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "sandbox/cage.h"

/* Which calls the filter lets through. */
enum cage_calls {
	CAGE_CALLS_WATCH,
	CAGE_CALLS_FILES,  /* those, and what makes and renames files */
	CAGE_CALLS_HELPER, /* send, receive, poll, clock, exit */
};

/*
 * Becomes an unprivileged user and gives up all capabilities but those in `keep` (bits 1 << CAP_*,
 * numbers below 32), for good: cage->uid, gid, user and same_user are set. As cage_enter.
 */
int cage_become(const char *user, uint32_t keep, struct cage *cage, struct failure *f);

/*
 * Landlock: no file but below the directories, which are open (O_PATH) and stay the caller's; no
 * TCP port, no abstract unix socket or signal to the outside, as far as the kernel knows these.
 * *abi: what it knows, 0 if nothing. 0, or -1 with *f.
 */
int cage_landlock(const int *directories, size_t count, int *abi, struct failure *f);

/* seccomp: what is not in the list kills the process. 0, or -1 with *f. */
int cage_filter(enum cage_calls calls, struct failure *f);

/* All layers, or all but the filter: how the self-test tells which of them stopped it. */
int cage_enter_layers(const struct cage_conf *conf, bool filter, struct cage *cage,
		      struct failure *f);

/* What sanitizers ask of the kernel and a plain build does not: none in a plain build
 * (cage_strict.c), some in one with sanitizers (cage_lenient.c). */
const int *cage_lenient_calls(size_t *count);
/* A directory that may be read, or NULL. */
const char *cage_lenient_path(void);

#endif
