/* stated_plan: from a run's record to a plan. */
#include "run/stated_plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/quote.h"
#include "ingest/source.h"

static int state_wrong(const char *name, const char *what, struct failure *f)
{
	char quoted[200];

	text_quote(name, strlen(name), quoted, sizeof(quoted));
	return failure_set(f, EXIT_DATA, "\"%s\": %s", quoted, what);
}

static int copy_ports(const struct run_info *run, struct stated_plan *out, struct failure *f)
{
	for (size_t i = 0; i < run->technique_count; i++) {
		struct ports ports = {0};
		const unsigned technique = run->techniques[i];

		if (run->port_lists[i][0] &&
		    ports_parse(run->port_lists[i], strlen(run->port_lists[i]), NULL, &ports, f) <
			    0)
			return -1;
		if (technique_is_udp(technique))
			out->ports.udp = ports.udp;
		else
			out->ports.tcp = ports.tcp;
		out->techniques |= 1u << technique;
	}
	return 0;
}

int stated_plan_take(const struct run_info *run, const char *name, struct stated_plan *out,
		     struct plan **plan, struct failure *f)
{
	const struct run_plan *stated = run->plan;
	struct failure why = {0};
	struct plan *made;
	bool same;

	memset(out, 0, sizeof(*out));
	if (!stated)
		return state_wrong(name, "states no plan: NDJSON of portlight scan does", f);
	for (size_t i = 0; i < stated->range_count; i++)
		if (ranges_add(&out->ranges, stated->ranges[i].first, stated->ranges[i].last) < 0)
			return failure_set(f, EXIT_SOFTWARE, "out of memory for the targets");
	ranges_normalise(&out->ranges);
	if (copy_ports(run, out, &why) < 0)
		return state_wrong(name, why.text, f);
	if (stated->zone)
		snprintf(out->zone, sizeof(out->zone), "%s", stated->zone);
	out->seed = stated->seed;
	made = plan_new(&out->ranges, &out->ports, out->techniques,
			(uint64_t[]){out->seed, ~out->seed}, &why);
	if (!made)
		return state_wrong(name, why.text, f);
	same = made->total == stated->total && plan_hash(made, 0, made->total) == stated->hash;
	if (same && plan)
		*plan = made;
	else
		plan_free(made);
	return same ? 0
		    : state_wrong(name,
				  "the hash of its plan is not that of its targets and ports: "
				  "damaged, or of another version",
				  f);
}

void stated_plan_fini(struct stated_plan *s)
{
	ranges_fini(&s->ranges);
}

int stated_plan_read(const char *path, struct stated_plan *out, struct failure *f)
{
	const bool standard = strcmp(path, "-") == 0;
	FILE *in = standard ? stdin : fopen(path, "re");
	const struct run_info *run;
	struct source *source;
	char quoted[200];
	int result = -1;

	memset(out, 0, sizeof(*out));
	text_quote(path, strlen(path), quoted, sizeof(quoted));
	if (!in)
		return failure_set(f, EXIT_IO, "cannot read \"%s\": %s", quoted, strerror(errno));
	source = source_open(in, standard ? "standard input" : path, f);
	run = source ? source->ops->begin(source, f) : NULL;
	if (run)
		result = stated_plan_take(run, path, out, NULL, f);
	if (source)
		source->ops->close(source);
	if (!standard)
		(void)fclose(in); /* only read from */
	return result;
}
