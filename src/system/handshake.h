/* handshake: TCP handshakes by the kernel, many at a time: what accepts them, and what it is like.
 */
#ifndef PORTLIGHT_SYSTEM_HANDSHAKE_H
#define PORTLIGHT_SYSTEM_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "address/addr.h"

struct handshake_conf {
	const char *interface; /* only by this one; or NULL */
	bool has_source;
	struct addr source;
	unsigned zone; /* interface index for link-local targets; 0: none */
	/* From the start of a handshake to its end; from then on, for the acknowledgement of the
	 * one byte that is sent. */
	uint64_t accept_ns, ack_ns;
};

enum handshake_state {
	HANDSHAKE_WAITS,    /* not started, or not over */
	HANDSHAKE_REFUSED,  /* refused, unreachable, or no answer in time */
	HANDSHAKE_ACCEPTED, /* and over */
};

struct handshake {
	struct addr to;
	uint16_t port;
	uint8_t state; /* enum handshake_state */
	/* Of an accepted one: the SYN+ACK had none of the options that ours offered (window scale,
	 * timestamps, SACK: RFC 7323, RFC 2018); its window is 0; the byte was not acknowledged. */
	bool no_options, no_window, no_ack;
	int fd;		/* of the handshake itself: 0 at first, then from 1 on */
	bool sent;	/* accepted, and the byte was sent */
	uint64_t at_ns; /* when it was started or, if sent, accepted */
};

/*
 * One step of handshakes[0..count), which the caller has zeroed but for `to` and `port`: starts up
 * to `start` of them, and looks at those under way, without blocking. Returns how many still wait.
 * Each connection is ended with a RST (SO_LINGER), and none is used for more than one byte, a
 * newline.
 */
unsigned handshake_step(struct handshake *handshakes, unsigned count, unsigned start,
			const struct handshake_conf *conf, uint64_t now_ns);

/* Ends those that are under way. */
void handshake_end(struct handshake *handshakes, unsigned count);

#endif
