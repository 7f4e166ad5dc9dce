/* options: the command line of `scan` as a table: parsing, defaults, --help and the man page. */
#ifndef PORTLIGHT_CLI_OPTIONS_H
#define PORTLIGHT_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/failure.h"
#include "cli/option_table.h"

enum output_format {
	OUTPUT_NORMAL,
	OUTPUT_XML,
	OUTPUT_GREPABLE,
	OUTPUT_NDJSON,
	OUTPUT_FORMATS,
};

/* What was asked for; 0, NULL or false where nothing was. Text points into argv. */
struct scan_options {
	unsigned techniques; /* bit set of enum technique_id */
	struct words targets;
	struct words excludes;		   /* --exclude: comma-separated lists */
	struct words lists, exclude_lists; /* -iL, --exclude-file */
	const char *ports, *exclude_ports, *top_ports;
	bool fast;
	bool ipv4, ipv6;
	unsigned timing; /* 0..5 */
	double min_rate_pps, max_rate_pps;
	bool has_max_retries;
	uint64_t max_retries;
	uint64_t initial_rtt_ns, min_rtt_ns, max_rtt_ns;
	const char *engine, *xdp_mode, *interface, *source;
	uint64_t source_port, ttl, max_sockets;
	bool has_source_port, has_ttl;
	bool bad_sum;
	const char *seed, *shard;
	const char *output[OUTPUT_FORMATS], *output_all;
	bool json;
	bool reason, open_only, all_ports, all_hosts, explain, list_only;
	bool no_colour, privileged, unprivileged;
	unsigned verbose;
	uint64_t stats_every_ns;
	bool help, version;
	bool accepted; /* options of nmap's that name what is the case anyway: -Pn, -n */
};

/* Fills *o from argv[0..argc) (without the program's and the command's name). 0, or -1 with *f
 * naming the offending text. What it allocated is freed with scan_options_fini in either case. */
int scan_options_parse(int argc, char **argv, struct scan_options *o, struct failure *f);
void scan_options_fini(struct scan_options *o);

/* The --help text. */
void scan_options_help(FILE *out);
/* The options as mdoc(7) lines for the man page. */
void scan_options_man(FILE *out);

#endif
