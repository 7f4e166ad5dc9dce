/* cmd_watch: `portlight watch`. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quote.h"
#include "cli/commands.h"
#include "cli/watch_options.h"
#include "run/watch_driver.h"
#include "run/watch_setup.h"

/* So many interfaces are named at the start. */
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

/* Without SA_RESTART, so that a read of a pipe that has no more ends. */
static void catch_signals(void)
{
	struct sigaction stop = {.sa_handler = on_stop}, report = {.sa_handler = on_report};
	const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

	sigemptyset(&stop.sa_mask);
	sigemptyset(&report.sa_mask);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		(void)sigaction(numbers[i], &stop, NULL);
	(void)sigaction(SIGUSR1, &report, NULL);
	(void)signal(SIGPIPE, SIG_IGN); /* a closed pipe is told by the write */
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

static void say_summary(const struct watch_driver *loop, FILE *notes)
{
	const struct watch_setup *setup = loop->setup;
	struct watch_stats stats;
	uint64_t scans = 0, others = 0;
	char quoted[200];

	watch_stats(loop->watch, &stats);
	for (unsigned action = 0; action < EVENT_ACTIONS; action++)
		*(event_is_alert(action) ? &scans : &others) += stats.events[action];
	fputs("portlight: ", notes);
	if (setup->file)
		fprintf(notes, "%s: ",
			text_quote(setup->options->read, strlen(setup->options->read), quoted,
				   sizeof(quoted)));
	fprintf(notes, "%" PRIu64 " packets, %" PRIu64 " scan%s, %" PRIu64 " other event%s",
		loop->packets, scans, scans == 1 ? "" : "s", others, others == 1 ? "" : "s");
	if (stats.lost)
		fprintf(notes, "; the capture lost %" PRIu64 " packets", stats.lost);
	if (setup->file && stats.malformed)
		fprintf(notes, "; %" PRIu64 " packets damaged or cut off in their headers",
			stats.malformed);
	if (setup->file && file_skipped(setup->file))
		fprintf(notes, "; %" PRIu64 " packets of links that are not understood",
			file_skipped(setup->file));
	if (setup->response.blocked)
		fprintf(notes, "; %" PRIu64 " blocked", setup->response.blocked);
	fputs("\n", notes);
}

/* In the cage. */
static int watch_caged(struct watch_driver *loop, FILE *notes, struct failure *f)
{
	const struct watch_options *o = loop->setup->options;
	struct watch_stats stats;
	int result;

	/* Fails here, with a reason, rather than in a quarter of a minute. */
	watch_stats(loop->watch, &stats);
	if (watch_outputs_metrics(&loop->setup->outputs, &stats, f) < 0)
		return -1;
	if (loop->setup->live && !o->quiet)
		say_start(loop->setup, notes);
	(void)notify_send(&loop->setup->notify, "READY=1"); /* the manager's loss */
	result = watch_driver_run(loop, f);
	(void)notify_send(&loop->setup->notify, "STOPPING=1");
	if (o->explain.count)
		watch_driver_explain(loop, o->json || o->quiet ? stderr : stdout);
	if (o->verbose)
		watch_driver_stats(loop, notes);
	/* Of a file that is none, why is all there is to say. */
	if (!o->quiet && (result >= 0 || loop->packets))
		say_summary(loop, notes);
	/* A live run ends when it is told to; a replay that was told to has not seen it all. */
	return result == 0 && loop->setup->file && stop_signal ? EXIT_PARTIAL : result;
}

static int watch_start(struct watch_setup *setup, FILE *notes, struct failure *f)
{
	struct watch_driver *loop = calloc(1, sizeof(*loop));
	struct watch_conf conf;
	struct failure closing = {0};
	int result = -1;

	if (!loop)
		return failure_set(f, EXIT_SOFTWARE, "out of memory");
	*loop = (struct watch_driver){
		.setup = setup,
		.notes = notes,
		.stop = &stop_signal,
		.report = &report_signal,
	};
	if (watch_setup_conf(setup, &conf, f) < 0)
		goto out;
	conf.event = watch_driver_event;
	conf.event_context = loop;
	loop->watch = watch_new(&conf);
	if (!loop->watch) {
		failure_set(f, EXIT_SOFTWARE, "out of memory for the tables; see --memory");
		goto out;
	}
	catch_signals();
	if (watch_setup_enter(setup, f) == 0)
		result = watch_caged(loop, notes, f);
	bool closed_pipe = watch_outputs_closed_pipe(&setup->outputs);

	if (watch_outputs_close(&setup->outputs, &closing) < 0 && result >= 0)
		result = failure_set(f, closing.exit_code, "%s", closing.text);
	if (result >= 0 && closed_pipe)
		result = 128 + SIGPIPE;
out:
	watch_free(loop->watch);
	free(loop);
	return result;
}

static int self_test(const struct watch_options *o)
{
	struct cage_conf conf;
	char folder[4096];
	int escaped;

	watch_setup_cage(o, &conf, folder, sizeof(folder));
	escaped = cage_self_test(&conf, stdout);
	return escaped ? EXIT_SOFTWARE : 0;
}

int cmd_watch(int argc, char **argv)
{
	struct watch_options o;
	struct watch_setup setup;
	struct failure f = {0};
	int result = watch_options_parse(argc, argv, &o, &f);

	if (result == 0 && o.help) {
		watch_options_help(stdout);
	} else if (result == 0 && o.version) {
		puts("portlight " PORTLIGHT_VERSION);
	} else if (result == 0 && o.self_test) {
		result = self_test(&o);
	} else if (result == 0) {
		result = watch_setup_init(&setup, &o, stderr, &f);
		if (result == 0)
			result = watch_start(&setup, stderr, &f);
		watch_setup_fini(&setup);
	}
	watch_options_fini(&o);
	return result < 0 ? failed(&f) : result;
}
