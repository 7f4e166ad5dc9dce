/* outputs: the files a scan writes to: one sink that passes each record on to all of them. */
#ifndef PORTLIGHT_CLI_OUTPUTS_H
#define PORTLIGHT_CLI_OUTPUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/failure.h"
#include "cli/options.h"
#include "report/report.h"
#include "run/checkpoint.h"

#define OUTPUTS_MOST 6
_Static_assert(OUTPUTS_MOST <= CHECKPOINT_OUTPUTS, "room for all");

struct output {
	struct report report;
	char *path;	/* NULL: standard output */
	char *absolute; /* its path from the root; NULL: unknown */
	FILE *later;	/* the file, while what it has already is reported again; or NULL */
	char *created;	/* the file that we created, removed if the scan does not start; or NULL */
};

struct outputs {
	struct sink sink; /* passes each record to all outputs */
	struct output output[OUTPUTS_MOST];
	size_t count;
	struct tm started; /* local time, for the names */
	char failed[304];  /* the file that could not be written to, in quotation marks */
};

/*
 * Opens all outputs of *o (the table to standard output if there is no other). Two outputs to one
 * file, and an output that is an input list of *o, are refused (EXIT_USAGE). Existing files are
 * truncated only once all could be opened. 0, or -1 with *f (EXIT_CANNOT_CREATE) and no file left
 * behind. The sink's error is that of the first output that failed, but a closed pipe (EPIPE) only
 * if no other output failed; the remaining outputs still get all records.
 */
int outputs_open(const struct scan_options *o, const struct report_conf *conf, struct outputs *out,
		 struct failure *f);

/*
 * The same for the outputs of a scan that is resumed. A file in a format that can be appended to
 * keeps what it has up to where the checkpoint was saved, and takes nothing until outputs_replayed;
 * unless it is shorter than that. All others are written again from the beginning.
 */
int outputs_open_saved(const struct checkpoint *checkpoint, const struct report_conf *conf,
		       struct outputs *out, struct failure *f);
void outputs_replayed(struct outputs *out);

/* For a checkpoint: syncs to the disk what can be appended to, and fills saved[0,
 * CHECKPOINT_OUTPUTS). Returns how many there are. The texts are those of *out. */
size_t outputs_save(struct outputs *out, struct checkpoint_output *saved);

/* The same for one format and one file ("-": standard output). */
int outputs_open_one(const struct report_ops *ops, const char *path, const struct report_conf *conf,
		     struct outputs *out, struct failure *f);

/* Closes the files. If `keep` is false, removes those that outputs_open created. 0, or -1 with *f
 * if the last bytes could not be written. */
int outputs_close(struct outputs *out, bool keep, struct failure *f);

#endif
