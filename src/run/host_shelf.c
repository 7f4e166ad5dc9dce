/* host_shelf: copies of host records, sorted. */
#include "run/host_shelf.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64

/* *to is a copy of *from that lives as long as the builder; NULL stays NULL. */
static bool copy_text(struct builder *b, const char *from, const char **to)
{
	*to = from ? builder_text(b, from) : NULL;
	return !from || *to;
}

static bool copy_host(struct builder *b, const struct host_report *host)
{
	struct finding twice;

	b->host = *host;
	if (!copy_text(b, host->name, &b->host.name) ||
	    !copy_text(b, host->other_names, &b->host.other_names) ||
	    !copy_text(b, host->reverse_name, &b->host.reverse_name) ||
	    !copy_text(b, host->zone, &b->host.zone))
		return false;
	b->host.technique_results = NULL;
	b->host.origins = NULL;
	b->host.origin_count = 0;
	if (host->status) {
		b->status = *host->status;
		if (!copy_text(b, host->status->reason, &b->status.reason))
			return false;
	}
	for (size_t i = 0; i < host->count; i++) {
		struct finding finding = host->findings[i];

		if (!copy_text(b, finding.service, &finding.service) || !builder_add(b, &finding))
			return false;
	}
	return builder_finish(b, &twice);
}

static bool shelf_add(struct host_shelf *shelf, const struct host_report *host)
{
	if (shelf->count == shelf->capacity) {
		const size_t wanted = shelf->capacity ? shelf->capacity * 2 : FIRST_CAPACITY;
		struct builder *grown = reallocarray(shelf->host, wanted, sizeof(*grown));

		if (!grown)
			return false;
		shelf->host = grown;
		shelf->capacity = wanted;
	}
	shelf->host[shelf->count] = (struct builder){.count = 0};
	return copy_host(&shelf->host[shelf->count++], host);
}

static int compare(const void *left, const void *right)
{
	const struct builder *a = left, *b = right;

	return addr_compare(a->host.addr, b->host.addr);
}

int host_shelf_fill(struct host_shelf *shelf, struct source *source, struct failure *f)
{
	struct record record;
	int got;

	while ((got = source->ops->next(source, &record, f)) > 0)
		if (record.kind == RECORD_HOST && !shelf_add(shelf, record.host))
			return failure_set(f, EXIT_SOFTWARE,
					   "out of memory for the hosts of a file");
	if (got < 0)
		return -1;
	if (shelf->count)
		qsort(shelf->host, shelf->count, sizeof(*shelf->host), compare);
	/* Only now do the builders stay where they are. */
	for (size_t i = 0; i < shelf->count; i++)
		if (shelf->host[i].host.status)
			shelf->host[i].host.status = &shelf->host[i].status;
	return 0;
}

void host_shelf_fini(struct host_shelf *shelf)
{
	for (size_t i = 0; i < shelf->count; i++)
		builder_fini(&shelf->host[i]);
	free(shelf->host);
	memset(shelf, 0, sizeof(*shelf));
}
