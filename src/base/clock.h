/* clock: the two clocks of the program. For the edges: pure code is given the time. */
#ifndef PORTLIGHT_BASE_CLOCK_H
#define PORTLIGHT_BASE_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC in ns: the clock of a scan, of every timeout, and of every `now_ns`. */
uint64_t clock_monotonic_ns(void);

/* CLOCK_REALTIME in ns since 1970: the clock of records and captures. */
uint64_t clock_wall_ns(void);

#endif
