/* inputs: the saved reports that a subcommand reads. */
#ifndef PORTLIGHT_CLI_INPUTS_H
#define PORTLIGHT_CLI_INPUTS_H

#include <stdio.h>

#include "base/failure.h"
#include "result/sink.h"

/* Opens a report to read; "-" is standard input. NULL with *f (EXIT_IO). */
FILE *input_open(const char *path, struct failure *f);
/* Closes it, but not standard input. */
void input_close(FILE *in);
/* Its name for messages. */
const char *input_name(const char *path);

/* 0; or -1 with *f (EXIT_USAGE) if the output `path` is the file `in`: opening it would empty what
 * is to be read. */
int input_apart(FILE *in, const char *path, struct failure *f);

/* The result of a call of a sink as an exit code: 0; 128 + SIGPIPE for a closed pipe; or -1 with
 * *f. */
int sink_result(struct sink *sink, int error, struct failure *f);

#endif
