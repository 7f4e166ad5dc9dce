/* words: a growing list of borrowed strings, in the order of their addition. */
#ifndef PORTLIGHT_BASE_WORDS_H
#define PORTLIGHT_BASE_WORDS_H

#include <stddef.h>

/* Zero-initialised is empty. */
struct words {
	const char **word; /* borrowed; each outlives the list */
	size_t count;
};

/* Appends a string. Returns 0; or -1 if out of memory, and the list is unchanged. */
int words_add(struct words *w, const char *word);
void words_fini(struct words *w);

#endif
