/* complaint: one record of a socket's error queue, or the outside of one datagram. */
#ifndef PORTLIGHT_ENGINE_SOCKETS_COMPLAINT_H
#define PORTLIGHT_ENGINE_SOCKETS_COMPLAINT_H

#include <stdbool.h>
#include <stdint.h>

#include "address/addr.h"

enum complaint_origin {
	COMPLAINT_NONE,	 /* a datagram, or a record of another kind */
	COMPLAINT_LOCAL, /* our own kernel: `error` says what */
	COMPLAINT_ICMP,	 /* ICMP or ICMPv6: type and code are set */
};

struct complaint {
	/* Of a record: where the packet in question was going. Of a datagram: who sent it. */
	struct addr peer;
	uint16_t port;
	struct addr from; /* if has_from: who sent the ICMP error */
	bool has_from;
	bool has_ttl;
	uint8_t ttl; /* of what came in */
	uint8_t origin;
	uint8_t type, code;
	int error; /* errno that the kernel makes of it */
};

/* Reads the oldest record of the error queue, or the oldest datagram (its content is dropped). The
 * socket has IP_RECVERR and IP_RECVTTL, or their IPv6 likes, set. 0, or -errno. */
int complaint_read(int fd, bool error_queue, struct complaint *out);

#endif
