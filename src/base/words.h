/* words: a growing list of texts that belong to somebody else, in the order given. */
#ifndef PORTLIGHT_BASE_WORDS_H
#define PORTLIGHT_BASE_WORDS_H

#include <stddef.h>

/* All zero is empty. */
struct words {
	const char **word; /* each outlives the list */
	size_t count;
};

/* 0, or -1 if out of memory; then the list is as before. */
int words_add(struct words *w, const char *word);
void words_fini(struct words *w);

#endif
