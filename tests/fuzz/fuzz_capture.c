/* Fuzz target: a capture file of a stranger: bounded frames, a clean end, the same twice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/file.h"
#include "capture/link_type.h"
#include "input.h"
#include "packet/packet.h"

/* All that a reading gave, as one number. */
struct reading {
	uint64_t sum, bytes;
	enum file_result end;
	int exit_code;
};

static void add(struct reading *r, uint64_t value)
{
	r->sum = (r->sum ^ value) * UINT64_C(0x100000001b3);
}

static struct reading read_all(const char *path)
{
	struct reading r = {0};
	struct failure f = {0};
	struct file *file = file_open(path, &f);
	struct file_frame frame;
	struct packet packet;

	input_check(file != NULL);
	while ((r.end = file_next(file, &frame, &f)) == FILE_FRAME) {
		input_check(frame.length <= FILE_FRAME_MOST);
		input_check(frame.type < LINK_TYPES);
		packet_parse(link_type_table[frame.type].link, frame.bytes, frame.length, &packet);
		add(&r, packet.has);
		add(&r, frame.t_ns);
		add(&r, frame.length);
		add(&r, frame.wire_bytes);
		for (uint32_t i = 0; i < frame.length; i++)
			add(&r, frame.bytes[i]);
		r.bytes += frame.length;
	}
	input_check(r.end == FILE_END || r.end == FILE_FAILED);
	if (r.end == FILE_FAILED)
		input_check(f.exit_code == EXIT_IO || f.exit_code == EXIT_PARTIAL);
	else
		input_check(f.exit_code == 0 && file_next(file, &frame, &f) == FILE_END);
	add(&r, file_skipped(file));
	add(&r, file_lost(file));
	r.exit_code = f.exit_code;
	file_close(file);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reading first, second;
	char path[40];
	int fd = memfd_create("capture", MFD_CLOEXEC);

	input_check(fd >= 0);
	input_check(write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	first = read_all(path);
	second = read_all(path);
	input_check(first.sum == second.sum && first.end == second.end &&
		    first.exit_code == second.exit_code);
	/* Not packed: no frame has more bytes than the file. */
	if (size < 2 || data[0] != 0x1f || data[1] != 0x8b)
		input_check(first.bytes <= size);
	close(fd);
	return 0;
}
