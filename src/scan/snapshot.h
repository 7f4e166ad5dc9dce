/* snapshot: numbers and times of a snapshot as bytes; reading trusts none of them. */
#ifndef PORTLIGHT_SCAN_SNAPSHOT_H
#define PORTLIGHT_SCAN_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes into out[0, room) and counts past its end: `at` is then how long it would be. */
struct snapshot_writer {
	uint8_t *out;
	size_t room, at;
	uint64_t now_ns; /* times are written relative to it */
};

/* Appends the low `count` bytes of a number, least significant first. */
static inline void snapshot_put(struct snapshot_writer *w, uint64_t number, unsigned count)
{
	for (; count > 0; count--, number >>= 8, w->at++)
		if (w->at < w->room)
			w->out[w->at] = (uint8_t)number;
}

/* Reads bytes[0, length). Once something is wrong, `bad` stays set and each number is 0. */
struct snapshot_reader {
	const uint8_t *bytes;
	size_t length, at;
	uint64_t now_ns;   /* times are moved to it */
	uint64_t ahead_ns; /* a time further in the future is wrong */
	uint64_t away_ns;  /* how long ago the snapshot was taken */
	bool bad;
};

static inline uint64_t snapshot_get(struct snapshot_reader *r, unsigned count)
{
	uint64_t number = 0;

	if (r->bad || r->length - r->at < count) {
		r->bad = true;
		return 0;
	}
	for (unsigned i = 0; i < count; i++)
		number |= (uint64_t)r->bytes[r->at++] << i * 8;
	return number;
}

/* A number of `count` bytes that is wrong if it is greater than `most`. */
static inline uint64_t snapshot_get_most(struct snapshot_reader *r, unsigned count, uint64_t most)
{
	const uint64_t number = snapshot_get(r, count);

	r->bad |= number > most;
	return r->bad ? 0 : number;
}

/*
 * Times are 8 bytes: nanoseconds after the moment of the snapshot, negative before it, in two's
 * complement. Those that were never set (0) and "never" (UINT64_MAX) have values of their own.
 */
#define SNAPSHOT_TIME_UNSET (UINT64_C(1) << 63)
#define SNAPSHOT_TIME_NEVER (SNAPSHOT_TIME_UNSET - 1)

static inline void snapshot_put_time(struct snapshot_writer *w, uint64_t t_ns)
{
	snapshot_put(w,
		     t_ns == 0		  ? SNAPSHOT_TIME_UNSET
		     : t_ns == UINT64_MAX ? SNAPSHOT_TIME_NEVER
					  : t_ns - w->now_ns,
		     8);
}

/* A time before the clock began becomes 1. */
static inline uint64_t snapshot_get_time(struct snapshot_reader *r)
{
	const uint64_t after_ns = snapshot_get(r, 8);

	if (r->bad || after_ns == SNAPSHOT_TIME_UNSET)
		return 0;
	if (after_ns == SNAPSHOT_TIME_NEVER)
		return UINT64_MAX;
	if (after_ns >> 63) {
		const uint64_t before_ns = ~after_ns + 1;

		return before_ns < r->now_ns ? r->now_ns - before_ns : 1;
	}
	r->bad |= after_ns > r->ahead_ns;
	return r->now_ns + after_ns;
}

#endif
