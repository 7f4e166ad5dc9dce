/* xdp_shared: the memory that the xdp engine and its two kernel programs share. */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_SHARED_H
#define PORTLIGHT_ENGINE_XDP_XDP_SHARED_H

#include <linux/types.h>

#include "plan/permute.h"
#include "plan/plan_walk.h"
#include "scan/cookie.h"
#include "scan/hop.h"

/* What a plan may have at most to be walked in the kernel; powers of two, as masks prove them. */
#define XDP_RANGES     1024
#define XDP_SLOTS      65536
#define XDP_WINDOWS    2
#define XDP_EGRESSES   4
#define XDP_TECHNIQUES 16
#define XDP_PAYLOADS   128
#define XDP_SENDERS    8

/* Positions that have one time stamp. */
#define XDP_BLOCK 64u
/* As many blocks a fast sender takes at once: whole pairs of lines of the sheet, which others then
 * have no part in, nor, where a processor gets the answers to what it sent, others' answers. */
#define XDP_TAKE (4 * XDP_BLOCK)
/* So many of them are looked at together, and their frames made. */
#define XDP_READY 32
/* As many frames the kernel hands to a device together, at most: what is on its way through its
 * queue. */
#define XDP_BULK 16
/* Frames that are ready, or on their way. */
#define XDP_IMAGES 64
/* Frames that have come back from the kernel's queue. */
#define XDP_AGAIN 64
/* Counters of what comes in: a line each, so that processors do not wait for one another. */
#define XDP_TALLIES 8
#define XDP_LINE    64

/* Of a UDP probe, at most; see payloads.h. */
#define XDP_PAYLOAD_BYTES 1200

/* Of enum reply, which is no header for the kernel. */
#define XDP_REPLY_RST	     3
#define XDP_REPLY_RST_WINDOW 4

#define XDP_TEMPLATE_WORDS   10

/* A struct template without a destination; of TCP with the lengths filled in, which never change.
 * Sums are of 16 bits, as little-endian numbers. */
struct xdp_template {
	__u64 words[XDP_TEMPLATE_WORDS];
	__u32 network_sum;   /* partial sum of the IPv4 header */
	__u32 transport_sum; /* partial sum of the rest: pseudo header and transport header */
	__u16 length;
	__u8 v4, udp, ack, bad_sum;
	__u8 odd; /* one of the last two */
};

/* What a UDP probe says. The dialects of a port follow each other. */
struct xdp_payload {
	__u32 sum; /* partial, of the bytes, as that of a template */
	__u16 length;
	__u8 dialects; /* of the port, counted in the first of them */
	__u8 bytes[XDP_PAYLOAD_BYTES];
};

/* A source address, and the frames that go out with it. */
struct xdp_egress {
	__u64 source_hi, source_lo;
	struct xdp_template template[XDP_TECHNIQUES];
};

/* One live window of the plan, in the place of its sheet. */
struct xdp_window {
	struct permute order;
	__u64 first_host;
	__u64 host_word;	    /* hop_word of all hosts, which are alike; 0: each its own */
	__u64 hi, lo;		    /* the first host's address, if joined */
	__u32 joined;		    /* its hosts are all of one range, one after the other */
	__u32 tag;		    /* plan_tag(window, 0) */
	__u32 cells;		    /* 0: no window is here */
	__u32 attempts;		    /* that have begun */
	struct permute_table table; /* of order */
};
_Static_assert(PLAN_WINDOW_CELLS <= PERMUTE_TABLE * PERMUTE_TABLE, "of any window");

/* Answers that the kernel has judged, of one window and of the processors that share it. */
struct xdp_tally {
	__u64 marked;	 /* cells that were blank and are not */
	__u64 duplicate; /* answers no stronger than the one before */
} __attribute__((aligned(XDP_LINE)));

/* Of a hop_word. */
#define XDP_HOST_EGRESS(word) (HOP_WORD_KIND(word) & HOP_EGRESS)
#define XDP_HOST_SEND	      ((__u64)HOP_SEND << 56)
_Static_assert(XDP_EGRESSES == HOP_EGRESS + 1, "of the numbers that a hop has room for");
#define XDP_HOST_MAC 0xffffffffffffULL /* the first six bytes */

/* Number of a slot's first payload plus one, above what plan_walk.h has in it; 0: empty. */
#define XDP_SLOT_PAYLOAD_SHIFT 24

/* What does not change while the programs run. The arrays last: what is before them is reached by
 * an instruction's offset. */
struct xdp_setting {
	struct siphash_key key;
	__u64 key_v4[4];       /* of cookie_v4_begin */
	__u64 slot_reciprocal; /* for plan_cell_host */
	__u32 range_count, slot_count;
	__u32 words, hops, blocks, rate_limited; /* of one place, in the maps */
	__u32 technique_count;
	__u8 technique[XDP_TECHNIQUES]; /* of the plan */
	__u8 acked[XDP_TECHNIQUES];	/* its probes carry ACK */
	__u32 technique_mask;		/* the same, as bits */
	__u32 udp_mask;			/* those that send UDP */
	__u16 port, port_mask;
	__u8 port_fixed;
	__u32 link_index;
	__u32 frame_bytes; /* of the frame that each run begins with: the longest, and spare */
	__u32 slot[XDP_SLOTS];
	struct plan_range ranges[XDP_RANGES];
};

/*
 * One pass of a window, sent by several threads. What has a line of its own is written by the
 * programs, all else by user space.
 */
struct xdp_pass {
	__u32 place, attempt;
	__u32 technique_mask; /* that have attempts left */
	__u32 fresh;	      /* nothing of it was ever sent, and all is ours: the sheet is blank */
	__u32 begin, end;     /* its positions */
	__u32 take;	      /* positions that a sender takes at once, whole blocks */
	__u32 batch;	      /* frames from one look at the clock to the next */
	__u64 gap_ns;	      /* from one look to the next, by the rate */
	__u64 slack_ns;	      /* so far behind, the schedule is moved */
	__u32 stop;	      /* no further block is taken; those in hand are sent */
	__u32 test;	      /* 1: the frame is given back rather than sent; 2: sent as it came */
	__u64 due_ns __attribute__((aligned(XDP_LINE))); /* the next look, of any sender */
	__u32 next;					 /* where the next block begins */
};

/* A probe, and where it goes. */
struct xdp_probe {
	__u64 host; /* its word */
	__u64 hi, lo;
	__u64 hash; /* of its cookie */
	__u32 cell;
	__u32 slot;
};

/* A frame that is ready: its headers, as bytes. */
struct xdp_image {
	__u64 words[XDP_TEMPLATE_WORDS];
	__u32 cell;
	__u32 unlike;	 /* 0: it is as long as the frame that a run begins with, and all is here */
	__u16 length;	 /* of the headers */
	__u16 unused[3]; /* whole quarters of a pair of lines */
};
/* Of `unlike`: how much longer the frame is, and the number of its payload plus one; 0: none. */
#define XDP_UNLIKE(longer, payload) ((__u32)(payload) << 16 | (__u16)(longer))
#define XDP_UNLIKE_LONGER(unlike)   ((__s16)(unlike))
#define XDP_UNLIKE_PAYLOAD(unlike)  ((unlike) >> 16)

/*
 * A thread's part of it, and nobody else's: it says which it is by four bytes of metadata for each
 * sender before it, which come back with each frame, whatever became of the one before. Whole
 * pairs of lines, as processors fetch those.
 *
 * Its frames are numbered in the order in which they are given to the kernel; frame i is image[i %
 * XDP_IMAGES], until it has left the kernel's queue.
 */
struct xdp_sender {
	__u32 queued;  /* frames given to the kernel's queue */
	__u32 limit;   /* frames that may go before it looks at the clock, or none is ready */
	__u32 tail;    /* frames made */
	__u32 flushed; /* frames that have left the queue */
	__u32 position, until;	      /* of the blocks in hand, still to be looked at */
	__u32 again_head, again_tail; /* those that the device then refused, to go once more */
	__u32 credit;  /* frames beyond limit that it may still send before it looks at the clock */
	__u32 rest;    /* by user space: it takes no further block */
	__u32 running; /* by user space: it is in the kernel now, for the trace points */
	__u64 task;    /* who it is there */
	__u64 taken;   /* frames that the device took; and some of them it refused: */
	__u64 errors;  /* for good, it seems: no such operation, link down */
	__u64 drops;   /* queue full: they go again */
	__u64 refusals_seen;
	__u64 early; /* runs that did nothing because it was too soon */
	__u32 error; /* the last errno of refusals */
	__u32 again[XDP_AGAIN];
	__u32 count; /* while frames are made, and what follows */
	__u32 cell[XDP_READY];
	struct xdp_probe probe[XDP_READY];
	struct xdp_image image[XDP_IMAGES];
} __attribute__((aligned(2 * XDP_LINE)));
_Static_assert(XDP_READY + XDP_BULK <= XDP_IMAGES, "none is made over one that is on its way");

/* Whether it has no position in hand. */
static inline int xdp_sender_idle(const volatile struct xdp_sender *s)
{
	return s->position == s->until && s->queued == s->tail && s->again_head == s->again_tail;
}

/* Answers that are handed on to the packet ring although the kernel could judge them. */
struct xdp_receive {
	__u64 seen;
	__u32 sample_mask; /* all if 0, one of 64 if 63 and so on */
	__u32 own_mask;	   /* techniques whose RSTs need no evidence, as bits */
	__u32 reset_mask;  /* techniques whose SYN+ACKs are answered in place, as bits */
};

/* A SYN+ACK that was answered in place, as user space is told. */
struct xdp_opened {
	__u64 t_ns; /* CLOCK_MONOTONIC */
	__u32 tag;
	__u16 window, ours; /* our port */
	__u8 ttl, flags;
	__u8 unused[6];
};
/* 24 bytes each, and 8 that the kernel puts before it. */
#define XDP_OPENED_BYTES (128 << 10)

#endif
