/* ndjson: one JSON object a line: run, port, ports, host, summary; docs/portlight.schema.json. */
#include <inttypes.h>
#include <string.h>

#include "report/escape.h"
#include "report/phrase.h"
#include "report/view.h"
#include "result/host.h"

#define SCHEMA "portlight/1"

/* "name":"value" or "name":null with `before` in front. */
static void write_string(FILE *out, const char *before, const char *name, const char *value)
{
	(void)fprintf(out, "%s\"%s\":", before, name);
	if (!value) {
		(void)fputs("null", out);
		return;
	}
	(void)putc('"', out);
	escape_json(out, value, strlen(value));
	(void)putc('"', out);
}

static void write_number(FILE *out, const char *before, const char *name, uint64_t value)
{
	(void)fprintf(out, "%s\"%s\":%" PRIu64, before, name, value);
}

static void write_number_or_null(FILE *out, const char *name, bool known, uint64_t value)
{
	if (known)
		write_number(out, ",", name, value);
	else
		(void)fprintf(out, ",\"%s\":null", name);
}

static void write_flag(FILE *out, const char *name, bool value)
{
	(void)fprintf(out, ",\"%s\":%s", name, value ? "true" : "false");
}

static const char *technique_name(unsigned technique)
{
	return technique < TECHNIQUES ? technique_table[technique].name : "unknown";
}

static void ndjson_begin(struct report *r, const struct run_info *run)
{
	FILE *out = r->out;
	char time[PHRASE_TIME];

	(void)fputs("{\"type\":\"run\",\"schema\":\"" SCHEMA "\"", out);
	write_string(out, ",", "program", run->program);
	write_string(out, ",", "version", run->version);
	write_string(out, ",", "args", run->args);
	write_string(out, ",", "engine", run->engine);
	write_string(out, ",", "start", phrase_time(run->start_ns, time));
	(void)fputs(",\"techniques\":[", out);
	for (size_t i = 0; i < run->technique_count; i++) {
		write_string(out, i ? ",{" : "{", "technique", technique_name(run->techniques[i]));
		write_string(out, ",", "proto", phrase_proto(run->techniques[i]));
		write_number(out, ",", "count", run->port_counts[i]);
		write_string(out, ",", "ports", run->port_lists[i]);
		(void)putc('}', out);
	}
	(void)putc(']', out);
	write_number(out, ",", "hosts", run->hosts);
	write_number(out, ",", "probes", run->probes);
	(void)fputs("}\n", out);
}

static void write_port(struct report *r, const char *address, const struct finding *f)
{
	FILE *out = r->out;
	char time[PHRASE_TIME], from[ADDR_TEXT];

	write_string(out, "{\"type\":\"port\",", "ip", address);
	write_string(out, ",", "proto", phrase_proto(f->technique));
	write_number(out, ",", "port", f->port);
	write_string(out, ",", "state", port_state_name(f->state));
	write_string(out, ",", "reason", reason_name(f->reason));
	write_number_or_null(out, "ttl", f->has & FINDING_TTL, f->ttl);
	write_number_or_null(out, "window", f->has & FINDING_WINDOW, f->window);
	write_number_or_null(out, "rtt_us", f->has & FINDING_RTT, f->rtt_us);
	write_string(out, ",", "technique", technique_name(f->technique));
	write_number(out, ",", "attempt", f->attempt);
	write_string(out, ",", "t", f->has & FINDING_TIME ? phrase_time(f->t_ns, time) : NULL);
	write_string(out, ",", "service", view_service(r, f));
	write_string(out, ",", "from", f->has & FINDING_FROM ? addr_format(f->from, from) : NULL);
	if (f->has & FINDING_ICMP)
		(void)fprintf(out, ",\"icmp\":{\"type\":%u,\"code\":%u}", (unsigned)f->icmp_type,
			      (unsigned)f->icmp_code);
	else
		(void)fputs(",\"icmp\":null", out);
	write_flag(out, "local", f->has & FINDING_LOCAL);
	(void)fputs("}\n", out);
}

/* A group of summarised ports, with the list of them. */
static void write_group(FILE *out, const char *address, const struct view *view,
			const struct extraports_group *group)
{
	const struct phrase_choice choice = {.technique = group->technique,
					     .state = group->state,
					     .only_summarised = !group->whole};
	const char *comma = "";

	write_string(out, "{\"type\":\"ports\",", "ip", address);
	write_string(out, ",", "proto", phrase_proto(group->technique));
	write_string(out, ",", "technique", technique_name(group->technique));
	write_string(out, ",", "state", port_state_name(group->state));
	write_number(out, ",", "count", group->count);
	(void)fputs(",\"reasons\":{", out);
	for (unsigned i = 0; i < REASONS; i++) {
		if (group->reasons[i] == 0)
			continue;
		write_number(out, comma, reason_name(i), group->reasons[i]);
		comma = ",";
	}
	(void)fputs("},\"ports\":\"", out);
	phrase_ports(out, &view->host, &choice, ",");
	(void)fputs("\"}\n", out);
}

static void write_states(FILE *out, const struct host_report *host)
{
	uint64_t counts[PORT_STATES] = {0};
	const char *comma = "";

	for (size_t i = 0; i < host->count; i++)
		if (host->findings[i].state < PORT_STATES)
			counts[host->findings[i].state]++;
	(void)fputs(",\"states\":{", out);
	for (unsigned s = 0; s < PORT_STATES; s++) {
		if (counts[s] == 0)
			continue;
		write_number(out, comma, port_state_name(s), counts[s]);
		comma = ",";
	}
	(void)putc('}', out);
}

static void write_host_line(FILE *out, const char *address, const struct host_report *host)
{
	const struct host_status status = host_status(host);
	char time[PHRASE_TIME], mac[18];
	const char *comma = "";

	write_string(out, "{\"type\":\"host\",", "ip", address);
	write_string(out, ",", "name", host->name);
	write_string(out, ",", "status", host_state_name(status.state));
	write_string(out, ",", "reason", status.reason);
	write_string(out, ",", "mac", host->notes & HOST_MAC ? phrase_mac(host->mac, mac) : NULL);
	write_string(out, ",", "start", phrase_time(host->start_ns, time));
	write_string(out, ",", "end", phrase_time(host->end_ns, time));
	write_number(out, ",", "results", host->count);
	write_states(out, host);
	(void)fputs(",\"notes\":[", out);
	for (size_t i = 0; i < host_note_count; i++) {
		if (!(host->notes & host_note_words[i].bit))
			continue;
		(void)fprintf(out, "%s\"%s\"", comma, host_note_words[i].word);
		comma = ",";
	}
	(void)putc(']', out);
	write_flag(out, "partial", host->notes & HOST_PARTIAL);
	(void)fputs("}\n", out);
}

static void ndjson_host(struct report *r, const struct host_report *host)
{
	char address[ADDR_TEXT];
	struct view view;

	if (view_open(&view, r, host, false) != 0)
		return;
	(void)addr_format(host->addr, address);
	for (size_t i = 0; i < host->count; i++)
		if (view_lists(&view, &host->findings[i]))
			write_port(r, address, &host->findings[i]);
	for (unsigned i = 0; i < view.extra.groups; i++)
		write_group(r->out, address, &view, &view.extra.group[i]);
	write_host_line(r->out, address, host);
	view_close(&view);
}

static void ndjson_end(struct report *r, const struct run_summary *s)
{
	FILE *out = r->out;
	char time[PHRASE_TIME];

	write_string(out, "{\"type\":\"summary\",", "start", phrase_time(r->run->start_ns, time));
	write_string(out, ",", "end", phrase_time(s->end_ns, time));
	write_number(out, ",", "elapsed_us", s->elapsed_ns / 1000);
	write_number(out, ",\"hosts\":{", "up", s->hosts_up);
	write_number(out, ",", "down", s->hosts_down);
	write_number(out, ",", "silent", s->hosts_silent);
	write_number(out, ",", "total", s->hosts_total);
	write_number(out, ",", "hidden", r->hidden_hosts + r->shut_hosts + s->hosts_hidden);
	write_number(out, "},\"probes\":{", "sent", s->probes_sent);
	write_number(out, ",", "retried", s->probes_retried);
	write_number(out, "},\"replies\":{", "valid", s->replies_valid);
	write_number(out, ",", "invalid", s->replies_invalid);
	write_number(out, ",", "duplicate", s->replies_duplicate);
	write_number(out, ",", "other", s->replies_other);
	write_number(out, "},", "send_errors", s->send_errors);
	write_number(out, ",", "ring_drops", s->ring_drops);
	write_flag(out, "partial", s->partial);
	write_string(out, ",", "stopped_why", s->stopped_why);
	(void)fputs("}\n", out);
}

const struct report_ops report_ndjson = {"ndjson", ndjson_begin, ndjson_host, ndjson_end};
