/* engine: who walks the plan's range and brings answers back: sockets, frames, xdp. */
#ifndef PORTLIGHT_ENGINE_ENGINE_H
#define PORTLIGHT_ENGINE_ENGINE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "base/siphash.h"
#include "plan/plan.h"
#include "result/trace.h"
#include "scan/probe.h"
#include "scan/sheet.h"
#include "scan/walk.h"

struct engine;

struct engine_conf {
	const struct plan *plan;
	struct siphash_key key;	     /* drawn fresh per process; never leaves it */
	struct sheet *const *sheets; /* SHEETS of them, NULL where none is open: a frames engine
					validates a reply against the plan of a live sheet */
	struct trace *trace;	     /* NULL unless packets are to be kept */
	const char *interface;	     /* -e: only this one; NULL: by route */
	bool has_source;	     /* -S: source address (one of ours) */
	struct addr source;
	bool has_source_port; /* -g: fixed source port */
	uint16_t source_port;
	unsigned zone;	   /* interface index for link-local IPv6 targets, 0 if none */
	uint8_t ttl;	   /* --ttl; 0 for the default of 64 */
	unsigned max_open; /* sockets: how many at once at most; 0 for what the limit allows */
	bool bad_sum;	   /* --badsum: wrong checksums on purpose (finds firewalls) */
	bool forced;	   /* xdp: also where frames would be the better tool */
	bool generic;	   /* xdp: its hook is in the kernel's stack, not in the driver */
	/* Not 0 once nothing is to be sent any more: then prepare need not find neighbours, and who
	 * was not found is not said to be missing. NULL: never. */
	const volatile sig_atomic_t *stop;
};

struct engine_stats {
	uint64_t sent;		/* handed to the kernel and taken by it */
	uint64_t send_errors;	/* refused by it; such probes stay blank and are sent again */
	uint64_t refused_burst; /* ENOBUFS and like since last asked: the pacer's sign to slow down
				 */
	uint64_t received;	/* frames or socket events looked at */
	uint64_t invalid;	/* cookie, address, port or checksum did not fit */
	uint64_t other;		/* well-formed, but no answer to any technique in use */
	uint64_t ring_drops;	/* lost in our own receive ring, as the kernel counts them */
	uint64_t judged;	/* answers that the engine has marked in the sheets by itself */
	uint64_t duplicate;	/* answers to those once more */
};

/*
 * An engine. The clock of every `now_ns` and t_ns is CLOCK_MONOTONIC; time is passed in only so
 * that one loop turn has one time.
 */
struct engine_ops {
	const char *name;
	/*
	 * Called once when a window opens, before its first probe: resolve on-link neighbours and
	 * routes of the sheet's hosts. Marks sheet->host[] (no neighbour, no route, local, mac).
	 * Bounded in time (about a second). 0 or -errno with *f.
	 */
	int (*prepare)(struct engine *e, struct sheet *sheet, struct failure *f);
	/*
	 * Sends up to `budget` probes from the walk, taking them with walk_next and confirming
	 * those that the kernel took with walk_sent, no others. Returns how many were sent;
	 * fewer than budget if the walk has none due or the kernel pushes back (see stats), or
	 * -errno with *f if sending is over (link down, no permission).
	 */
	int (*send)(struct engine *e, struct walk *walk, uint64_t now_ns, unsigned budget,
		    struct failure *f);
	/*
	 * Waits up to timeout_ns for answers and returns up to `max` of them. A signal ends the
	 * wait early with 0. -errno with *f if receiving is over.
	 */
	int (*receive)(struct engine *e, struct answer *answers, unsigned max, uint64_t timeout_ns,
		       struct failure *f);
	void (*stats)(struct engine *e, struct engine_stats *out);
	/*
	 * The next three are NULL where an engine has no way to send a whole pass by itself, beside
	 * the caller's loop. pass_begin: PASS_BEGUN, and until pass_poll says that it is over
	 * nothing else may be sent and the walk's sheet stays open; PASS_SEND: send() is the
	 * better tool for what comes next; PASS_LATER: nothing is due (the walk knows when). Or
	 * -errno with *f.
	 */
	int (*pass_begin)(struct engine *e, struct walk *walk, uint64_t now_ns, double rate_pps,
			  struct failure *f);
	/* Tells the walk what was sent by now, and sets the rate. 1 while it goes on, 0 when over
	 * (walk_pass_end was called), -errno with *f. */
	int (*pass_poll)(struct engine *e, uint64_t now_ns, double rate_pps, struct failure *f);
	/* Ends it early; pass_poll says when. */
	void (*pass_stop)(struct engine *e);
	/* A line for people that has not been told yet, or NULL; may itself be NULL. */
	const char *(*news)(struct engine *e);
	/* Gives everything back; NULL is fine. */
	void (*close)(struct engine *e);
};

enum engine_pass { PASS_SEND, PASS_BEGUN, PASS_LATER };

/* Every engine's struct starts with this. */
struct engine {
	const struct engine_ops *ops;
};

/* Each opens its engine: NULL with *f on failure. *conf is copied; what it points to outlives
 * the engine. */
struct engine *engine_sockets_open(const struct engine_conf *conf, struct failure *f);
struct engine *engine_frames_open(const struct engine_conf *conf, struct failure *f);
/* Sends and judges inside the kernel what it can, and all else as frames does. It needs root and a
 * device that can; *f says what was missing. Never with a trace. */
struct engine *engine_xdp_open(const struct engine_conf *conf, struct failure *f);

#endif
