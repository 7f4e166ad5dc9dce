/* report: drives a format: one host in memory at a time, one write each, every write checked. */
#include "report/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/view.h"

/* What a format writes into before it leaves as one write. */
struct page {
	FILE *real;
	char *text;
	size_t length;
};

static int page_open(struct page *page, struct report *r)
{
	*page = (struct page){.real = r->out};
	if (r->error)
		return -1;
	FILE *memory = open_memstream(&page->text, &page->length);

	if (!memory) {
		r->error = errno ? errno : ENOMEM;
		return -1;
	}
	r->out = memory;
	return 0;
}

static void page_close(struct page *page, struct report *r)
{
	bool failed = ferror(r->out) != 0;

	if (fclose(r->out) != 0 || failed)
		r->error = ENOMEM; /* the only way a memory stream can fail */
	r->out = page->real;
	if (!r->error && page->length > 0) {
		errno = 0;
		if (fwrite(page->text, 1, page->length, r->out) != page->length ||
		    fflush(r->out) != 0)
			r->error = errno ? errno : EIO;
	}
	free(page->text);
}

void report_begin(struct report *r, const struct run_info *run)
{
	struct page page;

	r->run = run;
	/* A buffer of stdio's would cut a page in two. Streams without a file have their own. */
	if (fileno(r->out) >= 0)
		(void)setvbuf(r->out, NULL, _IONBF, 0);
	if (page_open(&page, r) != 0)
		return;
	r->ops->begin(r, run);
	page_close(&page, r);
}

static bool is_shown(struct report *r, const struct host_report *host)
{
	if (r->conf.all_hosts)
		return true;
	if (!(host->notes & HOST_NAMED) && !view_answered(host)) {
		r->hidden_hosts++;
		return false;
	}
	if (r->conf.open_only && !view_has_open(host)) {
		r->shut_hosts++;
		return false;
	}
	return true;
}

void report_host(struct report *r, const struct host_report *host)
{
	struct page page;

	if (!is_shown(r, host) || page_open(&page, r) != 0)
		return;
	r->ops->host(r, host);
	page_close(&page, r);
}

void report_end(struct report *r, const struct run_summary *summary)
{
	struct page page;

	if (page_open(&page, r) != 0)
		return;
	r->ops->end(r, summary);
	page_close(&page, r);
}

static bool is_summed_up(unsigned state, uint32_t count, const struct report_conf *conf)
{
	unsigned listed = BULK_LISTED;

	if (state == STATE_NONE || state == PORT_OPEN || count == 0)
		return false;
	if (conf->open_only && state != PORT_OPEN_FILTERED)
		return true;
	if (conf->verbose > 0)
		listed += BULK_LISTED * (unsigned)(conf->verbose < 100 ? conf->verbose : 100);
	return !conf->all_ports && count > listed;
}

static int group_compare(const void *a, const void *b)
{
	const struct bulk_group *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	if (x->technique != y->technique)
		return x->technique < y->technique ? -1 : 1;
	return x->state < y->state ? -1 : x->state > y->state;
}

void bulk_count(struct bulk *bulk, const struct host_report *host, const struct report_conf *conf)
{
	struct bulk_group all[TECHNIQUES * PORT_STATES];
	unsigned groups = 0;

	memset(all, 0, sizeof(all));
	for (size_t i = 0; i < host->count; i++) {
		const struct finding *f = &host->findings[i];

		if (f->technique >= TECHNIQUES || f->state >= PORT_STATES || f->reason >= REASONS)
			continue;
		struct bulk_group *group = &all[f->technique * PORT_STATES + f->state];

		group->technique = f->technique;
		group->state = f->state;
		group->count++;
		group->reasons[f->reason]++;
	}
	for (unsigned i = 0; i < TECHNIQUES * PORT_STATES; i++)
		if (is_summed_up(all[i].state, all[i].count, conf))
			all[groups++] = all[i];
	qsort(all, groups, sizeof(all[0]), group_compare);
	bulk->groups = groups < BULK_GROUPS ? groups : BULK_GROUPS;
	memcpy(bulk->group, all, bulk->groups * sizeof(all[0]));
}

bool bulk_has(const struct bulk *bulk, const struct finding *finding)
{
	for (unsigned i = 0; i < bulk->groups; i++)
		if (bulk->group[i].technique == finding->technique &&
		    bulk->group[i].state == finding->state)
			return true;
	return false;
}

uint64_t bulk_in_state(const struct bulk *bulk, unsigned i)
{
	uint64_t count = 0;

	for (unsigned j = 0; j < bulk->groups; j++) {
		if (bulk->group[j].state != bulk->group[i].state)
			continue;
		if (j < i)
			return 0;
		count += bulk->group[j].count;
	}
	return count;
}
