/* source: reads the records of a saved run, host by host: the counterpart of a sink. */
#ifndef PORTLIGHT_INGEST_SOURCE_H
#define PORTLIGHT_INGEST_SOURCE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/failure.h"
#include "result/record.h"

struct source;

/*
 * A source. The calls come in this order: begin once, next until it returns 0 or -1, close. It
 * holds one host in memory at a time. Input of another format, or input that contradicts itself,
 * is refused with *f (EXIT_DATA: "FILE:LINE: what is wrong"), a failed read with EXIT_IO.
 */
struct source_ops {
	const char *name; /* name of the format, for messages: "portlight's NDJSON" */
	char first;	  /* the first character of a file of this format, after white space */
	/* Creates a source that reads `in`, which the caller closes; `name` outlives it. Returns
	 * NULL and fills *f if out of memory. */
	struct source *(*open)(FILE *in, const char *name, struct failure *f);
	/* Reads the run; the result is valid until close. NULL: *f says why. */
	const struct run_info *(*begin)(struct source *s, struct failure *f);
	/* Returns 1 and *record, valid until the next call; 0 at the end, with s->summary filled;
	 * -1 and *f. */
	int (*next)(struct source *s, struct record *record, struct failure *f);
	void (*close)(struct source *s);
};

/* Every source's struct starts with this. */
struct source {
	const struct source_ops *ops;
	struct run_summary summary;
	/* The file ends before its summary, as that of a killed run does: summary.partial is set,
	 * and its numbers of hosts are those read. */
	bool cut_off;
};

extern const struct source_ops source_ndjson, source_nmap_xml;

/* Opens the source for the format of `in`, by its first character. NULL: *f says why. */
struct source *source_open(FILE *in, const char *name, struct failure *f);

#endif
