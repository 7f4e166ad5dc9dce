/* xdp_image: makes the headers of a probe as 64-bit words, and copies them into a frame.
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_IMAGE_H
#define PORTLIGHT_ENGINE_XDP_XDP_IMAGE_H

#include "engine/xdp/xdp_shared.h"

/*
 * Fields are in network byte order, read as little-endian numbers; so are partial sums, since the
 * Internet checksum does not depend on byte order (RFC 1071, 2(B)). Offsets are behind an Ethernet
 * header: IP at 14, TCP and UDP at 34 (IPv4) or 54 (IPv6).
 */

/* Makes the compiler keep a computed pointer in a register: otherwise it recomputes it for each
 * access. */
#define IMAGE_KEEP(pointer) __asm__("" : "+r"(pointer))

/* The checksum field for a partial sum below 2^32: folded to 16 bits and complemented. */
static inline __u64 image_sum(__u64 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum ^ 0xffff;
}

/* Sum of the 16-bit halves of a number; below 2^17. */
static inline __u64 image_halves(__u32 number)
{
	return (number & 0xffff) + (number >> 16);
}

/* Sum of the 16-bit quarters of a number; below 2^19. */
static inline __u64 image_quarters(__u64 number)
{
	return image_halves((__u32)number) + image_halves((__u32)(number >> 32));
}

/* The checksum field, replaced by a wrong value for --badsum. */
static inline __u64 image_wrong(const struct xdp_template *t, __u64 field)
{
	if (!t->bad_sum)
		return field;
	return field == 0x5a5a ? 0xa5a5 : 0x5a5a;
}

/* The fields of a transport header that differ between probes. */
struct image_ports {
	__u64 sport, dport;
	__u64 seq;	  /* TCP */
	__u64 bytes, sum; /* UDP: length field, partial sum of the payload */
};

static inline __u64 image_tcp_sum(const struct xdp_template *t, const struct image_ports *p,
				  __u64 to)
{
	const __u64 seq = image_halves((__u32)p->seq);
	const __u64 sum = t->transport_sum + to + p->sport + p->dport + seq;

	if (t->odd)
		return image_wrong(t, image_sum(sum + (t->ack ? seq : 0)));
	return image_sum(sum);
}

static inline __u64 image_udp_sum(const struct xdp_template *t, const struct image_ports *p,
				  __u64 to)
{
	/* The length is in the pseudo header, too. */
	__u64 field =
		image_sum(t->transport_sum + to + p->sport + p->dport + 2 * p->bytes + p->sum);

	if (field == 0)
		field = 0xffff; /* RFC 768: 0 means that there is none */
	return image_wrong(t, field);
}

static inline void image_tcp_v4(__u64 *out, const struct xdp_template *t,
				const struct image_ports *p, __u64 id, __u32 to)
{
	const __u64 halves = image_halves(to);

	out[2] = t->words[2] | id << 16;
	out[3] = t->words[3] | image_sum(t->network_sum + id + halves) | (__u64)to << 48;
	out[4] = to >> 16 | p->sport << 16 | p->dport << 32 | p->seq << 48;
	out[5] = t->words[5] | p->seq >> 16;
	if (t->odd && t->ack)
		out[5] |= p->seq << 16;
	out[6] = t->words[6] | image_tcp_sum(t, p, halves) << 16;
	out[7] = t->words[7];
}

static inline void image_udp_v4(__u64 *out, const struct xdp_template *t,
				const struct image_ports *p, __u64 id, __u32 to)
{
	const __u64 total = __builtin_bswap16(20 + __builtin_bswap16((__u16)p->bytes));
	const __u64 halves = image_halves(to);

	out[2] = t->words[2] | total | id << 16;
	out[3] = t->words[3] | image_sum(t->network_sum + total + id + halves) | (__u64)to << 48;
	out[4] = to >> 16 | p->sport << 16 | p->dport << 32 | p->bytes << 48;
	out[5] = image_udp_sum(t, p, halves);
}

static inline void image_tcp_v6(__u64 *out, const struct xdp_template *t,
				const struct image_ports *p, __u64 hi, __u64 lo)
{
	out[2] = t->words[2];
	out[3] = t->words[3];
	out[4] = t->words[4] | hi << 48;
	out[5] = hi >> 16 | lo << 48;
	out[6] = lo >> 16 | p->sport << 48;
	out[7] = p->dport | p->seq << 16;
	out[8] = t->words[8] | image_tcp_sum(t, p, image_quarters(hi) + image_quarters(lo)) << 48;
	if (t->ack) {
		out[7] |= p->seq << 48;
		out[8] |= p->seq >> 16;
	}
	out[9] = t->words[9];
}

static inline void image_udp_v6(__u64 *out, const struct xdp_template *t,
				const struct image_ports *p, __u64 hi, __u64 lo)
{
	out[2] = t->words[2] | p->bytes << 16;
	out[3] = t->words[3];
	out[4] = t->words[4] | hi << 48;
	out[5] = hi >> 16 | lo << 48;
	out[6] = lo >> 16 | p->sport << 48;
	out[7] = p->dport | p->bytes << 16 |
		 image_udp_sum(t, p, image_quarters(hi) + image_quarters(lo)) << 32;
}

/* Copies `count` words. */
#define IMAGE_COPY(to, from, count)                                                                \
	do {                                                                                       \
		struct image_words {                                                               \
			__u64 word[count];                                                         \
		};                                                                                 \
		*(struct image_words *)(to) = *(const struct image_words *)(from);                 \
	} while (0)

/* Copies headers of the less frequent lengths; 0 if the frame is shorter. */
static inline int image_write_rest(const struct xdp_image *image, void *data, void *end)
{
	const __u64 *words = image->words;

	switch (image->length) {
	case 54: /* IPv4 and TCP */
		if (data + 54 > end)
			return 0;
		IMAGE_COPY(data, words, 6);
		*(__u32 *)(data + 48) = (__u32)words[6];
		*(__u16 *)(data + 52) = (__u16)(words[6] >> 32);
		return 1;
	case 78: /* IPv6 and TCP with an option */
		if (data + 78 > end)
			return 0;
		IMAGE_COPY(data, words, 9);
		*(__u32 *)(data + 72) = (__u32)words[9];
		*(__u16 *)(data + 76) = (__u16)(words[9] >> 32);
		return 1;
	case 74: /* IPv6 and TCP */
		if (data + 74 > end)
			return 0;
		IMAGE_COPY(data, words, 9);
		*(__u16 *)(data + 72) = (__u16)words[9];
		return 1;
	case 42: /* IPv4 and UDP */
		if (data + 42 > end)
			return 0;
		IMAGE_COPY(data, words, 5);
		*(__u16 *)(data + 40) = (__u16)words[5];
		return 1;
	case 62: /* IPv6 and UDP */
		if (data + 62 > end)
			return 0;
		IMAGE_COPY(data, words, 7);
		*(__u32 *)(data + 56) = (__u32)words[7];
		*(__u16 *)(data + 60) = (__u16)(words[7] >> 32);
		return 1;
	}
	return 0;
}

/* Copies the headers into the frame [data, end); 0 if the frame is shorter. */
static inline int image_write(const struct xdp_image *image, void *data, void *end)
{
	__u32 length = image->length;

	/* IPv4 and TCP with an option first: a compiler must not merge it into the switch. */
	IMAGE_KEEP(length);
	if (length != 58)
		return image_write_rest(image, data, end);
	if (data + 58 > end)
		return 0;
	IMAGE_COPY(data, image->words, 7);
	*(__u16 *)(data + 56) = (__u16)image->words[7];
	return 1;
}

#endif
