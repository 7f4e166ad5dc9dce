/* watch_options: the option table of `watch`, and which options exclude each other. */
#include "cli/watch_options.h"

#include <stdlib.h>
#include <string.h>

#include "blocker/blocker.h"
#include "run/watch_memory.h"
#include "watch/params.h"
#include "watch/watch.h"

#define NS UINT64_C(1000000000)

/* Bounds beyond which a value can only be a mistake. */
#define MEMORY_LEAST ((double)WATCH_MEMORY_SMALLEST)
#define MEMORY_MOST  ((double)((uint64_t)1 << 40))
#define IDLE_MOST    (30 * 86400 * NS)

/* Bytes: 65536, 512K, 32M, 1.5G; powers of 1024. */
static int parse_size(const struct option_row *row, const char *text, void *options,
		      struct failure *f)
{
	static const char suffixes[] = "KMGT";
	struct watch_options *o = options;
	const char *end;
	double value = option_decimal(text, &end);
	const char *suffix = *end ? strchr(suffixes, *end) : NULL;

	if (suffix) {
		for (long i = 0; i <= suffix - suffixes; i++)
			value *= 1024;
		end++;
	}
	if (*end || !(value >= MEMORY_LEAST) || value > MEMORY_MOST)
		return failure_set(f, EXIT_USAGE,
				   "%s wants a size from 12M, such as 32M or 1G, not \"%s\"",
				   row->name, option_quote(text).text);
	o->request.memory_bytes = (uint64_t)value;
	return 0;
}

/* As strtod, but refuses hexadecimal numbers, leading blanks and "inf". */
static double parse_probability(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	return strspn(text, "0123456789.eE-+") == strlen(text) && *end == '\0' ? value : -1;
}

static int parse_false_positive(const struct option_row *row, const char *text, void *options,
				struct failure *f)
{
	struct watch_options *o = options;

	o->request.false_positive = parse_probability(text);
	if (!(o->request.false_positive >= 1e-15) || o->request.false_positive > 0.1)
		return failure_set(
			f, EXIT_USAGE,
			"%s wants a probability from 1e-15 to 0.1, such as 1e-6, not \"%s\"",
			row->name, option_quote(text).text);
	return 0;
}

static int parse_detection(const struct option_row *row, const char *text, void *options,
			   struct failure *f)
{
	struct watch_options *o = options;

	o->request.detection = parse_probability(text);
	if (!(o->request.detection >= 0.5) || o->request.detection > 0.999999)
		return failure_set(
			f, EXIT_USAGE,
			"%s wants a probability from 0.5 to 0.999999, such as 0.99, not \"%s\"",
			row->name, option_quote(text).text);
	return 0;
}

static int parse_address(const struct option_row *row, const char *text, void *options,
			 struct failure *f)
{
	struct watch_options *o = options;
	struct request_addrs *list = &o->request.explain;
	struct addr address, *grown;

	if (addr_parse(text, strlen(text), &address) < 0)
		return failure_set(f, EXIT_USAGE, "%s wants an address, not \"%s\"", row->name,
				   option_quote(text).text);
	grown = reallocarray(list->addr, list->count + 1, sizeof(*grown));
	if (!grown)
		return failure_set(f, EXIT_SOFTWARE, "out of memory");
	list->addr = grown;
	list->addr[list->count++] = address;
	return 0;
}

#define AT(member) offsetof(struct watch_options, member)

/* The value of a parameter as text. */
#define TEXT_OF(value)	 #value
#define PARAM_TEXT(name) TEXT_OF(name)

_Static_assert(WATCH_IDLE_S == 300 && WATCH_MEMORY_MIB == 32, "the help says 5m and 32M");

// clang-format off
static const struct option_row option_rows[] = {
HEADING("Input (default: all interfaces, also those created later; both directions)"),
{"-i", "--interface", "NAME", OPTION_WORD, AT(request.interfaces), 0, 0, 0,
 "only the interface with this name, also if it is removed and created again; may be given several "
 "times"},
{"-r", "--read", "FILE", OPTION_TEXT, AT(request.read), 0, 0, 0,
 "read a capture file (pcap or pcapng, also compressed by gzip) instead; - is standard input. The "
 "same file gives the same events, byte for byte"},
{"-f", "--filter", "EXPRESSION", OPTION_TEXT, AT(request.filter), 0, 0, 0,
 "only packets that match this pcap-filter(7) expression; answers that do not match are not seen"},
{"-p", "--promiscuous", NULL, OPTION_FLAG, AT(request.promiscuous), 0, 0, 0,
 "also capture packets for other machines, for example on the mirror port of a switch"},
{"-c", "--count", "N", OPTION_NUMBER, AT(request.count), 0, 1, UINT64_MAX / 10 - 1,
 "end after N packets"},
HEADING("Detection"),
{"--false-positive", "--alpha", "P", OPTION_PARSED, AT(request.false_positive), 0, 0, 0,
 "probability that an innocent source is reported as a scanner; default " PARAM_TEXT(WATCH_FALSE_POSITIVE), parse_false_positive},
{"--detection", "--beta", "P", OPTION_PARSED, AT(request.detection), 0, 0, 0,
 "probability that a scanner is reported; default " PARAM_TEXT(WATCH_DETECTION), parse_detection},
{"--idle", NULL, "TIME", OPTION_TIME, AT(request.idle_ns), 0, 0, 0,
 "a scan ends after this time without evidence; default 5m"},
{"--home", NULL, "NETS", OPTION_WORD, AT(request.home), 0, 0, 0,
 "our networks: a sweep from there to other networks is reported only at ten times the number of "
 "hosts; default: the networks of the interfaces, none for a capture file. A comma-separated list: "
 "192.0.2.0/24,2001:db8::/32"},
{"--ignore", NULL, "NETS", OPTION_WORD, AT(request.ignores), 0, 0, 0,
 "sources that are never reported"},
{"--ignore-file", NULL, "FILE", OPTION_WORD, AT(request.ignore_files), 0, 0, 0,
 "the same, read from FILE, separated by white space; # starts a comment"},
{"--memory", NULL, "SIZE", OPTION_PARSED, AT(request.memory_bytes), 0, 0, 0,
 "resident memory: 6M for the program, a third of the rest for the capture ring, the other two "
 "thirds for tables, which store more sources the larger they are; at least 12M, default 32M", parse_size},
HEADING("Output (default: one paragraph per event, to standard output)"),
{"--json", NULL, NULL, OPTION_FLAG, AT(json), 0, 0, 0,
 "NDJSON to standard output: one object per event, with names of the Elastic Common Schema "
 "(docs/portlight-watch.schema.json)"},
{"-oD", NULL, "FILE", OPTION_TEXT, AT(ndjson), 0, 0, 0,
 "NDJSON to FILE: a live run appends to it, a run on a capture file replaces it"},
{"--journal", NULL, "SOCKET", OPTION_OPTIONAL, AT(journal), AT(has_journal), 0, 0,
 "to journald, with fields"},
{"--syslog", NULL, "SOCKET", OPTION_OPTIONAL, AT(syslog), AT(has_syslog), 0, 0,
 "to syslog, in scanlogd's line format, which fail2ban reads"},
{"--proven-only", NULL, NULL, OPTION_FLAG, AT(proven_only), 0, 0, 0,
 "syslog: only sources that completed a handshake, so that no host is banned because of "
 "spoofed packets"},
{"--metrics", NULL, "FILE.prom", OPTION_TEXT, AT(request.metrics), 0, 0, 0,
 "counters in Prometheus' text format, written every 15s and at the end"},
{"--events-per-minute", NULL, "N", OPTION_NUMBER, AT(request.events_per_minute), 0, 1, 1000000,
 "report at most N events a minute; further events are counted and reported as one; default " PARAM_TEXT(WATCH_EVENTS_PER_MINUTE)},
{"--explain", NULL, "ADDRESS", OPTION_PARSED, AT(request.explain), 0, 0, 0,
 "at the end, and at SIGUSR1, print the evidence about this source and its threshold", parse_address},
{"--stats-every", NULL, "TIME", OPTION_TIME, AT(request.stats_every_ns), 0, 0, 0,
 "print a line of counters to standard error every 10s, 1m, ..."},
{"--no-color", "--no-colour", NULL, OPTION_FLAG, AT(no_colour), 0, 0, 0,
 "no colours (also with the environment variable NO_COLOR)"},
{"-q", "--quiet", NULL, OPTION_FLAG, AT(quiet), 0, 0, 0,
 "no readable events to standard output, and only errors and warnings to standard error"},
{"-v", "--verbose", NULL, OPTION_COUNT, AT(verbose), 0, 0, 0, "more output: counters at the end"},
{"-h", "--help", NULL, OPTION_FLAG, AT(help), 0, 0, 0, "this text"},
{"-V", "--version", NULL, OPTION_FLAG, AT(version), 0, 0, 0, "the version"},
HEADING("Response (default: none)"),
{"--block", NULL, NULL, OPTION_FLAG, AT(request.block), 0, 0, 0,
 "block a scanner by nftables if a completed handshake proves its address; all blocks end with the "
 "program"},
{"--block-time", NULL, "TIME", OPTION_TIME, AT(request.block_time_ns), 0, 0, 0,
 "duration of a block; default 1h"},
{"--never-block", NULL, "NETS", OPTION_WORD, AT(request.never_block), 0, 0, 0,
 "never block these; nor, in any case, our own addresses, gateways, name servers and --ignore"},
{"--dry-run", NULL, NULL, OPTION_FLAG, AT(request.dry_run), 0, 0, 0,
 "print which sources --block would block, which not, and why, but block none"},
HEADING("Privilege"),
{"--user", NULL, "NAME", OPTION_TEXT, AT(request.user), 0, 0, 0,
 "become this user before the first packet is read; default portlight, or else nobody"},
{"--self-test", NULL, NULL, OPTION_FLAG, AT(self_test), 0, 0, 0,
 "try all known means to break out of the cage (no privilege, no files, few system calls), and end"},
};
// clang-format on

static const struct option_table table = {
	.command = "watch",
	.usage = "usage: portlight watch [options]",
	.row = option_rows,
	.count = sizeof(option_rows) / sizeof(option_rows[0]),
	.arguments = -1,
};

/* Fails if both options were given. */
static int options_exclude(const char *first, bool has_first, const char *second, bool has_second,
			   struct failure *f)
{
	if (!has_first || !has_second)
		return 0;
	return failure_set(f, EXIT_USAGE, "%s and %s contradict each other", first, second);
}

static int options_agree(const struct watch_options *o, struct failure *f)
{
	const bool to_stdout = o->ndjson && strcmp(o->ndjson, "-") == 0;

	if (options_exclude("-r", o->request.read, "-i", o->request.interfaces.count, f) < 0 ||
	    options_exclude("-r", o->request.read, "--promiscuous", o->request.promiscuous, f) <
		    0 ||
	    options_exclude("--json", o->json, "-oD -", to_stdout, f) < 0)
		return -1;
	if (o->request.read && o->request.block && !o->request.dry_run)
		return failure_set(
			f, EXIT_USAGE,
			"--block works on live packets, not on a capture file (-r); --dry-run "
			"prints what would be blocked");
	if (o->request.block_time_ns < NS || o->request.block_time_ns > IDLE_MOST)
		return failure_set(f, EXIT_USAGE, "--block-time must be from 1s to 30d");
	if (o->request.idle_ns < NS || o->request.idle_ns > IDLE_MOST)
		return failure_set(f, EXIT_USAGE, "--idle must be from 1s to 30d");
	if (o->proven_only && !o->has_syslog)
		return failure_set(f, EXIT_USAGE, "--proven-only needs --syslog");
	return 0;
}

int watch_options_parse(int argc, char **argv, struct watch_options *o, struct failure *f)
{
	struct watch_conf conf;

	watch_conf_init(&conf);
	*o = (struct watch_options){
		.request.memory_bytes = conf.memory_bytes,
		.request.false_positive = conf.false_positive,
		.request.detection = conf.detection,
		.request.idle_ns = conf.idle_ns,
		.request.events_per_minute = conf.events_per_minute,
		.request.block_time_ns = BLOCKER_TIMEOUT_S * NS,
	};
	if (option_table_parse(&table, argc, argv, o, f) < 0)
		return -1;
	if (o->help || o->version)
		return 0;
	return options_agree(o, f);
}

void watch_options_fini(struct watch_options *o)
{
	struct watch_request *r = &o->request;
	struct words *all[] = {&r->interfaces, &r->home, &r->ignores, &r->ignore_files,
			       &r->never_block};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		words_fini(all[i]);
	free(r->explain.addr);
	r->explain = (struct request_addrs){NULL, 0};
}

void watch_options_help(FILE *out)
{
	option_table_help(&table, out);
}

void watch_options_man(FILE *out)
{
	option_table_man(&table, out);
}
