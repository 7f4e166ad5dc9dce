/* frames_receive: reads frames from the rings and turns them into answers. */
#ifndef PORTLIGHT_ENGINE_FRAMES_FRAMES_RECEIVE_H
#define PORTLIGHT_ENGINE_FRAMES_FRAMES_RECEIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "packet/packet.h"

struct answer;
struct engine;
struct frames;
struct ring_frame;

/* See receive of struct engine_ops. */
int frames_receive(struct engine *e, struct answer *answers, unsigned max, uint64_t timeout_ns,
		   struct failure *f);

/* Two clocks read at one moment, to convert the kernel's time stamps. */
struct frames_clock {
	uint64_t now_ns;	 /* CLOCK_MONOTONIC */
	uint64_t wall_offset_ns; /* CLOCK_REALTIME minus CLOCK_MONOTONIC */
};

/*
 * Judges one received frame whose first header is `link`. True and *out if it answers a probe that
 * was sent; else false, and it is counted in fr->stats as invalid or other. Uses no clock and no
 * socket.
 */
bool frames_judge(struct frames *fr, enum packet_link link, const struct ring_frame *frame,
		  const struct frames_clock *clock, struct answer *out);

#endif
