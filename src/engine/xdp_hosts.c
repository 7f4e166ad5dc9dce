/* xdp_hosts: where the hosts of a window are sent to, in the form that the kernel's programs read.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/xdp.h"

_Static_assert(sizeof(struct sheet_host) == sizeof(uint64_t), "a word of the map");
/* Entries that hosts share, found by hash: neighbours choose their MAC addresses themselves, so a
 * keyed one. */
struct hops {
	struct sheet_host *hop;
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

/* Where a host is sent to; false if it cannot be sent to by the programs. */
static bool hosts_hop(struct xdp *x, const struct sheet *sheet, uint32_t host,
		      struct sheet_host *hop)
{
	const struct frames_way *way = frames_way_of(x->frames, sheet, host);
	int number;

	*hop = sheet->host[host];
	/* Nothing is sent to those who are absent, by nobody. */
	if (!way || sheet_host_absent(sheet, host))
		return true;
	if (way->kind != WAY_NEIGHBOUR && way->kind != WAY_GATEWAY)
		return false;
	number = hosts_way(x, way);
	if (number < 0)
		return false;
	if (way->kind == WAY_GATEWAY)
		memcpy(hop->mac, way->mac, sizeof(hop->mac));
	hop->engine = (uint8_t)((unsigned)number | XDP_HOST_SEND >> 56);
	return true;
}

static uint64_t hosts_word(const struct sheet_host *hop)
{
	uint64_t word;

	memcpy(&word, hop, sizeof(word));
	return word;
}

/* -1: they are too many. */
static int hosts_number(struct hops *h, const struct sheet_host *hop)
{
	const uint32_t hash = (uint32_t)permute_mix(hosts_word(hop) ^ h->key);
	uint32_t place = (uint32_t)((uint64_t)hash * h->size >> 32);

	for (; h->find[place]; place = place + 1 < h->size ? place + 1 : 0)
		if (hosts_word(&h->hop[h->find[place] - 1]) == hosts_word(hop))
			return h->find[place] - 1;
	if (h->count == h->most)
		return -1;
	h->hop[h->count] = *hop;
	h->find[place] = (uint16_t)++h->count;
	return (int)h->count - 1;
}

/* Fills in h and the hosts' numbers. */
static bool hosts_numbers(struct xdp *x, const struct sheet *sheet, struct hops *h, uint16_t *out)
{
	struct sheet_host hop;

	for (uint32_t host = 0; host < sheet->hosts; host++) {
		int number;

		(void)hosts_hop(x, sheet, host, &hop); /* it was looked at before */
		number = hosts_number(h, &hop);
		if (number < 0)
			return false;
		out[host] = (uint16_t)number;
	}
	return true;
}

/* The sheet has as many entries from now on. */
static void hosts_shared(struct sheet *sheet, struct sheet_host *table, uint32_t count)
{
	struct sheet_host *shrunk;

	if (table != sheet->host)
		free(sheet->host);
	shrunk = reallocarray(table, count, sizeof(*table));
	sheet->host = shrunk ? shrunk : table;
}

/* Each entry that hosts share comes to stand where one of them, or one before, had its own: so they
 * need no other memory, unless there may be more than have numbers. */
static bool hosts_by_number(struct xdp *x, unsigned place, struct sheet *sheet)
{
	const struct xdp_setting *setting = x->kernel.memory.setting;
	const bool too_many = sheet->hosts > setting->hops;
	uint16_t *out = xdp_kernel_hosts(&x->kernel);
	struct hops h = {.most = setting->hops,
			 .size = setting->hops + setting->hops / 4 + 1,
			 .key = x->conf.key.k[0]};
	bool done = false;

	h.find = calloc(h.size, sizeof(*h.find));
	h.hop = too_many ? calloc(h.most, sizeof(*h.hop)) : sheet->host;
	if (out && h.find && h.hop) {
		out += (size_t)place * setting->hosts;
		done = hosts_numbers(x, sheet, &h, out);
	}
	free(h.find);
	if (!done) {
		if (too_many)
			free(h.hop);
		return false;
	}
	hosts_shared(sheet, h.hop, h.count);
	sheet->hop = out;
	return xdp_kernel_hops(&x->kernel, place, sheet->host, h.count) == 0;
}

bool xdp_hosts_fill(struct xdp *x, unsigned place, struct sheet *sheet)
{
	struct sheet_host first = {0}, hop;
	bool alike = true;

	for (uint32_t host = 0; host < sheet->hosts; host++) {
		if (!hosts_hop(x, sheet, host, &hop))
			return false;
		if (host == 0)
			first = hop;
		alike &= hosts_word(&hop) == hosts_word(&first);
	}
	x->kernel.memory.window[place].host_word = alike ? hosts_word(&first) : 0;
	/* Behind one gateway, for example: the map of their numbers is not even mapped. */
	if (!alike)
		return hosts_by_number(x, place, sheet);
	sheet->host[0] = first;
	sheet->alike = true;
	hosts_shared(sheet, sheet->host, 1);
	return true;
}
