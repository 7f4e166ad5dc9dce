/* sockets_send: starts the probes of a walk on sockets. */
#ifndef PORTLIGHT_ENGINE_SOCKETS_SOCKETS_SEND_H
#define PORTLIGHT_ENGINE_SOCKETS_SOCKETS_SEND_H

#include <stdint.h>

#include "base/failure.h"

struct engine;
struct walk;

/* See send of struct engine_ops. */
int sockets_send(struct engine *e, struct walk *walk, uint64_t now_ns, unsigned budget,
		 struct failure *f);

#endif
