/* routing_rule: the policy routing rules of this machine (ip-rule(8)), as far as packets are chosen
 * by more than their destination. */
#ifndef PORTLIGHT_NET_ROUTING_RULE_H
#define PORTLIGHT_NET_ROUTING_RULE_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "plan/ports.h"

struct rule_ports {
	uint16_t first, last; /* both included; 0 and 65535: any */
};

struct routing_rule {
	uint32_t priority;
	uint8_t protocol; /* IPPROTO_*; 0: any */
	struct rule_ports from, to;
	bool by_source; /* it has a source prefix */
	bool by_input;	/* of packets that other machines have sent: not of ours */
};

/* Reads one message of a dump (RTM_GETRULE). Returns 1 with *out filled, 0 if it is not a rule, or
 * -errno if it is damaged. */
int routing_rule_parse(const struct nlmsghdr *message, struct routing_rule *out);

/*
 * Whether the packets of one scan may be routed differently by the rule because of their protocol
 * or ports. They are sent from a port of *from, to the `ports` of each protocol.
 */
bool routing_rule_divides(const struct routing_rule *rule, const struct rule_ports *from,
			  const struct ports *ports);

#endif
