/* discovery: which hosts to find before their ports are scanned, by which probes, or why not. */
#include "run/discovery.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/quote.h"
#include "plan/ports.h"
#include "run/timing.h"
#include "scan/live_set.h"

/* Attempts of each kind of probe, at most. */
#define TRIES_MOST 2
/* Probes of the ports of all targets that are sent sooner than hosts are found. */
#define WORTH_PROBES 4096u
/* Protocols that hosts lack or answer: ICMP, which becomes an echo request, IGMP, IP in IP. */
#define PROTOCOLS_DEFAULT "1,2,4"

static bool is_loopback(struct addr a)
{
	return addr_is_v4(a) ? addr_v4(a) >> 24 == 127 : !a.hi && a.lo == 1;
}

bool discovery_keeps(const struct target_list *targets, struct addr addr)
{
	const struct named_target *named = target_list_find(targets, addr);

	return named && !named->listed;
}

/* Addresses that are left out of the scan if they do not answer. */
static uint64_t hosts_at_stake(const struct target_list *targets)
{
	uint64_t hosts = 0, kept = 0;

	for (size_t i = 0; i < targets->ranges.count; i++) {
		const struct ranges one = {&targets->ranges.range[i], 1, 1};

		if (!is_loopback(one.range->first))
			hosts += ranges_size(&one);
	}
	for (size_t i = 0; i < targets->named_count; i++)
		kept += !targets->named[i].listed && !is_loopback(targets->named[i].addr) &&
			ranges_contain(&targets->ranges, targets->named[i].addr);
	return hosts - kept;
}

static bool has_family(const struct target_list *targets, bool v4)
{
	for (size_t i = 0; i < targets->ranges.count; i++)
		if (addr_is_v4(targets->ranges.range[i].first) == v4)
			return true;
	return false;
}

/* Adds a probe, unless it is there already. */
static int slot_add(struct discovery *d, unsigned technique, unsigned port, struct failure *f)
{
	const uint32_t slot = technique << 16 | port;

	for (uint32_t i = 0; i < d->slots; i++)
		if (d->slot[i] == slot)
			return 0;
	if (d->slots == DISCOVERY_SLOTS)
		return failure_set(f, EXIT_USAGE,
				   "more than %u probes to find each host: name fewer ports",
				   DISCOVERY_SLOTS);
	d->slot[d->slots++] = slot;
	return 0;
}

/* Adds the ports of an option such as -PS; `text` NULL: the one that nmap has. */
static int slots_of_ports(struct discovery *d, const struct discovery_case *c, unsigned technique,
			  const char *text, unsigned usual, struct failure *f)
{
	static const struct ports none;
	struct ports ports = none;
	const struct port_set *set = technique_is_udp(technique) ? &ports.udp : &ports.tcp;

	if (!text)
		return slot_add(d, technique, usual, f);
	if (ports_parse(text, strlen(text), c->services, &ports, f) < 0)
		return -1;
	for (unsigned port = 0; port < 65536; port++)
		if (port_set_has(set, port) && slot_add(d, technique, port, f) < 0)
			return -1;
	return 0;
}

/* Adds IP protocols by number, "1,2,4" or "0-8"; ICMP is an echo request. */
static int slots_of_protocols(struct discovery *d, const char *text, struct failure *f)
{
	static const struct ports none;
	const struct service_names names = {0};
	struct ports ports = none;
	char quoted[TEXT_QUOTED(64)];

	if (ports_parse(text, strlen(text), &names, &ports, f) < 0)
		return -1;
	for (unsigned number = 0; number < 65536; number++) {
		if (!port_set_has(&ports.tcp, number))
			continue;
		if (number > UINT8_MAX) {
			text_quote(text, strnlen(text, 64), quoted, sizeof(quoted));
			return failure_set(f, EXIT_USAGE,
					   "-PO wants IP protocols from 0 to 255, not \"%s\"",
					   quoted);
		}
		const bool icmp = number == IPPROTO_ICMP || number == IPPROTO_ICMPV6;

		if (slot_add(d, icmp ? TECH_ICMP_ECHO : TECH_IP_PROTOCOL, icmp ? 0 : number, f) < 0)
			return -1;
	}
	return 0;
}

static int refuse_user(const char *option, struct failure *f)
{
	return failure_set(
		f, EXIT_NO_PERMISSION,
		"%s needs CAP_NET_RAW (root, or setcap cap_net_raw+ep); without it there "
		"are -PS, -PA (both by connect) and -PU",
		option);
}

/* The most probable answers first: a host that gives one gets no other probe. */
static int slots_choose(struct discovery *d, const struct discovery_case *c, struct failure *f)
{
	const struct request_pings *asked = &c->request->pings;
	const bool raw = d->engine->technique != TECH_CONNECT;
	const bool usual = !(asked->echo || asked->timestamp || asked->syn || asked->ack ||
			     asked->udp || asked->protocols);
	const unsigned syn = raw ? TECH_SYN : TECH_CONNECT, ack = raw ? TECH_ACK : TECH_CONNECT;

	if (!raw && (asked->echo || asked->timestamp || asked->protocols))
		return refuse_user(asked->echo ? "-PE" : asked->timestamp ? "-PP" : "-PO", f);
	if (raw && (usual || asked->echo) && slot_add(d, TECH_ICMP_ECHO, 0, f) < 0)
		return -1;
	if (asked->protocols &&
	    slots_of_protocols(d, asked->protocol_list ? asked->protocol_list : PROTOCOLS_DEFAULT,
			       f) < 0)
		return -1;
	if (usual && (slot_add(d, syn, 443, f) < 0 || slot_add(d, ack, 80, f) < 0))
		return -1;
	if (asked->syn && slots_of_ports(d, c, syn, asked->syn_ports, 80, f) < 0)
		return -1;
	if (asked->ack && slots_of_ports(d, c, ack, asked->ack_ports, 80, f) < 0)
		return -1;
	if (asked->udp && slots_of_ports(d, c, TECH_UDP, asked->udp_ports, 40125, f) < 0)
		return -1;
	if (raw && ((usual && has_family(c->targets, true)) || asked->timestamp))
		return slot_add(d, TECH_ICMP_TIMESTAMP, 0, f);
	return 0;
}

/* "icmp-echo, syn 443, ack 80" */
static void slots_text(struct discovery *d)
{
	size_t at = 0;

	for (uint32_t i = 0; i < d->slots && at < sizeof(d->probes) - 32; i++) {
		const uint8_t technique = plan_slot_technique(d->slot[i]);

		at += (size_t)snprintf(d->probes + at, sizeof(d->probes) - at, "%s%s",
				       i ? ", " : "", technique_table[technique].name);
		if (technique_is_port(technique) || technique == TECH_IP_PROTOCOL)
			at += (size_t)snprintf(d->probes + at, sizeof(d->probes) - at, " %u",
					       plan_slot_port(d->slot[i]));
		if (at >= sizeof(d->probes) - 32 && i + 1 < d->slots)
			snprintf(d->probes + at, sizeof(d->probes) - at, ", ...");
	}
}

/* Not the one that sends passes by itself: few probes of a host are sent, and most not at all. */
static const struct engine_row *engine_of(const struct discovery_case *c)
{
	const struct engine_case any = {.raw = c->raw};
	const struct engine_row *row = c->request->engine;
	struct failure none = {0};

	if (!row)
		row = engine_choose(&any, NULL, &none);
	while (row && row->traits & ENGINE_OPTIONAL)
		row = engine_choose(&any, row, &none);
	return row;
}

static bool is_asked_for(const struct request_pings *p)
{
	return p->echo || p->timestamp || p->syn || p->ack || p->udp || p->protocols || p->arp;
}

/* Sets d->wanted and d->why. */
static void decide(struct discovery *d, const struct discovery_case *c)
{
	const struct scan_request *r = c->request;
	const uint64_t hosts = hosts_at_stake(c->targets);

	if (d->only || (is_asked_for(&r->pings) && !r->pings.never)) {
		d->wanted = true;
		return;
	}
	if (r->pings.never || hosts == 0 || r->bad_sum)
		return;
	if (r->shards || r->has_part || r->plan_file || r->pings.saved)
		snprintf(d->why, sizeof(d->why),
			 "all are probed, as in the plan of parts and checkpoints");
	else if (hosts > LIVE_TARGETS_MOST)
		snprintf(d->why, sizeof(d->why),
			 "all are probed: they are too many to find hosts first");
	else if (c->ports <= d->slots * TRIES_MOST || hosts * c->ports < WORTH_PROBES)
		snprintf(d->why, sizeof(d->why),
			 "all are probed, which costs no more than to find hosts first");
	else
		d->wanted = true;
}

int discovery_choose(struct discovery *d, const struct discovery_case *c, struct failure *f)
{
	const struct scan_request *r = c->request;

	*d = (struct discovery){.only = r->pings.only};
	if (r->pings.never && !d->only)
		return 0;
	d->engine = engine_of(c);
	if (!d->engine)
		d->engine = c->engine;
	if (slots_choose(d, c, f) < 0)
		return -1;
	slots_text(d);
	decide(d, c);
	if (d->wanted && (r->shards || r->has_part || r->plan_file || r->pings.saved))
		return failure_set(
			f, EXIT_USAGE,
			"--shard, --part, --plan and --checkpoint are of probes of ports: to find "
			"hosts, give each part its own targets, or say -Pn");
	return 0;
}

void discovery_conf(const struct scan_request *request, struct scan_conf *conf)
{
	timing_apply(request, conf);
	conf->rst_retries = false;
	conf->max_open = 0;
	conf->mac_settles = !request->pings.no_arp;
	for (int t = 0; t < TECHNIQUES; t++)
		if (conf->tries[t] > TRIES_MOST)
			conf->tries[t] = TRIES_MOST;
}
