/* cmd_scan: `portlight scan`. */
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/quote.h"
#include "cli/args_text.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/dry_run.h"
#include "cli/options.h"
#include "cli/outputs.h"
#include "cli/resume.h"
#include "cli/timing_help.h"
#include "report/note.h"
#include "report/progress.h"
#include "report/terminal.h"
#include "run/scan_checkpoint.h"
#include "run/scan_driver.h"
#include "run/scan_setup.h"

/* Packets kept for --explain: some 45 MB at most. */
#define TRACE_EVENTS 131072

/* A third signal this soon after the second does not count: one key press may send several. */
#define IMPATIENCE_NS UINT64_C(1000000000)

static volatile sig_atomic_t interrupts;

/*
 * The first signal stops sending, and answers are awaited; the second ends the wait, and what is
 * known is written; the third has the signal's default effect, which also ends a write that blocks
 * because its reader does not read.
 */
static void on_signal(int number)
{
	static uint64_t second_ns;

	if (interrupts < 2) {
		interrupts++;
		second_ns = clock_monotonic_ns();
	} else if (clock_monotonic_ns() - second_ns >= IMPATIENCE_NS) {
		(void)signal(number, SIG_DFL);
		(void)raise(number); /* when this returns */
	}
}

static void catch_signals(void)
{
	/* The wait for packets ends at a signal even with SA_RESTART (signal(7)); a write must
	 * not, because its data would be lost. */
	struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

	sigemptyset(&act.sa_mask);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct sigaction before;

		/* Started by nohup: SIGHUP stays ignored. */
		if (numbers[i] == SIGHUP && sigaction(SIGHUP, NULL, &before) == 0 &&
		    before.sa_handler == SIG_IGN)
			continue;
		(void)sigaction(numbers[i], &act, NULL);
	}
	/* A closed pipe and a file at its size limit are reported by the write. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
}

/*
 * Keeps glibc's M_MMAP_THRESHOLD fixed. Otherwise freeing a large block raises it, and the next
 * window's arrays would come from the heap: zeroed, and so resident as a whole, and memory that a
 * growing table has left would not be returned to the kernel.
 */
#define LARGE_BLOCK_BYTES 131072

static int failed(const struct failure *f)
{
	fprintf(stderr, "portlight: %s\n", f->text);
	return f->exit_code;
}

/* What is printed in place of a scan. */
static int print_plan(const struct scan_setup *setup, bool list_only, struct failure *f)
{
	char text[ADDR_TEXT];

	if (!list_only)
		dry_run_print(setup, stdout);
	for (uint64_t i = 0; list_only && i < setup->plan->hosts; i++)
		if (puts(addr_format(plan_host(setup->plan, i), text)) == EOF)
			break;
	if (fflush(stdout) || ferror(stdout))
		return failure_set(f, EXIT_IO, "cannot write to \"standard output\": %s",
				   strerror(errno));
	return 0;
}

static void say_engine(const struct scan_setup *setup, FILE *notes)
{
	const uint64_t probes = setup->conf.last - setup->conf.first;
	char techniques[256] = "";
	size_t at = 0;

	if (setup->settled_ms)
		note_print(notes,
			   "waited %u.%u s for IPv6 addresses of this machine, which are new",
			   setup->settled_ms / 1000, setup->settled_ms / 100 % 10);
	for (size_t i = 0; i < setup->technique_count && at < sizeof(techniques); i++)
		at += (size_t)snprintf(techniques + at, sizeof(techniques) - at, "%s%s",
				       i ? ", " : "", technique_table[setup->technique[i]].name);
	note_print(notes,
		   "engine %s (%s), technique%s %s; %" PRIu64 " address%s, %" PRIu64 " probe%s",
		   setup->engine->name, setup->engine_why, setup->technique_count > 1 ? "s" : "",
		   techniques, (uint64_t)setup->plan->hosts, setup->plan->hosts == 1 ? "" : "es",
		   probes, probes == 1 ? "" : "s");
}

static void progress_open(struct console *console, const struct scan_options *o)
{
	bool terminal = terminal_is(stderr);
	struct progress_conf conf = {
		.out = terminal || o->stats_every_ns ? stderr : NULL,
		.terminal = terminal,
		.colour = terminal && !o->no_colour && terminal_has_colour(stderr),
		.columns = terminal_columns(stderr),
		.every_ns = o->stats_every_ns,
	};

	console_progress(console, &conf, clock_monotonic_ns());
}

/* Digits after the point of a rate in packets per second. */
static int pace_digits(double pps)
{
	return pps >= 1000 ? 0 : pps >= 10 ? 1 : 5;
}

static void say_tempo(const char *what, const struct tempo *tempo, FILE *notes)
{
	const double mean = tempo_mean(tempo);
	const int digits = pace_digits(mean);

	if (tempo->intervals)
		note_print(notes,
			   "%s: %.*f packets/s on average, standard deviation %.*f over %u "
			   "interval%s of %.*f ms",
			   what, digits, mean, digits, sqrt(tempo_variance(tempo)),
			   tempo->intervals, tempo->intervals == 1 ? "" : "s", mean >= 10 ? 1 : 0,
			   tempo->seconds * 1000 / tempo->intervals);
}

/* -vv: prints the rate that was reached. */
static void say_pace(const struct scan *scan, FILE *notes)
{
	const struct scan_pace pace = scan_pace(scan);

	note_print(notes,
		   "last rate %.*f packets/s, lowered %" PRIu64 " times; round trip "
		   "%.3f ms, timeout %.3f ms",
		   pace_digits(pace.rate_pps), pace.rate_pps, pace.backoffs,
		   (double)pace.smoothed_ns / 1e6, (double)pace.timeout_ns / 1e6);
	say_tempo("passes", &pace.pass_tempo, notes);
	/* The passes may end before the first interval does. */
	if (pace.pass_sent && !pace.pass_tempo.intervals)
		note_print(notes,
			   "passes: %" PRIu64 " packets; no interval of %" PRIu64
			   " ms was measured",
			   pace.pass_sent, TEMPO_INTERVAL_NS / 1000000);
	say_tempo(pace.pass_sent ? "besides passes" : "rate", &pace.tempo, notes);
}

static int random_fill(void *at, size_t bytes, struct failure *f)
{
	if (getrandom(at, bytes, 0) != (ssize_t)bytes)
		return failure_set(f, EXIT_SOFTWARE, "the kernel gave no random numbers: %s",
				   strerror(errno));
	return 0;
}

static struct report_conf report_conf(const struct scan_setup *setup, const struct scan_options *o,
				      const struct trace *trace)
{
	return (struct report_conf){
		.all_ports = o->all_ports,
		.open_only = o->open_only,
		.reasons = o->reason,
		.colour = !o->no_colour && terminal_has_colour(stdout),
		.verbose = (int)o->verbose,
		.all_hosts = o->all_hosts,
		.trace = trace,
		.service = services_name_of,
		.service_context = setup->services,
	};
}

/* What a scan with a checkpoint has besides. */
struct saved_scan {
	struct scan_checkpoint scan;
	struct checkpoint_file file;
	struct checkpoint data;
	bool outputs_given; /* again, with --resume */
	char *command;	    /* that resumes it */
	char shard[RESUME_SHARD];
};

static size_t saved_outputs(void *context, struct checkpoint_output *out)
{
	return outputs_save(context, out);
}

static void saved_replayed(void *context)
{
	outputs_replayed(context);
}

/* The checkpoint of a run, or NULL. */
static struct saved_scan *saved_of(const struct run_context *run)
{
	return (struct saved_scan *)run->checkpoint; /* its first member */
}

static void say_command(const struct saved_scan *saved)
{
	if (saved && saved->scan.saved && saved->command)
		fprintf(stderr, "portlight: this command continues the scan: %s\n", saved->command);
}

static int open_outputs(const struct saved_scan *saved, const struct report_conf *report,
			const struct scan_options *o, struct outputs *outputs, struct failure *f)
{
	if (saved && saved->scan.resumed && !saved->outputs_given)
		return outputs_open_saved(&saved->data, report, outputs, f);
	return outputs_open(o, report, outputs, f);
}

/* The engine is open: opens the outputs, runs the scan, and derives the exit code. */
static int scan_opened(struct scan_driver *driver, struct console *console,
		       const struct scan_options *o, struct failure *f)
{
	struct outputs *outputs = console->outputs;
	const struct report_conf report = report_conf(driver->setup, o, driver->run->trace);
	struct failure closing = {0};
	const struct saved_scan *saved = saved_of(driver->run);
	int result;

	if (open_outputs(saved, &report, o, outputs, f) < 0)
		return -1;
	catch_signals();
	if (!o->quiet) {
		say_engine(driver->setup, stderr);
		progress_open(console, o);
	}
	result = scan_driver_run(driver, f);
	if (o->verbose >= 2)
		say_pace(&driver->scan, stderr);
	if (outputs_close(outputs, true, &closing) < 0 && result == 0)
		result = failure_set(f, closing.exit_code, "%s", closing.text);
	if (result < 0 || driver->summary.partial)
		say_command(saved);
	if (result == 0 && driver->sink_error == EPIPE)
		return 128 + SIGPIPE;
	return result == 0 && driver->summary.partial ? EXIT_PARTIAL : result;
}

/* Nothing was sent yet, and the outputs are as they were. */
static int new_checkpoint(const struct scan_options *o, const struct run_context *run,
			  struct failure *f)
{
	struct saved_scan *saved = saved_of(run);

	if (random_fill(&saved->data.id, sizeof(saved->data.id), f) < 0)
		return -1;
	return checkpoint_file_create(&saved->file, o->checkpoint, saved->data.id, f);
}

static int scan_start(struct scan_setup *setup, struct console *console,
		      const struct scan_options *o, struct run_context *run, struct failure *f)
{
	struct scan_driver driver;
	int result = -1;

	if (o->explain && !(run->trace = trace_new(TRACE_EVENTS)))
		return failure_set(f, EXIT_SOFTWARE, "out of memory for --explain");
	if (run->checkpoint && !run->checkpoint->resumed && new_checkpoint(o, run, f) < 0)
		return -1;
	if (scan_driver_open(&driver, setup, run, f) == 0)
		result = scan_opened(&driver, console, o, f);
	scan_driver_close(&driver);
	trace_free(run->trace);
	return result;
}

static int scan_command(const struct scan_options *o, const char *args, struct saved_scan *saved,
			struct failure *f)
{
	struct outputs outputs = {.count = 0};
	const struct console_conf conf = {&outputs, stderr, o->verbose > 0, o->quiet};
	struct scan_setup setup;
	struct console console;
	struct run_context run = {
		.observer = &console.observer,
		.sink = &console.sink,
		.decoys = true,
		.interrupts = &interrupts,
		.now_ns = clock_monotonic_ns,
		.wall_offset_ns = clock_wall_ns() - clock_monotonic_ns(),
		.version = PORTLIGHT_VERSION,
		.args = args,
		.verbose = (int)o->verbose,
		.checkpoint = saved ? &saved->scan : NULL,
	};
	int result = -1;

	console_init(&console, &conf);
	if (saved)
		saved->scan.context = &outputs;
	if (random_fill(&run.seed, sizeof(run.seed), f) < 0 ||
	    random_fill(&run.key, sizeof(run.key), f) < 0)
		return -1;
	if (scan_setup_init(&setup, &o->request, run.seed, run.observer, f) == 0)
		result = o->list_only || o->dry_run ? print_plan(&setup, o->list_only, f)
						    : scan_start(&setup, &console, o, &run, f);
	if (result == 0 && setup.targets.unresolved > 0) {
		note_print(stderr, "%zu name%s did not resolve and %s not scanned",
			   setup.targets.unresolved, setup.targets.unresolved == 1 ? "" : "s",
			   setup.targets.unresolved == 1 ? "was" : "were");
		result = setup.targets.unresolved_exit;
	}
	scan_setup_fini(&setup);
	return result;
}

/* A scan with --checkpoint or --resume. */
static int saved_command(const struct scan_options *given, int argc, char **argv, const char *args,
			 struct failure *f)
{
	struct saved_scan saved = {
		.scan = {.outputs = saved_outputs, .replayed = saved_replayed},
		.file = {.windows_fd = -1},
		.outputs_given = scan_options_want_output(given),
		.command = resume_command(given->resume ? NULL : given->checkpoint, argc, argv),
	};
	struct scan_options started = {0};
	const struct scan_options *o = given;
	char *first_args = NULL;
	int result = 0;

	saved.scan.file = &saved.file;
	saved.scan.data = &saved.data;
	saved.scan.resumed = given->resume != NULL;
	if (saved.scan.resumed) {
		o = &started;
		result = checkpoint_file_open(&saved.file, given->resume, &saved.data, f);
		if (result == 0)
			result = resume_options(&saved.data, given, &started, f);
		args = first_args = args_text("portlight scan", (int)saved.data.command.count,
					      (char **)saved.data.command.word);
	} else
		result = resume_keep_command(&saved.data.command, given, argc, argv, saved.shard);
	saved.scan.every_ns = o->checkpoint_every_ns;
	if (result == 0 && args)
		result = scan_command(o, args, &saved, f);
	else
		result = failure_set(f, EXIT_SOFTWARE, "out of memory"); /* unless *f is set */
	checkpoint_file_close(&saved.file, true);
	checkpoint_fini(&saved.data);
	scan_options_fini(&started);
	free(saved.command);
	free(first_args);
	return result;
}

int cmd_scan(int argc, char **argv)
{
	struct scan_options o;
	struct failure f = {0};
	char *args = args_text("portlight scan", argc, argv);
	int result;

	(void)mallopt(M_MMAP_THRESHOLD,
		      LARGE_BLOCK_BYTES); /* if this fails, only more memory is used */
	if (!args) {
		failure_set(&f, EXIT_SOFTWARE, "out of memory");
		return failed(&f);
	}
	result = scan_options_parse(argc, argv, &o, &f);
	if (result == 0 && o.help) {
		scan_options_help(stdout);
		timing_help(stdout);
	} else if (result == 0 && o.version) {
		puts("portlight " PORTLIGHT_VERSION);
	} else if (result == 0 && (o.checkpoint || o.resume) && !o.list_only && !o.dry_run) {
		result = saved_command(&o, argc, argv, args, &f);
	} else if (result == 0) {
		result = scan_command(&o, args, NULL, &f);
	}
	scan_options_fini(&o);
	free(args);
	return result < 0 ? failed(&f) : result;
}
