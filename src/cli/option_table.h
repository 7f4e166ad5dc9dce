/* option_table: a subcommand's options as rows, which drive parsing, --help and the manual page. */
#ifndef PORTLIGHT_CLI_OPTION_TABLE_H
#define PORTLIGHT_CLI_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/failure.h"
#include "base/words.h"

enum option_kind {
	OPTION_FLAG,	 /* bool */
	OPTION_COUNT,	 /* unsigned, incremented each time; -vv is two */
	OPTION_TEXT,	 /* const char * */
	OPTION_OPTIONAL, /* const char *, only as --name=VALUE; stays NULL without */
	OPTION_WORD,	 /* struct words, appended; points into argv */
	OPTION_NUMBER,	 /* uint64_t within low..high */
	OPTION_TIME,	 /* uint64_t ns: 500ms, 2s, 3m, 1h, 2d; plain numbers are seconds */
	OPTION_PARSED,	 /* row->parse stores it */
	OPTION_LEFT_OUT, /* an option of a known tool that portlight lacks: help says why */
};

struct option_row {
	const char *name;  /* "-p" or "--engine"; NULL: a heading, in help */
	const char *alias; /* or NULL */
	const char *value; /* what --help calls the value; NULL: takes none */
	uint8_t kind;
	uint16_t at;  /* offset in the options' struct */
	uint16_t has; /* offset of a bool that says it was given, or 0 */
	uint64_t low, high;
	const char *help; /* NULL if help_text is set */
	/* OPTION_PARSED: parses `text` into *options. 0, or -1 with *f naming the option. */
	int (*parse)(const struct option_row *row, const char *text, void *options,
		     struct failure *f);
	/* A second occurrence is refused: the first value would be lost silently. Needs `has`. */
	bool once;
	/* Generates the help text, in place of `help`. Returns `text`. */
	const char *(*help_text)(char *text, size_t size);
};

/* A heading of --help for the rows that follow it. */
#define HEADING(text)                                                                              \
	{                                                                                          \
		.name = NULL, .help = text                                                         \
	}

struct option_table {
	const char *command; /* "scan": the subcommand, for error messages */
	const char *usage;   /* first line of --help, without newline */
	const struct option_row *row;
	size_t count;
	/* Offset of the struct words that receives arguments that are not options; -1: such
	 * arguments are an error. */
	int arguments;
	const char *instead; /* where there must be none: the option that takes such a word */
	/* Names of the only options that may be given, up to a NULL, and why; NULL: all. */
	const char *const *only;
	const char *only_why; /* completes "-p is fixed: " */
};

/* Parses argv[0..argc), without the program's and the command's name, into *options, which holds
 * the defaults. 0, or -1 with *f naming the offending text. */
int option_table_parse(const struct option_table *table, int argc, char **argv, void *options,
		       struct failure *f);

/* Prints the --help text. */
void option_table_help(const struct option_table *table, FILE *out);
/* Prints the options as mdoc(7) lines for the man page. */
void option_table_man(const struct option_table *table, FILE *out);
/* The options that the program refuses by name, and why, as mdoc(7) lines. */
void option_table_man_left_out(const struct option_table *table, FILE *out);

/* Parses decimal digits, perhaps with a fraction; *end is the first character after them. Negative
 * if there is no number. */
double option_decimal(const char *text, const char **end);

/* The offending argument, made safe for a terminal. */
struct option_quoted {
	char text[200];
};
struct option_quoted option_quote(const char *text);

#endif
