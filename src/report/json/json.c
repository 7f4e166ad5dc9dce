/* json: the JSON writer of all reports. */
#include "report/json/json.h"

#include <inttypes.h>
#include <string.h>

#include "report/escape.h"

static void write_name(struct json *j, const char *name)
{
	if (j->comma)
		(void)putc(',', j->out);
	j->comma = true;
	if (name)
		(void)fprintf(j->out, "\"%s\":", name);
}

void json_open(struct json *j, const char *name, char bracket)
{
	write_name(j, name);
	(void)putc(bracket, j->out);
	j->comma = false;
}

void json_close(struct json *j, char bracket)
{
	(void)putc(bracket, j->out);
	j->comma = true;
}

void json_end_line(struct json *j)
{
	(void)fputs("}\n", j->out);
	j->comma = false;
}

void json_bytes(struct json *j, const char *name, const char *bytes, size_t length)
{
	write_name(j, name);
	(void)putc('"', j->out);
	escape_json(j->out, bytes, length);
	(void)putc('"', j->out);
}

void json_string(struct json *j, const char *name, const char *text)
{
	if (text)
		json_bytes(j, name, text, strlen(text));
	else
		json_null(j, name);
}

void json_number(struct json *j, const char *name, uint64_t value)
{
	write_name(j, name);
	(void)fprintf(j->out, "%" PRIu64, value);
}

void json_number_or_null(struct json *j, const char *name, bool known, uint64_t value)
{
	if (known)
		json_number(j, name, value);
	else
		json_null(j, name);
}

void json_null(struct json *j, const char *name)
{
	write_name(j, name);
	(void)fputs("null", j->out);
}

void json_flag(struct json *j, const char *name, bool value)
{
	write_name(j, name);
	(void)fputs(value ? "true" : "false", j->out);
}

void json_decimal(struct json *j, const char *name, const char *digits)
{
	write_name(j, name);
	(void)fputs(digits, j->out);
}

void json_quote(struct json *j, const char *name)
{
	write_name(j, name);
	(void)putc('"', j->out);
}

void json_unquote(struct json *j)
{
	(void)putc('"', j->out);
}
