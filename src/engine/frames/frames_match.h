/* frames_match: which probe a packet answers, quotes or is. */
#ifndef PORTLIGHT_ENGINE_FRAMES_FRAMES_MATCH_H
#define PORTLIGHT_ENGINE_FRAMES_FRAMES_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "address/addr.h"

struct frames;
struct packet;
struct sheet;

/* Whose probe a packet belongs to. */
struct frames_match {
	struct sheet *sheet;
	uint32_t cell;	   /* in the sheet */
	uint8_t technique; /* enum technique_id */
	uint8_t attempt;
	bool has_attempt;
};

/* What a packet says about the probe it belongs to. */
struct frames_claim {
	struct addr target;
	uint16_t port; /* of the target */
	uint16_t ours;
	struct addr source; /* of the probe: an address of ours */
	uint32_t plain[2];  /* may be the sequence number of any probe ... */
	uint32_t acked[2];  /* ... and these of one that carries an acknowledgement too */
	unsigned plain_count, acked_count;
};

/* True and *out if the claim is that of a probe that was sent, TCP by its cookie. */
bool frames_match_tcp(const struct frames *fr, const struct frames_claim *claim,
		      struct frames_match *out);
/* The same where only address and ports can tell: UDP, or a SYN that acknowledges nothing
 * (proto: IPPROTO_UDP or IPPROTO_TCP). */
bool frames_match_ports(const struct frames *fr, const struct frames_claim *claim, uint8_t proto,
			struct frames_match *out);

/*
 * True if a packet is itself a probe that was sent, as they come back in on the loopback interface:
 * where the target is ourselves and its port one of our source ports, it could be taken for the
 * answer to another probe, or to itself. `payload` is what the frame holds of it.
 */
bool frames_match_probe(const struct frames *fr, const struct packet *p, const uint8_t *payload);

#endif
