/* ndjson_host: the NDJSON records of a host: its ports, its lists of ports, and itself. */
#include "ingest/ndjson_host.h"

#include <string.h>

#include "ingest/ndjson_origins.h"
#include "ingest/words.h"
#include "result/host.h"

struct icmp_value {
	uint64_t type, code;
};

struct port_line {
	const char *type, *ip, *zone, *proto, *state, *reason, *technique, *t, *service, *from;
	uint64_t port, attempt;
	struct json_number ttl, window, rtt_us, from_port, origin;
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
	ENTRY(JSON_TEXT_OR_ABSENT, zone, 0, struct port_line),
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
	ENTRY(JSON_NUMBER_OR_ABSENT, from_port, 65535, struct port_line),
	{"icmp", JSON_INSIDE, 0, 0, read_icmp},
	ENTRY(JSON_FLAG, local, 0, struct port_line),
	ENTRY(JSON_NUMBER_OR_ABSENT, origin, ORIGINS_MOST, struct port_line),
};

/* Parses the address of a record, which must be that of the host being read. */
static int read_address(struct source_lines *s, const char *ip, struct failure *f)
{
	struct addr addr;

	if (addr_parse(ip, strlen(ip), &addr) < 0)
		return ndjson_wrong(s, f, "not an address", ip);
	if (s->pending && !addr_equal(addr, s->host.host.addr))
		return ndjson_wrong(s, f, "a record of another host before the record of this host",
				    ip);
	s->host.host.addr = addr;
	s->pending = true;
	return 0;
}

/* Parses the members that a port and a list of ports share. */
static int read_verdict(struct source_lines *s, const char *technique, const char *proto,
			const char *state, struct finding *finding, struct failure *f)
{
	int row = technique_by_name(technique, strlen(technique));
	uint8_t number;

	if (row < 0)
		return ndjson_wrong(s, f, "unknown technique", technique);
	if (!words_proto(proto, &number) || number != finding_proto((unsigned)row))
		return ndjson_wrong(s, f, "not the protocol of the technique", proto);
	if (!words_state(state, &finding->state))
		return ndjson_wrong(s, f, "unknown port state", state);
	finding->technique = (uint8_t)row;
	return 0;
}

static int read_port_texts(struct source_lines *s, const struct port_line *v, struct finding *p,
			   struct failure *f)
{
	if (!words_reason(v->reason, &p->reason))
		return ndjson_wrong(s, f, "unknown reason", v->reason);
	if (v->t && !words_time(v->t, &p->t_ns))
		return ndjson_wrong(s, f, "not a time", v->t);
	if (v->from && addr_parse(v->from, strlen(v->from), &p->from) < 0)
		return ndjson_wrong(s, f, "not an address", v->from);
	if (v->service) {
		p->service = builder_text(&s->host, v->service);
		if (!p->service)
			return ndjson_no_room(s, f);
	}
	return 0;
}

int ndjson_port(struct source_lines *s, struct failure *f)
{
	struct port_line v;
	struct finding p = {0};

	if (ndjson_object(s, port_fields, sizeof(port_fields) / sizeof(port_fields[0]), &v, f) <
		    0 ||
	    read_address(s, v.ip, f) < 0 ||
	    read_verdict(s, v.technique, v.proto, v.state, &p, f) < 0 ||
	    read_port_texts(s, &v, &p, f) < 0)
		return -1;
	if (v.origin.known && (v.origin.value < 1 || v.origin.value > s->run.origin_count))
		return ndjson_wrong(s, f, "an origin that the run does not state", v.ip);
	p.origin = (uint16_t)(v.origin.known ? v.origin.value : 0);
	p.port = (uint16_t)v.port;
	p.attempt = (uint8_t)v.attempt;
	p.ttl = (uint8_t)(v.ttl.known ? v.ttl.value : 0);
	p.window = (uint16_t)(v.window.known ? v.window.value : 0);
	p.from_port = (uint16_t)(v.from_port.known ? v.from_port.value : 0);
	p.rtt_us = (uint32_t)(v.rtt_us.known ? v.rtt_us.value : 0);
	p.icmp_type = (uint8_t)(v.has_icmp ? v.icmp.type : 0);
	p.icmp_code = (uint8_t)(v.has_icmp ? v.icmp.code : 0);
	p.has = (uint16_t)((v.ttl.known ? FINDING_TTL : 0) | (v.window.known ? FINDING_WINDOW : 0) |
			   (v.rtt_us.known ? FINDING_RTT : 0) | (v.t ? FINDING_TIME : 0) |
			   (v.from ? FINDING_FROM : 0) | (v.has_icmp ? FINDING_ICMP : 0) |
			   (v.from_port.known ? FINDING_FROM_PORT : 0) |
			   (v.local ? FINDING_LOCAL : 0));
	p.reply = (uint8_t)finding_reply(p.technique, p.state, p.reason);
	return builder_add(&s->host, &p) ? 0 : ndjson_no_room(s, f);
}

struct ports_line {
	const char *type, *ip, *zone, *proto, *technique, *state, *ports;
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
			return json_line_fail(j, "unknown reason", name);
		if (!json_line_number(j, 65536, &v->reasons[reason]))
			return false;
	}
	return !j->what;
}

static const struct json_field ports_fields[] = {
	ENTRY(JSON_TEXT, type, 0, struct ports_line),
	ENTRY(JSON_TEXT, ip, 0, struct ports_line),
	ENTRY(JSON_TEXT_OR_ABSENT, zone, 0, struct ports_line),
	ENTRY(JSON_TEXT, proto, 0, struct ports_line),
	ENTRY(JSON_TEXT, technique, 0, struct ports_line),
	ENTRY(JSON_TEXT, state, 0, struct ports_line),
	ENTRY(JSON_NUMBER, count, 65536, struct ports_line),
	{"reasons", JSON_INSIDE, 0, 0, read_reasons},
	ENTRY(JSON_TEXT, ports, 0, struct ports_line),
};

int ndjson_ports(struct source_lines *s, struct failure *f)
{
	struct ports_line v;
	struct finding p = {.has = FINDING_SUMMARISED};
	const size_t from = s->host.count;
	uint64_t sum = 0;
	unsigned kinds = 0;
	long count;

	if (ndjson_object(s, ports_fields, sizeof(ports_fields) / sizeof(ports_fields[0]), &v, f) <
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
		return ndjson_wrong(s, f, "not a list of ports", v.ports);
	if ((uint64_t)count != v.count || sum != v.count)
		return ndjson_wrong(s, f, "the number of ports differs from the stated one",
				    v.ports);
	builder_share_reasons(&s->host, from, finding_proto(p.technique),
			      kinds > 1 ? v.reasons : NULL);
	return 0;
}

struct host_line {
	const char *type, *ip, *zone, *name, *other_names, *reverse_name, *status, *reason, *mac,
		*start, *end;
	uint64_t results;
	uint64_t states[PORT_STATES];
	uint32_t notes;
	bool partial;
	uint16_t *origins; /* from malloc */
	size_t origin_count;
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
			return json_line_fail(j, "unknown port state", name);
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
			return json_line_fail(j, "unknown note", word);
		v->notes |= host_note_words[i].bit;
	}
	return !j->what;
}

static bool read_origins(struct json_line *j, void *out)
{
	struct host_line *v = out;

	return ndjson_origin_numbers(j, &v->origins, &v->origin_count);
}

static const struct json_field host_fields[] = {
	ENTRY(JSON_TEXT, type, 0, struct host_line),
	ENTRY(JSON_TEXT, ip, 0, struct host_line),
	ENTRY(JSON_TEXT_OR_ABSENT, zone, 0, struct host_line),
	ENTRY(JSON_TEXT_OR_NULL, name, 0, struct host_line),
	ENTRY(JSON_TEXT_OR_ABSENT, other_names, 0, struct host_line),
	ENTRY(JSON_TEXT_OR_ABSENT, reverse_name, 0, struct host_line),
	ENTRY(JSON_TEXT, status, 0, struct host_line),
	ENTRY(JSON_TEXT, reason, 0, struct host_line),
	ENTRY(JSON_TEXT_OR_NULL, mac, 0, struct host_line),
	ENTRY(JSON_TEXT, start, 0, struct host_line),
	ENTRY(JSON_TEXT, end, 0, struct host_line),
	ENTRY(JSON_NUMBER, results, BUILDER_FINDINGS, struct host_line),
	{"states", JSON_INSIDE, 0, 0, read_states},
	{"notes", JSON_INSIDE, 0, 0, read_notes},
	ENTRY(JSON_FLAG, partial, 0, struct host_line),
	{"origins", JSON_INSIDE_OR_ABSENT, 0, 0, read_origins},
};

/* Checks that the host's ports match the counts of its record. */
static int check_counts(struct source_lines *s, const struct host_line *v, struct failure *f)
{
	uint64_t states[PORT_STATES] = {0};
	struct finding twice;

	if (!builder_finish(&s->host, &twice))
		return ndjson_wrong(s, f, "a host with two verdicts of one technique on one port",
				    v->ip);
	for (size_t i = 0; i < s->host.count; i++)
		states[s->host.findings[i].state]++;
	if (v->results != s->host.count || memcmp(states, v->states, sizeof(states)) != 0)
		return ndjson_wrong(s, f, "the ports of the host differ from its counts", v->ip);
	return 0;
}

int ndjson_host(struct source_lines *s, struct failure *f)
{
	struct host_line v = {.origins = s->origins};
	struct host_report *host = &s->host.host;
	const int result =
		ndjson_object(s, host_fields, sizeof(host_fields) / sizeof(host_fields[0]), &v, f);

	s->origins = v.origins; /* it may have moved */
	if (result < 0 || read_address(s, v.ip, f) < 0 || check_counts(s, &v, f) < 0)
		return -1;
	if (!words_time(v.start, &host->start_ns) || !words_time(v.end, &host->end_ns))
		return ndjson_wrong(s, f, "not a time",
				    words_time(v.start, &host->start_ns) ? v.end : v.start);
	if (!words_host_state(v.status, &s->host.status.state))
		return ndjson_wrong(s, f, "unknown host status", v.status);
	if (v.partial != !!(v.notes & HOST_PARTIAL))
		return ndjson_wrong(s, f, "the member partial and the notes contradict each other",
				    v.ip);
	if (v.mac && !words_mac(v.mac, host->mac))
		return ndjson_wrong(s, f, "not a MAC address", v.mac);
	if (v.origin_count && v.origins[v.origin_count - 1] > s->run.origin_count)
		return ndjson_wrong(s, f, "an origin that the run does not state", v.ip);
	host->origins = v.origin_count ? v.origins : NULL;
	host->origin_count = v.origin_count;
	s->host.status.reason = v.reason;
	host->status = &s->host.status;
	host->name = v.name;
	host->other_names = v.other_names;
	host->reverse_name = v.reverse_name;
	host->zone = v.zone;
	host->notes = v.notes | (v.mac ? HOST_MAC : 0);
	return 0;
}
