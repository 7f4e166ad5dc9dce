/* siphash: the keyed hash for all values that an attacker can choose. */
#ifndef PORTLIGHT_BASE_SIPHASH_H
#define PORTLIGHT_BASE_SIPHASH_H

#include <linux/types.h>

/*
 * SipHash (Aumasson and Bernstein, INDOCRYPT 2012) under a key that is drawn at random in each
 * process and never leaves it. Inline and flat: the kernel's BPF target compiles it too.
 */
struct siphash_key {
	__u64 k[2];
};

static inline __u64 siphash_rotate(__u64 x, int by)
{
	return (x << by) | (x >> (64 - by));
}

/* The first half of a round. It uses neither v[2] nor v[3], so it can be computed before the first
 * word of a message is known.
 */
static inline void siphash_begin(__u64 v[4])
{
	v[0] += v[1];
	v[1] = siphash_rotate(v[1], 13) ^ v[0];
	v[0] = siphash_rotate(v[0], 32);
}

static inline void siphash_rest(__u64 v[4])
{
	v[2] += v[3];
	v[3] = siphash_rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = siphash_rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = siphash_rotate(v[1], 17) ^ v[2];
	v[2] = siphash_rotate(v[2], 32);
}

static inline void siphash_rounds(__u64 v[4], int rounds)
{
	for (int i = 0; i < rounds; i++) {
		siphash_begin(v);
		siphash_rest(v);
	}
}

static inline void siphash_init(const struct siphash_key *key, __u64 v[4])
{
	v[0] = key->k[0] ^ 0x736f6d6570736575ULL;
	v[1] = key->k[1] ^ 0x646f72616e646f6dULL;
	v[2] = key->k[0] ^ 0x6c7967656e657261ULL;
	v[3] = key->k[1] ^ 0x7465646279746573ULL;
}

static inline void siphash_word(__u64 v[4], __u64 word, int rounds)
{
	v[3] ^= word;
	siphash_rounds(v, rounds);
	v[0] ^= word;
}

static inline __u64 siphash_end(__u64 v[4], int d)
{
	v[2] ^= 0xff;
	siphash_rounds(v, d);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* SipHash-c-d of `count` little-endian 64-bit words, that is of 8 * count bytes. */
static inline __u64 siphash_words(const struct siphash_key *key, const __u64 *words, int count,
				  int c, int d)
{
	__u64 v[4];

	siphash_init(key, v);
	for (int i = 0; i < count; i++)
		siphash_word(v, words[i], c);
	siphash_word(v, (__u64)(count * 8) << 56, c);
	return siphash_end(v, d);
}

/* The last word of a message: its length in bytes, and its last bytes that fill no word, at most 7.
 */
static inline __u64 siphash_tail(int bytes, __u64 left_over)
{
	return (__u64)bytes << 56 | left_over;
}

#endif
