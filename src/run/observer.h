/* observer: receives the progress and news of a run: a command line, a live page, a worker of a
 * fleet. */
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

struct scan_checkpoint;

/* Progress of a scan. */
struct scan_progress {
	uint64_t settled, total; /* probes with a verdict, and all probes */
	uint64_t hosts_done, hosts;
	uint64_t sent; /* packets sent so far */
	/* Hosts with paced retransmissions after the passes, and their round; 0: UDP, slowly. */
	uint32_t paced_hosts, paced_round;
	bool stopping; /* waiting for answers; no more probes are sent */
};

/*
 * All callbacks run in the thread of the run, between its packets, so none may block for long. Any
 * may be NULL. Texts are one line without newline, safe for a terminal, and valid during the call
 * only.
 */
struct observer {
	void *context; /* first argument of each */
	/* A problem that the user should know of, and that does not end the run. */
	void (*warning)(void *context, const char *text);
	/* An action of the engine or the detector. */
	void (*news)(void *context, const char *text);
	/* Whether progress is to be reported now; called once a turn, so it must be cheap. */
	bool (*progress_due)(void *context, uint64_t now_ns);
	void (*progress)(void *context, const struct scan_progress *progress, uint64_t now_ns);
	/* Ports that have just been found open, one batch of answers at a time. */
	void (*discovered)(void *context, const struct plan_probe *ports, unsigned count);
	/* The first interruption was noticed: no more probes are sent. */
	void (*stopping)(void *context);

	/* A watch only: an interface came or went; rate-limited. */
	void (*link)(void *context, const char *text);
	/* Counters to publish: called every 15 s in a live run, and at the end. */
	void (*counters)(void *context, const struct watch_stats *stats);
	/* watch_request.stats_every_ns have passed. */
	void (*stats)(void *context, const struct watch_stats *stats);
	/* run_context.report was set: report what is known now. */
	void (*report)(void *context);
};

/* What the caller provides to a run. Pointers outlive the run. */
struct run_context {
	const struct observer *observer; /* never NULL; may be all zero */
	struct sink *sink;		 /* receives every record */
	bool decoys;			 /* asks ports that cannot be open (host_decoys.h) */
	struct trace *trace;		 /* stores packets for --explain; or NULL */
	/* How often the user asked to stop: at 1 no more probes are sent, but answers are awaited;
	 * at 2 the wait ends. NULL: never. */
	const volatile sig_atomic_t *interrupts;
	/* A watch: non-zero asks for a report; set to 0 when it is made. NULL: never. */
	volatile sig_atomic_t *report;
	/* Clocks in ns: monotonic; the wall clock minus that, as it was at the start. */
	uint64_t (*now_ns)(void);
	uint64_t wall_offset_ns;    /* added to now_ns(): ns since 1970 */
	uint64_t (*wall_ns)(void);  /* a watch: ns since 1970 */
	struct siphash_key key;	    /* random, secret, fresh for each run */
	uint64_t seed;		    /* random: the order of probes where the request has no seed */
	const char *version, *args; /* for records: of the program, and its command line */
	int verbose;
	struct scan_checkpoint *checkpoint; /* of a scan (scan_checkpoint.h); or NULL */
};

#endif
