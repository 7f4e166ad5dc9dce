/* json: the JSON writer of all reports: nested values, with commas and escapes. */
#ifndef PORTLIGHT_REPORT_JSON_JSON_H
#define PORTLIGHT_REPORT_JSON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* One document (RFC 8259). Initialise with {out, false}. A failed write shows in ferror(out). */
struct json {
	FILE *out;  /* borrowed */
	bool comma; /* the current object or array already has a member */
};

/*
 * Each function writes one value. `name` is the member's name in an object, NULL in an array and
 * for the outermost value; names are constants of this program and are not escaped.
 */

/* Begins an object ('{') or array ('['); json_close ends it with '}' or ']'. */
void json_open(struct json *j, const char *name, char bracket);
void json_close(struct json *j, char bracket);

/* Ends the outermost object of a line (NDJSON): writes '}' and a newline; *j can be used for the
 * next. */
void json_end_line(struct json *j);

/* A string of `length` arbitrary bytes, escaped. */
void json_bytes(struct json *j, const char *name, const char *bytes, size_t length);
/* A string, escaped; NULL writes null. */
void json_string(struct json *j, const char *name, const char *text);
void json_number(struct json *j, const char *name, uint64_t value);
/* Writes the number, or null if it is not known. */
void json_number_or_null(struct json *j, const char *name, bool known, uint64_t value);
void json_flag(struct json *j, const char *name, bool value);
void json_null(struct json *j, const char *name);
/* A number given as its decimal digits. */
void json_decimal(struct json *j, const char *name, const char *digits);

/* Begin and end of a string that the caller writes to j->out between these two calls; it must need
 * no escaping. */
void json_quote(struct json *j, const char *name);
void json_unquote(struct json *j);

#endif
