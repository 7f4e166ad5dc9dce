/* refuse: error messages about an input file, with name and line. */
#include "ingest/refuse.h"

#include <inttypes.h>
#include <string.h>

#include "base/quote.h"

int refuse_input(const struct refuse *where, struct failure *f, const char *what, const char *text)
{
	char name[200], quoted[100];

	text_quote(where->name, strlen(where->name), name, sizeof(name));
	if (!text)
		return failure_set(f, EXIT_DATA, "%s:%" PRIu64 ": %s", name, where->line, what);
	return failure_set(f, EXIT_DATA, "%s:%" PRIu64 ": %s: \"%s\"", name, where->line, what,
			   text_quote(text, strlen(text), quoted, sizeof(quoted)));
}

int refuse_read(const struct refuse *where, int error, struct failure *f)
{
	char name[200];

	return failure_set(f, EXIT_IO, "cannot read \"%s\": %s",
			   text_quote(where->name, strlen(where->name), name, sizeof(name)),
			   strerror(error));
}
