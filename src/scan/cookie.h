/* cookie: what a probe carries so that its answer proves itself. */
#ifndef PORTLIGHT_SCAN_COOKIE_H
#define PORTLIGHT_SCAN_COOKIE_H

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

static inline void cookie_sip_rounds(__u64 v[4], int rounds)
{
	for (int i = 0; i < rounds; i++) {
		v[0] += v[1];
		v[1] = cookie_rotate(v[1], 13) ^ v[0];
		v[0] = cookie_rotate(v[0], 32);
		v[2] += v[3];
		v[3] = cookie_rotate(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = cookie_rotate(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = cookie_rotate(v[1], 17) ^ v[2];
		v[2] = cookie_rotate(v[2], 32);
	}
}

/* SipHash-c-d of `count` little-endian 64-bit words, that is of 8 * count bytes. */
static inline __u64 cookie_siphash(const struct cookie_key *key, const __u64 *words, int count,
				   int c, int d)
{
	__u64 v[4] = {
		key->k[0] ^ 0x736f6d6570736575ULL,
		key->k[1] ^ 0x646f72616e646f6dULL,
		key->k[0] ^ 0x6c7967656e657261ULL,
		key->k[1] ^ 0x7465646279746573ULL,
	};

	for (int i = 0; i < count; i++) {
		v[3] ^= words[i];
		cookie_sip_rounds(v, c);
		v[0] ^= words[i];
	}
	__u64 tail = (__u64)(count * 8) << 56;

	v[3] ^= tail;
	cookie_sip_rounds(v, c);
	v[0] ^= tail;
	v[2] ^= 0xff;
	cookie_sip_rounds(v, d);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
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

/* SipHash-1-3, as in the kernel's own hash tables: 32 bits that an attacker gets one guess at. */
static inline __u64 cookie_hash(const struct cookie_key *key, __u64 hi, __u64 lo, __u16 port,
				__u8 technique)
{
	const __u64 words[3] = {hi, lo, (__u64)technique << 16 | port};

	return cookie_siphash(key, words, 3, 1, 3);
}

static inline struct cookie cookie_make(const struct cookie_key *key, __u64 hi, __u64 lo,
					__u16 port, __u8 technique, __u32 cell)
{
	__u64 hash = cookie_hash(key, hi, lo, port, technique);

	return (struct cookie){(__u32)hash ^ cell, (__u16)(hash >> 48), (__u8)(hash >> 32)};
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
