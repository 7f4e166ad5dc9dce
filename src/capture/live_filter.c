/* live_filter: the classic BPF program of the ring of all interfaces. */
#include "capture/live_filter.h"

#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

struct program {
	struct sock_filter *code;
	size_t length, room;
};

static void put(struct program *p, unsigned code, unsigned yes, unsigned no, uint32_t k)
{
	if (p->length < p->room)
		p->code[p->length] =
			(struct sock_filter){(uint16_t)code, (uint8_t)yes, (uint8_t)no, k};
	p->length++;
}

static void put_load(struct program *p, int what)
{
	put(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)(SKF_AD_OFF + what));
}

/* A test: skips `yes` instructions if the accumulator is k, else `no`. */
static void put_test(struct program *p, uint32_t k, unsigned yes, unsigned no)
{
	put(p, BPF_JMP | BPF_JEQ | BPF_K, yes, no, k);
}

/* Rejects the frame if the accumulator is k. */
static void put_refusal(struct program *p, uint32_t k)
{
	put_test(p, k, 0, 1);
	put(p, BPF_RET | BPF_K, 0, 0, 0);
}

/* A jump to the instruction that follows when land() is called. Unlike that of a test, its distance
 * is not limited to 255 instructions. */
static size_t put_leap(struct program *p)
{
	put(p, BPF_JMP | BPF_JA, 0, 0, 0);
	return p->length - 1;
}

static void land(struct program *p, size_t leap)
{
	if (leap < p->room)
		p->code[leap].k = (uint32_t)(p->length - leap - 1);
}

static void put_interfaces(struct program *p, const struct live_filter_conf *conf)
{
	size_t first = p->length;

	if (conf->wanted_count + conf->unwanted_count == 0)
		return;
	put_load(p, SKF_AD_IFINDEX);
	first = p->length;
	for (size_t i = 0; i < conf->wanted_count; i++) {
		put_test(p, conf->wanted[i], 0, 1);
		(void)put_leap(p);
	}
	for (size_t i = 0; i < conf->unwanted_count; i++)
		put_refusal(p, conf->unwanted[i]);
	for (size_t i = 0; i < conf->wanted_count; i++)
		land(p, first + 2 * i + 1);
}

/*
 * Adds the user's program. `bare`: libpcap's offsets count from the network header. Some drivers
 * put a header of their own before it, so offsets are taken relative to where the kernel says it
 * is.
 */
static void put_expression(struct program *p, const struct sock_fprog *expression, bool bare,
			   uint32_t most_bytes)
{
	if (!expression) {
		put(p, BPF_RET | BPF_K, 0, 0, most_bytes);
		return;
	}
	if (expression->len == 0)
		put(p, BPF_RET | BPF_K, 0, 0, 0);
	for (unsigned i = 0; i < expression->len; i++) {
		struct sock_filter code = expression->filter[i];
		bool loads = BPF_CLASS(code.code) == BPF_LD || BPF_CLASS(code.code) == BPF_LDX;
		unsigned mode = BPF_MODE(code.code);

		if (bare && loads && (mode == BPF_ABS || mode == BPF_IND || mode == BPF_MSH))
			code.k += (uint32_t)SKF_NET_OFF;
		if (code.code == (BPF_RET | BPF_K) && code.k > most_bytes)
			code.k = most_bytes;
		put(p, code.code, code.jt, code.jf, code.k);
	}
}

size_t live_filter_build(const struct live_filter_conf *conf, struct sock_filter *code, size_t room)
{
	struct program p = {code, 0, room};
	size_t loopback, ethernet;

	put_interfaces(&p, conf);
	if (!conf->other_hosts) {
		put_load(&p, SKF_AD_PKTTYPE);
		put_refusal(&p, PACKET_OTHERHOST);
	}
	put_load(&p, SKF_AD_HATYPE);
	put_test(&p, ARPHRD_LOOPBACK, 0, 4);
	put_load(&p, SKF_AD_PKTTYPE);
	put_refusal(&p, PACKET_OUTGOING);
	loopback = put_leap(&p);
	put_test(&p, ARPHRD_ETHER, 0, 1);
	ethernet = put_leap(&p);
	put_load(&p, SKF_AD_PROTOCOL);
	put_test(&p, ETH_P_IP, 2, 0);
	put_test(&p, ETH_P_IPV6, 1, 0);
	put(&p, BPF_RET | BPF_K, 0, 0, 0);
	put_expression(&p, conf->bare, true, conf->most_bytes);
	land(&p, loopback);
	land(&p, ethernet);
	put_expression(&p, conf->ethernet, false, conf->most_bytes);
	return p.length > room || p.length > BPF_MAXINSNS ? 0 : p.length;
}
