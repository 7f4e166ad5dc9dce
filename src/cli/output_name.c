/* output_name: names of output files, with the time of the start in them as nmap allows. */
#include "cli/output_name.h"

#include <stdlib.h>
#include <string.h>

#include "base/quote.h"

/* What strftime(3) has for a conversion of nmap, or NULL. */
static const char *conversion(char letter)
{
	switch (letter) {
	case 'H':
		return "%H";
	case 'M':
		return "%M";
	case 'S':
		return "%S";
	case 'm':
		return "%m";
	case 'd':
		return "%d";
	case 'y':
		return "%y";
	case 'Y':
		return "%Y";
	case 'T':
		return "%H%M%S";
	case 'R':
		return "%H%M";
	case 'D':
		return "%m%d%y";
	default:
		return NULL;
	}
}

/* Longest text of a conversion, with its NUL: a year may have more than four digits. */
#define CONVERTED 24

int output_name_expand(const char *name, const struct tm *at, char **out, struct failure *f)
{
	char quoted[300], *to;

	if (name[0] == '-' && name[1])
		return failure_set(f, EXIT_USAGE,
				   "the name of an output begins with \"-\": \"%s\"; if that is no "
				   "option, write ./%s",
				   text_quote(name, strlen(name), quoted, sizeof(quoted)), quoted);
	*out = to = malloc(strlen(name) * CONVERTED + 1);
	if (!to)
		return failure_set(f, EXIT_SOFTWARE, "out of memory");
	for (; *name; name++) {
		const char *format = NULL;

		if (*name == '%' && name[1])
			format = conversion(*++name);
		if (format)
			to += strftime(to, CONVERTED, format, at);
		else
			*to++ = *name;
	}
	*to = '\0';
	return 0;
}
