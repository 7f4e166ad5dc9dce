/* complaint: a record of a socket's error queue, or the addresses and TTL of a datagram. */
#ifndef PORTLIGHT_ENGINE_SOCKETS_COMPLAINT_H
#define PORTLIGHT_ENGINE_SOCKETS_COMPLAINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"

enum complaint_origin {
	COMPLAINT_NONE,	 /* a datagram, or a record of another origin */
	COMPLAINT_LOCAL, /* an error of our own kernel: see `error` */
	COMPLAINT_ICMP,	 /* ICMP or ICMPv6: type and code are set */
};

/* Bytes kept of a datagram: an answer is recognised by its beginning. */
#define COMPLAINT_DATA 256

struct complaint {
	/* Record: destination of the packet that caused it. Datagram: its source. */
	struct addr peer;
	uint16_t port;
	struct addr from; /* if has_from: source of the ICMP error */
	bool has_from;
	bool has_ttl;
	uint8_t ttl;	/* or hop limit, of the received packet */
	uint8_t origin; /* enum complaint_origin */
	uint8_t type, code;
	int error;     /* the errno that the kernel derives from it */
	size_t length; /* of data: as much of the datagram as it has room for */
	uint8_t data[COMPLAINT_DATA];
};

/* Reads the oldest record of the error queue, or else the oldest datagram. Never waits. The socket
 * has IP_RECVERR and IP_RECVTTL, or their IPv6 equivalents, set. 0, or -errno. */
int complaint_read(int fd, bool error_queue, struct complaint *out);

#endif
