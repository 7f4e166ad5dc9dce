/* route: the routes that the kernel would use for a range of addresses. */
#include "net/route.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#define ROUTE_UNASKED (-1)

struct route_map {
	struct netlink *netlink;
	struct route_conf conf;
	struct addr *start; /* of each region, sorted; start[0] is the lowest address */
	int *answer;	    /* of each region: number, or ROUTE_UNASKED */
	size_t regions, capacity;
	struct route *route;
	int routes, routes_capacity;
	struct route latest; /* the kernel's last answer */
};

/* Prefixes that the kernel treats specially, not by a table. */
static const struct {
	struct addr first;
	unsigned bits; /* of 128 */
} route_fixed[] = {
	{{0, ADDR_V4_PREFIX}, 96},  /* where IPv4 begins and ends */
	{{0, ADDR_V4_PREFIX}, 128}, /* 0.0.0.0 and :: mean this machine */
	{{0, 0}, 128},
	{{0, ADDR_V4_PREFIX}, 104},		 /* 0.0.0.0/8, RFC 1122, 3.2.1.3 */
	{{0, ADDR_V4_PREFIX | 0x7f000000}, 104}, /* 127.0.0.0/8 */
	{{0, ADDR_V4_PREFIX | 0xe0000000}, 100}, /* 224.0.0.0/4, RFC 5771 */
	{{0, ADDR_V4_PREFIX | 0xffffffff}, 128}, /* limited broadcast, RFC 919 */
	{{0, 1}, 128},				 /* ::1 */
	{{UINT64_C(0xfe80) << 48, 0}, 10},	 /* link-local */
	{{UINT64_C(0xff00) << 48, 0}, 8},	 /* multicast */
};

static int route_cut_at(struct route_map *map, struct addr start)
{
	if (addr_compare(start, map->conf.first) <= 0 || addr_compare(start, map->conf.last) > 0)
		return 0;
	if (map->regions == map->capacity) {
		size_t capacity = map->capacity ? 2 * map->capacity : 64;
		struct addr *grown = reallocarray(map->start, capacity, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		map->start = grown;
		map->capacity = capacity;
	}
	map->start[map->regions++] = start;
	return 0;
}

/* Adds region boundaries where a prefix of `bits` of 128 begins and ends. */
static int route_cut(struct route_map *map, struct addr a, unsigned bits)
{
	struct addr first = a, after;
	int error;

	if (bits == 0)
		return 0;
	if (bits <= 64) {
		first.hi &= UINT64_MAX << (64 - bits);
		first.lo = 0;
		after = (struct addr){first.hi + (UINT64_C(1) << (64 - bits)), 0};
	} else {
		first.lo &= UINT64_MAX << (128 - bits);
		after = addr_add(first, UINT64_C(1) << (128 - bits));
	}
	error = route_cut_at(map, first);
	/* A prefix that ends at the last address wraps to 0, which needs no boundary. */
	return error < 0 ? error : route_cut_at(map, after);
}

static bool route_addr(const struct nlattr *attribute, struct addr *out)
{
	return addr_from_bytes(mnl_attr_get_payload(attribute), mnl_attr_get_payload_len(attribute),
			       out);
}

/* The destination prefix of a route or rule: both headers keep family and length at the same
 * place, as do attributes RTA_DST and FRA_DST (linux/fib_rules.h). */
_Static_assert((int)RTA_DST == (int)FRA_DST, "one reader for routes and rules");
_Static_assert(sizeof(struct rtmsg) == sizeof(struct fib_rule_hdr), "one reader");

struct route_prefix {
	struct addr addr;
	bool has_addr;
};

static int route_prefix_attribute(const struct nlattr *attribute, void *context)
{
	struct route_prefix *prefix = context;

	if (mnl_attr_get_type(attribute) == RTA_DST)
		prefix->has_addr = route_addr(attribute, &prefix->addr);
	return MNL_CB_OK;
}

static int route_cut_each(void *context, const struct nlmsghdr *message)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);
	struct route_prefix prefix = {0};
	unsigned spare;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header))
		return 0;
	spare = header->rtm_family == AF_INET ? 96 : 0;
	if ((header->rtm_family != AF_INET && header->rtm_family != AF_INET6) ||
	    header->rtm_dst_len > 128 - spare)
		return 0;
	if (mnl_attr_parse(message, sizeof(*header), route_prefix_attribute, &prefix) < 0)
		return -errno;
	return prefix.has_addr ? route_cut(context, prefix.addr, header->rtm_dst_len + spare) : 0;
}

/* Boundaries of an incomplete dump may stay: duplicates are removed later. */
static void route_cut_restart(void *context)
{
	(void)context;
}

static int route_cut_dump(struct route_map *map, uint16_t type, uint8_t family)
{
	const struct netlink_reader reader = {route_cut_each, route_cut_restart, map};
	char buffer[NETLINK_REQUEST_BYTES] __attribute__((aligned(8))) = {0};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtmsg *header;

	request->nlmsg_type = type;
	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->rtm_family = family;
	return netlink_dump(map->netlink, request, &reader);
}

static int route_compare(const void *a, const void *b)
{
	const struct addr *x = a, *y = b;

	return addr_compare(*x, *y);
}

/* Sorts the boundaries, removes duplicates, and adds the lowest address. */
static int route_settle(struct route_map *map)
{
	size_t kept = 0;
	struct addr *grown = reallocarray(map->start, map->regions + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	map->start = grown;
	map->start[map->regions++] = map->conf.first;
	qsort(map->start, map->regions, sizeof(*map->start), route_compare);
	for (size_t i = 0; i < map->regions; i++)
		if (i == 0 || !addr_equal(map->start[i], map->start[kept - 1]))
			map->start[kept++] = map->start[i];
	map->regions = kept;
	map->answer = reallocarray(NULL, kept, sizeof(*map->answer));
	if (!map->answer)
		return -ENOMEM;
	for (size_t i = 0; i < kept; i++)
		map->answer[i] = ROUTE_UNASKED;
	return 0;
}

static int route_read(struct route_map *map)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};

	for (size_t i = 0; i < sizeof(route_fixed) / sizeof(route_fixed[0]); i++) {
		int error = route_cut(map, route_fixed[i].first, route_fixed[i].bits);

		if (error < 0)
			return error;
	}
	for (size_t i = 0; i < sizeof(families); i++) {
		int error = route_cut_dump(map, RTM_GETROUTE, families[i]);

		if (error == 0)
			error = route_cut_dump(map, RTM_GETRULE, families[i]);
		/* A kernel without IPv6, or without policy routing, has none. */
		if (error < 0 && error != -EOPNOTSUPP && error != -EAFNOSUPPORT)
			return error;
	}
	return route_settle(map);
}

struct route_map *route_open(struct netlink *netlink, const struct route_conf *conf,
			     struct failure *f)
{
	struct route_map *map = calloc(1, sizeof(*map));
	int error = -ENOMEM;

	if (map) {
		map->netlink = netlink;
		map->conf = *conf;
		error = route_read(map);
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
	free(map->start);
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
	default:
		break;
	}
	return MNL_CB_OK;
}

static int route_answer_each(void *context, const struct nlmsghdr *message)
{
	struct route *out = context;
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);

	if (message->nlmsg_type != RTM_NEWROUTE ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*header))
		return -EPROTO;
	*out = (struct route){.kind = route_kind_of(header->rtm_type)};
	return mnl_attr_parse(message, sizeof(*header), route_attribute, out) < 0 ? -errno : 0;
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

/* Asks the kernel. 0 or -errno. */
static int route_ask(struct netlink *netlink, const struct route_conf *conf, struct addr to,
		     struct route *answer)
{
	const struct netlink_reader reader = {route_answer_each, NULL, answer};
	const bool v4 = addr_is_v4(to);
	bool with_source = conf->has_source && addr_is_v4(conf->source) == v4;
	unsigned out = addr_is_link_local6(to) && conf->zone ? conf->zone : conf->out_index;
	char buffer[NETLINK_REQUEST_BYTES] __attribute__((aligned(8))) = {0};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtmsg *header;
	int error;

	request->nlmsg_type = RTM_GETROUTE;
	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->rtm_family = v4 ? AF_INET : AF_INET6;
	header->rtm_dst_len = v4 ? 32 : 128;
	route_put_addr(request, RTA_DST, to);
	if (with_source) {
		header->rtm_src_len = header->rtm_dst_len;
		route_put_addr(request, RTA_SRC, conf->source);
	}
	if (out)
		mnl_attr_put_u32(request, RTA_OIF, out);
	*answer = (struct route){.kind = ROUTE_NONE};
	error = netlink_ask(netlink, request, &reader);
	if (error == 0 && with_source) {
		answer->source = conf->source;
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

int route_lookup(struct netlink *netlink, const struct route_conf *conf, struct addr to,
		 struct route *out)
{
	const int error = route_ask(netlink, conf, to, out);

	return error < 0 ? route_refusal(out, error) : 0;
}

bool route_same(const struct route *a, const struct route *b)
{
	return a->kind == b->kind && a->link_index == b->link_index &&
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
	size_t low = 0, high = map->regions;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (addr_compare(map->start[middle], of) <= 0)
			low = middle;
		else
			high = middle;
	}
	return low;
}

bool route_next(const struct route_map *map, struct addr to, struct addr *out)
{
	const size_t next = route_region(map, to) + 1;

	if (next == map->regions)
		return false;
	*out = map->start[next];
	return true;
}

int route_find(struct route_map *map, struct addr to)
{
	const size_t low = route_region(map, to);

	if (map->answer[low] == ROUTE_UNASKED) {
		int error = route_lookup(map->netlink, &map->conf, to, &map->latest);
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
	return map->regions;
}
