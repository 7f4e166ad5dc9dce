/* Capture files that are cut off, damaged, or lie about their lengths. */
#include "capture/stream.h"
#include "capture_image.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_off_anywhere),
		cmocka_unit_test(damaged_pcap),
		cmocka_unit_test(damaged_pcapng),
		cmocka_unit_test(broken_options_are_passed_over),
	};

	return cmocka_run_group_tests_name("capture_damage", tests, NULL, NULL);
}
