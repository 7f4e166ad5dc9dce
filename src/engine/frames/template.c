/* template: a prebuilt frame of a technique; only the fields that differ between probes are left
 * to be written. */
#include "engine/frames/template.h"

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/checksum.h"

#define TEMPLATE_WINDOW 1024
#define TEMPLATE_MSS_V4 1460
#define TEMPLATE_MSS_V6 1440

/* Sums all fields that are constant. */
static void template_sums(struct template *t, const struct template_conf *conf)
{
	const uint8_t *transport = t->bytes + t->transport;
	const struct addr zero = t->v4 ? addr_from_v4(0) : (struct addr){0, 0};

	t->network_sum = t->v4 ? checksum_add(0, t->bytes + t->network, 20) : 0;
	t->transport_sum = checksum_pseudo(conf->source, zero, conf->technique->proto, 0);
	t->transport_sum = checksum_add(t->transport_sum, transport, t->length - t->transport);
}

void template_init(struct template *t, const struct template_conf *conf)
{
	const bool v4 = addr_is_v4(conf->source);
	struct packet p = {
		.has = PACKET_IP | (conf->link == PACKET_LINK_ETHERNET ? PACKET_ETHERNET : 0),
		.ethertype = v4 ? 0x0800 : 0x86dd,
		.src = conf->source,
		.dst = v4 ? addr_from_v4(0) : (struct addr){0, 0},
		.proto = conf->technique->proto,
		.ttl = conf->ttl,
	};
	uint8_t *transport;

	memset(t, 0, sizeof(*t));
	memcpy(p.mac_dst, conf->mac_dst, sizeof(p.mac_dst));
	memcpy(p.mac_src, conf->mac_src, sizeof(p.mac_src));
	t->v4 = v4;
	t->tcp = conf->technique->proto == IPPROTO_TCP;
	t->ack = (conf->technique->flags & TCP_ACK) != 0;
	t->bad_sum = conf->bad_sum;
	p.has |= t->tcp ? PACKET_TCP : PACKET_UDP;
	if (t->tcp) {
		p.flags = conf->technique->flags;
		p.window = TEMPLATE_WINDOW;
		if (p.flags & TCP_SYN) {
			p.has |= PACKET_MSS;
			p.mss = v4 ? TEMPLATE_MSS_V4 : TEMPLATE_MSS_V6;
		}
	}
	t->length = (uint8_t)packet_build(conf->link, &p, NULL, 0, t->bytes, sizeof(t->bytes));
	assert(t->length > 0);
	t->network = conf->link == PACKET_LINK_ETHERNET ? 14 : 0;
	t->transport = (uint8_t)(t->network + (v4 ? 20 : 40));
	transport = t->bytes + t->transport;
	if (v4) {
		bytes_put16(t->bytes + t->network + 2, 0);
		bytes_put16(t->bytes + t->network + 10, 0);
	} else {
		bytes_put16(t->bytes + t->network + 4, 0);
	}
	if (!t->tcp)
		bytes_put16(transport + 4, 0);
	bytes_put16(transport + (t->tcp ? 16 : 6), 0);
	template_sums(t, conf);
}

/* Partial sum of an address. */
static inline uint64_t template_addr_sum(struct addr a)
{
	return (a.hi >> 32) + (uint32_t)a.hi + (a.lo >> 32) + (uint32_t)a.lo;
}

/* Completes the IP header; returns the partial sum of the destination address. */
static inline uint64_t template_network(const struct template *t, const struct template_fields *f,
					size_t transport_bytes, uint8_t *header)
{
	if (t->v4) {
		const uint32_t to = addr_v4(f->to);
		const uint16_t total = (uint16_t)(20 + transport_bytes);

		bytes_put16(header + 2, total);
		bytes_put16(header + 4, f->ip_id);
		bytes_put32(header + 16, to);
		bytes_put16(header + 10, checksum_finish(t->network_sum + total + f->ip_id + to));
		return to;
	}
	bytes_put16(header + 4, (uint16_t)transport_bytes);
	bytes_put64(header + 24, f->to.hi);
	bytes_put64(header + 32, f->to.lo);
	return template_addr_sum(f->to);
}

size_t template_write(const struct template *t, const struct template_fields *f, uint8_t *frame)
{
	const size_t payload_bytes = t->tcp ? 0 : f->payload_bytes;
	const size_t transport_bytes = t->length - t->transport + payload_bytes;
	uint8_t *transport = frame + t->transport;
	uint64_t sum = t->transport_sum + transport_bytes + f->sport + f->dport;
	uint16_t field;

	memcpy(frame, t->bytes, TEMPLATE_BYTES);
	if (f->mac_dst && t->network)
		memcpy(frame, f->mac_dst, 6);
	sum += template_network(t, f, transport_bytes, frame + t->network);
	bytes_put16(transport, f->sport);
	bytes_put16(transport + 2, f->dport);
	if (t->tcp) {
		bytes_put32(transport + 4, f->seq);
		sum += f->seq;
		if (t->ack) {
			bytes_put32(transport + 8, f->seq);
			sum += f->seq;
		}
		field = checksum_finish(sum);
	} else {
		bytes_put16(transport + 4, (uint16_t)transport_bytes);
		if (payload_bytes > 0)
			memcpy(transport + 8, f->payload, payload_bytes);
		sum += transport_bytes;
		field = checksum_finish_udp(checksum_add(sum, transport + 8, payload_bytes));
	}
	/* A fixed wrong value; not 0, which for UDP means "no checksum", nor 0xffff, which equals
	 * 0. */
	if (t->bad_sum)
		field = field == 0x5a5a ? 0xa5a5 : 0x5a5a;
	bytes_put16(transport + (t->tcp ? 16 : 6), field);
	return t->length + payload_bytes;
}
