/* name: what an address is called in the detector's tables. */
#ifndef PORTLIGHT_WATCH_NAME_H
#define PORTLIGHT_WATCH_NAME_H

#include <stdint.h>

#include "address/addr.h"
#include "base/mix.h"
#include "base/salts.h"
#include "base/siphash.h"

/*
 * A keyed hash, made once for all tables: none but us can tell which addresses fall together. The
 * tables derive their own from it by mixing, which needs no key, for its argument is as secret as
 * one.
 */
static inline uint64_t name_of(const struct siphash_key *key, struct addr a)
{
	const __u64 words[3] = {SALT_NAME, a.hi, a.lo};

	return siphash_words(key, words, 3, 1, 3);
}

/* A name together with something else about it. */
static inline uint64_t name_with(uint64_t name, enum salt salt, uint64_t about)
{
	return mix64(mix64(about ^ (uint64_t)salt * UINT64_C(0x9e3779b97f4a7c15)) + name);
}

/* 32 bits that stand for a host in lists and in the host set. */
static inline uint32_t name_host(uint64_t name)
{
	return (uint32_t)mix64(name ^ 1);
}

/* A number below n from the high bits of a hash. */
static inline uint64_t name_below(uint64_t hash, uint64_t n)
{
	return (uint64_t)(((unsigned __int128)hash * n) >> 64);
}

#endif
