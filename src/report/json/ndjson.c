/* ndjson: one JSON object per line: run, targets, port, ports, host, summary;
 * docs/portlight.schema.json. */
#include <inttypes.h>
#include <stdio.h>

#include "report/json/json.h"
#include "report/phrase.h"
#include "report/view.h"
#include "result/host.h"

#define SCHEMA "portlight/1"

/* Begins the object of a line. */
static void begin_line(struct json *j, const char *type)
{
	json_open(j, NULL, '{');
	json_string(j, "type", type);
}

static const char *technique_name(unsigned technique)
{
	return technique < TECHNIQUES ? technique_table[technique].name : "unknown";
}

/* Ranges in one record, so that its line stays short. */
#define RANGES_A_LINE 256

static void write_plan(struct json *j, const struct run_plan *plan)
{
	char hash[17];

	snprintf(hash, sizeof(hash), "%016" PRIx64, plan->hash);
	json_open(j, "plan", '{');
	json_string(j, "hash", hash);
	json_number(j, "seed", plan->seed);
	json_number(j, "total", plan->total);
	json_number(j, "first", plan->first);
	json_number(j, "last", plan->last);
	json_number(j, "ranges", plan->range_count);
	if (plan->zone)
		json_string(j, "zone", plan->zone);
	json_close(j, '}');
}

static void write_targets(FILE *out, const struct run_plan *plan)
{
	struct json j = {out, false};
	char text[RANGE_TEXT];

	for (size_t i = 0; i < plan->range_count; i++) {
		if (i % RANGES_A_LINE == 0) {
			begin_line(&j, "targets");
			json_open(&j, "ranges", '[');
		}
		json_string(&j, NULL, range_format(&plan->ranges[i], text));
		if (i % RANGES_A_LINE == RANGES_A_LINE - 1 || i == plan->range_count - 1) {
			json_close(&j, ']');
			json_end_line(&j);
		}
	}
}

static void write_origins(struct json *j, const struct run_info *run)
{
	char time[PHRASE_TIME];

	json_open(j, "origins", '[');
	for (size_t i = 0; i < run->origin_count; i++) {
		const struct run_origin *origin = &run->origins[i];

		json_open(j, NULL, '{');
		json_string(j, "file", origin->file);
		json_string(j, "program", origin->program);
		json_string(j, "version", origin->version);
		json_string(j, "args", origin->args);
		json_string(j, "engine", origin->engine);
		json_string(j, "start", phrase_time(origin->start_ns, time));
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void ndjson_begin(struct report *r, const struct run_info *run)
{
	struct json j = {r->out, false};
	char time[PHRASE_TIME];

	begin_line(&j, "run");
	json_string(&j, "schema", SCHEMA);
	json_string(&j, "program", run->program);
	json_string(&j, "version", run->version);
	json_string(&j, "args", run->args);
	json_string(&j, "engine", run->engine);
	json_string(&j, "start", phrase_time(run->start_ns, time));
	json_open(&j, "techniques", '[');
	for (size_t i = 0; i < run->technique_count; i++) {
		json_open(&j, NULL, '{');
		json_string(&j, "technique", technique_name(run->techniques[i]));
		json_string(&j, "proto", phrase_proto(run->techniques[i]));
		json_number(&j, "count", run->port_counts[i]);
		json_string(&j, "ports", run->port_lists[i]);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_number(&j, "hosts", run->hosts);
	json_number(&j, "probes", run->probes);
	if (run->plan)
		write_plan(&j, run->plan);
	if (run->origin_count)
		write_origins(&j, run);
	json_end_line(&j);
	if (run->plan)
		write_targets(r->out, run->plan);
}

static void write_icmp(struct json *j, const struct finding *f)
{
	if (!(f->has & FINDING_ICMP)) {
		json_null(j, "icmp");
		return;
	}
	json_open(j, "icmp", '{');
	json_number(j, "type", f->icmp_type);
	json_number(j, "code", f->icmp_code);
	json_close(j, '}');
}

static void write_ip(struct json *j, const struct host_report *host)
{
	char address[ADDR_TEXT];

	json_string(j, "ip", addr_format(host->addr, address));
	if (host->zone)
		json_string(j, "zone", host->zone);
}

static void write_port(struct report *r, const struct host_report *host, const struct finding *f)
{
	struct json j = {r->out, false};
	char time[PHRASE_TIME], from[ADDR_TEXT];

	begin_line(&j, "port");
	write_ip(&j, host);
	json_string(&j, "proto", phrase_proto(f->technique));
	json_number(&j, "port", f->port);
	json_string(&j, "state", port_state_name(f->state));
	json_string(&j, "reason", reason_name(f->reason));
	json_number_or_null(&j, "ttl", f->has & FINDING_TTL, f->ttl);
	json_number_or_null(&j, "window", f->has & FINDING_WINDOW, f->window);
	json_number_or_null(&j, "rtt_us", f->has & FINDING_RTT, f->rtt_us);
	json_string(&j, "technique", technique_name(f->technique));
	json_number(&j, "attempt", f->attempt);
	json_string(&j, "t", f->has & FINDING_TIME ? phrase_time(f->t_ns, time) : NULL);
	json_string(&j, "service", view_service(r, f));
	json_string(&j, "from", f->has & FINDING_FROM ? addr_format(f->from, from) : NULL);
	if (f->has & FINDING_FROM_PORT)
		json_number(&j, "from_port", f->from_port);
	write_icmp(&j, f);
	json_flag(&j, "local", f->has & FINDING_LOCAL);
	if (f->origin)
		json_number(&j, "origin", f->origin);
	json_end_line(&j);
}

/* Writes a group of summarised ports, with their list. */
static void write_group(FILE *out, const struct view *view, const struct extraports_group *group)
{
	const struct phrase_choice choice = {.technique = group->technique,
					     .state = group->state,
					     .only_summarised = !group->whole};
	struct json j = {out, false};

	begin_line(&j, "ports");
	write_ip(&j, &view->host);
	json_string(&j, "proto", phrase_proto(group->technique));
	json_string(&j, "technique", technique_name(group->technique));
	json_string(&j, "state", port_state_name(group->state));
	json_number(&j, "count", group->count);
	json_open(&j, "reasons", '{');
	for (unsigned i = 0; i < REASONS; i++)
		if (group->reasons[i])
			json_number(&j, reason_name(i), group->reasons[i]);
	json_close(&j, '}');
	json_quote(&j, "ports");
	phrase_ports(out, &view->host, &choice, ",");
	json_unquote(&j);
	json_end_line(&j);
}

static void write_states(struct json *j, const struct host_report *host)
{
	uint64_t counts[PORT_STATES] = {0};

	for (size_t i = 0; i < host->count; i++)
		if (host->findings[i].state < PORT_STATES)
			counts[host->findings[i].state]++;
	json_open(j, "states", '{');
	for (unsigned s = 0; s < PORT_STATES; s++)
		if (counts[s])
			json_number(j, port_state_name(s), counts[s]);
	json_close(j, '}');
}

static void write_host_line(FILE *out, const struct host_report *host)
{
	const struct host_status status = host_status(host);
	struct json j = {out, false};
	char time[PHRASE_TIME], mac[18];

	begin_line(&j, "host");
	write_ip(&j, host);
	json_string(&j, "name", host->name);
	if (host->other_names)
		json_string(&j, "other_names", host->other_names);
	if (host->reverse_name)
		json_string(&j, "reverse_name", host->reverse_name);
	json_string(&j, "status", host_state_name(status.state));
	json_string(&j, "reason", status.reason);
	json_string(&j, "mac", host->notes & HOST_MAC ? phrase_mac(host->mac, mac) : NULL);
	json_string(&j, "start", phrase_time(host->start_ns, time));
	json_string(&j, "end", phrase_time(host->end_ns, time));
	json_number(&j, "results", host->count);
	write_states(&j, host);
	json_open(&j, "notes", '[');
	for (size_t i = 0; i < host_note_count; i++)
		if (host->notes & host_note_words[i].bit)
			json_string(&j, NULL, host_note_words[i].word);
	json_close(&j, ']');
	json_flag(&j, "partial", host->notes & HOST_PARTIAL);
	if (host->origin_count) {
		json_open(&j, "origins", '[');
		for (size_t i = 0; i < host->origin_count; i++)
			json_number(&j, NULL, host->origins[i]);
		json_close(&j, ']');
	}
	json_end_line(&j);
}

static void ndjson_host(struct report *r, const struct host_report *host)
{
	struct view view;

	if (view_open(&view, r, host, false) != 0)
		return;
	for (size_t i = 0; i < host->count; i++)
		if (view_lists(&view, &host->findings[i]))
			write_port(r, host, &host->findings[i]);
	for (unsigned i = 0; i < view.extra.groups; i++)
		write_group(r->out, &view, &view.extra.group[i]);
	write_host_line(r->out, host);
	view_close(&view);
}

static void write_wrong(struct json *j, const struct run_confidence *c, enum confidence_kind kind,
			const char *name)
{
	if (!c->wrong[kind].known)
		return;
	json_open(j, name, '{');
	json_number(j, "expected_milli", c->wrong[kind].milli);
	json_number(j, "at_most", c->wrong[kind].most);
	json_close(j, '}');
}

static void write_confidence(struct json *j, const struct run_confidence *c)
{
	if (!c->known)
		return;
	json_open(j, "confidence", '{');
	json_number(j, "loss_ppm", c->loss_ppm);
	json_number(j, "probed_again", c->again);
	json_number(j, "unanswered", c->again_mute);
	write_wrong(j, c, CONFIDENCE_OPEN, "open_missed");
	write_wrong(j, c, CONFIDENCE_SILENCE, "silent_by_loss");
	json_close(j, '}');
}

static void ndjson_end(struct report *r, const struct run_summary *s)
{
	struct json j = {r->out, false};
	char time[PHRASE_TIME];

	begin_line(&j, "summary");
	json_string(&j, "start", phrase_time(r->run->start_ns, time));
	json_string(&j, "end", phrase_time(s->end_ns, time));
	json_number(&j, "elapsed_us", s->elapsed_ns / 1000);
	json_open(&j, "hosts", '{');
	json_number(&j, "up", s->hosts_up);
	json_number(&j, "down", s->hosts_down);
	json_number(&j, "silent", s->hosts_silent);
	json_number(&j, "total", s->hosts_total);
	json_number(&j, "hidden", r->hidden_hosts + r->shut_hosts + s->hosts_hidden);
	json_close(&j, '}');
	json_open(&j, "probes", '{');
	json_number(&j, "sent", s->probes_sent);
	json_number(&j, "retried", s->probes_retried);
	if (r->run->plan)
		json_number(&j, "finished", s->finished - r->run->plan->first);
	json_close(&j, '}');
	json_open(&j, "replies", '{');
	json_number(&j, "valid", s->replies_valid);
	json_number(&j, "invalid", s->replies_invalid);
	json_number(&j, "duplicate", s->replies_duplicate);
	json_number(&j, "other", s->replies_other);
	json_close(&j, '}');
	json_number(&j, "send_errors", s->send_errors);
	json_number(&j, "ring_drops", s->ring_drops);
	write_confidence(&j, &s->confidence);
	json_flag(&j, "partial", s->partial);
	json_string(&j, "stopped_why", s->stopped_why);
	json_end_line(&j);
}

const struct report_ops report_ndjson = {"ndjson", ndjson_begin, ndjson_host, ndjson_end};
