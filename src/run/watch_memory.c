/* watch_memory: how --memory is divided. */
#include "run/watch_memory.h"

#include "capture/live.h"

#define RING_MOST ((uint64_t)64 << 20)

struct watch_memory watch_memory_share(uint64_t bytes)
{
	uint64_t left = bytes - WATCH_MEMORY_REST;
	uint64_t ring = left / 3 < RING_MOST ? left / 3 : RING_MOST;

	ring -= ring % LIVE_UNIT_BYTES;
	return (struct watch_memory){.tables = (size_t)(left - ring), .ring = (size_t)ring};
}
