/* probe: what an engine is to send, and the answer that it returns. */
#ifndef PORTLIGHT_SCAN_PROBE_H
#define PORTLIGHT_SCAN_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "address/addr.h"

struct probe {
	struct addr to;
	uint64_t timeout_ns; /* how long an answer may take by present estimate; sockets close then
			      */
	uint32_t cell;	     /* tag of its cell (sheet_tag), which the cookie carries */
	uint16_t port;
	uint8_t technique; /* enum technique_id */
	uint8_t attempt;   /* 0 for the first, at most 15 */
	bool check;	   /* of walk_check(): its port has answered already */
	bool other_port;   /* not from the port of -g: a connection has it (REPLY_ACK) */
};

/* Presence flags of struct answer. */
enum answer_has {
	ANSWER_TTL = 1 << 0,
	ANSWER_WINDOW = 1 << 1,
	ANSWER_PORT = ANSWER_WINDOW, /* of a datagram: it came from the port in `window`, which is
					not the probed one */
	ANSWER_ICMP = 1 << 2,	     /* icmp_type and icmp_code are set */
	ANSWER_FROM = 1 << 3,	     /* `from` is set: another address than the target's sent it */
	ANSWER_ATTEMPT = 1 << 4,     /* `attempt` is set: the attempt that this answers */
	ANSWER_REFUSED = 1 << 5,     /* ECONNREFUSED: only the kernel saw the RST */
	ANSWER_LOCAL = 1 << 6,	     /* reported by our own kernel, without a packet (no route) */
	/* 1 << 7 is EVIDENCE_RTT. In no evidence: */
	ANSWER_PORT_IN_USE = 1 << 8, /* this machine has a connection from the port of -g to that
					port: another port got the answer */
};

/* A validated answer to one probe. */
struct answer {
	uint64_t t_ns; /* arrival, CLOCK_MONOTONIC */
	struct addr from;
	uint32_t cell;
	uint16_t window;
	uint8_t reply; /* enum reply */
	uint16_t has;  /* enum answer_has */
	uint8_t ttl;
	uint8_t icmp_type, icmp_code;
	uint8_t attempt;
};

#endif
