/* scan_setup: turns a request into the plan and the engine of a scan. */
#include "run/scan_setup.h"

#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/link.h"
#include "net/own.h"
#include "net/settle.h"
#include "plan/ports.h"
#include "run/target_read.h"
#include "run/timing.h"
#include "sandbox/privilege.h"

#define PORTS_DEFAULT 1000
/* Bits of a random seed: JSON readers that take numbers as doubles (RFC 8259, 6) read it right. */
#define SEED_RANDOM ((UINT64_C(1) << 53) - 1)

/*
 * Scans with fewer probes, or a lower limit of the rate, send all frames through the queueing
 * discipline: packet captures of this machine see them, and its traffic shaping counts them. That
 * costs 0.25 to 0.5 us a frame of some 2.3 us (medians of six pairs with bench/floor_engine, veth
 * with noqueue and pfifo_fast): at this rate up to 5 % of a processor, for 65,536 probes up to 33
 * ms. Above, a scan would be 10 to 15 % slower.
 */
#define BYPASS_PROBES_LEAST (1u << 16)
#define BYPASS_RATE_LEAST   100000

static void ports_top(const struct scan_request *r, struct ports *ports)
{
	const unsigned count = r->top_ports ? (unsigned)r->top_ports : PORTS_DEFAULT;

	ports_add_top(&ports->tcp, IPPROTO_TCP, count);
	ports_add_top(&ports->udp, IPPROTO_UDP, count);
}

static int setup_ports(struct scan_setup *setup, struct failure *f)
{
	const struct scan_request *r = setup->request;
	struct service_names names = services_names(setup->services);
	struct ports out = {0};

	if (!r->ports)
		ports_top(r, &setup->ports);
	else if (ports_parse(r->ports, strlen(r->ports), &names, &setup->ports, f) < 0)
		return -1;
	if (!r->exclude_ports)
		return 0;
	if (ports_parse(r->exclude_ports, strlen(r->exclude_ports), &names, &out, f) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(out.tcp.word) / sizeof(out.tcp.word[0]); i++) {
		setup->ports.tcp.word[i] &= ~out.tcp.word[i];
		setup->ports.udp.word[i] &= ~out.udp.word[i];
	}
	return 0;
}

static struct engine_case setup_case(const struct scan_setup *setup)
{
	return (struct engine_case){.techniques = setup->techniques,
				    .raw = setup->raw,
				    .no_bypass = setup->request->no_bypass};
}

/* Chooses the engine by what is known before the plan exists, and the techniques if none were
 * given. */
static int setup_choose(struct scan_setup *setup, struct failure *f)
{
	const struct engine_row *asked = setup->request->engine;
	const unsigned techniques =
		setup->request->plan_file ? setup->stated.techniques : setup->request->techniques;
	const bool connect = techniques >> TECH_CONNECT & 1;
	struct engine_case c;

	setup->raw = privilege_raw();
	setup->techniques = techniques;
	c = setup_case(setup);
	setup->engine = asked ? asked : engine_choose(&c, NULL, f);
	if (!setup->engine)
		return -1;
	if (setup->techniques == 0)
		c.techniques = setup->techniques = 1u << setup->engine->technique;
	if (asked && asked->why_not && asked->why_not(&c, f) < 0)
		return -1;
	snprintf(setup->engine_why, sizeof(setup->engine_why), "%s%s",
		 asked	   ? "as asked for"
		 : connect ? "technique connect uses the kernel's TCP"
			   : privilege_raw_why(setup->raw),
		 asked || connect || setup->raw == PRIVILEGE_RAW ? "" : ": connect and udp only");
	return 0;
}

static int setup_lists(struct scan_setup *setup, struct failure *f)
{
	for (unsigned t = 0; t < TECHNIQUES; t++) {
		size_t i = setup->technique_count;
		const struct port_set *set =
			technique_is_udp(t) ? &setup->ports.udp : &setup->ports.tcp;

		if (!(setup->techniques >> t & 1))
			continue;
		setup->technique[i] = (uint8_t)t;
		setup->port_count[i] = port_set_size(set);
		setup->port_list[i] = port_set_text(set);
		if (!setup->port_list[i])
			return failure_set(f, EXIT_SOFTWARE, "out of memory");
		setup->technique_count++;
	}
	return 0;
}

static int setup_shard(struct scan_setup *setup, struct failure *f)
{
	const struct scan_request *r = setup->request;

	setup->conf.first = 0;
	setup->conf.last = setup->plan->total;
	if (r->has_part && r->part_last > setup->plan->total)
		return failure_set(
			f, EXIT_USAGE, "part %llu-%llu: the plan has %llu probes, 0 to %llu",
			(unsigned long long)r->part_first, (unsigned long long)r->part_last - 1,
			(unsigned long long)setup->plan->total,
			(unsigned long long)setup->plan->total - 1);
	if (r->has_part) {
		setup->conf.first = r->part_first;
		setup->conf.last = r->part_last;
	}
	if (!r->shards)
		return 0;
	plan_shard(setup->plan, r->shard, r->shards, &setup->conf.first, &setup->conf.last);
	if (setup->conf.first == setup->conf.last)
		return failure_set(f, EXIT_USAGE, "shard %llu/%llu of %llu probes is empty",
				   (unsigned long long)r->shard, (unsigned long long)r->shards,
				   (unsigned long long)setup->plan->total);
	return 0;
}

static void setup_run_plan(struct scan_setup *setup, uint64_t seed)
{
	const struct plan *plan = setup->plan;

	setup->run_plan = (struct run_plan){
		.hash = plan_hash(plan, 0, plan->total),
		.seed = seed,
		.total = plan->total,
		.first = setup->conf.first,
		.last = setup->conf.last,
		.ranges = setup->targets.ranges.range,
		.range_count = setup->targets.ranges.count,
		.zone = setup->targets.zone[0] ? setup->targets.zone : NULL,
	};
}

/* Reports ports that no technique scans, and techniques without a port. */
static void note_unused(const struct scan_setup *setup, const struct observer *observer)
{
	const char *ports = setup->request->ports;
	const unsigned udp = setup->techniques >> TECH_UDP & 1;
	const unsigned tcp = (setup->techniques & ~(1u << TECH_UDP)) != 0;
	const bool no_tcp = port_set_size(&setup->ports.tcp) == 0;
	const bool no_udp = port_set_size(&setup->ports.udp) == 0;

	if (!observer->warning)
		return;
	if (ports && !udp && (strstr(ports, "U:") || strstr(ports, "u:")))
		observer->warning(observer->context,
				  "the U: ports are not scanned: that takes -sU");
	if (ports && !tcp && (strstr(ports, "T:") || strstr(ports, "t:")))
		observer->warning(observer->context,
				  "the T: ports are not scanned: -sU alone asks for UDP only");
	if (tcp && udp && (no_tcp || no_udp))
		observer->warning(observer->context,
				  no_tcp ? "no TCP ports are given: none is scanned"
					 : "no UDP ports are given: none is scanned");
}

static bool is_loopback(struct addr a)
{
	return addr_is_v4(a) ? addr_v4(a) >> 24 == 127 : !a.hi && a.lo == 1;
}

/* The first target that a source address of the loopback interface cannot be used for: one that is
 * not this machine's. NULL if there is none. */
static const struct range *range_elsewhere(const struct ranges *targets, struct addr source,
					   const struct own_list *own)
{
	for (size_t i = 0; i < targets->count; i++) {
		const struct range *r = &targets->range[i];
		const bool single = addr_equal(r->first, r->last);

		if (addr_is_v4(r->first) == addr_is_v4(source) &&
		    !(is_loopback(r->first) && is_loopback(r->last)) &&
		    !(single && own_link(own, r->first, 0) != 0))
			return r;
	}
	return NULL;
}

/* -S: some target is of its family, and can answer to it. */
static int setup_source(const struct scan_setup *setup, struct failure *f)
{
	const struct addr source = setup->request->source;
	const struct ranges *targets = &setup->targets.ranges;
	const struct range *elsewhere;
	struct own_list own = {0};
	struct netlink *netlink;
	char text[ADDR_TEXT], other[ADDR_TEXT];
	size_t i = 0;
	int result = 0;

	if (!setup->request->has_source)
		return 0;
	while (i < targets->count && addr_is_v4(targets->range[i].first) != addr_is_v4(source))
		i++;
	if (i == targets->count)
		return failure_set(f, EXIT_USAGE,
				   "source address %s is of a family that no target has",
				   addr_format(source, text));
	if (!is_loopback(source))
		return 0;
	netlink = netlink_open(f);
	if (!netlink)
		return -1;
	result = own_list_read(&own, netlink, f);
	elsewhere = result < 0 ? NULL : range_elsewhere(targets, source, &own);
	if (elsewhere)
		result = failure_set(f, EXIT_USAGE,
				     "source address %s is of the loopback interface: %s cannot "
				     "answer to it",
				     addr_format(source, text),
				     addr_format(elsewhere->first, other));
	own_list_fini(&own);
	netlink_close(netlink);
	return result;
}

/* Targets and ports: of the plan's file, or of the request. */
static int setup_input(struct scan_setup *setup, const struct observer *observer, struct failure *f)
{
	struct stated_plan *stated = &setup->stated;

	if (!setup->request->plan_file)
		return setup_ports(setup, f) < 0 ||
				       target_read(setup->request, observer, &setup->targets, f) < 0
			       ? -1
			       : 0;
	setup->ports = stated->ports;
	setup->targets.ranges = stated->ranges;
	memcpy(setup->targets.zone, stated->zone, sizeof(setup->targets.zone));
	memset(&stated->ranges, 0, sizeof(stated->ranges)); /* moved */
	return 0;
}

int scan_setup_init(struct scan_setup *setup, const struct scan_request *request,
		    uint64_t random_seed, const struct observer *observer, struct failure *f)
{
	uint64_t seed = request->has_seed ? request->seed : random_seed & SEED_RANDOM;
	int error;

	memset(setup, 0, sizeof(*setup));
	setup->request = request;
	if (request->plan_file) {
		if (stated_plan_read(request->plan_file, &setup->stated, f) < 0)
			return -1;
		seed = setup->stated.seed;
	}
	if (setup_choose(setup, f) < 0)
		return -1;
	error = services_load(SERVICES_PATH, &setup->services);
	if (error < 0)
		return failure_set(f, EXIT_IO, "cannot read %s: %s", SERVICES_PATH,
				   strerror(-error));
	if (setup_input(setup, observer, f) < 0 || setup_source(setup, f) < 0)
		return -1;
	setup->plan = plan_new(&setup->targets.ranges, &setup->ports, setup->techniques,
			       (uint64_t[]){seed, ~seed}, f);
	if (!setup->plan || setup_lists(setup, f) < 0 || setup_shard(setup, f) < 0)
		return -1;
	setup_run_plan(setup, seed);
	note_unused(setup, observer);
	timing_apply(request, &setup->conf);
	return 0;
}

void scan_setup_fini(struct scan_setup *setup)
{
	for (size_t i = 0; i < TECHNIQUES; i++)
		free(setup->port_list[i]);
	plan_free(setup->plan);
	services_free(setup->services);
	target_list_fini(&setup->targets);
	stated_plan_fini(&setup->stated);
	memset(setup, 0, sizeof(*setup));
}

/* Opens the requested engine; there is no fallback. */
static struct engine *setup_open_asked(const struct scan_setup *setup,
				       const struct engine_conf *conf, struct failure *f)
{
	struct failure why = {0};
	struct engine *engine = setup->engine->open(conf, &why);

	if (engine)
		return engine;
	if (setup->engine->traits & ENGINE_OPTIONAL)
		failure_set(f, why.exit_code, "engine %s cannot run here: %s", setup->engine->name,
			    why.text);
	else
		failure_set(f, why.exit_code, "%s", why.text);
	return NULL;
}

/* Opens the most preferred engine that suits the scan; notes why others were not used. */
static struct engine *setup_open_best(struct scan_setup *setup, const struct engine_case *c,
				      const struct engine_conf *conf, struct failure *f)
{
	struct failure none = {0};
	const struct engine_row *row = engine_choose(c, NULL, f), *next;

	for (; row; row = next) {
		struct failure why = {0};
		struct engine *engine = row->open(conf, &why);
		const size_t length = strlen(setup->engine_why);

		setup->engine = row;
		if (engine && row->traits & ENGINE_OPTIONAL)
			snprintf(setup->engine_why, sizeof(setup->engine_why),
				 "%" PRIu64 " probes at up to %.0f/s are worth it, and it can run "
				 "here",
				 c->probes, c->most_pps);
		if (engine)
			return engine;
		next = row->traits & ENGINE_OPTIONAL ? engine_choose(c, row, &none) : NULL;
		if (!next)
			failure_set(f, why.exit_code, "%s", why.text);
		snprintf(setup->engine_why + length, sizeof(setup->engine_why) - length,
			 "; not %s: %s", row->name, why.text);
	}
	return NULL;
}

/* Waits until IPv6 addresses of ours are usable; does not wait if their state cannot be read. */
static void setup_settle(struct scan_setup *setup)
{
	const struct ranges *targets = &setup->targets.ranges;
	struct failure ignored = {0};
	bool wanted = false;
	int waited_ms;

	for (size_t i = 0; i < targets->count; i++)
		wanted |= !addr_is_v4(targets->range[i].last);
	waited_ms = wanted ? settle_wait(setup->request->interface, &ignored) : 0;
	setup->settled_ms = waited_ms > 0 ? (unsigned)waited_ms : 0;
}

/* engine_conf.bypass */
static bool setup_bypass(const struct scan_setup *setup)
{
	return !setup->request->no_bypass && setup->conf.pace.ceiling_pps >= BYPASS_RATE_LEAST &&
	       setup->conf.last - setup->conf.first >= BYPASS_PROBES_LEAST;
}

struct engine *scan_setup_engine(struct scan_setup *setup, const struct run_context *run,
				 struct sheet *const *sheets, struct failure *f)
{
	const struct scan_request *r = setup->request;
	struct engine_case c = setup_case(setup);
	struct engine_conf conf = {
		.plan = setup->plan,
		.key = run->key,
		.sheets = sheets,
		.trace = run->trace,
		.interface = r->interface,
		.has_source = r->has_source,
		.source = r->source,
		.has_source_port = r->has_source_port,
		.source_port = (uint16_t)r->source_port,
		.ttl = (uint8_t)r->ttl,
		.max_open = (unsigned)r->max_sockets,
		.most_pps = setup->conf.pace.ceiling_pps,
		.bypass = setup_bypass(setup),
		.bad_sum = r->bad_sum,
		.forced = r->engine != NULL,
		.generic = r->xdp_generic,
		.stop = run->interrupts,
	};
	struct engine *engine;
	size_t length;

	if (setup->targets.zone[0]) {
		if (link_check(setup->targets.zone, f) < 0)
			return NULL;
		conf.zone = if_nametoindex(setup->targets.zone);
	}
	setup_settle(setup);
	c.probes = setup->conf.last - setup->conf.first;
	c.most_pps = setup->conf.pace.ceiling_pps;
	c.trace = run->trace != NULL;
	engine = r->engine ? setup_open_asked(setup, &conf, f)
			   : setup_open_best(setup, &c, &conf, f);
	length = strlen(setup->engine_why);
	if (engine && r->xdp_generic && setup->engine->traits & ENGINE_GENERIC)
		snprintf(setup->engine_why + length, sizeof(setup->engine_why) - length,
			 "; generic mode: sends as in native mode, judges answers in the kernel's "
			 "stack");
	return engine;
}
