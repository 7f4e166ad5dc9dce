/* file: reads the frames of a capture file: pcap or pcapng, plain or gzip. */
#include "capture/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/quote.h"
#include "capture/link_type.h"
#include "capture/pcapng.h"
#include "capture/stream.h"

/* pcap (draft-ietf-opsawg-pcap): the magic numbers as read in the file's own byte order. */
#define MAGIC_MICROSECONDS  0xa1b2c3d4u
#define MAGIC_NANOSECONDS   0xa1b23c4du

#define FILE_HEADER_BYTES   24u
#define RECORD_HEADER_BYTES 16u

enum file_kind { KIND_UNKNOWN, KIND_PCAP, KIND_PCAPNG };

struct file {
	struct stream *stream;
	uint8_t kind; /* enum file_kind */
	bool swapped;
	uint8_t type;		  /* index in link_type_table */
	uint32_t ns_per_fraction; /* unit of the second half of a time stamp */
	struct pcapng pcapng;
};

struct file *file_open(const char *path, struct failure *f)
{
	bool standard_input = strcmp(path, "-") == 0;
	struct file *file = calloc(1, sizeof(*file));
	char quoted[256] = "standard input";
	int fd;

	if (!file) {
		failure_set(f, EXIT_SOFTWARE, "out of memory");
		return NULL;
	}
	if (!standard_input)
		text_quote(path, strlen(path), quoted, sizeof(quoted));
	fd = standard_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
			    : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		failure_set(f, EXIT_IO, "cannot open \"%s\": %s", quoted, strerror(errno));
		goto err;
	}
	file->stream = stream_new(fd, quoted, f);
	if (file->stream)
		return file;
err:
	free(file);
	return NULL;
}

void file_close(struct file *file)
{
	if (!file)
		return;
	stream_free(file->stream);
	free(file);
}

static uint32_t load32(const uint8_t *bytes, bool swapped)
{
	uint32_t value = (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 |
			 (uint32_t)bytes[1] << 8 | bytes[0];

	return swapped ? __builtin_bswap32(value) : value;
}

static enum file_result no_capture(const struct file *file, struct failure *f)
{
	failure_set(f, EXIT_IO, "\"%s\" is no capture file (pcap or pcapng)",
		    stream_name(file->stream));
	return FILE_FAILED;
}

/* Magic, version, two unused fields, longest frame, and the link type in the low 16 bits. */
static enum file_result pcap_begin(struct file *file, struct failure *f)
{
	enum stream_result result = stream_need(file->stream, FILE_HEADER_BYTES, f);
	const uint8_t *bytes = stream_bytes(file->stream);
	unsigned number;
	int type;

	if (result != STREAM_THERE)
		return (enum file_result)result;
	if (bytes[file->swapped ? 5 : 4] != 2 || bytes[file->swapped ? 4 : 5] != 0)
		return no_capture(file, f);
	number = load32(bytes + 20, file->swapped) & 0xffff;
	type = link_type_find(number);
	if (type < 0) {
		failure_set(f, EXIT_IO, "\"%s\": frames of link type %u are not understood",
			    stream_name(file->stream), number);
		return FILE_FAILED;
	}
	file->type = (uint8_t)type;
	file->kind = KIND_PCAP;
	stream_skip(file->stream, FILE_HEADER_BYTES);
	return FILE_FRAME;
}

/* Finds out the format. FILE_FRAME: it is known now. */
static enum file_result file_begin(struct file *file, struct failure *f)
{
	enum stream_result result = stream_need(file->stream, 4, f);
	uint32_t magic;

	if (result == STREAM_END || (result == STREAM_FAILED && f->exit_code == EXIT_PARTIAL)) {
		*f = (struct failure){0};
		return no_capture(file, f);
	}
	if (result != STREAM_THERE)
		return (enum file_result)result;
	for (int swapped = 0; swapped < 2; swapped++) {
		magic = load32(stream_bytes(file->stream), swapped);
		if (magic == PCAPNG_MAGIC) {
			file->kind = KIND_PCAPNG;
			return FILE_FRAME;
		}
		if (magic == MAGIC_MICROSECONDS || magic == MAGIC_NANOSECONDS) {
			file->swapped = swapped;
			file->ns_per_fraction = magic == MAGIC_NANOSECONDS ? 1 : 1000;
			return pcap_begin(file, f);
		}
	}
	return no_capture(file, f);
}

static enum file_result pcap_next(struct file *file, struct file_frame *frame, struct failure *f)
{
	enum stream_result result = stream_need(file->stream, RECORD_HEADER_BYTES, f);
	const uint8_t *bytes = stream_bytes(file->stream);
	uint32_t length;

	if (result != STREAM_THERE)
		return (enum file_result)result;
	length = load32(bytes + 8, file->swapped);
	if (length > FILE_FRAME_MOST) {
		failure_set(f, EXIT_IO, "\"%s\" is damaged: a packet is longer than any can be",
			    stream_name(file->stream));
		return FILE_FAILED;
	}
	result = stream_need(file->stream, RECORD_HEADER_BYTES + length, f);
	if (result != STREAM_THERE)
		return (enum file_result)result;
	bytes = stream_bytes(file->stream);
	*frame = (struct file_frame){
		.bytes = bytes + RECORD_HEADER_BYTES,
		/* At most 2^32 seconds and as many microseconds: fits. */
		.t_ns = (uint64_t)load32(bytes, file->swapped) * 1000000000 +
			(uint64_t)load32(bytes + 4, file->swapped) * file->ns_per_fraction,
		.length = length,
		.wire_bytes = load32(bytes + 12, file->swapped),
		.type = file->type,
	};
	stream_skip(file->stream, RECORD_HEADER_BYTES + (uint64_t)length);
	return FILE_FRAME;
}

enum file_result file_next(struct file *file, struct file_frame *frame, struct failure *f)
{
	if (file->kind == KIND_UNKNOWN) {
		enum file_result result = file_begin(file, f);

		if (result != FILE_FRAME)
			return result;
	}
	if (file->kind == KIND_PCAPNG)
		return pcapng_next(&file->pcapng, file->stream, frame, f);
	return pcap_next(file, frame, f);
}

bool file_may_wait(const struct file *file)
{
	return stream_may_wait(file->stream);
}

uint64_t file_skipped(const struct file *file)
{
	return file->pcapng.skipped;
}

uint64_t file_lost(const struct file *file)
{
	return file->pcapng.lost;
}
