/* json_line: reads one line of JSON in place, strictly, into a struct. */
#ifndef PORTLIGHT_INGEST_JSON_LINE_H
#define PORTLIGHT_INGEST_JSON_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A cursor over one JSON text (RFC 8259). Strings are decoded in place: a character U+0001 to
 * U+00FF becomes the byte of that number, as portlight's writer has it, whichever way it is
 * written; others are refused. Numbers are whole and not negative.
 */
struct json_line {
	char *at, *end;	  /* *end is writable, and NUL at first */
	const char *what; /* after a failure: what is wrong, a constant */
	const char *text; /* ... and the name of the member it is wrong with, or NULL */
};

/* A number or text that may be null. */
struct json_number {
	uint64_t value;
	bool known;
};

enum json_kind {
	JSON_TEXT,	     /* const char * */
	JSON_TEXT_OR_NULL,   /* const char * */
	JSON_TEXT_OR_ABSENT, /* const char *; NULL where the object has no such member */
	JSON_NUMBER,	     /* uint64_t */
	JSON_NUMBER_OR_NULL, /* struct json_number */
	JSON_FLAG,	     /* bool */
	JSON_INSIDE,	     /* what field->inside makes of the value */
};

/* A member of an object. All but JSON_TEXT_OR_ABSENT are required: what is not known is null. */
struct json_field {
	const char *name;
	uint8_t kind;
	uint16_t at;   /* offset in the struct that is read into */
	uint64_t most; /* of a number */
	/* Reads the value into *out, the struct. */
	bool (*inside)(struct json_line *j, void *out);
};

#define JSON_FIELDS_MOST 32

/* Each returns false after setting j->what and j->text, for good. */

/* An object with exactly these members, in any order, into *out. */
bool json_line_object(struct json_line *j, const struct json_field *fields, size_t count,
		      void *out);
/* The opening bracket, '{' or '['. */
bool json_line_open(struct json_line *j, char bracket);
/* Whether there is one more member (its name in *name) or element (name is NULL); false at the
 * closing bracket, which is then read, and after a failure. *fresh: true before the first. */
bool json_line_more(struct json_line *j, char close, bool *fresh, const char **name);
bool json_line_text(struct json_line *j, const char **text);
bool json_line_number(struct json_line *j, uint64_t most, uint64_t *value);
/* The word null, if it comes next. */
bool json_line_null(struct json_line *j);
/* Nothing but white space is left. */
bool json_line_finish(struct json_line *j);
/* For a caller that finds a value wrong. Returns false. */
bool json_line_fail(struct json_line *j, const char *what, const char *text);

#endif
