/* Fuzz target: packet_parse reads only what it is given, and agrees with packet_build. */
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "packet/packet.h"

static void check_sane(const struct packet *p, size_t length)
{
	uint32_t transport = p->has & (PACKET_TCP | PACKET_UDP | PACKET_ICMP);

	input_check((transport & (transport - 1)) == 0);
	input_check((uint64_t)p->payload_offset + p->payload_bytes <= length);
	input_check(!transport || (p->has & PACKET_IP));
	input_check(!(p->has & PACKET_IP) || addr_is_v4(p->src) == addr_is_v4(p->dst));
	input_check(!(p->has & (PACKET_QUOTE | PACKET_NEIGHBOUR)) || (p->has & PACKET_ICMP));
	input_check(!(p->has & PACKET_LINK_ADDRESS) || (p->has & PACKET_NEIGHBOUR));
	input_check(!(p->has & PACKET_MSS) || (p->has & PACKET_TCP));
	input_check(!(p->has & PACKET_FRAGMENT) || (!transport && p->fragment_offset));
	input_check(!(p->has & PACKET_ARP) || !(p->has & PACKET_IP));
}

/* What build does not write again: other tags, options and extension headers than its own. */
static void drop_lengths(struct packet *p)
{
	p->ip_bytes = 0;
	p->payload_offset = 0;
	if (p->has & PACKET_NEIGHBOUR)
		p->payload_bytes = 0;
}

static bool same(const struct packet *a, const struct packet *b)
{
	return a->has == b->has && a->ethertype == b->ethertype && a->vlan == b->vlan &&
	       memcmp(a->mac_dst, b->mac_dst, 6) == 0 && memcmp(a->mac_src, b->mac_src, 6) == 0 &&
	       a->arp_operation == b->arp_operation && addr_equal(a->arp_sender, b->arp_sender) &&
	       addr_equal(a->arp_target, b->arp_target) &&
	       memcmp(a->arp_sender_mac, b->arp_sender_mac, 6) == 0 &&
	       memcmp(a->arp_target_mac, b->arp_target_mac, 6) == 0 && addr_equal(a->src, b->src) &&
	       addr_equal(a->dst, b->dst) && a->proto == b->proto && a->ttl == b->ttl &&
	       a->tos == b->tos && a->ip_id == b->ip_id &&
	       a->fragment_offset == b->fragment_offset && a->ip_bytes == b->ip_bytes &&
	       a->flow_label == b->flow_label && a->sport == b->sport && a->dport == b->dport &&
	       a->seq == b->seq && a->ack == b->ack && a->flags == b->flags &&
	       a->window == b->window && a->urgent == b->urgent && a->mss == b->mss &&
	       a->icmp_type == b->icmp_type && a->icmp_code == b->icmp_code &&
	       a->icmp_rest == b->icmp_rest && addr_equal(a->quote.src, b->quote.src) &&
	       addr_equal(a->quote.dst, b->quote.dst) && a->quote.sport == b->quote.sport &&
	       a->quote.dport == b->quote.dport && a->quote.seq == b->quote.seq &&
	       a->quote.ip_id == b->quote.ip_id && a->quote.proto == b->quote.proto &&
	       a->quote.ttl == b->quote.ttl &&
	       addr_equal(a->neighbour_target, b->neighbour_target) &&
	       memcmp(a->neighbour_mac, b->neighbour_mac, 6) == 0 &&
	       a->payload_offset == b->payload_offset && a->payload_bytes == b->payload_bytes;
}

static bool buildable(const struct packet *p)
{
	const uint32_t spoilt = PACKET_TRUNCATED | PACKET_MALFORMED | PACKET_TCP_OPTIONS_BAD |
				PACKET_FRAGMENT | PACKET_MORE_FRAGMENTS;

	return !(p->has & spoilt) &&
	       (p->has & (PACKET_ARP | PACKET_TCP | PACKET_UDP | PACKET_ICMP));
}

static void check_rebuild(enum packet_link link, const struct packet *p, const uint8_t *frame)
{
	static uint8_t rebuilt[70000];
	struct packet before = *p, after;
	const uint8_t *payload = frame + p->payload_offset;
	size_t payload_bytes = p->has & PACKET_NEIGHBOUR ? 0 : p->payload_bytes;
	size_t length;

	/* There is no building the others: as if it had come raw. */
	if (link != PACKET_LINK_ETHERNET && link != PACKET_LINK_RAW_IP) {
		if (p->has & PACKET_ARP)
			return;
		link = PACKET_LINK_RAW_IP;
		before.has &= ~(uint32_t)PACKET_VLAN;
		before.ethertype = before.vlan = 0;
	}
	length = packet_build(link, &before, payload, payload_bytes, rebuilt, sizeof(rebuilt));
	input_check(length > 0);
	packet_parse_checked(link, rebuilt, length, &after);
	drop_lengths(&before);
	drop_lengths(&after);
	input_check(same(&before, &after));
}

/* First byte: the link. The rest lies in its own allocation, so that its end is guarded. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum packet_link link;
	struct packet p, checked;
	uint8_t *frame;

	if (size < 1 || size > 66000)
		return 0;
	link = (enum packet_link)(data[0] % (PACKET_LINK_PPP + 1));
	size--;
	frame = malloc(size ? size : 1);
	if (!frame)
		return 0;
	memcpy(frame, data + 1, size);
	packet_parse(link, size ? frame : frame + 1, size, &p);
	packet_parse_checked(link, size ? frame : frame + 1, size, &checked);
	check_sane(&p, size);
	checked.has &= ~(uint32_t)PACKET_SUM_BAD;
	input_check(same(&p, &checked));
	if (buildable(&p))
		check_rebuild(link, &p, frame);
	free(frame);
	return 0;
}
