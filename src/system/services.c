/* services: the names of ports, from /etc/services. */
#include "system/services.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "system/textfile.h"

#define SERVICES_MOST_BYTES ((size_t)16 << 20)
#define SERVICE_NAME_BYTES  63

struct service {
	uint32_t name; /* offset in names */
	uint16_t port;
	uint8_t proto;
	uint8_t alias;
};

struct services {
	struct service *entry; /* sorted by protocol, port, then place in the file */
	size_t count;
	char *names; /* each NUL-terminated; a name is never stored twice in one line */
	size_t names_length;
};

struct word {
	const char *at;
	size_t length;
};

static struct word word_next(const char **at, const char *end)
{
	struct word word;

	while (*at < end && (**at == ' ' || **at == '\t' || **at == '\r'))
		(*at)++;
	word.at = *at;
	while (*at < end && **at != ' ' && **at != '\t' && **at != '\r')
		(*at)++;
	word.length = (size_t)(*at - word.at);
	return word;
}

static bool word_is_name(struct word word)
{
	if (word.length == 0 || word.length > SERVICE_NAME_BYTES)
		return false;
	for (size_t i = 0; i < word.length; i++) {
		char c = word.at[i], lower = (char)(c | 0x20);

		if (!(lower >= 'a' && lower <= 'z') && !(c >= '0' && c <= '9') &&
		    (c == '\0' || !strchr("-_.+", c)))
			return false;
	}
	return true;
}

/* "80/tcp". */
static bool word_is_port(struct word word, uint16_t *port, uint8_t *proto)
{
	unsigned value = 0;
	size_t i = 0;

	for (; i < word.length && word.at[i] >= '0' && word.at[i] <= '9'; i++) {
		value = value * 10 + (unsigned)(word.at[i] - '0');
		if (value > UINT16_MAX)
			return false;
	}
	if (i == 0 || word.length - i != 4)
		return false;
	if (memcmp(word.at + i, "/tcp", 4) == 0)
		*proto = IPPROTO_TCP;
	else if (memcmp(word.at + i, "/udp", 4) == 0)
		*proto = IPPROTO_UDP;
	else
		return false;
	*port = (uint16_t)value;
	return true;
}

static void services_add(struct services *s, struct word name, uint16_t port, uint8_t proto,
			 bool alias)
{
	s->entry[s->count++] =
		(struct service){(uint32_t)s->names_length, port, proto, (uint8_t)alias};
	memcpy(s->names + s->names_length, name.at, name.length);
	s->names_length += name.length;
	s->names[s->names_length++] = '\0';
}

static void services_read_line(struct services *s, const char *at, const char *end)
{
	const char *comment = memchr(at, '#', (size_t)(end - at));
	struct word name, word;
	uint16_t port;
	uint8_t proto;

	if (comment)
		end = comment;
	name = word_next(&at, end);
	word = word_next(&at, end);
	if (!word_is_name(name) || !word_is_port(word, &port, &proto))
		return;
	services_add(s, name, port, proto, false);
	for (word = word_next(&at, end); word.length > 0; word = word_next(&at, end)) {
		if (word_is_name(word))
			services_add(s, word, port, proto, true);
	}
}

static int service_compare(const void *left, const void *right)
{
	const struct service *a = left, *b = right;

	if (a->proto != b->proto)
		return a->proto < b->proto ? -1 : 1;
	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	return a->name < b->name ? -1 : a->name > b->name;
}

struct services *services_new(const char *text, size_t length)
{
	const char *at = text, *end = text + length;
	struct services *s;

	if (length >= UINT32_MAX) /* offsets are 32 bits */
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	/* An entry has at least two bytes of text: a name and a separator, which the last line may
	 * lack. */
	s->names = malloc(length + 2);
	s->entry = calloc(length / 2 + 1, sizeof(*s->entry));
	if (!s->names || !s->entry) {
		services_free(s);
		return NULL;
	}
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		services_read_line(s, at, newline ? newline : end);
		at = newline ? newline + 1 : end;
	}
	if (s->count > 0) {
		struct service *trimmed = reallocarray(s->entry, s->count, sizeof(*trimmed));

		if (trimmed)
			s->entry = trimmed;
		qsort(s->entry, s->count, sizeof(*s->entry), service_compare);
	}
	return s;
}

void services_free(struct services *s)
{
	if (!s)
		return;
	free(s->entry);
	free(s->names);
	free(s);
}

int services_load(const char *path, struct services **out)
{
	size_t length = 0;
	char *text = NULL;
	int error = textfile_read(path, SERVICES_MOST_BYTES, &text, &length);

	if (error && error != -ENOENT)
		return error;
	*out = services_new(text ? text : "", length);
	free(text);
	return *out ? 0 : -ENOMEM;
}

size_t services_count(const struct services *s)
{
	return s->count;
}

const char *services_name(const struct services *s, uint16_t port, uint8_t proto)
{
	const struct service wanted = {0, port, proto, 0};
	size_t low = 0, high = s->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (service_compare(&s->entry[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == s->count || s->entry[low].port != port || s->entry[low].proto != proto)
		return NULL;
	return s->names + s->entry[low].name;
}

const char *services_name_of(void *context, uint16_t port, uint8_t proto)
{
	return services_name(context, port, proto);
}

static char letter_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Greedy, going back to the last '*' only: at most length * strlen(name) steps. */
static bool pattern_matches(const char *pattern, size_t length, const char *name)
{
	size_t at = 0, star = SIZE_MAX;
	const char *star_name = NULL;

	while (*name) {
		if (at < length && pattern[at] == '*') {
			star = at++;
			star_name = name;
		} else if (at < length && (pattern[at] == '?' ||
					   letter_lower(pattern[at]) == letter_lower(*name))) {
			at++;
			name++;
		} else if (star_name) {
			at = star + 1;
			name = ++star_name;
		} else {
			return false;
		}
	}
	while (at < length && pattern[at] == '*')
		at++;
	return at == length;
}

static int services_find(void *context, const char *name, size_t length, int proto,
			 void (*found)(void *found_context, uint16_t port), void *found_context)
{
	const struct services *s = context;
	int count = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct service *entry = &s->entry[i];

		if (entry->proto != proto || !pattern_matches(name, length, s->names + entry->name))
			continue;
		found(found_context, entry->port);
		count++;
	}
	return count;
}

struct service_names services_names(const struct services *s)
{
	/* Not written to: find() casts it back to const. */
	return (struct service_names){services_find, (void *)(uintptr_t)s};
}
