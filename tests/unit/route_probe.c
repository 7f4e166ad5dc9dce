/*
 * route_probe: what portlight knows of routes and neighbours, for tests/net/route_check.sh.
 *
 * usage: route_probe routes FIRST LAST [-e INTERFACE] [-S SOURCE] [-z INTERFACE] [-p PROTOCOL]
 *                                      [-P tcp|udp|both:PORT] < addresses
 *            an answer a line: ADDRESS KIND INTERFACE GATEWAY SOURCE, "-" where there is none, and
 *            how packets are encapsulated; last on stderr: "REGIONS regions". With -P, before:
 *            "divided: PRIORITY" of the rule that routes the protocols of PORT and of port 9
 *            differently, or "divided: whole"
 *        route_probe ask INTERFACE SOURCE ADDRESS...
 *            a line each: ADDRESS MAC, or "-"; last on stderr: "MILLISECONDS ms"
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/frames/frames_state.h"
#include "engine/frames/solicit.h"
#include "net/link.h"
#include "net/route.h"

static const char *const kinds[] = {
	[ROUTE_UNICAST] = "unicast",	     [ROUTE_LOCAL] = "local",
	[ROUTE_BROADCAST] = "broadcast",     [ROUTE_MULTICAST] = "multicast",
	[ROUTE_UNREACHABLE] = "unreachable", [ROUTE_PROHIBIT] = "prohibit",
	[ROUTE_BLACKHOLE] = "blackhole",     [ROUTE_NONE] = "none",
};

static struct netlink *netlink;
static struct link_list links;

static int give_up(const struct failure *f)
{
	fprintf(stderr, "route_probe: %s\n", f->text);
	return f->exit_code;
}

static struct addr parse(const char *text)
{
	struct addr a;

	if (addr_parse(text, strlen(text), &a) < 0) {
		fprintf(stderr, "route_probe: %s is no address\n", text);
		exit(64);
	}
	return a;
}

static const struct link *interface(const char *name)
{
	const struct link *link = link_by_name(&links, name);

	if (!link) {
		fprintf(stderr, "route_probe: no interface %s\n", name);
		exit(69);
	}
	return link;
}

static void print_route(const char *address, const struct route *route)
{
	const struct link *link = link_by_index(&links, route->link_index);
	char gateway[ADDR_TEXT] = "-", source[ADDR_TEXT] = "-";

	if (route->has_gateway)
		addr_format(route->gateway, gateway);
	if (route->has_source)
		addr_format(route->source, source);
	printf("%s %s %s %s %s%s%s\n", address, kinds[route->kind], link ? link->name : "-",
	       gateway, source, route->encap ? " " : "",
	       route->encap ? route_encap_name(route->encap) : "");
}

/* "udp:53" */
static void parse_ports(const char *text, struct ports *ports)
{
	const char *colon = strchr(text, ':');
	const unsigned port = colon ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;

	for (unsigned i = 0; i < 2; i++) {
		const unsigned number = i ? 9 : port;

		if (text[0] != 'u')
			port_set_add(&ports->tcp, number);
		if (text[0] != 't')
			port_set_add(&ports->udp, number);
	}
}

static void print_divided(const struct route_map *map)
{
	const struct routing_rule *rule = route_divided(map);

	if (rule)
		fprintf(stderr, "divided: %u\n", rule->priority);
	else
		fprintf(stderr, "divided: whole\n");
}

static int routes(int argc, char **argv, struct failure *f)
{
	struct route_conf conf = {.first = parse(argv[2]), .last = parse(argv[3])};
	struct route_map *map;
	static struct ports ports;
	char line[256];

	for (int i = 4; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "-e") == 0) {
			conf.out_index = interface(argv[i + 1])->index;
		} else if (strcmp(argv[i], "-z") == 0) {
			conf.zone = interface(argv[i + 1])->index;
		} else if (strcmp(argv[i], "-p") == 0) {
			conf.protocol = (uint8_t)strtoul(argv[i + 1], NULL, 10);
		} else if (strcmp(argv[i], "-P") == 0) {
			parse_ports(argv[i + 1], &ports);
			conf.ports = &ports;
			conf.from = (struct rule_ports){61440, 65535};
		} else if (strcmp(argv[i], "-S") == 0) {
			conf.has_source = true;
			conf.source = parse(argv[i + 1]);
		}
	}
	map = route_open(netlink, &conf, f);
	if (!map)
		return -1;
	if (conf.ports)
		print_divided(map);
	while (fgets(line, sizeof(line), stdin)) {
		int number;

		line[strcspn(line, "\n")] = '\0';
		number = route_find(map, parse(line));
		if (number < 0) {
			failure_set(f, EXIT_SOFTWARE, "%s: %s", line, strerror(-number));
			break;
		}
		print_route(line, route_at(map, number));
	}
	fprintf(stderr, "%zu regions\n", route_regions(map));
	route_close(map);
	return f->exit_code ? -1 : 0;
}

/* Addresses of the command line. */
struct asked {
	size_t count;
	struct solicit_ask *ask;
	uint8_t (*mac)[6];
	bool *known;
};

static bool asked_next(void *context, size_t number, struct solicit_ask *out)
{
	const struct asked *a = context;

	*out = a->ask[number];
	return !a->known[number];
}

static size_t asked_resolved(void *context, struct addr addr, unsigned link_index,
			     const uint8_t mac[6])
{
	struct asked *a = context;
	size_t found = 0;

	for (size_t i = 0; i < a->count; i++) {
		if (a->known[i] || !addr_equal(a->ask[i].addr, addr) ||
		    a->ask[i].link->index != link_index)
			continue;
		memcpy(a->mac[i], mac, 6);
		a->known[i] = true;
		found++;
	}
	return found;
}

static void print_asked(const struct asked *a)
{
	for (size_t i = 0; i < a->count; i++) {
		const uint8_t *mac = a->mac[i];
		char text[ADDR_TEXT];

		addr_format(a->ask[i].addr, text);
		if (a->known[i])
			printf("%s %02x:%02x:%02x:%02x:%02x:%02x\n", text, mac[0], mac[1], mac[2],
			       mac[3], mac[4], mac[5]);
		else
			printf("%s -\n", text);
	}
}

static int ask(int argc, char **argv, struct failure *f)
{
	const size_t count = (size_t)(argc - 4);
	struct asked a = {.count = count,
			  .ask = calloc(count, sizeof(*a.ask)),
			  .mac = calloc(count, sizeof(*a.mac)),
			  .known = calloc(count, sizeof(*a.known))};
	const struct solicit_conf conf = {
		.count = count, .ask = asked_next, .resolved = asked_resolved, .context = &a};
	uint64_t begin_ns;
	int result;

	if (!a.ask || !a.mac || !a.known)
		return failure_set(f, EXIT_SOFTWARE, "out of memory");
	for (size_t i = 0; i < count; i++)
		a.ask[i] = (struct solicit_ask){.addr = parse(argv[4 + i]),
						.source = parse(argv[3]),
						.link = interface(argv[2])};
	begin_ns = clock_monotonic_ns();
	result = solicit_run(&conf, f);
	fprintf(stderr, "%llu ms\n",
		(unsigned long long)(clock_monotonic_ns() - begin_ns) / 1000000);
	print_asked(&a);
	free(a.ask);
	free(a.mac);
	free(a.known);
	return result;
}

int main(int argc, char **argv)
{
	struct failure f = {0};
	int result = -1;

	if (argc < 4 || (strcmp(argv[1], "routes") != 0 && strcmp(argv[1], "ask") != 0)) {
		fprintf(stderr, "usage: route_probe routes FIRST LAST [-e|-S|-z|-p|-P WHAT]...\n"
				"       route_probe ask INTERFACE SOURCE ADDRESS...\n");
		return 64;
	}
	netlink = netlink_open(&f);
	if (netlink && link_list_read(&links, netlink, &f) == 0)
		result = argv[1][0] == 'r' ? routes(argc, argv, &f) : ask(argc, argv, &f);
	link_list_fini(&links);
	netlink_close(netlink);
	return result < 0 ? give_up(&f) : 0;
}
