/* ephemeral: which local ports the kernel gives out by itself. */
#ifndef PORTLIGHT_NET_EPHEMERAL_H
#define PORTLIGHT_NET_EPHEMERAL_H

#include <stdint.h>

/* First and last of net.ipv4.ip_local_port_range, which holds for both families; the kernel's
 * own default, 32768 to 60999, where it cannot be read. */
void ephemeral_range(uint16_t *first, uint16_t *last);

/*
 * The base of a block of `block` ports (a power of two, at most 32768) that the kernel does not
 * give out: the highest that lies outside [first, last] and above the privileged ports; the
 * highest of all if there is none, where a probe's answer could, rarely, meet a socket. Pure.
 */
uint16_t ephemeral_block(uint16_t first, uint16_t last, uint32_t block);

#endif
