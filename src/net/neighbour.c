/* neighbour: entries of the kernel's neighbour table. */
#include "net/neighbour.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* States in which the kernel uses an entry for ever, without asking. */
#define NEIGHBOUR_FIXED (NUD_PERMANENT | NUD_NOARP)

static int neighbour_add(struct neighbour_list *list, const struct neighbour *entry)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 16;
		struct neighbour *grown = reallocarray(list->neighbour, capacity, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		list->neighbour = grown;
		list->capacity = capacity;
	}
	list->neighbour[list->count++] = *entry;
	return 0;
}

struct neighbour_entry {
	struct neighbour neighbour;
	bool has_addr, has_mac;
};

static int neighbour_attribute(const struct nlattr *attribute, void *context)
{
	struct neighbour_entry *entry = context;
	const uint8_t *bytes = mnl_attr_get_payload(attribute);
	size_t length = mnl_attr_get_payload_len(attribute);

	switch (mnl_attr_get_type(attribute)) {
	case NDA_DST:
		entry->has_addr = addr_from_bytes(bytes, length, &entry->neighbour.addr);
		break;
	case NDA_LLADDR:
		entry->has_mac = length == sizeof(entry->neighbour.mac);
		if (entry->has_mac)
			memcpy(entry->neighbour.mac, bytes, length);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

int neighbour_parse(const struct nlmsghdr *message, struct neighbour *out)
{
	const struct ndmsg *header = mnl_nlmsg_get_payload(message);
	struct neighbour_entry entry = {0};

	if (message->nlmsg_type != RTM_NEWNEIGH ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*header))
		return 0;
	entry.neighbour.state = header->ndm_state;
	entry.neighbour.told = header->ndm_flags & NTF_EXT_LEARNED;
	entry.neighbour.link_index = (unsigned)header->ndm_ifindex;
	if (mnl_attr_parse(message, sizeof(*header), neighbour_attribute, &entry) < 0)
		return -errno;
	if (!entry.has_addr)
		return 0;
	/* Without an address of the link, nothing can be sent to it. */
	if (!entry.has_mac)
		entry.neighbour.state &= (uint16_t)~NEIGHBOUR_FIXED;
	*out = entry.neighbour;
	return 1;
}

/* Where the messages of a dump go. */
struct neighbour_dump {
	struct neighbour_list *list;
	bool all; /* not only fixed ones */
};

static int neighbour_each(void *context, const struct nlmsghdr *message)
{
	const struct neighbour_dump *dump = context;
	struct neighbour neighbour;
	int result = neighbour_parse(message, &neighbour);

	if (result <= 0 || !(dump->all || neighbour.state & NEIGHBOUR_FIXED))
		return result < 0 ? result : 0;
	return neighbour_add(dump->list, &neighbour);
}

/* Duplicates from a dump that was read twice do not matter to a search. */
static void neighbour_restart(void *context)
{
	(void)context;
}

static int neighbour_compare(const void *a, const void *b)
{
	const struct neighbour *x = a, *y = b;
	int order = addr_compare(x->addr, y->addr);

	return order ? order : (x->link_index > y->link_index) - (x->link_index < y->link_index);
}

static int neighbour_read(struct neighbour_dump *dump, struct netlink *netlink, struct failure *f)
{
	struct neighbour_list *list = dump->list;
	static const uint8_t families[] = {AF_INET, AF_INET6};
	const struct netlink_reader reader = {neighbour_each, neighbour_restart, dump};

	*list = (struct neighbour_list){0};
	for (size_t i = 0; i < sizeof(families); i++) {
		char buffer[NETLINK_REQUEST_BYTES] __attribute__((aligned(8))) = {0};
		struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
		struct ndmsg *header;
		int error;

		request->nlmsg_type = RTM_GETNEIGH;
		header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
		header->ndm_family = families[i];
		error = netlink_dump(netlink, request, &reader);
		if (error < 0 && error != -EOPNOTSUPP && error != -EAFNOSUPPORT) {
			neighbour_list_fini(list);
			return failure_set(f, EXIT_SOFTWARE, "cannot read the neighbours: %s",
					   strerror(-error));
		}
	}
	if (list->count > 0)
		qsort(list->neighbour, list->count, sizeof(*list->neighbour), neighbour_compare);
	return 0;
}

int neighbour_list_read(struct neighbour_list *list, struct netlink *netlink, struct failure *f)
{
	return neighbour_read(&(struct neighbour_dump){.list = list}, netlink, f);
}

int neighbour_list_read_all(struct neighbour_list *list, struct netlink *netlink, struct failure *f)
{
	return neighbour_read(&(struct neighbour_dump){.list = list, .all = true}, netlink, f);
}

void neighbour_list_fini(struct neighbour_list *list)
{
	free(list->neighbour);
	*list = (struct neighbour_list){0};
}

const struct neighbour *neighbour_find(const struct neighbour_list *list, struct addr a,
				       unsigned link_index)
{
	const struct neighbour key = {.addr = a, .link_index = link_index};

	if (list->count == 0)
		return NULL;
	return bsearch(&key, list->neighbour, list->count, sizeof(key), neighbour_compare);
}
