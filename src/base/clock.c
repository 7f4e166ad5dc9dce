/* clock: the two clocks of the program. */
#include "base/clock.h"

#include <time.h>

static uint64_t clock_read_ns(clockid_t clock)
{
	struct timespec now;

	/* Both clocks always exist and `now` is ours: it cannot fail. */
	(void)clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
	return clock_read_ns(CLOCK_MONOTONIC);
}

uint64_t clock_wall_ns(void)
{
	return clock_read_ns(CLOCK_REALTIME);
}
