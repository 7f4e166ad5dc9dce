/* link_header: what a frame starts with, up to the network header. */
#include "packet/link_header.h"

#include <stdbool.h>

#include "base/bytes.h"

/* IEEE 802 numbers. */
enum {
	ETHERTYPE_IS_IPV4 = 0x0800,
	ETHERTYPE_IS_ARP = 0x0806,
	ETHERTYPE_IS_VLAN = 0x8100,
	ETHERTYPE_IS_IPV6 = 0x86dd,
	ETHERTYPE_IS_PPPOE = 0x8864,	    /* session; discovery (0x8863) carries no packets */
	ETHERTYPE_IS_SERVICE_VLAN = 0x88a8, /* 802.1ad, and what came before it: */
	ETHERTYPE_IS_OLD_QINQ = 0x9100,
	PPP_IS_IPV4 = 0x0021, /* RFC 1332 */
	PPP_IS_IPV6 = 0x0057, /* RFC 5072 */
};

enum {
	ETHERNET_BYTES = 14,
	VLAN_BYTES = 4,
	COOKED_BYTES = 16,
	COOKED2_BYTES = 20,
	FAMILY_BYTES = 4,
	PPPOE_BYTES = 6,
	CISCO_HDLC_BYTES = 4,
};

/* How deep we follow; a frame that goes deeper wants to hide something or wear us out. */
#define VLAN_TAGS_MAX 8

struct walk_state {
	const uint8_t *frame;
	size_t end;
	struct link_header *out;
};

static bool need(const struct walk_state *w, size_t count)
{
	if (bytes_hold(w->end, w->out->at, count))
		return true;
	w->out->has |= PACKET_TRUNCATED;
	return false;
}

static uint8_t get8(const struct walk_state *w, size_t offset)
{
	return bytes_get8(w->frame, w->end, w->out->at + offset);
}

static uint16_t get16(const struct walk_state *w, size_t offset)
{
	return bytes_get16(w->frame, w->end, w->out->at + offset);
}

/*
 * RFC 1661, 2 and 6.5: the protocol field is one byte long if that byte is odd. Address and
 * control (RFC 1662, 3.1) may have been left out.
 */
static void read_ppp(struct walk_state *w)
{
	struct link_header *out = w->out;
	uint16_t protocol;

	if (get8(w, 0) == 0xff && get8(w, 1) == 0x03)
		out->at += 2;
	if (!need(w, 1))
		return;
	protocol = get8(w, 0);
	if (!(protocol & 1)) {
		if (!need(w, 2))
			return;
		protocol = get16(w, 0);
		out->at++;
	}
	out->at++;
	if (protocol == PPP_IS_IPV4) {
		out->next = LINK_HEADER_IPV4;
		out->ethertype = ETHERTYPE_IS_IPV4;
	} else if (protocol == PPP_IS_IPV6) {
		out->next = LINK_HEADER_IPV6;
		out->ethertype = ETHERTYPE_IS_IPV6;
	}
}

static bool ethertype_is_tag(uint16_t ethertype)
{
	return ethertype == ETHERTYPE_IS_VLAN || ethertype == ETHERTYPE_IS_SERVICE_VLAN ||
	       ethertype == ETHERTYPE_IS_OLD_QINQ;
}

/* Everything behind a link header that has an Ethernet type. */
static void read_ethertype(struct walk_state *w, uint16_t ethertype)
{
	struct link_header *out = w->out;

	out->ethertype = ethertype;
	for (int tags = 0; ethertype_is_tag(out->ethertype); tags++) {
		if (tags == VLAN_TAGS_MAX) {
			out->has |= PACKET_MALFORMED;
			return;
		}
		if (!need(w, VLAN_BYTES))
			return;
		out->has |= PACKET_VLAN;
		out->vlan = get16(w, 0);
		out->ethertype = get16(w, 2);
		out->at += VLAN_BYTES;
	}
	switch (out->ethertype) {
	case ETHERTYPE_IS_IPV4:
		out->next = LINK_HEADER_IPV4;
		break;
	case ETHERTYPE_IS_IPV6:
		out->next = LINK_HEADER_IPV6;
		break;
	case ETHERTYPE_IS_ARP:
		out->next = LINK_HEADER_ARP;
		break;
	case ETHERTYPE_IS_PPPOE:
		/* Version and type 1, code 0 (RFC 2516, 4): a session's packet. */
		if (!need(w, PPPOE_BYTES) || get16(w, 0) != 0x1100)
			break;
		out->at += PPPOE_BYTES;
		read_ppp(w);
		break;
	}
}

/* A header of `bytes` bytes with an Ethernet type at `offset`. */
static void read_typed(struct walk_state *w, size_t bytes, size_t offset)
{
	uint16_t ethertype;

	if (!need(w, bytes))
		return;
	ethertype = get16(w, offset);
	w->out->at += bytes;
	read_ethertype(w, ethertype);
}

static void read_raw(struct walk_state *w)
{
	if (!need(w, 1))
		return;
	if (get8(w, 0) >> 4 == 4)
		w->out->next = LINK_HEADER_IPV4;
	else if (get8(w, 0) >> 4 == 6)
		w->out->next = LINK_HEADER_IPV6;
	else
		w->out->has |= PACKET_MALFORMED;
}

/*
 * BSD loopback: the address family, in the byte order of the machine that captured (DLT_NULL) or
 * of the network (DLT_LOOP). IPv6 has another number in each BSD.
 */
static void read_family(struct walk_state *w)
{
	uint32_t family;

	if (!need(w, FAMILY_BYTES))
		return;
	family = bytes_get32(w->frame, w->end, w->out->at);
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	w->out->at += FAMILY_BYTES;
	if (family == 2)
		w->out->next = LINK_HEADER_IPV4;
	else if (family == 10 || family == 24 || family == 28 || family == 30)
		w->out->next = LINK_HEADER_IPV6;
}

void link_header_read(enum packet_link link, const uint8_t *frame, size_t end,
		      struct link_header *out)
{
	struct walk_state w = {frame, end, out};

	*out = (struct link_header){0};
	switch (link) {
	case PACKET_LINK_ETHERNET:
		if (end >= ETHERNET_BYTES)
			out->has |= PACKET_ETHERNET;
		read_typed(&w, ETHERNET_BYTES, 12);
		break;
	case PACKET_LINK_RAW_IP:
		read_raw(&w);
		break;
	case PACKET_LINK_COOKED:
		read_typed(&w, COOKED_BYTES, 14);
		break;
	case PACKET_LINK_COOKED2:
		read_typed(&w, COOKED2_BYTES, 0);
		break;
	case PACKET_LINK_FAMILY:
		read_family(&w);
		break;
	case PACKET_LINK_PPP:
		/* Cisco's framing has an Ethernet type where PPP's has the protocol. */
		if (get8(&w, 0) == 0x0f || get8(&w, 0) == 0x8f)
			read_typed(&w, CISCO_HDLC_BYTES, 2);
		else
			read_ppp(&w);
		break;
	}
}
