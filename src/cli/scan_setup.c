/* scan_setup: options made into the plan and the engine of a scan. */
#include "cli/scan_setup.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/quote.h"
#include "cli/timing.h"
#include "net/link.h"
#include "net/settle.h"
#include "plan/ports.h"
#include "sandbox/privilege.h"

#define PORTS_DEFAULT 1000
#define PORTS_FAST    100

/* All 64 bits, decimal or 0x. */
static int seed_parse(const char *text, uint64_t seed[2], struct failure *f)
{
	char *end, quoted[100];

	errno = 0;
	seed[0] = strtoull(text, &end, 0);
	seed[1] = ~seed[0];
	if (errno || *end || *text < '0' || *text > '9')
		return failure_set(f, EXIT_USAGE, "--seed wants a number, not \"%s\"",
				   text_quote(text, strlen(text), quoted, sizeof(quoted)));
	return 0;
}

static int random_fill(void *at, size_t bytes, struct failure *f)
{
	if (getrandom(at, bytes, 0) != (ssize_t)bytes)
		return failure_set(f, EXIT_SOFTWARE, "the kernel gave no random numbers: %s",
				   strerror(errno));
	return 0;
}

static int ports_top(const struct scan_options *o, struct ports *ports, struct failure *f)
{
	unsigned long count = o->fast ? PORTS_FAST : PORTS_DEFAULT;
	char quoted[100];

	if (o->top_ports) {
		char *end;

		count = strtoul(o->top_ports, &end, 10);
		if (*end || *o->top_ports < '0' || *o->top_ports > '9' || count < 1 ||
		    count > 65535)
			return failure_set(f, EXIT_USAGE,
					   "--top-ports wants a number from 1 to 65535, not \"%s\"",
					   text_quote(o->top_ports, strlen(o->top_ports), quoted,
						      sizeof(quoted)));
	}
	ports_add_top(&ports->tcp, IPPROTO_TCP, (unsigned)count);
	ports_add_top(&ports->udp, IPPROTO_UDP, (unsigned)count);
	return 0;
}

static int setup_ports(struct scan_setup *setup, const struct scan_options *o, struct failure *f)
{
	struct service_names names = services_names(setup->services);
	struct ports out = {0};

	if ((o->ports != NULL) + o->fast + (o->top_ports != NULL) > 1)
		return failure_set(f, EXIT_USAGE, "-p, -F and --top-ports exclude one another");
	if (o->ports ? ports_parse(o->ports, strlen(o->ports), &names, &setup->ports, f)
		     : ports_top(o, &setup->ports, f))
		return -1;
	if (!o->exclude_ports)
		return 0;
	if (ports_parse(o->exclude_ports, strlen(o->exclude_ports), &names, &out, f) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(out.tcp.word) / sizeof(out.tcp.word[0]); i++) {
		setup->ports.tcp.word[i] &= ~out.tcp.word[i];
		setup->ports.udp.word[i] &= ~out.udp.word[i];
	}
	return 0;
}

static int setup_mode(const char *mode, struct failure *f)
{
	char quoted[100];

	if (!mode || strcmp(mode, "native") == 0 || strcmp(mode, "generic") == 0)
		return 0;
	return failure_set(f, EXIT_USAGE, "--xdp-mode wants native or generic, not \"%s\"",
			   text_quote(mode, strlen(mode), quoted, sizeof(quoted)));
}

static int setup_engine(struct scan_setup *setup, const struct scan_options *o, struct failure *f)
{
	enum privilege_raw raw = privilege_raw();
	bool may = raw == PRIVILEGE_RAW;
	const char *asked = o->engine	      ? o->engine
			    : o->privileged   ? "frames"
			    : o->unprivileged ? "sockets"
					      : NULL;
	char quoted[100];

	setup->xdp_forced = setup->xdp = asked && strcmp(asked, "xdp") == 0;
	if (asked && !setup->xdp && strcmp(asked, "frames") != 0 && strcmp(asked, "sockets") != 0)
		return failure_set(f, EXIT_USAGE,
				   "--engine wants sockets, frames or xdp, not \"%s\"",
				   text_quote(asked, strlen(asked), quoted, sizeof(quoted)));
	setup->techniques = o->techniques;
	setup->frames = asked ? strcmp(asked, "sockets") != 0 : may;
	if (setup->techniques == 0)
		setup->techniques = 1u << (setup->frames ? TECH_SYN : TECH_CONNECT);

	bool needs_frames = false, needs_kernel = setup->techniques >> TECH_CONNECT & 1;
	bool asked_connect = o->techniques >> TECH_CONNECT & 1;

	for (unsigned t = 0; t < TECHNIQUES; t++) {
		if (!(setup->techniques >> t & 1) || technique_table[t].needs != NEEDS_FRAMES)
			continue;
		needs_frames = true;
		if (!may)
			return failure_set(
				f, EXIT_NO_PERMISSION,
				"technique %s needs CAP_NET_RAW (root, or setcap "
				"cap_net_raw+ep): %s; without it there are connect and udp",
				technique_table[t].name, privilege_raw_why(raw));
		if (!setup->frames)
			return failure_set(f, EXIT_USAGE,
					   "technique %s is not for engine sockets, which sends "
					   "connect and udp only",
					   technique_table[t].name);
	}
	if (needs_kernel && needs_frames)
		return failure_set(f, EXIT_USAGE,
				   "technique connect runs on engine sockets, the others asked for "
				   "on engine frames: scan one at a time");
	if (needs_kernel && asked && setup->frames)
		return failure_set(f, EXIT_USAGE, "technique connect is for engine sockets");
	if (needs_kernel)
		setup->frames = setup->xdp = false;
	if (setup->frames && !may)
		return failure_set(
			f, EXIT_NO_PERMISSION,
			"engine frames needs CAP_NET_RAW (root, or setcap cap_net_raw+ep): "
			"%s",
			privilege_raw_why(raw));
	snprintf(setup->engine_why, sizeof(setup->engine_why), "%s%s",
		 asked		 ? "as asked for"
		 : asked_connect ? "technique connect is the kernel's own"
				 : privilege_raw_why(raw),
		 asked || asked_connect || may ? "" : ": connect and udp only");
	return 0;
}

/* "22,80-90" */
static char *ports_text(const struct port_set *set)
{
	size_t length = 0, capacity = 16;
	char *text = malloc(capacity);

	if (!text)
		return NULL;
	text[0] = '\0';
	for (unsigned port = 0; port < 65536; port++) {
		unsigned last = port;

		if (!port_set_has(set, port))
			continue;
		while (last < 65535 && port_set_has(set, last + 1))
			last++;
		if (capacity - length < 16) {
			char *grown = realloc(text, capacity * 2);

			if (!grown) {
				free(text);
				return NULL;
			}
			text = grown;
			capacity *= 2;
		}
		length += (size_t)snprintf(text + length, capacity - length,
					   last > port ? "%s%u-%u" : "%s%u", length ? "," : "",
					   port, last);
		port = last;
	}
	return text;
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
		setup->port_list[i] = ports_text(set);
		if (!setup->port_list[i])
			return failure_set(f, EXIT_SOFTWARE, "out of memory");
		setup->technique_count++;
	}
	return 0;
}

static int setup_shard(struct scan_setup *setup, const struct scan_options *o, struct failure *f)
{
	unsigned long long number, count;
	char *end, quoted[100];

	setup->conf.first = 0;
	setup->conf.last = setup->plan->total;
	if (!o->shard)
		return 0;
	if (!o->seed)
		return failure_set(f, EXIT_USAGE,
				   "--shard needs --seed, the same for all shards: otherwise each "
				   "would cut another order");
	number = strtoull(o->shard, &end, 10);
	count = end[0] == '/' && end[1] >= '0' && end[1] <= '9' ? strtoull(end + 1, &end, 10) : 0;
	if (*end || *o->shard < '0' || *o->shard > '9' || number < 1 || number > count ||
	    count > 1000000)
		return failure_set(f, EXIT_USAGE, "--shard wants I/N with 1 <= I <= N, not \"%s\"",
				   text_quote(o->shard, strlen(o->shard), quoted, sizeof(quoted)));
	plan_shard(setup->plan, number, count, &setup->conf.first, &setup->conf.last);
	if (setup->conf.first == setup->conf.last)
		return failure_set(f, EXIT_USAGE, "shard %llu/%llu of %llu probes is empty", number,
				   count, (unsigned long long)setup->plan->total);
	return 0;
}

/*
 * xdp costs some 30 ms a pass and is no faster than frames below its saturation: it is chosen for
 * scans that are large and allowed to be fast, where it can run.
 */
#define XDP_PROBES_LEAST (1u << 18)
#define XDP_RATE_LEAST	 500000

static bool setup_xdp(const struct scan_setup *setup, const struct scan_options *o)
{
	return setup->xdp_forced || (setup->frames && !o->engine && !o->privileged && !o->explain &&
				     setup->conf.last - setup->conf.first >= XDP_PROBES_LEAST &&
				     setup->conf.pace.ceiling_pps >= XDP_RATE_LEAST);
}

/* Ports that no technique asks for, and techniques without a port: said, not dropped silently. */
static void note_unused(const struct scan_setup *setup, const struct scan_options *o, FILE *notes)
{
	const unsigned udp = setup->techniques >> TECH_UDP & 1;
	const unsigned tcp = (setup->techniques & ~(1u << TECH_UDP)) != 0;
	const bool no_tcp = port_set_size(&setup->ports.tcp) == 0;
	const bool no_udp = port_set_size(&setup->ports.udp) == 0;

	if (o->ports && !udp && (strstr(o->ports, "U:") || strstr(o->ports, "u:")))
		fputs("portlight: the U: ports are not scanned: that takes -sU\n", notes);
	if (o->ports && !tcp && (strstr(o->ports, "T:") || strstr(o->ports, "t:")))
		fputs("portlight: the T: ports are not scanned: -sU alone asks for UDP only\n",
		      notes);
	if (tcp && udp && (no_tcp || no_udp))
		fprintf(notes, "portlight: no %s ports are given: none is scanned\n",
			no_tcp ? "TCP" : "UDP");
}

int scan_setup_init(struct scan_setup *setup, const struct scan_options *o, FILE *notes,
		    struct failure *f)
{
	uint64_t seed[2];
	int error;

	memset(setup, 0, sizeof(*setup));
	if (setup_mode(o->xdp_mode, f) < 0 || setup_engine(setup, o, f) < 0)
		return -1;
	error = services_load(SERVICES_PATH, &setup->services);
	if (error < 0)
		return failure_set(f, EXIT_IO, "cannot read %s: %s", SERVICES_PATH,
				   strerror(-error));
	if (setup_ports(setup, o, f) < 0 || target_list_build(o, notes, &setup->targets, f) < 0)
		return -1;
	if (o->seed ? seed_parse(o->seed, seed, f) : random_fill(seed, sizeof(seed), f))
		return -1;
	setup->plan = plan_new(&setup->targets.ranges, &setup->ports, setup->techniques, seed, f);
	if (!setup->plan || setup_lists(setup, f) < 0 || setup_shard(setup, o, f) < 0)
		return -1;
	note_unused(setup, o, notes);
	timing_apply(o, &setup->conf);
	setup->xdp = setup_xdp(setup, o);
	return 0;
}

void scan_setup_fini(struct scan_setup *setup)
{
	for (size_t i = 0; i < TECHNIQUES; i++)
		free(setup->port_list[i]);
	plan_free(setup->plan);
	services_free(setup->services);
	target_list_fini(&setup->targets);
	memset(setup, 0, sizeof(*setup));
}

/* xdp if it may be, or frames with the reason. */
static struct engine *setup_open(struct scan_setup *setup, const struct scan_options *o,
				 struct engine_conf *conf, struct failure *f)
{
	struct failure why = {0};
	struct engine *engine;
	size_t length;

	if (!setup->frames)
		return engine_sockets_open(conf, f);
	if (!setup->xdp)
		return engine_frames_open(conf, f);
	conf->forced = setup->xdp_forced;
	conf->generic = o->xdp_mode && strcmp(o->xdp_mode, "generic") == 0;
	engine = engine_xdp_open(conf, &why);
	if (engine && !setup->xdp_forced)
		snprintf(setup->engine_why, sizeof(setup->engine_why),
			 "%" PRIu64 " probes at up to %.0f/s are worth it, and it can run here",
			 setup->conf.last - setup->conf.first, setup->conf.pace.ceiling_pps);
	length = strlen(setup->engine_why);
	if (engine && conf->generic)
		snprintf(setup->engine_why + length, sizeof(setup->engine_why) - length,
			 "; generic mode: sends as ever, judges answers in the kernel's stack");
	if (engine)
		return engine;
	if (setup->xdp_forced) {
		failure_set(f, why.exit_code, "engine xdp cannot run here: %s", why.text);
		return NULL;
	}
	snprintf(setup->engine_why + length, sizeof(setup->engine_why) - length, "; not xdp: %s",
		 why.text);
	setup->xdp = false;
	return engine_frames_open(conf, f);
}

/* Not found out is not waited for. */
static void setup_settle(struct scan_setup *setup, const struct scan_options *o)
{
	const struct ranges *targets = &setup->targets.ranges;
	struct failure ignored = {0};
	bool wanted = false;
	int waited_ms;

	for (size_t i = 0; i < targets->count; i++)
		wanted |= !addr_is_v4(targets->range[i].last);
	waited_ms = wanted ? settle_wait(o->interface, &ignored) : 0;
	setup->settled_ms = waited_ms > 0 ? (unsigned)waited_ms : 0;
}

struct engine *scan_setup_engine(struct scan_setup *setup, const struct scan_options *o,
				 struct sheet *const *sheets, struct trace *trace,
				 struct failure *f)
{
	struct engine_conf conf = {
		.plan = setup->plan,
		.sheets = sheets,
		.trace = trace,
		.interface = o->interface,
		.has_source_port = o->has_source_port,
		.source_port = (uint16_t)o->source_port,
		.ttl = o->has_ttl ? (uint8_t)o->ttl : 0,
		.max_open = (unsigned)o->max_sockets,
		.bad_sum = o->bad_sum,
		.stop = setup->interrupts,
	};
	char quoted[100];

	if (o->source) {
		if (addr_parse(o->source, strlen(o->source), &conf.source) < 0) {
			failure_set(
				f, EXIT_USAGE, "-S wants an address, not \"%s\"",
				text_quote(o->source, strlen(o->source), quoted, sizeof(quoted)));
			return NULL;
		}
		conf.has_source = true;
	}
	if (setup->targets.zone[0]) {
		if (link_check(setup->targets.zone, f) < 0)
			return NULL;
		conf.zone = if_nametoindex(setup->targets.zone);
	}
	if (random_fill(&conf.key, sizeof(conf.key), f) < 0)
		return NULL;
	setup_settle(setup, o);
	return setup_open(setup, o, &conf, f);
}
