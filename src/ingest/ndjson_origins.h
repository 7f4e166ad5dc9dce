/* ndjson_origins: the runs that a merged run in NDJSON comes from. */
#ifndef PORTLIGHT_INGEST_NDJSON_ORIGINS_H
#define PORTLIGHT_INGEST_NDJSON_ORIGINS_H

#include "ingest/ndjson_lines.h"

/* The member `origins` of the run record, into the struct run_line at *out. */
bool ndjson_origins_member(struct json_line *j, void *out);

/* The member `origins` of a host record: ascending numbers from 1, into an array from malloc that
 * replaces *numbers. */
bool ndjson_origin_numbers(struct json_line *j, uint16_t **numbers, size_t *count);

#endif
