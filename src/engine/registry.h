/* registry: the engines that exist, in order of preference. */
#ifndef PORTLIGHT_ENGINE_REGISTRY_H
#define PORTLIGHT_ENGINE_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "engine/engine.h"
#include "sandbox/privilege.h"

/* A scan, as far as the choice of its engine depends on it. */
struct engine_case {
	unsigned techniques;	/* bit set of enum technique_id; 0: the engine's default */
	enum privilege_raw raw; /* whether hand-made frames can be sent */
	uint64_t probes;	/* 0 while the plan is not made yet */
	double most_pps;	/* the rate may rise so far */
	bool trace;		/* each packet is to be kept */
	bool no_bypass;		/* each packet is to pass this machine's packet captures */
};

/* What an engine can, and so needs. */
enum engine_trait {
	ENGINE_RAW = 1 << 0,	 /* needs CAP_NET_RAW, and more of it for each window */
	ENGINE_GENERIC = 1 << 1, /* obeys engine_conf.generic */
	/* Only opening it shows whether this machine can; the next one takes its place. */
	ENGINE_OPTIONAL = 1 << 2,
};

struct engine_row {
	const char *name;  /* as --engine takes it */
	const char *help;  /* what it is, in a few words */
	uint8_t traits;	   /* enum engine_trait */
	uint8_t technique; /* enum technique_id: sent where none was asked for */
	/* 0 if it can do this scan; or -1 with *f: the reason and its exit code. NULL: it can do
	 * any. What only opening it can find out, open reports. */
	int (*why_not)(const struct engine_case *c, struct failure *f);
	/* Whether it is worth its cost, where it is not asked for by name. NULL: always. */
	bool (*is_worth)(const struct engine_case *c);
	/* Opens it; engine.h has the contract. NULL with *f if it cannot run here. */
	struct engine *(*open)(const struct engine_conf *conf, struct failure *f);
};

/* The most preferred first. */
#define ENGINES 3
extern const struct engine_row engine_rows[ENGINES];

/* The row of that name, or NULL. */
const struct engine_row *engine_by_name(const char *name);

/*
 * The most preferred engine that can do the scan and is worth it, of those behind `after`, or of
 * all (NULL). NULL with *f where none can: the reason of the most preferred one.
 */
const struct engine_row *engine_choose(const struct engine_case *c, const struct engine_row *after,
				       struct failure *f);

/* "sockets, frames or xdp". At most size - 1 bytes. Returns `text`. */
const char *engine_names(char *text, size_t size);
/* "xdp (what it is), frames (...) or sockets (...)". At most size - 1 bytes. Returns `text`. */
const char *engine_help(char *text, size_t size);

#endif
