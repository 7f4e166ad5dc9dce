/* watch_options: the command line of `watch` as a table. */
#ifndef PORTLIGHT_CLI_WATCH_OPTIONS_H
#define PORTLIGHT_CLI_WATCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/failure.h"
#include "cli/option_table.h"
#include "run/request.h"

/* Values of the options; 0, NULL or false if not given. Text points into argv. */
struct watch_options {
	struct watch_request request;
	bool json, has_syslog, has_journal, proven_only, no_colour, quiet;
	const char *ndjson, *syslog, *journal;
	unsigned verbose;
	bool self_test;
	bool help, version;
};

/* Fills *o from argv[0..argc) and the defaults. 0, or -1 with *f naming the offending text or the
 * options that exclude each other. The caller frees *o with watch_options_fini in either case. */
int watch_options_parse(int argc, char **argv, struct watch_options *o, struct failure *f);
void watch_options_fini(struct watch_options *o);

void watch_options_help(FILE *out);
void watch_options_man(FILE *out);

#endif
