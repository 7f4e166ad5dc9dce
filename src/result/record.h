/* record: the records that a run emits and a source reads back: the run, its hosts with their
 * ports, events. */
#ifndef PORTLIGHT_RESULT_RECORD_H
#define PORTLIGHT_RESULT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "address/ranges.h"
#include "result/event.h"
#include "result/finding.h"

/* Facts about a host besides its ports. */
enum host_note {
	HOST_ANSWERED = 1 << 0,	    /* a valid answer came from the address itself */
	HOST_NO_NEIGHBOUR = 1 << 1, /* no answer to ARP or NDP for it or its gateway: down */
	HOST_NO_ROUTE = 1 << 2,	    /* our kernel has no route to it */
	HOST_LOCAL = 1 << 3,	    /* one of our own addresses */
	HOST_MAC = 1 << 4,	    /* on-link: mac is set */
	HOST_PARTIAL = 1 << 5,	    /* the scan was stopped before this host was finished */
	HOST_RST_TO_ALL = 1 << 6,   /* RST to FIN/NULL/Xmas even from ports that a SYN found open:
				       violates RFC 9293 3.10.7.2, its "closed" proves nothing */
	HOST_WINDOW_MUTE = 1 << 7,  /* window technique: every RST had window 0: cannot decide */
	HOST_TTL_MUTE = 1 << 8,	    /* ttl technique: every RST had the same TTL: cannot decide */
	HOST_RATE_LIMITED = 1 << 9, /* answers were rate-limited or lost; probes were retransmitted
				       more slowly and longer */
	HOST_REFUSED = 1 << 11,	    /* rules of this machine (packet filter, IPsec) refused probes
				       to it: ports that none was sent to are left out */
	HOST_CHALLENGED = 1 << 12,  /* a connection with a port of it had the source port of a probe
				       (RFC 5961 4.2); others were tried */
	HOST_FIXED = 1 << 13, /* mac is an entry that the administrator has fixed: not the host but
				 this machine says so */
	/* It accepts TCP ports that nothing listens on (host_decoys.h): its open ports prove
	 * nothing. Of all those handshakes: the SYN+ACK had no options; its window was 0; a byte of
	 * data was not acknowledged. */
	HOST_DECOYS = 1 << 20,
	HOST_NO_OPTIONS = 1 << 21,
	HOST_NO_WINDOW = 1 << 22,
	HOST_NO_ACK = 1 << 23,
	HOST_NAMED = 1 << 10, /* given as a single target, not by a range: always shown */
};

enum host_state {
	STATUS_UNKNOWN,
	STATUS_UP,
	STATUS_DOWN,
	HOST_STATES,
};

/* Whether a host is up, and why. */
struct host_status {
	const char *reason; /* in nmap's terms: "reset", "arp-response", "echo-reply" */
	uint8_t state;	    /* enum host_state */
	uint8_t ttl;	    /* TTL of the packet that showed it; 0 if unknown */
};

struct host_report {
	struct addr addr;
	const char *name; /* as the user typed it, or NULL; a valid name by RFC 1123 */
	const char *
		other_names; /* its other names on the command line, separated by commas; or NULL */
	/* By reverse DNS (PTR), or NULL: a valid name by RFC 1123, chosen by the operator of the
	 * address's zone. */
	const char *reverse_name;
	const char *zone; /* interface of a link-local address; or NULL */
	/* The verdict of each technique as lines of text, from a source whose findings are merged
	 * already; or NULL. */
	const char *technique_results;
	/* The runs that this record is merged from, ascending (run_info.origins, from 1). */
	const uint16_t *origins;
	size_t origin_count;
	uint32_t notes; /* enum host_note */
	uint8_t mac[6];
	const struct host_status
		*status;	   /* the status in the source; NULL: host_status() derives it */
	uint64_t start_ns, end_ns; /* wall clock of its first probe and last event */
	const struct finding *findings; /* in finding_compare's order */
	size_t count; /* without the probes of a partial host that have no verdict yet */
};

/* What the probes of a run were: with the techniques and ports of its run_info, the input of
 * plan_new(). */
struct run_plan {
	uint64_t hash;		    /* plan_hash() of the whole plan */
	uint64_t seed;		    /* value of --seed that gives this order */
	uint64_t total;		    /* probes of the whole plan; this run's are the indices */
	uint64_t first, last;	    /* [first, last) of it */
	const struct range *ranges; /* the targets without the excludes, normalised */
	size_t range_count;
	const char *zone; /* interface of its link-local addresses; or NULL */
};

/* Most runs that can be merged into one. */
#define ORIGINS_MOST UINT16_MAX

/* One of the runs that a run is merged from. */
struct run_origin {
	const char *file; /* name of its report; the other members as in run_info */
	const char *program, *version, *args, *engine;
	uint64_t start_ns;
};

/* Fixed facts of one run, for headers. */
struct run_info {
	const char *program;	   /* program that sent the probes: "portlight", "nmap" */
	const char *version;	   /* of the program: "0.1.0" */
	const char *args;	   /* the command line, quoted with text_quote */
	const char *engine;	   /* "frames" */
	uint64_t start_ns;	   /* wall clock */
	const uint8_t *techniques; /* enum technique_id, ascending */
	size_t technique_count;
	const char *const
		*port_lists; /* one per technique: "22,80-90" as nmap's scaninfo services */
	const uint32_t *port_counts;
	uint64_t hosts, probes; /* planned numbers; a probe is one (address, port, technique) */
	const struct run_plan *plan;	  /* or NULL: the source does not state it */
	const struct run_origin *origins; /* of a merged run; else none */
	size_t origin_count;
	int verbose;
};

/* What a lost packet hides: an open port (it seems filtered), or an answer whose absence is a
 * verdict by itself (open|filtered). */
enum confidence_kind {
	CONFIDENCE_OPEN,
	CONFIDENCE_SILENCE,
	CONFIDENCE_KINDS,
};

/* How far loss may have falsified a result (scan/confidence.h). */
struct run_confidence {
	bool known;	   /* the source states it */
	uint64_t loss_ppm; /* of first attempts at ports that answer, there and back, per million */
	uint64_t again;	   /* ports probed again */
	uint64_t again_mute; /* of these, ports whose first probe got no answer */
	struct {
		bool known;	/* a technique of this kind was used */
		uint64_t milli; /* expected wrong verdicts, in thousandths */
		uint64_t most;	/* no more than this, with 95 % confidence */
	} wrong[CONFIDENCE_KINDS];
};

struct run_summary {
	uint64_t end_ns; /* wall clock */
	uint64_t elapsed_ns;
	uint64_t hosts_up, hosts_down, hosts_silent,
		hosts_total;   /* total: hosts that were reported */
	uint64_t hosts_hidden; /* of these, hosts that the source lacks: its format left them out */
	uint64_t probes_sent, probes_retried; /* packets; the second number is part of the first */
	uint64_t replies_valid, replies_invalid, replies_duplicate, replies_other;
	uint64_t send_errors, ring_drops;
	struct run_confidence confidence;
	uint64_t finished;	 /* with a plan: its indices [first, finished) have a verdict */
	bool no_counts;		 /* the source has none of the packet counts above */
	bool partial;		 /* stopped by a signal */
	const char *stopped_why; /* "interrupted", or NULL */
};

enum record_kind {
	RECORD_HOST,  /* a host with all its port records */
	RECORD_EVENT, /* of the detector */
};

/* One record. Its pointers are valid during the call that passes it on. */
struct record {
	enum record_kind kind;
	union {
		const struct host_report *host;
		const struct event *event;
	};
};

#endif
