/* xdp_shared: the memory that the xdp engine and its two kernel programs share. */
#ifndef PORTLIGHT_ENGINE_XDP_SHARED_H
#define PORTLIGHT_ENGINE_XDP_SHARED_H

#include <linux/types.h>

#include "scan/cookie.h"
#include "scan/permute.h"
#include "scan/plan_walk.h"

/* What a plan may have at most to be walked in the kernel; powers of two, as masks prove them. */
#define XDP_RANGES     1024
#define XDP_SLOTS      65536
#define XDP_WINDOWS    2
#define XDP_WAYS       4
#define XDP_TECHNIQUES 16
#define XDP_PAYLOADS   128

/* Of a UDP probe, at most; see payloads.h. */
#define XDP_PAYLOAD_BYTES 1200

/* Of enum reply, which is no header for the kernel. */
#define XDP_REPLY_RST	     3
#define XDP_REPLY_RST_WINDOW 4

#define XDP_TEMPLATE_WORDS   10

/* A struct template; of TCP with the lengths filled in, which never change. */
struct xdp_template {
	__u64 words[XDP_TEMPLATE_WORDS];
	__u32 network_sum;   /* partial sum of the IPv4 header */
	__u32 transport_sum; /* partial sum of the rest: pseudo header and transport header */
	__u16 length;
	__u8 v4, udp, mss, ack, bad_sum;
};

/* What a UDP probe says. The dialects of a port follow each other. */
struct xdp_payload {
	__u32 sum; /* partial, of the bytes */
	__u16 length;
	__u8 dialects; /* of the port, counted in the first of them */
	__u8 bytes[XDP_PAYLOAD_BYTES];
};

/* A source address, and the frames that go out with it. */
struct xdp_way {
	__u64 source_hi, source_lo;
	struct xdp_template template[XDP_TECHNIQUES];
};

/* One live window of the plan, in the place of its sheet. */
struct xdp_window {
	struct permute order;
	__u64 first_host;
	__u64 host_word; /* of all hosts alike; 0: each has its own, in the map */
	__u64 marked;	 /* cells that were blank and are not: by the kernel */
	__u64 duplicate; /* answers no stronger than the one before */
	__u32 tag;	 /* plan_tag(window, 0) */
	__u32 cells;	 /* 0: no window is here */
	__u32 attempts;	 /* that have begun */
};

/* A host of a window as one word: its MAC address as in memory, its way, and whether to send; the
 * last: TCP only (UDP is asked in an order of its own, see quench.h). */
#define XDP_HOST_WAY(word) ((__u32)((word) >> 48) & (XDP_WAYS - 1))
#define XDP_HOST_SEND	   (1ULL << 56)
#define XDP_HOST_QUENCHED  (1ULL << 57)

/* Number of a slot's first payload plus one, above what plan_walk.h has in it; 0: empty. */
#define XDP_SLOT_PAYLOAD_SHIFT 24

/* What does not change while the programs run. */
struct xdp_setting {
	struct cookie_key key;
	struct plan_range ranges[XDP_RANGES];
	__u32 slot[XDP_SLOTS];
	__u32 range_count, slot_count;
	__u64 slot_reciprocal;	    /* for permute_divide */
	__u32 words, hosts, blocks; /* of one place, in the maps */
	__u32 technique_count;
	__u8 technique[XDP_TECHNIQUES]; /* of the plan */
	__u8 acked[XDP_TECHNIQUES];	/* its probes carry ACK */
	__u32 udp_mask;			/* techniques that send UDP, as bits */
	__u16 port, port_mask;
	__u8 port_fixed;
	__u32 link_index;
	__u32 frame_bytes; /* of the frame that each run begins with: the longest */
};

/* One pass of a window: written by user space before, by the kernel while it goes on. */
struct xdp_pass {
	__u32 place, attempt;
	__u32 technique_mask; /* that have attempts left */
	__u32 position, end;
	__u32 batch;	    /* frames from one look at the clock to the next */
	__u32 credit;	    /* of them, still to be sent */
	__u64 gap_ns;	    /* from one look to the next, by the rate */
	__u64 slack_ns;	    /* so far behind, the schedule is moved */
	__u64 due_ns;	    /* the next look */
	__u64 sent;	    /* redirected; what the device then refused is in xdp_refusals */
	__u64 early;	    /* runs that did nothing because it was too soon */
	__u32 cpu, running; /* where it runs, for the trace points */
	__u32 stop, finished;
	__u32 test; /* 1: the frame is given back rather than sent; 2: sent as it came */
};

/* What devices would not take from our transmit program. */
struct xdp_refusals {
	__u64 errors; /* refused for good, it seems: no such operation, link down */
	__u64 drops;  /* queue full */
	__u32 error;  /* the last errno of them */
};

/* Answers that are handed on to the packet ring although the kernel could judge them. */
struct xdp_receive {
	__u64 seen;
	__u32 sample_mask; /* all if 0, one of 64 if 63 and so on */
	__u32 own_mask;	   /* techniques whose RSTs need no evidence, as bits */
};

#endif
