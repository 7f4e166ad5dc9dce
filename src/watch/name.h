/* name: the hash that stands for an address in the detector's tables. */
#ifndef PORTLIGHT_WATCH_NAME_H
#define PORTLIGHT_WATCH_NAME_H

#include <stdint.h>

#include "address/addr.h"
#include "base/mix.h"
#include "base/salts.h"
#include "base/siphash.h"

/*
 * The name of an address: a keyed hash (SipHash-1-3), computed once a packet for all tables, so
 * that no remote host can find addresses that fall into one bucket. The tables derive their own
 * hashes from a name by mixing without a key, since the name itself is secret.
 */
static inline uint64_t name_of(const struct siphash_key *key, struct addr a)
{
	const __u64 words[3] = {SALT_NAME, a.hi, a.lo};

	return siphash_words(key, words, 3, 1, 3);
}

/* The hash of a name together with `about`, another property; `salt` is the table's own. */
static inline uint64_t name_with(uint64_t name, enum salt salt, uint64_t about)
{
	return mix64(mix64(about ^ (uint64_t)salt * UINT64_C(0x9e3779b97f4a7c15)) + name);
}

/* 32 bits of a name, for lists of hosts and the host set. */
static inline uint32_t name_host(uint64_t name)
{
	return (uint32_t)mix64(name ^ 1);
}

/* A number in [0, n) from the high bits of a hash, without a division (Lemire's reduction). */
static inline uint64_t name_below(uint64_t hash, uint64_t n)
{
	return (uint64_t)(((unsigned __int128)hash * n) >> 64);
}

#endif
