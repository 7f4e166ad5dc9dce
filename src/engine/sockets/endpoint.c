/* endpoint: conversion between an address and port and a struct sockaddr. */
#include "engine/sockets/endpoint.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

socklen_t endpoint_make(union endpoint *out, struct addr a, uint16_t port, unsigned zone)
{
	memset(out, 0, sizeof(*out));
	if (addr_is_v4(a)) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons(port);
		addr_to_bytes4(a, (uint8_t *)&out->v4.sin_addr);
		return sizeof(out->v4);
	}
	out->v6.sin6_family = AF_INET6;
	out->v6.sin6_port = htons(port);
	addr_to_bytes16(a, (uint8_t *)&out->v6.sin6_addr);
	if (addr_is_link_local6(a))
		out->v6.sin6_scope_id = zone;
	return sizeof(out->v6);
}

bool endpoint_read(const union endpoint *endpoint, struct addr *a, uint16_t *port)
{
	if (endpoint->any.sa_family == AF_INET) {
		*a = addr_from_bytes4((const uint8_t *)&endpoint->v4.sin_addr);
		*port = ntohs(endpoint->v4.sin_port);
		return true;
	}
	if (endpoint->any.sa_family == AF_INET6) {
		*a = addr_from_bytes16((const uint8_t *)&endpoint->v6.sin6_addr);
		*port = ntohs(endpoint->v6.sin6_port);
		return true;
	}
	return false;
}

bool endpoint_is_own(int fd, struct addr addr, const uint16_t *port)
{
	union endpoint endpoint;
	socklen_t length = sizeof(endpoint);
	struct addr own;
	uint16_t own_port;

	return getsockname(fd, &endpoint.any, &length) == 0 &&
	       endpoint_read(&endpoint, &own, &own_port) && addr_equal(own, addr) &&
	       (!port || own_port == *port);
}

/* Opens a UDP socket and connects it to `to`, so that the kernel chooses a source address. The
 * descriptor, or -errno if there is none. The port does not matter: nothing is sent. */
static int endpoint_connect(struct addr to, unsigned zone)
{
	union endpoint endpoint;
	socklen_t length = endpoint_make(&endpoint, to, 1, zone);
	int fd = socket(endpoint.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -EMFILE;
	if (connect(fd, &endpoint.any, length) == 0)
		return fd;
	error = errno;
	(void)close(fd); /* nothing was sent */
	return -error;
}

bool endpoint_has_source(struct addr to, unsigned zone)
{
	int fd = endpoint_connect(to, zone);

	if (fd >= 0)
		(void)close(fd); /* nothing was sent */
	return fd != -EADDRNOTAVAIL;
}

bool endpoint_is_ours(struct addr addr, unsigned zone)
{
	int fd = endpoint_connect(addr, zone);
	bool ours;

	if (fd < 0)
		return false;
	ours = endpoint_is_own(fd, addr, NULL);
	(void)close(fd); /* nothing was sent */
	return ours;
}
