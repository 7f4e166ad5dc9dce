/* frames_send: sends the probes of a walk as frames. */
#ifndef PORTLIGHT_ENGINE_FRAMES_FRAMES_SEND_H
#define PORTLIGHT_ENGINE_FRAMES_FRAMES_SEND_H

#include <stdint.h>

#include "base/failure.h"

struct engine;
struct walk;

/* See send of struct engine_ops. */
int frames_send(struct engine *e, struct walk *walk, uint64_t now_ns, unsigned budget,
		struct failure *f);

#endif
