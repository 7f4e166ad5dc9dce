/* route: the routes that the kernel would use for a range of addresses. */
#include "net/route.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/route_ends.h"
#include "net/source.h"

#define ROUTE_UNASKED (-1)

struct route_map {
	struct netlink *netlink;
	struct route_conf conf;
	struct route_ends ends; /* of the regions */
	int *answer;		/* of each region: number, or ROUTE_UNASKED */
	struct route *route;
	int routes, routes_capacity;
	struct route latest; /* the kernel's last answer */
};

static bool route_addr(const struct nlattr *attribute, struct addr *out)
{
	return addr_from_bytes(mnl_attr_get_payload(attribute), mnl_attr_get_payload_len(attribute),
			       out);
}

static int route_read(struct route_map *map)
{
	int error = route_ends_read(&map->ends);

	if (error < 0)
		return error;
	map->answer = reallocarray(NULL, map->ends.count, sizeof(*map->answer));
	if (!map->answer)
		return -ENOMEM;
	for (size_t i = 0; i < map->ends.count; i++)
		map->answer[i] = ROUTE_UNASKED;
	return 0;
}

struct route_map *route_open(struct netlink *netlink, const struct route_conf *conf,
			     struct failure *f)
{
	struct route_map *map = calloc(1, sizeof(*map));
	int error = -ENOMEM;

	if (map) {
		map->netlink = netlink;
		map->conf = *conf;
		map->ends = (struct route_ends){.netlink = netlink,
						.conf = &map->conf,
						.first = conf->first,
						.last = conf->last};
		error = route_read(map);
		map->conf.ports = NULL;
	}
	if (error < 0) {
		failure_set(f, EXIT_SOFTWARE, "cannot read the routes: %s", strerror(-error));
		route_close(map);
		return NULL;
	}
	return map;
}

void route_close(struct route_map *map)
{
	if (!map)
		return;
	route_ends_fini(&map->ends);
	free(map->answer);
	free(map->route);
	free(map);
}

static uint8_t route_kind_of(unsigned type)
{
	switch (type) {
	case RTN_UNICAST:
	case RTN_ANYCAST:
		return ROUTE_UNICAST;
	case RTN_LOCAL:
		return ROUTE_LOCAL;
	case RTN_BROADCAST:
		return ROUTE_BROADCAST;
	case RTN_MULTICAST:
		return ROUTE_MULTICAST;
	case RTN_BLACKHOLE:
		return ROUTE_BLACKHOLE;
	case RTN_UNREACHABLE:
		return ROUTE_UNREACHABLE;
	case RTN_PROHIBIT:
		return ROUTE_PROHIBIT;
	default:
		return ROUTE_NONE;
	}
}

static int route_attribute(const struct nlattr *attribute, void *context)
{
	struct route *out = context;
	const uint8_t *bytes = mnl_attr_get_payload(attribute);
	size_t length = mnl_attr_get_payload_len(attribute);

	switch (mnl_attr_get_type(attribute)) {
	case RTA_OIF:
		if (length >= sizeof(uint32_t))
			out->link_index = mnl_attr_get_u32(attribute);
		break;
	case RTA_GATEWAY:
		out->has_gateway = route_addr(attribute, &out->gateway);
		break;
	case RTA_VIA: /* struct rtvia: the family in front of the address */
		out->has_gateway = length == sizeof(struct rtvia) + 16;
		if (out->has_gateway)
			out->gateway = addr_from_bytes16(bytes + sizeof(struct rtvia));
		break;
	case RTA_PREFSRC:
		out->has_source = route_addr(attribute, &out->source);
		break;
	case RTA_ENCAP_TYPE:
		if (length >= sizeof(uint16_t))
			out->encap = mnl_attr_get_u16(attribute);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

int route_parse(const struct nlmsghdr *message, struct route *out)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);

	if (message->nlmsg_type != RTM_NEWROUTE ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*header))
		return -EPROTO;
	*out = (struct route){.kind = route_kind_of(header->rtm_type)};
	return mnl_attr_parse(message, sizeof(*header), route_attribute, out) < 0 ? -errno : 0;
}

static int route_answer_each(void *context, const struct nlmsghdr *message)
{
	return route_parse(message, context);
}

static void route_put_addr(struct nlmsghdr *request, uint16_t type, struct addr a)
{
	uint8_t bytes[16];

	if (addr_is_v4(a))
		addr_to_bytes4(a, bytes);
	else
		addr_to_bytes16(a, bytes);
	mnl_attr_put(request, type, addr_is_v4(a) ? 4 : 16, bytes);
}

static unsigned route_out(const struct route_conf *conf, struct addr to)
{
	return addr_is_link_local6(to) && conf->zone ? conf->zone : conf->out_index;
}

/* Asks the kernel, for a source address or (NULL) the one that it chooses. 0 or -errno. */
static int route_ask(struct netlink *netlink, const struct route_conf *conf, struct addr to,
		     const struct addr *source, struct route *answer)
{
	const struct netlink_reader reader = {route_answer_each, NULL, answer};
	const bool v4 = addr_is_v4(to);
	const unsigned out = route_out(conf, to);
	char buffer[NETLINK_REQUEST_BYTES] __attribute__((aligned(8))) = {0};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtmsg *header;
	int error;

	request->nlmsg_type = RTM_GETROUTE;
	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->rtm_family = v4 ? AF_INET : AF_INET6;
	header->rtm_dst_len = v4 ? 32 : 128;
	route_put_addr(request, RTA_DST, to);
	if (source) {
		header->rtm_src_len = header->rtm_dst_len;
		route_put_addr(request, RTA_SRC, *source);
	}
	if (out)
		mnl_attr_put_u32(request, RTA_OIF, out);
	if (conf->mark)
		mnl_attr_put_u32(request, RTA_MARK, conf->mark);
	if (conf->protocol)
		mnl_attr_put_u8(request, RTA_IP_PROTO, conf->protocol);
	/* That of our sockets; the kernel would take the real user. */
	mnl_attr_put_u32(request, RTA_UID, geteuid());
	*answer = (struct route){.kind = ROUTE_NONE};
	error = netlink_ask(netlink, request, &reader);
	if (error == 0 && source) {
		answer->source = *source;
		answer->has_source = true;
	}
	return error;
}

/* The kind of route that an errno stands for: fib_props[] in the kernel's net/ipv4/fib_semantics.c
 * and ip6_rt_type_to_error() in net/ipv6/route.c. */
static int route_refusal(struct route *out, int error)
{
	*out = (struct route){0};
	switch (error) {
	case -ENETUNREACH:
	case -ENETDOWN:
	case -ENODEV:
		out->kind = ROUTE_NONE;
		return 0;
	case -EHOSTUNREACH:
		out->kind = ROUTE_UNREACHABLE;
		return 0;
	case -EACCES:
		out->kind = ROUTE_PROHIBIT;
		return 0;
	case -EINVAL:
		out->kind = ROUTE_BLACKHOLE;
		return 0;
	default:
		return error;
	}
}

/* With a source address, the kernel may answer for IPv6 with a route out of another interface than
 * the one asked for. A socket that is bound to the interface has none of these routes. Where the
 * answer for any source is of another interface, too, the one asked for is the master of a VRF. */
static int route_from(struct netlink *netlink, const struct route_conf *conf, struct addr to,
		      struct addr source, struct route *out)
{
	const unsigned link_index = route_out(conf, to);
	struct route strict;
	int error = route_ask(netlink, conf, to, &source, out);

	if (error < 0 || !link_index || addr_is_v4(to) || out->kind != ROUTE_UNICAST ||
	    out->link_index == link_index)
		return error;
	error = route_ask(netlink, conf, to, NULL, &strict);
	if (error < 0 || strict.link_index != link_index)
		return error;
	*out = strict;
	out->source = source;
	out->has_source = true;
	return 0;
}

/* As connect(2) does it: a route for any source address gives the address, and packets then take
 * the route for that address. For IPv6 only if there was no route before. */
static int route_chosen(struct netlink *netlink, const struct route_conf *conf, struct addr to,
			struct route *out)
{
	struct addr source;
	int error = route_ask(netlink, conf, to, NULL, out);

	if (addr_is_v4(to)) {
		source = out->source;
		if (error < 0 || out->kind != ROUTE_UNICAST || !out->has_source)
			return error;
	} else if (error == 0 || !source_choose(to, route_out(conf, to), conf->zone, &source)) {
		return error;
	}
	return route_from(netlink, conf, to, source, out);
}

static bool route_fixed_source(const struct route_conf *conf, struct addr to)
{
	return conf->has_source && addr_is_v4(conf->source) == addr_is_v4(to);
}

int route_lookup(struct netlink *netlink, const struct route_conf *conf, struct addr to,
		 struct route *out)
{
	const int error = route_fixed_source(conf, to)
				  ? route_from(netlink, conf, to, conf->source, out)
				  : route_chosen(netlink, conf, to, out);

	return error < 0 ? route_refusal(out, error) : 0;
}

/* The same with one question, where no route or rule depends on the source address. */
static int route_lookup_plain(struct netlink *netlink, const struct route_conf *conf,
			      struct addr to, struct route *out)
{
	const int error = route_ask(netlink, conf, to, NULL, out);

	return error < 0 ? route_refusal(out, error) : 0;
}

bool route_same(const struct route *a, const struct route *b)
{
	return a->kind == b->kind && a->link_index == b->link_index && a->encap == b->encap &&
	       a->has_gateway == b->has_gateway && a->has_source == b->has_source &&
	       (!a->has_gateway || addr_equal(a->gateway, b->gateway)) &&
	       (!a->has_source || addr_equal(a->source, b->source));
}

/* Number of map->latest among the distinct answers. */
static int route_number(struct route_map *map)
{
	for (int i = 0; i < map->routes; i++)
		if (route_same(&map->route[i], &map->latest))
			return i;
	if (map->routes == map->routes_capacity) {
		int capacity = map->routes_capacity ? 2 * map->routes_capacity : 8;
		struct route *grown = reallocarray(map->route, (size_t)capacity, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		map->route = grown;
		map->routes_capacity = capacity;
	}
	map->route[map->routes] = map->latest;
	return map->routes++;
}

static size_t route_region(const struct route_map *map, struct addr of)
{
	size_t low = 0, high = map->ends.count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (addr_compare(map->ends.start[middle], of) <= 0)
			low = middle;
		else
			high = middle;
	}
	return low;
}

bool route_next(const struct route_map *map, struct addr to, struct addr *out)
{
	const size_t next = route_region(map, to) + 1;

	if (next == map->ends.count)
		return false;
	*out = map->ends.start[next];
	return true;
}

int route_find(struct route_map *map, struct addr to)
{
	const size_t low = route_region(map, to);

	if (map->answer[low] == ROUTE_UNASKED) {
		const bool plain = !map->ends.by_source && !route_fixed_source(&map->conf, to);
		int error = (plain ? route_lookup_plain : route_lookup)(map->netlink, &map->conf,
									to, &map->latest);
		int number;

		number = error < 0 ? error : route_number(map);
		if (number < 0)
			return number;
		map->answer[low] = number;
	}
	return map->answer[low];
}

const struct route *route_at(const struct route_map *map, int number)
{
	return &map->route[number];
}

size_t route_regions(const struct route_map *map)
{
	return map->ends.count;
}

const struct routing_rule *route_divided(const struct route_map *map)
{
	return map->ends.is_divided ? &map->ends.divided : NULL;
}

const char *route_encap_name(unsigned encap)
{
	/* By LWTUNNEL_ENCAP_*: later ones have no name in older headers. */
	static const char *const names[] = {"none", "mpls",	 "ip",	"ila",	 "ip6", "seg6",
					    "bpf",  "seg6local", "rpl", "ioam6", "xfrm"};

	return encap < sizeof(names) / sizeof(names[0]) ? names[encap] : "unknown";
}
