/* cookie: what a probe carries so that its answer proves itself. */
#ifndef PORTLIGHT_BASE_COOKIE_H
#define PORTLIGHT_BASE_COOKIE_H

#include <linux/types.h>

/*
 * SipHash (Aumasson and Bernstein, INDOCRYPT 2012) of the probe's address, port and technique
 * under a key that is drawn fresh per process and never leaves it (the plan's seed is another
 * thing and may be shared). Inline and flat: the kernel's BPF target compiles it too.
 */
struct cookie_key {
	__u64 k[2];
};

static inline __u64 cookie_rotate(__u64 x, int by)
{
	return (x << by) | (x >> (64 - by));
}

/* A round: what it begins with is nothing to v[2] and v[3], and so not to a first word either. */
static inline void cookie_sip_begin(__u64 v[4])
{
	v[0] += v[1];
	v[1] = cookie_rotate(v[1], 13) ^ v[0];
	v[0] = cookie_rotate(v[0], 32);
}

static inline void cookie_sip_rest(__u64 v[4])
{
	v[2] += v[3];
	v[3] = cookie_rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = cookie_rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = cookie_rotate(v[1], 17) ^ v[2];
	v[2] = cookie_rotate(v[2], 32);
}

static inline void cookie_sip_rounds(__u64 v[4], int rounds)
{
	for (int i = 0; i < rounds; i++) {
		cookie_sip_begin(v);
		cookie_sip_rest(v);
	}
}

static inline void cookie_sip_init(const struct cookie_key *key, __u64 v[4])
{
	v[0] = key->k[0] ^ 0x736f6d6570736575ULL;
	v[1] = key->k[1] ^ 0x646f72616e646f6dULL;
	v[2] = key->k[0] ^ 0x6c7967656e657261ULL;
	v[3] = key->k[1] ^ 0x7465646279746573ULL;
}

static inline void cookie_sip_word(__u64 v[4], __u64 word, int rounds)
{
	v[3] ^= word;
	cookie_sip_rounds(v, rounds);
	v[0] ^= word;
}

static inline __u64 cookie_sip_end(__u64 v[4], int d)
{
	v[2] ^= 0xff;
	cookie_sip_rounds(v, d);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* SipHash-c-d of `count` little-endian 64-bit words, that is of 8 * count bytes. */
static inline __u64 cookie_siphash(const struct cookie_key *key, const __u64 *words, int count,
				   int c, int d)
{
	__u64 v[4];

	cookie_sip_init(key, v);
	for (int i = 0; i < count; i++)
		cookie_sip_word(v, words[i], c);
	cookie_sip_word(v, (__u64)(count * 8) << 56, c);
	return cookie_sip_end(v, d);
}

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

/* Of a message of so many bytes: the last word, which holds those that are left over, at most 7. */
static inline __u64 cookie_sip_tail(int bytes, __u64 left_over)
{
	return (__u64)bytes << 56 | left_over;
}

/*
 * SipHash-1-3, as in the kernel's own hash tables: 32 bits that an attacker gets one guess at. The
 * message is the address, the port and the technique, all little-endian: 19 bytes, or 7 of IPv4,
 * which are one word, so that it takes 4 rounds instead of 6. No message of the one length is one
 * of the other.
 */
static inline void cookie_v4_begin(const struct cookie_key *key, __u64 v[4])
{
	cookie_sip_init(key, v);
	cookie_sip_begin(v);
}

/* Of an IPv4 address and a slot as plan_walk.h has it; `begin` is what the key alone decides. */
static inline __u64 cookie_v4_slot_hash(const __u64 begin[4], __u32 v4, __u32 slot)
{
	const __u64 word = cookie_sip_tail(7, (__u64)(slot & 0xffffff) << 32 | v4);
	__u64 v[4] = {begin[0], begin[1], begin[2], begin[3] ^ word};

	cookie_sip_rest(v);
	v[0] ^= word;
	return cookie_sip_end(v, 3);
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

static inline __u64 cookie_v6_hash(const struct cookie_key *key, __u64 hi, __u64 lo, __u16 port,
				   __u8 technique)
{
	__u64 v[4];

	cookie_sip_init(key, v);
	cookie_sip_word(v, hi, 1);
	cookie_sip_word(v, lo, 1);
	cookie_sip_word(v, cookie_sip_tail(19, (__u64)technique << 16 | port), 1);
	return cookie_sip_end(v, 3);
}

static inline __u64 cookie_hash(const struct cookie_key *key, __u64 hi, __u64 lo, __u16 port,
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

static inline struct cookie cookie_make(const struct cookie_key *key, __u64 hi, __u64 lo,
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

static inline __u16 cookie_port(__u16 base, __u8 attempt, __u8 sport)
{
	return (__u16)(base | (attempt & 15) << 8 | sport);
}

#endif
