/* report: drives a format: one host in memory at a time, one write each, every write checked. */
#include "report/report.h"

#include <errno.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#include "report/view.h"

/* A page that became larger than this is not kept for the next. */
#define PAGE_KEPT 65536

/* Turns r->out to the page; *real is to be given back to page_close. */
static int page_open(struct report *r, FILE **real)
{
	if (r->error)
		return -1;
	if (!r->page) {
		r->page = open_memstream(&r->page_text, &r->page_length);
		if (!r->page) {
			r->error = errno ? errno : ENOMEM;
			return -1;
		}
		(void)__fsetlocking(r->page, FSETLOCKING_BYCALLER);
	}
	*real = r->out;
	r->out = r->page;
	return 0;
}

void report_fini(struct report *r)
{
	if (!r->page)
		return;
	(void)fclose(r->page);
	free(r->page_text);
	r->page = NULL;
}

/* The page leaves as one write, and the next begins where it began. */
static void page_close(struct report *r, FILE *real)
{
	r->out = real;
	if (fflush(r->page) != 0 || ferror(r->page)) {
		r->error = ENOMEM; /* the only way a memory stream can fail */
	} else if (r->page_length > 0) {
		errno = 0;
		if (fwrite(r->page_text, 1, r->page_length, real) != r->page_length ||
		    fflush(real) != 0)
			r->error = errno ? errno : EIO;
	}
	if (r->error || r->page_length > PAGE_KEPT || fseeko(r->page, 0, SEEK_SET) != 0)
		report_fini(r);
}

static int report_begin(struct sink *s, const struct run_info *run)
{
	struct report *r = (struct report *)s;
	FILE *real;

	r->run = run;
	/* A buffer of stdio's would cut a page in two. Streams without a file have their own. */
	if (fileno(r->out) >= 0)
		(void)setvbuf(r->out, NULL, _IONBF, 0);
	if (page_open(r, &real) != 0)
		return r->error;
	r->ops->begin(r, run);
	page_close(r, real);
	return r->error;
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

static int report_record(struct sink *s, const struct record *record)
{
	struct report *r = (struct report *)s;
	FILE *real;

	if (record->kind != RECORD_HOST || !is_shown(r, record->host) || page_open(r, &real) != 0)
		return r->error;
	r->ops->host(r, record->host);
	page_close(r, real);
	return r->error;
}

static int report_end(struct sink *s, const struct run_summary *summary)
{
	struct report *r = (struct report *)s;
	FILE *real;

	if (page_open(r, &real) != 0)
		return r->error;
	r->ops->end(r, summary);
	page_close(r, real);
	report_fini(r);
	return r->error;
}

static const char *report_destination(const struct sink *s)
{
	return ((const struct report *)s)->ops->name;
}

static const struct sink_ops report_sink = {"report", report_begin, report_record, report_end,
					    report_destination};

void report_init(struct report *r, const struct report_ops *ops, FILE *out,
		 const struct report_conf *conf)
{
	*r = (struct report){.sink = {&report_sink}, .ops = ops, .out = out, .conf = *conf};
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
