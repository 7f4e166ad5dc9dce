/* failure: an error message of one line for the user, and the exit code of the program. */
#ifndef PORTLIGHT_BASE_FAILURE_H
#define PORTLIGHT_BASE_FAILURE_H

#include <stddef.h>

/* Exit codes, after sysexits.h. 128 + signal if a signal or a broken pipe ended the program. */
enum exit_code {
	EXIT_USAGE = 64,       /* the command line or a line of a list file is invalid */
	EXIT_DATA = 65,	       /* an input file has not the expected format */
	EXIT_UNAVAILABLE = 69, /* an interface is down or missing, no route */
	EXIT_SOFTWARE = 70,    /* an error of this program, or an unexpected error of the kernel */
	EXIT_CANNOT_CREATE = 73,
	EXIT_IO = 74,	   /* a read or write failed: full disk, unreadable list file */
	EXIT_PARTIAL = 75, /* interrupted; the results so far are written and marked partial */
	EXIT_NO_PERMISSION = 77,
};

struct failure {
	int exit_code;	/* enum exit_code; 0 while nothing went wrong */
	char text[512]; /* one line, no newline, no program name; already safe for a terminal */
};

/*
 * Fills *f from a printf format. Pass arguments from the user or the network through text_quote
 * first. Returns -1, so that a function can `return failure_set(...)`. The first failure wins: a
 * second call on the same *f changes nothing.
 */
int failure_set(struct failure *f, int exit_code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
