/* targets_list: the words of a list file of targets. */
#include "plan/targets.h"

#include <stdbool.h>
#include <string.h>

#define TARGET_WORD_BYTES 1024

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

int target_list_parse(const char *text, size_t length, const char *where,
		      int (*each)(void *context, const char *word, size_t length, unsigned line,
				  struct failure *f),
		      void *context, struct failure *f)
{
	unsigned line = 1;
	size_t at = 0;

	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		at = 3; /* a byte order mark, left by some editors */
	while (at < length) {
		size_t start = at;
		int result;

		if (text[at] == '\0')
			return failure_set(f, EXIT_USAGE, "%s:%u: a NUL byte", where, line);
		if (is_space(text[at])) {
			line += text[at++] == '\n';
			continue;
		}
		if (text[at] == '#') {
			while (at < length && text[at] != '\n' && text[at] != '\0')
				at++;
			continue;
		}
		while (at < length && !is_space(text[at]) && text[at] != '#' && text[at] != '\0')
			at++;
		if (at - start > TARGET_WORD_BYTES)
			return failure_set(f, EXIT_USAGE, "%s:%u: a word longer than %d bytes",
					   where, line, TARGET_WORD_BYTES);
		result = each(context, text + start, at - start, line, f);
		if (result != 0)
			return result;
	}
	return 0;
}
