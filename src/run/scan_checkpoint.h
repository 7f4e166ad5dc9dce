/* scan_checkpoint: when a scan saves its checkpoint, and how it takes one up. */
#ifndef PORTLIGHT_RUN_SCAN_CHECKPOINT_H
#define PORTLIGHT_RUN_SCAN_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "run/checkpoint_file.h"
#include "run/observer.h"
#include "run/scan_setup.h"
#include "scan/scan.h"

/* Time between two checkpoints: what a kill -9 costs at most is sent again in that time. */
#define CHECKPOINT_EVERY_NS UINT64_C(5000000000)
/* They are further apart where one takes more than this share of the time: 1 in 100; or, where the
 * user has set the time between them, one half. */
#define CHECKPOINT_COST	      100
#define CHECKPOINT_COST_ASKED 2

/* Zero-initialised but for the first part, which the caller of the run sets. */
struct scan_checkpoint {
	struct checkpoint_file *file; /* after _create or _open */
	struct checkpoint *data;      /* read by _open; or empty but for id and command */
	bool resumed;
	uint64_t every_ns; /* as the user has set it; 0: CHECKPOINT_EVERY_NS */
	void *context;	   /* first argument of: */
	/* Syncs the outputs to the disk and fills out[0, CHECKPOINT_OUTPUTS). Their number. */
	size_t (*outputs)(void *context, struct checkpoint_output *out);
	/* All hosts that were finished before are reported again: outputs that had them already,
	 * which until here ignore them, take what follows. */
	void (*replayed)(void *context);

	const struct run_context *run;
	struct scan *scan;
	struct engine *engine; /* set by scan_driver_open */
	uint64_t begun_ns;     /* of this run */
	uint64_t elapsed_ns;   /* of the runs before */
	struct engine_stats before;
	uint64_t saved_ns, due_ns;
	bool saved;   /* by this run or one before */
	bool failing; /* the last save failed, and that was reported */
	bool ended;   /* nothing is saved any more */
};

/* Before the engine is open: takes the snapshot up, of a resumed scan. 0; or -1 with *f. */
int scan_checkpoint_open(struct scan_checkpoint *c, const struct scan_setup *setup,
			 const struct run_context *run, struct scan *scan, struct failure *f);

/* Gives back what _open borrowed; *c stays for the caller to look at. */
void scan_checkpoint_close(struct scan_checkpoint *c);

/* Reads the finished windows, of a resumed scan: calls `report` for each, with the window in place
 * 0 of a scan of its own. 0; or -1 with *f, or if `report` returned that. */
int scan_checkpoint_replay(struct scan_checkpoint *c,
			   int (*report)(void *context, struct scan *scan, struct failure *f),
			   void *context, struct failure *f);

/* The next five do nothing where c is NULL. _first: the first one of this run; if a new scan cannot
 * save it, that is a failure: 0, or -1 with *f. */
int scan_checkpoint_first(struct scan_checkpoint *c, struct failure *f);
/* Saves one if one is due; a failure is reported to the observer once, and the scan continues. */
void scan_checkpoint_turn(struct scan_checkpoint *c);
/* A window is finished and reported; before scan_close. */
void scan_checkpoint_window(struct scan_checkpoint *c, int place);
/* Saves the last one: what is reported from now on is not finished. */
void scan_checkpoint_end(struct scan_checkpoint *c);
/* Adds what the runs before have counted. */
void scan_checkpoint_sum(const struct scan_checkpoint *c, struct run_summary *summary);

#endif
