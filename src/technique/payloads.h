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

/* All payloads, by number: how many there are, and the port of each (0: no such number). Those of
 * one port follow each other, in the order of the attempts. */
unsigned payload_count(void);
uint16_t payload_port(unsigned number);

/* What the protocol of a payload returns of a question (payload_echo.c). */
enum payload_echo {
	PAYLOAD_ECHO_NONE,
	PAYLOAD_ECHO_DNS,
	PAYLOAD_ECHO_TFTP,
	PAYLOAD_ECHO_RPC,
	PAYLOAD_ECHO_NTP,
	PAYLOAD_ECHO_SNMP,
	PAYLOAD_ECHO_SNMP_V3,
	PAYLOAD_ECHO_LDAP,
	PAYLOAD_ECHO_SLP,
	PAYLOAD_ECHO_QUIC,
	PAYLOAD_ECHO_IKE,
	PAYLOAD_ECHO_IKE_NAT,
	PAYLOAD_ECHO_OPENVPN,
	PAYLOAD_ECHO_L2TP,
	PAYLOAD_ECHO_GTP,
	PAYLOAD_ECHO_STUN,
	PAYLOAD_ECHO_SIP,
	PAYLOAD_ECHO_COAP,
	PAYLOAD_ECHO_MEMCACHED,
	PAYLOAD_ECHO_ETHERNET_IP,
	PAYLOAD_ECHO_MUMBLE,
	PAYLOAD_ECHOES,
};
enum payload_echo payload_echo_of(uint16_t port, unsigned attempt);

#endif
