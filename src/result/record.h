/* record: what a run emits and a source gives back: the run, its hosts with their ports, events. */
#ifndef PORTLIGHT_RESULT_RECORD_H
#define PORTLIGHT_RESULT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "result/event.h"
#include "result/finding.h"

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

enum host_state {
	STATUS_UNKNOWN,
	STATUS_UP,
	STATUS_DOWN,
	HOST_STATES,
};

/* Whether a host is up, and why. */
struct host_status {
	const char *reason; /* in nmap's words: "reset", "arp-response", "echo-reply" */
	uint8_t state;	    /* enum host_state */
	uint8_t ttl;	    /* of the packet that showed it; 0 where none is known */
};

struct host_report {
	struct addr addr;
	const char *name;	 /* as the user typed it, or NULL; already RFC 1123 clean */
	const char *other_names; /* its other names of the command line, with commas between; or
				    NULL */
	const char *zone;	 /* of a link-local address: its interface; or NULL */
	/* Of a source whose findings are merged already: what each technique found, as lines of
	 * text; or NULL. */
	const char *technique_results;
	uint32_t notes; /* enum host_note */
	uint8_t mac[6];
	const struct host_status *status; /* as a source has it; NULL: host_status() finds it */
	uint64_t start_ns, end_ns;	  /* wall clock of its first probe and last event */
	const struct finding *findings;	  /* in finding_compare's order */
	size_t count;			  /* blank probes of a partial host are not among them */
};

/* Fixed facts of one run, for headers. */
struct run_info {
	const char *program;	   /* that sent the probes: "portlight", "nmap" */
	const char *version;	   /* of the program: "0.1.0" */
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
	uint64_t hosts_hidden; /* of these, those that a source has not: its format left them out */
	uint64_t probes_sent, probes_retried; /* packets; the second is part of the first */
	uint64_t replies_valid, replies_invalid, replies_duplicate, replies_other;
	uint64_t send_errors, ring_drops;
	bool no_counts;		 /* a source that has none of the packets above */
	bool partial;		 /* stopped by a signal */
	const char *stopped_why; /* "interrupted", or NULL */
};

enum record_kind {
	RECORD_HOST,  /* a host with all its port records */
	RECORD_EVENT, /* of the detector */
};

/* One record. What it points to is valid during the call that passes it on. */
struct record {
	enum record_kind kind;
	union {
		const struct host_report *host;
		const struct event *event;
	};
};

#endif
