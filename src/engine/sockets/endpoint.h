/* endpoint: conversion between an address and port and a struct sockaddr. */
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

/* Fills *out and returns its length. `zone` (an interface index) is used for link-local IPv6
 * addresses only. */
socklen_t endpoint_make(union endpoint *out, struct addr a, uint16_t port, unsigned zone);

/* Reads address and port. False, with nothing set, if it is of another family. */
bool endpoint_read(const union endpoint *endpoint, struct addr *a, uint16_t *port);

/* Whether the socket's local address is `addr` and its local port *port (NULL: any port). */
bool endpoint_is_own(int fd, struct addr addr, const uint16_t *port);

/* Whether this machine has a source address for packets to `to`; true if that cannot be found out.
 * Sends nothing. */
bool endpoint_has_source(struct addr to, unsigned zone);

/* Whether `addr` is an address of this machine. Sends nothing. */
bool endpoint_is_ours(struct addr addr, unsigned zone);

#endif
