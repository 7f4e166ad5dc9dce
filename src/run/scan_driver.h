/* scan_driver: runs a scan: engine, plan and sink, until the plan is complete or the user stops
 * it. */
#ifndef PORTLIGHT_RUN_SCAN_DRIVER_H
#define PORTLIGHT_RUN_SCAN_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "engine/engine.h"
#include "run/observer.h"
#include "run/scan_setup.h"
#include "scan/scan.h"

struct host_decoys;
struct host_names;

struct scan_driver {
	struct scan_setup *setup;
	const struct run_context *run;
	struct engine *engine;
	struct scan scan;
	struct run_summary summary; /* filled by the run */
	/* The sink's first error, as an errno; 0: none. EPIPE ends the run as an interruption
	 * does, any other error as a failure. */
	int sink_error;

	struct run_info info;
	struct finding *findings;   /* of one host */
	struct host_names *names;   /* -R; NULL without */
	struct host_decoys *decoys; /* NULL without run->decoys */
	uint64_t ring_drops;	    /* already reported to the pacer */
	bool dropped;		    /* privileges were dropped */
	uint64_t doubted_ns;	    /* when the engine was last asked to look at a silent path */
	unsigned silences;	    /* outages by silence that the observer knows of */
	bool refused_told;	    /* HOST_REFUSED was reported */
	bool path_lost;		    /* for too long: the scan ends */
};

/* Opens the engine. *setup (after scan_setup_init) and *run outlive the driver. 0, or -1 with *f.
 * The caller calls scan_driver_close in either case. */
int scan_driver_open(struct scan_driver *driver, struct scan_setup *setup,
		     const struct run_context *run, struct failure *f);

/*
 * Runs once, to the end or until the user stops it. The sink gets begin, a record for each host as
 * its window closes, and end. 0; or -1 with *f, with everything found so far in the sink and
 * driver->summary.partial set. Privileges that opening the engine needed, and the run does not,
 * are dropped for the whole process (privilege_drop).
 */
int scan_driver_run(struct scan_driver *driver, struct failure *f);

void scan_driver_close(struct scan_driver *driver);

#endif
