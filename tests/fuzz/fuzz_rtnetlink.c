/* Fuzzes the readers of rtnetlink messages: routes, rules, addresses, labels, neighbours, links. */
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "input.h"
#include "net/link.h"
#include "net/neighbour.h"
#include "net/own.h"
#include "net/route.h"
#include "net/route_ends.h"

#define MESSAGE_BYTES 2048

static const uint16_t types[] = {RTM_NEWROUTE, RTM_NEWRULE, RTM_NEWADDR, RTM_NEWADDRLABEL,
				 RTM_NEWNEIGH, RTM_NEWLINK, RTM_DELLINK};

/* The ends that a message makes are inside the range, and few. */
static void read_ends(const struct nlmsghdr *message)
{
	static struct ports ports = {.tcp.word = {[0] = UINT64_C(1) << 22}};
	const struct route_conf conf = {.ports = &ports, .from = {61440, 65535}};
	struct route_ends ends = {
		.conf = &conf, .first = {0, 1}, .last = {UINT64_MAX, UINT64_MAX - 1}};

	(void)route_ends_message(&ends, message);
	input_check(ends.count <= 2 * 128);
	for (size_t i = 0; i < ends.count; i++)
		input_check(addr_compare(ends.start[i], ends.first) > 0 &&
			    addr_compare(ends.start[i], ends.last) <= 0);
	route_ends_fini(&ends);
}

static void read_link(const struct nlmsghdr *message)
{
	char quoted[LINK_QUOTED];
	struct link link;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(struct ifinfomsg) ||
	    link_from_message(&link, message) < 0)
		return;
	input_check(memchr(link.name, '\0', sizeof(link.name)) != NULL);
	input_check_printable(link_quote(&link, quoted));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char buffer[MESSAGE_BYTES] __attribute__((aligned(8)));
	struct nlmsghdr *message = (struct nlmsghdr *)buffer;
	struct neighbour neighbour;
	struct route route;
	struct own own;

	if (size < 1 || size - 1 > sizeof(buffer) - NLMSG_HDRLEN)
		return 0;
	memset(buffer, 0, sizeof(buffer));
	memcpy(mnl_nlmsg_get_payload(message), data + 1, size - 1);
	message->nlmsg_len = (uint32_t)(NLMSG_HDRLEN + size - 1);
	message->nlmsg_type = types[data[0] % (sizeof(types) / sizeof(types[0]))];
	read_ends(message);
	read_link(message);
	(void)own_parse(message, &own);
	(void)neighbour_parse(message, &neighbour);
	if (route_parse(message, &route) == 0)
		input_check(route.kind <= ROUTE_NONE && route_encap_name(route.encap) != NULL);
	return 0;
}
