/* xdp_transmit: sends one pass over a window's blanks, frame by frame, as live frames.
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "engine/xdp_kernel.h"

/* Looks at the next positions that one run takes at most. */
#define TRANSMIT_STEPS 12
/* After the device refused frames, this long nothing is sent. */
#define TRANSMIT_PAUSE_NS 200000
#define TRANSMIT_ENODEV	  19
/* As many frames the kernel hands to a device together, at most. */
#define TRANSMIT_BULK 16

struct xdp_setting setting;
struct xdp_window window[XDP_WINDOWS];
struct xdp_way way[XDP_WAYS];
struct xdp_payload payload[XDP_PAYLOADS];
struct xdp_tally tally[XDP_WINDOWS][XDP_TALLIES];
struct xdp_pass pass;
struct xdp_sender sender[XDP_SENDERS];
struct xdp_receive receiving;

struct xdp_words words SEC(".maps"), hosts SEC(".maps"), blocks SEC(".maps"), quenched SEC(".maps");
struct xdp_hops hops SEC(".maps");
struct xdp_ring opened SEC(".maps");
/* The interface: by a map, as its number would have to be looked up for each frame. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} out SEC(".maps");

/* One probe, from its position. */
struct transmit_probe {
	__u64 host; /* its word */
	__u64 hi, lo;
	__u32 cell;
	__u32 slot;
};

__attribute__((noinline)) __u32 kernel_range(__u64 rank)
{
	return plan_range_of(setting.ranges, setting.range_count, rank);
}

/* One step of the permutation. It, and other functions here that are not inline, are so for the
 * verifier, which goes through each once, and not at each turn of the loop that calls it. */
__attribute__((noinline)) __u64 transmit_step(__u32 place, __u64 index)
{
	const struct xdp_window *w = &window[place & (XDP_WINDOWS - 1)];

	return permute_table_step(&w->table, &w->order, index);
}

/* Its walk from outside of the window on, which is seldom. */
__attribute__((noinline)) __u64 transmit_walk(__u32 place, __u64 cell)
{
	const __u64 n = window[place & (XDP_WINDOWS - 1)].order.n;

	for (int step = 0; step < PERMUTE_STEPS && cell >= n; step++)
		cell = transmit_step(place, cell);
	return cell;
}

static inline void transmit_stamp(__u32 block)
{
	__u32 index = (pass.place & (XDP_WINDOWS - 1)) * setting.blocks + (block >> 1);
	__u64 *word = bpf_map_lookup_elem(&blocks, &index);

	if (word)
		((__u32 *)word)[block & 1] = (__u32)(bpf_ktime_get_ns() / 1000) | 1;
}

/* Takes the next block of the pass: false if it wants to rest, or none is left. */
static inline int transmit_take(struct xdp_sender *s)
{
	__u32 first;

	if (pass.stop || s->rest || *(volatile __u32 *)&pass.next >= pass.end)
		return 0;
	first = __sync_fetch_and_add(&pass.next, XDP_BLOCK);
	if (first >= pass.end)
		return 0;
	transmit_stamp(first / XDP_BLOCK);
	s->until = first + XDP_BLOCK < pass.end ? first + XDP_BLOCK : pass.end;
	/* A pass that goes on from the middle of a block. */
	s->position = first > pass.begin ? first : pass.begin;
	return 1;
}

/* Looks at the clock: false if it is too soon for the next frames. The schedule is one for all
 * senders: each that finds it due moves it on for what it is to send itself. */
static inline int transmit_due(struct xdp_sender *s)
{
	__u64 now_ns = bpf_ktime_get_ns();
	__u64 due_ns = *(volatile __u64 *)&pass.due_ns;
	__u64 refused = s->drops + s->errors;

	if (now_ns < due_ns)
		return 0;
	/* If another was faster, it has moved it. */
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

/* Of these cells, those that are blank: how many. A loop of its own, so that the processor waits
 * for the memory of several at once, and without a branch that it would guess wrong. */
static inline __u32 transmit_blanks(struct xdp_sender *s, __u32 place, __u32 count)
{
	__u32 tail = 0;

	for (__u32 i = 0; i < XDP_READY && i < count; i++) {
		const __u32 cell = s->cell[i], index = place * setting.words + (cell >> 4);
		const __u64 *word = bpf_map_lookup_elem(&words, &index);

		if (!word)
			break; /* cannot be */
		s->cell[tail & (XDP_READY - 1)] = cell;
		/* 1 if its bits are 0. */
		tail += (__u32)(((*word >> ((cell & 15) * 4) & 15) - 1) >> 63);
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

/* Whether this pass sends a cell, if it is blank. */
__attribute__((noinline)) __u32 transmit_wants(__u32 place, __u32 cell)
{
	__u32 slot, host = transmit_host(cell, &slot);
	const __u32 technique = 1u << (plan_slot_technique(slot) & 31);

	place &= XDP_WINDOWS - 1;
	return kernel_host_word(place, host) & XDP_HOST_SEND && pass.technique_mask & technique &&
	       !(setting.udp_mask & technique && kernel_quenched(place, host));
}

/* Of these cells, those that this pass sends. */
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

/* What is to be sent of the next positions. */
__attribute__((noinline)) int transmit_look(__u32 number)
{
	struct xdp_sender *s = &sender[number & (XDP_SENDERS - 1)];
	const __u32 place = pass.place & (XDP_WINDOWS - 1);
	const struct permute *order = &window[place].order;
	const __u32 first = s->position;
	__u32 looked = s->until - first, count;

	if (looked > XDP_READY)
		looked = XDP_READY;
	count = looked;
	for (__u32 i = 0; i < XDP_READY && i < count; i++) {
		__u64 cell = permute_table_step(&window[place].table, order, first + i);

		if (cell >= order->n)
			cell = transmit_walk(place, cell);
		s->cell[i] = (__u32)cell;
	}
	if (!pass.fresh)
		count = transmit_blanks(s, place, count);
	/* Hosts that are all alike are all sent to, but for UDP of who limits errors. */
	if (!window[place].host_word || setting.udp_mask ||
	    setting.technique_mask & ~pass.technique_mask)
		count = transmit_wanted(s, place, count);
	s->head = 0;
	s->tail = count;
	s->position = first + looked;
	return 0;
}

/* Until there is a cell to send, and leave to: whether there is. Once in some frames, and so a
 * function of its own, whose registers the others need not save. */
__attribute__((noinline)) int transmit_ready(__u32 number)
{
	struct xdp_sender *s = &sender[number & (XDP_SENDERS - 1)];

	for (int step = 0; step < TRANSMIT_STEPS; step++) {
		if (s->credit == 0 && !transmit_due(s)) {
			s->early++;
			return 0;
		}
		if (s->again_head != s->again_tail || s->head != s->tail)
			return 1;
		if (s->position >= s->until && !transmit_take(s))
			return 0;
		transmit_look(number);
	}
	return 0;
}

/* The next probe of the pass: false if there is none now. */
static inline int transmit_next(struct xdp_sender *s, __u32 number, struct transmit_probe *p)
{
	const __u32 place = pass.place & (XDP_WINDOWS - 1);
	const int again = s->again_head != s->again_tail;
	__u32 host;

	if ((s->credit == 0 || (!again && s->head == s->tail)) && !transmit_ready(number))
		return 0;
	if (again) {
		p->cell = s->again[s->again_head & (XDP_QUEUED - 1)];
		s->again_head++;
	} else {
		p->cell = s->cell[s->head & (XDP_READY - 1)];
		s->head++;
	}
	host = transmit_host(p->cell, &p->slot);
	p->host = kernel_host_word(place, host);
	kernel_host(place, host, &p->hi, &p->lo);
	return 1;
}

/* Folded and complemented, in network order; sum < 2^36. */
static inline __u16 transmit_sum(__u64 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return __builtin_bswap16((__u16)~sum);
}

static inline __u64 transmit_addr_sum(__u64 half)
{
	return (half >> 32) + (__u32)half;
}

static inline __u16 transmit_port(const struct cookie *cookie)
{
	return setting.port_fixed ? setting.port
				  : cookie_port(setting.port, (__u8)pass.attempt, cookie->sport);
}

/* TCP ports, numbers and checksum. */
static inline void transmit_tcp(const struct xdp_template *t, const struct cookie *cookie,
				__u16 dport, __u64 sum, void *tcp)
{
	const __u16 sport = transmit_port(cookie);
	__u16 field;

	*(__u16 *)tcp = __builtin_bswap16(sport);
	*(__u16 *)(tcp + 2) = __builtin_bswap16(dport);
	*(__u32 *)(tcp + 4) = __builtin_bswap32(cookie->seq);
	sum += t->transport_sum;
	sum += sport;
	sum += dport;
	sum += cookie->seq;
	if (t->ack) {
		*(__u32 *)(tcp + 8) = __builtin_bswap32(cookie->seq);
		sum += cookie->seq;
	}
	field = transmit_sum(sum);
	if (t->bad_sum)
		field = field == 0x5a5a ? 0xa5a5 : 0x5a5a;
	*(__u16 *)(tcp + 16) = field;
}

/* Ethernet, IPv4, TCP with or without an MSS option: 58 or 54 bytes, all of them written. */
static inline int transmit_v4(const struct xdp_template *t, const struct transmit_probe *p,
			      const struct cookie *cookie, void *data, void *end)
{
	const __u32 to = (__u32)p->lo;

	if (data + 54 > end)
		return 0;
	for (int i = 0; i < 6; i++)
		((__u64 *)data)[i] = t->words[i];
	*(__u32 *)(data + 48) = (__u32)t->words[6];
	*(__u16 *)(data + 52) = (__u16)(t->words[6] >> 32);
	if (t->mss) {
		if (data + 58 > end)
			return 0;
		*(__u16 *)(data + 54) = (__u16)(t->words[6] >> 48);
		*(__u16 *)(data + 56) = (__u16)t->words[7];
	}
	*(__u32 *)data = (__u32)p->host;
	*(__u16 *)(data + 4) = (__u16)(p->host >> 32);
	*(__u16 *)(data + 18) = __builtin_bswap16(cookie->ip_id);
	*(__u16 *)(data + 24) = transmit_sum((__u64)t->network_sum + cookie->ip_id + to);
	*(__u32 *)(data + 30) = __builtin_bswap32(to);
	transmit_tcp(t, cookie, plan_slot_port(p->slot), to, data + 34);
	return 1;
}

/* The same with IPv6: 78 or 74. */
static inline int transmit_v6(const struct xdp_template *t, const struct transmit_probe *p,
			      const struct cookie *cookie, void *data, void *end)
{
	if (data + 74 > end)
		return 0;
	for (int i = 0; i < 9; i++)
		((__u64 *)data)[i] = t->words[i];
	*(__u16 *)(data + 72) = (__u16)t->words[9];
	if (t->mss) {
		if (data + 78 > end)
			return 0;
		*(__u32 *)(data + 74) = (__u32)(t->words[9] >> 16);
	}
	*(__u32 *)data = (__u32)p->host;
	*(__u16 *)(data + 4) = (__u16)(p->host >> 32);
	*(__u64 *)(data + 38) = __builtin_bswap64(p->hi);
	*(__u64 *)(data + 46) = __builtin_bswap64(p->lo);
	transmit_tcp(t, cookie, plan_slot_port(p->slot),
		     transmit_addr_sum(p->hi) + transmit_addr_sum(p->lo), data + 54);
	return 1;
}

/* The payload of a slot in this pass; NULL: none. */
static inline const struct xdp_payload *transmit_payload(__u32 slot)
{
	const __u32 first = (slot >> XDP_SLOT_PAYLOAD_SHIFT) - 1;
	__u32 dialects;

	if (first >= XDP_PAYLOADS)
		return (void *)0;
	dialects = payload[first].dialects;
	if (dialects > 1)
		return &payload[(first + pass.attempt % dialects) & (XDP_PAYLOADS - 1)];
	return &payload[first];
}

/* UDP ports, length and checksum; `sum` is that of destination and payload. */
static inline void transmit_udp(const struct xdp_template *t, const struct cookie *cookie,
				__u16 dport, __u16 bytes, __u64 sum, void *udp)
{
	const __u16 sport = transmit_port(cookie);
	__u16 field;

	*(__u16 *)udp = __builtin_bswap16(sport);
	*(__u16 *)(udp + 2) = __builtin_bswap16(dport);
	*(__u16 *)(udp + 4) = __builtin_bswap16(bytes);
	sum += t->transport_sum;
	sum += sport;
	sum += dport;
	sum += 2 * (__u32)bytes; /* of the pseudo header, too */
	field = transmit_sum(sum);
	if (field == 0)
		field = 0xffff; /* RFC 768: 0 means that there is none */
	if (t->bad_sum)
		field = field == 0x5a5a ? 0xa5a5 : 0x5a5a;
	*(__u16 *)(udp + 6) = field;
}

/* Ethernet, IPv4, UDP: 42 bytes before the payload, which is there already. */
static inline int transmit_udp_v4(const struct xdp_template *t, const struct transmit_probe *p,
				  const struct cookie *cookie, const struct xdp_payload *says,
				  void *data, void *end)
{
	const __u32 to = (__u32)p->lo;
	const __u16 bytes = says ? 8 + says->length : 8;
	__u64 sum = to;

	if (data + 42 > end)
		return 0;
	for (int i = 0; i < 5; i++)
		((__u64 *)data)[i] = t->words[i];
	*(__u32 *)data = (__u32)p->host;
	*(__u16 *)(data + 4) = (__u16)(p->host >> 32);
	*(__u16 *)(data + 16) = __builtin_bswap16(20 + bytes);
	*(__u16 *)(data + 18) = __builtin_bswap16(cookie->ip_id);
	*(__u16 *)(data + 24) =
		transmit_sum((__u64)t->network_sum + 20 + bytes + cookie->ip_id + to);
	*(__u32 *)(data + 30) = __builtin_bswap32(to);
	if (says)
		sum += says->sum;
	transmit_udp(t, cookie, plan_slot_port(p->slot), bytes, sum, data + 34);
	return 1;
}

/* The same with IPv6: 62. */
static inline int transmit_udp_v6(const struct xdp_template *t, const struct transmit_probe *p,
				  const struct cookie *cookie, const struct xdp_payload *says,
				  void *data, void *end)
{
	const __u16 bytes = says ? 8 + says->length : 8;
	__u64 sum = transmit_addr_sum(p->hi) + transmit_addr_sum(p->lo);

	if (data + 62 > end)
		return 0;
	for (int i = 0; i < 7; i++)
		((__u64 *)data)[i] = t->words[i];
	*(__u32 *)data = (__u32)p->host;
	*(__u16 *)(data + 4) = (__u16)(p->host >> 32);
	*(__u16 *)(data + 18) = __builtin_bswap16(bytes);
	*(__u64 *)(data + 38) = __builtin_bswap64(p->hi);
	*(__u64 *)(data + 46) = __builtin_bswap64(p->lo);
	if (says)
		sum += says->sum;
	transmit_udp(t, cookie, plan_slot_port(p->slot), bytes, sum, data + 54);
	return 1;
}

static inline int transmit_redirect(struct xdp_sender *s)
{
	const int action = (int)bpf_redirect_map(&out, 0, XDP_DROP);

	if (action != XDP_REDIRECT) {
		s->errors++; /* the interface is gone */
		s->error = TRANSMIT_ENODEV;
		s->queued--;
	}
	return action;
}

/* The frame as it is, to see what becomes of it. */
static inline int transmit_trial(struct xdp_sender *s)
{
	s->task = bpf_get_current_task();
	return transmit_redirect(s);
}

/* Writes the payload; nothing else may be in registers that points into the frame. */
static inline int transmit_says(struct xdp_md *ctx, const struct xdp_template *t,
				const struct xdp_payload *says)
{
	__u32 last = says->length - 1u;

	if (says->length == 0)
		return 1; /* too long for the link: it asks all the same */
	/* Linux 6.1 wants a lower bound and learns none from "not 0": as the last byte's number,
	 * which the compiler must not see through. */
	__asm__ volatile("" : "+r"(last));
	if (last >= XDP_PAYLOAD_BYTES)
		return 0;
	return bpf_xdp_store_bytes(ctx, t->length, (void *)says->bytes, last + 1) == 0;
}

/* Number of the thread that runs it. */
static inline __u32 transmit_sender(const struct xdp_md *ctx)
{
	const void *data = (void *)(long)ctx->data, *meta = (void *)(long)ctx->data_meta;

	return (__u32)((__u64)(data - meta) / 4) & (XDP_SENDERS - 1);
}

static inline int transmit_frame(struct xdp_md *ctx)
{
	const __u32 number = transmit_sender(ctx);
	struct xdp_sender *s = &sender[number];
	struct transmit_probe p;
	const struct xdp_payload *says = (void *)0;
	const struct xdp_template *t;
	struct cookie cookie;
	void *data, *end;
	__u8 technique;
	__u32 length;

	if (pass.test == 2)
		return transmit_trial(s);
	/* A frame of the pool has been anywhere: all of it is written, each time. */
	if (!transmit_next(s, number, &p))
		return XDP_DROP;
	technique = plan_slot_technique(p.slot) & (XDP_TECHNIQUES - 1);
	t = &way[XDP_HOST_WAY(p.host)].template[technique];
	length = t->length;
	if (t->udp) {
		says = transmit_payload(p.slot);
		length += says ? says->length : 0;
	}
	if (length != setting.frame_bytes &&
	    bpf_xdp_adjust_tail(ctx, (int)length - (int)setting.frame_bytes) != 0)
		return XDP_DROP;
	if (says && !transmit_says(ctx, t, says))
		return XDP_DROP;
	cookie = cookie_of(kernel_hash(p.hi, p.lo, plan_slot_port(p.slot), technique),
			   window[pass.place & (XDP_WINDOWS - 1)].tag | p.cell);
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (t->udp ? !(t->v4 ? transmit_udp_v4(t, &p, &cookie, says, data, end)
			     : transmit_udp_v6(t, &p, &cookie, says, data, end))
		   : !(t->v4 ? transmit_v4(t, &p, &cookie, data, end)
			     : transmit_v6(t, &p, &cookie, data, end)))
		return XDP_DROP;
	s->credit--;
	s->sent++;
	if (pass.test)
		return XDP_PASS;
	s->in_queue[s->queued & (XDP_QUEUED - 1)] = p.cell;
	s->queued++;
	return transmit_redirect(s);
}

/*
 * Both programs are one: on the interface it judges what comes in, run by BPF_PROG_RUN (which says
 * that its frames come from the loopback device) it sends. Being on an interface keeps it in the
 * kernel's XDP dispatcher. A program that is not has to be put there and taken out by each call of
 * BPF_PROG_RUN, with a grace period each time: 20 to 35 ms.
 */
SEC("xdp")
int probe(struct xdp_md *ctx)
{
	return ctx->ingress_ifindex == setting.link_index ? receive_frame(ctx)
							  : transmit_frame(ctx);
}

/* The sender whose frames a trace point tells of: they are sent by its own thread, whatever
 * processor that is on. NULL: they are somebody else's. */
static inline struct xdp_sender *transmit_whose(void)
{
	const __u64 task = bpf_get_current_task();

	for (int i = 0; i < XDP_SENDERS; i++)
		if (sender[i].running && sender[i].task == task)
			return &sender[i];
	return (void *)0;
}

/* (from device, to device, sent, dropped, error): the first so many frames of the queue have gone,
 * those behind them are lost, and go again. */
SEC("raw_tp/xdp_devmap_xmit")
int transmit_dropped(struct bpf_raw_tracepoint_args *ctx)
{
	const __u32 sent = (__u32)ctx->args[2], drops = (__u32)ctx->args[3];
	const int error = (int)ctx->args[4];
	struct xdp_sender *s = transmit_whose();

	/* More than are in there are somebody else's, as of a router that the thread was
	 * interrupted for: that is between two batches, when there are none. */
	if (!s || sent + drops > s->queued - s->flushed)
		return 0;
	s->taken += sent;
	s->flushed += sent;
	for (__u32 i = 0; i < TRANSMIT_BULK && i < drops; i++) {
		s->again[s->again_tail & (XDP_QUEUED - 1)] =
			s->in_queue[s->flushed & (XDP_QUEUED - 1)];
		s->again_tail++;
		s->flushed++;
	}
	if (drops == 0)
		return 0;
	/* A full queue takes the first few and is no error; a driver that says one took none. */
	if (error < 0) {
		s->errors += (__u64)drops;
		s->error = (__u32)-error;
	} else {
		s->drops += (__u64)drops;
	}
	return 0;
}

/* (device, program, target, error, ...) */
SEC("raw_tp/xdp_redirect_err")
int transmit_refused(struct bpf_raw_tracepoint_args *ctx)
{
	struct xdp_sender *s = transmit_whose();

	if (!s)
		return 0;
	s->errors++;
	s->error = (__u32) - (int)ctx->args[3];
	s->queued--; /* it got no further */
	return 0;
}

char transmit_license[] SEC("license") = "Dual BSD/GPL";
