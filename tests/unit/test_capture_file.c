/* Capture files in all variants, whole, cut off and damaged. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "capture/expression.h"
#include "capture/file.h"
#include "capture/link_type.h"
#include "capture/stream.h"

/* A file in the making. */
struct image {
	uint8_t *bytes;
	size_t length;
	bool big; /* byte order of its numbers */
};

static void put(struct image *i, const void *bytes, size_t length)
{
	i->bytes = realloc(i->bytes, i->length + length + 1);
	assert_non_null(i->bytes);
	memcpy(i->bytes + i->length, bytes, length);
	i->length += length;
}

static void put_number(struct image *i, uint64_t value, size_t bytes)
{
	for (size_t k = 0; k < bytes; k++) {
		uint8_t byte = (uint8_t)(value >> 8 * (i->big ? bytes - 1 - k : k));

		put(i, &byte, 1);
	}
}

static void put16(struct image *i, uint16_t value)
{
	put_number(i, value, 2);
}

static void put32(struct image *i, uint32_t value)
{
	put_number(i, value, 4);
}

static void put_zeros(struct image *i, size_t count)
{
	static const uint8_t zeros[4096];

	for (; count > sizeof(zeros); count -= sizeof(zeros))
		put(i, zeros, sizeof(zeros));
	put(i, zeros, count);
}

static void drop(struct image *i)
{
	free(i->bytes);
	*i = (struct image){0};
}

/* pcap, as draft-ietf-opsawg-pcap has it. */
static void put_pcap_header(struct image *i, uint32_t magic, uint32_t link)
{
	put32(i, magic);
	put16(i, 2);
	put16(i, 4);
	put_zeros(i, 8);
	put32(i, 65535);
	put32(i, link);
}

static void put_pcap_frame(struct image *i, uint32_t seconds, uint32_t fraction, const char *frame,
			   uint32_t wire_bytes)
{
	put32(i, seconds);
	put32(i, fraction);
	put32(i, (uint32_t)strlen(frame));
	put32(i, wire_bytes);
	put(i, frame, strlen(frame));
}

/* A pcapng block is built by itself, then framed by its length. */
static void put_block(struct image *i, uint32_t type, struct image *body)
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

static void put_section(struct image *i)
{
	struct image body = {.big = i->big};

	put32(&body, 0x1a2b3c4d);
	put16(&body, 1);
	put16(&body, 0);
	put_number(&body, UINT64_MAX, 8);
	put_block(i, 0x0a0d0d0a, &body);
}

/* offset_s: option 14, resolution: option 9; 0: without. */
static void put_interface(struct image *i, uint16_t link, uint8_t resolution, int64_t offset_s)
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

static void put_packet(struct image *i, uint32_t interface, uint64_t ticks, const char *frame,
		       uint32_t wire_bytes)
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

static void pack(struct image *i)
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

static struct file *open_bytes(const uint8_t *bytes, size_t length)
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

static void assert_frame(struct file *file, uint64_t t_ns, const char *bytes, uint32_t wire_bytes,
			 unsigned link_type)
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

static void assert_end(struct file *file)
{
	struct file_frame frame;
	struct failure f = {0};

	assert_int_equal(file_next(file, &frame, &f), FILE_END);
	assert_int_equal(file_next(file, &frame, &f), FILE_END);
	file_close(file);
}

/* The first call that gives no frame fails, with this exit code, and says this. */
static void assert_fails(const struct image *i, int exit_code, const char *why)
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

static void pcap_in_both_orders_and_units(void **state)
{
	(void)state;
	for (int variant = 0; variant < 8; variant++) {
		const bool nanoseconds = variant & 2;
		const uint32_t unit = nanoseconds ? 1 : 1000;
		struct image i = {.big = variant & 1};
		struct file *file;

		put_pcap_header(&i, nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 1);
		put_pcap_frame(&i, T0, 123456, "first frame", 60);
		put_pcap_frame(&i, 0xffffffff, 999999, "", 0);
		put_pcap_frame(&i, 0, 0, "third", 5);
		if (variant & 4)
			pack(&i);
		file = open_bytes(i.bytes, i.length);
		assert_frame(file, T0 * UINT64_C(1000000000) + 123456 * unit, "first frame", 60, 1);
		assert_frame(file, 0xffffffff * UINT64_C(1000000000) + 999999 * unit, "", 0, 1);
		assert_frame(file, 0, "third", 5, 1);
		assert_int_equal(file_skipped(file), 0);
		assert_int_equal(file_lost(file), 0);
		assert_end(file);
		drop(&i);
	}
}

static void each_link_has_its_kind(void **state)
{
	static const struct {
		uint32_t number;
		enum packet_link link;
	} known[] = {
		{1, PACKET_LINK_ETHERNET}, {101, PACKET_LINK_RAW_IP},  {12, PACKET_LINK_RAW_IP},
		{14, PACKET_LINK_RAW_IP},  {228, PACKET_LINK_RAW_IP},  {229, PACKET_LINK_RAW_IP},
		{113, PACKET_LINK_COOKED}, {276, PACKET_LINK_COOKED2}, {0, PACKET_LINK_FAMILY},
		{108, PACKET_LINK_FAMILY}, {9, PACKET_LINK_PPP},       {50, PACKET_LINK_PPP},
		{104, PACKET_LINK_PPP},
	};

	(void)state;
	for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
		struct image i = {0};
		struct file *file;
		struct file_frame frame;
		struct failure f = {0};

		/* The upper half may tell of a checksum behind each frame. */
		put_pcap_header(&i, 0xa1b2c3d4, known[k].number | 0x24000000);
		put_pcap_frame(&i, T0, 0, "x", 1);
		file = open_bytes(i.bytes, i.length);
		assert_int_equal(file_next(file, &frame, &f), FILE_FRAME);
		assert_int_equal(link_type_table[frame.type].link, known[k].link);
		assert_end(file);
		drop(&i);
	}
	struct image i = {0};

	put_pcap_header(&i, 0xa1b2c3d4, 105);
	assert_fails(&i, EXIT_IO, "link type 105");
	drop(&i);
}

static void pcapng_interfaces_differ(void **state)
{
	(void)state;
	for (int variant = 0; variant < 4; variant++) {
		struct image i = {.big = variant & 1};
		struct file *file;

		put_section(&i);
		put_interface(&i, 1, 0, 0);
		put_interface(&i, 113, 9, 0);
		put_interface(&i, 105, 0, 0);		 /* 802.11: not understood */
		put_interface(&i, 101, 0x80 | 20, 1000); /* 2^-20 s, an offset */
		put_interface(&i, 0, 3, -1000);
		put_interface(&i, 276, 12, 0);
		put_packet(&i, 0, T0 * UINT64_C(1000000) + 5, "ethernet", 100);
		put_packet(&i, 1, T0 * UINT64_C(1000000000) + 7, "cooked", 6);
		put_packet(&i, 2, 1, "wireless", 8);
		put_packet(&i, 3, (uint64_t)T0 << 20 | 1 << 19, "raw", 3);
		put_packet(&i, 4, (T0 + 1000) * UINT64_C(1000) + 9, "loopback", 8);
		put_packet(&i, 5, 4321000, "cooked2", 7);
		if (variant & 2)
			pack(&i);
		file = open_bytes(i.bytes, i.length);
		assert_frame(file, T0 * UINT64_C(1000000000) + 5000, "ethernet", 100, 1);
		assert_frame(file, T0 * UINT64_C(1000000000) + 7, "cooked", 6, 113);
		assert_frame(file, (T0 + 1000) * UINT64_C(1000000000) + 500000000, "raw", 3, 101);
		assert_frame(file, T0 * UINT64_C(1000000000) + 9000000, "loopback", 8, 0);
		assert_frame(file, 4321, "cooked2", 7, 276);
		assert_int_equal(file_skipped(file), 1);
		assert_end(file);
		drop(&i);
	}
}

static void pcapng_other_blocks(void **state)
{
	struct image i = {0}, body;
	struct file *file;

	(void)state;
	put_section(&i);
	put_interface(&i, 1, 0, 0);
	/* One that nobody knows, longer than the window. */
	body = (struct image){0};
	put_zeros(&body, STREAM_MOST + 100);
	put_block(&i, 0x0bad, &body);
	put_packet(&i, 0, 1000000, "one", 3);
	/* Simple: no time of its own. */
	body = (struct image){0};
	put32(&body, 6);
	put(&body, "simple", 6);
	put_block(&i, 3, &body);
	/* Obsolete: interface and drops in 16 bits each. */
	body = (struct image){0};
	put16(&body, 0);
	put16(&body, 77);
	put32(&body, 0);
	put32(&body, 3000000);
	put32(&body, 3);
	put32(&body, 44);
	put(&body, "old", 3);
	put_block(&i, 2, &body);
	/* Statistics, two of the same interface: each counts from the beginning. */
	for (uint64_t drops = 10; drops <= 25; drops += 15) {
		body = (struct image){0};
		put32(&body, 0);
		put_zeros(&body, 8);
		put16(&body, 5);
		put16(&body, 8);
		put_number(&body, drops, 8);
		put16(&body, 7);
		put16(&body, 8);
		put_number(&body, 1, 8);
		put_block(&i, 5, &body);
	}
	/* A section of the other byte order has interfaces of its own. */
	i.big = true;
	put_section(&i);
	put_interface(&i, 101, 0, 0);
	put_packet(&i, 0, 4000000, "four", 4);
	file = open_bytes(i.bytes, i.length);
	assert_frame(file, 1000000000, "one", 3, 1);
	assert_frame(file, 1000000000, "simple", 6, 1);
	assert_frame(file, 3000000000, "old", 44, 1);
	assert_frame(file, 4000000000, "four", 4, 101);
	assert_int_equal(file_lost(file), 26);
	assert_end(file);
	drop(&i);
}

static void times_saturate(void **state)
{
	struct image i = {0};
	struct file *file;

	(void)state;
	put_section(&i);
	put_interface(&i, 1, 0, 0);
	put_interface(&i, 1, 0, INT64_MIN + 1);
	put_interface(&i, 1, 0, INT64_MAX);
	put_interface(&i, 1, 127, 0);	     /* 10^-127 s */
	put_interface(&i, 1, 0x80 | 127, 0); /* 2^-127 s */
	put_packet(&i, 0, UINT64_MAX, "far", 3);
	put_packet(&i, 1, 5, "before 1970", 11);
	put_packet(&i, 2, UINT64_MAX, "further", 7);
	put_packet(&i, 3, UINT64_MAX, "fine", 4);
	put_packet(&i, 4, UINT64_MAX, "finer", 5);
	file = open_bytes(i.bytes, i.length);
	assert_frame(file, UINT64_MAX, "far", 3, 1);
	assert_frame(file, 0, "before 1970", 11, 1);
	assert_frame(file, UINT64_MAX, "further", 7, 1);
	assert_frame(file, 1, "fine", 4, 1);	       /* 2^64 / 10^19 s: the finest */
	assert_frame(file, 1999999999, "finer", 5, 1); /* 2^64 / 2^63 s */
	assert_end(file);
	drop(&i);
}

/*
 * A file cut after any byte: what is before the cut comes, and then either the end, exactly
 * between two parts, or a failure that says so; `header` is how much tells that it is a capture,
 * 0 where that is not known.
 */
static void assert_cuts(const struct image *i, const size_t *whole, size_t wholes, size_t header)
{
	for (size_t cut = 0; cut < i->length; cut++) {
		struct file *file = open_bytes(i->bytes, cut);
		struct file_frame frame;
		struct failure f = {0};
		enum file_result result;
		bool between = false;

		for (size_t k = 0; k < wholes; k++)
			between |= whole[k] == cut;
		do
			result = file_next(file, &frame, &f);
		while (result == FILE_FRAME);
		if (result != (between ? FILE_END : FILE_FAILED))
			fail_msg("cut at %zu: %d %s", cut, result, f.text);
		if (!between && header)
			assert_int_equal(f.exit_code, cut < header ? EXIT_IO : EXIT_PARTIAL);
		file_close(file);
	}
}

static void cut_off_anywhere(void **state)
{
	struct image i = {0};
	size_t whole[8], wholes = 0;

	(void)state;
	put_pcap_header(&i, 0xa1b2c3d4, 1);
	whole[wholes++] = i.length;
	put_pcap_frame(&i, T0, 1, "first", 5);
	whole[wholes++] = i.length;
	put_pcap_frame(&i, T0, 2, "second", 5);
	assert_cuts(&i, whole, wholes, 4);
	drop(&i);

	wholes = 0;
	put_section(&i);
	whole[wholes++] = i.length;
	put_interface(&i, 1, 9, 0);
	whole[wholes++] = i.length;
	put_packet(&i, 0, 1, "first", 5);
	whole[wholes++] = i.length;
	put_packet(&i, 0, 2, "second", 5);
	assert_cuts(&i, whole, wholes, 4);
	pack(&i);
	assert_cuts(&i, NULL, 0, 0);
	drop(&i);
}

static void damaged_pcap(void **state)
{
	struct image i = {0};

	(void)state;
	put_pcap_header(&i, 0xa1b2c3d4, 1);
	put_pcap_frame(&i, T0, 1, "good", 4);
	put32(&i, T0);
	put32(&i, 0);
	put32(&i, FILE_FRAME_MOST + 1);
	put32(&i, FILE_FRAME_MOST + 1);
	put_zeros(&i, FILE_FRAME_MOST + 1);
	assert_fails(&i, EXIT_IO, "longer than any");
	drop(&i);
	put_pcap_header(&i, 0xa1b2c3d4, 1);
	i.bytes[4] = 3; /* version 3.4 */
	assert_fails(&i, EXIT_IO, "no capture");
	drop(&i);
	put(&i, "GIF89a", 6);
	assert_fails(&i, EXIT_IO, "no capture");
	pack(&i);
	assert_fails(&i, EXIT_IO, "no capture");
	drop(&i);
	put(&i, "", 0);
	assert_fails(&i, EXIT_IO, "no capture");
	drop(&i);
}

/* Appends what is wrong to a section with one Ethernet interface. */
static void assert_bad_block(const struct image *block, const char *why)
{
	struct image i = {0};

	put_section(&i);
	put_interface(&i, 1, 0, 0);
	put_packet(&i, 0, 1, "good", 4);
	put(&i, block->bytes, block->length);
	put_zeros(&i, 64); /* so that it is not merely cut off */
	assert_fails(&i, EXIT_IO, why);
	drop(&i);
}

static void damaged_pcapng(void **state)
{
	struct image b = {0}, body = {0};

	(void)state;
	put32(&b, 6);
	put32(&b, 8);
	assert_bad_block(&b, "wrong length");
	drop(&b);
	put32(&b, 6);
	put32(&b, 34);
	assert_bad_block(&b, "wrong length");
	drop(&b);
	put32(&b, 6);
	put32(&b, STREAM_MOST + 4);
	assert_bad_block(&b, "longer than any");
	drop(&b);
	put_packet(&b, 0, 1, "good", 4);
	b.bytes[b.length - 4]++;
	assert_bad_block(&b, "two different lengths");
	drop(&b);
	put_packet(&b, 1, 1, "from nowhere", 4);
	assert_bad_block(&b, "not described");
	drop(&b);
	put_packet(&b, 0, 1, "good", 4);
	b.bytes[8 + 12] = 9; /* length of the frame: beyond the block */
	assert_bad_block(&b, "longer than its block");
	drop(&b);
	put_block(&b, 6, &body); /* no body at all */
	assert_bad_block(&b, "longer than its block");
	drop(&b);
	put_block(&b, 1, &body);
	assert_bad_block(&b, "too short");
	drop(&b);
	put_section(&b);
	b.bytes[8] = 0;
	assert_bad_block(&b, "no byte order");
	drop(&b);
	put_section(&b);
	b.bytes[12] = 2;
	assert_bad_block(&b, "unknown version");
	drop(&b);
	put_section(&b);
	b.bytes[4] = 24;
	assert_bad_block(&b, "section header");
	drop(&b);
	for (int k = 0; k < 5000; k++)
		put_interface(&b, 1, 0, 0);
	assert_bad_block(&b, "too many interfaces");
	drop(&b);
}

/* Options are extras: what is wrong with them does not cost the packets. */
static void broken_options_are_passed_over(void **state)
{
	struct image i = {0}, body = {0};
	struct file *file;

	(void)state;
	put_section(&i);
	put16(&body, 1);
	put16(&body, 0);
	put32(&body, 0);
	put16(&body, 9);
	put16(&body, 60000); /* far beyond the block */
	put_block(&i, 1, &body);
	put_packet(&i, 0, 5, "good", 4);
	file = open_bytes(i.bytes, i.length);
	assert_frame(file, 5000, "good", 4, 1);
	assert_end(file);
	drop(&i);
}

static void gzip_members_and_padding(void **state)
{
	struct image whole = {0}, first = {0}, second = {0};
	struct file *file;

	(void)state;
	put_pcap_header(&first, 0xa1b2c3d4, 1);
	put_pcap_frame(&second, T0, 0, "in the second", 13);
	pack(&first);
	pack(&second);
	put(&whole, first.bytes, first.length);
	put(&whole, second.bytes, second.length);
	put_zeros(&whole, 512);
	file = open_bytes(whole.bytes, whole.length);
	assert_frame(file, T0 * UINT64_C(1000000000), "in the second", 13, 1);
	assert_end(file);
	whole.bytes[first.length + second.length - 8] ^= 1; /* its checksum */
	assert_fails(&whole, EXIT_IO, "gzip data");
	drop(&whole);
	drop(&first);
	drop(&second);
}

static void paths_that_cannot_be_read(void **state)
{
	struct failure f = {0};
	struct file_frame frame;
	struct file *file;

	(void)state;
	assert_null(file_open("/nonexistent/\033[2J", &f));
	assert_int_equal(f.exit_code, EXIT_IO);
	assert_null(strchr(f.text, '\033'));
	f = (struct failure){0};
	file = file_open("/tmp", &f);
	assert_non_null(file);
	assert_int_equal(file_next(file, &frame, &f), FILE_FAILED);
	assert_int_equal(f.exit_code, EXIT_IO);
	file_close(file);
}

static void on_alarm(int number)
{
	(void)number;
}

/* A frame in a pipe comes as soon as it is there, and a signal ends the wait for the next. */
static void pipes_are_not_waited_for(void **state)
{
	struct sigaction act = {.sa_handler = on_alarm}, before;
	struct itimerval soon = {.it_value = {.tv_usec = 20000}, .it_interval = {.tv_usec = 20000}};
	struct itimerval never = {0};
	struct image i = {0}, rest = {0};
	struct file_frame frame;
	struct failure f = {0};
	struct file *file;
	char path[40];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	put_pcap_header(&i, 0xa1b2c3d4, 1);
	put_pcap_frame(&i, T0, 0, "early", 5);
	put_pcap_frame(&rest, T0, 1, "late", 4);
	assert_int_equal(write(ends[1], i.bytes, i.length), i.length);
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
	file = file_open(path, &f);
	close(ends[0]);
	assert_non_null(file);
	assert_frame(file, T0 * UINT64_C(1000000000), "early", 5, 1);
	assert_int_equal(write(ends[1], rest.bytes, 17), 17);
	sigemptyset(&act.sa_mask);
	assert_int_equal(sigaction(SIGALRM, &act, &before), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	assert_int_equal(file_next(file, &frame, &f), FILE_INTERRUPTED);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
	assert_int_equal(write(ends[1], rest.bytes + 17, rest.length - 17), rest.length - 17);
	close(ends[1]);
	assert_frame(file, T0 * UINT64_C(1000000000) + 1000, "late", 4, 1);
	assert_end(file);
	drop(&i);
	drop(&rest);
}

/* An Ethernet frame with an IPv4 TCP segment to port 80. */
static const uint8_t http[54] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0,  0, 0,    1, 0x08, 0x00, 0x45, 0, 0,    40,
	0,    0,    0,	  0,	64,   6,    0, 0, 10, 0, 0,    1, 10,	0,    0,    2, 0x1f, 0x90,
	0,    80,   0,	  0,	0,    0,    0, 0, 0,  0, 0x50, 2, 4,	0,    0,    0, 0,    0,
};

static void expressions_match_by_link(void **state)
{
	const unsigned ethernet = (unsigned)link_type_of(PACKET_LINK_ETHERNET);
	const unsigned raw = (unsigned)link_type_of(PACKET_LINK_RAW_IP);
	struct sock_fprog program;
	struct failure f = {0};
	struct expression *e = expression_new("tcp dst port 80", &f);

	(void)state;
	assert_non_null(e);
	assert_int_equal(expression_match(e, ethernet, http, 54, 54, &f), 1);
	assert_int_equal(expression_match(e, raw, http + 14, 40, 40, &f), 1);
	assert_int_equal(expression_match(e, raw, http, 54, 54, &f), 0);
	assert_int_equal(expression_program(e, ethernet, &program, &f), 0);
	assert_true(program.len > 0);
	expression_free(e);

	e = expression_new("ether broadcast", &f);
	assert_non_null(e);
	assert_int_equal(expression_match(e, ethernet, http, 54, 54, &f), 1);
	assert_int_equal(expression_match(e, raw, http + 14, 40, 40, &f), -1);
	assert_int_equal(f.exit_code, EXIT_USAGE);
	f = (struct failure){0};
	assert_int_equal(expression_program(e, raw, &program, &f), -1);
	expression_free(e);

	f = (struct failure){0};
	assert_null(expression_new("tcp dst port \033[31m", &f));
	assert_int_equal(f.exit_code, EXIT_USAGE);
	assert_null(strchr(f.text, '\033'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pcap_in_both_orders_and_units),
		cmocka_unit_test(each_link_has_its_kind),
		cmocka_unit_test(pcapng_interfaces_differ),
		cmocka_unit_test(pcapng_other_blocks),
		cmocka_unit_test(times_saturate),
		cmocka_unit_test(cut_off_anywhere),
		cmocka_unit_test(damaged_pcap),
		cmocka_unit_test(damaged_pcapng),
		cmocka_unit_test(broken_options_are_passed_over),
		cmocka_unit_test(gzip_members_and_padding),
		cmocka_unit_test(paths_that_cannot_be_read),
		cmocka_unit_test(pipes_are_not_waited_for),
		cmocka_unit_test(expressions_match_by_link),
	};

	return cmocka_run_group_tests_name("capture_file", tests, NULL, NULL);
}
