/* ndjson: declarations that the two files of the NDJSON source share. */
#ifndef PORTLIGHT_INGEST_NDJSON_H
#define PORTLIGHT_INGEST_NDJSON_H

#include "ingest/builder.h"
#include "ingest/json_line.h"
#include "ingest/refuse.h"
#include "ingest/source.h"

struct run_line {
	const char *type, *schema, *program, *version, *args, *engine, *start;
	uint64_t hosts, probes;
	/* Ascending, as struct run_info has them. */
	uint8_t techniques[TECHNIQUES];
	uint32_t counts[TECHNIQUES];
	const char *lists[TECHNIQUES];
	size_t count;
};

struct source_lines {
	struct source source;
	FILE *in;
	struct refuse where;
	char *line, *first_line; /* the first is stored: *run points into it */
	size_t bytes, length, first_bytes;
	bool whole; /* the line ends with a newline */
	struct run_line values;
	struct run_info run;
	struct builder host;
	bool pending; /* ports were read, and their host record has not come yet */
	char *stopped_why;
};

/* A member of `structure` with the same name in JSON. */
#define ENTRY(kind, member, most, structure)                                                       \
	{                                                                                          \
#member, kind, offsetof(structure, member), most, NULL                             \
	}

/* Refuses the line. Returns -1. */
int ndjson_wrong(struct source_lines *s, struct failure *f, const char *what, const char *text);
int ndjson_no_room(struct source_lines *s, struct failure *f);

/* Reads the line as one object with these members. 0, or -1 and *f. */
int ndjson_object(struct source_lines *s, const struct json_field *fields, size_t count, void *out,
		  struct failure *f);

/* Reads a record of that type into the builder. 0, or -1 and *f. */
int ndjson_port(struct source_lines *s, struct failure *f);
int ndjson_ports(struct source_lines *s, struct failure *f);
int ndjson_host(struct source_lines *s, struct failure *f);

#endif
