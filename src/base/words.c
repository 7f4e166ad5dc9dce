/* words: a growing list of texts. */
#include "base/words.h"

#include <stdlib.h>

int words_add(struct words *w, const char *word)
{
	const char **grown = reallocarray(w->word, w->count + 1, sizeof(*grown));

	if (!grown)
		return -1;
	w->word = grown;
	w->word[w->count++] = word;
	return 0;
}

void words_fini(struct words *w)
{
	free(w->word);
	*w = (struct words){NULL, 0};
}
