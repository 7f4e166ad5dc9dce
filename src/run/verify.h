/* verify: whether saved runs together are a whole plan. */
#ifndef PORTLIGHT_RUN_VERIFY_H
#define PORTLIGHT_RUN_VERIFY_H

#include <stdio.h>

#include "base/failure.h"
#include "ingest/source.h"
#include "plan/coverage.h"
#include "plan/plan.h"

/*
 * What the files so far prove. A probe is covered if its verdict is in a record, or if it is in a
 * window that its run finished: hosts without an answer may have no record of their own. Of a file
 * without a summary (its run was killed) the windows before the last host record are finished,
 * since windows end in order.
 */
struct verify {
	struct plan *plan; /* of the first file; NULL: none yet */
	uint64_t hash;
	char first_name[200]; /* of that file, safe to print */
	struct coverage covered;
	size_t files, partial;
};

/* Verdicts of the window that the latest host record of a run is of, and of the one before: at most
 * two are open at a time. */
struct verify_run {
	uint64_t window;  /* UINT64_MAX: none yet */
	uint64_t partial; /* the first with a partial host; UINT64_MAX: none yet */
	struct permute order;
	struct coverage cells, before;
};

/*
 * One run: begin with its record, then each host record, then end with its source, whose summary
 * was read. `name` is for messages. 0, or -1 with *f (EXIT_DATA: no plan, damaged, or of another
 * plan). The caller calls verify_run_fini in either case.
 */
int verify_run_begin(struct verify *v, struct verify_run *at, const struct run_info *run,
		     const char *name, struct failure *f);
int verify_run_host(struct verify *v, struct verify_run *at, const struct host_report *host,
		    const char *name, struct failure *f);
int verify_run_end(struct verify *v, struct verify_run *at, const struct run_info *run,
		   const struct source *source, struct failure *f);
void verify_run_fini(struct verify_run *at);

/* Adds the run in *in, whose name is for messages. 0, or -1 with *f (EXIT_DATA: no plan, damaged,
 * or of another plan). */
int verify_add(struct verify *v, FILE *in, const char *name, struct failure *f);
void verify_fini(struct verify *v);

#endif
