/* resume: the command line of a scan that is resumed, from its checkpoint; and the one to print. */
#ifndef PORTLIGHT_CLI_RESUME_H
#define PORTLIGHT_CLI_RESUME_H

#include "base/failure.h"
#include "cli/options.h"
#include "run/checkpoint.h"

/*
 * Fills *o with the options that the scan was started with, and of *given, the command line of now,
 * what may be given again. Targets, ports, techniques and seed are those of the checkpoint, which
 * outlives *o. 0; or -1 with *f (EXIT_DATA). The caller calls scan_options_fini in either case.
 */
int resume_options(struct checkpoint *checkpoint, const struct scan_options *given,
		   struct scan_options *o, struct failure *f);

#define RESUME_SHARD 64

/* The command line as a checkpoint has it: argv, but for --shard auto, which `shard` gets the value
 * of. 0, or -1 out of memory. */
int resume_keep_command(struct words *command, const struct scan_options *o, int argc, char **argv,
			char shard[static RESUME_SHARD]);

/* "portlight scan --resume today.ckpt" as a shell reads it, safe for a terminal: of a new scan with
 * that checkpoint, or if it is NULL the command line argv[0, argc) itself. From malloc; NULL out of
 * memory. */
char *resume_command(const char *checkpoint, int argc, char *const *argv);

#endif
