/* merge_runs: several saved runs as one. */
#ifndef PORTLIGHT_RUN_MERGE_RUNS_H
#define PORTLIGHT_RUN_MERGE_RUNS_H

#include <stdio.h>

#include "base/failure.h"
#include "result/sink.h"

struct merge_file {
	FILE *in; /* the caller closes it */
	const char *name;
};

struct merge_conf {
	const struct merge_file *file;
	size_t count;		    /* 1..ORIGINS_MOST */
	bool any_plan;		    /* runs of different targets, ports or techniques, too */
	const char *version, *args; /* of the merged run's record */
};

struct merge_runs;

/*
 * Begins to read all files. NULL with *f: a file cannot be read or is no report, its plan does not
 * match its hash, or (unless any_plan) two files are of other targets, ports or techniques; their
 * seeds may differ, and a file without a plan matches all. *conf and what it points to outlive the
 * result, which merge_runs_close frees.
 */
struct merge_runs *merge_runs_open(const struct merge_conf *conf, struct failure *f);

/*
 * Writes the merged run: hosts by ascending address, each port with the verdict that merge_surer
 * keeps and the number of the run that it is from. Where all runs are of one plan in one order, the
 * result states the plan and is partial unless they cover it; else it is partial if one of them is.
 * A file without a plan is kept in memory, the others one host at a time; their hosts must be in
 * ascending order (EXIT_DATA). Returns 0, -1 with *f, or a positive errno of the sink.
 */
int merge_runs_write(struct merge_runs *m, struct sink *sink, struct failure *f);

/* Whether the result is partial; after merge_runs_write. */
bool merge_runs_partial(const struct merge_runs *m);
void merge_runs_close(struct merge_runs *m);

#endif
