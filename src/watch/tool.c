/* tool: invariants of scanners' packets, from their published sources and from captures. */
#include "watch/tool.h"

#include "technique/technique.h"
#include "watch/params.h"

/* masscan: identification = destination ^ port ^ sequence number (its template code). */
static bool looks_masscan(const struct packet *p)
{
	uint32_t mixed = addr_v4(p->dst) ^ p->dport ^ p->seq;

	return addr_is_v4(p->dst) && p->ip_id == (uint16_t)mixed && p->flags == TCP_SYN;
}

/* zmap: identification 54321, up to version 3 (4 draws it at random). */
static bool looks_zmap(const struct packet *p)
{
	return addr_is_v4(p->dst) && p->ip_id == 54321 && p->window == 65535;
}

/* Mirai: the sequence number is the destination address. */
static bool looks_mirai(const struct packet *p)
{
	return addr_is_v4(p->dst) && p->seq == addr_v4(p->dst) && p->flags == TCP_SYN;
}

/* 1024, once 1 to 4 x 1024. */
static bool is_nmap_window(uint16_t window)
{
	return window && window % 1024 == 0 && window <= 4096;
}

/* nmap's raw probes: its window, no option but MSS 1460, a random TTL. */
static bool looks_nmap(const struct packet *p)
{
	bool options = p->flags & TCP_SYN ? p->has & PACKET_MSS && p->mss == 1460 : true;

	return is_nmap_window(p->window) && options && p->ttl <= 59;
}

#define HPING_WINDOW 512

/* hping3: its window, no options. */
static bool looks_hping(const struct packet *p)
{
	return p->window == HPING_WINDOW && !(p->has & PACKET_MSS);
}

/* portlight: window 1024, MSS 1460 or 1440, source port in a block of 4,096 that encodes the
 * attempt.
 */
static bool looks_portlight(const struct packet *p)
{
	bool options = p->flags & TCP_SYN
			       ? p->has & PACKET_MSS && (p->mss == 1460 || p->mss == 1440)
			       : true;

	return p->window == 1024 && options && (p->sport & 0xf000) == 0xf000 && p->ttl > 59;
}

/* An operating system's stack: a large window and an MSS, on a SYN. */
static bool looks_connect(const struct packet *p)
{
	return p->flags == TCP_SYN && p->has & PACKET_MSS && p->window > 4096 && p->mss > 500;
}

bool tool_is_raw(uint8_t flags, uint16_t window, uint16_t mss)
{
	if ((flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && mss == 0)
		return true;
	return is_nmap_window(window) || (window == HPING_WINDOW && mss == 0 && flags & TCP_SYN);
}

static uint16_t bit_if(bool looks, enum event_tool tool)
{
	return (uint16_t)((unsigned)looks << tool);
}

uint16_t tool_relations(const struct packet *p)
{
	if (!(p->has & PACKET_TCP))
		return 0;
	return bit_if(looks_masscan(p), TOOL_MASSCAN) | bit_if(looks_zmap(p), TOOL_ZMAP) |
	       bit_if(looks_mirai(p), TOOL_MIRAI) | bit_if(looks_nmap(p), TOOL_NMAP) |
	       bit_if(looks_hping(p), TOOL_HPING) | bit_if(looks_portlight(p), TOOL_PORTLIGHT) |
	       bit_if(looks_connect(p), TOOL_CONNECT);
}

uint16_t tool_repeated(uint16_t relations, uint16_t window)
{
	if (!is_nmap_window(window))
		return relations;
	/* portlight never repeats a sequence number. */
	return (relations | 1u << TOOL_NMAP) & (uint16_t) ~(1u << TOOL_PORTLIGHT);
}

enum event_tool tool_choose(const uint64_t hits[EVENT_TOOLS], uint64_t contacts, double *confidence)
{
	/* Strict relations first: of equal shares the one least likely by chance. */
	static const uint8_t order[] = {TOOL_MASSCAN, TOOL_MIRAI, TOOL_ZMAP,	  TOOL_UNICORNSCAN,
					TOOL_NMAP,    TOOL_HPING, TOOL_PORTLIGHT, TOOL_CONNECT};
	enum event_tool best = TOOL_UNKNOWN;
	double best_share = TOOL_SHARE;

	for (size_t i = 0; i < sizeof(order); i++) {
		double share = contacts ? (double)hits[order[i]] / (double)contacts : 0;

		if (share > best_share) {
			best = (enum event_tool)order[i];
			best_share = share;
		}
	}
	*confidence = best == TOOL_UNKNOWN ? 0 : best_share > 1 ? 1 : best_share;
	return best;
}
