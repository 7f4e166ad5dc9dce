/* live_filter: the classic BPF program of the ring of all interfaces. */
#ifndef PORTLIGHT_CAPTURE_LIVE_FILTER_H
#define PORTLIGHT_CAPTURE_LIVE_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live_filter_conf {
	/* Interface indexes. Frames of `wanted` are filtered, frames of `unwanted` rejected; frames
	 * of others are accepted, and user space decides. */
	const unsigned *wanted, *unwanted;
	size_t wanted_count, unwanted_count;
	bool other_hosts; /* also frames for other MAC addresses */
	/* The user's filter expression, compiled for Ethernet frames and for bare IP. NULL: accept
	 * every frame. Without instructions: accept none. */
	const struct sock_fprog *ethernet, *bare;
	uint32_t most_bytes; /* captured of a frame */
};

/*
 * Builds the program. Of loopback, where each packet passes twice, it accepts only the incoming
 * one; of interfaces without Ethernet headers only IPv4 and IPv6. Returns its length, or 0 if it
 * would be longer than `room` or BPF_MAXINSNS.
 */
size_t live_filter_build(const struct live_filter_conf *conf, struct sock_filter *code,
			 size_t room);

#endif
