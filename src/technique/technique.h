/* technique: THE table. What each scan technique sends, and what each kind of answer means. */
#ifndef PORTLIGHT_TECHNIQUE_TECHNIQUE_H
#define PORTLIGHT_TECHNIQUE_TECHNIQUE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum technique_id {
	TECH_CONNECT,
	TECH_SYN,
	TECH_FIN,
	TECH_NULL,
	TECH_XMAS,
	TECH_ACK,
	TECH_WINDOW,
	TECH_TTL,
	TECH_MAIMON,
	TECH_UDP,
	TECHNIQUES,
};

/*
 * The reply to one probe, weakest first: of two replies to the same probe the greater one counts.
 * Fits the 4 bits of a sheet cell.
 */
enum reply {
	REPLY_SILENCE,	      /* no reply (yet) */
	REPLY_UNREACH,	      /* ICMP error: the probe did not reach the port */
	REPLY_PORT_UNREACH,   /* port unreachable, sent by the target itself */
	REPLY_RST,	      /* RST with a window of 0 */
	REPLY_RST_WINDOW,     /* RST with a window other than 0 */
	REPLY_RST_TTL_HIGHER, /* RST; another RST of the host has a lower TTL. Only in findings */
	REPLY_RST_TTL_LOWER,  /* RST; its TTL is lower than another's. Only in findings */
	REPLY_DATA,	      /* a UDP datagram from the port */
	REPLY_SYN,	      /* SYN without ACK: simultaneous open (RFC 9293, 3.5) */
	REPLY_SYN_ACK,	      /* SYN+ACK, or connect(2) succeeded */
	/* ACK without SYN, RST and FIN: the host has a connection of these ports. Only in findings:
	 * the probe is sent again from another port, and any other reply counts instead */
	REPLY_ACK,
	REPLIES,
};

/* Port states, in nmap's words. STATE_NONE: the reply is no answer to the technique and is ignored.
 */
enum port_state {
	STATE_NONE,
	PORT_OPEN,
	PORT_CLOSED,
	PORT_FILTERED,
	PORT_UNFILTERED,
	PORT_OPEN_FILTERED,
	PORT_STATES,
};

/* Reasons of a state, in nmap's words (its --reason and XML attribute). */
enum reason {
	REASON_NO_RESPONSE,
	REASON_SYN_ACK,
	REASON_SPLIT_HANDSHAKE,
	REASON_RESET,
	REASON_CONN_REFUSED,
	REASON_UDP_RESPONSE,
	REASON_NET_UNREACH,
	REASON_HOST_UNREACH,
	REASON_PROTO_UNREACH,
	REASON_PORT_UNREACH,
	REASON_NET_PROHIBITED,
	REASON_HOST_PROHIBITED,
	REASON_ADMIN_PROHIBITED,
	REASON_DEST_UNREACH,
	REASON_TIME_EXCEEDED,
	REASON_PARAM_PROBLEM,
	REASON_NO_ROUTE,
	REASON_BEYOND_SCOPE,
	REASON_REJECT_ROUTE,
	REASON_CHALLENGE_ACK,
	REASON_UNKNOWN, /* of another program: none of these */
	REASONS,
};

/* Where a reply carries the cookie of its probe. */
enum cookie_place {
	COOKIE_ACK,  /* reply.ack is our sequence number, or that + 1 (SYN and FIN count as one) */
	COOKIE_SEQ,  /* reply.seq is our acknowledgement number (RST to a segment that had ACK) */
	COOKIE_PORT, /* nowhere, only the ports match: UDP */
};

/* Which privilege sending needs. */
enum technique_needs {
	NEEDS_NOTHING, /* connect(2) or a UDP socket */
	NEEDS_FRAMES,  /* raw segments: CAP_NET_RAW */
};

/* What one kind of reply to a technique means. */
struct rule {
	uint8_t state;	  /* enum port_state */
	const char *why;  /* the explanation, a sentence */
	const char *from; /* the source: RFC and section, or paper */
};

struct technique {
	const char *name;   /* "syn": in --technique, JSON and the detector's events */
	char letter;	    /* nmap's -sX letter; 0 where nmap has none */
	uint8_t proto;	    /* IPPROTO_TCP or IPPROTO_UDP */
	uint8_t flags;	    /* TCP flags on the wire (enum tcp_flag); 0 for UDP */
	uint8_t needs;	    /* enum technique_needs */
	uint8_t cookie;	    /* enum cookie_place */
	uint8_t retries;    /* default number of retransmissions; more where silence decides */
	bool compares_ttl;  /* the verdict depends on the TTLs of the host's other RSTs */
	const char *title;  /* "SYN (half-open)" */
	const char *sends;  /* what the probe is, a sentence */
	const char *caveat; /* when the technique cannot decide; "" if it always can */
	struct rule rules[REPLIES];
};

extern const struct technique technique_table[TECHNIQUES];

/* Row by name ("syn") or by nmap letter ('S'); -1 if there is none. */
int technique_by_name(const char *name, size_t length);
int technique_by_letter(char letter);

/* The table in reverse: bit set of the rows that send exactly these flags, 0 if there are none. ECE
 * and CWR are ignored, since any SYN may carry them (RFC 3168, 6.1.1). */
uint32_t technique_by_sight(uint8_t proto, uint8_t flags);

/* Whether it sends UDP; all others send TCP. False for TECHNIQUES and above. */
static inline bool technique_is_udp(unsigned technique)
{
	return technique < TECHNIQUES && technique_table[technique].proto == IPPROTO_UDP;
}

/* Whether an open port is recognised by silence, a closed one by a RST: FIN, NULL, Xmas, Maimon. */
bool technique_is_inverse(unsigned technique);

/*
 * Whether RFC 9293, 3.10.7.2 obliges a listening port to drop the probe, so that a RST from an open
 * port proves a host that answers RST to everything: the inverse techniques without the ACK flag.
 * Maimon's FIN+ACK is an acknowledgement, to which a listening port must send a RST: from an
 * open port it is the rule, and proves nothing about the host.
 */
bool technique_open_is_silent(unsigned technique);

/* Whether a RST means another state when it carries a window than when it has none. */
bool technique_window_decides(unsigned technique);

/* Whether one RST says nothing until it is compared with the host's others: by window or TTL. */
bool technique_compares_rsts(unsigned technique);

/* Writes nmap's letters, "T S F", in the table's order. Returns `text`. */
#define TECHNIQUE_LETTERS (2 * TECHNIQUES + 1)
const char *technique_letters(char text[static TECHNIQUE_LETTERS]);

/* Whether its open is that a TCP handshake was accepted. */
static inline bool technique_handshake(unsigned technique)
{
	return technique == TECH_SYN || technique == TECH_CONNECT;
}

/* Whether a reply is a RST, of any window and TTL. */
static inline bool reply_is_rst(unsigned reply)
{
	return reply >= REPLY_RST && reply <= REPLY_RST_TTL_LOWER;
}

/* The rule for a reply, never NULL; its state is STATE_NONE if the reply is no answer. */
const struct rule *technique_rule(unsigned technique, unsigned reply);

/* Names, in nmap's words: "open|filtered", "syn-ack". Never NULL, "unknown" outside the
 * enumeration. */
const char *port_state_name(unsigned state);
const char *reason_name(unsigned reason);
const char *reply_name(unsigned reply);

/*
 * The reply that an ICMP (RFC 792, RFC 1812 5.2.7) or ICMPv6 (RFC 4443, 3) error is. `family` is 4
 * or 6; from_target: the error's source is the probed address. Returns REPLY_SILENCE for a type
 * that says nothing about the port (redirect, source quench, packet too big, echo). A port
 * unreachable is REPLY_PORT_UNREACH only if the target itself sent it, else REPLY_UNREACH.
 */
enum reply technique_icmp_reply(int family, uint8_t type, uint8_t code, bool from_target);

/* nmap's reason for an ICMP error; REASON_NO_RESPONSE if technique_icmp_reply says silence. */
enum reason technique_icmp_reason(int family, uint8_t type, uint8_t code);

/* The reason for a reply other than an ICMP error (technique_icmp_reason) or a refused connect(2)
 * (REASON_CONN_REFUSED). */
enum reason technique_reason(unsigned reply);

/*
 * The reply that a TCP segment is, by its flags and window; REPLY_SILENCE if it is no answer to any
 * technique. The caller has checked the cookie.
 */
enum reply technique_tcp_reply(uint8_t flags, uint16_t window);

#endif
