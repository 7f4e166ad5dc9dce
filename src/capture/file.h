/* file: reads the frames of a capture file: pcap or pcapng, plain or gzip. */
#ifndef PORTLIGHT_CAPTURE_FILE_H
#define PORTLIGHT_CAPTURE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "packet/packet.h"

/* Longest frame accepted, as in libpcap and Wireshark; a longer one means a damaged file. */
#define FILE_FRAME_MOST 262144u

/* Borrowed until the next call. */
struct file_frame {
	const uint8_t *bytes;
	uint64_t t_ns;	     /* since 1970-01-01 00:00 UTC; saturates */
	uint32_t length;     /* bytes captured */
	uint32_t wire_bytes; /* length on the wire; a malformed file may say less than `length` */
	uint8_t type;	     /* index in link_type_table (capture/link_type.h) */
};

enum file_result {
	FILE_FAILED = -1,
	FILE_END,
	FILE_FRAME,
	FILE_INTERRUPTED, /* a signal arrived while waiting: nothing is lost, call again */
};

/*
 * pcap in both byte orders, with microseconds or nanoseconds; pcapng with any number of
 * interfaces, each with a link type, time resolution and offset of its own, and any number of
 * sections; either in gzip. Links: Ethernet, raw IP, Linux cooked v1 and v2, BSD loopback, PPP,
 * Cisco HDLC.
 */
struct file;

/*
 * Opens the file; "-" is standard input. Reads nothing: the format is found out by the first
 * file_next(). NULL with *f (EXIT_IO).
 */
struct file *file_open(const char *path, struct failure *f);
void file_close(struct file *file);

/*
 * Reads the next frame. FILE_FAILED with *f: EXIT_PARTIAL if the file is truncated within a record,
 * EXIT_IO if it is damaged, cannot be read, is no capture file, or is a pcap of an unsupported link
 * type. After FILE_FAILED it must not be called again.
 */
enum file_result file_next(struct file *file, struct file_frame *frame, struct failure *f);

/* Whether file_next() may wait for a writer: the file is a pipe. */
bool file_may_wait(const struct file *file);

/* Frames of a pcapng file that were skipped since their link type is not supported. */
uint64_t file_skipped(const struct file *file);

/* Packets that the capturing program dropped, according to the file so far (pcapng). */
uint64_t file_lost(const struct file *file);

#endif
