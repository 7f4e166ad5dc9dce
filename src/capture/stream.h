/* stream: reads the bytes of a file, plain or gzip, through a window that only moves forward. */
#ifndef PORTLIGHT_CAPTURE_STREAM_H
#define PORTLIGHT_CAPTURE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"

/* Most bytes readable at once: twice the longest frame with its header. */
#define STREAM_MOST ((size_t)1 << 19)

enum stream_result {
	STREAM_FAILED = -1,
	STREAM_END,
	STREAM_THERE,
	STREAM_INTERRUPTED,
};

struct stream;

/*
 * Opens a stream on `fd`, a file or a pipe, and takes ownership of it (on failure, too). Reads
 * nothing yet. `name` is used in messages; it is safe to print, and copied. NULL with *f.
 */
struct stream *stream_new(int fd, const char *name, struct failure *f);
void stream_free(struct stream *s);

/*
 * Makes the next `count` (1..STREAM_MOST) bytes readable at stream_bytes(), valid until the next
 * call. Waits if a pipe has fewer. STREAM_END if the file ends exactly here; STREAM_INTERRUPTED if
 * a signal arrived, and nothing is lost; STREAM_FAILED with *f: EXIT_PARTIAL if the file ends
 * within them, EXIT_IO if it cannot be read or its gzip data are damaged.
 */
enum stream_result stream_need(struct stream *s, size_t count, struct failure *f);
const uint8_t *stream_bytes(const struct stream *s);

/* Skips the next `count` bytes, whether stream_need() has made them readable or not. */
void stream_skip(struct stream *s, uint64_t count);

/* Whether reading may wait for a writer: it is no regular file. */
bool stream_may_wait(const struct stream *s);

const char *stream_name(const struct stream *s);

#endif
