/* xdp_receive: judges RSTs and answers SYN+ACKs as they are received; passes all else unchanged.
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "engine/xdp/xdp_receive.bpf.h"

#include "engine/xdp/xdp_bpf.h"

/*
 * A RST whose numbers match a probe is marked in the sheet and dropped: the kernel has no socket
 * for it. A SYN+ACK that matches is turned into our RST if reset_mask has its technique. ICMP
 * errors, fragments, IP options and everything else are passed to the kernel, which answers other
 * SYN+ACKs, and to the packet ring, where engine frames judges them. So are RSTs whose evidence is
 * needed, by sample_mask and own_mask.
 */

#define RECEIVE_SYN 0x02
#define RECEIVE_RST 0x04
#define RECEIVE_ACK 0x10

/* The fields of a RST or SYN+ACK to one of our ports. It has no padding: the verifier of Linux 6.1
 * wants every byte initialised (xdp_quirks.h). */
struct receive_segment {
	__u64 from_hi, from_lo, to_hi, to_lo;
	__u32 seq, ack, window, ttl;
	__u16 sport, dport, flags, unused;
};
_Static_assert(sizeof(struct receive_segment) == 56, "all of it fields");

static inline __u64 receive_v4(__u32 be)
{
	return 0x0000ffff00000000ULL | __builtin_bswap32(be);
}

/* Parses Ethernet without VLAN tag, IPv4 without options or IPv6 without extension headers, not
 * fragmented, and TCP with RST or SYN+ACK to one of our ports. 0 for any other frame. */
static inline int receive_parse(void *data, void *end, struct receive_segment *s)
{
	void *tcp;

	if (data + 54 > end)
		return 0;
	if (*(__u16 *)(data + 12) == __builtin_bswap16(0x0800)) {
		/* Version and header length; protocol; fragment offset and "more fragments". */
		if (*(__u8 *)(data + 14) != 0x45 || *(__u8 *)(data + 23) != 6 ||
		    *(__u16 *)(data + 20) & __builtin_bswap16(0x3fff))
			return 0;
		s->ttl = *(__u8 *)(data + 22);
		s->from_hi = s->to_hi = 0;
		s->from_lo = receive_v4(*(__u32 *)(data + 26));
		s->to_lo = receive_v4(*(__u32 *)(data + 30));
		tcp = data + 34;
	} else if (*(__u16 *)(data + 12) == __builtin_bswap16(0x86dd)) {
		if (*(__u8 *)(data + 20) != 6 || data + 74 > end)
			return 0;
		s->ttl = *(__u8 *)(data + 21);
		s->from_hi = __builtin_bswap64(*(__u64 *)(data + 22));
		s->from_lo = __builtin_bswap64(*(__u64 *)(data + 30));
		s->to_hi = __builtin_bswap64(*(__u64 *)(data + 38));
		s->to_lo = __builtin_bswap64(*(__u64 *)(data + 46));
		tcp = data + 54;
	} else {
		return 0;
	}
	s->flags = *(__u8 *)(tcp + 13);
	s->unused = 0;
	if (!(s->flags & RECEIVE_RST) && (s->flags & 0x3f) != (RECEIVE_SYN | RECEIVE_ACK))
		return 0;
	s->sport = __builtin_bswap16(*(__u16 *)tcp);
	s->dport = __builtin_bswap16(*(__u16 *)(tcp + 2));
	s->seq = __builtin_bswap32(*(__u32 *)(tcp + 4));
	s->ack = __builtin_bswap32(*(__u32 *)(tcp + 8));
	s->window = __builtin_bswap16(*(__u16 *)(tcp + 14));
	return (s->dport & setting.port_mask) == setting.port;
}

/* Set in the results of receive_match(): the window's index is in bits 32 and up, the cell below.
 */
#define RECEIVE_FOUND (1ULL << 63)

/* Checks a tag against the window: RECEIVE_FOUND with window and cell if it is that of a probe
 * which was sent and which the segment can answer; else 0. A global function, which the verifier
 * checks once and not for each call: that took a quarter of a second. */
__attribute__((noinline)) __u64 receive_match(const struct receive_segment *s, __u32 tag,
					      __u32 technique)
{
	const struct xdp_window *w = &window[0];
	const struct xdp_egress *from;
	__u32 cell = plan_tag_cell(tag), place = 0, host, slot, attempt;
	__u64 hi, lo;

	if (!s)
		return 0; /* the verifier checks this function by itself: the pointer may be NULL */
	attempt = setting.port_fixed ? 0 : s->dport >> 8 & 15;
	if (w->cells == 0 || (w->tag | cell) != tag) {
		w = &window[1];
		place = 1;
		if (w->cells == 0 || (w->tag | cell) != tag)
			return 0;
	}
	if (cell >= w->cells || attempt >= w->attempts)
		return 0;
	host = plan_cell_host(cell, setting.slot_reciprocal);
	slot = setting.slot[(cell - host * setting.slot_count) & (XDP_SLOTS - 1)];
	if (plan_slot_port(slot) != s->sport || plan_slot_technique(slot) != technique)
		return 0;
	xdp_bpf_host(place, host, &hi, &lo);
	if (hi != s->from_hi || lo != s->from_lo)
		return 0;
	from = &egress[XDP_HOST_EGRESS(xdp_bpf_host_word(place, host))];
	return from->source_hi == s->to_hi && from->source_lo == s->to_lo
		       ? RECEIVE_FOUND | (__u64)place << 32 | cell
		       : 0;
}

/* Finds the probe of the technique number `number` that the segment answers, by its cookie. Returns
 * as receive_match(). */
static inline __u64 receive_find(const struct receive_segment *s, __u32 number)
{
	const __u8 technique = setting.technique[number & (XDP_TECHNIQUES - 1)];
	const __u64 hash = xdp_bpf_hash(s->from_hi, s->from_lo, s->sport, technique);
	const __u32 mask = (__u32)hash;
	__u64 found;

	if (!setting.port_fixed && (__u8)s->dport != (__u8)(hash >> 32))
		return 0;
	found = receive_match(s, (s->ack - 1) ^ mask, technique);
	if (!found)
		found = receive_match(s, s->ack ^ mask, technique);
	if (found || !setting.acked[number & (XDP_TECHNIQUES - 1)])
		return found;
	found = receive_match(s, s->seq ^ mask, technique);
	return found ? found : receive_match(s, (s->seq - 1) ^ mask, technique);
}

/* One step of the inverse permutation; a global function as transmit_step() is. */
__attribute__((noinline)) __u64 receive_step(__u32 place, __u64 index)
{
	const struct xdp_window *w = &window[place & (XDP_WINDOWS - 1)];

	return permute_table_back(&w->table, &w->order, index);
}

/* The position of a cell in the sheet. */
__attribute__((noinline)) __u32 receive_position(__u32 place, __u32 cell)
{
	const __u64 n = window[place & (XDP_WINDOWS - 1)].order.n;
	__u64 position = receive_step(place, cell);

	for (int step = 1; step < PERMUTE_STEPS && position >= n; step++)
		position = receive_step(place, position);
	return (__u32)position;
}

/* Marks the cell with the reply if that is stronger than the one recorded. 0: other processors
 * changed the word each time; user space has to do it. */
static inline int receive_mark(__u32 place, __u32 cell, __u64 reply)
{
	const __u32 position = receive_position(place, cell);
	const __u32 index = place * setting.words + (position >> 4);
	const __u32 shift = (position & 15) * 4;
	__u64 *word = bpf_map_lookup_elem(&words, &index);
	struct xdp_tally *own =
		&tally[place & (XDP_WINDOWS - 1)][bpf_get_smp_processor_id() & (XDP_TALLIES - 1)];

	if (!word)
		return 0;
	for (int try = 0; try < 8; try++) {
		__u64 before = *(volatile __u64 *)word;
		__u64 there = before >> shift & 15;
		__u64 after = (before & ~(15ULL << shift)) | reply << shift;

		/* 15 is the mark of a cell of another shard, which has no answer. */
		if (there >= reply) {
			__sync_fetch_and_add(&own->duplicate, 1);
			return 1;
		}
		if (__sync_val_compare_and_swap(word, before, after) != before)
			continue;
		if (there == 0)
			__sync_fetch_and_add(&own->marked, 1);
		return 1;
	}
	return 0;
}

static inline __u32 receive_fold(__u64 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u32)((sum & 0xffff) + (sum >> 16));
}

/* Sum of the 16-bit words of `count` bytes, an even number. */
static inline __u64 receive_sum(const void *bytes, int count)
{
	__u64 sum = 0;

	for (int i = 0; i < count; i += 2)
		sum += *(const __u16 *)(bytes + i);
	return sum;
}

/* Turns a SYN+ACK into the RST that the kernel would send (RFC 9293, 3.10.7.1). `sum`: of the
 * pseudo header, which is the same in both directions. */
static inline void receive_reset_tcp(void *tcp, __u64 sum)
{
	const __u16 port = *(__u16 *)tcp;

	*(__u16 *)tcp = *(__u16 *)(tcp + 2);
	*(__u16 *)(tcp + 2) = port;
	*(__u32 *)(tcp + 4) = *(__u32 *)(tcp + 8);
	*(__u32 *)(tcp + 8) = 0;
	*(__u16 *)(tcp + 12) = __builtin_bswap16(0x5000 | RECEIVE_RST);
	*(__u32 *)(tcp + 14) = 0;
	*(__u16 *)(tcp + 18) = 0;
	*(__u16 *)(tcp + 16) = (__u16)~receive_fold(sum + receive_sum(tcp, 20));
}

/* Swaps the MAC addresses. */
static inline void receive_turn(void *data)
{
	__u16 mac[3];

	__builtin_memcpy(mac, data, 6);
	__builtin_memcpy(data, data + 6, 6);
	__builtin_memcpy(data + 6, mac, 6);
}

/* Shortest Ethernet frame: shorter packets are padded to it. */
#define RECEIVE_LEAST 60

static inline int receive_reset_v4(struct xdp_md *ctx)
{
	const int length = (int)(ctx->data_end - ctx->data);
	void *data, *end;
	__u32 from;

	if (length > RECEIVE_LEAST && bpf_xdp_adjust_tail(ctx, RECEIVE_LEAST - length) != 0)
		return XDP_PASS;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + 54 > end)
		return XDP_PASS;
	receive_turn(data);
	*(__u16 *)(data + 14) = __builtin_bswap16(0x4500);
	*(__u16 *)(data + 16) = __builtin_bswap16(40);
	*(__u16 *)(data + 18) = 0;
	*(__u16 *)(data + 20) = __builtin_bswap16(0x4000); /* not to be fragmented */
	*(__u16 *)(data + 22) = __builtin_bswap16(64 << 8 | 6);
	*(__u16 *)(data + 24) = 0;
	from = *(__u32 *)(data + 26);
	*(__u32 *)(data + 26) = *(__u32 *)(data + 30);
	*(__u32 *)(data + 30) = from;
	*(__u16 *)(data + 24) = (__u16)~receive_fold(receive_sum(data + 14, 20));
	receive_reset_tcp(data + 34,
			  receive_sum(data + 26, 8) + __builtin_bswap16(6) + __builtin_bswap16(20));
	for (int i = 54; i < RECEIVE_LEAST; i++)
		if (data + i + 1 <= end)
			*(__u8 *)(data + i) = 0;
	return XDP_TX;
}

static inline int receive_reset_v6(struct xdp_md *ctx)
{
	const int length = (int)(ctx->data_end - ctx->data);
	__u64 hi, lo;
	void *data;

	if (length > 74 && bpf_xdp_adjust_tail(ctx, 74 - length) != 0)
		return XDP_PASS;
	data = (void *)(long)ctx->data;
	if (data + 74 > (void *)(long)ctx->data_end)
		return XDP_PASS;
	receive_turn(data);
	*(__u32 *)(data + 14) = __builtin_bswap32(0x60000000);
	*(__u32 *)(data + 18) = __builtin_bswap32(20 << 16 | 6 << 8 | 64);
	hi = *(__u64 *)(data + 22);
	lo = *(__u64 *)(data + 30);
	*(__u64 *)(data + 22) = *(__u64 *)(data + 38);
	*(__u64 *)(data + 30) = *(__u64 *)(data + 46);
	*(__u64 *)(data + 38) = hi;
	*(__u64 *)(data + 46) = lo;
	receive_reset_tcp(data + 54, receive_sum(data + 22, 32) + __builtin_bswap16(6) +
					     __builtin_bswap16(20));
	return XDP_TX;
}

/* Reports a SYN+ACK that answers a probe to user space and turns it into a RST. If it cannot be
 * reported or answered, it is passed to the kernel. */
static inline int receive_opened(struct xdp_md *ctx, const struct receive_segment *s)
{
	for (__u32 number = 0; number < XDP_TECHNIQUES && number < setting.technique_count;
	     number++) {
		struct xdp_opened told = {0};
		__u64 found;

		if (!(receiving.reset_mask >> (setting.technique[number] & 31) & 1))
			continue;
		found = receive_find(s, number);
		if (!found)
			continue;
		told.t_ns = bpf_ktime_get_ns();
		told.tag = window[found >> 32 & (XDP_WINDOWS - 1)].tag | (__u32)found;
		told.window = (__u16)s->window;
		told.ours = s->dport;
		told.ttl = (__u8)s->ttl;
		told.flags = (__u8)s->flags;
		if (bpf_ringbuf_output(&opened, &told, sizeof(told), BPF_RB_NO_WAKEUP) != 0)
			return XDP_PASS;
		return s->from_hi ? receive_reset_v6(ctx) : receive_reset_v4(ctx);
	}
	return XDP_PASS;
}

__attribute__((noinline)) int receive_frame(struct xdp_md *ctx)
{
	struct receive_segment s;
	__u64 found;

	if (!receive_parse((void *)(long)ctx->data, (void *)(long)ctx->data_end, &s))
		return XDP_PASS;
	if (!(s.flags & RECEIVE_RST))
		return receive_opened(ctx, &s);
	/* Sampled by the returned cookie, which is in one of the two fields: a counter would be
	 * shared between processors. */
	if (((s.seq + s.ack) & receiving.sample_mask) == 0)
		return XDP_PASS;
	for (__u32 number = 0; number < XDP_TECHNIQUES && number < setting.technique_count;
	     number++) {
		if (!(receiving.own_mask >> (setting.technique[number] & 31) & 1))
			continue;
		found = receive_find(&s, number);
		if (!found)
			continue;
		return receive_mark((__u32)(found >> 32) & (XDP_WINDOWS - 1), (__u32)found,
				    s.window ? XDP_REPLY_RST_WINDOW : XDP_REPLY_RST)
			       ? XDP_DROP
			       : XDP_PASS;
	}
	return XDP_PASS;
}
