/* ndjson_plan: reads the plan of a run. */
#include "ingest/ndjson_plan.h"

#include <stdlib.h>
#include <string.h>

#include "plan/targets.h"

/* A range takes a line of some ten bytes: more of them is no file of ours. */
#define RANGES_MOST (UINT64_C(1) << 31)

bool ndjson_plan_member(struct json_line *j, void *out)
{
	static const struct json_field fields[] = {
		ENTRY(JSON_TEXT, hash, 0, struct plan_line),
		ENTRY(JSON_NUMBER, seed, UINT64_MAX, struct plan_line),
		ENTRY(JSON_NUMBER, total, UINT64_MAX >> 1, struct plan_line),
		ENTRY(JSON_NUMBER, first, UINT64_MAX >> 1, struct plan_line),
		ENTRY(JSON_NUMBER, last, UINT64_MAX >> 1, struct plan_line),
		ENTRY(JSON_NUMBER, ranges, RANGES_MOST, struct plan_line),
		ENTRY(JSON_TEXT_OR_ABSENT, zone, 0, struct plan_line),
	};
	struct plan_line *plan = &((struct run_line *)out)->plan;

	plan->known = true;
	return json_line_object(j, fields, sizeof(fields) / sizeof(fields[0]), plan);
}

/* Adds the range that `text` is. */
static bool add_range(struct source_lines *s, struct json_line *j, const char *text)
{
	struct failure ignored = {0};
	struct target target;

	if (s->ranges.count == s->values.plan.ranges)
		return json_line_fail(j, "more ranges than the plan states", text);
	if (target_parse(text, strlen(text), &s->ranges, &target, &ignored) < 0 ||
	    target.kind != TARGET_RANGES || target.zone[0])
		return json_line_fail(j, "not a range of addresses", text);
	return true;
}

static bool read_ranges(struct source_lines *s, struct json_line *j)
{
	const char *name, *text;
	bool fresh = true, inner = true;

	if (!json_line_open(j, '{') || !json_line_more(j, '}', &fresh, &name) ||
	    !json_line_text(j, &text))
		return false;
	if (!json_line_more(j, '}', &fresh, &name) || strcmp(name, "ranges") != 0)
		return json_line_fail(j, "a member is missing", "ranges");
	if (!json_line_open(j, '['))
		return false;
	while (json_line_more(j, ']', &inner, NULL))
		if (!json_line_text(j, &text) || !add_range(s, j, text))
			return false;
	if (json_line_more(j, '}', &fresh, &name))
		return json_line_fail(j, "a member that portlight does not write", name);
	return !j->what && json_line_finish(j);
}

static bool hash_parse(const char *text, uint64_t *hash)
{
	char *end;

	*hash = strtoull(text, &end, 16);
	return strlen(text) == 16 && *end == '\0' && strspn(text, "0123456789abcdef") == 16;
}

int ndjson_plan(struct source_lines *s, struct failure *f)
{
	const struct plan_line *v = &s->values.plan;
	char type[16];

	if (!v->known)
		return 0;
	if (!hash_parse(v->hash, &s->plan.hash) || v->first >= v->last || v->last > v->total)
		return ndjson_wrong(s, f, "a plan that is none", v->hash);
	while (s->ranges.count < v->ranges) {
		const int got = ndjson_line(s, f);

		if (got < 0)
			return -1;
		if (got == 0 || !ndjson_line_type(s, type) || strcmp(type, "targets") != 0)
			return ndjson_wrong(s, f, "targets of the plan are missing", NULL);

		struct json_line j = ndjson_members(s);

		if (!read_ranges(s, &j))
			return ndjson_wrong(s, f, j.what, j.text ? j.text : "");
	}
	const size_t count = s->ranges.count;

	ranges_normalise(&s->ranges);
	if (count == 0 || s->ranges.count != count)
		return ndjson_wrong(s, f, "targets of a plan that overlap", NULL);
	s->plan.seed = v->seed;
	s->plan.total = v->total;
	s->plan.first = v->first;
	s->plan.last = v->last;
	s->plan.zone = v->zone;
	s->plan.ranges = s->ranges.range;
	s->plan.range_count = count;
	s->run.plan = &s->plan;
	return 0;
}
