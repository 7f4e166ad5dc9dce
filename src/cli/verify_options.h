/* verify_options: the command line of `verify` as a table. */
#ifndef PORTLIGHT_CLI_VERIFY_OPTIONS_H
#define PORTLIGHT_CLI_VERIFY_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/option_table.h"

struct verify_options {
	struct words inputs; /* one or more */
	bool help;
};

/* As scan_options_parse (cli/options.h). */
int verify_options_parse(int argc, char **argv, struct verify_options *o, struct failure *f);
void verify_options_fini(struct verify_options *o);
void verify_options_help(FILE *out);
void verify_options_man(FILE *out);

#endif
