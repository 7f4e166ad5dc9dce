/* options: the option table of `scan`, and the parsers of its values. */
#include "cli/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "address/addr.h"
#include "cli/shard.h"
#include "technique/technique.h"

#define PORTS_FAST 100

/* Packets per second: 100, 0.5, 10K, 3M. */
static int parse_rate(const struct option_row *row, const char *text, void *options,
		      struct failure *f)
{
	const char *end;
	double value = option_decimal(text, &end);

	if (*end == 'k' || *end == 'K') {
		value *= 1e3;
		end++;
	} else if (*end == 'm' || *end == 'M') {
		value *= 1e6;
		end++;
	}
	if (*end || !(value >= 1e-6) || value > 1e9)
		return failure_set(
			f, EXIT_USAGE,
			"%s wants packets per second, such as 100, 0.5, 10K or 3M, not \"%s\"",
			row->name, option_quote(text).text);
	*(double *)((char *)options + row->at) = value;
	return 0;
}

/* 0..5, or nmap's names for them. */
static int parse_timing(const struct option_row *row, const char *text, void *options,
			struct failure *f)
{
	static const char *const names[] = {"paranoid", "sneaky",     "polite",
					    "normal",	"aggressive", "insane"};

	for (unsigned i = 0; i < 6; i++)
		if ((text[0] == (char)('0' + i) && text[1] == '\0') ||
		    strcmp(text, names[i]) == 0) {
			*(unsigned *)((char *)options + row->at) = i;
			return 0;
		}
	return failure_set(f, EXIT_USAGE, "-T wants 0 to 5, not \"%s\"", option_quote(text).text);
}

/* Techniques by nmap's letters. */
static int parse_letters(const struct option_row *row, const char *text, void *options,
			 struct failure *f)
{
	struct scan_options *o = options;
	char letters[TECHNIQUE_LETTERS];

	(void)row;
	for (const char *at = text; *at; at++) {
		int technique = technique_by_letter(*at);

		if (*at == 'L') {
			o->list_only = true;
			continue;
		}
		if (*at == 'V' || *at == 'C')
			return failure_set(f, EXIT_USAGE, "portlight has no -s%c: it %s", *at,
					   *at == 'V' ? "finds ports, not versions; run nmap -sV "
							"-p PORTS on the open ones"
						      : "runs no scripts");
		if (technique < 0)
			return failure_set(
				f, EXIT_USAGE,
				"-s%s: no technique has the letter \"%.1s\"; there are %s",
				option_quote(text).text, option_quote(at).text,
				technique_letters(letters));
		o->request.techniques |= 1u << technique;
	}
	return 0;
}

/* Techniques by name. */
static int parse_techniques(const struct option_row *row, const char *text, void *options,
			    struct failure *f)
{
	struct scan_options *o = options;

	(void)row;
	for (const char *at = text;;) {
		size_t length = strcspn(at, ",");
		int technique = technique_by_name(at, length);

		if (technique < 0)
			return failure_set(f, EXIT_USAGE,
					   "--technique: there is no \"%.*s\"; `portlight "
					   "techniques` lists what there is",
					   (int)(length < 100 ? length : 100),
					   option_quote(at).text);
		o->request.techniques |= 1u << technique;
		if (!at[length])
			return 0;
		at += length + 1;
	}
}

static int parse_engine(const struct option_row *row, const char *text, void *options,
			struct failure *f)
{
	struct scan_options *o = options;
	char names[64];

	o->request.engine = engine_by_name(text);
	if (o->request.engine)
		return 0;
	return failure_set(f, EXIT_USAGE, "%s wants %s, not \"%s\"", row->name,
			   engine_names(names, sizeof(names)), option_quote(text).text);
}

static int parse_mode(const struct option_row *row, const char *text, void *options,
		      struct failure *f)
{
	struct scan_options *o = options;

	o->request.xdp_generic = strcmp(text, "generic") == 0;
	if (o->request.xdp_generic || strcmp(text, "native") == 0)
		return 0;
	return failure_set(f, EXIT_USAGE, "%s wants native or generic, not \"%s\"", row->name,
			   option_quote(text).text);
}

static int parse_address(const struct option_row *row, const char *text, void *options,
			 struct failure *f)
{
	struct scan_options *o = options;

	if (addr_parse(text, strlen(text), &o->request.source) == 0) {
		if (!addr_is_unspecified(o->request.source))
			return 0;
		return failure_set(f, EXIT_USAGE, "%s %s: no host can have that address", row->name,
				   option_quote(text).text);
	}
	return failure_set(f, EXIT_USAGE, "%s wants an address, not \"%s\"", row->name,
			   option_quote(text).text);
}

/* A 64-bit number: decimal, hexadecimal (0x) or octal. */
static int parse_seed(const struct option_row *row, const char *text, void *options,
		      struct failure *f)
{
	struct scan_options *o = options;
	char *end;

	errno = 0;
	o->request.seed = strtoull(text, &end, 0);
	if (errno || *end || *text < '0' || *text > '9')
		return failure_set(f, EXIT_USAGE, "%s wants a number, not \"%s\"", row->name,
				   option_quote(text).text);
	return 0;
}

static int parse_shard(const struct option_row *row, const char *text, void *options,
		       struct failure *f)
{
	struct scan_request *r = &((struct scan_options *)options)->request;

	return shard_parse(row->name, text, getenv, &r->shard, &r->shards, f);
}

/* "FIRST-LAST", both included. */
static int parse_part(const struct option_row *row, const char *text, void *options,
		      struct failure *f)
{
	struct scan_request *r = &((struct scan_options *)options)->request;
	char *end;

	errno = 0;
	r->part_first = strtoull(text, &end, 10);
	r->part_last = end[0] == '-' && end[1] >= '0' && end[1] <= '9' ? strtoull(end + 1, &end, 10)
								       : UINT64_MAX;
	if (errno || *end || *text < '0' || *text > '9' || r->part_last == UINT64_MAX ||
	    r->part_last++ < r->part_first)
		return failure_set(f, EXIT_USAGE,
				   "%s wants FIRST-LAST, two numbers of probes, not \"%s\"",
				   row->name, option_quote(text).text);
	return 0;
}

/* The value of an option that changes nothing. */
static int parse_ignored(const struct option_row *row, const char *text, void *options,
			 struct failure *f)
{
	(void)text;
	(void)f;
	*(bool *)((char *)options + row->at) = true;
	return 0;
}

#define AT(member) offsetof(struct scan_options, member)

// clang-format off
static const struct option_row option_rows[] = {
HEADING("Targets: 192.0.2.5 192.0.2.0/28 192.0.0-3.1,5,9 2001:db8::/126 a-b host.example"),
{"-iL", "--targets-file", "FILE", OPTION_WORD, AT(request.lists), 0, 0, 0,
 "targets from FILE, separated by white space, # starts a comment; - is standard input"},
{"--exclude", NULL, "LIST", OPTION_WORD, AT(request.excludes), 0, 0, 0,
 "never scan these; a comma-separated list of targets"},
{"--exclude-file", "--excludefile", "FILE", OPTION_WORD, AT(request.exclude_lists), 0, 0, 0,
 "never scan what is listed in FILE"},
{"--strict-targets", NULL, NULL, OPTION_FLAG, AT(request.strict_targets), 0, 0, 0,
 "scan nothing if a name does not resolve; otherwise the others are scanned, and the exit status is not 0"},
{"--resolve-all", NULL, NULL, OPTION_FLAG, AT(request.all_addresses), 0, 0, 0,
 "names: all addresses (of one family with -4 or -6), not only the first"},
{"-4", NULL, NULL, OPTION_FLAG, AT(request.ipv4), 0, 0, 0, "names: IPv4 addresses only"},
{"-6", NULL, NULL, OPTION_FLAG, AT(request.ipv6), 0, 0, 0, "names: IPv6 addresses only; both: -4 -6"},
{"-R", NULL, NULL, OPTION_FLAG, AT(request.reverse), 0, 0, 0,
 "look up the names of addresses that are up (reverse DNS), up to 32 at a time; the scan waits for them "
 "for at most 10 seconds in all"},
{"-n", NULL, NULL, OPTION_FLAG, AT(no_reverse), 0, 0, 0, "look up no names of addresses; the default"},
HEADING("Techniques (default: -sS where privileged, -sT where not)"),
{"-s", NULL, "LETTERS", OPTION_PARSED, AT(request.techniques), 0, 0, 0,
 "T connect, S SYN, F FIN, N NULL, X Xmas, A ACK, W window, M Maimon, U UDP; several may be "
 "given, as -sS -sU or -sSU. -sL lists the targets and sends nothing", parse_letters},
{"--technique", NULL, "NAMES", OPTION_PARSED, AT(request.techniques), 0, 0, 0,
 "the same by name (also ttl, which has no letter); `portlight techniques` explains them", parse_techniques},
HEADING("Ports (default: the 1000 most common)"),
{"-p", "--ports", "LIST", OPTION_TEXT, AT(request.ports), 0, 0, 0,
 "22,80-90, - for all, U:53,T:1-5, names of /etc/services, http*, [1-1024]"},
{"-F", NULL, NULL, OPTION_FLAG, AT(fast), 0, 0, 0, "the 100 most common ports"},
{"--top-ports", NULL, "N", OPTION_NUMBER, AT(request.top_ports), AT(has_top_ports), 1, 65535,
 "the N most common ports, by portlight's own ranking", NULL, true},
{"--exclude-ports", NULL, "LIST", OPTION_TEXT, AT(request.exclude_ports), 0, 0, 0,
 "exclude these ports"},
HEADING("Pace"),
{"-T", NULL, "0-5", OPTION_PARSED, AT(request.timing), 0, 0, 5,
 "see the table below; default 3", parse_timing},
{"--max-rate", "--rate", "N", OPTION_PARSED, AT(request.max_rate_pps), 0, 0, 0,
 "at most N packets a second, and start at that rate; 0.5, 10K, 3M", parse_rate},
{"--min-rate", NULL, "N", OPTION_PARSED, AT(request.min_rate_pps), 0, 0, 0,
 "at least N packets a second, even if packets are lost", parse_rate},
{"--max-retries", NULL, "N", OPTION_NUMBER, AT(request.max_retries), AT(request.has_max_retries), 0, 15,
 "maximum retransmissions per port; hosts that rate-limit ICMP errors are exempt for UDP; default 3, "
 "4 where silence is a verdict, and more while a host still answers the last ones"},
{"--initial-rtt-timeout", NULL, "TIME", OPTION_TIME, AT(request.initial_rtt_ns), 0, 0, 0,
 "timeout before the round-trip time was measured"},
{"--min-rtt-timeout", NULL, "TIME", OPTION_TIME, AT(request.min_rtt_ns), 0, 0, 0, "the least timeout"},
{"--max-rtt-timeout", NULL, "TIME", OPTION_TIME, AT(request.max_rtt_ns), 0, 0, 0, "the greatest timeout"},
HEADING("Packets"),
{"--engine", NULL, "NAME", OPTION_PARSED, AT(request.engine), AT(has_engine), 0, 0, NULL,
 parse_engine, true, engine_help},
{"--xdp-mode", NULL, "MODE", OPTION_PARSED, AT(request.xdp_generic), AT(has_mode), 0, 0,
 "engine xdp: native (the program runs in the driver; the default) or generic (in the kernel's "
 "network stack: slower, for drivers that run no XDP programs but support XDP transmission)", parse_mode, true},
{"--privileged", NULL, NULL, OPTION_FLAG, AT(privileged), 0, 0, 0, "the same as --engine frames"},
{"--unprivileged", NULL, NULL, OPTION_FLAG, AT(unprivileged), 0, 0, 0,
 "the same as --engine sockets"},
{"-e", "--interface", "NAME", OPTION_TEXT, AT(request.interface), 0, 0, 0, "send through this interface only"},
{"-S", "--source", "ADDRESS", OPTION_PARSED, AT(request.source), AT(request.has_source), 0, 0,
 "source address; one of this machine", parse_address, true},
{"-g", "--source-port", "PORT", OPTION_NUMBER, AT(request.source_port), AT(request.has_source_port), 1, 65535,
 "source port; the round-trip time is then measured from first attempts only. Where a connection has "
 "the port already, retransmissions have another"},
{"--ttl", NULL, "N", OPTION_NUMBER, AT(request.ttl), 0, 1, 255, "time to live; default 64"},
{"--badsum", NULL, NULL, OPTION_FLAG, AT(request.bad_sum), 0, 0, 0,
 "wrong checksums: only a packet filter that does not verify them answers"},
{"--no-bypass", NULL, NULL, OPTION_FLAG, AT(request.no_bypass), 0, 0, 0,
 "engine frames: all packets pass the queueing disciplines and packet captures of this machine; "
 "without it, large and fast scans bypass them"},
{"--max-sockets", NULL, "N", OPTION_NUMBER, AT(request.max_sockets), 0, 1, 1000000,
 "engine sockets: maximum number of open sockets; default: by the file limit"},
HEADING("Parts of a scan"),
{"--seed", NULL, "N", OPTION_PARSED, AT(request.seed), AT(request.has_seed), 0, 0,
 "order of the probes; the same seed gives the same order. Not a secret", parse_seed, true},
{"--shard", "--shards", "I/N", OPTION_PARSED, AT(request.shard), AT(has_shard), 0, 0,
 "scan only part I of N; needs --seed, the same for all parts. auto: I and N from the environment "
 "of Slurm, Kubernetes, Nomad or GNU parallel; auto/N where it does not state N", parse_shard, true},
{"--plan", NULL, "FILE", OPTION_TEXT, AT(request.plan_file), 0, 0, 0,
 "targets, ports, techniques and seed of the run whose NDJSON is FILE"},
{"--part", NULL, "FIRST-LAST", OPTION_PARSED, AT(request.part_first), AT(request.has_part), 0, 0,
 "only these probes of the plan, from 0; needs --plan or --seed. portlight verify prints them", parse_part, true},
{"--dry-run", NULL, NULL, OPTION_FLAG, AT(dry_run), 0, 0, 0,
 "print the plan: hosts, probes, time at this rate and bytes; send nothing"},
HEADING("Interruptions"),
{"--checkpoint", NULL, "FILE", OPTION_TEXT, AT(checkpoint), 0, 0, 0,
 "save to FILE every few seconds what --resume needs after an interruption of any kind; the results of "
 "finished parts are in FILE.windows"},
{"--checkpoint-every", NULL, "TIME", OPTION_TIME, AT(checkpoint_every_ns), 0, 0, 0,
 "how often; default: every 5 s, or less often so that it takes at most 1 % of the time"},
{"--resume", NULL, "FILE", OPTION_TEXT, AT(resume), 0, 0, 0,
 "continue the scan of that checkpoint, with its options; only outputs, rate, engine and what is "
 "shown may be given again"},
HEADING("Output (FILE may be -, standard output; %Y%m%d-%H%M%S in it is the time; several at once)"),
#define FORMAT_OPTION(id, name, option, suffix, help, ops) \
{option, NULL, "FILE", OPTION_TEXT, AT(output[id]), 0, 0, 0, help},
FORMAT_ROWS(FORMAT_OPTION)
{"-oA", NULL, "BASE", OPTION_TEXT, AT(output_all), 0, 0, 0,
 "all: BASE.nmap, BASE.xml, BASE.gnmap, BASE.ndjson"},
{"--json", NULL, NULL, OPTION_FLAG, AT(json), 0, 0, 0, "NDJSON to standard output"},
{"--reason", NULL, NULL, OPTION_FLAG, AT(reason), 0, 0, 0, "print the packet that decided the state of each port"},
{"--explain", NULL, NULL, OPTION_FLAG, AT(explain), 0, 0, 0,
 "print for each port the packets sent and received, and the rule that gives its state"},
{"--open", NULL, NULL, OPTION_FLAG, AT(open_only), 0, 0, 0, "only ports that are open or open|filtered"},
{"--all-ports", NULL, NULL, OPTION_FLAG, AT(all_ports), 0, 0, 0,
 "list each port, also those that are usually summarised"},
{"--all-hosts", NULL, NULL, OPTION_FLAG, AT(all_hosts), 0, 0, 0,
 "also list hosts that did not answer"},
{"--stats-every", NULL, "TIME", OPTION_TIME, AT(stats_every_ns), 0, 0, 0,
 "print progress to standard error every 10s, 1m, ..."},
{"--no-color", "--no-colour", NULL, OPTION_FLAG, AT(no_colour), 0, 0, 0,
 "no colours (also with the environment variable NO_COLOR)"},
{"-q", "--quiet", NULL, OPTION_FLAG, AT(quiet), 0, 0, 0,
 "only warnings and errors to standard error: neither the engine nor progress"},
{"-v", "--verbose", NULL, OPTION_COUNT, AT(verbose), 0, 0, 0,
 "more output: open ports as they are found; -vv: counters"},
{"-h", "--help", NULL, OPTION_FLAG, AT(help), 0, 0, 0, "this text"},
{"-V", "--version", NULL, OPTION_FLAG, AT(version), 0, 0, 0, "the version"},
HEADING("Accepted for compatibility, no effect"),
{"-Pn", NULL, NULL, OPTION_FLAG, AT(accepted), 0, 0, 0,
 "no ping before the scan: portlight sends none (hosts on the link are resolved by ARP or NDP)"},
{"-PN", "-P0", NULL, OPTION_FLAG, AT(accepted), 0, 0, 0, "former spellings of -Pn"},
{"--randomize-hosts", NULL, NULL, OPTION_FLAG, AT(accepted), 0, 0, 0,
 "hosts and ports are always probed in random order"},
{"--system-dns", NULL, NULL, OPTION_FLAG, AT(accepted), 0, 0, 0, "names are always resolved by the system"},
{"--unique", NULL, NULL, OPTION_FLAG, AT(accepted), 0, 0, 0, "an address given twice is scanned once"},
{"--no-stylesheet", NULL, NULL, OPTION_FLAG, AT(accepted), 0, 0, 0, "the XML refers to none"},
{"--noninteractive", NULL, NULL, OPTION_FLAG, AT(accepted), 0, 0, 0, "no keyboard interaction during a scan"},
{"--nsock-engine", NULL, "NAME", OPTION_PARSED, AT(accepted), 0, 0, 0, "portlight waits with epoll(7)", parse_ignored},
{"--release-memory", NULL, NULL, OPTION_FLAG, AT(accepted), 0, 0, 0, "all memory is released at the end"},
{"--log-errors", NULL, NULL, OPTION_FLAG, AT(accepted), 0, 0, 0, "errors go to standard error"},
/* Options that portlight lacks; the text completes "portlight has no -X: ...". */
{"-sn", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it scans ports; to find hosts try -sS -p 22,80,443"},
{"-sV", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it finds ports, not versions; run nmap -sV -p PORTS on the open ones"},
{"-sC", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it runs no scripts"},
{"-sP", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it scans ports; to find hosts try -sS -p 22,80,443"},
{"-PS", NULL, "PORTS", OPTION_LEFT_OUT, 0, 0, 0, 0, "it sends no pings; omit the option (portlight always works as with -Pn)"},
{"-PA", NULL, "PORTS", OPTION_LEFT_OUT, 0, 0, 0, 0, "it sends no pings; omit the option (portlight always works as with -Pn)"},
{"-PU", NULL, "PORTS", OPTION_LEFT_OUT, 0, 0, 0, 0, "it sends no pings; omit the option (portlight always works as with -Pn)"},
{"-PY", NULL, "PORTS", OPTION_LEFT_OUT, 0, 0, 0, 0, "it sends no pings; omit the option (portlight always works as with -Pn)"},
{"-PE", NULL, "PORTS", OPTION_LEFT_OUT, 0, 0, 0, 0, "it sends no pings; omit the option (portlight always works as with -Pn)"},
{"-PP", NULL, "PORTS", OPTION_LEFT_OUT, 0, 0, 0, 0, "it sends no pings; omit the option (portlight always works as with -Pn)"},
{"-PM", NULL, "PORTS", OPTION_LEFT_OUT, 0, 0, 0, 0, "it sends no pings; omit the option (portlight always works as with -Pn)"},
{"-PO", NULL, "PORTS", OPTION_LEFT_OUT, 0, 0, 0, 0, "it sends no pings; omit the option (portlight always works as with -Pn)"},
{"-PR", NULL, "PORTS", OPTION_LEFT_OUT, 0, 0, 0, 0, "it sends no pings; omit the option (portlight always works as with -Pn)"},
{"--version-intensity", NULL, "N", OPTION_LEFT_OUT, 0, 0, 0, 0, "it finds ports, not versions"},
{"--version-light", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it finds ports, not versions"},
{"--version-all", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it finds ports, not versions"},
{"--version-trace", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it finds ports, not versions"},
{"--versiondb", NULL, "FILE", OPTION_LEFT_OUT, 0, 0, 0, 0, "it finds ports, not versions"},
{"--allports", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it finds ports, not versions"},
{"--script", NULL, "NAMES", OPTION_LEFT_OUT, 0, 0, 0, 0, "it runs no scripts"},
{"--script-args-file", NULL, "FILE", OPTION_LEFT_OUT, 0, 0, 0, 0, "it runs no scripts"},
{"--script-help", NULL, "NAMES", OPTION_LEFT_OUT, 0, 0, 0, 0, "it runs no scripts"},
{"--script-timeout", NULL, "TIME", OPTION_LEFT_OUT, 0, 0, 0, 0, "it runs no scripts"},
{"--script-trace", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it runs no scripts"},
{"--script-updatedb", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it runs no scripts"},
{"--script-args", NULL, "NAMES", OPTION_LEFT_OUT, 0, 0, 0, 0, "it runs no scripts"},
{"--osscan-limit", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it does not guess operating systems"},
{"--osscan-guess", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it does not guess operating systems"},
{"--max-os-tries", NULL, "N", OPTION_LEFT_OUT, 0, 0, 0, 0, "it does not guess operating systems"},
{"--fuzzy", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it does not guess operating systems"},
{"--traceroute", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "traceroute(8) does that"},
{"--scanflags", NULL, "FLAGS", OPTION_LEFT_OUT, 0, 0, 0, 0, "techniques are fixed; `portlight techniques` lists them"},
{"--host-timeout", NULL, "TIME", OPTION_LEFT_OUT, 0, 0, 0, 0, "-T4, --max-retries and --max-rtt-timeout bound the time; after Ctrl-C the results so far are written"},
{"--scan-delay", NULL, "TIME", OPTION_LEFT_OUT, 0, 0, 0, 0, "--max-rate N limits packets a second; 0.5 is one in two seconds"},
{"--max-scan-delay", NULL, "TIME", OPTION_LEFT_OUT, 0, 0, 0, 0, "--max-rate N limits packets a second; 0.5 is one in two seconds"},
{"--min-parallelism", NULL, "N", OPTION_LEFT_OUT, 0, 0, 0, 0, "see --max-rate, and --max-sockets"},
{"--max-parallelism", NULL, "N", OPTION_LEFT_OUT, 0, 0, 0, 0, "see --max-rate, and --max-sockets"},
{"--min-hostgroup", NULL, "N", OPTION_LEFT_OUT, 0, 0, 0, 0, "the number of hosts scanned in parallel is chosen by memory"},
{"--max-hostgroup", NULL, "N", OPTION_LEFT_OUT, 0, 0, 0, 0, "the number of hosts scanned in parallel is chosen by memory"},
{"--defeat-rst-ratelimit", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "rate limits are detected automatically; --max-retries bounds their cost"},
{"--defeat-icmp-ratelimit", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "rate limits are detected automatically; --max-retries bounds their cost"},
{"-r", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "the order of probes is always random, to measure losses; output is sorted"},
{"-d", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "-vv prints more, --explain all packets"},
{"--packet-trace", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "--explain shows the packets of each port"},
{"-f", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it sends no fragments"},
{"--mtu", NULL, "N", OPTION_LEFT_OUT, 0, 0, 0, 0, "it sends no fragments"},
{"--data-length", NULL, "DATA", OPTION_LEFT_OUT, 0, 0, 0, 0, "UDP probes carry payloads that make services answer"},
{"--data", NULL, "DATA", OPTION_LEFT_OUT, 0, 0, 0, 0, "UDP probes carry payloads that make services answer"},
{"--data-string", NULL, "DATA", OPTION_LEFT_OUT, 0, 0, 0, 0, "UDP probes carry payloads that make services answer"},
{"--ip-options", NULL, "OPTIONS", OPTION_LEFT_OUT, 0, 0, 0, 0, "it sends no IP options"},
{"--proxies", NULL, "LIST", OPTION_LEFT_OUT, 0, 0, 0, 0, "through a proxy, the proxy would be scanned, not its targets"},
{"--dns-servers", NULL, "LIST", OPTION_LEFT_OUT, 0, 0, 0, 0, "names are always resolved by the system"},
{"--append-output", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "each output is a new file"},
{"--stylesheet", NULL, "PATH", OPTION_LEFT_OUT, 0, 0, 0, 0, "the XML refers to none"},
{"--webxml", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "the XML refers to no stylesheet"},
{"--iflist", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "see ip address and ip route"},
{"--send-eth", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it depends on the interface; -sT uses the kernel's sockets"},
{"--send-ip", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it depends on the interface; -sT uses the kernel's sockets"},
{"--port-ratio", NULL, "N", OPTION_LEFT_OUT, 0, 0, 0, 0, "use --top-ports N"},
{"-sI", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "idle scans involve a third party"},
{"-sO", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "IP protocol scans are not implemented yet"},
{"-sY", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "SCTP is not implemented yet"},
{"-sZ", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "SCTP is not implemented yet"},
{"-O", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it does not guess operating systems"},
{"-A", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it finds ports, not versions or systems; run nmap -A -p PORTS on the open ones"},
{"-D", NULL, "LIST", OPTION_LEFT_OUT, 0, 0, 0, 0, "decoys involve third parties"},
{"-b", NULL, "HOST", OPTION_LEFT_OUT, 0, 0, 0, 0, "bounce scans involve a third party"},
{"--spoof-mac", NULL, "MAC", OPTION_LEFT_OUT, 0, 0, 0, 0, "portlight does not spoof source addresses, on purpose"},
{"-oS", NULL, "FILE", OPTION_LEFT_OUT, 0, 0, 0, 0, "use -oN, -oX, -oG or -oD"},
{"-oJ", NULL, "FILE", OPTION_LEFT_OUT, 0, 0, 0, 0, "use -oD FILE: NDJSON, one object a line"},
{"--disable-arp-ping", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "on a link, ARP or NDP must resolve a host before anything can be sent to it"},
{"--discovery-ignore-rst", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it has no host discovery"},
{"--datadir", NULL, "FOLDER", OPTION_LEFT_OUT, 0, 0, 0, 0, "names of ports are from /etc/services; the ranking is portlight's own"},
{"--servicedb", NULL, "FILE", OPTION_LEFT_OUT, 0, 0, 0, 0, "names of ports are from /etc/services; the ranking is portlight's own"},
{"-oM", NULL, "FILE", OPTION_LEFT_OUT, 0, 0, 0, 0, "use -oG FILE"},
{"-iR", NULL, "N", OPTION_LEFT_OUT, 0, 0, 0, 0, "it does not choose random targets"},
{"--adler32", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "SCTP is not implemented yet"},
{"--deprecated-xml-osclass", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it does not guess operating systems"},
/* Options of masscan. */
{"-oL", NULL, "FILE", OPTION_LEFT_OUT, 0, 0, 0, 0, "use -oG FILE, one line a host, or -oD FILE, one object a line"},
{"-oB", NULL, "FILE", OPTION_LEFT_OUT, 0, 0, 0, 0, "use -oN, -oX, -oG or -oD"},
{"--output-format", NULL, "NAME", OPTION_LEFT_OUT, 0, 0, 0, 0, "use -oN, -oX, -oG or -oD"},
{"--output-filename", NULL, "FILE", OPTION_LEFT_OUT, 0, 0, 0, 0, "use -oN, -oX, -oG or -oD"},
{"--open-only", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "use --open"},
{"--banners", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it finds ports, not versions; run nmap -sV -p PORTS on the open ones"},
{"--ping", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "it sends no pings; omit the option (portlight always works as with -Pn)"},
{"--retries", NULL, "N", OPTION_LEFT_OUT, 0, 0, 0, 0, "use --max-retries N"},
{"--wait", NULL, "SECONDS", OPTION_LEFT_OUT, 0, 0, 0, 0, "use --initial-rtt-timeout and --max-rtt-timeout"},
{"--range", NULL, "LIST", OPTION_LEFT_OUT, 0, 0, 0, 0, "targets need no option: 192.0.2.0/28"},
{"--adapter", NULL, "NAME", OPTION_LEFT_OUT, 0, 0, 0, 0, "use -e NAME"},
{"--adapter-ip", NULL, "ADDRESS", OPTION_LEFT_OUT, 0, 0, 0, 0, "use -S ADDRESS"},
{"--adapter-port", NULL, "PORT", OPTION_LEFT_OUT, 0, 0, 0, 0, "use -g PORT"},
{"--adapter-mac", NULL, "MAC", OPTION_LEFT_OUT, 0, 0, 0, 0, "portlight does not spoof source addresses, on purpose"},
{"--source-ip", NULL, "ADDRESS", OPTION_LEFT_OUT, 0, 0, 0, 0, "use -S ADDRESS"},
{"--source-mac", NULL, "MAC", OPTION_LEFT_OUT, 0, 0, 0, 0, "portlight does not spoof source addresses, on purpose"},
{"--router-mac", NULL, "MAC", OPTION_LEFT_OUT, 0, 0, 0, 0, "it uses the kernel's routes and neighbours: ip route, ip neighbour"},
{"--router-ip", NULL, "ADDRESS", OPTION_LEFT_OUT, 0, 0, 0, 0, "it uses the kernel's routes and neighbours: ip route, ip neighbour"},
{"--conf", NULL, "FILE", OPTION_LEFT_OUT, 0, 0, 0, 0, "it reads no configuration file; use a shell script"},
{"-c", NULL, "FILE", OPTION_LEFT_OUT, 0, 0, 0, 0, "it reads no configuration file; use a shell script"},
{"--offline", NULL, NULL, OPTION_LEFT_OUT, 0, 0, 0, 0, "-sL lists the targets and sends nothing"},
{"--pcap", NULL, "FILE", OPTION_LEFT_OUT, 0, 0, 0, 0, "use tcpdump(8) with --no-bypass; --explain prints the packets of each port"},
};
// clang-format on

static const struct option_table table = {
	.command = "scan",
	.usage = "usage: portlight [scan] [options] target...",
	.row = option_rows,
	.count = sizeof(option_rows) / sizeof(option_rows[0]),
	.arguments = AT(request.targets),
};

/* What may be given with --resume. */
#define FORMAT_NAME(id, name, option, suffix, help, ops) option,
static const char *const options_again[] = {
	FORMAT_ROWS(FORMAT_NAME) "-oA",
	"--json",
	"--reason",
	"--open",
	"--all-ports",
	"--all-hosts",
	"--stats-every",
	"--no-color",
	"-q",
	"-v",
	"--max-rate",
	"--min-rate",
	"--engine",
	"--xdp-mode",
	"--privileged",
	"--unprivileged",
	"--max-sockets",
	"--resume",
	"--checkpoint-every",
	"-h",
	"-V",
	NULL,
};

bool scan_options_want_output(const struct scan_options *o)
{
	for (int i = 0; i < FORMATS; i++)
		if (o->output[i])
			return true;
	return o->output_all || o->json;
}

/* The cap is binding: a higher minimum is refused, in whichever order they are given. */
static int options_agree(const struct scan_options *o, struct failure *f)
{
	if (o->request.max_rate_pps > 0 && o->request.min_rate_pps > o->request.max_rate_pps)
		return failure_set(f, EXIT_USAGE, "--min-rate %g is above --max-rate %g",
				   o->request.min_rate_pps, o->request.max_rate_pps);
	if ((o->list_only || o->dry_run) && scan_options_want_output(o))
		return failure_set(f, EXIT_USAGE,
				   "%s writes %s to standard output, and nothing to -oN, "
				   "-oX, -oG, -oD, -oA or --json",
				   o->list_only ? "-sL" : "--dry-run",
				   o->list_only ? "addresses" : "the plan");
	if (o->request.max_rtt_ns && o->request.min_rtt_ns > o->request.max_rtt_ns)
		return failure_set(
			f, EXIT_USAGE, "--min-rtt-timeout %g ms is above --max-rtt-timeout %g ms",
			(double)o->request.min_rtt_ns / 1e6, (double)o->request.max_rtt_ns / 1e6);
	if (o->help || o->version)
		return 0;
	if (o->checkpoint && o->explain)
		return failure_set(
			f, EXIT_USAGE,
			"--checkpoint saves no packets, so --explain would lack them after "
			"--resume: give one of the two");
	if (o->checkpoint_every_ns && !o->checkpoint && !o->resume)
		return failure_set(f, EXIT_USAGE, "--checkpoint-every needs --checkpoint");
	if (o->request.reverse && o->no_reverse)
		return failure_set(f, EXIT_USAGE, "-n and -R exclude each other");
	if (o->request.reverse && o->list_only)
		return failure_set(f, EXIT_USAGE,
				   "-R looks up names of addresses that are up, which -sL does not "
				   "find out");
	if ((o->request.ports != NULL) + o->fast + o->has_top_ports > 1)
		return failure_set(f, EXIT_USAGE, "-p, -F and --top-ports exclude one another");
	if (o->request.plan_file &&
	    (o->request.ports || o->fast || o->has_top_ports || o->request.exclude_ports ||
	     o->request.techniques || o->request.has_seed || o->request.targets.count ||
	     o->request.lists.count || o->request.excludes.count || o->request.exclude_lists.count))
		return failure_set(f, EXIT_USAGE,
				   "--plan has targets, ports, techniques and seed already: none "
				   "of them can be given with it");
	if (o->request.has_part && o->has_shard)
		return failure_set(f, EXIT_USAGE, "--part and --shard exclude one another");
	if (o->request.has_part && !o->request.has_seed && !o->request.plan_file)
		return failure_set(f, EXIT_USAGE, "--part needs --plan, or the --seed of the plan");
	if (o->has_shard && !o->request.has_seed && !o->request.plan_file)
		return failure_set(f, EXIT_USAGE,
				   "--shard needs --seed, the same for all shards: otherwise each "
				   "shard would be part of a different order");
	return 0;
}

/* Resolves options that are short for others. */
static void options_short(struct scan_options *o)
{
	if (o->fast)
		o->request.top_ports = PORTS_FAST;
	if (!o->has_engine && (o->privileged || o->unprivileged))
		o->request.engine = engine_by_name(o->privileged ? "frames" : "sockets");
}

/* Refuses what cannot be given with --resume, before its file is read. */
static int options_only(int argc, char **argv, struct failure *f)
{
	struct option_table resume = table;
	struct scan_options ignored = {0};
	int result;

	resume.only = options_again;
	resume.only_why = "--resume continues a scan as it was started; it takes outputs, "
			  "--max-rate, --min-rate and --engine";
	result = option_table_parse(&resume, argc, argv, &ignored, f);
	scan_options_fini(&ignored);
	return result;
}

int scan_options_parse(int argc, char **argv, struct scan_options *o, struct failure *f)
{
	memset(o, 0, sizeof(*o));
	o->request.timing = 3;
	if (option_table_parse(&table, argc, argv, o, f) < 0)
		return -1;
	options_short(o);
	if (o->resume && options_only(argc, argv, f) < 0)
		return -1;
	return options_agree(o, f);
}

void scan_options_resume(struct scan_options *o, const struct scan_options *given)
{
	struct scan_request *r = &o->request;
	const struct scan_request *now = &given->request;

	if (scan_options_want_output(given)) {
		memcpy(o->output, given->output, sizeof(o->output));
		o->output_all = given->output_all;
		o->json = given->json;
	}
	if (now->max_rate_pps > 0 || now->min_rate_pps > 0) {
		r->max_rate_pps = now->max_rate_pps;
		r->min_rate_pps = now->min_rate_pps;
	}
	if (now->engine) {
		r->engine = now->engine;
		r->xdp_generic = now->xdp_generic;
	} else if (given->has_mode) {
		r->xdp_generic = now->xdp_generic;
	}
	if (now->max_sockets)
		r->max_sockets = now->max_sockets;
	o->reason |= given->reason;
	o->open_only |= given->open_only;
	o->all_ports |= given->all_ports;
	o->all_hosts |= given->all_hosts;
	o->no_colour |= given->no_colour;
	o->quiet |= given->quiet;
	o->verbose = given->verbose ? given->verbose : o->verbose;
	o->stats_every_ns = given->stats_every_ns ? given->stats_every_ns : o->stats_every_ns;
	if (given->checkpoint_every_ns)
		o->checkpoint_every_ns = given->checkpoint_every_ns;
	o->resume = o->checkpoint = given->resume;
}

void scan_options_fini(struct scan_options *o)
{
	words_fini(&o->request.targets);
	words_fini(&o->request.excludes);
	words_fini(&o->request.lists);
	words_fini(&o->request.exclude_lists);
}

void scan_options_help(FILE *out)
{
	option_table_help(&table, out);
}

void scan_options_man(FILE *out)
{
	option_table_man(&table, out);
}

void scan_options_man_left_out(FILE *out)
{
	option_table_man_left_out(&table, out);
}
