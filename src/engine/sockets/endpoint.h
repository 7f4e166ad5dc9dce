/* endpoint: address and port as the kernel's socket calls want them. */
#ifndef PORTLIGHT_ENGINE_SOCKETS_ENDPOINT_H
#define PORTLIGHT_ENGINE_SOCKETS_ENDPOINT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "address/addr.h"

union endpoint {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* `zone` (an interface index) goes with link-local IPv6 addresses only. Returns the length. */
socklen_t endpoint_make(union endpoint *out, struct addr a, uint16_t port, unsigned zone);

/* False, and nothing set, if it is of neither family. */
bool endpoint_read(const union endpoint *endpoint, struct addr *a, uint16_t *port);

/* Whether the socket's own address is `who`, and its own port `*port` (NULL: any). */
bool endpoint_is_own(int fd, struct addr who, const uint16_t *port);

/* Whether there is an address on this machine to send from to `to`; true if that cannot be told. */
bool endpoint_has_source(struct addr to, unsigned zone);

/* Whether `who` is this machine: what is sent to it would be sent from it. Sends nothing. */
bool endpoint_is_ours(struct addr who, unsigned zone);

#endif
