/* capture_image: capture files made byte by byte, and what is asserted of reading them. */
#ifndef PORTLIGHT_TESTS_CAPTURE_IMAGE_H
#define PORTLIGHT_TESTS_CAPTURE_IMAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "capture/file.h"
#include "capture/link_type.h"

/* A file in the making. */
struct image {
	uint8_t *bytes;
	size_t length;
	bool big; /* byte order of its numbers */
};

static inline void put(struct image *i, const void *bytes, size_t length)
{
	i->bytes = realloc(i->bytes, i->length + length + 1);
	assert_non_null(i->bytes);
	memcpy(i->bytes + i->length, bytes, length);
	i->length += length;
}

static inline void put_number(struct image *i, uint64_t value, size_t bytes)
{
	for (size_t k = 0; k < bytes; k++) {
		uint8_t byte = (uint8_t)(value >> 8 * (i->big ? bytes - 1 - k : k));

		put(i, &byte, 1);
	}
}

static inline void put16(struct image *i, uint16_t value)
{
	put_number(i, value, 2);
}

static inline void put32(struct image *i, uint32_t value)
{
	put_number(i, value, 4);
}

static inline void put_zeros(struct image *i, size_t count)
{
	static const uint8_t zeros[4096];

	for (; count > sizeof(zeros); count -= sizeof(zeros))
		put(i, zeros, sizeof(zeros));
	put(i, zeros, count);
}

static inline void drop(struct image *i)
{
	free(i->bytes);
	*i = (struct image){0};
}

/* pcap, as draft-ietf-opsawg-pcap has it. */
static inline void put_pcap_header(struct image *i, uint32_t magic, uint32_t link)
{
	put32(i, magic);
	put16(i, 2);
	put16(i, 4);
	put_zeros(i, 8);
	put32(i, 65535);
	put32(i, link);
}

static inline void put_pcap_frame(struct image *i, uint32_t seconds, uint32_t fraction,
				  const char *frame, uint32_t wire_bytes)
{
	put32(i, seconds);
	put32(i, fraction);
	put32(i, (uint32_t)strlen(frame));
	put32(i, wire_bytes);
	put(i, frame, strlen(frame));
}

/* A pcapng block is built by itself, then framed by its length. */
static inline void put_block(struct image *i, uint32_t type, struct image *body)
{
	uint32_t length;

	put_zeros(body, (4 - body->length % 4) % 4);
	length = (uint32_t)body->length + 12;
	put32(i, type);
	put32(i, length);
	put(i, body->bytes, body->length);
	put32(i, length);
	drop(body);
}

static inline void put_section(struct image *i)
{
	struct image body = {.big = i->big};

	put32(&body, 0x1a2b3c4d);
	put16(&body, 1);
	put16(&body, 0);
	put_number(&body, UINT64_MAX, 8);
	put_block(i, 0x0a0d0d0a, &body);
}

/* offset_s: option 14, resolution: option 9; 0: without. */
static inline void put_interface(struct image *i, uint16_t link, uint8_t resolution,
				 int64_t offset_s)
{
	struct image body = {.big = i->big};

	put16(&body, link);
	put16(&body, 0);
	put32(&body, 0);
	put16(&body, 2); /* its name */
	put16(&body, 4);
	put(&body, "eth0", 4);
	if (resolution) {
		put16(&body, 9);
		put16(&body, 1);
		put(&body, &resolution, 1);
		put_zeros(&body, 3);
	}
	if (offset_s) {
		put16(&body, 14);
		put16(&body, 8);
		put_number(&body, (uint64_t)offset_s, 8);
	}
	put_zeros(&body, 4);
	put_block(i, 1, &body);
}

static inline void put_packet(struct image *i, uint32_t interface, uint64_t ticks,
			      const char *frame, uint32_t wire_bytes)
{
	struct image body = {.big = i->big};

	put32(&body, interface);
	put32(&body, (uint32_t)(ticks >> 32));
	put32(&body, (uint32_t)ticks);
	put32(&body, (uint32_t)strlen(frame));
	put32(&body, wire_bytes);
	put(&body, frame, strlen(frame));
	put_block(i, 6, &body);
}

static inline void pack(struct image *i)
{
	z_stream z = {0};
	size_t room = i->length + i->length / 100 + 100;
	uint8_t *packed = malloc(room);

	assert_non_null(packed);
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = i->bytes;
	z.avail_in = (unsigned)i->length;
	z.next_out = packed;
	z.avail_out = (unsigned)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	free(i->bytes);
	i->bytes = packed;
	i->length = room - z.avail_out;
	deflateEnd(&z);
}

static inline struct file *open_bytes(const uint8_t *bytes, size_t length)
{
	char path[] = "/tmp/portlight-capture-XXXXXX";
	int fd = mkstemp(path);
	struct failure f = {0};
	struct file *file;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), length);
	close(fd);
	file = file_open(path, &f);
	unlink(path);
	assert_non_null(file);
	return file;
}

static inline void assert_frame(struct file *file, uint64_t t_ns, const char *bytes,
				uint32_t wire_bytes, unsigned link_type)
{
	struct file_frame frame;
	struct failure f = {0};

	if (file_next(file, &frame, &f) != FILE_FRAME)
		fail_msg("no frame: %s", f.text);
	assert_int_equal(frame.length, strlen(bytes));
	assert_memory_equal(frame.bytes, bytes, frame.length);
	assert_int_equal(frame.t_ns, t_ns);
	assert_int_equal(frame.wire_bytes, wire_bytes);
	assert_int_equal(link_type_table[frame.type].number, link_type);
}

static inline void assert_end(struct file *file)
{
	struct file_frame frame;
	struct failure f = {0};

	assert_int_equal(file_next(file, &frame, &f), FILE_END);
	assert_int_equal(file_next(file, &frame, &f), FILE_END);
	file_close(file);
}

/* The first call that gives no frame fails, with this exit code, and says this. */
static inline void assert_fails(const struct image *i, int exit_code, const char *why)
{
	struct file *file = open_bytes(i->bytes, i->length);
	struct file_frame frame;
	struct failure f = {0};
	enum file_result result;

	do
		result = file_next(file, &frame, &f);
	while (result == FILE_FRAME);
	assert_int_equal(result, FILE_FAILED);
	if (f.exit_code != exit_code || !strstr(f.text, why))
		fail_msg("exit code %d, \"%s\"; wanted %d, \"%s\"", f.exit_code, f.text, exit_code,
			 why);
	file_close(file);
}

#define T0 1700000000u

#endif
