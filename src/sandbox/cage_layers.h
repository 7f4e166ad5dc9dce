/* cage_layers: the layers of the cage, for its own files and the blocker's helper. */
#ifndef PORTLIGHT_SANDBOX_CAGE_LAYERS_H
#define PORTLIGHT_SANDBOX_CAGE_LAYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "sandbox/cage.h"

/* System calls that the seccomp filter allows. */
enum cage_calls {
	CAGE_CALLS_WATCH,  /* those of the watch loop, listed at cage_enter() */
	CAGE_CALLS_FILES,  /* also those that create and rename files */
	CAGE_CALLS_HELPER, /* send, receive, poll, clock, exit */
};

/*
 * Switches to an unprivileged user (as cage_conf.user) and drops all capabilities but those in
 * `keep` (bits 1 << CAP_*, numbers below 32), irrevocably. Sets cage->uid, gid, user and same_user.
 * Returns as cage_enter().
 */
int cage_become(const char *user, uint32_t keep, struct cage *cage, struct failure *f);

/*
 * Applies Landlock, as far as the kernel supports it: no files except below `directories`, which
 * are open (O_PATH) and stay the caller's; no TCP ports; no abstract unix sockets or signals to
 * outside. *abi: the kernel's version, 0 if not available. 0, or -1 with *f.
 */
int cage_landlock(const int *directories, size_t count, int *abi, struct failure *f);

/* Applies the seccomp filter, which kills the process at any other system call. 0, or -1 with *f.
 */
int cage_filter(enum cage_calls calls, struct failure *f);

/* cage_enter(), with or without the seccomp filter: the self-test finds out which layer refused an
 * attempt. */
int cage_enter_layers(const struct cage_conf *conf, bool filter, struct cage *cage,
		      struct failure *f);

/* System calls that sanitizers need: none in a plain build (cage_strict.c), some in a build with
 * sanitizers (cage_lenient.c). */
const int *cage_lenient_calls(size_t *count);
/* A directory that sanitizers read, or NULL. */
const char *cage_lenient_path(void);

#endif
