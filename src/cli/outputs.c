/* outputs: the files of a scan are opened all or none, and every write is checked. */
#include "cli/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/quote.h"

static int cannot_create(const char *path, int error, struct failure *f)
{
	char quoted[300];

	return failure_set(f, EXIT_CANNOT_CREATE, "cannot create \"%s\": %s",
			   text_quote(path, strlen(path), quoted, sizeof(quoted)), strerror(error));
}

/* Whether the last output has a file of its own: two would write over one another. */
static int output_alone(const struct outputs *out, struct failure *f)
{
	const struct output *last = &out->output[out->count - 1];
	struct stat mine, other;
	char quoted[300];

	if (fstat(fileno(last->report.out), &mine) != 0 || !S_ISREG(mine.st_mode))
		return 0;
	for (size_t i = 0; i + 1 < out->count; i++)
		if (fstat(fileno(out->output[i].report.out), &other) == 0 &&
		    other.st_dev == mine.st_dev && other.st_ino == mine.st_ino)
			return failure_set(
				f, EXIT_USAGE, "two outputs want \"%s\": %s and %s",
				text_quote(last->path, strlen(last->path), quoted, sizeof(quoted)),
				out->output[i].report.ops->name, last->report.ops->name);
	return 0;
}

static int output_file(struct outputs *out, const struct report_ops *ops, char *path,
		       struct failure *f)
{
	struct output *output = &out->output[out->count];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0666);

	output->created = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
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
		unlink(path);
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
	if (strcmp(path, "-") != 0 || suffix[0]) {
		char *whole;

		if (asprintf(&whole, "%s%s", path, suffix) < 0)
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
	return 0;
}

static const char *output_name(const struct output *output)
{
	return output->path ? output->path : "standard output";
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
		if (out->output[i].path)
			(void)!ftruncate(fileno(report->out), 0);
		else
			report->conf.colour = conf->colour && isatty(STDOUT_FILENO);
		if (out->output[i].path)
			report->conf.colour = false;
	}
}

int outputs_open(const struct scan_options *o, const struct report_conf *conf, struct outputs *out,
		 struct failure *f)
{
	memset(out, 0, sizeof(*out));
	out->sink.ops = &outputs_sink;
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
	outputs_start(out, conf);
	return 0;
err:
	(void)outputs_close(out, false, f);
	return -1;
}

int outputs_open_one(const struct report_ops *ops, const char *path, const struct report_conf *conf,
		     struct outputs *out, struct failure *f)
{
	memset(out, 0, sizeof(*out));
	out->sink.ops = &outputs_sink;
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
			unlink(output->path);
		free(output->path);
		output->path = NULL;
	}
	out->count = 0;
	return result;
}
