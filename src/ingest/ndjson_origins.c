/* ndjson_origins: reads the runs that a merged run comes from. */
#include "ingest/ndjson_origins.h"

#include <stdlib.h>

#include "ingest/words.h"

struct origin_line {
	const char *file, *program, *version, *args, *engine, *start;
};

static bool read_origin(struct json_line *j, struct run_origin *to)
{
	static const struct json_field fields[] = {
		ENTRY(JSON_TEXT, file, 0, struct origin_line),
		ENTRY(JSON_TEXT, program, 0, struct origin_line),
		ENTRY(JSON_TEXT, version, 0, struct origin_line),
		ENTRY(JSON_TEXT, args, 0, struct origin_line),
		ENTRY(JSON_TEXT, engine, 0, struct origin_line),
		ENTRY(JSON_TEXT, start, 0, struct origin_line),
	};
	struct origin_line v;

	if (!json_line_object(j, fields, sizeof(fields) / sizeof(fields[0]), &v))
		return false;
	*to = (struct run_origin){v.file, v.program, v.version, v.args, v.engine, 0};
	return words_time(v.start, &to->start_ns) || json_line_fail(j, "not a time", v.start);
}

bool ndjson_origins_member(struct json_line *j, void *out)
{
	struct run_line *run = out;
	bool fresh = true;

	if (!json_line_open(j, '['))
		return false;
	while (json_line_more(j, ']', &fresh, NULL)) {
		struct run_origin *grown =
			run->origin_count == ORIGINS_MOST
				? NULL
				: reallocarray(run->origins, run->origin_count + 1, sizeof(*grown));

		if (!grown)
			return json_line_fail(j, "too many runs, or out of memory", NULL);
		run->origins = grown;
		if (!read_origin(j, &run->origins[run->origin_count++]))
			return false;
	}
	return !j->what && (run->origin_count > 0 || json_line_fail(j, "no run", NULL));
}

bool ndjson_origin_numbers(struct json_line *j, uint16_t **numbers, size_t *count)
{
	bool fresh = true;

	*count = 0;
	if (!json_line_open(j, '['))
		return false;
	while (json_line_more(j, ']', &fresh, NULL)) {
		uint16_t *grown = *count == ORIGINS_MOST
					  ? NULL
					  : reallocarray(*numbers, *count + 1, sizeof(*grown));
		uint64_t value;

		if (!grown)
			return json_line_fail(j, "too many runs, or out of memory", NULL);
		*numbers = grown;
		if (!json_line_number(j, ORIGINS_MOST, &value))
			return false;
		if (value <= (*count ? grown[*count - 1] : 0))
			return json_line_fail(j, "runs that are not ascending", NULL);
		grown[(*count)++] = (uint16_t)value;
	}
	return !j->what && (*count > 0 || json_line_fail(j, "no run", NULL));
}
