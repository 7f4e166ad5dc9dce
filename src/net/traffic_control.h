/* traffic_control: whether an interface filters what leaves by it (tc(8)). */
#ifndef PORTLIGHT_NET_TRAFFIC_CONTROL_H
#define PORTLIGHT_NET_TRAFFIC_CONTROL_H

#include <stdbool.h>

/* Whether a filter is attached where packets leave (qdisc clsact, hook egress). False also where it
 * cannot be asked. Programs attached as links (tcx) are not in the kernel's answer. */
bool traffic_control_has_egress(unsigned link_index);

#endif
