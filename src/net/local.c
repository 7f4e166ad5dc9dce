/* local: the addresses of this machine, its networks, gateways and resolvers. */
#include "net/local.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/own.h"
#include "system/textfile.h"

/* The stub of systemd-resolved hides the servers it asks; those are in the second. */
static const char *const resolver_files[] = {
	"/etc/resolv.conf",
	"/run/systemd/resolve/resolv.conf",
};
/* resolv.conf(5) is a few lines; a mistake is not read whole. */
#define RESOLVER_MOST_BYTES ((size_t)1 << 20)

static bool address_get(const struct nlattr *attribute, struct addr *a)
{
	return addr_from_bytes(mnl_attr_get_payload(attribute), mnl_attr_get_payload_len(attribute),
			       a);
}

static int ranges_add_one(struct ranges *set, struct addr a)
{
	return ranges_add(set, a, a) < 0 ? -ENOMEM : 0;
}

/* The network of `a`: `bits` of its family's 32 or 128 stay. */
static int ranges_add_network(struct ranges *set, struct addr a, unsigned bits)
{
	struct addr first = a, last = a;
	unsigned hosts;

	if (addr_is_v4(a))
		bits += 96;
	if (bits > 128)
		return -EINVAL;
	hosts = 128 - bits; /* low bits that are free */
	if (hosts >= 64) {
		uint64_t high = hosts == 128 ? UINT64_MAX : (UINT64_C(1) << (hosts - 64)) - 1;

		first.hi &= ~high;
		last.hi |= high;
		first.lo = 0;
		last.lo = UINT64_MAX;
	} else {
		first.lo &= ~((UINT64_C(1) << hosts) - 1);
		last.lo |= (UINT64_C(1) << hosts) - 1;
	}
	return ranges_add(set, first, last) < 0 ? -ENOMEM : 0;
}

/* This machine's addresses, and the networks on its links. */
static int local_addresses(struct local *local, struct netlink *netlink)
{
	struct own_list list;
	int error = own_list_load(&list, netlink);

	for (size_t i = 0; i < list.count && !error; i++) {
		const struct own *own = &list.own[i];

		error = ranges_add_one(&local->own, own->addr);
		/* A prefix of no bits would make every address one of ours. */
		if (!error && own->has_network && own->prefix_bits > 0)
			error = ranges_add_network(&local->home, own->network, own->prefix_bits);
	}
	own_list_fini(&list);
	return error;
}

struct gateway_reader {
	struct ranges *gateways;
	int error;
};

static void gateway_add(struct gateway_reader *reader, struct addr a)
{
	/* 0.0.0.0 and ::, where the next hop is the target itself. */
	if ((addr_is_v4(a) && addr_v4(a) == 0) || (!a.hi && !a.lo))
		return;
	if (!reader->error)
		reader->error = ranges_add_one(reader->gateways, a);
}

/* RTA_VIA: a family and an address of it, for a next hop of the other one (RFC 8950). */
static void gateway_via(struct gateway_reader *reader, const struct nlattr *attribute)
{
	const uint8_t *bytes = mnl_attr_get_payload(attribute);
	size_t length = mnl_attr_get_payload_len(attribute);
	struct addr a;

	if (length > sizeof(struct rtvia) &&
	    addr_from_bytes(bytes + sizeof(struct rtvia), length - sizeof(struct rtvia), &a))
		gateway_add(reader, a);
}

static int gateway_attribute(const struct nlattr *attribute, void *context);

/* RTA_MULTIPATH: several struct rtnexthop, each with attributes of its own. */
static void gateway_multipath(struct gateway_reader *reader, const struct nlattr *attribute)
{
	const uint8_t *bytes = mnl_attr_get_payload(attribute);
	size_t left = mnl_attr_get_payload_len(attribute);

	while (left >= sizeof(struct rtnexthop)) {
		struct rtnexthop hop;
		size_t step;

		memcpy(&hop, bytes, sizeof(hop));
		if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > left)
			return;
		(void)mnl_attr_parse_payload(bytes + sizeof(hop), hop.rtnh_len - sizeof(hop),
					     gateway_attribute, reader); /* what can be read */
		step = (size_t)RTNH_ALIGN(hop.rtnh_len);
		if (step >= left)
			return;
		left -= step;
		bytes += step;
	}
}

static int gateway_attribute(const struct nlattr *attribute, void *context)
{
	struct gateway_reader *reader = context;
	struct addr a;

	switch (mnl_attr_get_type(attribute)) {
	case RTA_GATEWAY:
		if (address_get(attribute, &a))
			gateway_add(reader, a);
		break;
	case RTA_VIA:
		gateway_via(reader, attribute);
		break;
	case RTA_MULTIPATH:
		gateway_multipath(reader, attribute);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static int gateway_each(void *context, const struct nlmsghdr *message)
{
	struct gateway_reader *reader = context;

	if (message->nlmsg_type != RTM_NEWROUTE ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(struct rtmsg))
		return 0;
	if (mnl_attr_parse(message, sizeof(struct rtmsg), gateway_attribute, reader) < 0)
		return -errno;
	return reader->error;
}

static void gateway_restart(void *context)
{
	struct gateway_reader *reader = context;

	reader->gateways->count = 0;
	reader->error = 0;
}

static int local_gateways(struct ranges *out, struct netlink *netlink)
{
	struct gateway_reader gateways = {out, 0};
	const struct netlink_reader reader = {gateway_each, gateway_restart, &gateways};
	char buffer[NETLINK_REQUEST_BYTES] __attribute__((aligned(8))) = {0};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);

	request->nlmsg_type = RTM_GETROUTE;
	/* All zero: the routes of both families (AF_UNSPEC). */
	(void)mnl_nlmsg_put_extra_header(request, sizeof(struct rtmsg));
	return netlink_dump(netlink, request, &reader);
}

/* "nameserver", blanks, and an address that ends at a blank, '%', '#' or ';'. */
static bool line_is_nameserver(const char *line, size_t length, struct addr *a)
{
	static const char word[] = "nameserver";
	size_t at = sizeof(word) - 1, start;

	if (length <= at || memcmp(line, word, at) != 0 || (line[at] != ' ' && line[at] != '\t'))
		return false;
	while (at < length && (line[at] == ' ' || line[at] == '\t'))
		at++;
	start = at;
	while (at < length && !memchr(" \t\r%#;", line[at], 6))
		at++;
	return addr_parse(line + start, at - start, a) == 0;
}

int local_resolvers_parse(const char *text, size_t length, struct ranges *out)
{
	while (length > 0) {
		const char *end = memchr(text, '\n', length);
		size_t line = end ? (size_t)(end - text) : length;
		struct addr a;

		if (line_is_nameserver(text, line, &a) && ranges_add(out, a, a) < 0)
			return -1;
		line += end != NULL;
		text += line;
		length -= line;
	}
	return 0;
}

static int local_resolvers(struct ranges *out)
{
	for (size_t i = 0; i < sizeof(resolver_files) / sizeof(resolver_files[0]); i++) {
		char *text;
		size_t length;
		int error;

		if (textfile_read(resolver_files[i], RESOLVER_MOST_BYTES, &text, &length) < 0)
			continue;
		error = local_resolvers_parse(text, length, out);
		free(text);
		if (error < 0)
			return -ENOMEM;
	}
	return 0;
}

static int local_loopback(struct local *local)
{
	const struct addr v6 = {0, 1};
	int error = ranges_add_network(&local->own, addr_from_v4(0x7f000000), 8);

	if (!error)
		error = ranges_add_one(&local->own, v6);
	for (size_t i = 0; i < local->own.count && !error; i++)
		if (ranges_add(&local->home, local->own.range[i].first, local->own.range[i].last) <
		    0)
			error = -ENOMEM;
	return error;
}

int local_read(struct local *local, struct netlink *netlink, struct failure *f)
{
	int error;

	*local = (struct local){0};
	error = local_addresses(local, netlink);
	if (!error)
		error = local_loopback(local);
	if (!error)
		error = local_gateways(&local->gateways, netlink);
	if (!error)
		error = local_resolvers(&local->resolvers);
	if (error) {
		local_fini(local);
		return failure_set(f, EXIT_SOFTWARE,
				   "cannot learn this machine's addresses and gateways: %s",
				   strerror(-error));
	}
	ranges_normalise(&local->own);
	ranges_normalise(&local->home);
	ranges_normalise(&local->gateways);
	ranges_normalise(&local->resolvers);
	return 0;
}

void local_fini(struct local *local)
{
	ranges_fini(&local->own);
	ranges_fini(&local->home);
	ranges_fini(&local->gateways);
	ranges_fini(&local->resolvers);
}
