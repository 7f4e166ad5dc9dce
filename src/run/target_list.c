/* target_list: builds one set of addresses from the words of a request and of its list files. */
#include "run/target_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quote.h"
#include "plan/targets.h"
#include "system/resolve.h"
#include "system/textfile.h"

/* Single addresses beyond this number are scanned like all others, but their names are not
 * stored. */
#define NAMED_MOST 65536

/* Room for a host name and all its addresses in a sentence. */
#define OTHERS_TEXT (sizeof(((struct target *)NULL)->name) + 64 + RESOLVE_MOST * (ADDR_TEXT + 1))

/* Where words are added: targets or excludes. */
struct word_sink {
	const struct scan_request *request;
	struct target_list *list;
	struct ranges *ranges;
	const struct observer *observer;
	bool exclude;
	const char *where; /* list file, or NULL */
};

static int named_add(struct target_list *list, struct addr a, const char *name, struct failure *f)
{
	if (list->named_count >= NAMED_MOST)
		return 0;
	if ((list->named_count & (list->named_count - 1)) == 0) {
		size_t capacity = list->named_count ? list->named_count * 2 : 1;
		struct named_target *grown = realloc(list->named, capacity * sizeof(*grown));

		if (!grown)
			return failure_set(f, EXIT_SOFTWARE, "out of memory for the targets");
		list->named = grown;
	}
	char *copy = name ? strdup(name) : NULL;

	if (name && !copy)
		return failure_set(f, EXIT_SOFTWARE, "out of memory for the targets");
	list->named[list->named_count++] = (struct named_target){a, copy};
	return 0;
}

/* Reports the addresses of a name that are not scanned. */
static void others_warn(const struct observer *observer, const char *name, const struct addr *other,
			int count)
{
	char text[OTHERS_TEXT], addr[ADDR_TEXT];
	size_t at;

	if (!observer->warning)
		return;
	at = (size_t)snprintf(text, sizeof(text), "%s has other addresses, not scanned:", name);
	for (int i = 0; i < count && at < sizeof(text); i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, " %s",
				       addr_format(other[i], addr));
	observer->warning(observer->context, text);
}

static int name_resolve(struct word_sink *sink, const struct target *target, struct failure *f)
{
	const struct scan_request *r = sink->request;
	struct resolve_conf conf = {
		.family = r->ipv4 == r->ipv6 ? RESOLVE_ANY
			  : r->ipv4	     ? RESOLVE_V4
					     : RESOLVE_V6,
		.all = true,
	};
	struct addr found[RESOLVE_MOST];
	int count, wanted = 1;

	/* An excluded name excludes every address that it has. */
	if (sink->exclude)
		conf.family = RESOLVE_ANY;
	count = resolve_name(target->name, &conf, found, f);
	if (count < 0)
		return -1;
	if (sink->exclude || (r->ipv4 && r->ipv6))
		wanted = count;
	for (int i = 0; i < wanted; i++) {
		unsigned whole = addr_is_v4(found[i]) ? 32 : 128;
		unsigned bits = target->has_prefix ? target->prefix_bits : whole;

		if (target_add_prefix(sink->ranges, found[i], bits, f) < 0)
			return -1;
		if (!sink->exclude && bits == whole &&
		    named_add(sink->list, found[i], target->name, f) < 0)
			return -1;
	}
	if (wanted < count)
		others_warn(sink->observer, target->name, found + wanted, count - wanted);
	return 0;
}

static int zone_note(struct word_sink *sink, const char *zone, struct failure *f)
{
	char *have = sink->list->zone;

	if (zone[0] == '\0' || sink->exclude || strcmp(have, zone) == 0)
		return 0;
	if (have[0])
		return failure_set(
			f, EXIT_USAGE,
			"link-local targets of two interfaces, %%%s and %%%s: scan one at "
			"a time",
			have, zone);
	memcpy(have, zone, sizeof(sink->list->zone));
	return 0;
}

/* 0.0.0.0 and ::. The kernel treats them as this machine, and no answer comes from them. */
static bool addr_is_nobody(struct addr a)
{
	return (addr_is_v4(a) && addr_v4(a) == 0) || (!a.hi && !a.lo);
}

/* They are removed from a larger range. */
static int nobody_exclude(struct ranges *excludes, struct failure *f)
{
	const struct addr four = addr_from_v4(0), six = {0, 0};

	if (ranges_add(excludes, four, four) < 0 || ranges_add(excludes, six, six) < 0)
		return failure_set(f, EXIT_SOFTWARE, "out of memory for the excludes");
	ranges_normalise(excludes);
	return 0;
}

static int word_add(struct word_sink *sink, const char *word, size_t length, struct failure *f)
{
	size_t before = sink->ranges->count;
	struct target target;
	char text[ADDR_TEXT];

	if (target_parse(word, length, sink->ranges, &target, f) < 0 ||
	    zone_note(sink, target.zone, f) < 0)
		return -1;
	if (target.kind == TARGET_NAME)
		return name_resolve(sink, &target, f);
	if (sink->exclude || sink->ranges->count != before + 1)
		return 0;
	const struct range *added = &sink->ranges->range[before];

	if (addr_is_link_local6(added->first) && !target.zone[0] && !sink->request->interface)
		return failure_set(
			f, EXIT_USAGE,
			"link-local target %s: which interface? Say %s%%eth0, or -e eth0",
			addr_format(added->first, text), text);
	if (addr_equal(added->first, added->last) && addr_is_nobody(added->first))
		return failure_set(
			f, EXIT_USAGE,
			"%s is not the address of a host; this machine is 127.0.0.1 or ::1",
			addr_format(added->first, text));
	if (addr_equal(added->first, added->last))
		return named_add(sink->list, added->first, NULL, f);
	return 0;
}

static int list_word(void *context, const char *word, size_t length, unsigned line,
		     struct failure *f)
{
	struct word_sink *sink = context;
	struct failure inner = {0};
	char where[200];

	if (word_add(sink, word, length, &inner) == 0)
		return 0;
	return failure_set(f, inner.exit_code, "%s:%u: %s",
			   text_quote(sink->where, strlen(sink->where), where, sizeof(where)), line,
			   inner.text);
}

/* An element of --exclude. */
static int split_word(void *context, const char *word, size_t length, struct failure *f)
{
	return word_add(context, word, length, f);
}

static int list_read(struct word_sink *sink, const char *path, struct failure *f)
{
	char where[200], *text;
	size_t length;
	int error = textfile_read(path, TEXTFILE_MOST_BYTES, &text, &length);

	text_quote(path, strlen(path), where, sizeof(where));
	if (error < 0)
		return failure_set(f, EXIT_IO, "cannot read list \"%s\": %s", where,
				   strerror(-error));
	sink->where = path;
	int result = target_list_parse(text, length, where, list_word, sink, f);

	free(text);
	return result;
}

/* Explains syntax of other programs that is not valid here; or NULL. */
static const char *word_advice(const char *word)
{
	const char *comma = strchr(word, ','), *colon = strchr(word, ':');

	if (comma && strpbrk(comma, ".:"))
		return "targets are separated by spaces";
	if (word[0] == '[')
		return "write IPv6 addresses without brackets";
	if (colon && colon[1] && colon[1 + strspn(colon + 1, "0123456789")] == '\0')
		return "ports are given by -p";
	return NULL;
}

static int target_word(struct word_sink *sink, const char *word, struct failure *f)
{
	struct failure inner = {0};
	const char *advice = word_advice(word);

	if (word_add(sink, word, strlen(word), &inner) == 0)
		return 0;
	return failure_set(f, inner.exit_code, "%s%s%s", inner.text, advice ? "; " : "",
			   advice ? advice : "");
}

static int words_read(struct word_sink *sink, const struct words *words, const struct words *lists,
		      struct failure *f)
{
	for (size_t i = 0; i < words->count; i++) {
		const char *text = words->word[i];

		/* Only --exclude takes lists: a target with a comma is an octet list. */
		if (sink->exclude ? target_split(text, strlen(text), split_word, sink, f)
				  : target_word(sink, text, f))
			return -1;
	}
	for (size_t i = 0; i < lists->count; i++)
		if (list_read(sink, lists->word[i], f) < 0)
			return -1;
	ranges_normalise(sink->ranges);
	return 0;
}

static int named_compare(const void *left, const void *right)
{
	const struct named_target *a = left, *b = right;
	int order = addr_compare(a->addr, b->addr);

	/* Of two entries with the same address, the one with a name comes first, so that it is
	 * found. */
	return order ? order : (a->name == NULL) - (b->name == NULL);
}

int target_list_build(const struct scan_request *r, const struct observer *observer,
		      struct target_list *list, struct failure *f)
{
	struct ranges excludes = {0};
	struct word_sink targets = {r, list, &list->ranges, observer, false, NULL};
	struct word_sink out = {r, list, &excludes, observer, true, NULL};
	int result = -1;

	memset(list, 0, sizeof(*list));
	if (words_read(&targets, &r->targets, &r->lists, f) < 0 ||
	    words_read(&out, &r->excludes, &r->exclude_lists, f) < 0 ||
	    nobody_exclude(&excludes, f) < 0)
		goto out;
	uint64_t before = ranges_size(&list->ranges);

	if (ranges_subtract(&list->ranges, &excludes) < 0) {
		failure_set(f, EXIT_SOFTWARE, "out of memory for the excludes");
		goto out;
	}
	list->excluded = before - ranges_size(&list->ranges);
	if (list->ranges.count == 0) {
		failure_set(f, EXIT_USAGE,
			    before ? "the excludes leave no target to scan"
				   : "no target given; see portlight scan --help");
		goto out;
	}
	if (list->named_count)
		qsort(list->named, list->named_count, sizeof(list->named[0]), named_compare);
	result = 0;
out:
	ranges_fini(&excludes);
	return result;
}

void target_list_fini(struct target_list *list)
{
	for (size_t i = 0; i < list->named_count; i++)
		free(list->named[i].name);
	free(list->named);
	ranges_fini(&list->ranges);
	memset(list, 0, sizeof(*list));
}

const struct named_target *target_list_find(const struct target_list *list, struct addr a)
{
	size_t low = 0, high = list->named_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (addr_compare(list->named[middle].addr, a) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == list->named_count || !addr_equal(list->named[low].addr, a))
		return NULL;
	return &list->named[low];
}
