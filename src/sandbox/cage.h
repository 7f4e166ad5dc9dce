/* cage: the sandbox of the detector, entered before it reads untrusted packets. */
#ifndef PORTLIGHT_SANDBOX_CAGE_H
#define PORTLIGHT_SANDBOX_CAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/failure.h"

#define CAGE_PATHS 8

/* Zero-initialised: no file can be opened in the cage. */
struct cage_conf {
	/* The user that root switches to. NULL: `portlight` if that user exists, else `nobody`.
	 * Without root no switch is made, and the name of another user is an error. */
	const char *user;
	/* Directories in which that user may create, write, rename and remove files (a metrics file
	 * and its temporary name). Files that are open already need no entry. */
	const char *writable[CAGE_PATHS];
	size_t writable_count;
};

/* Properties of the cage that was entered. */
struct cage {
	uid_t uid;
	gid_t gid;
	char user[33];	  /* name, or else number, of the user; safe to print */
	int landlock_abi; /* version of Landlock; 0: not available */
	bool same_user;	  /* root of a user namespace without other users: no switch was made */
	bool lenient;	  /* a build with sanitizers, which need more system calls */
};

/*
 * Puts this process into the cage, irrevocably, in this order: drops root's groups and ids, all
 * capabilities (also of the bounding and ambient sets), sets no_new_privs, disables core dumps,
 * applies Landlock, and a seccomp filter that kills the process at any system call not on its list.
 * To be called with all sockets and files open, before there are threads and before the first
 * captured byte is read. What works afterwards:
 *  - read, write, send, receive, poll, epoll and close on open descriptors; lseek and fstat;
 *    getsockopt; timerfd_settime; sendto and sendmsg with an address on an open unix socket;
 *  - memory that is not executable, clocks, sleeping, getrandom, signals to itself, exit;
 *  - with writable paths: open, rename, unlink, fsync, ftruncate and fchmod there.
 * Opening any other file, as libc does for time zones, fails with EACCES. Everything else, such as
 * new sockets and processes, kills the process (SIGSYS).
 *
 * 0 and *cage; or -1 with *f: the process should end then, as only some layers may be in place.
 * Landlock is used as far as the kernel supports it; all other layers must succeed.
 */
int cage_enter(const struct cage_conf *conf, struct cage *cage, struct failure *f);

/* Describes the cage for the line printed at start: "user nobody, no capabilities, Landlock 7,
 * seccomp". Writes at most size - 1 bytes and NUL to `text` and returns that. */
const char *cage_describe(const struct cage *cage, char *text, size_t size);

/*
 * Tests the cage from outside: for each attempt to escape a child enters the cage and makes it.
 * Prints a line for each to `out` ("refused" or "ESCAPED", the attempt, and what stopped it), a
 * line for what must still work, and a line with the counts. Returns how many attempts escaped or
 * could not be made: 0 if the cage holds.
 */
int cage_self_test(const struct cage_conf *conf, FILE *out);

#endif
