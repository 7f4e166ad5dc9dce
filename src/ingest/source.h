/* source: gives the records of a saved run back, host by host: the opposite of a sink. */
#ifndef PORTLIGHT_INGEST_SOURCE_H
#define PORTLIGHT_INGEST_SOURCE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/failure.h"
#include "result/record.h"

struct source;

/*
 * What a source is. The calls come in this order: begin once, next until it returns 0 or -1,
 * close. It holds one host in memory at a time. Input that is not of its format, or contradicts
 * itself, is refused with *f (EXIT_DATA: "FILE:LINE: what is wrong"), a failed read with EXIT_IO.
 */
struct source_ops {
	const char *name; /* of the format, for a message: "portlight's NDJSON" */
	char first;	  /* the first character of a file of this format, after white space */
	/* A source that reads `in`, which stays the caller's to close; `name` outlives it. Returns
	 * NULL and fills *f if out of memory. */
	struct source *(*open)(FILE *in, const char *name, struct failure *f);
	/* The run; valid until close. NULL: *f says why. */
	const struct run_info *(*begin)(struct source *s, struct failure *f);
	/* 1 and *record, valid until the next call; 0 at the end, when s->summary is filled; -1 and
	 * *f. */
	int (*next)(struct source *s, struct record *record, struct failure *f);
	void (*close)(struct source *s);
};

/* Every source's struct starts with this. */
struct source {
	const struct source_ops *ops;
	struct run_summary summary;
	/* The file ends before its summary, as that of a killed run does: summary.partial is set,
	 * and its numbers of hosts are those that were read. */
	bool cut_off;
};

extern const struct source_ops source_ndjson, source_nmap_xml;

/* The source for what `in` holds, by its first character. NULL: *f says why. */
struct source *source_open(FILE *in, const char *name, struct failure *f);

#endif
