/* file: a capture file, pcap or pcapng, gzip or not, as a stream of frames. */
#ifndef PORTLIGHT_CAPTURE_FILE_H
#define PORTLIGHT_CAPTURE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "packet/packet.h"

/* The longest frame believed, that of libpcap and Wireshark; a longer one means a damaged file. */
#define FILE_FRAME_MOST 262144u

/* Borrowed until the next call. */
struct file_frame {
	const uint8_t *bytes;
	uint64_t t_ns;	     /* since 1970; saturates */
	uint32_t length;     /* bytes that the file holds */
	uint32_t wire_bytes; /* length on the wire; may be less than `length` in a strange file */
	uint8_t type;	     /* index in link_type_table (capture/link_type.h) */
};

enum file_result {
	FILE_FAILED = -1,
	FILE_END,
	FILE_FRAME,
	FILE_INTERRUPTED, /* a signal came while waiting: nothing is lost, ask again */
};

/*
 * pcap in both byte orders, with microseconds or nanoseconds; pcapng with any number of
 * interfaces, each with a link type, time resolution and offset of its own, and any number of
 * sections; either in gzip. Links: Ethernet, raw IP, Linux cooked v1 and v2, BSD loopback, PPP,
 * Cisco HDLC.
 */
struct file;

/*
 * "-" is standard input. Opens and allocates, and reads nothing: what kind of file it is shows at
 * the first file_next. NULL with *f (EXIT_IO).
 */
struct file *file_open(const char *path, struct failure *f);
void file_close(struct file *file);

/*
 * The next frame. FILE_FAILED with *f: EXIT_PARTIAL where the file was cut off in the midst of
 * something, EXIT_IO where it is damaged, cannot be read, is no capture, or is a pcap of a link
 * that is not understood. There is no going on after FILE_FAILED.
 */
enum file_result file_next(struct file *file, struct file_frame *frame, struct failure *f);

/* Whether file_next may wait for somebody to write: a pipe. */
bool file_may_wait(const struct file *file);

/* Frames of a pcapng file passed over because their link is not understood. */
uint64_t file_skipped(const struct file *file);

/* Packets that the capturing program lost, as far as the file has said (pcapng). */
uint64_t file_lost(const struct file *file);

#endif
