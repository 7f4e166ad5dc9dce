/* merge_options: the command line of `merge` as a table. */
#ifndef PORTLIGHT_CLI_MERGE_OPTIONS_H
#define PORTLIGHT_CLI_MERGE_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/option_table.h"

struct merge_options {
	struct words inputs; /* one or more */
	const char *output;  /* "-": standard output */
	bool any_plan, help;
};

/* As scan_options_parse (cli/options.h). */
int merge_options_parse(int argc, char **argv, struct merge_options *o, struct failure *f);
void merge_options_fini(struct merge_options *o);
void merge_options_help(FILE *out);
void merge_options_man(FILE *out);

#endif
