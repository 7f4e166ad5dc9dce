/* filter: classic BPF programs that select the frames a packet socket receives. */
#include "capture/filter.h"

#include <assert.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

/* Jump targets; converted to offsets when the program is complete. */
enum place {
	NEXT, /* the following instruction */
	IPV4,
	IPV4_PORTS,
	IPV4_ICMP,
	IPV6,
	IPV6_PORTS,
	IPV6_ICMP,
	ARP,
	ACCEPT,
	REJECT,
	PLACES,
};

struct draft {
	struct filter *filter;
	uint8_t yes[FILTER_LENGTH], no[FILTER_LENGTH]; /* enum place */
	uint8_t at[PLACES];
};

static void put(struct draft *d, uint16_t code, uint32_t k)
{
	assert(d->filter->length < FILTER_LENGTH);
	d->filter->code[d->filter->length++] = (struct sock_filter){.code = code, .k = k};
}

static void jump(struct draft *d, uint16_t test, uint32_t k, enum place yes, enum place no)
{
	d->yes[d->filter->length] = (uint8_t)yes;
	d->no[d->filter->length] = (uint8_t)no;
	put(d, (uint16_t)(BPF_JMP | test | BPF_K), k);
}

static void here(struct draft *d, enum place place)
{
	d->at[place] = (uint8_t)d->filter->length;
}

static void draft_begin(struct draft *d, struct filter *filter)
{
	memset(d, 0, sizeof(*d));
	memset(filter, 0, sizeof(*filter));
	d->filter = filter;
}

/* Adds the two returns and converts jump targets to offsets; classic BPF only jumps forward. */
static void draft_end(struct draft *d, uint32_t snap_bytes)
{
	here(d, ACCEPT);
	put(d, BPF_RET | BPF_K, snap_bytes);
	here(d, REJECT);
	put(d, BPF_RET | BPF_K, 0);
	for (unsigned i = 0; i < d->filter->length; i++) {
		struct sock_filter *code = &d->filter->code[i];

		if (BPF_CLASS(code->code) != BPF_JMP)
			continue;
		code->jt = d->yes[i] == NEXT ? 0 : (uint8_t)(d->at[d->yes[i]] - i - 1);
		code->jf = d->no[i] == NEXT ? 0 : (uint8_t)(d->at[d->no[i]] - i - 1);
	}
}

/* Loads relative to the transport header: X holds the IPv4 header's length, for IPv6 it is 40. */
static void load_transport(struct draft *d, bool v4, uint16_t size, uint32_t offset)
{
	put(d, (uint16_t)(BPF_LD | size | (v4 ? BPF_IND : BPF_ABS)), offset + (v4 ? 0 : 40));
}

static void port(struct draft *d, const struct filter_conf *conf, bool v4, uint32_t offset,
		 enum place no)
{
	load_transport(d, v4, BPF_H, conf->network_offset + offset);
	put(d, BPF_ALU | BPF_AND | BPF_K, conf->port_mask);
	jump(d, BPF_JEQ, conf->port, ACCEPT, conf->more_mask ? NEXT : no);
	if (!conf->more_mask)
		return;
	load_transport(d, v4, BPF_H, conf->network_offset + offset);
	put(d, BPF_ALU | BPF_AND | BPF_K, conf->more_mask);
	jump(d, BPF_JEQ, conf->more, ACCEPT, no);
}

static void ports(struct draft *d, const struct filter_conf *conf, bool v4)
{
	if (conf->both_ways)
		port(d, conf, v4, 0, NEXT);
	port(d, conf, v4, 2, REJECT);
}

/* Rejects fragments other than the first, and loads the IP header's length into X. */
static void ipv4_header(struct draft *d, uint32_t network_offset)
{
	put(d, BPF_LD | BPF_H | BPF_ABS, network_offset + 6);
	jump(d, BPF_JSET, 0x1fff, REJECT, NEXT);
	put(d, BPF_LDX | BPF_B | BPF_MSH, network_offset);
}

static void without(struct draft *d, const struct filter_conf *conf)
{
	assert(conf->without_count <= FILTER_WITHOUT);
	if (conf->without_count == 0)
		return;
	put(d, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX));
	for (unsigned i = 0; i < conf->without_count; i++)
		jump(d, BPF_JEQ, conf->without[i], REJECT, NEXT);
}

void filter_answers(struct filter *filter, const struct filter_conf *conf)
{
	const uint32_t net = conf->network_offset;
	struct draft d;

	draft_begin(&d, filter);
	without(&d, conf);
	put(&d, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL));
	jump(&d, BPF_JEQ, ETH_P_IP, IPV4, NEXT);
	jump(&d, BPF_JEQ, ETH_P_IPV6, IPV6, REJECT);

	here(&d, IPV4);
	put(&d, BPF_LD | BPF_B | BPF_ABS, net + 9);
	jump(&d, BPF_JEQ, IPPROTO_TCP, IPV4_PORTS, NEXT);
	jump(&d, BPF_JEQ, IPPROTO_UDP, IPV4_PORTS, NEXT);
	jump(&d, BPF_JEQ, IPPROTO_ICMP, IPV4_ICMP, REJECT);
	here(&d, IPV4_PORTS);
	ipv4_header(&d, net);
	ports(&d, conf, true);
	here(&d, IPV4_ICMP);
	ipv4_header(&d, net);
	load_transport(&d, true, BPF_B, net);
	jump(&d, BPF_JEQ, 3, ACCEPT, NEXT);
	jump(&d, BPF_JEQ, 11, ACCEPT, NEXT);
	jump(&d, BPF_JEQ, 12, ACCEPT, REJECT);

	here(&d, IPV6);
	put(&d, BPF_LD | BPF_B | BPF_ABS, net + 6);
	jump(&d, BPF_JEQ, IPPROTO_TCP, IPV6_PORTS, NEXT);
	jump(&d, BPF_JEQ, IPPROTO_UDP, IPV6_PORTS, NEXT);
	jump(&d, BPF_JEQ, IPPROTO_ICMPV6, IPV6_ICMP, NEXT);
	jump(&d, BPF_JEQ, IPPROTO_HOPOPTS, ACCEPT, NEXT);
	jump(&d, BPF_JEQ, IPPROTO_ROUTING, ACCEPT, NEXT);
	jump(&d, BPF_JEQ, IPPROTO_FRAGMENT, ACCEPT, NEXT);
	jump(&d, BPF_JEQ, IPPROTO_DSTOPTS, ACCEPT, REJECT);
	here(&d, IPV6_PORTS);
	ports(&d, conf, false);
	here(&d, IPV6_ICMP);
	load_transport(&d, false, BPF_B, net);
	jump(&d, BPF_JGT, 127, REJECT, ACCEPT);
	draft_end(&d, conf->snap_bytes);
}

static void draft_neighbours(struct filter *filter, bool requests)
{
	struct draft d;

	draft_begin(&d, filter);
	put(&d, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL));
	jump(&d, BPF_JEQ, ETH_P_ARP, ARP, NEXT);
	jump(&d, BPF_JEQ, ETH_P_IPV6, IPV6, REJECT);
	here(&d, ARP);
	put(&d, BPF_LD | BPF_H | BPF_ABS, ETH_HLEN + 6);
	if (requests)
		jump(&d, BPF_JEQ, 1, ACCEPT, NEXT);
	jump(&d, BPF_JEQ, 2, ACCEPT, REJECT);
	here(&d, IPV6);
	put(&d, BPF_LD | BPF_B | BPF_ABS, ETH_HLEN + 6);
	jump(&d, BPF_JEQ, IPPROTO_ICMPV6, NEXT, REJECT);
	put(&d, BPF_LD | BPF_B | BPF_ABS, ETH_HLEN + 40);
	jump(&d, BPF_JEQ, 136, ACCEPT, REJECT);
	draft_end(&d, UINT32_MAX);
}

void filter_neighbours(struct filter *filter)
{
	draft_neighbours(filter, false);
}

void filter_announcements(struct filter *filter)
{
	draft_neighbours(filter, true);
}
