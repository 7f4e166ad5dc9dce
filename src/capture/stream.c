/* stream: reads the bytes of a file, plain or gzip, through a window that only moves forward. */
#include "capture/stream.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* Compressed bytes read at once. */
#define PACKED_BYTES ((size_t)1 << 16)
/* zlib's own memory: some 40 KiB for its state and its window of 32 KiB. */
#define ZLIB_BYTES  ((size_t)1 << 16)

#define STREAM_NAME 256

enum stream_coat { COAT_UNKNOWN, COAT_NONE, COAT_GZIP };

struct stream {
	int fd;
	uint8_t coat;	  /* enum stream_coat */
	bool may_wait;	  /* no regular file */
	bool over;	  /* the file has no more bytes */
	bool member_over; /* gzip: between two members, or after the last */
	size_t at, end;	  /* of what the window holds */
	uint64_t skip;	  /* unwanted bytes still to come */
	z_stream z;
	char name[STREAM_NAME];
	uint8_t packed[PACKED_BYTES];
	uint8_t window[STREAM_MOST];
};

struct stream *stream_new(int fd, const char *name, struct failure *f)
{
	struct stream *s = malloc(sizeof(*s));
	struct stat about;

	if (!s)
		goto err0;
	/* Pages of the buffers take no memory until they are used. */
	memset(s, 0, offsetof(struct stream, packed));
	s->fd = fd;
	s->may_wait = fstat(fd, &about) != 0 || !S_ISREG(about.st_mode);
	strncpy(s->name, name, sizeof(s->name) - 1);
	/* 16: zlib reads and checks gzip's header and trailer. */
	if (inflateInit2(&s->z, 16 + MAX_WBITS) != Z_OK)
		goto err1;
	return s;
err1:
	free(s);
err0:
	(void)close(fd); /* was only read from */
	failure_set(f, EXIT_SOFTWARE, "out of memory for reading \"%s\"", name);
	return NULL;
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	(void)inflateEnd(&s->z); /* fails for an inconsistent state only */
	(void)close(s->fd);	 /* was only read from */
	free(s);
}

/* read(2) into to[0..room): STREAM_THERE with *got > 0, or else as stream_need() returns. */
static enum stream_result stream_read(struct stream *s, uint8_t *to, size_t room, size_t *got,
				      struct failure *f)
{
	ssize_t bytes = read(s->fd, to, room);

	if (bytes < 0 && errno == EINTR)
		return STREAM_INTERRUPTED;
	if (bytes < 0) {
		failure_set(f, EXIT_IO, "cannot read \"%s\": %s", s->name, strerror(errno));
		return STREAM_FAILED;
	}
	*got = (size_t)bytes;
	return bytes ? STREAM_THERE : STREAM_END;
}

/* Reads more compressed bytes after the `kept` ones that are not used yet. */
static enum stream_result packed_read(struct stream *s, size_t kept, struct failure *f)
{
	size_t got = 0;
	enum stream_result result =
		stream_read(s, s->packed + kept, sizeof(s->packed) - kept, &got, f);

	s->z.next_in = s->packed;
	s->z.avail_in = (unsigned)(kept + got);
	return result;
}

/* Detects gzip by its first two bytes (RFC 1952, 2.3.1). */
static enum stream_result stream_look_at_coat(struct stream *s, struct failure *f)
{
	while (s->z.avail_in < 2) {
		enum stream_result result = packed_read(s, s->z.avail_in, f);

		if (result == STREAM_END)
			break;
		if (result != STREAM_THERE)
			return result;
	}
	s->coat = s->z.avail_in >= 2 && s->packed[0] == 0x1f && s->packed[1] == 0x8b ? COAT_GZIP
										     : COAT_NONE;
	return STREAM_THERE;
}

/* Plain file: the bytes read to detect the format, then directly from the file. */
static enum stream_result stream_fill_plain(struct stream *s, struct failure *f)
{
	size_t got = 0;
	enum stream_result result;

	if (s->z.avail_in) {
		memcpy(s->window + s->end, s->packed, s->z.avail_in);
		s->end += s->z.avail_in;
		s->z.avail_in = 0;
		return STREAM_THERE;
	}
	result = stream_read(s, s->window + s->end, STREAM_MOST - s->end, &got, f);
	s->end += got;
	return result;
}

/* After a gzip member: another one, or padding, which tapes and some programs add. */
static enum stream_result stream_next_member(struct stream *s, struct failure *f)
{
	while (s->z.avail_in < 2) {
		memmove(s->packed, s->z.next_in, s->z.avail_in);
		enum stream_result result = packed_read(s, s->z.avail_in, f);

		if (result != STREAM_THERE)
			return result;
	}
	if (s->z.next_in[0] != 0x1f || s->z.next_in[1] != 0x8b)
		return STREAM_END;
	(void)inflateReset(&s->z); /* its state is consistent: cannot fail */
	s->member_over = false;
	return STREAM_THERE;
}

static enum stream_result stream_fill_gzip(struct stream *s, struct failure *f)
{
	size_t room = STREAM_MOST - s->end;

	s->z.next_out = s->window + s->end;
	s->z.avail_out = (unsigned)room;
	while (s->z.avail_out == room) {
		enum stream_result result = STREAM_THERE;
		int inflated;

		if (s->member_over)
			result = stream_next_member(s, f);
		else if (s->z.avail_in == 0)
			result = packed_read(s, 0, f);
		if (result == STREAM_END && !s->member_over) {
			failure_set(f, EXIT_PARTIAL, "\"%s\" ends in the midst of its gzip data",
				    s->name);
			return STREAM_FAILED;
		}
		if (result != STREAM_THERE)
			return result;
		inflated = inflate(&s->z, Z_NO_FLUSH);
		s->member_over = inflated == Z_STREAM_END;
		if (inflated == Z_MEM_ERROR) {
			failure_set(f, EXIT_SOFTWARE, "out of memory for reading \"%s\"", s->name);
			return STREAM_FAILED;
		}
		if (inflated != Z_OK && inflated != Z_STREAM_END && inflated != Z_BUF_ERROR) {
			failure_set(f, EXIT_IO, "the gzip data of \"%s\" are damaged", s->name);
			return STREAM_FAILED;
		}
	}
	s->end += room - s->z.avail_out;
	return STREAM_THERE;
}

static enum stream_result stream_fill(struct stream *s, struct failure *f)
{
	enum stream_result result = STREAM_THERE;

	if (s->over)
		return STREAM_END;
	if (s->at) {
		memmove(s->window, s->window + s->at, s->end - s->at);
		s->end -= s->at;
		s->at = 0;
	}
	if (s->coat == COAT_UNKNOWN)
		result = stream_look_at_coat(s, f);
	if (result == STREAM_THERE)
		result = s->coat == COAT_GZIP ? stream_fill_gzip(s, f) : stream_fill_plain(s, f);
	s->over = result == STREAM_END;
	return result;
}

/* Not in the window yet. */
static __attribute__((noinline)) enum stream_result stream_await(struct stream *s, size_t count,
								 struct failure *f)
{
	while (s->skip || s->end - s->at < count) {
		enum stream_result result;

		if (s->skip && s->end > s->at) {
			size_t here = s->end - s->at < s->skip ? s->end - s->at : (size_t)s->skip;

			s->at += here;
			s->skip -= here;
			continue;
		}
		result = stream_fill(s, f);
		if (result == STREAM_END && (s->skip || s->end > s->at)) {
			failure_set(f, EXIT_PARTIAL,
				    "\"%s\" was cut off: it ends in the midst of "
				    "something",
				    s->name);
			return STREAM_FAILED;
		}
		if (result != STREAM_THERE)
			return result;
	}
	return STREAM_THERE;
}

enum stream_result stream_need(struct stream *s, size_t count, struct failure *f)
{
	assert(count > 0 && count <= STREAM_MOST);
	if (s->skip == 0 && s->end - s->at >= count)
		return STREAM_THERE;
	return stream_await(s, count, f);
}

const uint8_t *stream_bytes(const struct stream *s)
{
	return s->window + s->at;
}

void stream_skip(struct stream *s, uint64_t count)
{
	if (s->skip == 0 && count <= s->end - s->at)
		s->at += (size_t)count;
	else
		s->skip += count; /* each is less than 2^33, and skipped before the next */
}

bool stream_may_wait(const struct stream *s)
{
	return s->may_wait;
}

const char *stream_name(const struct stream *s)
{
	return s->name;
}
