/* resolve: resolves host names with the system's resolver. */
#ifndef PORTLIGHT_SYSTEM_RESOLVE_H
#define PORTLIGHT_SYSTEM_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>

#include "address/addr.h"
#include "base/failure.h"

enum resolve_family {
	RESOLVE_ANY, /* both; where one address is wanted, IPv4 if there is one, as in nmap */
	RESOLVE_V4,  /* -4: A records */
	RESOLVE_V6,  /* -6: AAAA records */
};

struct resolve_conf {
	enum resolve_family family;
	bool all; /* every address, IPv4 first; for excludes, with RESOLVE_ANY */
};

/* A name with more addresses is an error, since an exclude must not lose one. */
#define RESOLVE_MOST 256

/*
 * Writes the addresses of `name` (of the syntax that target_parse() accepts) to out[], each once,
 * in the resolver's order. Waits for the resolver, by resolv.conf(5) usually 10 s at most per
 * server. Returns how many (1 without conf->all); or -1 with *f, which names the host: EXIT_USAGE
 * if it has no such address, EXIT_UNAVAILABLE if the resolver failed.
 */
int resolve_name(const char *name, const struct resolve_conf *conf,
		 struct addr out[static RESOLVE_MOST], struct failure *f);

/* One of several names. */
struct resolve_job {
	const char *name; /* outlives the call */
	struct resolve_conf conf;
	struct addr *addr; /* from malloc, the caller's to free; NULL on failure */
	int count;	   /* as resolve_name() returns it */
	struct failure f;
};

/*
 * Resolves all jobs, with up to 32 threads, and fills their results. After a second, and then at
 * doubling intervals, `progress` (or NULL) is called in the caller's thread with the number that is
 * resolved so far. 0; or -1 with *f without memory or threads: no result is set then.
 */
int resolve_all(struct resolve_job *jobs, size_t count,
		void (*progress)(void *context, size_t done, size_t count), void *context,
		struct failure *f);

#endif
