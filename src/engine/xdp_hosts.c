/* xdp_hosts: where the hosts of a window are sent to, in the form that the kernel's programs read.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/xdp.h"

_Static_assert(sizeof(struct sheet_host) == sizeof(uint64_t), "a word of the map");
/* Those of a window, found by hash: neighbours choose their MAC addresses themselves, so a keyed
 * one. */
struct hops {
	uint64_t *hop;
	uint16_t *find; /* number plus one, 0: nothing here */
	uint32_t count, most, size;
	uint64_t key;
};

/* Number of the way in the programs' table; -1 if it has no place there. */
static int hosts_way(struct xdp *x, const struct frames_way *way)
{
	struct xdp_way *out;

	for (unsigned i = 0; i < x->way_count; i++)
		if (x->ways[i] == way)
			return (int)i;
	if (x->way_count == XDP_WAYS || way->link != x->link)
		return -1;
	out = &x->kernel.memory.way[x->way_count];
	out->source_hi = way->source.hi;
	out->source_lo = way->source.lo;
	for (unsigned t = 0; t < TECHNIQUES; t++)
		if (x->frames->techniques >> t & 1)
			xdp_template_fill(&out->template[t], &way -> template[t]);
	x->ways[x->way_count] = way;
	return (int)x->way_count++;
}

/* A host's word; false if it cannot be sent to by the programs. */
static bool hosts_word(struct xdp *x, const struct sheet *sheet, uint32_t host, uint64_t *word)
{
	const struct frames_way *way = frames_way_of(x->frames, sheet, host);
	struct sheet_host hop = sheet->host[host];
	int number;

	/* Nothing is sent to those who are absent, by nobody. */
	if (way && !sheet_host_absent(sheet, host)) {
		if (way->kind != WAY_NEIGHBOUR && way->kind != WAY_GATEWAY)
			return false;
		number = hosts_way(x, way);
		if (number < 0)
			return false;
		if (way->kind == WAY_GATEWAY)
			memcpy(hop.mac, way->mac, sizeof(hop.mac));
		hop.engine = (uint8_t)((unsigned)number | XDP_HOST_SEND >> 56);
	}
	memcpy(word, &hop, sizeof(*word));
	return true;
}

/* -1: they are too many. */
static int hosts_number(struct hops *h, uint64_t word)
{
	const uint32_t hash = (uint32_t)permute_mix(word ^ h->key);
	uint32_t place = (uint32_t)((uint64_t)hash * h->size >> 32);

	for (; h->find[place]; place = place + 1 < h->size ? place + 1 : 0)
		if (h->hop[h->find[place] - 1] == word)
			return h->find[place] - 1;
	if (h->count == h->most)
		return -1;
	h->hop[h->count] = word;
	h->find[place] = (uint16_t)++h->count;
	return (int)h->count - 1;
}

static bool hosts_numbers(struct xdp *x, unsigned place, const struct sheet *sheet)
{
	const struct xdp_setting *setting = x->kernel.memory.setting;
	uint16_t *out = xdp_kernel_hosts(&x->kernel);
	struct hops h = {.hop = x->hops[place],
			 .most = setting->hops,
			 .size = setting->hops + setting->hops / 4 + 1,
			 .key = x->conf.key.k[0]};
	uint64_t word;
	int number = 0;

	h.find = calloc(h.size, sizeof(*h.find));
	if (!out || !h.find)
		number = -1;
	for (uint32_t host = 0; number >= 0 && host < sheet->hosts; host++) {
		number = hosts_word(x, sheet, host, &word) ? hosts_number(&h, word) : -1;
		if (number >= 0)
			out[(size_t)place * setting->hosts + host] = (uint16_t)number;
	}
	free(h.find);
	return number >= 0 && xdp_kernel_hops(&x->kernel, place, h.hop, h.count) == 0;
}

/* Behind one gateway all are alike: then the map of their numbers is not even mapped. */
bool xdp_hosts_fill(struct xdp *x, unsigned place, struct sheet *sheet)
{
	const struct xdp_setting *setting = x->kernel.memory.setting;
	uint64_t alike, word;

	if (!hosts_word(x, sheet, 0, &alike))
		return false;
	for (uint32_t host = 1; alike && host < sheet->hosts; host++)
		if (!hosts_word(x, sheet, host, &word) || word != alike)
			alike = 0;
	/* Zero pages until there are so many. */
	if (!x->hops[place])
		x->hops[place] = calloc(setting->hops, sizeof(*x->hops[place]));
	if (!x->hops[place])
		return false;
	if (alike)
		x->hops[place][0] = alike;
	else if (!hosts_numbers(x, place, sheet))
		return false;
	x->kernel.memory.window[place].host_word = alike;
	sheet->hop = alike ? NULL : x->kernel.memory.hosts + (size_t)place * setting->hosts;
	sheet->hops = (const struct sheet_host *)x->hops[place]; /* of bytes, so it may be */
	free(sheet->host);
	sheet->host = NULL;
	return true;
}
