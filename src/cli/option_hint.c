/* option_hint: the nearest name by edit distance. */
#include "cli/option_hint.h"

#include <string.h>
#include <strings.h>

/* Longer than any name. */
#define LETTERS 32u
/* Distance of two names that have nothing in common. */
#define FAR 1000u

struct plain_word {
	char text[LETTERS];
	size_t length; /* 0: too long to be one */
};

/* Copies the name without leading dashes and without "=value"; _ becomes -. */
static struct plain_word plain_name(const char *argument)
{
	struct plain_word p = {.length = 0};
	size_t length;

	argument += strspn(argument, "-");
	length = strcspn(argument, "=");
	if (length >= LETTERS)
		return p;
	for (size_t i = 0; i < length; i++)
		p.text[i] = (char)(argument[i] == '_' ? '-' : argument[i]);
	p.length = length;
	return p;
}

static unsigned least_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Damerau-Levenshtein distance: inserted, omitted, replaced and swapped letters. */
static unsigned distance(const struct plain_word *a, const struct plain_word *b)
{
	unsigned d[LETTERS + 1][LETTERS + 1];

	for (unsigned j = 0; j <= b->length; j++)
		d[0][j] = j;
	for (unsigned i = 1; i <= a->length; i++) {
		const char *p = a->text + i - 1;

		d[i][0] = i;
		for (unsigned j = 1; j <= b->length; j++) {
			const char *q = b->text + j - 1;

			d[i][j] = least_of(d[i - 1][j - 1] + (*p != *q),
					   1 + least_of(d[i - 1][j], d[i][j - 1]));
			if (i > 1 && j > 1 && p[0] == q[-1] && p[-1] == q[0])
				d[i][j] = least_of(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[a->length][b->length];
}

/* Rank of a candidate: smaller is nearer. */
static unsigned farness(const struct plain_word *typed, const struct plain_word *name)
{
	unsigned letters;

	if (typed->length == name->length && memcmp(typed->text, name->text, name->length) == 0)
		return 0;
	if (typed->length == name->length && strcasecmp(typed->text, name->text) == 0)
		return 1;
	if (typed->length >= 3 && typed->length < name->length &&
	    memcmp(typed->text, name->text, typed->length) == 0)
		return 2;
	letters = distance(typed, name);
	return typed->length >= 4 && letters <= typed->length / 4 ? 2 + letters : FAR;
}

const char *option_hint(const struct option_table *table, const char *argument, bool *left_out)
{
	struct plain_word typed = plain_name(argument);
	const char *nearest = NULL;
	unsigned least = FAR;

	for (size_t i = 0; typed.length > 0 && i < table->count; i++) {
		const struct option_row *row = &table->row[i];
		const char *names[] = {row->name, row->alias};

		for (int n = 0; n < 2 && names[n]; n++) {
			struct plain_word name = plain_name(names[n]);
			unsigned far = farness(&typed, &name);

			if (far < least) {
				least = far;
				nearest = names[n];
				*left_out = row->kind == OPTION_LEFT_OUT;
			}
		}
	}
	return nearest;
}

const char *option_hint_long(const struct option_table *table, const char *argument)
{
	for (size_t i = 0; i < table->count; i++) {
		const char *names[] = {table->row[i].name, table->row[i].alias};

		for (int n = 0; n < 2 && names[n]; n++)
			if (names[n][1] == '-' && strcmp(names[n] + 1, argument) == 0)
				return names[n];
	}
	return NULL;
}

const char *option_hint_word(const char *const *names, size_t count, const char *word)
{
	struct plain_word typed = plain_name(word);
	const char *nearest = NULL;
	unsigned least = FAR;

	for (size_t i = 0; typed.length > 0 && i < count; i++) {
		struct plain_word name = plain_name(names[i]);
		unsigned far = farness(&typed, &name);

		if (far < least) {
			least = far;
			nearest = names[i];
		}
	}
	return nearest;
}
