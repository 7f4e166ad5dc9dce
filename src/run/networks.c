/* networks: builds one set of addresses from options and files that list networks. */
#include "run/networks.h"

#include <stdlib.h>
#include <string.h>

#include "base/quote.h"
#include "plan/targets.h"
#include "system/textfile.h"

/* Where the words of a list are added, and its name in error messages. */
struct networks_sink {
	struct ranges *set;
	const char *where; /* safe to print */
};

static int network_add(struct ranges *set, const char *word, size_t length, struct failure *f)
{
	struct target target;

	if (target_parse(word, length, set, &target, f) < 0)
		return -1;
	if (target.kind == TARGET_NAME)
		return failure_set(f, EXIT_USAGE, "\"%s\" is not an address or network",
				   target.name);
	return 0;
}

static int option_word(void *context, const char *word, size_t length, struct failure *f)
{
	const struct networks_sink *sink = context;
	struct failure inner = {0};

	if (network_add(sink->set, word, length, &inner) == 0)
		return 0;
	return failure_set(f, inner.exit_code, "%s: %s", sink->where, inner.text);
}

int networks_add(struct ranges *set, const char *option, const struct words *words,
		 struct failure *f)
{
	struct networks_sink sink = {set, option};

	for (size_t i = 0; i < words->count; i++)
		if (target_split(words->word[i], strlen(words->word[i]), option_word, &sink, f) !=
		    0)
			return -1;
	return 0;
}

static int file_word(void *context, const char *word, size_t length, unsigned line,
		     struct failure *f)
{
	const struct networks_sink *sink = context;
	struct failure inner = {0};

	if (network_add(sink->set, word, length, &inner) == 0)
		return 0;
	return failure_set(f, inner.exit_code, "%s:%u: %s", sink->where, line, inner.text);
}

int networks_add_files(struct ranges *set, const struct words *paths, struct failure *f)
{
	for (size_t i = 0; i < paths->count; i++) {
		const char *path = paths->word[i];
		char quoted[200], *text;
		struct networks_sink sink = {set, quoted};
		size_t length;
		int error = textfile_read(path, TEXTFILE_MOST_BYTES, &text, &length), result;

		text_quote(path, strlen(path), quoted, sizeof(quoted));
		if (error < 0)
			return failure_set(f, EXIT_IO, "cannot read \"%s\": %s", quoted,
					   strerror(-error));
		result = target_list_parse(text, length, quoted, file_word, &sink, f);
		free(text);
		if (result != 0)
			return -1;
	}
	return 0;
}
