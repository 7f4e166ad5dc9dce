/* ndjson: the source that reads portlight's own NDJSON (docs/portlight.schema.json). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/builder.h"
#include "ingest/json_line.h"
#include "ingest/refuse.h"
#include "ingest/source.h"
#include "ingest/words.h"
#include "result/host.h"

/* The longest line is the first, with a command line of at most 2 MiB (ARG_MAX) in which each byte
 * may be an escape of six. */
#define LINE_BYTES ((size_t)16 << 20)
#define SCHEMA	   "portlight/1"

struct run_line {
	const char *type, *schema, *program, *version, *args, *engine, *start;
	uint64_t hosts, probes;
	/* Ascending, as struct run_info has them. */
	uint8_t techniques[TECHNIQUES];
	uint32_t counts[TECHNIQUES];
	const char *lists[TECHNIQUES];
	size_t count;
};

struct source_lines {
	struct source source;
	FILE *in;
	struct refuse where;
	char *line, *first_line; /* the first is kept: *run points into it */
	size_t bytes, length, first_bytes;
	bool whole; /* the line ends with a newline */
	struct run_line values;
	struct run_info run;
	struct builder host;
	bool pending; /* ports were read whose host record is still to come */
	char *stopped_why;
};

#define ENTRY(kind, member, most, structure)                                                       \
	{                                                                                          \
#member, kind, offsetof(structure, member), most, NULL                             \
	}

static int wrong(struct source_lines *s, struct failure *f, const char *what, const char *text)
{
	return refuse_input(&s->where, f, what, text);
}

static int no_room(struct source_lines *s, struct failure *f)
{
	return wrong(s, f, "more ports or names of services than a host can have, or than memory",
		     NULL);
}

/*
 * The next line that is not empty, without its newline. 1; 0 at the end of the file; -1 and *f. A
 * byte behind it is NUL.
 */
static int read_line(struct source_lines *s, struct failure *f)
{
	int c = 0;

	do {
		s->length = 0;
		s->where.line++;
		while ((c = getc_unlocked(s->in)) != EOF && c != '\n') {
			if (s->length + 1 >= s->bytes) {
				size_t bytes = s->bytes ? s->bytes * 2 : 1024;
				char *grown = bytes > LINE_BYTES ? NULL : realloc(s->line, bytes);

				if (!grown)
					return wrong(s, f, "a line longer than 16 MiB", NULL);
				s->line = grown;
				s->bytes = bytes;
			}
			s->line[s->length++] = (char)c;
		}
	} while (s->length == 0 && c != EOF);
	s->whole = c == '\n';
	if (c == EOF && ferror(s->in))
		return refuse_read(&s->where, errno, f);
	if (s->length == 0)
		return 0;
	s->line[s->length] = '\0';
	return 1;
}

/* What the object of the line is: the value of its first member, which writers of ours call type.
 * False if there is none. */
static bool line_type(const struct source_lines *s, char type[static 16])
{
	static const char head[] = "{\"type\":\"";
	size_t length;

	if (strncmp(s->line, head, sizeof(head) - 1) != 0)
		return false;
	length = strcspn(s->line + sizeof(head) - 1, "\"");
	if (length > 15)
		return false;
	memcpy(type, s->line + sizeof(head) - 1, length);
	type[length] = '\0';
	return true;
}

static struct json_line begin_line(struct source_lines *s)
{
	return (struct json_line){.at = s->line, .end = s->line + s->length};
}

/* The whole line as one object. */
static int read_object(struct source_lines *s, const struct json_field *fields, size_t count,
		       void *out, struct failure *f)
{
	struct json_line j = begin_line(s);

	if (json_line_object(&j, fields, count, out) && json_line_finish(&j))
		return 0;
	return wrong(s, f, j.what, j.text ? j.text : "");
}

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
			return json_line_fail(j, "no technique of portlight", value.technique);
		if (run->count == TECHNIQUES)
			return json_line_fail(j, "more techniques than there are", NULL);
		if (!words_port_count(value.ports, &count) || count != value.count)
			return json_line_fail(j, "not as many ports as it says", value.technique);
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
};

static const struct run_info *lines_begin(struct source *source, struct failure *f)
{
	struct source_lines *s = (struct source_lines *)source;
	struct run_line *v = &s->values;
	char type[16];
	int got = read_line(s, f);

	if (got < 0)
		return NULL;
	if (got == 0 || !line_type(s, type) || strcmp(type, "run") != 0) {
		wrong(s, f, "not portlight's NDJSON: no record of type run comes first",
		      got ? s->line : "");
		return NULL;
	}
	if (read_object(s, run_fields, sizeof(run_fields) / sizeof(run_fields[0]), v, f) < 0)
		return NULL;
	if (strcmp(v->schema, SCHEMA) != 0) {
		wrong(s, f, "a schema that this version does not know", v->schema);
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
		wrong(s, f, "not a time", v->start);
		return NULL;
	}
	s->first_line = s->line;
	s->line = NULL;
	s->bytes = 0;
	return &s->run;
}

struct icmp_value {
	uint64_t type, code;
};

struct port_line {
	const char *type, *ip, *proto, *state, *reason, *technique, *t, *service, *from;
	uint64_t port, attempt;
	struct json_number ttl, window, rtt_us;
	struct icmp_value icmp;
	bool has_icmp, local;
};

static bool read_icmp(struct json_line *j, void *out)
{
	static const struct json_field fields[] = {
		ENTRY(JSON_NUMBER, type, 255, struct icmp_value),
		ENTRY(JSON_NUMBER, code, 255, struct icmp_value),
	};
	struct port_line *v = out;

	v->has_icmp = !json_line_null(j);
	return !v->has_icmp || json_line_object(j, fields, 2, &v->icmp);
}

static const struct json_field port_fields[] = {
	ENTRY(JSON_TEXT, type, 0, struct port_line),
	ENTRY(JSON_TEXT, ip, 0, struct port_line),
	ENTRY(JSON_TEXT, proto, 0, struct port_line),
	ENTRY(JSON_NUMBER, port, 65535, struct port_line),
	ENTRY(JSON_TEXT, state, 0, struct port_line),
	ENTRY(JSON_TEXT, reason, 0, struct port_line),
	ENTRY(JSON_NUMBER_OR_NULL, ttl, 255, struct port_line),
	ENTRY(JSON_NUMBER_OR_NULL, window, 65535, struct port_line),
	ENTRY(JSON_NUMBER_OR_NULL, rtt_us, UINT32_MAX, struct port_line),
	ENTRY(JSON_TEXT, technique, 0, struct port_line),
	ENTRY(JSON_NUMBER, attempt, 255, struct port_line),
	ENTRY(JSON_TEXT_OR_NULL, t, 0, struct port_line),
	ENTRY(JSON_TEXT_OR_NULL, service, 0, struct port_line),
	ENTRY(JSON_TEXT_OR_NULL, from, 0, struct port_line),
	{"icmp", JSON_INSIDE, 0, 0, read_icmp},
	ENTRY(JSON_FLAG, local, 0, struct port_line),
};

/* The address of a record that belongs to the host being read. */
static int read_address(struct source_lines *s, const char *ip, struct failure *f)
{
	struct addr addr;

	if (addr_parse(ip, strlen(ip), &addr) < 0)
		return wrong(s, f, "not an address", ip);
	if (s->pending && !addr_equal(addr, s->host.host.addr))
		return wrong(s, f, "a record of another host before the host record", ip);
	s->host.host.addr = addr;
	s->pending = true;
	return 0;
}

/* What a port and a list of ports have in common. */
static int read_verdict(struct source_lines *s, const char *technique, const char *proto,
			const char *state, struct finding *finding, struct failure *f)
{
	int row = technique_by_name(technique, strlen(technique));
	uint8_t number;

	if (row < 0)
		return wrong(s, f, "no technique of portlight", technique);
	if (!words_proto(proto, &number) || number != finding_proto((unsigned)row))
		return wrong(s, f, "not the protocol of the technique", proto);
	if (!words_state(state, &finding->state))
		return wrong(s, f, "no state of a port", state);
	finding->technique = (uint8_t)row;
	return 0;
}

static int read_port_texts(struct source_lines *s, const struct port_line *v, struct finding *p,
			   struct failure *f)
{
	if (!words_reason(v->reason, &p->reason))
		return wrong(s, f, "no reason of a state", v->reason);
	if (v->t && !words_time(v->t, &p->t_ns))
		return wrong(s, f, "not a time", v->t);
	if (v->from && addr_parse(v->from, strlen(v->from), &p->from) < 0)
		return wrong(s, f, "not an address", v->from);
	if (v->service) {
		p->service = builder_text(&s->host, v->service);
		if (!p->service)
			return no_room(s, f);
	}
	return 0;
}

static int read_port(struct source_lines *s, struct failure *f)
{
	struct port_line v;
	struct finding p = {0};

	if (read_object(s, port_fields, sizeof(port_fields) / sizeof(port_fields[0]), &v, f) < 0 ||
	    read_address(s, v.ip, f) < 0 ||
	    read_verdict(s, v.technique, v.proto, v.state, &p, f) < 0 ||
	    read_port_texts(s, &v, &p, f) < 0)
		return -1;
	p.port = (uint16_t)v.port;
	p.attempt = (uint8_t)v.attempt;
	p.ttl = (uint8_t)(v.ttl.known ? v.ttl.value : 0);
	p.window = (uint16_t)(v.window.known ? v.window.value : 0);
	p.rtt_us = (uint32_t)(v.rtt_us.known ? v.rtt_us.value : 0);
	p.icmp_type = (uint8_t)(v.has_icmp ? v.icmp.type : 0);
	p.icmp_code = (uint8_t)(v.has_icmp ? v.icmp.code : 0);
	p.has = (uint16_t)((v.ttl.known ? FINDING_TTL : 0) | (v.window.known ? FINDING_WINDOW : 0) |
			   (v.rtt_us.known ? FINDING_RTT : 0) | (v.t ? FINDING_TIME : 0) |
			   (v.from ? FINDING_FROM : 0) | (v.has_icmp ? FINDING_ICMP : 0) |
			   (v.local ? FINDING_LOCAL : 0));
	p.reply = (uint8_t)finding_reply(p.technique, p.state, p.reason);
	return builder_add(&s->host, &p) ? 0 : no_room(s, f);
}

struct ports_line {
	const char *type, *ip, *proto, *technique, *state, *ports;
	uint64_t count;
	uint64_t reasons[REASONS];
};

static bool read_reasons(struct json_line *j, void *out)
{
	struct ports_line *v = out;
	bool fresh = true;
	const char *name;
	uint8_t reason;

	memset(v->reasons, 0, sizeof(v->reasons));
	if (!json_line_open(j, '{'))
		return false;
	while (json_line_more(j, '}', &fresh, &name)) {
		if (!words_reason(name, &reason) || v->reasons[reason])
			return json_line_fail(j, "no reason of a state", name);
		if (!json_line_number(j, 65536, &v->reasons[reason]))
			return false;
	}
	return !j->what;
}

static const struct json_field ports_fields[] = {
	ENTRY(JSON_TEXT, type, 0, struct ports_line),
	ENTRY(JSON_TEXT, ip, 0, struct ports_line),
	ENTRY(JSON_TEXT, proto, 0, struct ports_line),
	ENTRY(JSON_TEXT, technique, 0, struct ports_line),
	ENTRY(JSON_TEXT, state, 0, struct ports_line),
	ENTRY(JSON_NUMBER, count, 65536, struct ports_line),
	{"reasons", JSON_INSIDE, 0, 0, read_reasons},
	ENTRY(JSON_TEXT, ports, 0, struct ports_line),
};

static int read_ports(struct source_lines *s, struct failure *f)
{
	struct ports_line v;
	struct finding p = {.has = FINDING_SUMMARISED};
	const size_t from = s->host.count;
	uint64_t sum = 0;
	unsigned kinds = 0;
	long count;

	if (read_object(s, ports_fields, sizeof(ports_fields) / sizeof(ports_fields[0]), &v, f) <
		    0 ||
	    read_address(s, v.ip, f) < 0 ||
	    read_verdict(s, v.technique, v.proto, v.state, &p, f) < 0)
		return -1;
	for (unsigned i = 0; i < REASONS; i++) {
		sum += v.reasons[i];
		kinds += v.reasons[i] > 0;
		if (v.reasons[i])
			p.reason = (uint8_t)i;
	}
	count = builder_add_list(&s->host, v.ports, &p);
	if (count < 0)
		return wrong(s, f, "not a list of ports", v.ports);
	if ((uint64_t)count != v.count || sum != v.count)
		return wrong(s, f, "not as many ports as it says", v.ports);
	builder_share_reasons(&s->host, from, finding_proto(p.technique),
			      kinds > 1 ? v.reasons : NULL);
	return 0;
}

struct host_line {
	const char *type, *ip, *name, *status, *reason, *mac, *start, *end;
	uint64_t results;
	uint64_t states[PORT_STATES];
	uint32_t notes;
	bool partial;
};

static bool read_states(struct json_line *j, void *out)
{
	struct host_line *v = out;
	bool fresh = true;
	const char *name;
	uint8_t state;

	memset(v->states, 0, sizeof(v->states));
	if (!json_line_open(j, '{'))
		return false;
	while (json_line_more(j, '}', &fresh, &name))
		if (!words_state(name, &state))
			return json_line_fail(j, "no state of a port", name);
		else if (!json_line_number(j, BUILDER_FINDINGS, &v->states[state]))
			return false;
	return !j->what;
}

static bool read_notes(struct json_line *j, void *out)
{
	struct host_line *v = out;
	bool fresh = true;
	const char *word;

	v->notes = 0;
	if (!json_line_open(j, '['))
		return false;
	while (json_line_more(j, ']', &fresh, NULL)) {
		size_t i = 0;

		if (!json_line_text(j, &word))
			return false;
		while (i < host_note_count && strcmp(host_note_words[i].word, word) != 0)
			i++;
		if (i == host_note_count)
			return json_line_fail(j, "no note of portlight", word);
		v->notes |= host_note_words[i].bit;
	}
	return !j->what;
}

static const struct json_field host_fields[] = {
	ENTRY(JSON_TEXT, type, 0, struct host_line),
	ENTRY(JSON_TEXT, ip, 0, struct host_line),
	ENTRY(JSON_TEXT_OR_NULL, name, 0, struct host_line),
	ENTRY(JSON_TEXT, status, 0, struct host_line),
	ENTRY(JSON_TEXT, reason, 0, struct host_line),
	ENTRY(JSON_TEXT_OR_NULL, mac, 0, struct host_line),
	ENTRY(JSON_TEXT, start, 0, struct host_line),
	ENTRY(JSON_TEXT, end, 0, struct host_line),
	ENTRY(JSON_NUMBER, results, BUILDER_FINDINGS, struct host_line),
	{"states", JSON_INSIDE, 0, 0, read_states},
	{"notes", JSON_INSIDE, 0, 0, read_notes},
	ENTRY(JSON_FLAG, partial, 0, struct host_line),
};

/* Whether the host's ports are those that its record counts. */
static int check_counts(struct source_lines *s, const struct host_line *v, struct failure *f)
{
	uint64_t states[PORT_STATES] = {0};
	struct finding twice;

	if (!builder_finish(&s->host, &twice))
		return wrong(s, f, "a host with two verdicts of one technique on a port", v->ip);
	for (size_t i = 0; i < s->host.count; i++)
		states[s->host.findings[i].state]++;
	if (v->results != s->host.count || memcmp(states, v->states, sizeof(states)) != 0)
		return wrong(s, f, "a host with other ports than it counts", v->ip);
	return 0;
}

static int read_host(struct source_lines *s, struct failure *f)
{
	struct host_line v;
	struct host_report *host = &s->host.host;

	if (read_object(s, host_fields, sizeof(host_fields) / sizeof(host_fields[0]), &v, f) < 0 ||
	    read_address(s, v.ip, f) < 0 || check_counts(s, &v, f) < 0)
		return -1;
	if (!words_time(v.start, &host->start_ns) || !words_time(v.end, &host->end_ns))
		return wrong(s, f, "not a time",
			     words_time(v.start, &host->start_ns) ? v.end : v.start);
	if (!words_host_state(v.status, &s->host.status.state))
		return wrong(s, f, "no status of a host", v.status);
	if (v.partial != !!(v.notes & HOST_PARTIAL))
		return wrong(s, f, "partial, and a note that says the opposite", v.ip);
	if (v.mac && !words_mac(v.mac, host->mac))
		return wrong(s, f, "not a MAC address", v.mac);
	s->host.status.reason = v.reason;
	host->status = &s->host.status;
	host->name = v.name;
	host->notes = v.notes | (v.mac ? HOST_MAC : 0);
	return 0;
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
	} probes;
	struct {
		uint64_t valid, invalid, duplicate, other;
	} replies;
	bool partial;
};

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
	static const struct json_field fields[] = {COUNT(probes, sent), COUNT(probes, retried)};

	return json_line_object(j, fields, 2, out);
}

static bool read_replies(struct json_line *j, void *out)
{
	static const struct json_field fields[] = {COUNT(replies, valid), COUNT(replies, invalid),
						   COUNT(replies, duplicate),
						   COUNT(replies, other)};

	return json_line_object(j, fields, 4, out);
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
	to->partial = v->partial;
}

static int read_summary(struct source_lines *s, struct failure *f)
{
	struct run_summary *summary = &s->source.summary;
	struct summary_line v;
	uint64_t start_ns;

	if (s->pending)
		return wrong(s, f, "a summary before the last host's record", NULL);
	if (read_object(s, summary_fields, sizeof(summary_fields) / sizeof(summary_fields[0]), &v,
			f) < 0)
		return -1;
	if (!words_time(v.start, &start_ns) || start_ns != s->run.start_ns)
		return wrong(s, f, "not the start of the run", v.start);
	if (!words_time(v.end, &summary->end_ns))
		return wrong(s, f, "not a time", v.end);
	if (v.stopped_why) {
		s->stopped_why = strdup(v.stopped_why);
		if (!s->stopped_why)
			return no_room(s, f);
	}
	fill_summary(summary, &v);
	summary->stopped_why = s->stopped_why;
	int more = read_line(s, f);

	return more > 0 ? wrong(s, f, "something behind the summary", s->line) : more;
}

/* The file ends before its summary. A host whose record is missing is given with what there is. */
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
		return wrong(s, f, "a host with two verdicts of one technique on a port", NULL);
	s->host.host.notes = HOST_PARTIAL;
	s->host.host.start_ns = s->host.host.end_ns = sum->end_ns;
	sum->hosts_silent++;
	sum->hosts_total++;
	*record = (struct record){.kind = RECORD_HOST, .host = &s->host.host};
	return 1;
}

/* The host is complete. Counted as long as there is no summary that does. */
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
	while ((got = read_line(s, f)) > 0) {
		/* What a full disk or a kill left of the last line. */
		if (!s->whole && s->line[s->length - 1] != '}')
			return cut_off(s, record, f);
		if (!line_type(s, type))
			return wrong(s, f, "no record of portlight", s->line);
		if (strcmp(type, "port") == 0 || strcmp(type, "ports") == 0) {
			if ((type[4] ? read_ports : read_port)(s, f) < 0)
				return -1;
		} else if (strcmp(type, "host") == 0) {
			return read_host(s, f) < 0 ? -1 : give_host(s, record);
		} else if (strcmp(type, "summary") == 0) {
			return read_summary(s, f);
		} else {
			return wrong(s, f, "a record of a type that this version does not know",
				     type);
		}
	}
	return got < 0 ? got : cut_off(s, record, f);
}

static void lines_close(struct source *source)
{
	struct source_lines *s = (struct source_lines *)source;

	builder_fini(&s->host);
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
