/* coverage: which probes of a plan have a verdict, as parts of its index range. */
#ifndef PORTLIGHT_PLAN_COVERAGE_H
#define PORTLIGHT_PLAN_COVERAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Indices [first, last) of a plan (plan.h). */
struct part {
	uint64_t first, last;
};

/* Caller's storage; zero-initialised is empty. Sorted and disjoint after coverage_normalise, which
 * the other functions but coverage_add require. 16 bytes a part. */
struct coverage {
	struct part *part;
	size_t count, capacity;
};

/* An empty part (first >= last) adds nothing. 0, or -1 out of memory (*c is unchanged). */
int coverage_add(struct coverage *c, uint64_t first, uint64_t last);
/* Sorts, and joins what overlaps or touches. */
void coverage_normalise(struct coverage *c);
/* How many indices. */
uint64_t coverage_size(const struct coverage *c);
/* Adds to *gaps, which is empty, what of [0, total) is not in *c. 0, or -1 out of memory. */
int coverage_gaps(const struct coverage *c, uint64_t total, struct coverage *gaps);
/* Joins parts over the smallest spaces between them until at most `most` >= 1 are left. */
void coverage_join(struct coverage *c, size_t most);
void coverage_fini(struct coverage *c);

#endif
