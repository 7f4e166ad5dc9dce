/* ndjson_lines: the file of the NDJSON source, line by line, and what was read of it so far. */
#ifndef PORTLIGHT_INGEST_NDJSON_LINES_H
#define PORTLIGHT_INGEST_NDJSON_LINES_H

#include "ingest/builder.h"
#include "ingest/json_line.h"
#include "ingest/refuse.h"
#include "ingest/source.h"

struct plan_line {
	bool known;
	const char *hash, *zone;
	uint64_t seed, total, first, last, ranges;
};

struct run_line {
	const char *type, *schema, *program, *version, *args, *engine, *start;
	uint64_t hosts, probes;
	/* Ascending, as struct run_info has them. */
	uint8_t techniques[TECHNIQUES];
	uint32_t counts[TECHNIQUES];
	const char *lists[TECHNIQUES];
	size_t count;
	struct plan_line plan;
	struct run_origin *origins; /* from malloc */
	size_t origin_count;
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
	struct run_plan plan;
	struct ranges ranges;
	struct builder host;
	bool pending;	   /* ports were read, and their host record has not come yet */
	uint16_t *origins; /* of the host being read, from malloc */
	char *stopped_why;
};

/* A member of `structure` with the same name in JSON. */
#define ENTRY(kind, member, most, structure)                                                       \
	{                                                                                          \
#member, kind, offsetof(structure, member), most, NULL                             \
	}

/* The next line that is not empty, into s->line without its newline and with a NUL behind it. 1; 0
 * at the end of the file; -1 and *f. */
int ndjson_line(struct source_lines *s, struct failure *f);

/* The value of the line's first member if that is "type", which our writers put first. False if it
 * is another one. */
bool ndjson_line_type(const struct source_lines *s, char type[static 16]);

/* A reader of the line's members. */
struct json_line ndjson_members(struct source_lines *s);

/* Refuses the line. Returns -1. */
int ndjson_wrong(struct source_lines *s, struct failure *f, const char *what, const char *text);
int ndjson_no_room(struct source_lines *s, struct failure *f);

/* Reads the line as one object with these members. 0, or -1 and *f. */
int ndjson_object(struct source_lines *s, const struct json_field *fields, size_t count, void *out,
		  struct failure *f);

#endif
