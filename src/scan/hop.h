/* hop: the next hop of each host of a window. One copy, which kernel programs also read. */
#ifndef PORTLIGHT_SCAN_HOP_H
#define PORTLIGHT_SCAN_HOP_H

#include <linux/types.h>

#define HOP_GROUP 64u

/* Hosts of a group, 6.5 bytes each. Four bits say what the other six bytes are; all zero: nothing
 * is known. */
struct hop_group {
	__u64 kind[HOP_GROUP / 16];
	__u16 mac[HOP_GROUP][3]; /* as in memory */
};

#define HOP_EGRESS 3u /* number of the egress, for the engine that set HOP_SEND */
#define HOP_SEND   4u /* frames go to the MAC address */
#define HOP_OWN	   8u /* the MAC address is the host's own */
/* Neither flag: the first byte holds notes on the host (enum host_note). */

/* The hop of host `at` of a group in one 64-bit word: the MAC address as in memory, and above it
 * the four bits. */
#define HOP_WORD_KIND(word) ((__u32)((word) >> 56))

static inline __u64 hop_word(const struct hop_group *g, __u32 at)
{
	const __u16 *mac = g->mac[at & (HOP_GROUP - 1)];
	const __u64 kind = g->kind[(at & (HOP_GROUP - 1)) >> 4] >> ((at & 15) * 4) & 15;

	return kind << 56 | (__u64)mac[2] << 32 | (__u64)mac[1] << 16 | mac[0];
}

#endif
