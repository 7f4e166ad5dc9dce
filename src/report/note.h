/* note: what a scan tells its user on standard error, wrapped. */
#ifndef PORTLIGHT_REPORT_NOTE_H
#define PORTLIGHT_REPORT_NOTE_H

#include <stdio.h>

/*
 * Writes "portlight: " and the text, which is safe for a terminal, with one call. Lines are wrapped
 * to the width of the terminal, or to 80 columns in a pipe or a file (COLUMNS: terminal.h); those
 * after the first are indented by 11 columns. Errors are no notes: they stay one line.
 */
void note_print(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
