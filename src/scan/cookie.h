/* cookie: fields of a probe by which its answer is validated without a table of probes. */
#ifndef PORTLIGHT_SCAN_COOKIE_H
#define PORTLIGHT_SCAN_COOKIE_H

#include <linux/types.h>

#include "base/siphash.h"

/*
 * The fields of one probe. seq carries the cell: seq ^ (low half of the hash) == cell, and a
 * reply is believed only if the probe of that cell has the reply's address and port, so that all
 * 32 bits validate and no look-up by address is needed.
 */
struct cookie {
	__u32 seq;   /* sequence number, and acknowledgement number where the probe has ACK */
	__u16 ip_id; /* IPv4 identification */
	__u8 sport;  /* low 8 bits of the source port */
};

/*
 * SipHash-1-3, as in the kernel's own hash tables: 32 bits that an attacker gets one guess at. The
 * message is the address, the port and the technique, all little-endian: 19 bytes, or 7 of IPv4,
 * which are one word, so that it takes 4 rounds instead of 6. No message of the one length is one
 * of the other.
 */
static inline void cookie_v4_begin(const struct siphash_key *key, __u64 v[4])
{
	siphash_init(key, v);
	siphash_begin(v);
}

/* Hash of an IPv4 address and a slot (plan_walk.h); `begin` is what cookie_v4_begin made of the
 * key. */
static inline __u64 cookie_v4_slot_hash(const __u64 begin[4], __u32 v4, __u32 slot)
{
	const __u64 word = siphash_tail(7, (__u64)(slot & 0xffffff) << 32 | v4);
	__u64 v[4] = {begin[0], begin[1], begin[2], begin[3] ^ word};

	siphash_rest(v);
	v[0] ^= word;
	return siphash_end(v, 3);
}

static inline __u64 cookie_v4_hash(const __u64 begin[4], __u32 v4, __u16 port, __u8 technique)
{
	return cookie_v4_slot_hash(begin, v4, (__u32)technique << 16 | port);
}

/* Whether an address is IPv4-mapped, as addr.h has it. */
static inline int cookie_is_v4(__u64 hi, __u64 lo)
{
	return hi == 0 && lo >> 32 == 0xffff;
}

static inline __u64 cookie_v6_hash(const struct siphash_key *key, __u64 hi, __u64 lo, __u16 port,
				   __u8 technique)
{
	__u64 v[4];

	siphash_init(key, v);
	siphash_word(v, hi, 1);
	siphash_word(v, lo, 1);
	siphash_word(v, siphash_tail(19, (__u64)technique << 16 | port), 1);
	return siphash_end(v, 3);
}

static inline __u64 cookie_hash(const struct siphash_key *key, __u64 hi, __u64 lo, __u16 port,
				__u8 technique)
{
	__u64 v[4];

	if (!cookie_is_v4(hi, lo))
		return cookie_v6_hash(key, hi, lo, port, technique);
	cookie_v4_begin(key, v);
	return cookie_v4_hash(v, (__u32)lo, port, technique);
}

static inline struct cookie cookie_of(__u64 hash, __u32 cell)
{
	return (struct cookie){(__u32)hash ^ cell, (__u16)(hash >> 48), (__u8)(hash >> 32)};
}

static inline struct cookie cookie_make(const struct siphash_key *key, __u64 hi, __u64 lo,
					__u16 port, __u8 technique, __u32 cell)
{
	return cookie_of(cookie_hash(key, hi, lo, port, technique), cell);
}

/*
 * Source ports: a block of 4,096 outside the kernel's ephemeral range: block base (a multiple of
 * 4,096) | attempt << 8 | cookie.sport. The attempt is in it so that a round trip is never
 * measured against the wrong copy.
 */
#define COOKIE_PORT_BLOCK 4096u
#define COOKIE_PORT_MASK  0xf000u /* p & mask == base: of the block */

static inline __u16 cookie_port(__u16 base, __u8 attempt, __u8 sport)
{
	return (__u16)(base | (attempt & 15) << 8 | sport);
}

#endif
