/* link: the network interfaces of this machine, read from the kernel (rtnetlink). */
#ifndef PORTLIGHT_NET_LINK_H
#define PORTLIGHT_NET_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "net/netlink.h"

/* Link header of an interface's frames. */
enum link_kind {
	LINK_ETHERNET, /* Ethernet header; neighbours have MAC addresses */
	LINK_LOOPBACK, /* Ethernet header of zeros; this machine */
	LINK_RAW_IP,   /* no header, no neighbours: tun, ppp, ipip, sit, gre */
	LINK_OTHER,    /* InfiniBand and the like: not supported for scans */
};

enum link_has {
	LINK_UP = 1 << 0,      /* IFF_UP: enabled by the administrator */
	LINK_RUNNING = 1 << 1, /* IFF_RUNNING: operational */
	LINK_NO_ARP = 1 << 2,  /* IFF_NOARP: no ARP or NDP; one peer, or none */
	LINK_MAC = 1 << 3,     /* mac[] is set */
	LINK_CARRIER = 1 << 4, /* IFF_LOWER_UP: has carrier; LINK_RUNNING follows with a delay */
	LINK_VRF = 1 << 5,     /* the master of a VRF: its routes are those of a table of its own */
};

struct link {
	unsigned index;
	unsigned master;   /* bridge, bond, VRF or the like that it is a port of; 0: none */
	uint32_t mtu;	   /* bytes, without link header */
	uint16_t hardware; /* ARPHRD_* */
	uint8_t kind;	   /* enum link_kind */
	uint8_t has;	   /* enum link_has */
	uint8_t mac[6];
	char name[IF_NAMESIZE];
};

/* Caller's storage; zero-initialised is empty. */
struct link_list {
	struct link *link;
	size_t count, capacity;
};

/* Parses an RTM_NEWLINK or RTM_DELLINK message. 0, or -errno. */
int link_from_message(struct link *link, const struct nlmsghdr *message);

/* Reads all interfaces into *list: 0, or -1 with *f and the list empty. */
int link_list_read(struct link_list *list, struct netlink *netlink, struct failure *f);
void link_list_fini(struct link_list *list);
/* Find an interface; NULL if there is none. Valid until link_list_fini(). */
const struct link *link_by_index(const struct link_list *list, unsigned index);
const struct link *link_by_name(const struct link_list *list, const char *name);
const struct link *link_loopback(const struct link_list *list);
/* Whether IP packets that it receives are this machine's to judge: not those of a bridge's or
 * bond's port, which belong to its master. */
bool link_has_ip(const struct link_list *list, const struct link *link);

/* Writes its name, safe to print (text_quote()), to `out` and returns that. */
#define LINK_QUOTED (IF_NAMESIZE * 4 + 1)
const char *link_quote(const struct link *link, char out[static LINK_QUOTED]);

/* 0 if frames can be sent through it now, or -1 with *f (EXIT_UNAVAILABLE): its name and why not.
 */
int link_usable(const struct link *link, struct failure *f);

/* The number of its transmit queues, from sysfs; 1 if unknown. */
unsigned link_queues(const struct link *link);

/* Writes the name of its driver, as ethtool -i prints it and safe to print, to `out`; "" if it is
 * unknown. Returns `out`. */
#define LINK_DRIVER 33
const char *link_driver(const struct link *link, char out[static LINK_DRIVER]);

/* 0 if an interface of that name exists and is up, or -1 with *f (EXIT_UNAVAILABLE). */
int link_check(const char *name, struct failure *f);

#endif
