/* console: the observer of a scan that writes to standard error, and its progress line. */
#ifndef PORTLIGHT_CLI_CONSOLE_H
#define PORTLIGHT_CLI_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/outputs.h"
#include "report/progress.h"
#include "result/sink.h"
#include "run/observer.h"

struct console {
	struct sink sink; /* the outputs; removes the progress line before they write */
	struct outputs *outputs;
	struct observer observer;
	struct progress progress;
	FILE *notes;
};

struct console_conf {
	struct outputs *outputs; /* outlives the console; opened before the run */
	FILE *notes;		 /* standard error */
	bool discovered;	 /* -v: open ports as they are found */
	bool quiet;		 /* -q: warnings only */
};

/* Fills *console: its observer and its sink are ready, no progress line is shown. *console must
 * not move after that. */
void console_init(struct console *console, const struct console_conf *conf);

/* From here on progress is shown. */
void console_progress(struct console *console, const struct progress_conf *conf, uint64_t now_ns);

#endif
