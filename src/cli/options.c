/* options: rows of what `scan` understands, and their reader. */
#include "cli/options.h"

#include <stdlib.h>
#include <string.h>

#include "technique/technique.h"
#include "text/quote.h"

enum option_kind {
	OPTION_FLAG,	   /* bool */
	OPTION_COUNT,	   /* unsigned, one more each time; -vv is two */
	OPTION_TEXT,	   /* const char * */
	OPTION_WORD,	   /* struct words, one more */
	OPTION_NUMBER,	   /* uint64_t within low..high */
	OPTION_RATE,	   /* double, packets per second: 100, 0.5, 10K, 3M */
	OPTION_TIME,	   /* uint64_t ns: 500ms, 2s, 3m, 1h; plain numbers are seconds */
	OPTION_TIMING,	   /* unsigned 0..5, or nmap's names for them */
	OPTION_LETTERS,	   /* techniques by nmap's letters */
	OPTION_TECHNIQUES, /* techniques by name */
	OPTION_LEFT_OUT,   /* nmap has it, portlight does not: help says why */
};

struct option_row {
	const char *name;  /* "-p" or "--engine" */
	const char *alias; /* or NULL */
	const char *value; /* what --help calls the value; NULL: takes none */
	uint8_t kind;
	uint16_t at;  /* offset in struct scan_options */
	uint16_t has; /* offset of a bool that says it was given, or 0 */
	uint64_t low, high;
	const char *help; /* NULL: not listed */
};

#define AT(member) offsetof(struct scan_options, member)
#define HEADING(text)                                                                              \
	{                                                                                          \
		.name = NULL, .help = text                                                         \
	}

// clang-format off
static const struct option_row option_rows[] = {
HEADING("Targets: 192.0.2.5 192.0.2.0/28 192.0.0-3.1,5,9 2001:db8::/126 a-b host.example"),
{"-iL", "--targets-file", "FILE", OPTION_WORD, AT(lists), 0, 0, 0,
 "targets from FILE, separated by white space, # starts a comment; - is standard input"},
{"--exclude", NULL, "LIST", OPTION_WORD, AT(excludes), 0, 0, 0,
 "never scan these; a comma-separated list of targets"},
{"--exclude-file", "--excludefile", "FILE", OPTION_WORD, AT(exclude_lists), 0, 0, 0,
 "never scan what is listed in FILE"},
{"-4", NULL, NULL, OPTION_FLAG, AT(ipv4), 0, 0, 0, "names: IPv4 addresses only"},
{"-6", NULL, NULL, OPTION_FLAG, AT(ipv6), 0, 0, 0, "names: IPv6 addresses only; both: -4 -6"},
HEADING("Techniques (default: -sS where privileged, -sT where not)"),
{"-s", NULL, "LETTERS", OPTION_LETTERS, AT(techniques), 0, 0, 0,
 "T connect, S SYN, F FIN, N NULL, X Xmas, A ACK, W window, M Maimon, U UDP; several may be "
 "given, as -sS -sU or -sSU. -sL lists the targets and sends nothing"},
{"--technique", NULL, "NAMES", OPTION_TECHNIQUES, AT(techniques), 0, 0, 0,
 "the same by name (also ttl, which has no letter); `portlight techniques` explains them"},
HEADING("Ports (default: the 1000 that most often answer)"),
{"-p", "--ports", "LIST", OPTION_TEXT, AT(ports), 0, 0, 0,
 "22,80-90, - for all, U:53,T:1-5, names of /etc/services, http*, [1-1024]"},
{"-F", NULL, NULL, OPTION_FLAG, AT(fast), 0, 0, 0, "the 100 that most often answer"},
{"--top-ports", NULL, "N", OPTION_TEXT, AT(top_ports), 0, 0, 0,
 "the N that most often answer, by a ranking of our own"},
{"--exclude-ports", NULL, "LIST", OPTION_TEXT, AT(exclude_ports), 0, 0, 0,
 "all but these of them"},
HEADING("Pace"),
{"-T", NULL, "0-5", OPTION_TIMING, AT(timing), 0, 0, 5,
 "see the table below; default 3"},
{"--max-rate", "--rate", "N", OPTION_RATE, AT(max_rate_pps), 0, 0, 0,
 "at most N packets a second, and start there; 0.5, 10K, 3M"},
{"--min-rate", NULL, "N", OPTION_RATE, AT(min_rate_pps), 0, 0, 0,
 "never fewer, whatever is lost"},
{"--max-retries", NULL, "N", OPTION_NUMBER, AT(max_retries), AT(has_max_retries), 0, 15,
 "later attempts for a silent port; default 3, and 4 where silence is a verdict"},
{"--initial-rtt-timeout", NULL, "TIME", OPTION_TIME, AT(initial_rtt_ns), 0, 0, 0,
 "wait so long for answers before the round trip was measured"},
{"--min-rtt-timeout", NULL, "TIME", OPTION_TIME, AT(min_rtt_ns), 0, 0, 0, "never wait less"},
{"--max-rtt-timeout", NULL, "TIME", OPTION_TIME, AT(max_rtt_ns), 0, 0, 0, "never wait longer"},
HEADING("Packets"),
{"--engine", NULL, "NAME", OPTION_TEXT, AT(engine), 0, 0, 0,
 "frames (hand-made packets, needs CAP_NET_RAW) or sockets (no privilege: connect and UDP)"},
{"--privileged", NULL, NULL, OPTION_FLAG, AT(privileged), 0, 0, 0, "the same as --engine frames"},
{"--unprivileged", NULL, NULL, OPTION_FLAG, AT(unprivileged), 0, 0, 0,
 "the same as --engine sockets"},
{"-e", "--interface", "NAME", OPTION_TEXT, AT(interface), 0, 0, 0, "only through this interface"},
{"-S", "--source", "ADDRESS", OPTION_TEXT, AT(source), 0, 0, 0,
 "from this one of our own addresses"},
{"-g", "--source-port", "PORT", OPTION_NUMBER, AT(source_port), AT(has_source_port), 1, 65535,
 "from this port; then a round trip is known of first attempts only"},
{"--ttl", NULL, "N", OPTION_NUMBER, AT(ttl), AT(has_ttl), 1, 255, "time to live; default 64"},
{"--badsum", NULL, NULL, OPTION_FLAG, AT(bad_sum), 0, 0, 0,
 "wrong checksums: only a careless packet filter answers them"},
{"--max-sockets", NULL, "N", OPTION_NUMBER, AT(max_sockets), 0, 1, 1000000,
 "engine sockets: open at once at most; default what the file limit allows"},
HEADING("Parts of a scan"),
{"--seed", NULL, "N", OPTION_TEXT, AT(seed), 0, 0, 0,
 "order of the probes; the same seed gives the same order. Not a secret"},
{"--shard", NULL, "I/N", OPTION_TEXT, AT(shard), 0, 0, 0,
 "only the I-th of N parts; needs --seed, and the same one for all parts"},
HEADING("Output (FILE may be -, standard output; several at once)"),
{"-oN", NULL, "FILE", OPTION_TEXT, AT(output[OUTPUT_NORMAL]), 0, 0, 0, "the table"},
{"-oX", NULL, "FILE", OPTION_TEXT, AT(output[OUTPUT_XML]), 0, 0, 0, "XML, valid by nmap.dtd"},
{"-oG", NULL, "FILE", OPTION_TEXT, AT(output[OUTPUT_GREPABLE]), 0, 0, 0, "a line a host, to grep"},
{"-oD", NULL, "FILE", OPTION_TEXT, AT(output[OUTPUT_NDJSON]), 0, 0, 0,
 "NDJSON: an object a line (docs/portlight.schema.json)"},
{"-oA", NULL, "BASE", OPTION_TEXT, AT(output_all), 0, 0, 0,
 "all: BASE.nmap, BASE.xml, BASE.gnmap, BASE.ndjson"},
{"--json", NULL, NULL, OPTION_FLAG, AT(json), 0, 0, 0, "NDJSON to standard output"},
{"--reason", NULL, NULL, OPTION_FLAG, AT(reason), 0, 0, 0, "which packet decided each port"},
{"--explain", NULL, NULL, OPTION_FLAG, AT(explain), 0, 0, 0,
 "per port the packets sent and received, and the rule that turns them into the state"},
{"--open", NULL, NULL, OPTION_FLAG, AT(open_only), 0, 0, 0, "only ports that are, or may be, open"},
{"--all-ports", NULL, NULL, OPTION_FLAG, AT(all_ports), 0, 0, 0,
 "list each port, also of states that are there in bulk"},
{"--all-hosts", NULL, NULL, OPTION_FLAG, AT(all_hosts), 0, 0, 0,
 "list hosts that answered nothing as well"},
{"--stats-every", NULL, "TIME", OPTION_TIME, AT(stats_every_ns), 0, 0, 0,
 "a line of progress to standard error every 10s, 1m, ..."},
{"--no-color", "--no-colour", NULL, OPTION_FLAG, AT(no_colour), 0, 0, 0,
 "no colours (NO_COLOR is respected, too)"},
{"-v", "--verbose", NULL, OPTION_COUNT, AT(verbose), 0, 0, 0,
 "more: open ports as they are found, counters"},
{"-h", "--help", NULL, OPTION_FLAG, AT(help), 0, 0, 0, "this text"},
{"-V", "--version", NULL, OPTION_FLAG, AT(version), 0, 0, 0, "the version"},
HEADING("Understood, because it is so anyway"),
{"-Pn", NULL, NULL, OPTION_FLAG, AT(accepted), 0, 0, 0,
 "no ping before the scan: portlight never pings (on-link hosts are asked for by ARP or NDP)"},
{"-n", NULL, NULL, OPTION_FLAG, AT(accepted), 0, 0, 0, "no names for addresses are looked up"},
/* Left out; the text completes "portlight has no -X: ...". */
{"-sn", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it scans ports; for hosts alone try -sS -p 22,80,443"},
{"-sV", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it finds ports, not versions"},
{"-sC", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it runs no scripts"},
{"-sI", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "idle scans put a third party in between"},
{"-sO", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "IP protocol scans are not there yet"},
{"-sY", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "SCTP is not there yet"},
{"-sZ", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "SCTP is not there yet"},
{"-O", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it does not guess operating systems"},
{"-A", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it finds ports, not versions or systems"},
{"-D", NULL, "LIST", OPTION_LEFT_OUT, 0, 0, 0, 0, "decoys put third parties in between"},
{"-b", NULL, "HOST", OPTION_LEFT_OUT, 0, 0, 0, 0, "bounce scans put a third party in between"},
{"--spoof-mac", NULL, "MAC", OPTION_LEFT_OUT, 0, 0, 0, 0, "forged sources are left out on purpose"},
{"-oS", NULL, "FILE", OPTION_LEFT_OUT, 0, 0, 0, 0, "there are -oN, -oX, -oG and -oD"},
{"-oJ", NULL, "FILE", OPTION_LEFT_OUT, 0, 0, 0, 0, "JSON is -oD FILE, an object a line"},
{"-iR", NULL, "N", OPTION_LEFT_OUT, 0, 0, 0, 0, "it does not choose targets by chance"},
};
// clang-format on

#define OPTION_ROWS (sizeof(option_rows) / sizeof(option_rows[0]))

static int words_add(struct words *w, const char *word, struct failure *f)
{
	const char **grown = realloc(w->word, (w->count + 1) * sizeof(*grown));

	if (!grown)
		return failure_set(f, EXIT_SOFTWARE, "out of memory");
	w->word = grown;
	w->word[w->count++] = word;
	return 0;
}

/* The offending argument, made safe for a terminal. */
struct quoted {
	char text[200];
};

static struct quoted quoted(const char *text)
{
	struct quoted q;

	text_quote(text, strlen(text), q.text, sizeof(q.text));
	return q;
}

/* Decimal digits, perhaps a fraction; *end where it stops. Negative where there is no number. */
static double parse_decimal(const char *text, const char **end)
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

static int parse_rate(const char *name, const char *text, double *out, struct failure *f)
{
	const char *end;
	double value = parse_decimal(text, &end);

	if (*end == 'k' || *end == 'K') {
		value *= 1e3;
		end++;
	} else if (*end == 'm' || *end == 'M') {
		value *= 1e6;
		end++;
	}
	if (*end || !(value >= 1e-6) || value > 1e9)
		return failure_set(f, EXIT_USAGE,
				   "%s wants packets a second, as 100, 0.5, 10K or 3M, not \"%s\"",
				   name, quoted(text).text);
	*out = value;
	return 0;
}

static int parse_time(const char *name, const char *text, uint64_t *out, struct failure *f)
{
	static const struct {
		const char *suffix;
		double ns;
	} units[] = {{"", 1e9}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"m", 60e9}, {"h", 3600e9}};
	const char *end;
	double value = parse_decimal(text, &end);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		double ns = value * units[i].ns;

		if (strcmp(end, units[i].suffix) == 0 && ns >= 1 && ns <= 1e18) {
			*out = (uint64_t)ns;
			return 0;
		}
	}
	return failure_set(f, EXIT_USAGE, "%s wants a time, as 500ms, 2s or 3m, not \"%s\"", name,
			   quoted(text).text);
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
				   (unsigned long long)row->high, quoted(text).text);
	*out = value;
	return 0;
}

static int parse_timing(const char *text, unsigned *out, struct failure *f)
{
	static const char *const names[] = {"paranoid", "sneaky",     "polite",
					    "normal",	"aggressive", "insane"};

	for (unsigned i = 0; i < 6; i++)
		if ((text[0] == (char)('0' + i) && text[1] == '\0') ||
		    strcmp(text, names[i]) == 0) {
			*out = i;
			return 0;
		}
	return failure_set(f, EXIT_USAGE, "-T wants 0 to 5, not \"%s\"", quoted(text).text);
}

static int parse_letters(struct scan_options *o, const char *text, struct failure *f)
{
	for (const char *at = text; *at; at++) {
		int technique = technique_by_letter(*at);

		if (*at == 'L') {
			o->list_only = true;
			continue;
		}
		if (technique < 0)
			return failure_set(f, EXIT_USAGE,
					   "-s%s: no technique has the letter \"%.1s\"; there are "
					   "T S F N X A W M U",
					   quoted(text).text, quoted(at).text);
		o->techniques |= 1u << technique;
	}
	return 0;
}

static int parse_techniques(struct scan_options *o, const char *text, struct failure *f)
{
	for (const char *at = text;;) {
		size_t length = strcspn(at, ",");
		int technique = technique_by_name(at, length);

		if (technique < 0)
			return failure_set(f, EXIT_USAGE,
					   "--technique: there is no \"%.*s\"; `portlight "
					   "techniques` lists what there is",
					   (int)(length < 100 ? length : 100), quoted(at).text);
		o->techniques |= 1u << technique;
		if (!at[length])
			return 0;
		at += length + 1;
	}
}

static int option_apply(const struct option_row *row, struct scan_options *o, char *value,
			struct failure *f)
{
	void *at = (char *)o + row->at;

	if (row->has)
		*(bool *)((char *)o + row->has) = true;
	switch ((enum option_kind)row->kind) {
	case OPTION_FLAG:
		*(bool *)at = true;
		return 0;
	case OPTION_COUNT:
		++*(unsigned *)at;
		return 0;
	case OPTION_TEXT:
		*(const char **)at = value;
		return 0;
	case OPTION_WORD:
		return words_add(at, value, f);
	case OPTION_NUMBER:
		return parse_number(row, value, at, f);
	case OPTION_RATE:
		return parse_rate(row->name, value, at, f);
	case OPTION_TIME:
		return parse_time(row->name, value, at, f);
	case OPTION_TIMING:
		return parse_timing(value, at, f);
	case OPTION_LETTERS:
		return parse_letters(o, value, f);
	case OPTION_TECHNIQUES:
		return parse_techniques(o, value, f);
	case OPTION_LEFT_OUT:
		break;
	}
	return failure_set(f, EXIT_USAGE, "portlight has no %s: %s", row->name, row->help);
}

/*
 * The row of an argument. *value is set where the value hangs on it: --name=value, -p22, -T4.
 * A whole match wins over a shorter one with a value behind it (-sn over -s).
 */
static const struct option_row *option_find(char *argument, char **value)
{
	const struct option_row *best = NULL;
	size_t best_length = 0;
	bool is_long = argument[1] == '-';
	size_t length = is_long ? strcspn(argument, "=") : strlen(argument);

	*value = NULL;
	for (size_t i = 0; i < OPTION_ROWS; i++) {
		const struct option_row *row = &option_rows[i];
		const char *names[] = {row->name, row->alias};

		for (int n = 0; n < 2; n++) {
			const char *name = names[n];
			size_t name_length = name ? strlen(name) : 0;

			if (!name || strncmp(argument, name, name_length) != 0)
				continue;
			bool whole = name_length == length;
			bool hangs =
				!is_long && row->value && name[1] != '-' && length > name_length;

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

/* -vvv */
static bool option_is_repeated_v(const char *argument)
{
	return argument[1] == 'v' && strspn(argument + 1, "v") == strlen(argument + 1);
}

/* A cap is a promise: what asks for more than it allows is refused, whichever came last. */
static int options_agree(const struct scan_options *o, struct failure *f)
{
	if (o->max_rate_pps > 0 && o->min_rate_pps > o->max_rate_pps)
		return failure_set(f, EXIT_USAGE, "--min-rate %g is above --max-rate %g",
				   o->min_rate_pps, o->max_rate_pps);
	if (o->max_rtt_ns && o->min_rtt_ns > o->max_rtt_ns)
		return failure_set(f, EXIT_USAGE,
				   "--min-rtt-timeout %g ms is above --max-rtt-timeout %g ms",
				   (double)o->min_rtt_ns / 1e6, (double)o->max_rtt_ns / 1e6);
	return 0;
}

int scan_options_parse(int argc, char **argv, struct scan_options *o, struct failure *f)
{
	bool only_targets = false;

	memset(o, 0, sizeof(*o));
	o->timing = 3;
	for (int i = 0; i < argc; i++) {
		char *argument = argv[i], *value;

		if (only_targets || argument[0] != '-' || argument[1] == '\0') {
			if (words_add(&o->targets, argument, f) < 0)
				return -1;
			continue;
		}
		if (strcmp(argument, "--") == 0) {
			only_targets = true;
			continue;
		}
		if (option_is_repeated_v(argument)) {
			o->verbose += (unsigned)strlen(argument) - 1;
			continue;
		}
		const struct option_row *row = option_find(argument, &value);

		if (!row)
			return failure_set(f, EXIT_USAGE,
					   "unknown option \"%s\"; see portlight scan --help",
					   quoted(argument).text);
		if (row->kind == OPTION_LEFT_OUT)
			return option_apply(row, o, NULL, f);
		if (!row->value && value)
			return failure_set(f, EXIT_USAGE, "%s takes no value: \"%s\"", row->name,
					   quoted(argument).text);
		if (row->value && !value) {
			if (i + 1 >= argc)
				return failure_set(f, EXIT_USAGE, "%s wants %s behind it",
						   row->name, row->value);
			value = argv[++i];
		}
		if (row->value && value[0] == '\0')
			return failure_set(f, EXIT_USAGE, "%s wants %s, not nothing", row->name,
					   row->value);
		if (option_apply(row, o, value, f) < 0)
			return -1;
	}
	return options_agree(o, f);
}

void scan_options_fini(struct scan_options *o)
{
	struct words *all[] = {&o->targets, &o->excludes, &o->lists, &o->exclude_lists};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		free(all[i]->word);
		*all[i] = (struct words){NULL, 0};
	}
}

/* One row of --help: names in a column of their own, the text folded beside them. */
static void help_row(FILE *out, const struct option_row *row)
{
	char names[64];
	int width = snprintf(names, sizeof(names), "%s%s%s%s%s", row->name, row->alias ? ", " : "",
			     row->alias ? row->alias : "", row->value ? " " : "",
			     row->value ? row->value : "");
	const char *text = row->help;

	fprintf(out, "  %-28s", names);
	if (width > 27)
		fprintf(out, "\n  %28s", "");
	while (*text) {
		size_t fits = strlen(text);

		if (fits > 66) {
			for (fits = 66; fits > 0 && text[fits] != ' '; fits--)
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

void scan_options_help(FILE *out)
{
	fputs("usage: portlight [scan] [options] target...\n", out);
	for (size_t i = 0; i < OPTION_ROWS; i++) {
		const struct option_row *row = &option_rows[i];

		if (!row->name)
			fprintf(out, "\n%s\n", row->help);
		else if (row->kind != OPTION_LEFT_OUT)
			help_row(out, row);
	}
}

/* Text for mdoc: a backslash or a leading dot would be an order. */
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

void scan_options_man(FILE *out)
{
	bool open = false;

	for (size_t i = 0; i < OPTION_ROWS; i++) {
		const struct option_row *row = &option_rows[i];

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
		if (row->value)
			fprintf(out, " Ar %s", row->value);
		fputs("\n", out);
		man_text(out, row->help);
		fputs("\n", out);
	}
	if (open)
		fputs(".El\n", out);
}
