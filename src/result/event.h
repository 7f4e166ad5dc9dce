/* event: the events that the detector reports, as numbers and constants. */
#ifndef PORTLIGHT_RESULT_EVENT_H
#define PORTLIGHT_RESULT_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "technique/technique.h"

/* What happened. Each has a row in event_kinds[]. */
enum event_action {
	EVENT_PORT_SCAN,
	EVENT_NETWORK_SWEEP,
	EVENT_BLOCK_SCAN,
	EVENT_DISTRIBUTED_SCAN,
	EVENT_SYN_FLOOD,
	EVENT_BACKSCATTER,
	EVENT_REFLECTION,
	EVENT_BLIND,
	EVENT_SUPPRESSED,
	EVENT_ACTIONS,
};

/* Whether the source of an event is to blame for it, so that it may be blocked. */
enum event_actor {
	ACTOR_NONE,   /* no known source: the source addresses are spoofed, or there are none */
	ACTOR_SOURCE, /* the one source */
	ACTOR_CROWD,  /* many sources together */
};

/* MITRE ATT&CK techniques (threat.technique.id). */
enum attack_id {
	ATTACK_SERVICE_DISCOVERY, /* T1046 */
	ATTACK_SYSTEM_DISCOVERY,  /* T1018 */
	ATTACK_SCANNING_BLOCKS,	  /* T1595.001 */
	ATTACKS,
};

/* ECS event.severity: the steps of Elastic's detection rules. */
enum event_severity {
	SEVERITY_LOW = 21,
	SEVERITY_MEDIUM = 47,
	SEVERITY_HIGH = 73,
};

/* syslog(3) priorities that journald gets. */
enum event_priority {
	PRIORITY_WARNING = 4,
	PRIORITY_NOTICE = 5,
};

/*
 * THE table of event kinds: all that the formats, the metrics, the block policy and the manual page
 * know about a kind. A phrase is text in which these stand for what the event says:
 *   %T  the target's address, or "17 hosts"	%F  failed first contacts
 *   %S  the source's address, or "17 sources"	%A  answered first contacts
 *   %L  packets that the capture lost		%C  the confidence, 0..1
 *   %E  evicted evidence records		%N  "17 events" that were suppressed
 */
struct event_kind {
	const char *name;	     /* "port_scan": ECS event.action, metrics label */
	const char *title;	     /* "Port scan": ECS rule.name */
	const char *phrase;	     /* begin of the message, a phrase */
	const char *reason;	     /* ECS event.reason: the evidence, a phrase */
	const char *meaning;	     /* for the manual page */
	const char *ecs_kind;	     /* ECS event.kind */
	const char *ecs_category[2]; /* ECS event.category; the second may be NULL */
	const char *ecs_type;	     /* ECS event.type */
	const char *message_id;	     /* journald MESSAGE_ID; random once, never changed */
	uint8_t severity;	     /* enum event_severity */
	uint8_t severity_open;	     /* the same where a port answered as open */
	uint8_t priority; /* enum event_priority of the first report; later ones: notice */
	uint8_t actor;	  /* enum event_actor */
	uint8_t attacks;  /* bit set of enum attack_id that may apply; 0: no threat */
	bool is_alert;	  /* a scan */
	bool is_notice;	  /* about the detector itself: no source, target, ports or times */
	bool in_scanlogd; /* has a line in scanlogd's format */
};

extern const struct event_kind event_kinds[EVENT_ACTIONS];

/* A MITRE ATT&CK technique, by enum attack_id. */
struct attack {
	const char *id, *name, *tactic_id, *tactic;
};

extern const struct attack event_attacks[ATTACKS];

enum event_phase {
	EVENT_OPEN,   /* first report */
	EVENT_UPDATE, /* it grew UPDATE_GROWTH times, its technique is known more exactly, or its
			 source is proven */
	EVENT_CLOSE,  /* the scan is over, or the capture ended */
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

/* Which program may have sent the packets, by what they have in common (watch/tool.h). */
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

/* Techniques that the detector sees and the scanner does not send. Bits after those of enum
 * technique_id. */
enum event_technique {
	SEEN_ODD = TECHNIQUES, /* TCP flags that no technique and no standard TCP sends */
	SEEN_ICMP,
	SEEN_ARP,
	SEEN_IPPROTO,
	SEEN_SYNACK, /* SYN+ACK that no SYN asked for, and no flood's backscatter */
	SEEN_SCTP_INIT,
	SEEN_SCTP_COOKIE,
	SEEN_TECHNIQUES,
};

/* A set of ports, as ranges first..last, ascending. */
struct event_ports {
	const uint16_t (*range)[2];
	size_t count;
};

/* One of the hosts that a scan contacted most. */
#define EVENT_TARGET_OPEN 6
struct event_target {
	struct addr target;
	uint64_t first_ns, last_ns;
	uint32_t contacts;
	uint32_t ports;			  /* distinct ones, an estimate, up to 266 */
	uint16_t open[EVENT_TARGET_OPEN]; /* the first ports that answered as open */
	uint16_t opens;			  /* used elements of it */
};

struct event_targets {
	const struct event_target *target;
	size_t count;
};

/* A source that failed at many ports of a flooded target, but does not stand out from the flood's
 * sources. */
struct event_suspect {
	struct addr source;
	uint32_t contacts; /* failed ones */
	uint32_t ports;	   /* an estimate, up to 1,420 */
};

struct event_suspects {
	const struct event_suspect *suspect; /* most ports first */
	size_t count;
};

/* Flags of struct event. */
enum event_has {
	EVENT_HAS_SOURCE = 1 << 0,
	EVENT_HAS_TARGET = 1 << 1, /* one target only */
	EVENT_SPOOFABLE = 1 << 2,  /* the source address may be spoofed */
	EVENT_HANDSHAKE = 1 << 3, /* the source completed a handshake: its address is not spoofed */
	EVENT_HOSTS_AT_LEAST = 1 << 4, /* `hosts` is a lower bound: the host set was full */
	EVENT_SOURCES_AT_LEAST = 1 << 5,
};

/* One report of an event. Pointers are valid during the call that delivers it. */
struct event {
	uint64_t id;   /* id of the scan: the same in all its phases; unique in this run */
	uint64_t t_ns; /* time of this report on the capture's clock, ns since 1970 */
	uint64_t first_ns, last_ns; /* first and last evidence */
	uint64_t updates;	    /* updates before this report */
	struct addr source, target;
	uint64_t packets;		   /* probes that count as evidence */
	uint64_t hosts;			   /* distinct targets */
	uint64_t sources;		   /* distinct sources; more than 1 only for crowds */
	uint64_t ports_total;		   /* distinct ports of all protocols together */
	struct event_ports tcp, udp, sctp; /* which ports */
	struct event_ports open;	   /* ports that answered as open, of all protocols */
	struct event_suspects suspects;	   /* EVENT_SYN_FLOOD */
	struct event_targets targets; /* scans of one source: the hosts contacted most, in order */
	uint64_t protocols;	      /* distinct IP protocols of SEEN_IPPROTO */
	uint64_t failed, answered;    /* first contacts without and with success */
	uint64_t lost;		      /* packets that the capture lost since it began, if known */
	uint64_t suppressed; /* EVENT_SUPPRESSED: events; EVENT_BLIND: evicted evidence records */
	double rate_pps;     /* packets over the time from first to last */
	double confidence;   /* probability that the event is correct: 1 - error of the sequential
				test */
	double tool_confidence;
	uint32_t techniques; /* bit set of enum technique_id and event_technique: all that look
				alike on the wire, so SYN and CONNECT until a handshake
				distinguishes them */
	uint8_t action, phase, shape, tool;
	uint16_t has;	    /* enum event_has */
	char interface[16]; /* capture interface; "" offline; a name of full length has no NUL */
};

/* The row of an action; never NULL: an unknown action gets a row named "unknown". */
const struct event_kind *event_kind(unsigned action);

/* "port_scan", "open", "vertical", "nmap", "syn"; never NULL. */
const char *event_action_name(unsigned action);
const char *event_phase_name(unsigned phase);
const char *event_shape_name(unsigned shape);
const char *event_tool_name(unsigned tool);
const char *event_technique_name(unsigned bit);

/* Whether the action is a scan: event.kind "alert" rather than "event". */
bool event_is_alert(unsigned action);

/*
 * Formats a bit set of techniques, "syn|connect fin udp": candidates that look alike on the wire
 * are joined by '|'. At most size - 1 bytes. Returns `text`.
 */
const char *event_techniques_text(uint32_t techniques, char *text, size_t size);

#endif
