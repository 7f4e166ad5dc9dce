/* cmd_watch: `portlight watch`. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/quote.h"
#include "cli/commands.h"
#include "cli/watch_options.h"
#include "cli/watch_outputs.h"
#include "run/watch_driver.h"
#include "run/watch_setup.h"

/* Most interfaces that the first line names. */
#define START_NAMES 16

static volatile sig_atomic_t stop_signal, report_signal;

static void on_stop(int number)
{
	(void)number;
	stop_signal = 1;
}

static void on_report(int number)
{
	(void)number;
	report_signal = 1;
}

/* Without SA_RESTART, so that a signal ends a read of a pipe to which no more is written. */
static void catch_signals(void)
{
	struct sigaction stop = {.sa_handler = on_stop}, report = {.sa_handler = on_report};
	const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

	sigemptyset(&stop.sa_mask);
	sigemptyset(&report.sa_mask);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		(void)sigaction(numbers[i], &stop, NULL);
	(void)sigaction(SIGUSR1, &report, NULL);
	(void)signal(SIGPIPE, SIG_IGN); /* the write reports a closed pipe */
}

static int failed(const struct failure *f)
{
	fprintf(stderr, "portlight: %s\n", f->text);
	return f->exit_code;
}

static void say_start(const struct watch_setup *setup, FILE *notes)
{
	char text[200], quoted[LINK_QUOTED];
	const struct link *link;
	size_t count = 0;

	fputs("portlight: watching", notes);
	for (; (link = live_watched(setup->live, count)); count++)
		if (count < START_NAMES)
			fprintf(notes, "%s %s", count ? "," : "", link_quote(link, quoted));
	if (count > START_NAMES)
		fprintf(notes, " and %zu more", count - START_NAMES);
	if (count == 0)
		fputs(" no interface yet: none is up", notes);
	fprintf(notes, "; %s\n", cage_describe(&setup->cage, text, sizeof(text)));
}

static void say_summary(const struct watch_driver *d, FILE *notes)
{
	const struct watch_setup *setup = d->setup;
	struct watch_stats stats;
	uint64_t scans = 0, others = 0;
	char quoted[200];

	watch_stats(d->watch, &stats);
	for (unsigned action = 0; action < EVENT_ACTIONS; action++)
		*(event_is_alert(action) ? &scans : &others) += stats.events[action];
	fputs("portlight: ", notes);
	if (setup->file)
		fprintf(notes, "%s: ",
			text_quote(setup->request->read, strlen(setup->request->read), quoted,
				   sizeof(quoted)));
	fprintf(notes, "%" PRIu64 " packets, %" PRIu64 " scan%s, %" PRIu64 " other event%s",
		d->packets, scans, scans == 1 ? "" : "s", others, others == 1 ? "" : "s");
	if (stats.lost)
		fprintf(notes, "; the capture lost %" PRIu64 " packets", stats.lost);
	if (setup->file && stats.malformed)
		fprintf(notes, "; %" PRIu64 " packets damaged or truncated in their headers",
			stats.malformed);
	if (setup->file && file_skipped(setup->file))
		fprintf(notes, "; %" PRIu64 " packets of unsupported link types",
			file_skipped(setup->file));
	if (setup->response.blocked)
		fprintf(notes, "; %" PRIu64 " blocked", setup->response.blocked);
	fputs("\n", notes);
}

static void say_stats(const struct watch_stats *s, FILE *out)
{
	fprintf(out,
		"portlight: %" PRIu64 " packets (%" PRIu64 " malformed, %" PRIu64 " lost); %" PRIu64
		" scans open of %" PRIu64 "; %" PRIu64 " flows, %" PRIu64
		" evidence records; table use %.0f %%; evicted: %" PRIu64 " flows, %" PRIu64
		" records; %" PRIu64 " events suppressed\n",
		s->packets, s->malformed, s->lost, s->scans_open, s->scans_total, s->flows,
		s->evidence, 100 * s->fill, s->flows_evicted, s->evidence_evicted, s->suppressed);
}

/* The command line as an observer of the detector. */
struct console {
	const struct watch_options *options;
	struct watch_outputs *outputs;
	struct watch_driver *driver;
	FILE *notes;
};

static void console_line(void *context, const char *text)
{
	const struct console *c = context;

	fprintf(c->notes, "portlight: %s\n", text);
}

static void console_counters(void *context, const struct watch_stats *stats)
{
	struct console *c = context;
	struct failure f = {0};
	bool *failed = &c->outputs->metrics_failed;

	if (watch_outputs_metrics(c->outputs, stats, &f) == 0) {
		*failed = false;
	} else if (!*failed) {
		*failed = true;
		fprintf(c->notes, "portlight: %s\n", f.text);
	}
}

static void console_stats(void *context, const struct watch_stats *stats)
{
	const struct console *c = context;

	say_stats(stats, c->notes);
}

static void print_line(void *context, const char *text)
{
	fprintf(context, "%s\n", text);
}

static void console_report(void *context)
{
	const struct console *c = context;
	struct watch_stats stats;

	watch_stats(c->driver->watch, &stats);
	say_stats(&stats, c->notes);
	watch_driver_explain(c->driver, print_line, c->notes);
}

/* In the cage. */
static int watch_caged(struct console *c, struct failure *f)
{
	const struct watch_options *o = c->options;
	struct watch_driver *d = c->driver;
	struct watch_stats stats;
	int result;

	/* Fails here, with a reason, rather than at the first write 15 seconds later. */
	watch_stats(d->watch, &stats);
	if (watch_outputs_metrics(c->outputs, &stats, f) < 0)
		return -1;
	if (d->setup->live && !o->quiet)
		say_start(d->setup, c->notes);
	(void)notify_send(&d->setup->notify,
			  "READY=1"); /* if this fails, the service manager reports a timeout */
	result = watch_driver_run(d, f);
	(void)notify_send(&d->setup->notify, "STOPPING=1");
	watch_driver_explain(d, print_line, o->json || o->quiet ? stderr : stdout);
	watch_stats(d->watch, &stats);
	if (o->verbose)
		say_stats(&stats, c->notes);
	/* If the file is not a capture, the reason is all there is to report. */
	if (!o->quiet && (result >= 0 || d->packets))
		say_summary(d, c->notes);
	/* A signal is the normal end of a live run; a replay that it interrupts has not read the
	 * whole capture. */
	return result == 0 && d->setup->file && stop_signal ? EXIT_PARTIAL : result;
}

static int watch_start(struct console *c, struct watch_setup *setup, const struct run_context *run,
		       struct failure *f)
{
	struct failure closing = {0};
	bool closed_pipe;
	int result = -1;

	c->driver = watch_driver_new(setup, run, f);
	if (!c->driver)
		return -1;
	catch_signals();
	if (watch_setup_enter(setup, f) == 0)
		result = watch_caged(c, f);
	closed_pipe = watch_outputs_closed_pipe(c->outputs);
	if (watch_outputs_close(c->outputs, &closing) < 0 && result >= 0)
		result = failure_set(f, closing.exit_code, "%s", closing.text);
	if (result >= 0 && closed_pipe)
		result = 128 + SIGPIPE;
	watch_driver_free(c->driver);
	return result;
}

/* Without -i, an interface that comes or goes is news, not a warning. */
static bool wants_links(const struct watch_options *o)
{
	return !o->quiet || o->request.interfaces.count;
}

static int watch_command(const struct watch_options *o, struct failure *f)
{
	struct watch_outputs outputs = {.metrics.folder = -1};
	struct console console = {.options = o, .outputs = &outputs, .notes = stderr};
	const struct observer observer = {
		.context = &console,
		.warning = console_line,
		.news = console_line,
		.link = wants_links(o) ? console_line : NULL,
		.counters = o->request.metrics ? console_counters : NULL,
		.stats = console_stats,
		.report = console_report,
	};
	struct run_context run = {
		.observer = &observer,
		.sink = &outputs.all,
		.interrupts = &stop_signal,
		.report = &report_signal,
		.now_ns = clock_monotonic_ns,
		.wall_ns = clock_wall_ns,
		.version = PORTLIGHT_VERSION,
		.verbose = (int)o->verbose,
	};
	struct failure ignored = {0};
	struct watch_setup setup;
	int result = -1;

	if (getrandom(&run.key, sizeof(run.key), 0) != sizeof(run.key))
		return failure_set(f, EXIT_SOFTWARE, "the kernel gives no random key: %s",
				   strerror(errno));
	if (watch_setup_init(&setup, &o->request, &observer, f) == 0 &&
	    watch_outputs_open(&outputs, o, watch_setup_home(&setup), stderr, f) == 0 &&
	    watch_setup_capture(&setup, f) == 0)
		result = watch_start(&console, &setup, &run, f);
	(void)watch_outputs_close(&outputs, &ignored); /* the first failure was reported */
	watch_setup_fini(&setup);
	return result;
}

static int self_test(const struct watch_options *o)
{
	struct cage_conf conf;
	char folder[4096];
	int escaped;

	watch_setup_cage(&o->request, &conf, folder, sizeof(folder));
	escaped = cage_self_test(&conf, stdout);
	return escaped ? EXIT_SOFTWARE : 0;
}

int cmd_watch(int argc, char **argv)
{
	struct watch_options o;
	struct failure f = {0};
	int result = watch_options_parse(argc, argv, &o, &f);

	if (result == 0 && o.help) {
		watch_options_help(stdout);
	} else if (result == 0 && o.version) {
		puts("portlight " PORTLIGHT_VERSION);
	} else if (result == 0 && o.self_test) {
		result = self_test(&o);
	} else if (result == 0) {
		result = watch_command(&o, &f);
	}
	watch_options_fini(&o);
	return result < 0 ? failed(&f) : result;
}
