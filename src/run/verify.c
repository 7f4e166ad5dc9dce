/* verify: the coverage of a plan by saved runs. */
#include "run/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/quote.h"
#include "ingest/source.h"
#include "run/stated_plan.h"

static int verify_memory(struct failure *f)
{
	return failure_set(f, EXIT_SOFTWARE, "out of memory for the verdicts of a window");
}

int verify_run_begin(struct verify *v, struct verify_run *at, const struct run_info *run,
		     const char *name, struct failure *f)
{
	struct stated_plan stated;
	char quoted[200];
	int result = 0;

	memset(at, 0, sizeof(*at));
	at->window = at->partial = UINT64_MAX;
	text_quote(name, strlen(name), quoted, sizeof(quoted));
	if (!v->plan) {
		result = stated_plan_take(run, name, &stated, &v->plan, f);
		stated_plan_fini(&stated);
		if (result < 0)
			return -1;
		v->hash = run->plan->hash;
		memcpy(v->first_name, quoted, sizeof(quoted));
	}
	if (!run->plan)
		return failure_set(f, EXIT_DATA,
				   "\"%s\": states no plan: NDJSON of portlight scan does", quoted);
	if (run->plan->hash != v->hash || run->plan->total != v->plan->total)
		return failure_set(f, EXIT_DATA,
				   "\"%s\" is of another plan than \"%s\": targets, ports, "
				   "techniques or seed differ",
				   quoted, v->first_name);
	return 0;
}

/* Windows before the last two are finished. */
static void window_enter(const struct verify *v, struct verify_run *at, uint64_t window)
{
	const struct coverage before = at->before;

	if (window == at->window)
		return;
	at->window = window;
	at->before = at->cells;
	at->cells = before;
	at->cells.count = 0;
	plan_window_permute(v->plan, window, &at->order);
}

int verify_run_host(struct verify *v, struct verify_run *at, const struct host_report *host,
		    const char *name, struct failure *f)
{
	const struct plan *plan = v->plan;
	char text[ADDR_TEXT], quoted[200];
	uint64_t rank;
	uint32_t slot;

	text_quote(name, strlen(name), quoted, sizeof(quoted));
	if (!plan_find_host(plan, host->addr, &rank))
		return failure_set(f, EXIT_DATA, "\"%s\": host %s is not in the plan", quoted,
				   addr_format(host->addr, text));
	window_enter(v, at, rank / plan->window_hosts);
	if (host->notes & HOST_PARTIAL && at->partial == UINT64_MAX)
		at->partial = at->window;
	for (size_t i = 0; i < host->count; i++) {
		const struct finding *finding = &host->findings[i];
		uint64_t index;

		if (!plan_find_slot(plan, finding->technique, finding->port, &slot))
			return failure_set(f, EXIT_DATA,
					   "\"%s\": port %u of host %s is not in the plan", quoted,
					   finding->port, addr_format(host->addr, text));
		index = at->window * plan->window_cells +
			permute_backward(&at->order,
					 rank % plan->window_hosts * plan->slots + slot);
		if (coverage_add(&at->cells, index, index + 1) < 0)
			return verify_memory(f);
	}
	return 0;
}

/* Of a run without its summary: up to the window of its last host; if it was interrupted before it
 * was killed, one less than that of its first partial host, since none may be listed of one that
 * was open, too. */
static uint64_t finished_of(const struct verify *v, const struct verify_run *at,
			    const struct source *source, const struct run_plan *plan)
{
	uint64_t finished = source->summary.finished;

	if (source->cut_off)
		finished = at->partial == UINT64_MAX ? at->window : at->partial - (at->partial > 0);
	if (source->cut_off)
		finished = at->window == UINT64_MAX ? 0 : finished * v->plan->window_cells;
	return finished < plan->last ? finished : plan->last;
}

int verify_run_end(struct verify *v, struct verify_run *at, const struct run_info *run,
		   const struct source *source, struct failure *f)
{
	const uint64_t finished = finished_of(v, at, source, run->plan);
	const struct coverage *cells[] = {&at->before, &at->cells};

	for (size_t w = 0; w < 2; w++)
		for (size_t i = 0; i < cells[w]->count; i++)
			if (coverage_add(&v->covered, cells[w]->part[i].first,
					 cells[w]->part[i].last) < 0)
				return verify_memory(f);
	if (coverage_add(&v->covered, run->plan->first, finished) < 0)
		return verify_memory(f);
	coverage_normalise(&v->covered);
	v->files++;
	v->partial += finished < run->plan->last;
	return 0;
}

void verify_run_fini(struct verify_run *at)
{
	coverage_fini(&at->cells);
	coverage_fini(&at->before);
}

static int verify_records(struct verify *v, struct verify_run *at, struct source *source,
			  const struct run_info *run, const char *name, struct failure *f)
{
	struct record record;
	int got;

	if (verify_run_begin(v, at, run, name, f) < 0)
		return -1;
	while ((got = source->ops->next(source, &record, f)) > 0)
		if (record.kind == RECORD_HOST && verify_run_host(v, at, record.host, name, f) < 0)
			return -1;
	return got < 0 ? -1 : verify_run_end(v, at, run, source, f);
}

int verify_add(struct verify *v, FILE *in, const char *name, struct failure *f)
{
	struct source *source = source_open(in, name, f);
	const struct run_info *run = source ? source->ops->begin(source, f) : NULL;
	struct verify_run at = {0};
	int result = -1;

	if (run)
		result = verify_records(v, &at, source, run, name, f);
	verify_run_fini(&at);
	if (source)
		source->ops->close(source);
	return result;
}

void verify_fini(struct verify *v)
{
	plan_free(v->plan);
	coverage_fini(&v->covered);
	memset(v, 0, sizeof(*v));
}
