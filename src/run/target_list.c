/* target_list: single addresses with the names that they were given by. */
#include "run/target_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Single addresses beyond this number are scanned like all others, but their names are not
 * stored. */
#define NAMED_MOST 65536

int target_list_named(struct target_list *list, struct addr a, const char *name, bool listed,
		      struct failure *f)
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
	list->named[list->named_count] = (struct named_target){
		.addr = a, .name = copy, .order = list->named_count, .listed = listed};
	list->named_count++;
	return 0;
}

static int named_compare(const void *left, const void *right)
{
	const struct named_target *a = left, *b = right;
	int order = addr_compare(a->addr, b->addr);

	/* Among entries with the same address those with a name come first, in the order of the
	 * command line. */
	if (order == 0)
		order = (a->name == NULL) - (b->name == NULL);
	return order ? order : (a->order > b->order) - (a->order < b->order);
}

/* Adds a name to *to, unless it has it already. */
static int named_join(struct named_target *to, const char *name, struct failure *f)
{
	const size_t length = strlen(name);
	char *joined;

	if (!to->name || strcmp(to->name, name) == 0)
		return 0;
	for (const char *at = to->other_names; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, name, length) == 0 && (at[length] == ',' || !at[length]))
			return 0;
	}
	if (asprintf(&joined, "%s%s%s", to->other_names ? to->other_names : "",
		     to->other_names ? "," : "", name) < 0)
		return failure_set(f, EXIT_SOFTWARE, "out of memory for the targets");
	free(to->other_names);
	to->other_names = joined;
	return 0;
}

/* Sorts the entries and merges those with the same address, which keep all their names. */
int target_list_sort(struct target_list *list, struct failure *f)
{
	struct named_target *named = list->named;
	size_t kept = 0;
	int result = 0;

	if (list->named_count == 0)
		return 0;
	qsort(named, list->named_count, sizeof(named[0]), named_compare);
	for (size_t i = 0; i < list->named_count; i++) {
		if (kept == 0 || !addr_equal(named[kept - 1].addr, named[i].addr)) {
			named[kept++] = named[i];
			continue;
		}
		named[kept - 1].listed &= named[i].listed;
		if (named[i].name && result == 0)
			result = named_join(&named[kept - 1], named[i].name, f);
		free(named[i].name);
	}
	list->named_count = kept;
	return result;
}

void target_list_fini(struct target_list *list)
{
	for (size_t i = 0; i < list->named_count; i++) {
		free(list->named[i].name);
		free(list->named[i].other_names);
	}
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
