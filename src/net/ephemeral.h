/* ephemeral: the range of local ports that the kernel assigns automatically. */
#ifndef PORTLIGHT_NET_EPHEMERAL_H
#define PORTLIGHT_NET_EPHEMERAL_H

#include <stdint.h>

/* Reads net.ipv4.ip_local_port_range, which holds for both families. If it cannot be read: the
 * kernel's default, 32768 to 60999. */
void ephemeral_range(uint16_t *first, uint16_t *last);

/*
 * The first port of an aligned block of `block` ports (a power of two, at most 32768) that the
 * kernel does not assign: the highest outside [first, last] and above the privileged ports. If
 * there is none, the highest of all: a probe may then, rarely, share its port with a socket. Pure.
 */
uint16_t ephemeral_block(uint16_t first, uint16_t last, uint32_t block);

#endif
