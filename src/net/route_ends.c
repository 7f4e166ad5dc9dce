/* route_ends: the ends of the regions of addresses that have one route each. */
#include "net/route_ends.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_addrlabel.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "net/own.h"

/* Prefixes that the kernel treats specially, not by a table. */
static const struct {
	struct addr first;
	unsigned bits; /* of 128 */
} ends_fixed[] = {
	{{0, ADDR_V4_PREFIX}, 96},  /* where IPv4 begins and ends */
	{{0, ADDR_V4_PREFIX}, 128}, /* 0.0.0.0 and :: mean this machine */
	{{0, 0}, 128},
	{{0, ADDR_V4_PREFIX}, 104},		 /* 0.0.0.0/8, RFC 1122, 3.2.1.3 */
	{{0, ADDR_V4_PREFIX | 0x7f000000}, 104}, /* 127.0.0.0/8 */
	{{0, ADDR_V4_PREFIX | 0xe0000000}, 100}, /* 224.0.0.0/4, RFC 5771 */
	{{0, ADDR_V4_PREFIX | 0xffffffff}, 128}, /* limited broadcast, RFC 919 */
	{{0, 1}, 128},				 /* ::1 */
	{{UINT64_C(0xfe80) << 48, 0}, 10},	 /* link-local */
	{{UINT64_C(0xfec0) << 48, 0}, 10},	 /* site-local, RFC 3879 */
	{{UINT64_C(0xff00) << 48, 0}, 8},	 /* multicast */
};

static int ends_cut_at(struct route_ends *ends, struct addr start)
{
	if (addr_compare(start, ends->first) <= 0 || addr_compare(start, ends->last) > 0)
		return 0;
	if (ends->count == ends->capacity) {
		size_t capacity = ends->capacity ? 2 * ends->capacity : 64;
		struct addr *grown = reallocarray(ends->start, capacity, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		ends->start = grown;
		ends->capacity = capacity;
	}
	ends->start[ends->count++] = start;
	return 0;
}

/* Adds region boundaries where a prefix of `bits` of 128 begins and ends. */
static int ends_cut(struct route_ends *ends, struct addr a, unsigned bits)
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
	error = ends_cut_at(ends, first);
	/* A prefix that ends at the last address wraps to 0, which needs no boundary. */
	return error < 0 ? error : ends_cut_at(ends, after);
}

static bool ends_addr(const struct nlattr *attribute, struct addr *out)
{
	return addr_from_bytes(mnl_attr_get_payload(attribute), mnl_attr_get_payload_len(attribute),
			       out);
}

/* The destination prefix of a route or rule: both headers keep family and length at the same
 * place, as do attributes RTA_DST and FRA_DST, RTA_SRC and FRA_SRC (linux/fib_rules.h). */
_Static_assert((int)RTA_DST == (int)FRA_DST && (int)RTA_SRC == (int)FRA_SRC,
	       "one reader for routes and rules");
_Static_assert(sizeof(struct rtmsg) == sizeof(struct fib_rule_hdr), "one reader");

struct ends_prefix {
	struct addr addr;
	bool has_addr, has_source;
};

static int ends_prefix_attribute(const struct nlattr *attribute, void *context)
{
	struct ends_prefix *prefix = context;

	if (mnl_attr_get_type(attribute) == RTA_DST)
		prefix->has_addr = ends_addr(attribute, &prefix->addr);
	prefix->has_source |= mnl_attr_get_type(attribute) == RTA_SRC;
	return MNL_CB_OK;
}

/* Whether some of the addresses are in the prefix, of `bits` of 128. */
static bool ends_meets(const struct route_ends *ends, struct addr a, unsigned bits)
{
	const uint64_t hi = bits >= 64 ? 0 : UINT64_MAX >> bits;
	const uint64_t lo = bits >= 128 ? 0 : bits <= 64 ? UINT64_MAX : UINT64_MAX >> (bits - 64);
	const struct addr first = {a.hi & ~hi, a.lo & ~lo}, last = {a.hi | hi, a.lo | lo};

	return addr_compare(first, ends->last) <= 0 && addr_compare(last, ends->first) >= 0;
}

static void ends_rule(struct route_ends *ends, const struct nlmsghdr *message, bool v4,
		      const struct ends_prefix *to, unsigned bits)
{
	const struct addr first = to->has_addr ? to->addr : v4 ? addr_from_v4(0) : (struct addr){0};
	struct routing_rule rule;

	if (ends->is_divided || !ends->conf->ports || routing_rule_parse(message, &rule) <= 0 ||
	    !ends_meets(ends, first, bits) ||
	    (!v4 && addr_is_v4(ends->first) && addr_is_v4(ends->last)))
		return;
	ends->is_divided = routing_rule_divides(&rule, &ends->conf->from, ends->conf->ports);
	ends->divided = rule;
}

/* Of a message on a route or rule. */
static int ends_cut_route(struct route_ends *ends, const struct nlmsghdr *message)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);
	struct ends_prefix prefix = {0};
	unsigned spare;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header))
		return 0;
	spare = header->rtm_family == AF_INET ? 96 : 0;
	if ((header->rtm_family != AF_INET && header->rtm_family != AF_INET6) ||
	    header->rtm_dst_len > 128 - spare)
		return 0;
	if (mnl_attr_parse(message, sizeof(*header), ends_prefix_attribute, &prefix) < 0)
		return -errno;
	ends_rule(ends, message, header->rtm_family == AF_INET, &prefix,
		  header->rtm_dst_len + spare);
	ends->by_source |= prefix.has_source;
	return prefix.has_addr ? ends_cut(ends, prefix.addr, header->rtm_dst_len + spare) : 0;
}

/* Of a message on one of our addresses: where the length of the prefix that a target has in common
 * with it changes, up to the length of the link's prefix. */
static int ends_cut_own(struct route_ends *ends, const struct nlmsghdr *message)
{
	struct own own;
	int error = own_parse(message, &own);

	if (error <= 0 || addr_is_v4(own.addr) || addr_is_link_local6(own.addr))
		return error < 0 ? error : 0;
	error = 0;
	for (unsigned bits = 1; error == 0 && bits <= own.prefix_bits && bits <= 128; bits++)
		error = ends_cut(ends, own.addr, bits);
	return error;
}

static int ends_label_attribute(const struct nlattr *attribute, void *context)
{
	struct ends_prefix *prefix = context;

	if (mnl_attr_get_type(attribute) == IFAL_ADDRESS)
		prefix->has_addr = ends_addr(attribute, &prefix->addr);
	return MNL_CB_OK;
}

/* Of a message on a label of addresses (ip-addrlabel(8)). */
static int ends_cut_label(struct route_ends *ends, const struct nlmsghdr *message)
{
	const struct ifaddrlblmsg *header = mnl_nlmsg_get_payload(message);
	struct ends_prefix prefix = {0};

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header) || header->ifal_prefixlen > 128)
		return 0;
	if (mnl_attr_parse(message, sizeof(*header), ends_label_attribute, &prefix) < 0)
		return -errno;
	return prefix.has_addr ? ends_cut(ends, prefix.addr, header->ifal_prefixlen) : 0;
}

int route_ends_message(struct route_ends *ends, const struct nlmsghdr *message)
{
	switch (message->nlmsg_type) {
	case RTM_NEWROUTE:
	case RTM_NEWRULE:
		return ends_cut_route(ends, message);
	case RTM_NEWADDR:
		return ends_cut_own(ends, message);
	case RTM_NEWADDRLABEL:
		return ends_cut_label(ends, message);
	default:
		return 0;
	}
}

static int ends_each(void *context, const struct nlmsghdr *message)
{
	return route_ends_message(context, message);
}

/* Boundaries of an incomplete dump may stay: duplicates are removed later. */
static void ends_restart(void *context)
{
	(void)context;
}

/* The headers of all these messages begin with the family, and a dump needs no other field. A
 * kernel without IPv6, or without policy routing, has none. */
static int ends_dump(struct route_ends *ends, uint16_t type, uint8_t family, size_t header_bytes)
{
	const struct netlink_reader reader = {ends_each, ends_restart, ends};
	char buffer[NETLINK_REQUEST_BYTES] __attribute__((aligned(8))) = {0};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtgenmsg *header;
	int error;

	request->nlmsg_type = type;
	header = mnl_nlmsg_put_extra_header(request, header_bytes);
	header->rtgen_family = family;
	error = netlink_dump(ends->netlink, request, &reader);
	return error == -EOPNOTSUPP || error == -EAFNOSUPPORT ? 0 : error;
}

/* IPv6 chooses the source address by the target, too (RFC 6724, 5: rules 6 and 8). */
static int ends_dump_sources(struct route_ends *ends)
{
	int error;

	if (addr_is_v4(ends->first) && addr_is_v4(ends->last))
		return 0;
	error = ends_dump(ends, RTM_GETADDR, AF_INET6, sizeof(struct ifaddrmsg));
	if (error < 0)
		return error;
	return ends_dump(ends, RTM_GETADDRLABEL, AF_INET6, sizeof(struct ifaddrlblmsg));
}

static int ends_compare(const void *a, const void *b)
{
	const struct addr *x = a, *y = b;

	return addr_compare(*x, *y);
}

/* Sorts the boundaries, removes duplicates, and adds the lowest address. */
static int ends_settle(struct route_ends *ends)
{
	size_t kept = 0;
	struct addr *grown = reallocarray(ends->start, ends->count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	ends->start = grown;
	ends->start[ends->count++] = ends->first;
	qsort(ends->start, ends->count, sizeof(*ends->start), ends_compare);
	for (size_t i = 0; i < ends->count; i++)
		if (i == 0 || !addr_equal(ends->start[i], ends->start[kept - 1]))
			ends->start[kept++] = ends->start[i];
	ends->count = kept;
	return 0;
}

int route_ends_read(struct route_ends *ends)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	int error;

	for (size_t i = 0; i < sizeof(ends_fixed) / sizeof(ends_fixed[0]); i++) {
		error = ends_cut(ends, ends_fixed[i].first, ends_fixed[i].bits);

		if (error < 0)
			return error;
	}
	for (size_t i = 0; i < sizeof(families); i++) {
		error = ends_dump(ends, RTM_GETROUTE, families[i], sizeof(struct rtmsg));
		if (error == 0)
			error = ends_dump(ends, RTM_GETRULE, families[i],
					  sizeof(struct fib_rule_hdr));
		if (error < 0)
			return error;
	}
	error = ends_dump_sources(ends);
	return error < 0 ? error : ends_settle(ends);
}

void route_ends_fini(struct route_ends *ends)
{
	free(ends->start);
	ends->start = NULL;
	ends->count = ends->capacity = 0;
}
