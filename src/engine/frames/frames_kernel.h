/* frames_kernel: raw IP sockets in place of frames, where rules of this machine (packet filter,
 * address translation, IPsec) would treat the kernel's own packets in another way. */
#ifndef PORTLIGHT_ENGINE_FRAMES_FRAMES_KERNEL_H
#define PORTLIGHT_ENGINE_FRAMES_FRAMES_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"

/* Most descriptors of frames_kernel_polls(): of both families, TCP twice, UDP and ICMP. */
#define FRAMES_KERNEL_SOCKETS 8

struct answer;
struct frames;
struct link;
struct pollfd;
struct probe;
struct ring_frame;
struct route;
struct sheet;

/* Reads the rules of this machine into fr->kernel. 0, or -1 with *f. */
int frames_kernel_open(struct frames *fr, struct failure *f);
void frames_kernel_close(struct frames *fr);

enum frames_kernel_way {
	KERNEL_NO,  /* frames are treated as the kernel's own packets are */
	KERNEL_YES, /* raw IP sockets are needed */
	KERNEL_FAILED,
	KERNEL_QUEUE, /* frames, but through the interface's queue, where its rules are */
};

/* How probes by that route are to be sent. `link`: the one that they leave by. The first time a
 * rule is found for it, a line for frames_kernel_news() tells which. KERNEL_FAILED with *f: by
 * neither. */
enum frames_kernel_way frames_kernel_way(struct frames *fr, const struct route *route,
					 const struct link *link, struct failure *f);

/* Opens the sockets that receive TCP, UDP and ICMP of a family (4 or 6), once. 0, or -1 with *f. */
int frames_kernel_listen(struct frames *fr, int family, struct failure *f);

/* Fills polls[], FRAMES_KERNEL_SOCKETS at most, to wait for packets; how many. */
unsigned frames_kernel_polls(const struct frames *fr, struct pollfd *polls);

/* Gives the next packet that a raw IP socket has received, with an IP header (PACKET_LINK_RAW_IP)
 * and RING_SOCKET; valid until the next call. `interface` is set only of TCP that came by loopback.
 * False if there is none at the moment. */
bool frames_kernel_receive(struct frames *fr, struct ring_frame *frame);

/* The kernel refused a probe (EPERM). If it was refused before, or is not to be sent again, the
 * answer to it is queued: our own kernel, administratively prohibited. */
void frames_kernel_denied(struct frames *fr, const struct sheet *sheet, const struct probe *probe,
			  uint64_t now_ns);
/* Whether the queue has room for a batch. */
bool frames_kernel_room(const struct frames *fr);
/* Takes up to `max` queued answers; how many. */
unsigned frames_kernel_answers(struct frames *fr, struct answer *answers, unsigned max);

/* Our own kernel reports that it cannot reach a host. Whether no neighbour answers for it or its
 * gateway, by the kernel's table: the sheet then says so, and no more probes are sent to it. */
bool frames_kernel_absent(struct frames *fr, struct sheet *sheet, uint32_t host);

/* A line for the user, once; or NULL. Valid until the next call. */
const char *frames_kernel_news(struct frames *fr);

#endif
