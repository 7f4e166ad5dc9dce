/* xdp_fill: writes plan, window and templates into the memory of the BPF programs. */
#include "engine/xdp/xdp_fill.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "base/bytes.h"
#include "engine/engine.h"
#include "engine/frames/template.h"
#include "packet/checksum.h"
#include "packet/packet.h"
#include "technique/payloads.h"

/* A partial sum in the programs' form: folded, of little-endian numbers. */
static uint32_t fill_sum(uint64_t sum)
{
	return htons(checksum_fold(sum));
}

void xdp_fill_template(struct xdp_template *out, const struct template *in)
{
	const bool tcp = in->kind == TEMPLATE_TCP;
	const uint16_t transport = tcp ? (uint16_t)(in->length - in->transport) : 0;
	const uint16_t total = (uint16_t)(transport + (in->v4 ? 20 : 0));
	uint8_t bytes[XDP_TEMPLATE_WORDS * 8];

	_Static_assert(sizeof(bytes) == TEMPLATE_BYTES, "copied as a whole");
	memcpy(bytes, in->bytes, sizeof(bytes));
	memset(bytes, 0, 6); /* destination MAC address */
	if (tcp)
		bytes_put16(bytes + in->network + (in->v4 ? 2 : 4), total);
	memset(out, 0, sizeof(*out));
	memcpy(out->words, bytes, sizeof(bytes));
	out->network_sum = in->v4 ? fill_sum(in->network_sum + (tcp ? total : 0)) : 0;
	out->transport_sum = fill_sum(in->transport_sum + transport);
	out->length = in->length;
	out->v4 = in->v4;
	out->udp = !tcp;
	out->ack = in->ack;
	out->bad_sum = in->bad_sum;
	out->odd = in->ack || in->bad_sum;
}

/* Length of the longest probe's frame. */
static uint32_t fill_frame_bytes(const struct plan *plan, const struct xdp_setting *setting,
				 const struct xdp_payload *payload)
{
	/* Targets are sorted as IPv6 addresses, IPv4 ones mapped among them: either family may come
	 * first or last. */
	const bool v4 =
		addr_is_v4(plan_host(plan, 0)) && addr_is_v4(plan_host(plan, plan->hosts - 1));
	uint32_t most = 0;

	for (uint32_t i = 0; i < plan->slots; i++) {
		const uint32_t slot = setting->slot[i], first = slot >> XDP_SLOT_PAYLOAD_SHIFT;
		const struct technique *row = &technique_table[plan_slot_technique(slot)];
		uint32_t bytes = row->flags & TCP_SYN ? 24 : 20;

		if (row->proto == IPPROTO_UDP)
			bytes = 8;
		if (bytes > most)
			most = bytes;
		for (unsigned d = 0; first && d < payload[first - 1].dialects; d++)
			if (8u + payload[first - 1 + d].length > most)
				most = 8u + payload[first - 1 + d].length;
	}
	return most + (v4 ? 34 : 54);
}

/* Writes the payloads of a port from index `first` on, and returns how many. */
static unsigned fill_payloads(struct xdp_payload *payload, unsigned first, uint16_t port,
			      uint32_t mtu)
{
	const unsigned dialects = payload_dialects(port);

	_Static_assert(XDP_PAYLOAD_BYTES == PAYLOAD_MOST, "room for each payload");
	assert(first + dialects <= XDP_PAYLOADS); /* payloads.c has fewer */
	for (unsigned d = 0; d < dialects; d++) {
		struct xdp_payload *out = &payload[first + d];
		const uint8_t *bytes;
		size_t length;

		payload_for_attempt(port, d, &bytes, &length);
		/* As in frames_egress_payload(). */
		if (length + 48 > mtu)
			length = 0;
		memcpy(out->bytes, bytes, length);
		out->length = (uint16_t)length;
		out->sum = fill_sum(checksum_add(0, bytes, length));
		out->dialects = (uint8_t)dialects;
	}
	return dialects;
}

static void fill_slots(struct xdp_setting *out, struct xdp_payload *payload,
		       const struct plan *plan, uint32_t mtu)
{
	unsigned next = 0;

	for (uint32_t i = 0; i < plan->slots; i++) {
		const uint32_t slot = plan_slots(plan)[i];
		unsigned dialects = 0;

		out->slot[i] = slot;
		if (technique_is_udp(plan_slot_technique(slot)))
			dialects = fill_payloads(payload, next, plan_slot_port(slot), mtu);
		if (dialects)
			out->slot[i] |= (next + 1) << XDP_SLOT_PAYLOAD_SHIFT;
		next += dialects;
	}
}

void xdp_fill_setting(struct xdp_memory *m, const struct plan *plan, const struct engine_conf *conf,
		      uint32_t mtu)
{
	struct xdp_setting *out = m->setting;
	unsigned techniques = 0;

	_Static_assert((int)TECHNIQUES <= XDP_TECHNIQUES, "a template for each");
	out->key = conf->key;
	cookie_v4_begin(&conf->key, out->key_v4);
	memcpy(out->ranges, plan_ranges(plan), plan->ranges * sizeof(out->ranges[0]));
	fill_slots(out, m->payload, plan, mtu);
	out->range_count = plan->ranges;
	out->slot_count = plan->slots;
	out->slot_reciprocal = plan_slot_reciprocal(plan->slots);
	for (uint32_t i = 0; i < plan->slots; i++)
		techniques |= 1u << plan_slot_technique(plan_slots(plan)[i]);
	out->technique_mask = techniques;
	for (uint8_t t = 0; t < TECHNIQUES; t++) {
		if (!(techniques >> t & 1))
			continue;
		out->technique[out->technique_count] = t;
		out->acked[out->technique_count] = (technique_table[t].flags & TCP_ACK) != 0;
		out->technique_count++;
		out->udp_mask |= technique_is_udp(t) ? 1u << t : 0;
	}
	out->frame_bytes = fill_frame_bytes(plan, out, m->payload);
}

/* The first address of a window, and whether the others follow it. */
static void fill_addresses(struct xdp_window *window, const struct sheet *sheet)
{
	const struct plan *plan = sheet_plan(sheet);
	const struct plan_range *ranges = plan_ranges(plan);
	const uint64_t first = sheet_first_host(sheet);
	const uint32_t range = plan_range_of(ranges, plan->ranges, first);
	__u64 hi, lo;

	plan_range_host(ranges, range, first, &hi, &lo);
	window->hi = hi;
	window->lo = lo;
	window->joined =
		first + sheet_hosts(sheet) <= ranges[range].first_host + ranges[range].hosts;
}

void xdp_fill_window(struct xdp_memory *m, unsigned place, const struct sheet *sheet)
{
	const struct xdp_setting *setting = m->setting;
	struct xdp_window *window = &m->window[place];

	memset(m->rate_limited + (size_t)place * setting->rate_limited, 0,
	       setting->rate_limited * 8);
	window->order = *sheet_order(sheet);
	permute_table_init(&window->table, &window->order);
	window->first_host = sheet_first_host(sheet);
	fill_addresses(window, sheet);
	window->tag = sheet_tag(sheet, 0);
	window->attempts = 0;
	memset(m->tally[place], 0, sizeof(m->tally[place]));
	/* Last: from here on the window is open to the receiving program. */
	__atomic_store_n(&window->cells, sheet_cells(sheet), __ATOMIC_RELEASE);
}
