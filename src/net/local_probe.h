/* local_probe: the probes of a scan by one route, as the rules of this machine may see them. */
#ifndef PORTLIGHT_NET_LOCAL_PROBE_H
#define PORTLIGHT_NET_LOCAL_PROBE_H

#include <stdbool.h>

#include "address/addr.h"
#include "address/ranges.h"
#include "net/link.h"
#include "plan/ports.h"

struct local_probe {
	const struct ranges *targets; /* of any family: those of source's are meant */
	const struct ports *ports;    /* of the targets */
	struct addr source;
	const struct link *link; /* they leave by it */
	bool local;		 /* to addresses of this machine */
	bool link_address;	 /* `source` is an address of `link` */
	bool begins;		 /* each is the first packet of a connection: SYN, UDP */
};

#endif
