/* ring: receives frames from one interface or all, through a packet ring (packet(7),
 * PACKET_RX_RING). */
#ifndef PORTLIGHT_CAPTURE_RING_H
#define PORTLIGHT_CAPTURE_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "capture/filter.h"
#include "net/link.h"
#include "packet/packet.h"

enum ring_flag {
	RING_OUTGOING = 1 << 0,	  /* this machine sent it */
	RING_OTHER_HOST = 1 << 1, /* promiscuous mode: it is for another MAC address */
	RING_SUM_PENDING =
		1 << 2,		/* transport checksum not filled in yet: it never left a machine */
	RING_SUM_GOOD = 1 << 3, /* transport checksum verified by the kernel or the device */
	RING_VLAN = 1 << 5,	/* the kernel removed a VLAN tag: see vlan */
	RING_SOCKET = 1 << 6,	/* of no ring: a raw IP socket received it */
};

/* Borrowed from the ring until ring_release(). */
struct ring_frame {
	const uint8_t *bytes;
	uint64_t wall_ns; /* CLOCK_REALTIME, by the kernel */
	uint32_t length;
	uint32_t wire_bytes; /* length before the filter truncated it */
	uint32_t interface;  /* index of the interface it passed */
	uint32_t network;    /* offset of the network header in bytes[] */
	uint16_t hardware;   /* ARPHRD_* of that interface */
	uint16_t protocol;   /* Ethernet type that the kernel determined; 0x8100 and the like if it
				did not parse a VLAN tag */
	uint16_t vlan;
	uint8_t flags; /* enum ring_flag */
};

struct ring_conf {
	const struct link *link;     /* NULL: all interfaces, including later ones; whole frames */
	const struct filter *filter; /* NULL: every frame */
	const struct sock_fprog *program; /* any classic BPF program instead of `filter`; or NULL */
	bool outgoing;			  /* also frames that this machine sends */
	bool promiscuous;		  /* also frames for other MAC addresses */
	uint32_t slot_bytes;		  /* power of two, 128..65536: of a frame and 66 more */
	uint32_t slots; /* slot_bytes * slots is the ring's size, a multiple of 64 KiB */
	bool packed;	/* TPACKET_V3: frames take only as much room as they need */
};

/*
 * With slots (TPACKET_V2) a frame can be read as soon as the kernel has stored it, and a waiting
 * process is woken for each. A packed ring (TPACKET_V3) uses 82 bytes and the captured ones for a
 * frame, so that nearly twice as many SYNs fit; but it delivers frames in blocks of 32 KiB, when
 * full or RING_LATE_MS (and a timer tick) old. That is too late for a scan, which would wait for it
 * at each end. Frames that arrive while the ring is full are dropped and counted.
 */
#define RING_LATE_MS 20

struct ring;

/*
 * Opens a ring; its filter is attached before the first frame can be received. *conf is copied;
 * what it points to is not needed afterwards. NULL with *f: EXIT_NO_PERMISSION without CAP_NET_RAW,
 * EXIT_UNAVAILABLE naming the interface if it is down.
 */
struct ring *ring_open(const struct ring_conf *conf, struct failure *f);
void ring_close(struct ring *ring);

/* Its descriptor, readable (poll) when a frame can be received. Owned by the ring. */
int ring_fd(const struct ring *ring);

/* The first header of its frames. In a ring of all interfaces it depends on ring_frame.hardware. */
enum packet_link ring_link(const struct ring *ring);

/* Replaces the filter for frames that are received from now on. 0 or -errno. */
int ring_refilter(struct ring *ring, const struct filter *filter);

/* Puts another interface into promiscuous mode, as long as the ring is open. 0 or -errno. */
int ring_promiscuous(struct ring *ring, unsigned interface);

/* Gives the next frame, borrowed until ring_release(), which comes before the next call. False if
 * there is none at the moment. */
bool ring_receive(struct ring *ring, struct ring_frame *frame);
void ring_release(struct ring *ring);

/* The socket's pending error as -errno (-ENETDOWN when the interface went down), 0 if none. */
int ring_error(struct ring *ring);

/* Frames dropped so far because the ring was full. */
uint64_t ring_drops(struct ring *ring);

#endif
