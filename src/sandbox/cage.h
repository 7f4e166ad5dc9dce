/* cage: what the detector may still do once it reads packets of strangers: next to nothing. */
#ifndef PORTLIGHT_SANDBOX_CAGE_H
#define PORTLIGHT_SANDBOX_CAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/failure.h"

#define CAGE_PATHS 8

/* Zero-initialised is the tightest cage: no file can be opened any more. */
struct cage_conf {
	/* Whom root becomes. NULL: `portlight` if there is such a user, else `nobody`. Without root
	 * nobody is become, and a name here other than one's own is a failure. */
	const char *user;
	/* Directories in which files may be made, written, renamed and removed from now on, by that
	 * user (a metrics file and its temporary name). Files already open need nothing. */
	const char *writable[CAGE_PATHS];
	size_t writable_count;
};

/* How it turned out. */
struct cage {
	uid_t uid;
	gid_t gid;
	char user[33];	  /* its name, or number; safe to print */
	int landlock_abi; /* 0: this kernel has none, or it is switched off */
	bool same_user;	  /* root of a user namespace that has no other user: nobody to become */
	bool lenient;	  /* a build with sanitizers, which need a few calls more */
};

/*
 * Closes the cage around this process, for good, in this order: the user's groups and ids, every
 * capability (bounding and ambient set too), no_new_privs and no core dumps, Landlock, a seccomp
 * allow-list that kills. To be called with all sockets and files open, before threads exist and
 * before the first captured byte is read. What works afterwards:
 *  - read, write, send, receive, poll, epoll on what is open, and closing it; lseek and fstat;
 *    getsockopt; timerfd_settime; sendto and sendmsg may name an address on an open unix socket;
 *  - memory that is not executable, clocks, sleeping, getrandom, signals to oneself, exit;
 *  - with writable paths: open, rename, unlink, fsync, ftruncate and fchmod there.
 * Opening a file elsewhere, as libc does for time zones, fails with EACCES; all else, new sockets
 * and processes above all, kills the process (SIGSYS).
 *
 * 0 and *cage; or -1 with *f, and the process should end: it may be half in. Landlock is used as
 * far as the kernel knows it; all the rest must succeed.
 */
int cage_enter(const struct cage_conf *conf, struct cage *cage, struct failure *f);

/* "user nobody, no capabilities, Landlock 7, seccomp": for the line said at start. At most
 * size - 1 bytes. Returns `text`. */
const char *cage_describe(const struct cage *cage, char *text, size_t size);

/*
 * Tries to leave the cage: for each way out a child enters it and tries. A line each to `out`
 * ("refused" or "ESCAPED", what was tried, and what stopped it), then a line for what must still
 * work, and a closing line with the counts. Returns how many escaped or could not be tried; 0 is
 * a cage that holds. To be called outside the cage.
 */
int cage_self_test(const struct cage_conf *conf, FILE *out);

#endif
