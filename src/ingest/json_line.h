/* json_line: a strict parser that reads one line of JSON in place into a struct. */
#ifndef PORTLIGHT_INGEST_JSON_LINE_H
#define PORTLIGHT_INGEST_JSON_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A cursor over one JSON text (RFC 8259). Strings are decoded in place: a character U+0001 to
 * U+00FF, escaped or not, becomes the byte with that number, which portlight's writer had encoded
 * so; other characters are refused. Numbers are integers and not negative.
 */
struct json_line {
	char *at, *end;	  /* *end is writable, and NUL at first */
	const char *what; /* after a failure: a constant text that names the error */
	const char *text; /* after a failure: the name of the member concerned, or NULL */
};

/* A number or text that may be null. */
struct json_number {
	uint64_t value;
	bool known;
};

enum json_kind {
	JSON_TEXT,	       /* const char * */
	JSON_TEXT_OR_NULL,     /* const char * */
	JSON_TEXT_OR_ABSENT,   /* const char *; NULL where the object has no such member */
	JSON_NUMBER,	       /* uint64_t */
	JSON_NUMBER_OR_NULL,   /* struct json_number */
	JSON_FLAG,	       /* bool */
	JSON_NUMBER_OR_ABSENT, /* struct json_number */
	JSON_INSIDE,	       /* field->inside reads the value */
	JSON_INSIDE_OR_ABSENT, /* the same; not called where the object has no such member */
};

/* A member of an object. All but those that may be absent are required; an unknown value is
 * null. */
struct json_field {
	const char *name;
	uint8_t kind;
	uint16_t at;   /* offset in the struct that is read into */
	uint64_t most; /* largest number */
	/* Reads the value into *out, the struct. */
	bool (*inside)(struct json_line *j, void *out);
};

#define JSON_FIELDS_MOST 32

/* After an error, each sets j->what and j->text and returns false, and so does every later call. */

/* Reads an object with exactly these members, in any order, into *out. */
bool json_line_object(struct json_line *j, const struct json_field *fields, size_t count,
		      void *out);
/* Reads the opening bracket, '{' or '['. */
bool json_line_open(struct json_line *j, char bracket);
/* Returns true before another member (*name is set) or element (name is NULL); false after reading
 * the closing bracket, or on failure. *fresh: initialise to true. */
bool json_line_more(struct json_line *j, char close, bool *fresh, const char **name);
bool json_line_text(struct json_line *j, const char **text);
bool json_line_number(struct json_line *j, uint64_t most, uint64_t *value);
/* Reads the word null, if it comes next. */
bool json_line_null(struct json_line *j);
/* Checks that only white space is left. */
bool json_line_finish(struct json_line *j);
/* For a caller that refuses a value. Returns false. */
bool json_line_fail(struct json_line *j, const char *what, const char *text);

#endif
