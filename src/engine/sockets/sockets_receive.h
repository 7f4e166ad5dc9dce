/* sockets_receive: reads answers from sockets, and ends probes whose deadline has passed. */
#ifndef PORTLIGHT_ENGINE_SOCKETS_SOCKETS_RECEIVE_H
#define PORTLIGHT_ENGINE_SOCKETS_SOCKETS_RECEIVE_H

#include <stdint.h>

#include "base/failure.h"

struct answer;
struct engine;

/* See receive of struct engine_ops. */
int sockets_receive(struct engine *e, struct answer *answers, unsigned max, uint64_t timeout_ns,
		    struct failure *f);

#endif
