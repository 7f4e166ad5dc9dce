/* convert_options: the command line of `convert` as a table. */
#ifndef PORTLIGHT_CLI_CONVERT_OPTIONS_H
#define PORTLIGHT_CLI_CONVERT_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/option_table.h"
#include "report/format.h"

struct convert_options {
	struct words inputs; /* one */
	enum format_id to;
	bool has_to, help;
	const char *output; /* "-": standard output */
};

/* As scan_options_parse (cli/options.h). */
int convert_options_parse(int argc, char **argv, struct convert_options *o, struct failure *f);
void convert_options_fini(struct convert_options *o);
void convert_options_help(FILE *out);
void convert_options_man(FILE *out);

#endif
