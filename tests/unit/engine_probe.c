/* engine_probe: drives one engine without the rest of the scanner and prints each answer. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "engine/engine.h"
#include "plan/targets.h"
#include "sandbox/privilege.h"
#include "scan/scan.h"

/*
 * Usage: engine_probe [option=value ...] ENGINE TARGET[,TARGET...] TECHNIQUE[,...] PORTS
 *   tries=N rate=PPS timeout_ms=N open=N source=ADDR port=N interface=NAME zone=NAME ttl=N
 *   quiet=1 (only the sum) trace=1 drop=1 (privileges, before the first probe)
 *   files=N (open at most, the three standard streams included)
 * Per answer: ADDRESS PORT TECHNIQUE REPLY REASON [from ADDRESS] [icmp T/C] [ttl N] [local]
 * [refused] rtt US; silent probes as REPLY silence; then counters on a line starting with "sum".
 */
struct options {
	unsigned tries, open, port, ttl, files;
	double rate;
	uint64_t timeout_ms;
	bool quiet, trace, drop;
	const char *source, *interface, *zone;
};

struct tally {
	unsigned long reply[REPLIES];
	unsigned long answers;
};

static int fail(const struct failure *f)
{
	fprintf(stderr, "engine_probe: %s\n", f->text);
	return f->exit_code;
}

static bool option_read(const char *text, struct options *o)
{
	const char *value = strchr(text, '=');
	size_t length;

	if (!value)
		return false;
	length = (size_t)(value++ - text);
#define IS(name) (length == strlen(name) && strncmp(text, name, length) == 0)
	if (IS("tries"))
		o->tries = (unsigned)atoi(value);
	else if (IS("rate"))
		o->rate = atof(value);
	else if (IS("timeout_ms"))
		o->timeout_ms = (uint64_t)atoi(value);
	else if (IS("open"))
		o->open = (unsigned)atoi(value);
	else if (IS("files"))
		o->files = (unsigned)atoi(value);
	else if (IS("source"))
		o->source = value;
	else if (IS("port"))
		o->port = (unsigned)atoi(value);
	else if (IS("interface"))
		o->interface = value;
	else if (IS("zone"))
		o->zone = value;
	else if (IS("ttl"))
		o->ttl = (unsigned)atoi(value);
	else if (IS("quiet"))
		o->quiet = atoi(value) != 0;
	else if (IS("trace"))
		o->trace = atoi(value) != 0;
	else if (IS("drop"))
		o->drop = atoi(value) != 0;
	else
		return false;
#undef IS
	return true;
}

static struct plan *plan_read(char **argv, struct failure *f)
{
	static const uint64_t seed[2] = {1, 2};
	struct ranges targets = {0};
	struct target target;
	struct ports ports;
	unsigned techniques = 0;
	struct plan *plan = NULL;

	memset(&ports, 0, sizeof(ports));
	for (char *text = strtok(argv[0], ","); text; text = strtok(NULL, ",")) {
		if (target_parse(text, strlen(text), &targets, &target, f) != 0)
			goto err0;
	}
	ranges_normalise(&targets);
	for (char *text = strtok(argv[1], ","); text; text = strtok(NULL, ",")) {
		int t = technique_by_name(text, strlen(text));

		if (t < 0) {
			failure_set(f, EXIT_USAGE, "no such technique");
			goto err0;
		}
		techniques |= 1u << t;
	}
	if (ports_parse(argv[2], strlen(argv[2]), NULL, &ports, f) == 0)
		plan = plan_new(&targets, &ports, techniques, seed, f);
err0:
	ranges_fini(&targets);
	return plan;
}

static void answer_print(const struct sheet *sheet, uint32_t cell, const struct answer *a)
{
	struct plan_probe p = sheet_probe(sheet, cell);
	char text[ADDR_TEXT];

	printf("%s %u %s %s %s", addr_format(p.to, text), p.port, technique_table[p.technique].name,
	       reply_name(a->reply),
	       a->has & ANSWER_ICMP ? reason_name(technique_icmp_reason(addr_is_v4(p.to) ? 4 : 6,
									a->icmp_type, a->icmp_code))
				    : "-");
	if (a->has & ANSWER_FROM)
		printf(" from %s", addr_format(a->from, text));
	if (a->has & ANSWER_ICMP)
		printf(" icmp %u/%u", a->icmp_type, a->icmp_code);
	if (a->has & ANSWER_TTL)
		printf(" ttl %u", a->ttl);
	if (a->has & ANSWER_WINDOW)
		printf(" window %u", a->window);
	if (a->has & ANSWER_LOCAL)
		printf(" local");
	if (a->has & ANSWER_REFUSED)
		printf(" refused");
	if (a->has & ANSWER_ATTEMPT)
		printf(" attempt %u", a->attempt);
	printf(" rtt %u\n", (unsigned)((a->t_ns / 1000) - sheet_sent_us(sheet, cell)));
}

static void sheet_print(const struct sheet *sheet, const struct options *o, struct tally *tally)
{
	for (uint32_t cell = 0; cell < sheet_cells(sheet); cell++) {
		unsigned reply = sheet_get(sheet, cell);
		char text[ADDR_TEXT];

		if (reply >= REPLIES)
			continue;
		tally->reply[reply]++;
		if (reply == REPLY_SILENCE && !o->quiet) {
			struct plan_probe p = sheet_probe(sheet, cell);

			printf("%s %u %s silence - tries %u\n", addr_format(p.to, text), p.port,
			       technique_table[p.technique].name, sheet_tries(sheet, cell));
		}
	}
}

static void trace_print(struct trace *trace)
{
	trace_sort(trace);
	for (size_t i = 0; i < trace->count; i++) {
		const struct trace_event *e = &trace->events[i];

		printf("trace %u %u kind %u %s: %s", e->cell, e->attempt, e->kind,
		       e->call ? e->call : "packet", e->error ? strerror(e->error) : "ok");
		if (e->packet.has & PACKET_ICMP)
			printf(" icmp %u/%u", e->packet.icmp_type, e->packet.icmp_code);
		printf("\n");
	}
	trace_free(trace);
}

/* One turn of the loop: windows, sending, answers. 0, or -1 with *f. */
static int turn(struct scan *scan, struct engine *engine, const struct options *o,
		struct tally *tally, struct failure *f)
{
	struct answer answers[256];
	struct engine_stats stats;
	uint64_t now_ns = clock_monotonic_ns();
	unsigned budget;
	int place, count;

	while ((place = scan_open(scan, now_ns)) >= 0)
		if (engine->ops->prepare(engine, scan->sheet[place], f) < 0)
			return -1;
	struct walk *walk = scan_turn(scan, now_ns, &budget);

	if (walk) {
		count = engine->ops->send(engine, walk, now_ns, budget, f);
		if (count < 0)
			return -1;
		engine->ops->stats(engine, &stats);
		scan_sent(scan, walk, (unsigned)count, stats.refused_burst, now_ns);
	}
	count = engine->ops->receive(engine, answers, 256, scan_wait_ns(scan, clock_monotonic_ns()),
				     f);
	if (count < 0)
		return -1;
	for (int i = 0; i < count; i++) {
		uint32_t cell;
		struct sheet *sheet = scan_answer(scan, &answers[i], &cell);

		tally->answers++;
		if (sheet && !o->quiet)
			answer_print(sheet, cell, &answers[i]);
	}
	while ((place = scan_ready(scan, clock_monotonic_ns())) >= 0) {
		sheet_print(scan->sheet[place], o, tally);
		scan_close(scan, place);
	}
	return 0;
}

static void sum_print(const struct scan *scan, const struct tally *tally,
		      const struct engine_stats *stats, uint64_t elapsed_ns)
{
	printf("sum answers %lu sent %lu errors %lu received %lu invalid %lu other %lu drops %lu "
	       "stray %lu duplicate %lu ms %lu",
	       tally->answers, (unsigned long)stats->sent, (unsigned long)stats->send_errors,
	       (unsigned long)stats->received, (unsigned long)stats->invalid,
	       (unsigned long)stats->other, (unsigned long)stats->ring_drops,
	       (unsigned long)scan->stray, (unsigned long)scan->duplicate,
	       (unsigned long)(elapsed_ns / 1000000));
	for (unsigned r = 0; r < REPLIES; r++)
		if (tally->reply[r])
			printf(" %s %lu", reply_name(r), tally->reply[r]);
	printf("\n");
}

static int run(struct plan *plan, const struct options *o, const char *name, struct failure *f)
{
	struct scan scan;
	struct tally tally = {0};
	struct engine_stats stats;
	struct scan_conf scan_conf = {
		.pace = {o->rate, o->rate, o->rate},
		.rtt = {o->timeout_ms * 1000000, o->timeout_ms * 1000000, o->timeout_ms * 1000000},
		.last = plan->total,
	};
	struct engine_conf conf = {
		.plan = plan,
		.key = {{0x0123456789abcdef, 0xfedcba9876543210}},
		.sheets = scan.sheet,
		.trace = o->trace ? trace_new(4096) : NULL,
		.interface = o->interface,
		.has_source = o->source != NULL,
		.has_source_port = o->port != 0,
		.source_port = (uint16_t)o->port,
		.zone = o->zone ? if_nametoindex(o->zone) : 0,
		.ttl = (uint8_t)o->ttl,
		.max_open = o->open,
		.bypass = true,
	};
	struct engine *engine;
	uint64_t start_ns = clock_monotonic_ns();
	int result = 0;

	if (o->source && addr_parse(o->source, strlen(o->source), &conf.source) != 0)
		return failure_set(f, EXIT_USAGE, "source is no address");
	memset(scan_conf.tries, (int)o->tries, sizeof(scan_conf.tries));
	scan_init(&scan, plan, &scan_conf, start_ns);
	engine = strcmp(name, "frames") == 0 ? engine_frames_open(&conf, f)
					     : engine_sockets_open(&conf, f);
	if (engine && o->drop && privilege_drop(o->port ? PRIVILEGE_LOW_PORTS : 0, f) != 0)
		result = -1;
	while (engine && result == 0 && !scan_over(&scan))
		result = turn(&scan, engine, o, &tally, f);
	if (engine) {
		engine->ops->stats(engine, &stats);
		sum_print(&scan, &tally, &stats, clock_monotonic_ns() - start_ns);
		engine->ops->close(engine);
	}
	if (conf.trace)
		trace_print(conf.trace);
	scan_fini(&scan);
	return engine ? result : -1;
}

int main(int argc, char **argv)
{
	struct options o = {.tries = 2, .rate = 1e6, .timeout_ms = 300};
	struct failure f = {0};
	struct plan *plan;
	int at = 1, result;

	while (at < argc && option_read(argv[at], &o))
		at++;
	if (argc - at != 4) {
		fprintf(stderr, "usage: engine_probe [option=value ...] ENGINE TARGETS TECHNIQUES "
				"PORTS\n");
		return EXIT_USAGE;
	}
	plan = plan_read(argv + at + 1, &f);
	if (!plan)
		return fail(&f);
	/* Here rather than before the program began, whose libraries are files, too. */
	if (o.files && setrlimit(RLIMIT_NOFILE, &(struct rlimit){o.files, o.files}) != 0) {
		perror("engine_probe: setrlimit");
		return EXIT_SOFTWARE;
	}
	(void)privilege_raise_files();
	result = run(plan, &o, argv[at], &f);
	plan_free(plan);
	return result < 0 ? fail(&f) : 0;
}
