/* finding: the verdict on one port and its evidence; what every report is made from. */
#ifndef PORTLIGHT_RESULT_FINDING_H
#define PORTLIGHT_RESULT_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "technique/technique.h"

enum finding_has {
	FINDING_TTL = 1 << 0,
	FINDING_WINDOW = 1 << 1,
	FINDING_RTT = 1 << 2,
	FINDING_FROM = 1 << 3, /* an ICMP error, and not from the target: `from` sent it */
	FINDING_ICMP = 1 << 4,
	FINDING_TIME = 1 << 5,	/* t_ns: when the answer came (absent for silence) */
	FINDING_LOCAL = 1 << 6, /* our own kernel said so, without a packet */
};

struct finding {
	uint64_t t_ns; /* wall clock, ns since 1970 */
	struct addr from;
	uint32_t rtt_us;
	uint32_t cell; /* key of its packets in the trace */
	uint16_t port;
	uint16_t window;
	uint8_t technique; /* enum technique_id */
	uint8_t state;	   /* enum port_state */
	uint8_t reason;	   /* enum reason */
	uint8_t reply;	   /* enum reply */
	uint8_t has;	   /* enum finding_has */
	uint8_t ttl;
	uint8_t icmp_type, icmp_code;
	uint8_t attempt; /* 0 for the first; of silence, the last one sent */
};

/* What is known of a host besides its ports. */
enum host_note {
	HOST_ANSWERED = 1 << 0,	    /* something valid came from the address itself */
	HOST_NO_NEIGHBOUR = 1 << 1, /* nobody answered ARP or NDP for it or its gateway: down */
	HOST_NO_ROUTE = 1 << 2,	    /* our kernel has no route to it */
	HOST_LOCAL = 1 << 3,	    /* one of our own addresses */
	HOST_MAC = 1 << 4,	    /* on-link: mac is set */
	HOST_PARTIAL = 1 << 5,	    /* the scan was stopped before this host was done */
	HOST_RST_TO_ALL = 1 << 6,   /* RST to FIN/NULL/Xmas even from ports a SYN found open: breaks
				       RFC 9293 3.10.7.2, its "closed" says nothing */
	HOST_WINDOW_MUTE = 1 << 7,  /* window technique: every RST had window 0, cannot tell */
	HOST_TTL_MUTE = 1 << 8,	    /* ttl technique: every RST had the same TTL, cannot tell */
	HOST_RATE_LIMITED =
		1 << 9, /* answers came at a limited rate, or were lost; asked slowly and on */
	HOST_NAMED = 1 << 10, /* given singly on the command line, not by a range: always shown */
};

struct host_report {
	struct addr addr;
	const char *name; /* as the user typed it, or NULL; already RFC 1123 clean */
	uint32_t notes;	  /* enum host_note */
	uint8_t mac[6];
	uint64_t start_ns, end_ns;	/* wall clock of its first probe and last event */
	const struct finding *findings; /* sorted by protocol (TCP first), port, technique */
	size_t count;			/* blank probes of a partial host are not among them */
};

/* Fixed facts of one run, for headers. */
struct run_info {
	const char *version;	   /* "0.1.0" */
	const char *args;	   /* the command line, quoted with text_quote */
	const char *engine;	   /* "frames" */
	uint64_t start_ns;	   /* wall clock */
	const uint8_t *techniques; /* enum technique_id, ascending */
	size_t technique_count;
	const char *const *port_lists; /* one a technique: "22,80-90" as nmap's scaninfo services */
	const uint32_t *port_counts;
	uint64_t hosts, probes; /* how many are planned; a probe is one address, port, technique */
	int verbose;
};

struct run_summary {
	uint64_t end_ns; /* wall clock */
	uint64_t elapsed_ns;
	uint64_t hosts_up, hosts_down, hosts_silent, hosts_total; /* total: reported on */
	uint64_t probes_sent, probes_retried; /* packets; the second is part of the first */
	uint64_t replies_valid, replies_invalid, replies_duplicate, replies_other;
	uint64_t send_errors, ring_drops;
	bool partial;		 /* stopped by a signal */
	const char *stopped_why; /* "interrupted", or NULL */
};

#endif
