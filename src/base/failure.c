/* failure: what went wrong, in one line for the user. */
#include "base/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int failure_set(struct failure *f, int exit_code, const char *format, ...)
{
	static const char cut[] = "...";
	va_list arguments;
	int length;

	if (f->exit_code)
		return -1;
	f->exit_code = exit_code;
	va_start(arguments, format);
	length = vsnprintf(f->text, sizeof(f->text), format, arguments);
	va_end(arguments);
	if (length < 0)
		f->text[0] = '\0';
	else if ((size_t)length >= sizeof(f->text))
		memcpy(f->text + sizeof(f->text) - sizeof(cut), cut, sizeof(cut));
	return -1;
}
