/* terminal: what the output stream supports: cursor control, colour, width. */
#include "report/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* COLUMNS outside of this range is ignored. */
#define COLUMNS_LEAST	20
#define COLUMNS_MOST	10000
#define COLUMNS_DEFAULT 80

bool terminal_is(FILE *stream)
{
	const char *term = getenv("TERM");

	return term && *term && strcmp(term, "dumb") != 0 && isatty(fileno(stream));
}

bool terminal_has_colour(FILE *stream)
{
	const char *no_colour = getenv("NO_COLOR");

	return terminal_is(stream) && !(no_colour && *no_colour);
}

unsigned terminal_columns(FILE *stream)
{
	const char *text = getenv("COLUMNS");
	unsigned long columns = text ? strtoul(text, NULL, 10) : 0;
	struct winsize size;

	if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return columns >= COLUMNS_LEAST && columns <= COLUMNS_MOST ? (unsigned)columns
								   : COLUMNS_DEFAULT;
}
