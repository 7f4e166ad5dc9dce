/* options: the command line of `scan` as a table: parsing, defaults, --help and the man page. */
#ifndef PORTLIGHT_CLI_OPTIONS_H
#define PORTLIGHT_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/failure.h"
#include "cli/option_table.h"
#include "report/format.h"
#include "run/request.h"

/* Values of the options; 0, NULL or false if not given. Text points into argv. */
struct scan_options {
	struct scan_request request;
	bool has_engine, has_mode, has_top_ports, has_shard; /* whether it was given */
	bool dry_run;
	bool fast, privileged, unprivileged; /* request holds their meaning */
	const char *output[FORMATS], *output_all;
	bool json;
	bool reason, open_only, all_ports, all_hosts, explain, list_only;
	bool no_colour, quiet;
	unsigned verbose;
	uint64_t stats_every_ns;
	const char *checkpoint, *resume; /* files */
	uint64_t checkpoint_every_ns;
	bool help, version;
	bool no_reverse; /* -n, the default */
	bool accepted;	 /* options of nmap that are always in effect, such as -Pn */
};

/* Fills *o from argv[0..argc) (without the program's and the command's name). 0, or -1 with *f
 * naming the offending text. The caller frees *o with scan_options_fini in either case. */
int scan_options_parse(int argc, char **argv, struct scan_options *o, struct failure *f);
void scan_options_fini(struct scan_options *o);

/* Whether outputs are named. */
bool scan_options_want_output(const struct scan_options *o);

/* Of a scan that is resumed: replaces in *o, which its command line gave then, what the command
 * line of now, *given, may give again: rate, outputs and engine. */
void scan_options_resume(struct scan_options *o, const struct scan_options *given);

/* Prints the --help text. */
void scan_options_help(FILE *out);
/* Prints the options as mdoc(7) lines for the man page. */
void scan_options_man(FILE *out);
/* The options of other scanners that are refused by name, as mdoc(7) lines. */
void scan_options_man_left_out(FILE *out);

#endif
