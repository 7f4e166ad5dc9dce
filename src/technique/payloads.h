/* payloads: what a UDP probe says, so that the common service behind its port answers. */
#ifndef PORTLIGHT_TECHNIQUE_PAYLOADS_H
#define PORTLIGHT_TECHNIQUE_PAYLOADS_H

#include <stddef.h>
#include <stdint.h>

/* No payload is longer: it fits every link whole, as QUIC asks (RFC 9000, 14.1). */
#define PAYLOAD_MOST 1200

/*
 * The payload for a destination port: *bytes is constant memory, *length its length; 0 (and any
 * *bytes) where an empty datagram does best. Pure.
 */
void payload_for(uint16_t port, const uint8_t **bytes, size_t *length);

/* The same for a later attempt (0 is the first): where a port has several dialects, the attempts
 * take turns. */
void payload_for_attempt(uint16_t port, unsigned attempt, const uint8_t **bytes, size_t *length);

/* How many dialects a port has; 0: empty datagrams only. */
unsigned payload_dialects(uint16_t port);

#endif
