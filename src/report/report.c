/* report: drives a format: one host in memory at a time, one write each, every write checked. */
#include "report/report.h"

#include <errno.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#include "result/host.h"

/* A page buffer larger than this is freed after use. */
#define PAGE_KEPT 65536

/* Redirects r->out to the page; the caller passes *real to page_close. */
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

/* Writes the page in one write, and empties it. */
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
	/* A stdio buffer would split a page into two writes. Streams without a file have their own
	 * buffer. */
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
	if (r->conf.all_hosts || (r->conf.open_only && host_has_open(host)))
		return true;
	if (!(host->notes & HOST_NAMED) && !host_answered(host)) {
		r->hidden_hosts++;
		return false;
	}
	if (r->conf.open_only) {
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
