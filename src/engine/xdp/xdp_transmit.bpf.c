/* xdp_transmit: chooses the next probes of a pass, when they are due, and makes their headers.
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "engine/xdp/xdp_transmit.bpf.h"

#include "engine/xdp/xdp_bpf.h"
#include "engine/xdp/xdp_image.h"

/* Most groups of XDP_READY positions that one run looks at for a frame to send. */
#define TRANSMIT_STEPS 12
/* Nothing is sent for this long after the device refused frames. */
#define TRANSMIT_PAUSE_NS 200000

/* One step of the permutation. This and other functions here are not inline since the verifier
 * checks a global function once, and not for each iteration of the loop that calls it. */
__attribute__((noinline)) __u64 transmit_step(__u32 place, __u64 index)
{
	const struct xdp_window *w = &window[place & (XDP_WINDOWS - 1)];

	return permute_table_step(&w->table, &w->order, index);
}

/* Continues the permutation while it yields no cell of the window (cycle walking), which is rare.
 */
__attribute__((noinline)) __u64 transmit_walk(__u32 place, __u64 cell)
{
	const __u64 n = window[place & (XDP_WINDOWS - 1)].order.n;

	for (int step = 0; step < PERMUTE_STEPS && cell >= n; step++)
		cell = transmit_step(place, cell);
	return cell;
}

/* Notes when a block of positions was sent. 0 means never, so the last bit is set. */
static inline void transmit_stamp(__u32 block)
{
	__u32 index = (pass.place & (XDP_WINDOWS - 1)) * setting.blocks + (block >> 1);
	__u64 *word = bpf_map_lookup_elem(&blocks, &index);

	if (word)
		((__u32 *)word)[block & 1] = (__u32)(bpf_ktime_get_ns() / 1000) | 1;
}

/* Takes the next positions of the pass; 0 if none is left, or the sender is to stop. */
static inline int transmit_take(struct xdp_sender *s)
{
	__u32 first;

	if (pass.stop || s->rest || *(volatile __u32 *)&pass.next >= pass.end)
		return 0;
	first = __sync_fetch_and_add(&pass.next, pass.take);
	if (first >= pass.end)
		return 0;
	s->until = first + pass.take < pass.end ? first + pass.take : pass.end;
	/* A pass may begin in the middle of a block. */
	s->position = first > pass.begin ? first : pass.begin;
	return 1;
}

/* Reads the clock; 0 if no frame is due. All senders share one schedule: the sender that finds a
 * batch due moves the schedule on and sends the batch. */
static inline int transmit_due(struct xdp_sender *s)
{
	__u64 now_ns = bpf_ktime_get_ns();
	__u64 due_ns = *(volatile __u64 *)&pass.due_ns;
	__u64 refused = s->drops + s->errors;

	if (now_ns < due_ns)
		return 0;
	/* If another sender was faster, it has moved the schedule already. */
	if (now_ns > due_ns + pass.slack_ns)
		__sync_val_compare_and_swap(&pass.due_ns, due_ns, now_ns - pass.slack_ns);
	__sync_fetch_and_add(&pass.due_ns, pass.gap_ns);
	if (refused != s->refusals_seen) {
		s->refusals_seen = refused;
		*(volatile __u64 *)&pass.due_ns = now_ns + TRANSMIT_PAUSE_NS;
	}
	s->credit = pass.batch;
	s->task = bpf_get_current_task();
	return 1;
}

/* Puts those of the next `count` positions whose cells are blank into cell[], and returns how many.
 * Has no branch on the contents of the sheet, which would be mispredicted half of the time. */
__attribute__((noinline)) __u32 transmit_blanks(__u32 number, __u32 count)
{
	struct xdp_sender *s = &sender[number & (XDP_SENDERS - 1)];
	const __u32 place = pass.place & (XDP_WINDOWS - 1), first = s->position;
	__u32 tail = 0;

	for (__u32 i = 0; i < XDP_READY && i < count; i++) {
		const __u32 position = first + i, index = place * setting.words + (position >> 4);
		const __u64 *word = bpf_map_lookup_elem(&words, &index);

		if (!word)
			break; /* cannot happen: the map covers the window */
		s->cell[tail & (XDP_READY - 1)] = position;
		/* 1 if its bits are 0. */
		tail += (__u32)(((*word >> ((position & 15) * 4) & 15) - 1) >> 63);
	}
	return tail;
}

/* The host of a cell, and its slot. */
static inline __u32 transmit_host(__u32 cell, __u32 *slot)
{
	const __u32 host = plan_cell_host(cell, setting.slot_reciprocal);

	*slot = setting.slot[(cell - host * setting.slot_count) & (XDP_SLOTS - 1)];
	return host;
}

/* Whether this pass sends a blank cell: its host can be sent to, its technique has attempts left,
 * and it is not UDP of a host that rate-limits its ICMP errors. */
__attribute__((noinline)) __u32 transmit_wants(__u32 place, __u32 cell)
{
	__u32 slot, host = transmit_host(cell, &slot);
	const __u32 technique = 1u << (plan_slot_technique(slot) & 31);

	place &= XDP_WINDOWS - 1;
	return xdp_bpf_host_word(place, host) & XDP_HOST_SEND && pass.technique_mask & technique &&
	       !(setting.udp_mask & technique && xdp_bpf_rate_limited(place, host));
}

/* Keeps those of the first `count` cells of cell[] that this pass sends; how many. */
static inline __u32 transmit_wanted(struct xdp_sender *s, __u32 place, __u32 count)
{
	__u32 tail = 0;

	for (__u32 i = 0; i < XDP_READY && i < count; i++) {
		const __u32 cell = s->cell[i];

		s->cell[tail & (XDP_READY - 1)] = cell;
		tail += transmit_wants(place, cell) & 1;
	}
	return tail;
}

/* The cell at a position. */
static inline __u32 transmit_cell(__u32 place, __u32 position)
{
	const struct xdp_window *w = &window[place];
	const __u64 cell = permute_table_step(&w->table, &w->order, position);

	return (__u32)(cell < w->order.n ? cell : transmit_walk(place, cell));
}

/* Puts the cells to be sent of the next `looked` positions into cell[]; how many. */
__attribute__((noinline)) __u32 transmit_cells(__u32 number, __u32 looked)
{
	struct xdp_sender *s = &sender[number & (XDP_SENDERS - 1)];
	const __u32 place = pass.place & (XDP_WINDOWS - 1), first = s->position;
	__u32 count = looked;

	if (pass.fresh) {
		for (__u32 i = 0; i < XDP_READY && i < looked; i++)
			s->cell[i] = transmit_cell(place, first + i);
	} else {
		count = transmit_blanks(number, looked);
		for (__u32 i = 0; i < XDP_READY && i < count; i++)
			s->cell[i] = transmit_cell(place, s->cell[i]);
	}
	s->count = count;
	/* Hides the value from the verifier, which would check what follows once for each possible
	 * number of iterations. */
	count = *(volatile __u32 *)&s->count;
	/* Every cell is wanted if all hosts are alike and can be sent to, the plan has no UDP, and
	 * every technique has attempts left. */
	if (!(window[place].host_word & XDP_HOST_SEND) || setting.udp_mask ||
	    setting.technique_mask & ~pass.technique_mask)
		count = transmit_wanted(s, place, count);
	return count;
}

/* Puts the cells of refused frames into cell[]; how many. */
__attribute__((noinline)) __u32 transmit_refusals(__u32 number)
{
	struct xdp_sender *s = &sender[number & (XDP_SENDERS - 1)];
	__u32 count = 0;

	for (; count < XDP_READY && s->again_head != s->again_tail; count++) {
		s->cell[count] = s->again[s->again_head & (XDP_AGAIN - 1)];
		s->again_head++;
	}
	return count;
}

/* The index of the payload that a slot has in this pass, plus one; 0: none. */
static inline __u32 transmit_payload(__u32 slot)
{
	const __u32 first = (slot >> XDP_SLOT_PAYLOAD_SHIFT) - 1;
	__u32 dialects;

	if (first >= XDP_PAYLOADS)
		return 0;
	dialects = payload[first].dialects;
	return 1 + (dialects > 1 ? (first + pass.attempt % dialects) & (XDP_PAYLOADS - 1) : first);
}

/* The template of a probe's technique and egress. */
static inline const struct xdp_template *transmit_template(const struct xdp_probe *probe)
{
	const __u32 technique = plan_slot_technique(probe->slot) & (XDP_TECHNIQUES - 1);
	const struct xdp_template *t = &egress[XDP_HOST_EGRESS(probe->host)].template[technique];

	IMAGE_KEEP(t);
	return t;
}

/* Makes the headers of a probe. `port` has the constant bits of the source port, `mask` selects
 * those that come from the hash. */
static inline void transmit_image(struct xdp_image *out, const struct xdp_probe *probe, __u32 tag,
				  __u64 port, __u64 mask)
{
	const struct xdp_template *t = transmit_template(probe);
	const __u64 id = __builtin_bswap16((__u16)(probe->hash >> 48));
	struct image_ports p = {
		.dport = __builtin_bswap16(plan_slot_port(probe->slot)),
		.sport = port | (probe->hash >> 24 & mask),
		.seq = __builtin_bswap32((__u32)probe->hash ^ (tag | probe->cell)),
	};
	__u32 says = 0, length = t->length;

	out->words[0] = t->words[0] | (probe->host & XDP_HOST_MAC);
	out->words[1] = t->words[1];
	if (t->udp) {
		__u16 bytes = 8;

		says = transmit_payload(probe->slot);
		if (says) {
			const struct xdp_payload *row = &payload[(says - 1) & (XDP_PAYLOADS - 1)];

			bytes += row->length;
			length += row->length;
			p.sum = row->sum;
		}
		p.bytes = __builtin_bswap16(bytes);
		if (t->v4)
			image_udp_v4(out->words, t, &p, id, __builtin_bswap32((__u32)probe->lo));
		else
			image_udp_v6(out->words, t, &p, __builtin_bswap64(probe->hi),
				     __builtin_bswap64(probe->lo));
	} else if (t->v4) {
		image_tcp_v4(out->words, t, &p, id, __builtin_bswap32((__u32)probe->lo));
	} else {
		image_tcp_v6(out->words, t, &p, __builtin_bswap64(probe->hi),
			     __builtin_bswap64(probe->lo));
	}
	out->cell = probe->cell;
	out->length = t->length;
	out->unlike = XDP_UNLIKE(length - setting.frame_bytes, says);
}

/* Values that all frames of a pass share; port and mask as in transmit_image(). */
struct transmit_common {
	__u32 place, tag;
	__u64 port, mask;
};

static inline struct transmit_common transmit_common(void)
{
	const __u32 place = pass.place & (XDP_WINDOWS - 1);
	struct transmit_common c = {.place = place, .tag = window[place].tag, .mask = 0xff00};
	__u16 port = cookie_port(setting.port, pass.attempt, 0);

	if (setting.port_fixed) {
		port = setting.port;
		c.mask = 0;
	}
	c.port = __builtin_bswap16(port);
	return c;
}

/* Makes the frames of the first `count` cells of cell[], of any kind. */
__attribute__((noinline)) int transmit_any(__u32 number, __u32 count)
{
	struct xdp_sender *s = &sender[number & (XDP_SENDERS - 1)];
	const struct transmit_common c = transmit_common();

	s->count = count;
	for (__u32 i = 0; i < XDP_READY && i < count; i++) {
		struct xdp_probe *p = &s->probe[i];
		__u32 host;

		IMAGE_KEEP(p);
		p->cell = s->cell[i];
		host = transmit_host(p->cell, &p->slot);
		p->host = xdp_bpf_host_word(c.place, host);
		xdp_bpf_host(c.place, host, &p->hi, &p->lo);
		p->hash = xdp_bpf_hash(p->hi, p->lo, plan_slot_port(p->slot),
				       plan_slot_technique(p->slot));
	}
	/* As in transmit_cells(). */
	count = *(volatile __u32 *)&s->count;
	for (__u32 i = 0; i < XDP_READY && i < count; i++) {
		const struct xdp_probe *p = &s->probe[i];
		struct xdp_image *image = &s->image[(s->tail + i) & (XDP_IMAGES - 1)];

		IMAGE_KEEP(p);
		IMAGE_KEEP(image);
		transmit_image(image, p, c.tag, c.port, c.mask);
	}
	return 0;
}

/* Whether a window has consecutive IPv4 hosts, TCP only, and one egress, as most have. */
static inline int transmit_is_plain(const struct xdp_window *w)
{
	return w->joined && w->host_word && !setting.udp_mask && cookie_is_v4(w->hi, w->lo);
}

/* transmit_any() for such a window: without branches on family, protocol and host. */
__attribute__((noinline)) int transmit_plain(__u32 number, __u32 count)
{
	struct xdp_sender *s = &sender[number & (XDP_SENDERS - 1)];
	const struct transmit_common c = transmit_common();
	const struct xdp_window *w = &window[c.place];
	const __u32 first = (__u32)w->lo, tail = s->tail;
	const __u64 mac = w->host_word & XDP_HOST_MAC;
	const struct xdp_template *templates = egress[XDP_HOST_EGRESS(w->host_word)].template;

	for (__u32 i = 0; i < XDP_READY && i < count; i++) {
		struct xdp_image *image = &s->image[(tail + i) & (XDP_IMAGES - 1)];
		const __u32 cell = s->cell[i];
		const struct xdp_template *t;
		struct image_ports p;
		__u32 slot, to;
		__u64 hash;

		to = first + transmit_host(cell, &slot);
		hash = cookie_v4_slot_hash(setting.key_v4, to, slot);
		t = &templates[plan_slot_technique(slot) & (XDP_TECHNIQUES - 1)];
		IMAGE_KEEP(t);
		IMAGE_KEEP(image);
		image->words[0] = t->words[0] | mac;
		image->words[1] = t->words[1];
		p.sport = c.port | (hash >> 24 & c.mask);
		p.dport = __builtin_bswap16(plan_slot_port(slot));
		p.seq = __builtin_bswap32((__u32)hash ^ (c.tag | cell));
		image_tcp_v4(image->words, t, &p, __builtin_bswap16((__u16)(hash >> 48)),
			     __builtin_bswap32(to));
		image->cell = cell;
		image->length = t->length;
		image->unlike = XDP_UNLIKE(t->length - setting.frame_bytes, 0);
	}
	return 0;
}

/*
 * Makes the next frames: of refused cells, or else of the next positions. Up to XDP_READY at once:
 * the steps of one hash depend on each other, so the processor works on several hashes meanwhile.
 */
static inline void transmit_fill(struct xdp_sender *s, __u32 number)
{
	__u32 looked = 0, count;

	if (s->again_head != s->again_tail) {
		count = transmit_refusals(number);
	} else {
		const __u32 begun = s->position % XDP_BLOCK;

		if (begun == 0 || s->position == pass.begin)
			transmit_stamp(s->position / XDP_BLOCK);
		looked = s->until - s->position;
		if (looked > XDP_READY)
			looked = XDP_READY;
		if (looked > XDP_BLOCK - begun)
			looked = XDP_BLOCK - begun;
		count = transmit_cells(number, looked);
	}
	if (transmit_is_plain(&window[pass.place & (XDP_WINDOWS - 1)]))
		transmit_plain(number, count);
	else
		transmit_any(number, count);
	s->tail += count;
	/* Last: if the thread is stopped before, these positions count as not sent. */
	s->position += looked;
}

__attribute__((noinline)) int transmit_ready(__u32 number)
{
	struct xdp_sender *s = &sender[number & (XDP_SENDERS - 1)];

	for (int step = 0; step < TRANSMIT_STEPS; step++) {
		const __u32 left = s->tail - s->limit;

		if (s->credit == 0 && !transmit_due(s)) {
			s->early++;
			return 0;
		}
		if (left) {
			const __u32 more = left < s->credit ? left : s->credit;

			s->credit -= more;
			s->limit += more;
			return 1;
		}
		if (s->again_head == s->again_tail && s->position >= s->until && !transmit_take(s))
			return 0;
		transmit_fill(s, number);
	}
	return 0;
}
