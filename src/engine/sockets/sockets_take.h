/* sockets_take: sockets for probes, also those of UDP probes past their deadline. */
#ifndef PORTLIGHT_ENGINE_SOCKETS_SOCKETS_TAKE_H
#define PORTLIGHT_ENGINE_SOCKETS_SOCKETS_TAKE_H

#include <stdint.h>

#include "base/failure.h"
#include "engine/sockets/attempt.h"

struct sockets;

/* As pool_take; and *f is set where it is of no use to try again. */
struct attempt *sockets_take(struct sockets *s, enum attempt_kind kind, int *error,
			     struct failure *f);

/* Gives up UDP sockets past their deadline, those first whose deadline was before `before_ns`. */
void sockets_drop_late(struct sockets *s, uint64_t before_ns);

#endif
