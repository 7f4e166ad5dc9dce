/* ndjson_lines: an NDJSON file line by line. */
#include "ingest/ndjson_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The longest line is the first: its command line has at most 2 MiB (ARG_MAX), of which each byte
 * may become an escape of six. */
#define LINE_BYTES ((size_t)16 << 20)

int ndjson_wrong(struct source_lines *s, struct failure *f, const char *what, const char *text)
{
	return refuse_input(&s->where, f, what, text);
}

int ndjson_no_room(struct source_lines *s, struct failure *f)
{
	return ndjson_wrong(
		s, f, "more ports or service names than a host can have, or out of memory", NULL);
}

int ndjson_line(struct source_lines *s, struct failure *f)
{
	int c = 0;

	do {
		s->length = 0;
		s->where.line++;
		while ((c = getc_unlocked(s->in)) != EOF && c != '\n') {
			if (s->length + 1 >= s->bytes) {
				size_t bytes = s->bytes ? s->bytes * 2 : 1024;
				char *grown = bytes > LINE_BYTES ? NULL : realloc(s->line, bytes);

				if (!grown)
					return ndjson_wrong(s, f, "a line longer than 16 MiB",
							    NULL);
				s->line = grown;
				s->bytes = bytes;
			}
			s->line[s->length++] = (char)c;
		}
	} while (s->length == 0 && c != EOF);
	s->whole = c == '\n';
	if (c == EOF && ferror(s->in))
		return refuse_read(&s->where, errno, f);
	if (s->length == 0)
		return 0;
	s->line[s->length] = '\0';
	return 1;
}

bool ndjson_line_type(const struct source_lines *s, char type[static 16])
{
	static const char head[] = "{\"type\":\"";
	size_t length;

	if (strncmp(s->line, head, sizeof(head) - 1) != 0)
		return false;
	length = strcspn(s->line + sizeof(head) - 1, "\"");
	if (length > 15)
		return false;
	memcpy(type, s->line + sizeof(head) - 1, length);
	type[length] = '\0';
	return true;
}

struct json_line ndjson_members(struct source_lines *s)
{
	return (struct json_line){.at = s->line, .end = s->line + s->length};
}

int ndjson_object(struct source_lines *s, const struct json_field *fields, size_t count, void *out,
		  struct failure *f)
{
	struct json_line j = ndjson_members(s);

	if (json_line_object(&j, fields, count, out) && json_line_finish(&j))
		return 0;
	return ndjson_wrong(s, f, j.what, j.text ? j.text : "");
}
