/* siphash_stream: SipHash-2-4 of a message that is given piece by piece. */
#ifndef PORTLIGHT_BASE_SIPHASH_STREAM_H
#define PORTLIGHT_BASE_SIPHASH_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/siphash.h"

struct siphash_stream {
	__u64 v[4];
	__u64 word; /* bytes that fill no word yet */
	__u64 bytes;
};

static inline void siphash_stream_init(struct siphash_stream *s, const struct siphash_key *key)
{
	siphash_init(key, s->v);
	s->word = s->bytes = 0;
}

/* Appends one byte. */
static inline void siphash_stream_byte(struct siphash_stream *s, uint8_t byte)
{
	s->word |= (__u64)byte << (s->bytes++ & 7) * 8;
	if ((s->bytes & 7) == 0) {
		siphash_word(s->v, s->word, 2);
		s->word = 0;
	}
}

static inline void siphash_stream_put(struct siphash_stream *s, const void *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		siphash_stream_byte(s, ((const uint8_t *)bytes)[i]);
}

/* Appends the low `count` bytes of a number, least significant first. */
static inline void siphash_stream_number(struct siphash_stream *s, __u64 number, unsigned count)
{
	for (; count > 0; count--, number >>= 8)
		siphash_stream_byte(s, (uint8_t)number);
}

/* The hash of all bytes appended; *s is used up. */
static inline __u64 siphash_stream_end(struct siphash_stream *s)
{
	siphash_word(s->v, (s->bytes & 0xff) << 56 | s->word, 2);
	return siphash_end(s->v, 4);
}

#endif
