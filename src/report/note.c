/* note: what a scan tells its user on standard error, wrapped. */
#include "report/note.h"

#include <stdarg.h>
#include <stdlib.h>

#include "report/phrase.h"
#include "report/terminal.h"

#define NOTE_LABEL  "portlight:"
#define NOTE_INDENT ((int)sizeof(NOTE_LABEL)) /* with a space */

void note_print(FILE *out, const char *format, ...)
{
	char *text = NULL, *wrapped = NULL;
	size_t length = 0;
	va_list list;
	FILE *page;

	va_start(list, format);
	if (vasprintf(&text, format, list) < 0)
		text = NULL;
	va_end(list);
	page = text ? open_memstream(&wrapped, &length) : NULL;
	if (page) {
		phrase_wrap(page, terminal_columns(out), NOTE_LABEL, text, NOTE_INDENT);
		if (fclose(page) == 0)
			(void)fwrite(wrapped, 1, length, out); /* a note */
	}
	free(wrapped);
	free(text);
}
