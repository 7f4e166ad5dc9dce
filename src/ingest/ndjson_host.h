/* ndjson_host: the records of a host in NDJSON. */
#ifndef PORTLIGHT_INGEST_NDJSON_HOST_H
#define PORTLIGHT_INGEST_NDJSON_HOST_H

#include "ingest/ndjson_lines.h"

/* Reads a record of that type into the builder. 0, or -1 and *f. */
int ndjson_port(struct source_lines *s, struct failure *f);
int ndjson_ports(struct source_lines *s, struct failure *f);
int ndjson_host(struct source_lines *s, struct failure *f);

#endif
