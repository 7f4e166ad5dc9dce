/* Fuzz target: a capture file of a stranger: bounded frames, a clean end, the same twice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/file.h"
#include "capture/link_type.h"
#include "packet/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool promise)
{
	if (!promise)
		abort();
}

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

	demand(file != NULL);
	while ((r.end = file_next(file, &frame, &f)) == FILE_FRAME) {
		demand(frame.length <= FILE_FRAME_MOST);
		demand(frame.type < LINK_TYPES);
		packet_parse(link_type_table[frame.type].link, frame.bytes, frame.length, &packet);
		add(&r, packet.has);
		add(&r, frame.t_ns);
		add(&r, frame.length);
		add(&r, frame.wire_bytes);
		for (uint32_t i = 0; i < frame.length; i++)
			add(&r, frame.bytes[i]);
		r.bytes += frame.length;
	}
	demand(r.end == FILE_END || r.end == FILE_FAILED);
	if (r.end == FILE_FAILED)
		demand(f.exit_code == EXIT_IO || f.exit_code == EXIT_PARTIAL);
	else
		demand(f.exit_code == 0 && file_next(file, &frame, &f) == FILE_END);
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

	demand(fd >= 0);
	demand(write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	first = read_all(path);
	second = read_all(path);
	demand(first.sum == second.sum && first.end == second.end &&
	       first.exit_code == second.exit_code);
	/* Not packed: no frame has more bytes than the file. */
	if (size < 2 || data[0] != 0x1f || data[1] != 0x8b)
		demand(first.bytes <= size);
	close(fd);
	return 0;
}
