/* frames_match: finds the probe that a packet answers, quotes or is itself. */
#ifndef PORTLIGHT_ENGINE_FRAMES_FRAMES_MATCH_H
#define PORTLIGHT_ENGINE_FRAMES_FRAMES_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"

struct frames;
struct packet;
struct sheet;

/* Whether a port of ours is one that probes are sent from. */
bool frames_port_ours(const struct frames *fr, uint16_t port);

/* The probe found. */
struct frames_match {
	struct sheet *sheet;
	uint32_t cell;	   /* index in the sheet */
	uint8_t technique; /* enum technique_id */
	uint8_t attempt;   /* counted from 0, if has_attempt: with -g ports do not tell it */
	bool has_attempt;
};

/* Fields of a packet that identify the probe it belongs to. Nothing in it is trusted. */
struct frames_claim {
	struct addr target;
	uint16_t port;	    /* of the target */
	uint16_t ours;	    /* source port of the probe */
	struct addr source; /* source address of the probe */
	/* Candidates for the probe's sequence number: for any technique, and only for techniques
	 * whose probes have ACK set. */
	uint32_t plain[2], acked[2];
	unsigned plain_count, acked_count;
};

/* Matches a TCP packet by the cookie in the sequence number. True and *out if such a probe was
 * sent. */
bool frames_match_tcp(const struct frames *fr, const struct frames_claim *claim,
		      struct frames_match *out);
/* Matches by addresses and ports only, for packets that return no sequence number: UDP, or a SYN
 * without ACK (simultaneous open). proto: IPPROTO_UDP or IPPROTO_TCP. True and *out as above. */
bool frames_match_ports(const struct frames *fr, const struct frames_claim *claim, uint8_t proto,
			struct frames_match *out);

/* The same for an ACK that returns nothing of a probe: the host has a connection of these addresses
 * and ports (REPLY_ACK). */
bool frames_match_connection(const struct frames *fr, const struct frames_claim *claim,
			     struct frames_match *out);

/* Matches a datagram that comes from another port or address than a probe was sent to, by its
 * payload of `length` bytes (scan/echo.h). The claim's target and port are where it came from. */
bool frames_match_elsewhere(const struct frames *fr, const struct frames_claim *claim,
			    const uint8_t *payload, size_t length, struct frames_match *out);

/*
 * True if a received packet is itself one of our probes. The loopback interface delivers sent
 * packets as received ones: where a target is this host and its port is one of our source ports, a
 * probe could be taken for an answer. `payload`: p->payload_bytes bytes of the received packet.
 */
bool frames_match_probe(const struct frames *fr, const struct packet *p, const uint8_t *payload);

#endif
