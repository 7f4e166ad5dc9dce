/* scan_driver: engine, scan and sink turned round until the plan is through or we are stopped. */
#ifndef PORTLIGHT_RUN_SCAN_DRIVER_H
#define PORTLIGHT_RUN_SCAN_DRIVER_H

#include <signal.h>

#include "engine/engine.h"
#include "report/progress.h"
#include "result/sink.h"
#include "result/trace.h"
#include "run/scan_setup.h"
#include "scan/scan.h"

struct scan_driver {
	const struct scan_setup *setup;
	struct engine *engine;
	struct scan *scan;   /* initialised; its clock is CLOCK_MONOTONIC */
	struct sink *sink;   /* takes the hosts */
	struct trace *trace; /* or NULL */
	struct progress *progress;
	FILE *notes; /* stderr */
	unsigned verbose;
	const volatile sig_atomic_t *interrupts; /* how often we were told to stop */

	struct run_summary summary;   /* filled by the run */
	struct finding *findings;     /* of one host */
	uint64_t ring_drops, refused; /* seen so far */
	int sink_error;		      /* errno of the sink, or 0 */
	bool closed_pipe;
	bool dropped; /* privileges that are not needed any more */
};

/* What the sink returned last, loop->sink_error: of a closed pipe only loop->closed_pipe is set,
 * and the result is 0; of any other error -1 with *f (EXIT_IO). */
int scan_driver_check_sink(struct scan_driver *loop, struct failure *f);

/*
 * Runs to the end or until stopped. 0; or -1 with *f, with everything found so far written and
 * loop->summary.partial set. Between: hosts go to the sink as their windows close.
 */
int scan_driver_run(struct scan_driver *loop, struct failure *f);

#endif
