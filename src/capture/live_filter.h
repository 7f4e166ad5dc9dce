/* live_filter: what the kernel lets into the ring of all interfaces, as one classic BPF program. */
#ifndef PORTLIGHT_CAPTURE_LIVE_FILTER_H
#define PORTLIGHT_CAPTURE_LIVE_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live_filter_conf {
	/* Indexes of interfaces: frames of these are looked at, frames of those not, and of all
	 * others it is for user space to say. */
	const unsigned *wanted, *unwanted;
	size_t wanted_count, unwanted_count;
	bool other_hosts; /* also frames for other MAC addresses */
	/* A filter expression, compiled for frames with an Ethernet header and for bare IP. NULL:
	 * everything. Without instructions: nothing. */
	const struct sock_fprog *ethernet, *bare;
	uint32_t most_bytes; /* that are kept of a frame */
};

/*
 * Of loopback, where each packet passes twice, what arrives; of interfaces with another header than
 * Ethernet's, or none, IPv4 and IPv6. Returns the length, at most BPF_MAXINSNS, or 0 if that or
 * `room` is too short.
 */
size_t live_filter_build(const struct live_filter_conf *conf, struct sock_filter *code,
			 size_t room);

#endif
