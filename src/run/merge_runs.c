/* merge_runs: reads several runs side by side, by ascending address. */
#include "run/merge_runs.h"

#include <stdlib.h>
#include <string.h>

#include "base/quote.h"
#include "plan/ports.h"
#include "result/host.h"
#include "result/merge.h"
#include "run/host_shelf.h"
#include "run/stated_plan.h"
#include "run/verify.h"

struct merge_input {
	const char *name;
	struct source *source;
	const struct run_info *run;
	size_t origin_first; /* number of its first origin, from 1 */
	struct host_shelf shelf;
	size_t shelved;			/* hosts taken from the shelf */
	struct record record;		/* from the source */
	const struct host_report *host; /* the next one; NULL: no more */
	struct addr last;
	bool any; /* `last` is set */
	struct verify_run covered;
};

struct merge_runs {
	struct merge_input *input;
	size_t count;
	struct plan *plan;   /* of the first input that states one; or NULL */
	const char *planned; /* its name */
	bool one_order;	     /* every input states the same plan, with the same seed */
	struct verify verify;
	struct run_plan run_plan;
	struct run_info info;
	struct run_origin *origin;
	size_t origins;
	struct port_set *ports; /* by technique */
	uint8_t technique[TECHNIQUES];
	uint32_t port_count[TECHNIQUES];
	char *port_list[TECHNIQUES];
	struct run_summary summary;
	/* The host being merged. */
	struct finding *finding;
	size_t findings, capacity;
	uint16_t *number; /* its origins */
	size_t numbers;
	struct host_status status;
};

static int merge_memory(struct failure *f)
{
	return failure_set(f, EXIT_SOFTWARE, "out of memory for the merged run");
}

/* Whether two plans have the same targets, ports and techniques. */
static bool plan_alike(const struct plan *a, const struct plan *b)
{
	return a->ranges == b->ranges && a->slots == b->slots &&
	       memcmp(plan_ranges(a), plan_ranges(b), a->ranges * sizeof(struct plan_range)) == 0 &&
	       memcmp(plan_slots(a), plan_slots(b), a->slots * sizeof(uint32_t)) == 0;
}

static int input_plan(struct merge_runs *m, const struct merge_input *in, bool any_plan,
		      struct failure *f)
{
	struct stated_plan stated;
	struct plan *plan = NULL;
	char quoted[200], other[200];
	bool alike;
	int result;

	if (!in->run->plan)
		return 0;
	result = stated_plan_take(in->run, in->name, &stated, &plan, f);
	stated_plan_fini(&stated);
	if (result < 0)
		return -1;
	if (!m->plan) {
		m->plan = plan;
		m->planned = in->name;
		return 0;
	}
	alike = plan_alike(m->plan, plan);
	plan_free(plan);
	if (alike || any_plan)
		return 0;
	text_quote(in->name, strlen(in->name), quoted, sizeof(quoted));
	text_quote(m->planned, strlen(m->planned), other, sizeof(other));
	return failure_set(f, EXIT_DATA,
			   "\"%s\" is of another plan than \"%s\": targets, ports or techniques "
			   "differ; --any-plan merges them",
			   quoted, other);
}

static int input_ports(struct merge_runs *m, const struct run_info *run, struct failure *f)
{
	for (size_t i = 0; i < run->technique_count; i++) {
		const char *list = run->port_lists[i];
		struct ports ports = {0};

		if (!*list)
			continue;
		if (ports_parse(list, strlen(list), NULL, &ports, f) < 0)
			return -1;
		for (size_t word = 0; word < sizeof(ports.tcp.word) / sizeof(ports.tcp.word[0]);
		     word++)
			m->ports[run->techniques[i]].word[word] |= ports.tcp.word[word];
	}
	return 0;
}

/* The runs that an input is merged from itself, or the input. */
static int input_origins(struct merge_runs *m, struct merge_input *in, struct failure *f)
{
	const struct run_info *run = in->run;
	const struct run_origin self = {in->name,  run->program, run->version,
					run->args, run->engine,	 run->start_ns};
	const size_t more = run->origin_count ? run->origin_count : 1;
	struct run_origin *grown =
		more > ORIGINS_MOST - m->origins
			? NULL
			: reallocarray(m->origin, m->origins + more, sizeof(*grown));

	if (!grown)
		return failure_set(f, EXIT_DATA, "more than %d runs, or out of memory",
				   ORIGINS_MOST);
	m->origin = grown;
	memcpy(grown + m->origins, run->origin_count ? run->origins : &self, more * sizeof(self));
	in->origin_first = m->origins + 1;
	m->origins += more;
	return 0;
}

static int input_open(struct merge_runs *m, size_t i, const struct merge_conf *conf,
		      struct failure *f)
{
	struct merge_input *in = &m->input[i];

	in->name = conf->file[i].name;
	in->source = source_open(conf->file[i].in, in->name, f);
	in->run = in->source ? in->source->ops->begin(in->source, f) : NULL;
	if (!in->run || input_plan(m, in, conf->any_plan, f) < 0 ||
	    input_ports(m, in->run, f) < 0 || input_origins(m, in, f) < 0)
		return -1;
	m->one_order &= in->run->plan && m->input[0].run->plan &&
			in->run->plan->hash == m->input[0].run->plan->hash;
	return 0;
}

static void info_of_inputs(struct merge_runs *m)
{
	struct run_info *info = &m->info;

	info->program = "portlight";
	info->start_ns = UINT64_MAX;
	for (size_t i = 0; i < m->count; i++) {
		const struct run_info *run = m->input[i].run;

		if (run->start_ns < info->start_ns)
			info->start_ns = run->start_ns;
		if (run->hosts > info->hosts)
			info->hosts = run->hosts;
		info->probes += run->probes;
		if (!info->engine)
			info->engine = run->engine;
		else if (strcmp(info->engine, run->engine) != 0)
			info->engine = "several";
	}
	info->origins = m->origin;
	info->origin_count = m->origins;
	if (m->one_order) {
		m->run_plan = *m->input[0].run->plan;
		m->run_plan.first = 0;
		m->run_plan.last = m->run_plan.total;
		info->plan = &m->run_plan;
		info->hosts = m->plan->hosts;
		info->probes = m->plan->total;
	}
}

static int info_lists(struct merge_runs *m, struct failure *f)
{
	size_t count = 0;

	for (unsigned t = 0; t < TECHNIQUES; t++) {
		const uint32_t ports = port_set_size(&m->ports[t]);

		if (ports == 0)
			continue;
		m->technique[count] = (uint8_t)t;
		m->port_count[count] = ports;
		m->port_list[count] = port_set_text(&m->ports[t]);
		if (!m->port_list[count++])
			return merge_memory(f);
	}
	m->info.techniques = m->technique;
	m->info.technique_count = count;
	m->info.port_lists = (const char *const *)m->port_list;
	m->info.port_counts = m->port_count;
	return 0;
}

struct merge_runs *merge_runs_open(const struct merge_conf *conf, struct failure *f)
{
	struct merge_runs *m = calloc(1, sizeof(*m));
	int result = 0;

	if (!m || !(m->input = calloc(conf->count, sizeof(*m->input))) ||
	    !(m->ports = calloc(TECHNIQUES, sizeof(*m->ports))))
		result = merge_memory(f);
	if (result == 0) {
		m->count = conf->count;
		m->one_order = true;
		m->info.version = conf->version;
		m->info.args = conf->args;
	}
	for (size_t i = 0; result == 0 && i < conf->count; i++)
		result = input_open(m, i, conf, f);
	if (result == 0) {
		info_of_inputs(m);
		result = info_lists(m, f);
	}
	if (result == 0)
		return m;
	merge_runs_close(m);
	return NULL;
}

/* The next host of an input. */
static int input_next(struct merge_runs *m, struct merge_input *in, struct failure *f)
{
	char quoted[200], text[ADDR_TEXT];
	int got;

	in->host = NULL;
	if (!in->run->plan) {
		if (in->shelved < in->shelf.count)
			in->host = &in->shelf.host[in->shelved++].host;
		return 0;
	}
	do
		got = in->source->ops->next(in->source, &in->record, f);
	while (got > 0 && in->record.kind != RECORD_HOST);
	if (got <= 0)
		return got;
	in->host = in->record.host;
	if (in->any && addr_compare(in->last, in->host->addr) >= 0) {
		text_quote(in->name, strlen(in->name), quoted, sizeof(quoted));
		return failure_set(f, EXIT_DATA, "\"%s\": host %s is not in ascending order",
				   quoted, addr_format(in->host->addr, text));
	}
	in->last = in->host->addr;
	in->any = true;
	return m->one_order ? verify_run_host(&m->verify, &in->covered, in->host, in->name, f) : 0;
}

static int inputs_begin(struct merge_runs *m, struct failure *f)
{
	for (size_t i = 0; i < m->count; i++) {
		struct merge_input *in = &m->input[i];

		if (!in->run->plan && host_shelf_fill(&in->shelf, in->source, f) < 0)
			return -1;
		if (m->one_order &&
		    verify_run_begin(&m->verify, &in->covered, in->run, in->name, f) < 0)
			return -1;
		if (input_next(m, in, f) < 0)
			return -1;
	}
	return 0;
}

/* Adds the findings of an input's host, with the time that merge_surer wants, and its origins. */
static int add_host(struct merge_runs *m, const struct merge_input *in, struct failure *f)
{
	const struct host_report *host = in->host;
	const size_t origins = host->origin_count ? host->origin_count : 1;

	if (m->findings + host->count > m->capacity) {
		const size_t wanted = (m->findings + host->count) * 2;
		struct finding *grown = reallocarray(m->finding, wanted, sizeof(*grown));

		if (!grown)
			return merge_memory(f);
		m->finding = grown;
		m->capacity = wanted;
	}
	for (size_t i = 0; i < host->count; i++) {
		struct finding *to = &m->finding[m->findings++];

		*to = host->findings[i];
		if (!(to->has & FINDING_TIME))
			to->t_ns = host->end_ns;
		if (to->origin)
			to->origin = (uint16_t)(to->origin + in->origin_first - 1);
		else if (!in->run->origin_count)
			to->origin = (uint16_t)in->origin_first;
	}
	for (size_t i = 0; i < origins; i++)
		m->number[m->numbers++] =
			(uint16_t)(in->origin_first +
				   (host->origin_count ? host->origins[i] - 1u : 0));
	return 0;
}

/* The verdicts of one technique on one port become one. */
static void keep_surest(struct merge_runs *m)
{
	size_t kept = 0;

	if (m->findings == 0)
		return;
	findings_sort(m->finding, m->findings);
	for (size_t i = 1; i < m->findings; i++) {
		if (finding_compare(&m->finding[kept], &m->finding[i]) != 0)
			m->finding[++kept] = m->finding[i];
		else
			m->finding[kept] = *merge_surer(&m->finding[kept], &m->finding[i]);
	}
	m->findings = kept + 1;
}

/* Up before down before unknown; of two alike, the newer. */
static bool status_is_surer(struct host_status mine, uint64_t mine_ns, struct host_status other,
			    uint64_t other_ns)
{
	static const uint8_t worth[HOST_STATES] = {
		[STATUS_UNKNOWN] = 0, [STATUS_DOWN] = 1, [STATUS_UP] = 2};

	if (worth[mine.state] != worth[other.state])
		return worth[other.state] > worth[mine.state];
	return other_ns > mine_ns;
}

/* Merges what two records of a host say besides its ports. */
static void merge_host(struct merge_runs *m, struct host_report *to, const struct host_report *from)
{
	const struct host_status status = host_status(from);

	if (status_is_surer(m->status, to->end_ns, status, from->end_ns))
		m->status = status;
	if (from->notes & HOST_MAC && (!(to->notes & HOST_MAC) || from->end_ns > to->end_ns))
		memcpy(to->mac, from->mac, sizeof(to->mac));
	if (!to->name) {
		to->name = from->name;
		to->other_names = from->other_names;
	}
	if (!to->reverse_name)
		to->reverse_name = from->reverse_name;
	if (!to->zone)
		to->zone = from->zone;
	to->notes |= from->notes;
	if (from->start_ns < to->start_ns)
		to->start_ns = from->start_ns;
	if (from->end_ns > to->end_ns)
		to->end_ns = from->end_ns;
}

static void count_host(struct run_summary *sum, uint8_t state)
{
	sum->hosts_total++;
	*(state == STATUS_UP	 ? &sum->hosts_up
	  : state == STATUS_DOWN ? &sum->hosts_down
				 : &sum->hosts_silent) += 1;
}

/* Writes the host of that address from all inputs that have it, and advances them. */
static int write_host(struct merge_runs *m, struct addr addr, struct sink *sink, struct failure *f)
{
	struct host_report host = {.count = 0};
	bool begun = false;
	int error;

	m->findings = m->numbers = 0;
	for (size_t i = 0; i < m->count; i++) {
		const struct merge_input *in = &m->input[i];

		if (!in->host || !addr_equal(in->host->addr, addr))
			continue;
		if (add_host(m, in, f) < 0)
			return -1;
		if (begun) {
			merge_host(m, &host, in->host);
		} else {
			begun = true;
			host = *in->host;
			m->status = host_status(in->host);
		}
	}
	keep_surest(m);
	if (m->plan && m->findings == m->plan->slots)
		host.notes &= ~(uint32_t)HOST_PARTIAL; /* all of it is there now */
	host.findings = m->finding;
	host.count = m->findings;
	host.origins = m->number;
	host.origin_count = m->numbers;
	host.status = &m->status;
	host.technique_results = NULL;
	count_host(&m->summary, m->status.state);
	error = sink_host(sink, &host);
	for (size_t i = 0; error == 0 && i < m->count; i++)
		if (m->input[i].host && addr_equal(m->input[i].host->addr, addr) &&
		    input_next(m, &m->input[i], f) < 0)
			return -1;
	return error;
}

static const struct merge_input *lowest(const struct merge_runs *m)
{
	const struct merge_input *low = NULL;

	for (size_t i = 0; i < m->count; i++)
		if (m->input[i].host &&
		    (!low || addr_compare(m->input[i].host->addr, low->host->addr) < 0))
			low = &m->input[i];
	return low;
}

static void add_summary(struct run_summary *sum, const struct source *source)
{
	const struct run_summary *from = &source->summary;

	if (from->end_ns > sum->end_ns)
		sum->end_ns = from->end_ns;
	sum->elapsed_ns += from->elapsed_ns;
	if (from->hosts_hidden > sum->hosts_hidden)
		sum->hosts_hidden = from->hosts_hidden;
	sum->probes_sent += from->probes_sent;
	sum->probes_retried += from->probes_retried;
	sum->replies_valid += from->replies_valid;
	sum->replies_invalid += from->replies_invalid;
	sum->replies_duplicate += from->replies_duplicate;
	sum->replies_other += from->replies_other;
	sum->send_errors += from->send_errors;
	sum->ring_drops += from->ring_drops;
	sum->no_counts |= from->no_counts;
	sum->partial |= from->partial || source->cut_off;
}

static int summary_of_inputs(struct merge_runs *m, struct failure *f)
{
	struct run_summary *sum = &m->summary;
	struct coverage gaps = {0};

	for (size_t i = 0; i < m->count; i++) {
		struct merge_input *in = &m->input[i];

		add_summary(sum, in->source);
		if (m->one_order &&
		    verify_run_end(&m->verify, &in->covered, in->run, in->source, f) < 0)
			return -1;
	}
	if (m->one_order) {
		if (coverage_gaps(&m->verify.covered, m->plan->total, &gaps) < 0)
			return merge_memory(f);
		sum->finished = gaps.count ? gaps.part[0].first : m->plan->total;
		sum->partial = gaps.count > 0;
		sum->hosts_hidden = m->plan->hosts - sum->hosts_total;
		coverage_fini(&gaps);
	}
	/* Hosts without a record did not answer. */
	sum->hosts_silent += sum->hosts_hidden;
	sum->hosts_total += sum->hosts_hidden;
	if (sum->partial)
		sum->stopped_why = "the merged runs are not the whole plan";
	return 0;
}

int merge_runs_write(struct merge_runs *m, struct sink *sink, struct failure *f)
{
	const struct merge_input *low;
	int result;

	m->number = calloc(m->origins, sizeof(*m->number));
	if (!m->number)
		return merge_memory(f);
	if (inputs_begin(m, f) < 0)
		return -1;
	result = sink_begin(sink, &m->info);
	while (result == 0 && (low = lowest(m)))
		result = write_host(m, low->host->addr, sink, f);
	if (result == 0)
		result = summary_of_inputs(m, f);
	return result ? result : sink_end(sink, &m->summary);
}

bool merge_runs_partial(const struct merge_runs *m)
{
	return m->summary.partial;
}

void merge_runs_close(struct merge_runs *m)
{
	if (!m)
		return;
	for (size_t i = 0; m->input && i < m->count; i++) {
		struct merge_input *in = &m->input[i];

		if (in->source)
			in->source->ops->close(in->source);
		host_shelf_fini(&in->shelf);
		verify_run_fini(&in->covered);
	}
	for (size_t i = 0; i < TECHNIQUES; i++)
		free(m->port_list[i]);
	verify_fini(&m->verify);
	plan_free(m->plan);
	free(m->input);
	free(m->ports);
	free(m->origin);
	free(m->finding);
	free(m->number);
	free(m);
}
