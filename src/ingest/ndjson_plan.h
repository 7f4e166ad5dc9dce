/* ndjson_plan: the plan of a run in NDJSON: a member of the run record, and the records of its
 * targets. */
#ifndef PORTLIGHT_INGEST_NDJSON_PLAN_H
#define PORTLIGHT_INGEST_NDJSON_PLAN_H

#include "ingest/ndjson_lines.h"

/* The member `plan` of the run record, into the struct run_line at *out. */
bool ndjson_plan_member(struct json_line *j, void *out);

/* After the run record, whose plan is in s->values: reads the records of type targets, and sets
 * s->run.plan if there is a plan. 0, or -1 and *f. */
int ndjson_plan(struct source_lines *s, struct failure *f);

#endif
