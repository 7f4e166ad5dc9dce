/* outputs: the files a scan writes to, and the reports that go there. */
#ifndef PORTLIGHT_CLI_OUTPUTS_H
#define PORTLIGHT_CLI_OUTPUTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/failure.h"
#include "cli/options.h"
#include "report/report.h"

#define OUTPUTS_MOST 6

struct output {
	struct report report;
	char *path;   /* NULL: standard output */
	bool created; /* by us: taken away again if the scan does not start */
};

struct outputs {
	struct output output[OUTPUTS_MOST];
	size_t count;
};

/*
 * Opens all that *o asks for (the table to standard output if nothing else goes there). Existing
 * files are emptied only once all could be opened. 0, or -1 with *f (EXIT_CANNOT_CREATE) and
 * nothing left behind.
 */
int outputs_open(const struct scan_options *o, const struct report_conf *conf, struct outputs *out,
		 struct failure *f);

void outputs_begin(struct outputs *out, const struct run_info *run);
void outputs_host(struct outputs *out, const struct host_report *host);
void outputs_end(struct outputs *out, const struct run_summary *summary);

/* The first failed write so far: -1 with *f (EXIT_IO); a closed pipe sets only *closed_pipe. */
int outputs_check(struct outputs *out, bool *closed_pipe, struct failure *f);

/* Closes the files. `keep` false takes files that outputs_open created away again. 0, or -1 with
 * *f if the last bytes could not be written. */
int outputs_close(struct outputs *out, bool keep, struct failure *f);

#endif
