/* terminal: what the output stream supports: cursor control, colour, width. */
#ifndef PORTLIGHT_REPORT_TERMINAL_H
#define PORTLIGHT_REPORT_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/* A terminal that understands \r and ESC[K: a tty, and TERM is set and not "dumb". */
bool terminal_is(FILE *stream);

/* Whether colour may be used: terminal_is, and NO_COLOR is unset or empty (no-color.org). */
bool terminal_has_colour(FILE *stream);

/* Columns of the terminal; where the stream is none, those of the environment variable COLUMNS
 * (POSIX.1, 8.3), or 80. */
unsigned terminal_columns(FILE *stream);

#endif
