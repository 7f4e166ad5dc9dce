/* terminal: what may be done to the stream that people look at. */
#ifndef PORTLIGHT_REPORT_TERMINAL_H
#define PORTLIGHT_REPORT_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/* A terminal that understands \r and ESC[K: a tty, and TERM is set and not "dumb". */
bool terminal_is(FILE *stream);

/* Colour is welcome there: terminal_is, and NO_COLOR is unset or empty (no-color.org). */
bool terminal_has_colour(FILE *stream);

/* Columns of the terminal, 80 if it does not say. */
unsigned terminal_columns(FILE *stream);

#endif
