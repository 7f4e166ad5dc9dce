/* pcapng: the blocks of a pcapng file (draft-ietf-opsawg-pcapng). */
#ifndef PORTLIGHT_CAPTURE_PCAPNG_H
#define PORTLIGHT_CAPTURE_PCAPNG_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/file.h"
#include "capture/stream.h"

/* Interfaces of one section; more means a damaged file. */
#define PCAPNG_INTERFACES 4096

/* How a time stamp becomes nanoseconds: value * numerator / denominator + offset. */
struct pcapng_interface {
	uint64_t numerator, denominator;
	int64_t offset_s;
	uint64_t lost;
	uint32_t snap_bytes; /* 0: no limit */
	int16_t type;	     /* index in link_type_table, -1: not understood */
};

struct pcapng {
	bool swapped; /* big-endian section */
	uint32_t interfaces;
	uint64_t t_ns; /* last time seen: for blocks that have none */
	uint64_t skipped, lost;
	struct pcapng_interface interface[PCAPNG_INTERFACES];
};

/* First bytes of a file of this kind, the same in both byte orders. */
#define PCAPNG_MAGIC 0x0a0d0d0au

/* As file_next. *p starts as zeros. */
enum file_result pcapng_next(struct pcapng *p, struct stream *s, struct file_frame *frame,
			     struct failure *f);

#endif
