/* watch_memory: how --memory is divided. */
#ifndef PORTLIGHT_RUN_WATCH_MEMORY_H
#define PORTLIGHT_RUN_WATCH_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/*
 * All other resident memory: the program and its libraries, the set of listening ports, names of
 * interfaces, buffers of files and outputs. 5 MiB were measured.
 */
#define WATCH_MEMORY_REST ((uint64_t)6 << 20)

/* The smallest total at which each part is large enough to work. */
#define WATCH_MEMORY_SMALLEST ((uint64_t)12 << 20)

struct watch_memory {
	size_t tables; /* watch_conf.memory_bytes */
	size_t ring;   /* live_conf.bytes */
};

/*
 * The ring gets a third of what remains. With the default of 32 MiB it holds some 65,000 SYNs: 50
 * ms of a flood of a million packets per second, a time in which the kernel's own work on the
 * flood may keep us from the processor (20 ms were measured). A ring larger than 64 MiB would only
 * delay the judgement. A replay has no ring, but tables of the same size, so that it judges as the
 * live run did.
 */
struct watch_memory watch_memory_share(uint64_t bytes);

#endif
