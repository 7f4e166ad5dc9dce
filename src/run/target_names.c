/* target_names: host names among targets and excludes, collected first and resolved together. */
#include "run/target_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/resolve.h"

struct target_name {
	struct target target;
	bool exclude;
	char before[224], after[64]; /* of a message about it */
};

/* Room for a host name and all its addresses in a sentence. */
#define OTHERS_TEXT (sizeof(((struct target *)NULL)->name) + 64 + RESOLVE_MOST * (ADDR_TEXT + 1))

int target_names_add(struct target_names *names, const struct target *target, bool exclude,
		     const struct target_place *place, struct failure *f)
{
	struct target_name *name;

	if (names->count == names->capacity) {
		const size_t capacity = names->capacity ? 2 * names->capacity : 8;
		struct target_name *grown = reallocarray(names->name, capacity, sizeof(*grown));

		if (!grown)
			return failure_set(f, EXIT_SOFTWARE, "out of memory for the targets");
		names->name = grown;
		names->capacity = capacity;
	}
	name = &names->name[names->count++];
	*name = (struct target_name){.target = *target, .exclude = exclude};
	snprintf(name->before, sizeof(name->before), "%s", place->before);
	snprintf(name->after, sizeof(name->after), "%s", place->after);
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

static struct resolve_conf name_conf(const struct scan_request *r, bool exclude)
{
	/* An excluded name excludes every address that it has. */
	return (struct resolve_conf){
		.family = exclude || r->ipv4 == r->ipv6 ? RESOLVE_ANY
			  : r->ipv4			? RESOLVE_V4
							: RESOLVE_V6,
		.all = true,
	};
}

/* Whether all addresses of a name are targets, not only the first. */
static bool wants_all(const struct scan_request *r)
{
	return r->all_addresses || (r->ipv4 && r->ipv6);
}

/* Adds one resolved name. -1 with *f also if it has only an address that no host can have. */
static int name_apply(const struct target_name *name, const struct resolve_job *job,
		      const struct scan_request *r, struct target_list *list, struct ranges *ranges,
		      struct failure *f)
{
	const struct target *target = &name->target;
	const int wanted = name->exclude || wants_all(r) ? job->count : 1;
	char text[ADDR_TEXT];

	for (int i = 0; i < wanted; i++) {
		const unsigned whole = addr_is_v4(job->addr[i]) ? 32 : 128;
		const unsigned bits = target->has_prefix ? target->prefix_bits : whole;

		if (!name->exclude && bits == whole && addr_is_unspecified(job->addr[i]))
			return failure_set(f, EXIT_USAGE,
					   "\"%s\" resolves to %s, not the address of a host",
					   target->name, addr_format(job->addr[i], text));
		if (target_add_prefix(ranges, job->addr[i], bits, f) < 0)
			return -1;
		if (!name->exclude && bits == whole &&
		    target_list_named(list, job->addr[i], target->name, false, f) < 0)
			return -1;
	}
	return 0;
}

static void names_progress(void *context, size_t done, size_t count)
{
	const struct observer *observer = context;
	char text[100];

	if (!observer->news)
		return;
	snprintf(text, sizeof(text), "resolving names: %zu of %zu done", done, count);
	observer->news(observer->context, text);
}

/* A target without an address is a warning, and the scan continues. */
static void name_missed(const struct target_name *name, const struct failure *why,
			const struct observer *observer, struct target_list *list)
{
	char text[sizeof(why->text) + sizeof(name->before) + sizeof(name->after) + 16];

	list->unresolved++;
	list->unresolved_exit = why->exit_code;
	snprintf(text, sizeof(text), "%s%s%s; not scanned", name->before, why->text, name->after);
	if (observer->warning)
		observer->warning(observer->context, text);
}

/* Whether the scan must end because this name has no address. */
static bool name_is_needed(const struct target_names *names, const struct target_name *name,
			   const struct scan_request *r, const struct resolve_job *jobs,
			   const struct target_list *list)
{
	if (name->exclude || r->strict_targets)
		return true;
	if (list->ranges.count > 0)
		return false;
	for (size_t i = 0; i < names->count; i++)
		if (!names->name[i].exclude && jobs[i].count > 0 && &names->name[i] != name)
			return false;
	return true;
}

static int names_apply(const struct target_names *names, const struct resolve_job *jobs,
		       const struct scan_request *r, const struct observer *observer,
		       struct target_list *list, struct ranges *excludes, struct failure *f)
{
	for (size_t i = 0; i < names->count; i++) {
		const struct target_name *name = &names->name[i];
		struct failure why = jobs[i].f;
		int result = jobs[i].count > 0 ? 0 : -1;

		if (result == 0)
			result = name_apply(name, &jobs[i], r, list,
					    name->exclude ? excludes : &list->ranges, &why);
		if (result < 0 &&
		    (why.exit_code == EXIT_SOFTWARE || name_is_needed(names, name, r, jobs, list)))
			return failure_set(f, why.exit_code, "%s%s%s", name->before, why.text,
					   name->after);
		if (result < 0)
			name_missed(name, &why, observer, list);
		else if (!name->exclude && !wants_all(r) && jobs[i].count > 1)
			others_warn(observer, name->target.name, jobs[i].addr + 1,
				    jobs[i].count - 1);
	}
	return 0;
}

int target_names_resolve(struct target_names *names, const struct scan_request *request,
			 const struct observer *observer, struct target_list *list,
			 struct ranges *excludes, struct failure *f)
{
	struct observer borrowed = *observer;
	struct resolve_job *jobs;
	int result;

	if (names->count == 0)
		return 0;
	jobs = calloc(names->count, sizeof(*jobs));
	if (!jobs)
		return failure_set(f, EXIT_SOFTWARE, "out of memory for the targets");
	for (size_t i = 0; i < names->count; i++) {
		jobs[i].name = names->name[i].target.name;
		jobs[i].conf = name_conf(request, names->name[i].exclude);
	}
	result = resolve_all(jobs, names->count, names_progress, &borrowed, f);
	if (result == 0)
		result = names_apply(names, jobs, request, observer, list, excludes, f);
	for (size_t i = 0; i < names->count; i++)
		free(jobs[i].addr);
	free(jobs);
	return result;
}

void target_names_fini(struct target_names *names)
{
	free(names->name);
	*names = (struct target_names){0};
}
