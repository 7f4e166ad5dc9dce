/* option_table: a subcommand's options as rows, which drive parsing, --help and the manual page. */
#include "cli/option_table.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/quote.h"
#include "cli/option_hint.h"
#include "report/phrase.h"
#include "report/terminal.h"

/* Longest help text that is generated. */
#define HELP_TEXT 1024

static int option_word(struct words *w, const char *word, struct failure *f)
{
	return words_add(w, word) == 0 ? 0 : failure_set(f, EXIT_SOFTWARE, "out of memory");
}

struct option_quoted option_quote(const char *text)
{
	struct option_quoted q;

	text_quote(text, strlen(text), q.text, sizeof(q.text));
	return q;
}

double option_decimal(const char *text, const char **end)
{
	double value = 0, unit = 1;
	const char *at = text;

	while (*at >= '0' && *at <= '9')
		value = value * 10 + (*at++ - '0');
	if (*at == '.') {
		at++;
		while (*at >= '0' && *at <= '9') {
			unit /= 10;
			value += unit * (*at++ - '0');
		}
	}
	*end = at;
	return at == text || (at == text + 1 && *text == '.') ? -1 : value;
}

static int parse_time(const char *name, const char *text, uint64_t *out, struct failure *f)
{
	static const struct {
		const char *suffix;
		double ns;
	} units[] = {{"", 1e9},	  {"s", 1e9},	 {"ms", 1e6},	{"us", 1e3},
		     {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}};
	const char *end;
	double value = option_decimal(text, &end);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		double ns = value * units[i].ns;

		if (strcmp(end, units[i].suffix) == 0 && ns >= 1 && ns <= 1e18) {
			*out = (uint64_t)ns;
			return 0;
		}
	}
	return failure_set(f, EXIT_USAGE, "%s wants a time, such as 500ms, 2s or 3m, not \"%s\"",
			   name, option_quote(text).text);
}

static int parse_number(const struct option_row *row, const char *text, uint64_t *out,
			struct failure *f)
{
	uint64_t value = 0;
	const char *at = text;

	while (*at >= '0' && *at <= '9' && value <= row->high)
		value = value * 10 + (uint64_t)(*at++ - '0');
	if (*at || at == text || value < row->low || value > row->high)
		return failure_set(f, EXIT_USAGE, "%s wants a number from %llu to %llu, not \"%s\"",
				   row->name, (unsigned long long)row->low,
				   (unsigned long long)row->high, option_quote(text).text);
	*out = value;
	return 0;
}

static int option_twice(const struct option_row *row, struct failure *f)
{
	return failure_set(f, EXIT_USAGE, "%s is given twice", row->name);
}

/* Whether the table allows the option. */
static bool option_allowed(const struct option_table *table, const struct option_row *row)
{
	if (!table->only)
		return true;
	for (const char *const *name = table->only; *name; name++)
		if (strcmp(*name, row->name) == 0)
			return true;
	return false;
}

static int option_apply(const struct option_table *table, const struct option_row *row,
			void *options, const char *value, struct failure *f)
{
	void *at = (char *)options + row->at;
	bool *has = row->has ? (bool *)((char *)options + row->has) : NULL;

	if (row->kind != OPTION_LEFT_OUT && !option_allowed(table, row))
		return failure_set(f, EXIT_USAGE, "%s is fixed: %s", row->name, table->only_why);
	if (row->once && *has)
		return option_twice(row, f);
	if (has)
		*has = true;
	switch ((enum option_kind)row->kind) {
	case OPTION_FLAG:
		*(bool *)at = true;
		return 0;
	case OPTION_COUNT:
		++*(unsigned *)at;
		return 0;
	case OPTION_TEXT:
		/* Refused, because the first value would be lost silently. */
		if (*(const char **)at)
			return option_twice(row, f);
		*(const char **)at = value;
		return 0;
	case OPTION_OPTIONAL:
		*(const char **)at = value;
		return 0;
	case OPTION_WORD:
		return option_word(at, value, f);
	case OPTION_NUMBER:
		return parse_number(row, value, at, f);
	case OPTION_TIME:
		return parse_time(row->name, value, at, f);
	case OPTION_PARSED:
		return row->parse(row, value, options, f);
	case OPTION_LEFT_OUT:
		break;
	}
	return failure_set(f, EXIT_USAGE, "portlight has no %s: %s", row->name, row->help);
}

/* -vvv or -v3 match -v; --script-help matches --script, but a row of that name comes first. */
static bool is_more_of(const char *argument, const char *name)
{
	size_t length = strlen(name), letters = strlen(argument) - 1;

	if (name[1] == '-')
		return strncmp(argument, name, length) == 0 && argument[length] == '-';
	return length == 2 && letters > 1 && argument[1] == name[1] &&
	       (strspn(argument + 1, name + 1) == letters ||
		(letters == 2 && isdigit((unsigned char)argument[2])));
}

/*
 * The row of an argument. *value is set if the value is part of the argument: --name=value, -p22,
 * -T4. A row that matches as a whole wins over a shorter one with a value behind it (-sn over -s).
 */
static const struct option_row *option_find(const struct option_table *table, char *argument,
					    char **value)
{
	const struct option_row *best = NULL;
	size_t best_length = 0;
	bool is_long = argument[1] == '-';
	size_t length = is_long ? strcspn(argument, "=") : strlen(argument);

	*value = NULL;
	for (size_t i = 0; i < table->count; i++) {
		const struct option_row *row = &table->row[i];
		const char *names[] = {row->name, row->alias};

		for (int n = 0; n < 2; n++) {
			const char *name = names[n];
			size_t name_length = name ? strlen(name) : 0;

			if (!name || strncmp(argument, name, name_length) != 0)
				continue;
			bool whole = name_length == length;
			bool hangs = (!is_long && row->value && name[1] != '-' &&
				      length > name_length) ||
				     (row->kind == OPTION_LEFT_OUT && is_more_of(argument, name));

			if (!whole && !hangs)
				continue;
			if (whole || name_length > best_length) {
				best = row;
				best_length = name_length;
				*value = NULL;
				if (is_long && argument[length] == '=')
					*value = argument + length + 1;
				else if (!whole)
					*value = argument + name_length;
			}
			if (whole)
				return best;
		}
	}
	return best;
}

/* -vvv, -v3: adds the count. */
static bool option_is_repeated(const struct option_table *table, const char *argument,
			       void *options)
{
	size_t letters = strlen(argument) - 1;

	for (size_t i = 0; i < table->count; i++) {
		const struct option_row *row = &table->row[i];

		if (row->name && row->kind == OPTION_COUNT && is_more_of(argument, row->name)) {
			*(unsigned *)((char *)options + row->at) +=
				isdigit((unsigned char)argument[2]) ? (unsigned)(argument[2] - '0')
								    : (unsigned)letters;
			return true;
		}
	}
	return false;
}

static int option_argument(const struct option_table *table, const char *argument, void *options,
			   struct failure *f)
{
	if (table->only)
		return failure_set(f, EXIT_USAGE, "\"%s\" cannot be added: %s",
				   option_quote(argument).text, table->only_why);
	if (table->arguments >= 0)
		return option_word((void *)((char *)options + table->arguments), argument, f);
	if (table->instead)
		return failure_set(f, EXIT_USAGE, "%s takes options only, not \"%s\"; %s %s?",
				   table->command, option_quote(argument).text, table->instead,
				   option_quote(argument).text);
	return failure_set(f, EXIT_USAGE,
			   "%s takes options only, not \"%s\"; see portlight %s --help",
			   table->command, option_quote(argument).text, table->command);
}

static int option_unknown(const struct option_table *table, const char *argument, struct failure *f)
{
	bool left_out;
	const char *hint = option_hint(table, argument, &left_out);

	if (!hint)
		return failure_set(f, EXIT_USAGE, "unknown option \"%s\"; see portlight %s --help",
				   option_quote(argument).text, table->command);
	return failure_set(f, EXIT_USAGE, "unknown option \"%s\"; did you mean %s%s?",
			   option_quote(argument).text, hint,
			   left_out ? " (which portlight has not either)" : "");
}

/* Parses the option at argv[*i], and its value, which may be the next argument: then *i
 * advances. */
static int option_read(const struct option_table *table, int argc, char **argv, int *i,
		       void *options, struct failure *f)
{
	char *argument = argv[*i], *value;
	const struct option_row *row = option_find(table, argument, &value);

	if (!row || (value && argument[1] != '-' && option_hint_long(table, argument)))
		return option_unknown(table, argument, f);
	if (row->kind == OPTION_LEFT_OUT)
		return option_apply(table, row, options, NULL, f);
	if (!row->value && value)
		return failure_set(f, EXIT_USAGE, "%s takes no value: \"%s\"", row->name,
				   option_quote(argument).text);
	if (row->value && !value && row->kind != OPTION_OPTIONAL) {
		if (*i + 1 >= argc)
			return failure_set(f, EXIT_USAGE, "%s wants %s behind it", row->name,
					   row->value);
		value = argv[++*i];
	}
	if (row->value && value && value[0] == '\0')
		return failure_set(f, EXIT_USAGE, "%s wants %s, not nothing", row->name,
				   row->value);
	return option_apply(table, row, options, value, f);
}

int option_table_parse(const struct option_table *table, int argc, char **argv, void *options,
		       struct failure *f)
{
	bool only_arguments = false;

	for (int i = 0; i < argc; i++) {
		char *argument = argv[i];

		if (only_arguments || argument[0] != '-' || argument[1] == '\0') {
			if (option_argument(table, argument, options, f) < 0)
				return -1;
		} else if (strcmp(argument, "--") == 0) {
			only_arguments = true;
		} else if (!option_is_repeated(table, argument, options)) {
			if (option_read(table, argc, argv, &i, options, f) < 0)
				return -1;
		}
	}
	return 0;
}

/* The separator of an option's name and its value. */
static const char *separator(const struct option_row *row)
{
	return !row->value ? "" : row->kind == OPTION_OPTIONAL ? "[=" : " ";
}

/* Prints one row of --help: the names in the left column, the text wrapped in the right one. */
static void help_row(FILE *out, size_t columns, const struct option_row *row)
{
	char names[64];
	int width = snprintf(names, sizeof(names), "%s%s%s%s%s%s", row->name,
			     row->alias ? ", " : "", row->alias ? row->alias : "", separator(row),
			     row->value ? row->value : "", row->kind == OPTION_OPTIONAL ? "]" : "");
	char made[HELP_TEXT];
	const char *text = row->help_text ? row->help_text(made, sizeof(made)) : row->help;

	fprintf(out, "  %-28s", names);
	if (width > 27)
		fprintf(out, "\n  %28s", "");
	while (*text) {
		size_t fits = strlen(text);

		if (fits > columns) {
			for (fits = columns; fits > 0 && text[fits] != ' '; fits--)
				;
		}
		fprintf(out, "%.*s\n", (int)fits, text);
		text += fits;
		while (*text == ' ')
			text++;
		if (*text)
			fprintf(out, "  %28s", "");
	}
}

static void help_heading(FILE *out, unsigned width, const char *text)
{
	putc('\n', out);
	phrase_wrap(out, width, "", text, 0);
}

void option_table_help(const struct option_table *table, FILE *out)
{
	const unsigned width = terminal_columns(out);
	/* The width left of the names; a narrow terminal gets that of 80 columns. */
	const size_t columns = (width < 60 ? 60 : width > 100 ? 100 : width) - 30;

	fprintf(out, "%s\n", table->usage);
	for (size_t i = 0; i < table->count; i++) {
		const struct option_row *row = &table->row[i];

		if (!row->name)
			help_heading(out, width, row->help);
		else if (row->kind != OPTION_LEFT_OUT)
			help_row(out, columns, row);
	}
}

/* Escapes text for mdoc: a backslash or a leading dot would start a request. */
static void man_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
	}
}

void option_table_man(const struct option_table *table, FILE *out)
{
	char made[HELP_TEXT];
	bool open = false;

	for (size_t i = 0; i < table->count; i++) {
		const struct option_row *row = &table->row[i];

		if (row->kind == OPTION_LEFT_OUT && row->name)
			continue;
		if (!row->name) {
			fputs(open ? ".El\n.Ss " : ".Ss ", out);
			man_text(out, row->help);
			fputs("\n.Bl -tag -width Ds\n", out);
			open = true;
			continue;
		}
		fprintf(out, ".It Fl %s", row->name + 1);
		if (row->alias)
			fprintf(out, " , Fl %s", row->alias + 1);
		if (row->kind == OPTION_OPTIONAL)
			fprintf(out, " Ns Op = Ns Ar %s", row->value);
		else if (row->value)
			fprintf(out, " Ar %s", row->value);
		fputs("\n", out);
		man_text(out, row->help_text ? row->help_text(made, sizeof(made)) : row->help);
		fputs("\n", out);
	}
	if (open)
		fputs(".El\n", out);
}

void option_table_man_left_out(const struct option_table *table, FILE *out)
{
	fputs(".Bl -tag -width Ds -compact\n", out);
	for (size_t i = 0; i < table->count; i++) {
		const struct option_row *row = &table->row[i];

		if (row->kind != OPTION_LEFT_OUT || !row->name)
			continue;
		fputs(".It Fl ", out);
		man_text(out, row->name + 1);
		fputs("\n", out);
		man_text(out, row->help);
		fputs("\n", out);
	}
	fputs(".El\n", out);
}
