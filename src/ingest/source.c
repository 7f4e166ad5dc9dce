/* source: recognises the format of a saved run. */
#include "ingest/source.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/quote.h"
#include "ingest/refuse.h"

static const struct source_ops *const formats[] = {&source_ndjson, &source_nmap_xml};

struct source *source_open(FILE *in, const char *name, struct failure *f)
{
	const struct refuse where = {name, 1};
	char text[2] = "";
	int first;

	do
		first = getc(in);
	while (first != EOF && isspace(first));
	if (first == EOF) {
		if (ferror(in))
			refuse_read(&where, errno, f);
		else
			refuse_input(&where, f, "an empty file", NULL);
		return NULL;
	}
	if (ungetc(first, in) != EOF)
		for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
			if (formats[i]->first == first)
				return formats[i]->open(in, name, f);
	text[0] = (char)first;
	refuse_input(&where, f, "neither portlight's NDJSON nor nmap's XML; it begins with", text);
	return NULL;
}
