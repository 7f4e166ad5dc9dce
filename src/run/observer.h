/* observer: who is told what a run is doing: a command line, a live page, a fleet's worker. */
#ifndef PORTLIGHT_RUN_OBSERVER_H
#define PORTLIGHT_RUN_OBSERVER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/siphash.h"
#include "plan/plan.h"
#include "result/sink.h"
#include "result/trace.h"
#include "watch/watch.h"

/* How far a scan is. */
struct scan_progress {
	uint64_t settled, total; /* probes that have their verdict, of all */
	uint64_t hosts_done, hosts;
	uint64_t sent; /* packets so far */
	/* Hosts with paced retransmissions after the passes, and their round; 0: UDP, slowly. */
	uint32_t paced_hosts, paced_round;
	bool stopping; /* answers are waited for, nothing more is sent */
};

/*
 * All run in the thread of the run, between its packets, so none may block for long. Any may be
 * NULL. Texts are one line without newline, safe for a terminal, and valid during the call only.
 */
struct observer {
	void *context; /* first argument of each */
	/* Something that the user should know, and that does not end the run. */
	void (*warning)(void *context, const char *text);
	/* What the engine or the detector did that is worth a line. */
	void (*news)(void *context, const char *text);
	/* Whether progress is wanted now; asked once a turn, so it must be cheap. */
	bool (*progress_due)(void *context, uint64_t now_ns);
	void (*progress)(void *context, const struct scan_progress *progress, uint64_t now_ns);
	/* Ports that have just been found open, one batch of answers at a time. */
	void (*discovered)(void *context, const struct plan_probe *ports, unsigned count);
	/* The first interruption was noticed: nothing more is sent from here on. */
	void (*stopping)(void *context);

	/* Of a watch only: an interface came or went, rate-limited. */
	void (*link)(void *context, const char *text);
	/* Counters to publish: every 15 s of a live run, and at the end. */
	void (*counters)(void *context, const struct watch_stats *stats);
	/* watch_request.stats_every_ns has gone by. */
	void (*stats)(void *context, const struct watch_stats *stats);
	/* run_context.report was set: what is known now is asked for. */
	void (*report)(void *context);
};

/* What a run uses of its caller. Pointers outlive the run. */
struct run_context {
	const struct observer *observer; /* never NULL; may be all zero */
	struct sink *sink;		 /* takes every record */
	struct trace *trace;		 /* keeps packets for --explain; or NULL */
	/* How often the user asked for the end: at 1 nothing more is sent, and answers are waited
	 * for; at 2 nothing is waited for. NULL: never. */
	const volatile sig_atomic_t *interrupts;
	/* A watch: the user asks for a report; set to 0 when it is given. NULL: never. */
	volatile sig_atomic_t *report;
	/* Clocks in ns: monotonic; the wall clock minus that, as it was at the start. */
	uint64_t (*now_ns)(void);
	uint64_t wall_offset_ns;    /* added to now_ns(): ns since 1970 */
	uint64_t (*wall_ns)(void);  /* a watch: ns since 1970 */
	struct siphash_key key;	    /* random, secret, fresh for each run */
	uint64_t seed[2];	    /* random: the order of probes where the request has no seed */
	const char *version, *args; /* for records: of the program, and its command line */
	int verbose;
};

#endif
