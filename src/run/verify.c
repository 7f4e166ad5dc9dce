/* verify: the coverage of a plan by saved runs. */
#include "run/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/quote.h"
#include "ingest/source.h"
#include "run/stated_plan.h"

/* Verdicts of the window that the latest host record is of. */
struct window_cells {
	uint64_t window;
	struct permute order;
	struct coverage cells;
};

static int verify_memory(struct failure *f)
{
	return failure_set(f, EXIT_SOFTWARE, "out of memory for the verdicts of a window");
}

/* The plan of the first file, and the same in each other. */
static int verify_plan(struct verify *v, const struct run_info *run, const char *name,
		       struct failure *f)
{
	struct stated_plan stated;
	char quoted[200];
	int result = 0;

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

/* Windows before that of the host are finished; then cells of its window are collected. */
static void window_enter(const struct verify *v, struct window_cells *at, uint64_t window)
{
	if (window == at->window)
		return;
	at->window = window;
	at->cells.count = 0;
	plan_window_permute(v->plan, window, &at->order);
}

static int verify_host(struct verify *v, struct window_cells *at, const struct host_report *host,
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

/* Of a run without its summary: up to the window of its last host. */
static uint64_t finished_of(const struct verify *v, const struct source *source,
			    const struct run_plan *plan, const struct window_cells *at)
{
	uint64_t finished = source->cut_off ? 0 : source->summary.finished;

	if (source->cut_off && at->window != UINT64_MAX)
		finished = at->window * v->plan->window_cells;
	return finished < plan->last ? finished : plan->last;
}

static int verify_records(struct verify *v, struct source *source, const struct run_info *run,
			  const char *name, struct failure *f)
{
	struct window_cells at = {.window = UINT64_MAX};
	struct record record;
	int result = 0, got;

	while ((got = source->ops->next(source, &record, f)) > 0 && result == 0)
		if (record.kind == RECORD_HOST)
			result = verify_host(v, &at, record.host, name, f);
	if (got < 0)
		result = -1;
	if (result == 0) {
		const uint64_t finished = finished_of(v, source, run->plan, &at);

		for (size_t i = 0; i < at.cells.count && result == 0; i++)
			result = coverage_add(&v->covered, at.cells.part[i].first,
					      at.cells.part[i].last);
		if (result < 0 || coverage_add(&v->covered, run->plan->first, finished) < 0)
			result = verify_memory(f);
		coverage_normalise(&v->covered);
		v->files++;
		v->partial += finished < run->plan->last;
	}
	coverage_fini(&at.cells);
	return result;
}

int verify_add(struct verify *v, FILE *in, const char *name, struct failure *f)
{
	struct source *source = source_open(in, name, f);
	const struct run_info *run;
	int result = -1;

	if (!source)
		return -1;
	run = source->ops->begin(source, f);
	if (run && verify_plan(v, run, name, f) == 0)
		result = verify_records(v, source, run, name, f);
	source->ops->close(source);
	return result;
}

void verify_fini(struct verify *v)
{
	plan_free(v->plan);
	coverage_fini(&v->covered);
	memset(v, 0, sizeof(*v));
}
