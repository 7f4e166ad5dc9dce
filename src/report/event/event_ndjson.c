/* event_ndjson: events as ECS objects, one per line; docs/portlight-watch.schema.json. */
#include "report/event/event_sink.h"

#include <inttypes.h>
#include <string.h>

#include "report/event/event_phrase.h"
#include "report/json/json.h"
#include "report/phrase.h"

#define ECS_VERSION "9.0.0"

#define PINGS	    (UINT32_C(1) << SEEN_ICMP | UINT32_C(1) << SEEN_ARP)

static void write_time(struct json *j, const char *name, uint64_t ns)
{
	char time[PHRASE_TIME];

	json_string(j, name, phrase_time(ns, time));
}

static void write_decimal(struct json *j, const char *name, double value, unsigned decimals)
{
	char text[EVENT_PHRASE_DECIMAL];

	json_decimal(j, name, event_phrase_decimal(value, decimals, text));
}

static void write_ports(struct json *j, const char *name, struct event_ports ports)
{
	json_quote(j, name);
	event_phrase_ports(j->out, ports, SIZE_MAX);
	json_unquote(j);
}

static void write_event(struct json *j, const struct event *e)
{
	const struct event_kind *kind = event_kind(e->action);
	char id[24];

	(void)snprintf(id, sizeof(id), "%" PRIu64, e->id);
	json_open(j, "event", '{');
	json_string(j, "kind", kind->ecs_kind);
	json_open(j, "category", '[');
	for (size_t i = 0; i < 2 && kind->ecs_category[i]; i++)
		json_string(j, NULL, kind->ecs_category[i]);
	json_close(j, ']');
	json_open(j, "type", '[');
	json_string(j, NULL, kind->ecs_type);
	json_close(j, ']');
	json_string(j, "action", kind->name);
	json_string(j, "id", id);
	write_time(j, "start", e->first_ns);
	write_time(j, "end", e->last_ns);
	json_number(j, "duration", e->last_ns > e->first_ns ? e->last_ns - e->first_ns : 0);
	json_number(j, "severity", event_phrase_severity(e));
	json_quote(j, "reason");
	event_phrase_reason(j->out, e);
	json_unquote(j);
	json_close(j, '}');
}

static void write_ends(struct json *j, const struct event *e)
{
	char address[ADDR_TEXT];

	if (e->has & EVENT_HAS_SOURCE || e->packets > 0) {
		json_open(j, "source", '{');
		if (e->has & EVENT_HAS_SOURCE)
			json_string(j, "ip", addr_format(e->source, address));
		json_number(j, "packets", e->packets);
		json_close(j, '}');
	}
	if (!(e->has & EVENT_HAS_TARGET))
		return;
	json_open(j, "destination", '{');
	json_string(j, "ip", addr_format(e->target, address));
	json_close(j, '}');
}

/* The transport protocol, if there is exactly one; else NULL. */
static const char *transport(const struct event *e, bool v6)
{
	const char *one = NULL;

	for (unsigned bit = 0; bit < SEEN_TECHNIQUES; bit++) {
		const char *word;

		if (!(e->techniques >> bit & 1))
			continue;
		if (bit < TECHNIQUES)
			word = phrase_proto(bit);
		else if (bit == SEEN_ODD || bit == SEEN_SYNACK)
			word = "tcp";
		else if (bit == SEEN_SCTP_INIT || bit == SEEN_SCTP_COOKIE)
			word = "sctp";
		else if (bit == SEEN_ICMP)
			word = v6 ? "ipv6-icmp" : "icmp";
		else
			return NULL;
		if (one && strcmp(one, word) != 0)
			return NULL;
		one = word;
	}
	return one;
}

static void write_network(struct json *j, const struct event *e)
{
	bool known = e->has & (EVENT_HAS_SOURCE | EVENT_HAS_TARGET);
	bool v6 = known && !addr_is_v4(e->has & EVENT_HAS_SOURCE ? e->source : e->target);
	const char *protocol = transport(e, v6);

	if (!known && !protocol)
		return;
	json_open(j, "network", '{');
	if (protocol)
		json_string(j, "transport", protocol);
	if (e->techniques == UINT32_C(1) << SEEN_ARP)
		json_string(j, "type", "arp");
	else if (known)
		json_string(j, "type", v6 ? "ipv6" : "ipv4");
	json_close(j, '}');
}

/* Bit set of enum attack_id. */
static unsigned find_attacks(const struct event *e, const struct ranges *home)
{
	unsigned found = 0;

	if (e->techniques & PINGS)
		found |= 1U << ATTACK_SYSTEM_DISCOVERY;
	if (e->techniques & ~PINGS || !e->techniques)
		found |= 1U << ATTACK_SERVICE_DISCOVERY;
	if (event_phrase_is_external(e, home))
		found |= 1U << ATTACK_SCANNING_BLOCKS;
	return found & event_kind(e->action)->attacks;
}

/* Writes one member of each attack found as an array; equal values in sequence are written once. */
static void write_attacks(struct json *j, const char *name, unsigned found,
			  const char *(*member)(const struct attack *attack))
{
	const char *before = "";

	json_open(j, name, '[');
	for (unsigned i = 0; i < ATTACKS; i++) {
		if (!(found >> i & 1) || strcmp(member(&event_attacks[i]), before) == 0)
			continue;
		before = member(&event_attacks[i]);
		json_string(j, NULL, before);
	}
	json_close(j, ']');
}

static const char *attack_id(const struct attack *attack)
{
	return attack->id;
}

static const char *attack_name(const struct attack *attack)
{
	return attack->name;
}

static const char *attack_tactic_id(const struct attack *attack)
{
	return attack->tactic_id;
}

static const char *attack_tactic(const struct attack *attack)
{
	return attack->tactic;
}

static void write_threat(struct json *j, const struct event *e, const struct ranges *home)
{
	unsigned found = find_attacks(e, home);

	json_open(j, "threat", '{');
	json_string(j, "framework", "MITRE ATT&CK");
	json_open(j, "tactic", '{');
	write_attacks(j, "id", found, attack_tactic_id);
	write_attacks(j, "name", found, attack_tactic);
	json_close(j, '}');
	json_open(j, "technique", '{');
	write_attacks(j, "id", found, attack_id);
	write_attacks(j, "name", found, attack_name);
	json_close(j, '}');
	json_close(j, '}');
}

static void write_observer(struct json *j, const struct event *e)
{
	size_t interface = event_phrase_interface(e);

	json_open(j, "observer", '{');
	json_string(j, "vendor", "portlight");
	json_string(j, "product", "portlight");
	json_string(j, "type", "ids");
	json_string(j, "version", PORTLIGHT_VERSION);
	if (interface > 0) {
		json_open(j, "ingress", '{');
		json_open(j, "interface", '{');
		json_bytes(j, "name", e->interface, interface);
		json_close(j, '}');
		json_close(j, '}');
	}
	json_close(j, '}');
}

static void write_techniques(struct json *j, uint32_t techniques)
{
	char sets[EVENT_PHRASE_SETS];

	json_open(j, "techniques", '[');
	for (unsigned bit = 0; bit < SEEN_TECHNIQUES; bit++)
		if (techniques >> bit & 1)
			json_string(j, NULL, event_technique_name(bit));
	json_close(j, ']');
	json_open(j, "technique_sets", '[');
	event_techniques_text(techniques, sets, sizeof(sets));
	for (const char *set = sets; *set;) {
		size_t length = strcspn(set, " ");

		json_bytes(j, NULL, set, length);
		set += length + (set[length] == ' ');
	}
	json_close(j, ']');
}

/* ECS related.ip: the suspects, for a search for an address in all events. */
static void write_related(struct json *j, const struct event *e)
{
	char address[ADDR_TEXT];

	if (e->suspects.count == 0)
		return;
	json_open(j, "related", '{');
	json_open(j, "ip", '[');
	for (size_t i = 0; i < e->suspects.count; i++)
		json_string(j, NULL, addr_format(e->suspects.suspect[i].source, address));
	json_close(j, ']');
	json_close(j, '}');
}

static void write_suspects(struct json *j, const struct event *e)
{
	char address[ADDR_TEXT];

	json_open(j, "suspects", '[');
	for (size_t i = 0; i < e->suspects.count; i++) {
		const struct event_suspect *s = &e->suspects.suspect[i];

		json_open(j, NULL, '{');
		json_string(j, "ip", addr_format(s->source, address));
		json_number(j, "failed", s->contacts);
		json_number(j, "ports", s->ports);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void write_targets(struct json *j, const struct event *e)
{
	char address[ADDR_TEXT];

	json_open(j, "targets", '[');
	for (size_t i = 0; i < e->targets.count; i++) {
		const struct event_target *t = &e->targets.target[i];

		json_open(j, NULL, '{');
		json_string(j, "ip", addr_format(t->target, address));
		json_number(j, "contacts", t->contacts);
		json_number(j, "ports", t->ports);
		write_time(j, "first", t->first_ns);
		write_time(j, "last", t->last_ns);
		json_open(j, "open", '[');
		for (unsigned n = 0; n < t->opens; n++)
			json_number(j, NULL, t->open[n]);
		json_close(j, ']');
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void write_portlight(struct json *j, const struct event *e)
{
	json_open(j, "portlight", '{');
	write_techniques(j, e->techniques);
	json_string(j, "shape", event_shape_name(e->shape));
	json_string(j, "phase", event_phase_name(e->phase));
	json_open(j, "ports", '{');
	write_ports(j, "tcp", e->tcp);
	write_ports(j, "udp", e->udp);
	if (e->sctp.count)
		write_ports(j, "sctp", e->sctp);
	json_close(j, '}');
	json_number(j, "port_count", e->ports_total);
	json_number(j, "hosts", e->hosts);
	json_flag(j, "hosts_at_least", e->has & EVENT_HOSTS_AT_LEAST);
	json_number(j, "sources", e->sources);
	json_flag(j, "sources_at_least", e->has & EVENT_SOURCES_AT_LEAST);
	json_number(j, "protocols", e->protocols);
	json_string(j, "tool", event_tool_name(e->tool));
	write_decimal(j, "tool_confidence", e->tool_confidence, 9);
	write_decimal(j, "confidence", e->confidence, 9);
	json_flag(j, "spoofable", e->has & EVENT_SPOOFABLE);
	json_flag(j, "handshake", e->has & EVENT_HANDSHAKE);
	write_ports(j, "answered_open", e->open);
	json_number(j, "failed", e->failed);
	json_number(j, "answered", e->answered);
	json_number(j, "packets", e->packets);
	write_decimal(j, "rate_pps", e->rate_pps, 3);
	json_number(j, "lost", e->lost);
	json_number(j, "suppressed", e->suppressed);
	json_number(j, "updates", e->updates);
	write_suspects(j, e);
	if (e->targets.count)
		write_targets(j, e);
	json_close(j, '}');
}

static void ndjson_event(const struct event_sink *s, FILE *out, const struct event *e)
{
	struct json j = {out, false};

	json_open(&j, NULL, '{');
	write_time(&j, "@timestamp", e->t_ns);
	json_open(&j, "ecs", '{');
	json_string(&j, "version", ECS_VERSION);
	json_close(&j, '}');
	json_quote(&j, "message");
	event_phrase_message(out, e);
	json_unquote(&j);
	write_event(&j, e);
	write_ends(&j, e);
	write_related(&j, e);
	write_network(&j, e);
	json_open(&j, "rule", '{');
	json_string(&j, "name", event_kind(e->action)->title);
	json_close(&j, '}');
	if (event_kind(e->action)->attacks)
		write_threat(&j, e, s->conf.home);
	write_observer(&j, e);
	write_portlight(&j, e);
	json_end_line(&j);
}

const struct event_sink_ops event_ndjson = {"ndjson", NULL, ndjson_event};
