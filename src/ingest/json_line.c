/* json_line: a strict parser that reads one line of JSON in place into a struct. */
#include "ingest/json_line.h"

#include <string.h>

bool json_line_fail(struct json_line *j, const char *what, const char *text)
{
	if (!j->what) {
		j->what = what;
		j->text = text;
	}
	return false;
}

static void skip_space(struct json_line *j)
{
	while (j->at < j->end && (*j->at == ' ' || *j->at == '\t' || *j->at == '\r'))
		j->at++;
}

/* Consumes the character, if it comes next. */
static bool take(struct json_line *j, char c)
{
	skip_space(j);
	if (j->at == j->end || *j->at != c)
		return false;
	j->at++;
	return true;
}

static bool take_word(struct json_line *j, const char *word)
{
	const size_t length = strlen(word);

	skip_space(j);
	if ((size_t)(j->end - j->at) < length || memcmp(j->at, word, length) != 0)
		return false;
	j->at += length;
	return true;
}

static int hex(const char *digits)
{
	int value = 0;

	for (int i = 0; i < 4; i++) {
		const char c = digits[i];

		if (c >= '0' && c <= '9')
			value = value * 16 + (c - '0');
		else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
			value = value * 16 + ((c | 32) - 'a') + 10;
		else
			return -1;
	}
	return value;
}

/* Decodes the escape after a backslash; -1 if invalid. */
static int read_escape(struct json_line *j)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	const char *at;
	int value;

	if (j->at == j->end)
		return -1;
	if (*j->at == 'u') {
		if (j->end - j->at < 5)
			return -1;
		value = hex(j->at + 1);
		j->at += 5;
		return value > 0 && value < 256 ? value : -1;
	}
	at = *j->at ? strchr(letters, *j->at) : NULL;
	j->at++;
	return at ? meant[at - letters] : -1;
}

/* Decodes one character of a string to a byte, or -1. U+0080 to U+00FF have two bytes in UTF-8
 * (RFC 3629). */
static int read_character(struct json_line *j)
{
	const unsigned char first = (unsigned char)*j->at++;

	if (first == '\\')
		return read_escape(j);
	if (first < 0x20)
		return -1;
	if (first < 0x80)
		return first;
	if ((first != 0xc2 && first != 0xc3) || j->at == j->end || (*j->at & 0xc0) != 0x80)
		return -1;
	return (first & 3) << 6 | (*j->at++ & 0x3f);
}

bool json_line_text(struct json_line *j, const char **text)
{
	char *to;

	if (!take(j, '"'))
		return json_line_fail(j, "not a string", NULL);
	*text = to = j->at;
	while (j->at < j->end && *j->at != '"') {
		const int byte = read_character(j);

		if (byte < 0)
			return json_line_fail(j,
					      "a string with a character that portlight does "
					      "not write",
					      NULL);
		*to++ = (char)byte;
	}
	if (j->at == j->end)
		return json_line_fail(j, "unterminated string", NULL);
	j->at++;
	*to = '\0';
	return true;
}

bool json_line_number(struct json_line *j, uint64_t most, uint64_t *value)
{
	uint64_t sum = 0;

	skip_space(j);
	if (j->at == j->end || *j->at < '0' || *j->at > '9')
		return json_line_fail(j, "not a whole number", NULL);
	if (*j->at == '0' && j->end - j->at > 1 && j->at[1] >= '0' && j->at[1] <= '9')
		return json_line_fail(j, "a number with a leading zero", NULL);
	for (; j->at < j->end && *j->at >= '0' && *j->at <= '9'; j->at++) {
		const uint64_t digit = (uint64_t)(*j->at - '0');

		if (digit > most || sum > (most - digit) / 10)
			return json_line_fail(j, "number too large", NULL);
		sum = sum * 10 + digit;
	}
	if (j->at < j->end && strchr(".eE", *j->at))
		return json_line_fail(j, "not a whole number", NULL);
	*value = sum;
	return true;
}

bool json_line_null(struct json_line *j)
{
	return take_word(j, "null");
}

bool json_line_open(struct json_line *j, char bracket)
{
	if (take(j, bracket))
		return true;
	return json_line_fail(j, bracket == '{' ? "not an object" : "not an array", NULL);
}

bool json_line_more(struct json_line *j, char close, bool *fresh, const char **name)
{
	const bool first = *fresh;

	*fresh = false;
	if (j->what || take(j, close))
		return false;
	if (!first && !take(j, ','))
		return json_line_fail(j, "missing comma between two values", NULL);
	if (!name)
		return true;
	if (!json_line_text(j, name))
		return false;
	return take(j, ':') || json_line_fail(j, "missing colon after a name", *name);
}

static bool read_field(struct json_line *j, const struct json_field *field, void *out)
{
	void *at = (char *)out + field->at;
	struct json_number *number = at;

	switch ((enum json_kind)field->kind) {
	case JSON_TEXT_OR_NULL:
		*(const char **)at = NULL;
		if (json_line_null(j))
			return true;
		return json_line_text(j, at);
	case JSON_TEXT_OR_ABSENT:
	case JSON_TEXT:
		return json_line_text(j, at);
	case JSON_NUMBER_OR_NULL:
		number->known = !json_line_null(j);
		return !number->known || json_line_number(j, field->most, &number->value);
	case JSON_NUMBER_OR_ABSENT:
		number->known = true;
		return json_line_number(j, field->most, &number->value);
	case JSON_NUMBER:
		return json_line_number(j, field->most, at);
	case JSON_FLAG:
		*(bool *)at = take_word(j, "true");
		return *(bool *)at || take_word(j, "false") ||
		       json_line_fail(j, "neither true nor false", NULL);
	case JSON_INSIDE:
	case JSON_INSIDE_OR_ABSENT:
		break;
	}
	return field->inside(j, out);
}

/* The value of a member that is not there. False if it must be. */
static bool set_absent(const struct json_field *field, void *out)
{
	void *at = (char *)out + field->at;

	if (field->kind == JSON_TEXT_OR_ABSENT)
		*(const char **)at = NULL;
	else if (field->kind == JSON_NUMBER_OR_ABSENT)
		((struct json_number *)at)->known = false;
	else
		return field->kind == JSON_INSIDE_OR_ABSENT;
	return true;
}

bool json_line_object(struct json_line *j, const struct json_field *fields, size_t count, void *out)
{
	uint32_t seen = 0;
	bool fresh = true;
	const char *name;

	if (!json_line_open(j, '{'))
		return false;
	while (json_line_more(j, '}', &fresh, &name)) {
		size_t i = 0;

		while (i < count && strcmp(fields[i].name, name) != 0)
			i++;
		if (i == count)
			return json_line_fail(j, "a member that portlight does not write", name);
		if (seen >> i & 1)
			return json_line_fail(j, "a member given twice", name);
		seen |= UINT32_C(1) << i;
		if (!read_field(j, &fields[i], out)) {
			if (!j->text)
				j->text = fields[i].name;
			return false;
		}
	}
	for (size_t i = 0; i < count && !j->what; i++)
		if (!(seen >> i & 1) && !set_absent(&fields[i], out))
			return json_line_fail(j, "a member is missing", fields[i].name);
	return !j->what;
}

bool json_line_finish(struct json_line *j)
{
	skip_space(j);
	return j->at == j->end || json_line_fail(j, "data after the object", NULL);
}
