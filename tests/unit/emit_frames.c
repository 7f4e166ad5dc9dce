/* Writes frames of every kind to a pcap file, and on stdout what a reader must see in each. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet/packet.h"
#include "packets.h"

enum {
	FRAMES_OF_A_KIND = 24,
	SNAPLEN = 65535,
	LINKTYPE_ETHERNET = 1,
};

/* libpcap's file format in the writer's byte order, which its magic number tells. */
static void write_words(FILE *file, const uint32_t *words, size_t count)
{
	(void)fwrite(words, sizeof(words[0]), count, file); /* ferror is asked at the end */
}

static void write_file_header(FILE *file)
{
	const uint16_t version[2] = {2, 4};
	const uint32_t magic = 0xa1b2c3d4;
	const uint32_t rest[] = {0, 0, SNAPLEN, LINKTYPE_ETHERNET};

	write_words(file, &magic, 1);
	(void)fwrite(version, sizeof(version[0]), 2, file);
	write_words(file, rest, 4);
}

static void write_frame(FILE *file, uint32_t number, const uint8_t *frame, size_t length)
{
	const uint32_t header[] = {number, 0, (uint32_t)length, (uint32_t)length};

	write_words(file, header, 4);
	(void)fwrite(frame, 1, length, file);
}

static void print_mac(const uint8_t mac[static 6])
{
	printf("\t%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static void print_addr(bool present, struct addr a)
{
	char text[ADDR_TEXT];

	printf("\t%s", present ? addr_format(a, text) : "");
}

/* Numbers as tshark prints them; an absent one is an empty column. */
static void print_number(bool present, uint32_t number)
{
	printf("\t");
	if (present)
		printf("%" PRIu32, number);
}

static void print_hex(bool present, int digits, uint32_t number)
{
	printf("\t");
	if (present)
		printf("0x%0*" PRIx32, digits, number);
}

static void print_ip(const struct packet *p)
{
	bool ip = p->has & PACKET_IP;
	bool v4 = ip && addr_is_v4(p->src), v6 = ip && !v4;

	print_addr(v4, p->src);
	print_addr(v4, p->dst);
	print_number(v4, p->ttl);
	print_hex(v4, 4, p->ip_id);
	print_number(v4, p->ip_bytes);
	print_number(v4, 1); /* ip.checksum.status: good */
	print_addr(v6, p->src);
	print_addr(v6, p->dst);
	print_number(v6, p->ttl);
	print_hex(v6, 8, p->tos);
	print_hex(v6, 6, p->flow_label);
	print_number(v6, p->ip_bytes - 40);
}

/*
 * Of an ICMP error, tshark shows the ports and the sequence number of the packet inside, and over
 * IPv6, where it is quoted whole, the rest of its header (zeros). Checksum status: 1 is good, 2 is
 * not verified, since only a part is quoted.
 */
static void print_transport(const struct packet *p)
{
	bool tcp = p->has & PACKET_TCP, udp = p->has & PACKET_UDP;
	bool quote_tcp = p->has & PACKET_QUOTE && p->quote.proto == IPPROTO_TCP;
	bool quote_udp = p->has & PACKET_QUOTE && p->quote.proto == IPPROTO_UDP;
	bool v6 = !addr_is_v4(p->src);
	bool whole = tcp || (quote_tcp && v6);

	print_number(tcp || quote_tcp, tcp ? p->sport : p->quote.sport);
	print_number(tcp || quote_tcp, tcp ? p->dport : p->quote.dport);
	print_number(tcp || quote_tcp, tcp ? p->seq : p->quote.seq);
	print_number(whole, p->ack);
	print_hex(whole, 4, p->flags);
	print_number(whole, p->window);
	print_number(whole, p->urgent);
	print_number(p->has & PACKET_MSS, p->mss);
	print_number(tcp, p->payload_bytes);
	print_number(whole, 1);
	print_number(udp || quote_udp, udp ? p->sport : p->quote.sport);
	print_number(udp || quote_udp, udp ? p->dport : p->quote.dport);
	print_number(udp || quote_udp, udp ? 8 + p->payload_bytes : 20);
	print_number(udp || quote_udp, udp || v6 ? 1 : 2);
}

static void print_icmp(const struct packet *p)
{
	bool icmp4 = p->has & PACKET_ICMP && addr_is_v4(p->src);
	bool icmp6 = p->has & PACKET_ICMP && !icmp4;
	bool neighbour = p->has & PACKET_NEIGHBOUR;

	print_number(icmp4, p->icmp_type);
	print_number(icmp4, p->icmp_code);
	print_number(icmp4, 1);
	print_number(icmp6, p->icmp_type);
	print_number(icmp6, p->icmp_code);
	print_number(icmp6, 1);
	print_addr(neighbour && p->icmp_type == 135, p->neighbour_target);
	print_addr(neighbour && p->icmp_type == 136, p->neighbour_target);
	if (p->has & PACKET_LINK_ADDRESS)
		print_mac(p->neighbour_mac);
	else
		printf("\t");
}

static void print_arp(const struct packet *p)
{
	bool arp = p->has & PACKET_ARP;

	print_number(arp, p->arp_operation);
	print_addr(arp, p->arp_sender);
	print_addr(arp, p->arp_target);
	if (arp) {
		print_mac(p->arp_sender_mac);
		print_mac(p->arp_target_mac);
	} else {
		printf("\t\t");
	}
}

/* The columns are those that tests/tshark_packets.sh asks tshark for. */
static void print_expected(uint32_t number, const struct packet *p)
{
	printf("%" PRIu32, number);
	print_mac(p->mac_dst);
	print_mac(p->mac_src);
	print_number(p->has & PACKET_VLAN, p->vlan & 0xfff);
	print_ip(p);
	print_transport(p);
	print_icmp(p);
	print_arp(p);
	printf("\t\n"); /* _ws.malformed: nothing */
}

/* usage: emit_frames FILE.pcap [spoil]; `spoil` breaks the last byte of each frame. */
int main(int argc, char **argv)
{
	uint64_t seed = 2024;
	uint32_t number = 0;
	FILE *file;
	bool good;

	if (argc < 2)
		return 64;
	file = fopen(argv[1], "wb");
	if (!file) {
		fprintf(stderr, "emit_frames: %s: %s\n", argv[1], strerror(errno));
		return 73;
	}
	write_file_header(file);
	for (int i = 0; i < SAMPLE_KINDS * FRAMES_OF_A_KIND; i++) {
		struct sample s;
		uint8_t frame[512];
		size_t length;

		sample_make(&seed, (enum sample_kind)(i % SAMPLE_KINDS), PACKET_LINK_ETHERNET,
			    i / SAMPLE_KINDS & 1, &s);
		length = packet_build(s.link, &s.packet, s.payload, s.payload_bytes, frame,
				      sizeof(frame));
		if (length == 0)
			return 70;
		if (argc > 2)
			frame[length - 1] ^= 0x10;
		write_frame(file, ++number, frame, length);
		print_expected(number, &s.packet);
	}
	good = !ferror(file);
	good = fclose(file) == 0 && good;
	good = fflush(stdout) == 0 && good;
	return good ? 0 : 74;
}
