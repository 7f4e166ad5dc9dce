/* payloads: the payloads of UDP probes, requests that the usual service of a port answers. */
#ifndef PORTLIGHT_TECHNIQUE_PAYLOADS_H
#define PORTLIGHT_TECHNIQUE_PAYLOADS_H

#include <stddef.h>
#include <stdint.h>

/* The longest payload: it needs no fragmentation on any link, as QUIC requires (RFC 9000, 14.1). */
#define PAYLOAD_MOST 1200

/*
 * The payload for a destination port: *bytes points to constant memory, *length is its length; 0 if
 * an empty datagram is best, and *bytes is then undefined. Pure.
 */
void payload_for(uint16_t port, const uint8_t **bytes, size_t *length);

/* The same for an attempt (0 is the first): if a port has several payloads (dialects), the attempts
 * alternate. */
void payload_for_attempt(uint16_t port, unsigned attempt, const uint8_t **bytes, size_t *length);

/* Number of payloads of a port; 0: empty datagrams only. */
unsigned payload_dialects(uint16_t port);

#endif
