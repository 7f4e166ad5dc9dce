/* target_read: builds one set of addresses from the words of a request and of its list files. */
#include "run/target_read.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quote.h"
#include "net/link.h"
#include "net/link_hosts.h"
#include "plan/targets.h"
#include "run/target_names.h"
#include "system/textfile.h"

/* A link-local range of as many addresses is not walked. */
#define WHOLE_LINK_LEAST (UINT64_C(1) << 24)

/* Where words are added: targets or excludes. */
struct word_sink {
	const struct scan_request *request;
	struct target_list *list;
	struct ranges *ranges;
	struct target_names *names;
	bool exclude;
	const char *where;	   /* list file, or NULL */
	struct target_place place; /* position of the current word */
};

/* "%2": an interface's number in place of its name (RFC 4007, 11.2). */
static int zone_name(const char *zone, char name[static IF_NAMESIZE], struct failure *f)
{
	const size_t digits = strspn(zone, "0123456789");

	if (if_nametoindex(zone) != 0 || digits == 0 || zone[digits] || digits > 9) {
		snprintf(name, IF_NAMESIZE, "%s", zone);
		return 0;
	}
	if (!if_indextoname((unsigned)strtoul(zone, NULL, 10), name))
		return failure_set(f, EXIT_UNAVAILABLE, "%%%s: no interface has that number", zone);
	return 0;
}

static int zone_note(struct word_sink *sink, const char *zone, struct failure *f)
{
	const char *interface = sink->request->interface;
	char *have = sink->list->zone, name[IF_NAMESIZE];

	if (zone[0] == '\0' || sink->exclude)
		return 0;
	if (zone_name(zone, name, f) < 0)
		return -1;
	if (have[0] && strcmp(have, name) != 0)
		return failure_set(
			f, EXIT_USAGE,
			"link-local targets of two interfaces, %%%s and %%%s: scan one at "
			"a time",
			have, name);
	if (interface && strcmp(interface, name) != 0)
		return failure_set(f, EXIT_USAGE,
				   "a target is on interface %s (%%%s), and -e names another one",
				   name, zone);
	snprintf(have, sizeof(sink->list->zone), "%s", name);
	return 0;
}

/* A larger range is scanned without the unspecified addresses. */
static int unspecified_exclude(struct ranges *excludes, struct failure *f)
{
	const struct addr four = addr_from_v4(0), six = {0, 0};

	if (ranges_add(excludes, four, four) < 0 || ranges_add(excludes, six, six) < 0)
		return failure_set(f, EXIT_SOFTWARE, "out of memory for the excludes");
	ranges_normalise(excludes);
	return 0;
}

/* Whether it is all of a link, which cannot be walked: "fe80::%eth0", "fe80::/64%eth0". */
static bool is_whole_link(const struct range *r)
{
	const uint64_t span = r->last.lo - r->first.lo;

	return addr_is_link_local6(r->first) && r->first.lo == 0 &&
	       (span == 0 || span >= WHOLE_LINK_LEAST || r->last.hi != r->first.hi);
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
		return target_names_add(sink->names, &target, sink->exclude, &sink->place, f);
	if (sink->exclude || sink->ranges->count != before + 1)
		return 0;
	const struct range *added = &sink->ranges->range[before];

	if (addr_is_link_local6(added->first) && !target.zone[0] && !sink->request->interface)
		return failure_set(
			f, EXIT_USAGE,
			"link-local target %s: which interface? Say %s%%eth0, or -e eth0",
			addr_format(added->first, text), text);
	if (is_whole_link(added)) {
		sink->ranges->count--;
		sink->list->whole_link = true;
		return 0;
	}
	if (addr_equal(added->first, added->last) && addr_is_unspecified(added->first))
		return failure_set(
			f, EXIT_USAGE,
			"%s is not the address of a host; this machine is 127.0.0.1 or ::1",
			addr_format(added->first, text));
	if (addr_equal(added->first, added->last))
		return target_list_named(sink->list, added->first, NULL, sink->where != NULL, f);
	return 0;
}

static int list_word(void *context, const char *word, size_t length, unsigned line,
		     struct failure *f)
{
	struct word_sink *sink = context;
	struct failure inner = {0};
	char where[200], before[224];
	int result;

	text_quote(sink->where, strlen(sink->where), where, sizeof(where));
	snprintf(before, sizeof(before), "%s:%u: ", where, line);
	sink->place.before = before;
	result = word_add(sink, word, length, &inner);
	sink->place.before = "";
	return result == 0 ? 0 : failure_set(f, inner.exit_code, "%s%s", before, inner.text);
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
	char after[64] = "";
	int result;

	if (advice)
		snprintf(after, sizeof(after), "; %s", advice);
	sink->place.after = after;
	result = word_add(sink, word, strlen(word), &inner);
	sink->place.after = "";
	return result == 0 ? 0 : failure_set(f, inner.exit_code, "%s%s", inner.text, after);
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
	return 0;
}

/* Adds the hosts of a link that was given as a whole. */
static int link_read(const struct scan_request *r, const struct observer *observer,
		     struct target_list *list, struct failure *f)
{
	const char *name = list->zone[0] ? list->zone : r->interface;
	const size_t before = list->ranges.count;
	char text[160], quoted[TEXT_QUOTED(IF_NAMESIZE)];

	if (!list->whole_link)
		return 0;
	text_quote(name, strnlen(name, IF_NAMESIZE), quoted, sizeof(quoted));
	if (r->only_listed)
		return failure_set(
			f, EXIT_USAGE,
			"the hosts of link %s are found by multicast, and -sL and --dry-run send "
			"nothing",
			quoted);
	if (link_check(name, f) < 0 ||
	    link_hosts_find(if_nametoindex(name), &list->ranges, NULL, f) < 0)
		return -1;
	if (list->ranges.count == before && before == 0)
		return failure_set(
			f, EXIT_UNAVAILABLE,
			"no IPv6 host of link %s answered an echo request to all (ff02::1)",
			quoted);
	snprintf(text, sizeof(text), "%zu IPv6 host%s of link %s found by multicast",
		 list->ranges.count - before, list->ranges.count - before == 1 ? "" : "s", quoted);
	if (observer->news)
		observer->news(observer->context, text);
	return 0;
}

int target_read(const struct scan_request *r, const struct observer *observer,
		struct target_list *list, struct failure *f)
{
	struct ranges excludes = {0};
	struct target_names names = {0};
	const struct target_place nowhere = {"", ""};
	struct word_sink targets = {r, list, &list->ranges, &names, false, NULL, nowhere};
	struct word_sink out = {r, list, &excludes, &names, true, NULL, nowhere};
	int result = -1;

	memset(list, 0, sizeof(*list));
	if (r->resolved) {
		*list = *r->resolved;
		memset(r->resolved, 0, sizeof(*list));
		return 0;
	}
	if (words_read(&targets, &r->targets, &r->lists, f) < 0 ||
	    words_read(&out, &r->excludes, &r->exclude_lists, f) < 0 ||
	    target_names_resolve(&names, r, observer, list, &excludes, f) < 0 ||
	    link_read(r, observer, list, f) < 0 || unspecified_exclude(&excludes, f) < 0)
		goto out;
	ranges_normalise(&list->ranges);
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
	result = target_list_sort(list, f);
out:
	target_names_fini(&names);
	ranges_fini(&excludes);
	return result;
}
