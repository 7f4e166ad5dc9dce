/* verify: whether saved runs together are a whole plan. */
#ifndef PORTLIGHT_RUN_VERIFY_H
#define PORTLIGHT_RUN_VERIFY_H

#include <stdio.h>

#include "base/failure.h"
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

/* Adds the run in *in, whose name is for messages. 0, or -1 with *f (EXIT_DATA: no plan, damaged,
 * or of another plan). */
int verify_add(struct verify *v, FILE *in, const char *name, struct failure *f);
void verify_fini(struct verify *v);

#endif
