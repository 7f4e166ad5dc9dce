/* cage_attempts: the ways out of the cage that somebody inside would try. */
#ifndef PORTLIGHT_SANDBOX_CAGE_ATTEMPTS_H
#define PORTLIGHT_SANDBOX_CAGE_ATTEMPTS_H

#include <stdbool.h>
#include <stddef.h>

/* Made before the cage is entered, as the detector's own are. */
struct cage_tools {
	int stream;    /* a TCP socket, not connected */
	int unix_fd;   /* a unix datagram socket */
	char path[64]; /* no file yet; its directory lets everybody make some, but is not writable
			  by the cage's leave */
};

struct cage_attempt {
	const char *name;
	/* What its call returned: negative with errno, or it escaped. Harmless if it does. */
	long (*try)(const struct cage_tools *tools);
	bool lenient; /* sanitizers need it */
};

/* All of them, *count; a table. */
const struct cage_attempt *cage_attempts(size_t *count);

#endif
