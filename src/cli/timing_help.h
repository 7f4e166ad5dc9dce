/* timing_help: prints the table of -T0 to -T5 for --help and the manual page. */
#ifndef PORTLIGHT_CLI_TIMING_HELP_H
#define PORTLIGHT_CLI_TIMING_HELP_H

#include <stdio.h>

/* For --help and the man page. */
void timing_help(FILE *out);

#endif
