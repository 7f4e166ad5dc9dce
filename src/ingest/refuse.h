/* refuse: error messages about an input file, with name and line. */
#ifndef PORTLIGHT_INGEST_REFUSE_H
#define PORTLIGHT_INGEST_REFUSE_H

#include <stdint.h>

#include "base/failure.h"

/* Position of a reader. */
struct refuse {
	const char *name; /* of the file, as the user gave it */
	uint64_t line;	  /* 1 for the first */
};

/* Sets *f to "NAME:LINE: what: "text"" (EXIT_DATA); `text` is the offending part of the file, or
 * NULL. Returns -1. */
int refuse_input(const struct refuse *where, struct failure *f, const char *what, const char *text);

/* Sets *f to a failed read of the file (EXIT_IO). Returns -1. */
int refuse_read(const struct refuse *where, int error, struct failure *f);

#endif
