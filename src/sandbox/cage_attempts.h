/* cage_attempts: the attempts to escape that the cage's self-test makes. */
#ifndef PORTLIGHT_SANDBOX_CAGE_ATTEMPTS_H
#define PORTLIGHT_SANDBOX_CAGE_ATTEMPTS_H

#include <stdbool.h>
#include <stddef.h>

/* Opened before the cage is entered, as the detector's descriptors are. */
struct cage_tools {
	int stream;    /* a TCP socket, not connected */
	int unix_fd;   /* a unix datagram socket */
	char path[64]; /* of a file that does not exist, in a directory that is writable by all
			  users but not one of cage_conf.writable */
};

struct cage_attempt {
	const char *name;
	/* Makes the attempt and returns the result of its system call: negative with errno if it
	 * was refused, else it escaped. Harmless if it escapes. */
	long (*try)(const struct cage_tools *tools);
	bool lenient; /* allowed in a build with sanitizers */
};

/* The table of all attempts, and its length. */
const struct cage_attempt *cage_attempts(size_t *count);

#endif
