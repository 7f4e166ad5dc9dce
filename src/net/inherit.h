/* inherit: what the sockets of this process are given by its control group. */
#ifndef PORTLIGHT_NET_INHERIT_H
#define PORTLIGHT_NET_INHERIT_H

#include <stdint.h>

/*
 * `ip vrf exec` and the like attach a BPF program to the control group that binds each new socket
 * to an interface, or marks it. Packets made by hand have neither, but are to take the same routes.
 */
struct inherited {
	unsigned link_index; /* interface that sockets are bound to; 0: none */
	uint32_t mark;	     /* their firewall mark; 0: none */
};

/* All 0 where no socket can be opened. */
struct inherited inherit_read(void);

#endif
