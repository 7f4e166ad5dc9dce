/* pcapng: reads the blocks of a pcapng file (draft-ietf-opsawg-pcapng). */
#ifndef PORTLIGHT_CAPTURE_PCAPNG_H
#define PORTLIGHT_CAPTURE_PCAPNG_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/file.h"
#include "capture/stream.h"

/* Most interfaces of one section; more means a damaged file. */
#define PCAPNG_INTERFACES 4096

/* Conversion of a time stamp to ns: value * numerator / denominator + offset. */
struct pcapng_interface {
	uint64_t numerator, denominator;
	int64_t offset_s;
	uint64_t lost;	     /* packets dropped, by its statistics blocks */
	uint32_t snap_bytes; /* 0: no limit */
	int16_t type;	     /* index in link_type_table, -1: not supported */
};

struct pcapng {
	bool swapped; /* big-endian section */
	uint32_t interfaces;
	uint64_t t_ns;		/* of the last frame: used for blocks without time stamp */
	uint64_t skipped, lost; /* see file_skipped(), file_lost() */
	struct pcapng_interface interface[PCAPNG_INTERFACES];
};

/* First bytes of a pcapng file, the same in both byte orders. */
#define PCAPNG_MAGIC 0x0a0d0d0au

/* Reads the next frame, as file_next(). *p is zero-initialised before the first call. */
enum file_result pcapng_next(struct pcapng *p, struct stream *s, struct file_frame *frame,
			     struct failure *f);

#endif
