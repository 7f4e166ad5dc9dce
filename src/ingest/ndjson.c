/* ndjson: the source that reads portlight's own NDJSON (docs/portlight.schema.json). */
#include "ingest/ndjson_host.h"
#include "ingest/ndjson_origins.h"
#include "ingest/ndjson_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/words.h"

#define SCHEMA "portlight/1"

struct technique_value {
	const char *technique, *proto, *ports;
	uint64_t count;
};

static bool read_techniques(struct json_line *j, void *out)
{
	static const struct json_field fields[] = {
		ENTRY(JSON_TEXT, technique, 0, struct technique_value),
		ENTRY(JSON_TEXT, proto, 0, struct technique_value),
		ENTRY(JSON_TEXT, ports, 0, struct technique_value),
		ENTRY(JSON_NUMBER, count, 65536, struct technique_value),
	};
	struct run_line *run = out;
	bool fresh = true;

	if (!json_line_open(j, '['))
		return false;
	while (json_line_more(j, ']', &fresh, NULL)) {
		struct technique_value value;
		uint64_t count;

		if (!json_line_object(j, fields, 4, &value))
			return false;
		int technique = technique_by_name(value.technique, strlen(value.technique));

		if (technique < 0)
			return json_line_fail(j, "unknown technique", value.technique);
		if (run->count == TECHNIQUES)
			return json_line_fail(j, "too many techniques", NULL);
		if (!words_port_count(value.ports, &count) || count != value.count)
			return json_line_fail(j, "the number of ports differs from the stated one",
					      value.technique);
		run->techniques[run->count] = (uint8_t)technique;
		run->counts[run->count] = (uint32_t)count;
		run->lists[run->count++] = value.ports;
	}
	return !j->what;
}

static const struct json_field run_fields[] = {
	ENTRY(JSON_TEXT, type, 0, struct run_line),
	ENTRY(JSON_TEXT, schema, 0, struct run_line),
	ENTRY(JSON_TEXT, program, 0, struct run_line),
	ENTRY(JSON_TEXT, version, 0, struct run_line),
	ENTRY(JSON_TEXT, args, 0, struct run_line),
	ENTRY(JSON_TEXT, engine, 0, struct run_line),
	ENTRY(JSON_TEXT, start, 0, struct run_line),
	{"techniques", JSON_INSIDE, 0, 0, read_techniques},
	ENTRY(JSON_NUMBER, hosts, UINT64_MAX, struct run_line),
	ENTRY(JSON_NUMBER, probes, UINT64_MAX, struct run_line),
	{"plan", JSON_INSIDE_OR_ABSENT, 0, 0, ndjson_plan_member},
	{"origins", JSON_INSIDE_OR_ABSENT, 0, 0, ndjson_origins_member},
};

static const struct run_info *lines_begin(struct source *source, struct failure *f)
{
	struct source_lines *s = (struct source_lines *)source;
	struct run_line *v = &s->values;
	char type[16];
	int got = ndjson_line(s, f);

	if (got < 0)
		return NULL;
	if (got == 0 || !ndjson_line_type(s, type) || strcmp(type, "run") != 0) {
		ndjson_wrong(s, f, "not portlight's NDJSON: the first record is not of type run",
			     got ? s->line : "");
		return NULL;
	}
	if (ndjson_object(s, run_fields, sizeof(run_fields) / sizeof(run_fields[0]), v, f) < 0)
		return NULL;
	if (strcmp(v->schema, SCHEMA) != 0) {
		ndjson_wrong(s, f, "a schema that this version does not know", v->schema);
		return NULL;
	}
	s->run = (struct run_info){
		.program = v->program,
		.version = v->version,
		.args = v->args,
		.engine = v->engine,
		.techniques = v->techniques,
		.technique_count = v->count,
		.port_lists = v->lists,
		.port_counts = v->counts,
		.hosts = v->hosts,
		.probes = v->probes,
	};
	if (!words_time(v->start, &s->run.start_ns)) {
		ndjson_wrong(s, f, "not a time", v->start);
		return NULL;
	}
	s->run.origins = v->origins;
	s->run.origin_count = v->origin_count;
	s->first_line = s->line;
	s->line = NULL;
	s->bytes = 0;
	return ndjson_plan(s, f) < 0 ? NULL : &s->run;
}

struct summary_hosts {
	uint64_t up, down, silent, total, hidden;
};

struct summary_line {
	const char *type, *start, *end, *stopped_why;
	uint64_t elapsed_us, send_errors, ring_drops;
	struct summary_hosts hosts;
	struct {
		uint64_t sent, retried;
		struct json_number finished;
	} probes;
	struct {
		uint64_t valid, invalid, duplicate, other;
	} replies;
	struct run_confidence confidence;
	bool partial;
};

/* Parts of a million. */
#define LOSS_PPM_MOST 1000000

#define COUNT(outer, member)                                                                       \
	{                                                                                          \
#member, JSON_NUMBER, offsetof(struct summary_line, outer.member), UINT64_MAX,     \
			NULL                                                                       \
	}

static bool read_hosts(struct json_line *j, void *out)
{
	static const struct json_field fields[] = {COUNT(hosts, up), COUNT(hosts, down),
						   COUNT(hosts, silent), COUNT(hosts, total),
						   COUNT(hosts, hidden)};

	return json_line_object(j, fields, 5, out);
}

static bool read_probes(struct json_line *j, void *out)
{
	static const struct json_field fields[] = {
		COUNT(probes, sent),
		COUNT(probes, retried),
		{"finished", JSON_NUMBER_OR_ABSENT, offsetof(struct summary_line, probes.finished),
		 UINT64_MAX, NULL},
	};

	return json_line_object(j, fields, 3, out);
}

static bool read_replies(struct json_line *j, void *out)
{
	static const struct json_field fields[] = {COUNT(replies, valid), COUNT(replies, invalid),
						   COUNT(replies, duplicate),
						   COUNT(replies, other)};

	return json_line_object(j, fields, 4, out);
}

static bool read_wrong(struct json_line *j, void *out, enum confidence_kind kind)
{
	const struct json_field fields[] = {
		{"expected_milli", JSON_NUMBER,
		 (uint16_t)offsetof(struct summary_line, confidence.wrong[kind].milli), UINT64_MAX,
		 NULL},
		{"at_most", JSON_NUMBER,
		 (uint16_t)offsetof(struct summary_line, confidence.wrong[kind].most), UINT64_MAX,
		 NULL},
	};

	((struct summary_line *)out)->confidence.wrong[kind].known = true;
	return json_line_object(j, fields, 2, out);
}

static bool read_open_missed(struct json_line *j, void *out)
{
	return read_wrong(j, out, CONFIDENCE_OPEN);
}

static bool read_silent_by_loss(struct json_line *j, void *out)
{
	return read_wrong(j, out, CONFIDENCE_SILENCE);
}

static bool read_confidence(struct json_line *j, void *out)
{
	static const struct json_field fields[] = {
		{"loss_ppm", JSON_NUMBER, offsetof(struct summary_line, confidence.loss_ppm),
		 LOSS_PPM_MOST, NULL},
		{"probed_again", JSON_NUMBER, offsetof(struct summary_line, confidence.again),
		 UINT64_MAX, NULL},
		{"unanswered", JSON_NUMBER, offsetof(struct summary_line, confidence.again_mute),
		 UINT64_MAX, NULL},
		{"open_missed", JSON_INSIDE_OR_ABSENT, 0, 0, read_open_missed},
		{"silent_by_loss", JSON_INSIDE_OR_ABSENT, 0, 0, read_silent_by_loss},
	};

	((struct summary_line *)out)->confidence.known = true;
	return json_line_object(j, fields, sizeof(fields) / sizeof(fields[0]), out);
}

static const struct json_field summary_fields[] = {
	ENTRY(JSON_TEXT, type, 0, struct summary_line),
	ENTRY(JSON_TEXT, start, 0, struct summary_line),
	ENTRY(JSON_TEXT, end, 0, struct summary_line),
	ENTRY(JSON_NUMBER, elapsed_us, UINT64_MAX / 1000, struct summary_line),
	{"hosts", JSON_INSIDE, 0, 0, read_hosts},
	{"probes", JSON_INSIDE, 0, 0, read_probes},
	{"replies", JSON_INSIDE, 0, 0, read_replies},
	ENTRY(JSON_NUMBER, send_errors, UINT64_MAX, struct summary_line),
	ENTRY(JSON_NUMBER, ring_drops, UINT64_MAX, struct summary_line),
	{"confidence", JSON_INSIDE_OR_ABSENT, 0, 0, read_confidence},
	ENTRY(JSON_FLAG, partial, 0, struct summary_line),
	ENTRY(JSON_TEXT_OR_NULL, stopped_why, 0, struct summary_line),
};

static void fill_summary(struct run_summary *to, const struct summary_line *v)
{
	to->elapsed_ns = v->elapsed_us * 1000;
	to->hosts_up = v->hosts.up;
	to->hosts_down = v->hosts.down;
	to->hosts_silent = v->hosts.silent;
	to->hosts_total = v->hosts.total;
	to->hosts_hidden = v->hosts.hidden;
	to->probes_sent = v->probes.sent;
	to->probes_retried = v->probes.retried;
	to->replies_valid = v->replies.valid;
	to->replies_invalid = v->replies.invalid;
	to->replies_duplicate = v->replies.duplicate;
	to->replies_other = v->replies.other;
	to->send_errors = v->send_errors;
	to->ring_drops = v->ring_drops;
	to->confidence = v->confidence;
	to->partial = v->partial;
}

static int read_summary(struct source_lines *s, struct failure *f)
{
	struct run_summary *summary = &s->source.summary;
	struct summary_line v = {0};
	uint64_t start_ns;

	if (s->pending)
		return ndjson_wrong(s, f, "a summary before the last host record", NULL);
	if (ndjson_object(s, summary_fields, sizeof(summary_fields) / sizeof(summary_fields[0]), &v,
			  f) < 0)
		return -1;
	if (!words_time(v.start, &start_ns) || start_ns != s->run.start_ns)
		return ndjson_wrong(s, f, "not the start of the run", v.start);
	if (!words_time(v.end, &summary->end_ns))
		return ndjson_wrong(s, f, "not a time", v.end);
	if (v.stopped_why) {
		s->stopped_why = strdup(v.stopped_why);
		if (!s->stopped_why)
			return ndjson_no_room(s, f);
	}
	fill_summary(summary, &v);
	if (v.probes.finished.known != (s->run.plan != NULL) ||
	    (s->run.plan && v.probes.finished.value > s->plan.last - s->plan.first))
		return ndjson_wrong(s, f, "finished probes that are not of the plan", NULL);
	summary->finished = s->plan.first + v.probes.finished.value;
	summary->stopped_why = s->stopped_why;
	int more = ndjson_line(s, f);

	return more > 0 ? ndjson_wrong(s, f, "data after the summary", s->line) : more;
}

/* Ends a file without a summary. A host whose record is missing is returned with the ports that
 * were read. */
static int cut_off(struct source_lines *s, struct record *record, struct failure *f)
{
	struct run_summary *sum = &s->source.summary;
	struct finding twice;

	s->source.cut_off = true;
	sum->partial = true;
	sum->no_counts = true;
	sum->stopped_why = "the input ends before its summary";
	if (sum->end_ns == 0)
		sum->end_ns = s->run.start_ns;
	sum->elapsed_ns = sum->end_ns > s->run.start_ns ? sum->end_ns - s->run.start_ns : 0;
	if (!s->pending)
		return 0;
	s->pending = false;
	if (!builder_finish(&s->host, &twice))
		return ndjson_wrong(s, f, "a host with two verdicts of one technique on one port",
				    NULL);
	s->host.host.notes = HOST_PARTIAL;
	s->host.host.start_ns = s->host.host.end_ns = sum->end_ns;
	sum->hosts_silent++;
	sum->hosts_total++;
	*record = (struct record){.kind = RECORD_HOST, .host = &s->host.host};
	return 1;
}

/* Finishes a host, and counts it in case that no summary follows. */
static int give_host(struct source_lines *s, struct record *record)
{
	struct run_summary *sum = &s->source.summary;
	const uint8_t state = s->host.status.state;

	s->pending = false;
	sum->hosts_total++;
	*(state == STATUS_UP	 ? &sum->hosts_up
	  : state == STATUS_DOWN ? &sum->hosts_down
				 : &sum->hosts_silent) += 1;
	if (s->host.host.end_ns > sum->end_ns)
		sum->end_ns = s->host.host.end_ns;
	*record = (struct record){.kind = RECORD_HOST, .host = &s->host.host};
	return 1;
}

static int lines_next(struct source *source, struct record *record, struct failure *f)
{
	struct source_lines *s = (struct source_lines *)source;
	char type[16];
	int got;

	if (!s->pending)
		builder_reset(&s->host);
	while ((got = ndjson_line(s, f)) > 0) {
		/* The last line may be incomplete after a full disk or a kill. */
		if (!s->whole && s->line[s->length - 1] != '}')
			return cut_off(s, record, f);
		if (!ndjson_line_type(s, type))
			return ndjson_wrong(s, f, "not a record of portlight", s->line);
		if (strcmp(type, "port") == 0 || strcmp(type, "ports") == 0) {
			if ((type[4] ? ndjson_ports : ndjson_port)(s, f) < 0)
				return -1;
		} else if (strcmp(type, "host") == 0) {
			return ndjson_host(s, f) < 0 ? -1 : give_host(s, record);
		} else if (strcmp(type, "summary") == 0) {
			return read_summary(s, f);
		} else {
			return ndjson_wrong(
				s, f, "a record of a type that this version does not know", type);
		}
	}
	return got < 0 ? got : cut_off(s, record, f);
}

static void lines_close(struct source *source)
{
	struct source_lines *s = (struct source_lines *)source;

	builder_fini(&s->host);
	ranges_fini(&s->ranges);
	free(s->values.origins);
	free(s->origins);
	free(s->stopped_why);
	free(s->first_line);
	free(s->line);
	free(s);
}

static struct source *lines_open(FILE *in, const char *name, struct failure *f)
{
	struct source_lines *s = calloc(1, sizeof(*s));

	if (!s) {
		failure_set(f, EXIT_SOFTWARE, "out of memory");
		return NULL;
	}
	s->source.ops = &source_ndjson;
	s->in = in;
	s->where.name = name;
	return &s->source;
}

const struct source_ops source_ndjson = {"portlight's NDJSON", '{',	   lines_open,
					 lines_begin,	       lines_next, lines_close};
