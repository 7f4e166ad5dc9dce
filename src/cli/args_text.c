/* args_text: quotes a command line. */
#include "cli/args_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/quote.h"

char *args_text(const char *command, int argc, char **argv)
{
	size_t bytes = strlen(command) + 1;
	char *text;

	for (int i = 0; i < argc; i++)
		bytes += TEXT_QUOTED(strlen(argv[i])) + 1;
	text = malloc(bytes);
	if (!text)
		return NULL;
	strcpy(text, command);
	size_t at = strlen(text);

	for (int i = 0; i < argc; i++) {
		text[at++] = ' ';
		text_quote(argv[i], strlen(argv[i]), text + at, bytes - at);
		at += strlen(text + at);
	}
	return text;
}
