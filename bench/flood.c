/*
 * flood: SYNs with forged sources, onto a link of a private network or into a capture file.
 *
 * usage: flood send INTERFACE DESTINATION-MAC DESTINATION SOURCES SECONDS [COUNT]
 *        flood write FILE DESTINATION SOURCES COUNT PER-PROBE
 *
 * Sources are drawn at random from the first SOURCES (a power of two, at most 2^24) addresses of
 * 10.0.0.0/8, ports at random; half of the destination ports below 1024. `send` goes as fast as it
 * can, and never on a link with a default route: only where nothing leads out; it ends after
 * SECONDS or, if given, COUNT packets. `write` puts COUNT probes of an honest scan, 198.19.0.1
 * asking for ports 1, 2, ... every 10 ms, with PER-PROBE forged SYNs (0.5: one for each second
 * probe) before each. Prints what it sent: "N packets, SECONDS s, N/s".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "leads_out.h"

#define FRAME	     54 /* Ethernet, IPv4, TCP */
#define BATCH	     64
#define SCANNER	     0xc6130001u /* 198.19.0.1 */
#define FORGED	     0x0a000000u
#define SECONDS_MOST 30
#define PROBE_NS     10000000u

static uint64_t state = 88172645463325252u;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * UINT64_C(2685821657736338717) >> 8;
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

static unsigned sum16(const uint8_t *at, size_t length, unsigned sum)
{
	for (size_t i = 0; i + 1 < length; i += 2)
		sum += (unsigned)(at[i] << 8 | at[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void make_syn(uint8_t *frame, uint32_t source, uint32_t target, uint16_t port)
{
	uint8_t *ip = frame + 14, *tcp = ip + 20, pseudo[12] = {0};
	uint64_t random = draw();

	put16(frame + 12, ETHERTYPE_IP);
	memset(ip, 0, 40);
	ip[0] = 0x45;
	put16(ip + 2, 40);
	put16(ip + 4, random & 0xffff);
	ip[8] = 64;
	ip[9] = IPPROTO_TCP;
	put32(ip + 12, source);
	put32(ip + 16, target);
	put16(ip + 10, ~sum16(ip, 20, 0) & 0xffff);
	put16(tcp, 1024 + (unsigned)(random >> 16) % 64512);
	put16(tcp + 2, port);
	put32(tcp + 4, (uint32_t)(random >> 24));
	tcp[12] = 0x50;
	tcp[13] = 0x02;
	put16(tcp + 14, 1024);
	memcpy(pseudo, ip + 12, 8);
	pseudo[9] = IPPROTO_TCP;
	pseudo[11] = 20;
	put16(tcp + 16, ~sum16(tcp, 20, sum16(pseudo, 12, 0)) & 0xffff);
}

static void make_forged(uint8_t *frame, uint32_t target, uint32_t sources)
{
	uint64_t random = draw();
	unsigned high = (unsigned)(random >> 33), port = random >> 32 & 1 ? 1 + high % 1023 : high;

	make_syn(frame, FORGED | ((uint32_t)random & (sources - 1)), target, (uint16_t)port);
}

static double seconds_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int flood_send(char **argv, uint32_t target, uint32_t sources)
{
	static uint8_t frames[BATCH][FRAME];
	struct mmsghdr messages[BATCH] = {0};
	struct iovec parts[BATCH];
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETHERTYPE_IP)};
	double limit = atof(argv[6]), begin, now;
	unsigned mac[6];
	uint64_t sent = 0, count = argv[7] ? strtoull(argv[7], NULL, 10) : UINT64_MAX;
	int fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1;

	to.sll_ifindex = (int)if_nametoindex(argv[2]);
	if (leads_out() || fd < 0 || to.sll_ifindex == 0 || limit > SECONDS_MOST ||
	    sscanf(argv[3], "%x:%x:%x:%x:%x:%x", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
		   &mac[5]) != 6 ||
	    bind(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		fprintf(stderr, "flood: %s: not a link of a private network, or %s\n", argv[2],
			strerror(errno));
		return 1;
	}
	(void)setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	for (int i = 0; i < BATCH; i++) {
		for (int byte = 0; byte < 6; byte++)
			frames[i][byte] = (uint8_t)mac[byte];
		frames[i][6] = 2;
		parts[i] = (struct iovec){frames[i], FRAME};
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	begin = seconds_now();
	while ((now = seconds_now()) - begin < limit && sent < count) {
		unsigned batch = count - sent < BATCH ? (unsigned)(count - sent) : BATCH;
		int done;

		for (int i = 0; i < BATCH; i++)
			make_forged(frames[i], target, sources);
		done = sendmmsg(fd, messages, batch, 0);
		sent += done > 0 ? (uint64_t)done : 0;
	}
	printf("%llu packets, %.2f s, %.0f/s\n", (unsigned long long)sent, now - begin,
	       (double)sent / (now - begin));
	return 0;
}

static void write_packet(FILE *file, const uint8_t *frame, uint64_t t_ns)
{
	uint32_t header[4] = {(uint32_t)(t_ns / 1000000000), (uint32_t)(t_ns % 1000000000 / 1000),
			      FRAME, FRAME};

	fwrite(header, sizeof(header), 1, file);
	fwrite(frame, FRAME, 1, file);
}

static int flood_write(char **argv, uint32_t target, uint32_t sources)
{
	const uint32_t magic[6] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1};
	unsigned long probes = strtoul(argv[5], NULL, 10), sent = 0;
	double per_probe = atof(argv[6]), due = 0;
	uint64_t t_ns = UINT64_C(1700000000000000000);
	uint8_t frame[FRAME] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
	FILE *file = fopen(argv[2], "wb");

	if (!file || probes > 65535 || per_probe > 100000) {
		fprintf(stderr, "flood: %s: %s\n", argv[2], strerror(errno));
		return 1;
	}
	fwrite(magic, sizeof(magic), 1, file);
	for (unsigned long probe = 1; probe <= probes; probe++) {
		unsigned long forged, last;

		due += per_probe;
		forged = (unsigned long)due;
		due -= (double)forged;
		last = forged;
		for (; forged; forged--, sent++) {
			make_forged(frame, target, sources);
			write_packet(file, frame, t_ns + (last - forged) * (PROBE_NS / (last + 1)));
		}
		t_ns += PROBE_NS;
		make_syn(frame, SCANNER, target, (uint16_t)probe);
		write_packet(file, frame, t_ns);
	}
	printf("%lu packets, %.2f s, %.0f/s\n", sent + probes, (double)probes / 100,
	       (double)(sent + probes) * 100 / (double)probes);
	return fclose(file) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct in_addr target;
	bool send = (argc == 7 || argc == 8) && strcmp(argv[1], "send") == 0;
	unsigned long sources;

	if ((argc != 7 && !send) || (!send && strcmp(argv[1], "write") != 0) ||
	    inet_pton(AF_INET, argv[send ? 4 : 3], &target) != 1) {
		fprintf(stderr, "usage: flood send INTERFACE MAC DESTINATION SOURCES SECONDS "
				"[COUNT]\n"
				"       flood write FILE DESTINATION SOURCES COUNT PER-PROBE\n");
		return 64;
	}
	sources = strtoul(argv[send ? 5 : 4], NULL, 10);
	if (sources == 0 || sources > 1 << 24 || sources & (sources - 1)) {
		fprintf(stderr, "flood: SOURCES is a power of two up to 16777216\n");
		return 64;
	}
	return (send ? flood_send : flood_write)(argv, ntohl(target.s_addr), (uint32_t)sources);
}
