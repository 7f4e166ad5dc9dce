/* json: writes nested JSON, the commas seen to. */
#ifndef PORTLIGHT_REPORT_JSON_JSON_H
#define PORTLIGHT_REPORT_JSON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A failed write shows in ferror(out). */
struct json {
	FILE *out;
	bool comma; /* something stands before in the present object or array */
};

/* `name` of a member; NULL inside an array and for the outermost value. Names are our own words
 * and are not escaped. `bracket`: '{' or '[', closed with '}' or ']'. */
void json_open(struct json *j, const char *name, char bracket);
void json_close(struct json *j, char bracket);

/* `length` bytes of anything, escaped. */
void json_bytes(struct json *j, const char *name, const char *bytes, size_t length);
void json_string(struct json *j, const char *name, const char *text);
void json_number(struct json *j, const char *name, uint64_t value);
void json_flag(struct json *j, const char *name, bool value);
/* A number that is already text. */
void json_decimal(struct json *j, const char *name, const char *digits);

/* A string whose inside the caller writes to j->out between the two, of characters that need no
 * escaping. */
void json_quote(struct json *j, const char *name);
void json_unquote(struct json *j);

#endif
