/* own: the addresses of this machine, and the interfaces that have them. */
#include "net/own.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct own_entry {
	struct own own;
	bool has_local, has_addr;
};

static int own_attribute(const struct nlattr *attribute, void *context)
{
	struct own_entry *entry = context;
	uint16_t type = mnl_attr_get_type(attribute);

	/* On a point-to-point link IFA_ADDRESS is the peer's, and IFA_LOCAL ours. */
	if ((type != IFA_LOCAL && (type != IFA_ADDRESS || entry->has_local)) ||
	    !addr_from_bytes(mnl_attr_get_payload(attribute), mnl_attr_get_payload_len(attribute),
			     &entry->own.addr))
		return MNL_CB_OK;
	entry->has_addr = true;
	entry->has_local |= type == IFA_LOCAL;
	return MNL_CB_OK;
}

static int own_each(void *context, const struct nlmsghdr *message)
{
	struct own_list *list = context;
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
	struct own_entry entry = {0};

	if (message->nlmsg_type != RTM_NEWADDR ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*header))
		return 0;
	entry.own.link_index = header->ifa_index;
	entry.own.tentative =
		(header->ifa_flags & (IFA_F_TENTATIVE | IFA_F_OPTIMISTIC | IFA_F_DADFAILED)) ==
		IFA_F_TENTATIVE;
	if (mnl_attr_parse(message, sizeof(*header), own_attribute, &entry) < 0)
		return -errno;
	if (!entry.has_addr)
		return 0;
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 16;
		struct own *grown = reallocarray(list->own, capacity, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		list->own = grown;
		list->capacity = capacity;
	}
	list->own[list->count++] = entry.own;
	return 0;
}

static void own_restart(void *context)
{
	struct own_list *list = context;

	list->count = 0;
}

int own_list_read(struct own_list *list, struct netlink *netlink, struct failure *f)
{
	const struct netlink_reader reader = {own_each, own_restart, list};
	char buffer[NETLINK_REQUEST_BYTES] __attribute__((aligned(8))) = {0};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifaddrmsg *header;
	int error;

	*list = (struct own_list){0};
	request->nlmsg_type = RTM_GETADDR;
	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->ifa_family = AF_UNSPEC;
	error = netlink_dump(netlink, request, &reader);
	if (error < 0) {
		own_list_fini(list);
		return failure_set(f, EXIT_SOFTWARE, "cannot list this machine's addresses: %s",
				   strerror(-error));
	}
	return 0;
}

void own_list_fini(struct own_list *list)
{
	free(list->own);
	*list = (struct own_list){0};
}

unsigned own_link(const struct own_list *list, struct addr a, unsigned n)
{
	for (size_t i = 0; i < list->count; i++)
		if (addr_equal(list->own[i].addr, a) && n-- == 0)
			return list->own[i].link_index;
	return 0;
}
