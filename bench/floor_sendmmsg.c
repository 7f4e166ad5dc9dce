/*
 * floor_sendmmsg: how fast this machine hands a constant frame to an interface with sendmmsg(2).
 *
 * usage: floor_sendmmsg INTERFACE COUNT [DESTINATION-MAC]
 *
 * The bare loop that a frames engine is measured against: AF_PACKET, PACKET_QDISC_BYPASS, batches
 * of 64 of the same 58-byte SYN. Prints packets per second. For a veth pair of your own only: the
 * frame names 198.18.0.0/15 (RFC 2544), which nothing should route.
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64

/* Ethernet, IPv4, TCP with an MSS option, as a SYN probe is; checksums right. */
static uint8_t frame[58] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x08, 0x00, 0x45,
	0x00, 0x00, 0x2c, 0x00, 0x01, 0x00, 0x00, 0x40, 0x06, 0xee, 0xa3, 0xc6, 0x12, 0x00, 0x01,
	0xc6, 0x13, 0x00, 0x01, 0xf0, 0x00, 0x00, 0x50, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
	0x00, 0x60, 0x02, 0x04, 0x00, 0x17, 0xad, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4,
};

static int open_socket(const char *interface)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET};
	int on = 1, buffer = 4 << 20;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	address.sll_ifindex = (int)if_nametoindex(interface);
	if (fd < 0 || address.sll_ifindex == 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) < 0) {
		perror(interface);
		exit(69);
	}
	/* The same buffer as portlight asks for; less is allowed to it, too. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer));
	return fd;
}

int main(int argc, char **argv)
{
	struct mmsghdr message[BATCH];
	struct iovec part = {frame, sizeof(frame)};
	struct timespec begin, end;
	unsigned long long count, sent = 0, refused = 0;
	double seconds;
	int fd;

	if (argc < 3 || argc > 4 || (count = strtoull(argv[2], NULL, 10)) == 0) {
		fprintf(stderr, "usage: floor_sendmmsg INTERFACE COUNT [DESTINATION-MAC]\n");
		return 64;
	}
	if (argc == 4 && sscanf(argv[3], "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &frame[0],
				&frame[1], &frame[2], &frame[3], &frame[4], &frame[5]) != 6) {
		fprintf(stderr, "floor_sendmmsg: %s is no MAC address\n", argv[3]);
		return 64;
	}
	fd = open_socket(argv[1]);
	memset(message, 0, sizeof(message));
	for (unsigned i = 0; i < BATCH; i++) {
		message[i].msg_hdr.msg_iov = &part;
		message[i].msg_hdr.msg_iovlen = 1;
	}
	clock_gettime(CLOCK_MONOTONIC, &begin);
	while (sent < count) {
		unsigned want = count - sent < BATCH ? (unsigned)(count - sent) : BATCH;
		int got = sendmmsg(fd, message, want, MSG_DONTWAIT);

		if (got > 0) {
			sent += (unsigned)got;
		} else if (errno == ENOBUFS || errno == EAGAIN) {
			refused++;
		} else if (errno != EINTR) {
			perror("sendmmsg");
			return 74;
		}
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	seconds = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	printf("%.0f packets/s: %llu in %.3f s, refused %llu times\n", (double)sent / seconds, sent,
	       seconds, refused);
	return 0;
}
