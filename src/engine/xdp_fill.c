/* xdp_fill: plan, window and templates in the form that the kernel's programs read. */
#include <netinet/in.h>
#include <string.h>

#include "engine/xdp.h"
#include "packet/bytes.h"
#include "packet/packet.h"

static uint32_t fill_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	return (uint32_t)((sum & 0xffffffff) + (sum >> 32));
}

void xdp_template_fill(struct xdp_template *out, const struct template *in)
{
	const uint16_t transport = (uint16_t)(in->length - in->transport);
	const uint16_t total = (uint16_t)(transport + (in->v4 ? 20 : 0));
	uint8_t bytes[XDP_TEMPLATE_WORDS * 8];

	_Static_assert(sizeof(bytes) == TEMPLATE_BYTES, "copied whole");
	memcpy(bytes, in->bytes, sizeof(bytes));
	bytes_put16(bytes + in->network + (in->v4 ? 2 : 4), total);
	memset(out, 0, sizeof(*out));
	memcpy(out->words, bytes, sizeof(bytes));
	out->network_sum = in->v4 ? fill_fold(in->network_sum + total) : 0;
	out->transport_sum = fill_fold(in->transport_sum + transport);
	out->length = in->length;
	out->v4 = in->v4;
	out->mss = transport > 20;
	out->ack = in->ack;
	out->bad_sum = in->bad_sum;
}

uint32_t xdp_frame_bytes(const struct plan *plan)
{
	uint32_t bytes = addr_is_v4(plan_host(plan, plan->hosts - 1)) ? 54 : 74;

	/* IPv4 sorts among IPv6: any family may be first. */
	if (!addr_is_v4(plan_host(plan, 0)))
		bytes = 74;
	for (uint32_t i = 0; i < plan->slots; i++)
		if (technique_table[plan_slot_technique(plan_slots(plan)[i])].flags & TCP_SYN)
			return bytes + 4;
	return bytes;
}

void xdp_setting_fill(struct xdp_setting *out, const struct plan *plan,
		      const struct engine_conf *conf)
{
	unsigned techniques = 0;

	_Static_assert((int)TECHNIQUES <= XDP_TECHNIQUES, "a row each");
	out->key = conf->key;
	memcpy(out->ranges, plan_ranges(plan), plan->ranges * sizeof(out->ranges[0]));
	memcpy(out->slot, plan_slots(plan), plan->slots * sizeof(out->slot[0]));
	out->range_count = plan->ranges;
	out->slot_count = plan->slots;
	out->slot_reciprocal = permute_reciprocal(plan->slots);
	for (uint32_t i = 0; i < plan->slots; i++)
		techniques |= 1u << plan_slot_technique(plan_slots(plan)[i]);
	for (uint8_t t = 0; t < TECHNIQUES; t++) {
		if (!(techniques >> t & 1))
			continue;
		out->technique[out->technique_count] = t;
		out->acked[out->technique_count] = (technique_table[t].flags & TCP_ACK) != 0;
		out->technique_count++;
	}
	out->frame_bytes = xdp_frame_bytes(plan);
}

void xdp_window_fill(struct xdp_memory *m, unsigned place, const struct sheet *sheet)
{
	const struct xdp_setting *setting = m->setting;
	struct xdp_window *window = &m->window[place];
	struct permute order;

	plan_window_permute(sheet->plan, sheet->window, &order);
	memcpy(m->words + (size_t)place * setting->words, sheet->word,
	       (sheet->cells + 15) / 16 * sizeof(*m->words));
	memset(m->blocks + (size_t)place * setting->blocks * 2, 0, setting->blocks * 8);
	window->order = order;
	window->first_host = sheet->first_host;
	window->tag = sheet_tag(sheet, 0);
	window->attempts = 0;
	window->marked = 0;
	window->duplicate = 0;
	/* Last: with cells it is there for the receiving program. */
	__atomic_store_n(&window->cells, sheet->cells, __ATOMIC_RELEASE);
}
