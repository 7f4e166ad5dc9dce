/* Capture files in all variants. */
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>

#include "capture/stream.h"
#include "capture_image.h"

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

		/* The upper half may announce a checksum after each frame. */
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
	/* A block of unknown type, longer than the window. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pcap_in_both_orders_and_units),
		cmocka_unit_test(each_link_has_its_kind),
		cmocka_unit_test(pcapng_interfaces_differ),
		cmocka_unit_test(pcapng_other_blocks),
		cmocka_unit_test(times_saturate),
		cmocka_unit_test(gzip_members_and_padding),
		cmocka_unit_test(paths_that_cannot_be_read),
		cmocka_unit_test(pipes_are_not_waited_for),
	};

	return cmocka_run_group_tests_name("capture_file", tests, NULL, NULL);
}
