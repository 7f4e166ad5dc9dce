/* stream: the bytes of a file, gzip or not, through a window that moves only forwards. */
#ifndef PORTLIGHT_CAPTURE_STREAM_H
#define PORTLIGHT_CAPTURE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"

/* As many bytes as can be asked for at once: a frame of the longest kind and its header, twice. */
#define STREAM_MOST ((size_t)1 << 19)

enum stream_result {
	STREAM_FAILED = -1,
	STREAM_END,
	STREAM_THERE,
	STREAM_INTERRUPTED,
};

struct stream;

/*
 * Over `fd`, a file or a pipe, which becomes the stream's (closed on failure, too). Nothing is
 * read yet. `name` is for complaints, safe to print, and copied.
 * NULL with *f.
 */
struct stream *stream_new(int fd, const char *name, struct failure *f);
void stream_free(struct stream *s);

/*
 * Makes the next `count` (1..STREAM_MOST) bytes readable at stream_bytes, from where they do not
 * move before the next call. Waits for a pipe no longer than until they are there.
 * STREAM_END where the file ends exactly here; STREAM_INTERRUPTED when a signal came first, and
 * nothing is lost; STREAM_FAILED with *f: EXIT_PARTIAL where the file ends in their midst, EXIT_IO
 * where it cannot be read or its gzip data are damaged.
 */
enum stream_result stream_need(struct stream *s, size_t count, struct failure *f);
const uint8_t *stream_bytes(const struct stream *s);

/* The next `count` bytes, readable or not, are not wanted: what follows is. */
void stream_skip(struct stream *s, uint64_t count);

/* Whether reading may wait for somebody to write: no plain file. */
bool stream_may_wait(const struct stream *s);

const char *stream_name(const struct stream *s);

#endif
