/* hop: the next hop of each host of a window, in a form that kernel programs read, too. */
#ifndef PORTLIGHT_SCAN_HOP_H
#define PORTLIGHT_SCAN_HOP_H

#include <linux/types.h>

#define HOP_GROUP 64u

/* HOP_GROUP hosts, 6.5 bytes each: four bits of kind (the flags below), which say what the six
 * bytes of mac[] are. All zero: nothing is known of the host. */
struct hop_group {
	__u64 kind[HOP_GROUP / 16];
	__u16 mac[HOP_GROUP][3]; /* bytes in the order of the frame */
};

#define HOP_EGRESS 3u /* number of the egress, for the engine that set HOP_SEND */
#define HOP_SEND   4u /* frames go to the MAC address */
#define HOP_OWN	   8u /* the MAC address is the host's own */
#define HOP_FIXED  1u /* with HOP_OWN, without HOP_SEND: not the host has said so */
/* Neither HOP_SEND nor HOP_OWN: the first byte of mac[] holds notes (enum host_note). */

/* Host number `at` of a group as one word: the six bytes of mac[] in the low 48 bits, in the order
 * of a little-endian load, and the kind in the top byte. */
#define HOP_WORD_KIND(word) ((__u32)((word) >> 56))

static inline __u64 hop_word(const struct hop_group *g, __u32 at)
{
	const __u16 *mac = g->mac[at & (HOP_GROUP - 1)];
	const __u64 kind = g->kind[(at & (HOP_GROUP - 1)) >> 4] >> ((at & 15) * 4) & 15;

	return kind << 56 | (__u64)mac[2] << 32 | (__u64)mac[1] << 16 | mac[0];
}

#endif
