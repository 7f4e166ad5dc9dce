/* words: a command line cut at its spaces, as a shell would. */
#ifndef PORTLIGHT_TESTS_WORDS_H
#define PORTLIGHT_TESTS_WORDS_H

#include <string.h>

#define WORDS_BYTES 512
#define WORDS_MOST  32

/* Cuts `line` into argv, and returns how many; the pieces live in `storage`. */
static inline int words_cut(const char *line, char storage[static WORDS_BYTES],
			    char *argv[static WORDS_MOST])
{
	int argc = 0;

	strcpy(storage, line);
	for (char *word = strtok(storage, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	return argc;
}

#endif
