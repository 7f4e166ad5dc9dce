/* traffic_control: whether an interface filters what leaves by it (tc(8)). */
#include "net/traffic_control.h"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "net/netlink.h"

static int filter_each(void *context, const struct nlmsghdr *message)
{
	bool *has = context;

	*has |= message->nlmsg_type == RTM_NEWTFILTER;
	return 0;
}

static void filter_restart(void *context)
{
	bool *has = context;

	*has = false;
}

bool traffic_control_has_egress(unsigned link_index)
{
	const struct tcmsg filters = {
		.tcm_family = AF_UNSPEC,
		.tcm_ifindex = (int)link_index,
		.tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS),
	};
	_Alignas(struct nlmsghdr) char buffer[NETLINK_REQUEST_BYTES] = {0};
	struct nlmsghdr *request = (struct nlmsghdr *)(void *)buffer;
	bool has = false;
	const struct netlink_reader reader = {filter_each, filter_restart, &has};
	struct failure ignored = {0};
	struct netlink *netlink = netlink_open(&ignored);

	if (!netlink)
		return false;
	request->nlmsg_type = RTM_GETTFILTER;
	request->nlmsg_len = NLMSG_LENGTH(sizeof(filters));
	memcpy(buffer + NLMSG_HDRLEN, &filters, sizeof(filters));
	if (netlink_dump(netlink, request, &reader) < 0)
		has = false;
	netlink_close(netlink);
	return has;
}
