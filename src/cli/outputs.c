/* outputs: the files of a scan are opened all or none, and every write is checked. */
#include "cli/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/quote.h"
#include "cli/output_name.h"
#include "report/terminal.h"

static int cannot_create(const char *path, int error, struct failure *f)
{
	char quoted[300];

	return failure_set(f, EXIT_CANNOT_CREATE, "cannot create \"%s\": %s",
			   text_quote(path, strlen(path), quoted, sizeof(quoted)), strerror(error));
}

static const char *output_name(const struct output *output)
{
	return output->path ? output->path : "standard output";
}

/* Data written there is discarded: any number of outputs may write to it. */
static bool is_null_device(const struct stat *file)
{
	return S_ISCHR(file->st_mode) && file->st_rdev == makedev(1, 3);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && !is_null_device(a);
}

/* Whether the last output has a file of its own: two would write over one another. */
static int output_alone(const struct outputs *out, struct failure *f)
{
	const struct output *last = &out->output[out->count - 1];
	struct stat mine, other;
	char quoted[300];

	if (fstat(fileno(last->report.out), &mine) != 0)
		return 0;
	for (size_t i = 0; i + 1 < out->count; i++)
		if (fstat(fileno(out->output[i].report.out), &other) == 0 &&
		    is_same_file(&mine, &other))
			return failure_set(f, EXIT_USAGE, "two outputs want \"%s\": %s and %s",
					   text_quote(output_name(last), strlen(output_name(last)),
						      quoted, sizeof(quoted)),
					   out->output[i].report.ops->name, last->report.ops->name);
	return 0;
}

/* -1 with *f if an output is a list that was read: it would be emptied. */
static int outputs_spare(const struct outputs *out, const struct words *lists, struct failure *f)
{
	struct stat list, mine;
	char quoted[300];

	for (size_t l = 0; l < lists->count; l++) {
		const char *path = lists->word[l];

		if ((strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &list) : stat(path, &list)) !=
			    0 ||
		    !S_ISREG(list.st_mode))
			continue;
		for (size_t i = 0; i < out->count; i++)
			if (fstat(fileno(out->output[i].report.out), &mine) == 0 &&
			    is_same_file(&mine, &list))
				return failure_set(
					f, EXIT_USAGE,
					"\"%s\" is a list that is read, and the output of %s: it "
					"would be overwritten",
					text_quote(path, strlen(path), quoted, sizeof(quoted)),
					out->output[i].report.ops->name);
	}
	return 0;
}

/* /dev/stdout and its like: the same as "-". */
static bool is_standard_output(const char *path)
{
	static const char *const names[] = {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(path, names[i]) == 0)
			return true;
	return false;
}

/* Opens a file, without emptying one that is there, and notes what was created. The file
 * descriptor, or -1 with errno. */
static int output_create(struct output *output, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0666);

	output->created = fd >= 0 ? strdup(path) : NULL;
	if (fd < 0 && errno == EEXIST)
		fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 && errno == ENOENT) {
		/* A symbolic link to a file that does not exist yet. */
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
		output->created = fd >= 0 ? realpath(path, NULL) : NULL;
	}
	return fd;
}

static int output_file(struct outputs *out, const struct report_ops *ops, char *path,
		       struct failure *f)
{
	struct output *output = &out->output[out->count];
	int fd = output_create(output, path);

	if (fd < 0)
		goto err0;
	output->report.out = fdopen(fd, "w");
	if (!output->report.out)
		goto err1;
	output->report.ops = ops;
	/* Only one thread writes: locking the stream for each byte would double the cost of a
	 * large report. */
	(void)__fsetlocking(output->report.out, FSETLOCKING_BYCALLER);
	output->path = path;
	out->count++;
	return output_alone(out, f);
err1:
	close(fd);
	if (output->created)
		unlink(output->created);
	free(output->created);
	output->created = NULL;
err0:
	cannot_create(path, errno, f);
	free(path);
	return -1;
}

static int output_add(struct outputs *out, const struct report_ops *ops, const char *path,
		      const char *suffix, struct failure *f)
{
	if (out->count == OUTPUTS_MOST)
		return failure_set(f, EXIT_USAGE, "too many outputs at once");
	if (!is_standard_output(path) || suffix[0]) {
		char *expanded, *whole;

		if (output_name_expand(path, &out->started, &expanded, f) < 0)
			return -1;
		if (asprintf(&whole, "%s%s", expanded, suffix) < 0)
			whole = NULL;
		free(expanded);
		if (!whole)
			return failure_set(f, EXIT_SOFTWARE, "out of memory");
		return output_file(out, ops, whole, f);
	}
	for (size_t i = 0; i < out->count; i++)
		if (!out->output[i].path)
			return failure_set(f, EXIT_USAGE,
					   "two outputs want standard output: %s and %s",
					   out->output[i].report.ops->name, ops->name);
	(void)__fsetlocking(stdout, FSETLOCKING_BYCALLER);
	out->output[out->count++] = (struct output){.report = {.ops = ops, .out = stdout}};
	return output_alone(out, f);
}

/* The combined result of the outputs: see outputs.h. */
static int outputs_error(struct outputs *out)
{
	char quoted[300];
	int error = 0;

	for (size_t i = 0; i < out->count && (error == 0 || error == EPIPE); i++) {
		const struct output *output = &out->output[i];
		const char *name = output_name(output);

		if (output->report.error == 0 || (error && output->report.error == EPIPE))
			continue;
		error = output->report.error;
		(void)snprintf(out->failed, sizeof(out->failed), "\"%s\"",
			       text_quote(name, strlen(name), quoted, sizeof(quoted)));
	}
	return error;
}

static int outputs_begin(struct sink *s, const struct run_info *run)
{
	struct outputs *out = (struct outputs *)s;

	for (size_t i = 0; i < out->count; i++)
		(void)sink_begin(&out->output[i].report.sink, run);
	return outputs_error(out);
}

static int outputs_record(struct sink *s, const struct record *record)
{
	struct outputs *out = (struct outputs *)s;
	int error = 0;

	for (size_t i = 0; i < out->count; i++)
		error |= sink_record(&out->output[i].report.sink, record);
	return error ? outputs_error(out) : 0;
}

static int outputs_end(struct sink *s, const struct run_summary *summary)
{
	struct outputs *out = (struct outputs *)s;

	for (size_t i = 0; i < out->count; i++)
		(void)sink_end(&out->output[i].report.sink, summary);
	return outputs_error(out);
}

static const char *outputs_destination(const struct sink *s)
{
	return ((const struct outputs *)s)->failed;
}

static const struct sink_ops outputs_sink = {"outputs", outputs_begin, outputs_record, outputs_end,
					     outputs_destination};

static void outputs_init(struct outputs *out)
{
	const time_t now = time(NULL);

	memset(out, 0, sizeof(*out));
	out->sink.ops = &outputs_sink;
	(void)localtime_r(&now, &out->started); /* all zero is a time, too */
}

static int write_failed(const struct output *output, int error, struct failure *f)
{
	const char *name = output_name(output);
	char quoted[300];

	return failure_set(f, EXIT_IO, "cannot write to \"%s\": %s",
			   text_quote(name, strlen(name), quoted, sizeof(quoted)), strerror(error));
}

/* All outputs are open: existing files are emptied now. */
static void outputs_start(struct outputs *out, const struct report_conf *conf)
{
	for (size_t i = 0; i < out->count; i++) {
		struct report *report = &out->output[i].report;

		report_init(report, report->ops, report->out, conf);
		/* Not a regular file (a device, a pipe): nothing to truncate. */
		if (out->output[i].path && !out->output[i].later)
			(void)!ftruncate(fileno(report->out), 0);
		if (out->output[i].path) {
			report->conf.colour = false;
			report->conf.columns = 0;
		} else {
			report->conf.colour = conf->colour && isatty(STDOUT_FILENO);
			report->conf.columns = terminal_columns(stdout);
		}
	}
}

int outputs_open(const struct scan_options *o, const struct report_conf *conf, struct outputs *out,
		 struct failure *f)
{
	outputs_init(out);
	for (int i = 0; i < FORMATS; i++) {
		if (o->output[i] && output_add(out, format_table[i].ops, o->output[i], "", f) < 0)
			goto err;
		if (o->output_all && !o->output[i] &&
		    output_add(out, format_table[i].ops, o->output_all, format_table[i].suffix, f) <
			    0)
			goto err;
	}
	if (o->json && output_add(out, &report_ndjson, "-", "", f) < 0)
		goto err;
	bool stdout_taken = false;

	for (size_t i = 0; i < out->count; i++)
		stdout_taken |= !out->output[i].path;
	if (!stdout_taken &&
	    output_add(out, o->explain ? &report_explain : &report_table, "-", "", f) < 0)
		goto err;
	if (outputs_spare(out, &o->request.lists, f) < 0 ||
	    outputs_spare(out, &o->request.exclude_lists, f) < 0)
		goto err;
	outputs_start(out, conf);
	return 0;
err:
	(void)outputs_close(out, false, f);
	return -1;
}

static const struct report_ops *output_format(const char *name)
{
	const int format = format_by_name(name);

	if (strcmp(name, report_table.name) == 0)
		return &report_table;
	return format < 0 ? NULL : format_table[format].ops;
}

static bool output_has(FILE *file, uint64_t bytes)
{
	struct stat now;

	return bytes > 0 && fstat(fileno(file), &now) == 0 && S_ISREG(now.st_mode) &&
	       (uint64_t)now.st_size >= bytes;
}

/* Keeps the first `bytes` of an output, where that can be: until outputs_replayed() all goes to the
 * null device. */
static void output_keep(struct output *output, uint64_t bytes)
{
	FILE *file = output->report.out, *null;

	if (output->report.ops != &report_ndjson || !output->path || !output_has(file, bytes))
		return;
	null = fopen("/dev/null", "we");
	if (!null)
		return;
	if (ftruncate(fileno(file), (off_t)bytes) < 0 || fseeko(file, (off_t)bytes, SEEK_SET) < 0) {
		(void)fclose(null); /* nothing was written */
		return;
	}
	(void)setvbuf(file, NULL, _IONBF, 0); /* as report.c does */
	output->later = file;
	output->report.out = null;
}

int outputs_open_saved(const struct checkpoint *checkpoint, const struct report_conf *conf,
		       struct outputs *out, struct failure *f)
{
	outputs_init(out);
	for (size_t i = 0; i < checkpoint->outputs; i++) {
		const struct checkpoint_output *saved = &checkpoint->output[i];
		const struct report_ops *ops = output_format(saved->format);
		char *path = saved->path && ops ? strdup(saved->path) : NULL;
		int result;

		if (!ops)
			result = failure_set(f, EXIT_DATA,
					     "the checkpoint has an output in a format "
					     "that this version does not write");
		else if (saved->path && !path)
			result = failure_set(f, EXIT_SOFTWARE, "out of memory");
		else
			result = path && out->count < OUTPUTS_MOST
					 ? output_file(out, ops, path, f)
					 : output_add(out, ops, "-", "", f);
		if (result < 0)
			goto err;
	}
	for (size_t i = 0; i < out->count; i++)
		output_keep(&out->output[i], checkpoint->output[i].bytes);
	outputs_start(out, conf);
	return 0;
err:
	(void)outputs_close(out, false, f);
	return -1;
}

void outputs_replayed(struct outputs *out)
{
	for (size_t i = 0; i < out->count; i++) {
		struct output *output = &out->output[i];

		if (!output->later)
			continue;
		(void)fclose(output->report.out); /* the null device */
		output->report.out = output->later;
		output->later = NULL;
	}
}

size_t outputs_save(struct outputs *out, struct checkpoint_output *saved)
{
	for (size_t i = 0; i < out->count; i++) {
		struct output *output = &out->output[i];
		const struct report *report = &output->report;
		struct stat now;
		off_t bytes = 0;

		if (output->path && !output->absolute)
			output->absolute = realpath(output->path, NULL);
		/* After an error it may end in the middle of a line. */
		if (output->path && report->ops == &report_ndjson && !report->error &&
		    fstat(fileno(report->out), &now) == 0 && S_ISREG(now.st_mode) &&
		    fdatasync(fileno(report->out)) == 0)
			bytes = lseek(fileno(report->out), 0, SEEK_CUR);
		saved[i] = (struct checkpoint_output){
			.format = report->ops->name,
			.path = output->absolute ? output->absolute : output->path,
			.bytes = bytes > 0 ? (uint64_t)bytes : 0,
		};
	}
	return out->count;
}

int outputs_open_one(const struct report_ops *ops, const char *path, const struct report_conf *conf,
		     struct outputs *out, struct failure *f)
{
	outputs_init(out);
	if (output_add(out, ops, path, "", f) < 0) {
		(void)outputs_close(out, false, f);
		return -1;
	}
	outputs_start(out, conf);
	return 0;
}

int outputs_close(struct outputs *out, bool keep, struct failure *f)
{
	int result = 0;

	for (size_t i = 0; i < out->count; i++) {
		struct output *output = &out->output[i];

		report_fini(&output->report);
		if (output->path ? fclose(output->report.out) : fflush(output->report.out)) {
			if (output->report.error == 0 && errno != EPIPE)
				result = write_failed(output, errno, f);
		}
		if (!keep && output->created)
			unlink(output->created);
		if (output->later)
			(void)fclose(output->later); /* nothing was written */
		output->later = NULL;
		free(output->created);
		output->created = NULL;
		free(output->absolute);
		output->absolute = NULL;
		free(output->path);
		output->path = NULL;
	}
	out->count = 0;
	return result;
}
