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

/* Data bytes of an echo request, and of a packet of another protocol. */
#define TEMPLATE_DATA_BYTES 8
/* The three times of a timestamp request (RFC 792, p. 16), which are the first that is sent. */
#define TEMPLATE_TIMES_BYTES 12
#define TIMES_NO_TIME	     0x8000

/* Whether the checksum covers a pseudo header: ICMP of IPv4 has none. */
static bool template_has_pseudo(const struct template *t)
{
	return t->kind != TEMPLATE_ICMP || !t->v4;
}

/* Sums all fields that are constant. */
static void template_sums(struct template *t, const struct template_conf *conf, uint8_t proto)
{
	const uint8_t *transport = t->bytes + t->transport;
	const struct addr zero = t->v4 ? addr_from_v4(0) : (struct addr){0, 0};

	t->network_sum = t->v4 ? checksum_add(0, t->bytes + t->network, 20) : 0;
	if (template_has_pseudo(t))
		t->transport_sum = checksum_pseudo(conf->source, zero, proto, 0);
	t->transport_sum = checksum_add(t->transport_sum, transport, t->length - t->transport);
}

/* Fields of the transport header. Returns the number of data bytes, which are 0. */
static size_t template_transport(struct template *t, const struct technique *row, struct packet *p)
{
	switch (row->proto) {
	case IPPROTO_TCP:
		t->kind = TEMPLATE_TCP;
		p->has |= PACKET_TCP;
		p->flags = row->flags;
		p->window = TEMPLATE_WINDOW;
		if (p->flags & TCP_SYN) {
			p->has |= PACKET_MSS;
			p->mss = t->v4 ? TEMPLATE_MSS_V4 : TEMPLATE_MSS_V6;
		}
		return 0;
	case IPPROTO_UDP:
		t->kind = TEMPLATE_UDP;
		p->has |= PACKET_UDP;
		return 0;
	default:
		t->kind = row->cookie == COOKIE_DATA ? TEMPLATE_DATA : TEMPLATE_ICMP;
		p->has |= PACKET_ICMP;
		p->icmp_type = row->message[t->v4 ? 0 : 1].ask;
		/* A packet of another protocol has its data where ICMP has its header. */
		if (t->kind == TEMPLATE_DATA)
			return 0;
		t->times = row->reason == REASON_TIMESTAMP_REPLY;
		return t->times ? TEMPLATE_TIMES_BYTES : TEMPLATE_DATA_BYTES;
	}
}

/* Where the checksum is, from the transport header on. */
static size_t template_sum_at(const struct template *t)
{
	return t->kind == TEMPLATE_TCP ? 16 : t->kind == TEMPLATE_UDP ? 6 : 2;
}

void template_init(struct template *t, const struct template_conf *conf)
{
	static const uint8_t zeros[TEMPLATE_TIMES_BYTES];
	const bool v4 = addr_is_v4(conf->source);
	struct packet p = {
		.has = PACKET_IP | (conf->link == PACKET_LINK_ETHERNET ? PACKET_ETHERNET : 0),
		.ethertype = v4 ? 0x0800 : 0x86dd,
		.src = conf->source,
		.dst = v4 ? addr_from_v4(0) : (struct addr){0, 0},
		.ttl = conf->ttl,
	};
	uint8_t *transport, *proto;
	size_t data_bytes;

	memset(t, 0, sizeof(*t));
	memcpy(p.mac_dst, conf->mac_dst, sizeof(p.mac_dst));
	memcpy(p.mac_src, conf->mac_src, sizeof(p.mac_src));
	t->v4 = v4;
	t->ack = (conf->technique->flags & TCP_ACK) != 0;
	t->bad_sum = conf->bad_sum;
	data_bytes = template_transport(t, conf->technique, &p);
	t->length = (uint8_t)packet_build(conf->link, &p, zeros, data_bytes, t->bytes,
					  sizeof(t->bytes));
	assert(t->length > 0);
	t->network = conf->link == PACKET_LINK_ETHERNET ? 14 : 0;
	t->transport = (uint8_t)(t->network + (v4 ? 20 : 40));
	transport = t->bytes + t->transport;
	proto = t->bytes + t->network + (v4 ? 9 : 6);
	if (v4) {
		bytes_put16(t->bytes + t->network + 2, 0);
		bytes_put16(t->bytes + t->network + 10, 0);
	} else {
		bytes_put16(t->bytes + t->network + 4, 0);
	}
	if (t->kind == TEMPLATE_UDP)
		bytes_put16(transport + 4, 0);
	bytes_put16(transport + template_sum_at(t), 0);
	if (t->kind == TEMPLATE_DATA) {
		*proto = 0;
		memset(transport, 0, TEMPLATE_DATA_BYTES);
	}
	template_sums(t, conf, *proto);
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
		const uint16_t proto = t->kind == TEMPLATE_DATA ? (uint8_t)f->dport : 0;

		bytes_put16(header + 10,
			    checksum_finish(t->network_sum + proto + total + f->ip_id + to));
		return to;
	}
	bytes_put16(header + 4, (uint16_t)transport_bytes);
	bytes_put64(header + 24, f->to.hi);
	bytes_put64(header + 32, f->to.lo);
	return template_addr_sum(f->to);
}

/* Completes what has no ports; returns the partial sum of the fields. */
static uint64_t template_icmp(const struct template *t, const struct template_fields *f,
			      uint8_t *transport)
{
	uint8_t *data = transport + 8;

	bytes_put32(transport + 4, f->seq);
	bytes_put16(data + (t->times ? 2 : 0), f->sport);
	/* A time that is no time of day has this bit (RFC 792, p. 17). */
	if (t->times)
		bytes_put16(data, TIMES_NO_TIME);
	return (uint64_t)f->seq + f->sport + (t->times ? TIMES_NO_TIME : 0);
}

static uint64_t template_tcp(const struct template *t, const struct template_fields *f,
			     uint8_t *transport)
{
	uint64_t sum = (uint64_t)f->sport + f->dport + f->seq;

	bytes_put16(transport, f->sport);
	bytes_put16(transport + 2, f->dport);
	bytes_put32(transport + 4, f->seq);
	if (t->ack) {
		bytes_put32(transport + 8, f->seq);
		sum += f->seq;
	}
	return sum;
}

/* Returns the partial sum of fields and payload. */
static uint64_t template_udp(const struct template_fields *f, size_t transport_bytes,
			     uint8_t *transport)
{
	bytes_put16(transport, f->sport);
	bytes_put16(transport + 2, f->dport);
	bytes_put16(transport + 4, (uint16_t)transport_bytes);
	if (f->payload_bytes > 0)
		memcpy(transport + 8, f->payload, f->payload_bytes);
	return checksum_add((uint64_t)f->sport + f->dport + transport_bytes, transport + 8,
			    f->payload_bytes);
}

size_t template_write(const struct template *t, const struct template_fields *f, uint8_t *frame)
{
	const size_t payload_bytes = t->kind == TEMPLATE_UDP ? f->payload_bytes : 0;
	const size_t transport_bytes = t->length - t->transport + payload_bytes;
	uint8_t *transport = frame + t->transport;
	uint64_t sum = t->transport_sum, network_sum;
	uint16_t field;

	memcpy(frame, t->bytes, TEMPLATE_BYTES);
	if (f->mac_dst && t->network)
		memcpy(frame, f->mac_dst, 6);
	if (t->kind == TEMPLATE_DATA)
		frame[t->network + (t->v4 ? 9 : 6)] = (uint8_t)f->dport;
	network_sum = template_network(t, f, transport_bytes, frame + t->network);
	if (template_has_pseudo(t))
		sum += network_sum + transport_bytes;
	switch ((enum template_kind)t->kind) {
	case TEMPLATE_TCP:
		field = checksum_finish(sum + template_tcp(t, f, transport));
		break;
	case TEMPLATE_UDP:
		field = checksum_finish_udp(sum + template_udp(f, transport_bytes, transport));
		break;
	case TEMPLATE_ICMP:
		field = checksum_finish(sum + template_icmp(t, f, transport));
		break;
	default:
		bytes_put32(transport, f->seq);
		bytes_put16(transport + 4, f->sport);
		return t->length;
	}
	/* A fixed wrong value; not 0, which for UDP means "no checksum", nor 0xffff, which equals
	 * 0. */
	if (t->bad_sum)
		field = field == 0x5a5a ? 0xa5a5 : 0x5a5a;
	bytes_put16(transport + template_sum_at(t), field);
	return t->length + payload_bytes;
}
