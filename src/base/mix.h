/* mix: the finaliser of a hash, shared by the detector's tables and the scan's permutation. */
#ifndef PORTLIGHT_BASE_MIX_H
#define PORTLIGHT_BASE_MIX_H

#include <linux/types.h>

/*
 * A bijection of 64 bits in which every bit of the result depends on every bit of x: splitmix64's
 * finaliser, Stafford's variant 13 of MurmurHash3's. Not keyed: x must be secret, or attackers must
 * not care. Inline and flat: the kernel's BPF target compiles it too.
 */
static inline __u64 mix64(__u64 x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

#endif
