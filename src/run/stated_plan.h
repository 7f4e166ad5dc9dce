/* stated_plan: the plan that a saved run states, made again. */
#ifndef PORTLIGHT_RUN_STATED_PLAN_H
#define PORTLIGHT_RUN_STATED_PLAN_H

#include "address/ranges.h"
#include "base/failure.h"
#include "plan/plan.h"
#include "plan/ports.h"
#include "result/record.h"

/* What plan_new() needs. */
struct stated_plan {
	struct ranges ranges;
	struct ports ports;
	unsigned techniques; /* bit set of enum technique_id */
	uint64_t seed;
	char zone[16]; /* interface of link-local targets, or "" */
};

/*
 * Takes the plan from the record of a run. *plan, if not NULL, receives the plan itself, to be
 * freed with plan_free. 0, or -1 with *f (EXIT_DATA): the run states no plan, or one whose hash
 * differs from the one stated, so that it is damaged or of a version with another order of probes.
 * `name` is the file's, for the message. The caller calls stated_plan_fini in either case.
 */
int stated_plan_take(const struct run_info *run, const char *name, struct stated_plan *out,
		     struct plan **plan, struct failure *f);
void stated_plan_fini(struct stated_plan *s);

/* The same from a file, "-": standard input. EXIT_IO if it cannot be read. */
int stated_plan_read(const char *path, struct stated_plan *out, struct failure *f);

#endif
