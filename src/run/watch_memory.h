/* watch_memory: what --memory is divided into. */
#ifndef PORTLIGHT_RUN_WATCH_MEMORY_H
#define PORTLIGHT_RUN_WATCH_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/*
 * All else that is resident: the program and its libraries, the picture of listening ports, names
 * of interfaces, buffers of files and outputs. 5 MiB of it were measured.
 */
#define WATCH_MEMORY_REST ((uint64_t)6 << 20)

/* From here on each part is large enough to work. */
#define WATCH_MEMORY_SMALLEST ((uint64_t)12 << 20)

struct watch_memory {
	size_t tables; /* watch_conf.memory_bytes */
	size_t ring;   /* live_conf.bytes */
};

/*
 * The ring gets a third of what is left beside the rest: with the default of 32 MiB that is some
 * 65,000 SYNs, the 50 ms of a flood of a million a second that pass where the kernel's own work on
 * it keeps us from the processor (20 ms were measured, and it is not the only one). A larger ring
 * than 64 MiB would only make the judgement late. A replay has no ring, but the same tables, so
 * that it judges as the live run did.
 */
struct watch_memory watch_memory_share(uint64_t bytes);

#endif
