/* event: what the detector says, as plain numbers and words of a fixed list. */
#ifndef PORTLIGHT_RESULT_EVENT_H
#define PORTLIGHT_RESULT_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "technique/technique.h"

/* What happened. The first four are scans (alerts); the others are told, but are none. */
enum event_action {
	EVENT_PORT_SCAN,	/* many ports of one or a few hosts */
	EVENT_NETWORK_SWEEP,	/* one or a few ports, or pings, of many hosts */
	EVENT_BLOCK_SCAN,	/* many ports of many hosts */
	EVENT_DISTRIBUTED_SCAN, /* many sources share the ports of one host */
	EVENT_SYN_FLOOD,	/* many sources, few ports: a flood, not a scan */
	EVENT_BACKSCATTER,	/* answers to what somebody forged our addresses for */
	EVENT_REFLECTION,	/* many servers made to send answers to one of us */
	EVENT_BLIND,		/* we ourselves lose packets or evidence */
	EVENT_SUPPRESSED,	/* so many events were not told, to keep their number bounded */
	EVENT_ACTIONS,
};

enum event_phase {
	EVENT_OPEN,   /* first told */
	EVENT_UPDATE, /* it grew tenfold since last told, its technique was narrowed, or its source
			 proven */
	EVENT_CLOSE,  /* it fell silent, or the capture ended */
	EVENT_PHASES,
};

enum event_shape {
	SHAPE_NONE,
	SHAPE_VERTICAL,
	SHAPE_HORIZONTAL,
	SHAPE_BLOCK,
	SHAPE_DISTRIBUTED,
	EVENT_SHAPES,
};

/* Who might have sent it, by what its packets have in common. */
enum event_tool {
	TOOL_UNKNOWN,
	TOOL_NMAP,
	TOOL_MASSCAN,
	TOOL_ZMAP,
	TOOL_MIRAI,
	TOOL_UNICORNSCAN,
	TOOL_HPING,
	TOOL_PORTLIGHT,
	TOOL_CONNECT, /* an operating system's own connect(2) */
	EVENT_TOOLS,
};

/* Sightings that are no row of the technique table. Bits behind those of enum technique_id. */
enum event_technique {
	SIGHT_ODD = TECHNIQUES, /* TCP flags that no technique and no honest stack sends */
	SIGHT_ICMP,
	SIGHT_ARP,
	SIGHT_IPPROTO,
	SIGHTS,
};

/* Set of ports, as pairs first..last, ascending. */
struct event_ports {
	const uint16_t (*range)[2];
	size_t count;
};

/* Who failed at many ports of a flooded target, and yet is not told from the flood's sources. */
struct event_suspect {
	struct addr source;
	uint32_t contacts; /* that failed */
	uint32_t ports;	   /* about so many; up to 1,420 */
};

struct event_suspects {
	const struct event_suspect *suspect; /* those with most ports first */
	size_t count;
};

/* Flags of struct event. */
enum event_has {
	EVENT_HAS_SOURCE = 1 << 0,
	EVENT_HAS_TARGET = 1 << 1,     /* one target only */
	EVENT_SPOOFABLE = 1 << 2,      /* nothing proves that the source address is real */
	EVENT_HANDSHAKE = 1 << 3,      /* the source completed a handshake: its address is real */
	EVENT_HOSTS_AT_LEAST = 1 << 4, /* `hosts` is a lower bound: the set was full */
	EVENT_SOURCES_AT_LEAST = 1 << 5,
};

/* One statement. Pointers are valid during the call that delivers it. */
struct event {
	uint64_t id;   /* of the scan: the same in all its phases; unique in this run */
	uint64_t t_ns; /* when this is said, on the capture's clock, ns since 1970 */
	uint64_t first_ns, last_ns; /* first and last evidence */
	uint64_t updates;	    /* how many were told before this */
	struct addr source, target;
	uint64_t packets;	     /* probes that count as evidence */
	uint64_t hosts;		     /* distinct targets */
	uint64_t sources;	     /* distinct sources; 1 but for crowds */
	uint64_t ports_total;	     /* distinct ports, of TCP and UDP together */
	struct event_ports tcp, udp; /* which */
	struct event_ports open; /* answered as open: what the scanner learned (both protocols) */
	struct event_suspects suspects; /* EVENT_SYN_FLOOD */
	uint64_t protocols;		/* distinct IP protocols, for SIGHT_IPPROTO */
	uint64_t failed, answered;	/* first contacts without and with success */
	uint64_t lost;	     /* packets that the capture lost since it began, as far as known */
	uint64_t suppressed; /* EVENT_SUPPRESSED: how many; EVENT_BLIND: evictions of evidence */
	double rate_pps;     /* packets over the time from first to last */
	double confidence;   /* that this is what it says, 0..1: 1 - error of the sequential test */
	double tool_confidence;
	uint32_t techniques; /* bit set of enum technique_id and event_technique: candidates that
				look alike are all in, so SYN and CONNECT until it is known */
	uint8_t action, phase, shape, tool;
	uint16_t has;	    /* enum event_has */
	char interface[16]; /* where it was seen; "" offline */
};

/* "port_scan", "open", "vertical", "nmap", "syn"; never NULL. */
const char *event_action_name(unsigned action);
const char *event_phase_name(unsigned phase);
const char *event_shape_name(unsigned shape);
const char *event_tool_name(unsigned tool);
const char *event_technique_name(unsigned bit);

/* Whether the action is a scan: event.kind "alert" rather than "event". */
bool event_is_alert(unsigned action);

/*
 * The technique sets of a bit set as text, "syn|connect fin udp": candidates that look alike on
 * the wire joined by '|'. At most size - 1 bytes. Returns `text`.
 */
const char *event_techniques_text(uint32_t techniques, char *text, size_t size);

#endif
