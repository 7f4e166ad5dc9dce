/* xdp_shared: the memory that user space and the BPF programs of the xdp engine share. */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_SHARED_H
#define PORTLIGHT_ENGINE_XDP_XDP_SHARED_H

#include <linux/types.h>

#include "plan/permute.h"
#include "plan/plan_walk.h"
#include "scan/cookie.h"
#include "scan/hop.h"

/* Limits of the BPF programs. Powers of two: a mask proves to the verifier that an index is in
 * bounds. */
#define XDP_RANGES     1024
#define XDP_SLOTS      65536
#define XDP_WINDOWS    2
#define XDP_EGRESSES   4
#define XDP_TECHNIQUES 16
#define XDP_PAYLOADS   128
#define XDP_SENDERS    8

/* Positions that have one time stamp. */
#define XDP_BLOCK 64u
/* Positions that a fast sender takes at once: they fill a pair of cache lines of the sheet, so no
 * other sender writes to these lines, nor another processor where each gets the answers to its own
 * probes. */
#define XDP_TAKE (4 * XDP_BLOCK)
/* Positions whose frames are made in one go. */
#define XDP_READY 32
/* The kernel passes at most this many frames to a device at once (DEV_MAP_BULK_SIZE), and as many
 * may be in its queue. */
#define XDP_BULK 16
/* Frames that a sender has made and not seen leave the kernel's queue, at most. */
#define XDP_IMAGES 64
/* Frames that a device refused and that are to be sent again, at most. */
#define XDP_AGAIN 64
/* Counters of answers: several, on a cache line each, so that processors do not wait for one
 * another. */
#define XDP_TALLIES 8
#define XDP_LINE    64

/* Longest payload of a UDP probe; see payloads.h. */
#define XDP_PAYLOAD_BYTES 1200

/* Values of enum reply, whose header BPF programs cannot include. */
#define XDP_REPLY_RST	     3
#define XDP_REPLY_RST_WINDOW 4

#define XDP_TEMPLATE_WORDS   10

/* A struct template whose destination is 0; for TCP with the length fields filled in. Sums are
 * folded to 16 bits, of the bytes read as little-endian numbers. */
struct xdp_template {
	__u64 words[XDP_TEMPLATE_WORDS];
	__u32 network_sum;   /* partial sum of the IPv4 header */
	__u32 transport_sum; /* partial sum of pseudo header and transport header */
	__u16 length;
	__u8 v4, udp, ack, bad_sum;
	__u8 odd; /* ack or bad_sum */
};

/* A payload of a UDP probe. The payloads of one port (its dialects) follow each other. */
struct xdp_payload {
	__u32 sum; /* partial sum of the bytes, as in a template */
	__u16 length;
	__u8 dialects; /* in the first payload of a port: how many it has */
	__u8 bytes[XDP_PAYLOAD_BYTES];
};

/* An egress: source address, and a template for each technique. */
struct xdp_egress {
	__u64 source_hi, source_lo;
	struct xdp_template template[XDP_TECHNIQUES];
};

/* An open window of the plan. Its index is that of its sheet in engine_conf.sheets. */
struct xdp_window {
	struct permute order;
	__u64 first_host;	    /* rank in the plan */
	__u64 host_word;	    /* hop_word() of every host, if all are equal; else 0 */
	__u64 hi, lo;		    /* address of the first host, if joined */
	__u32 joined;		    /* its hosts have consecutive addresses */
	__u32 tag;		    /* plan_tag(window, 0) */
	__u32 cells;		    /* 0: the window is closed */
	__u32 attempts;		    /* passes that have begun: a probe has a lower attempt number */
	struct permute_table table; /* of `order` */
};
_Static_assert(PLAN_WINDOW_CELLS <= PERMUTE_TABLE * PERMUTE_TABLE, "of any window");

/* Answers of one window that the receiving program judged, on the processors that share this
 * counter. */
struct xdp_tally {
	__u64 marked;	 /* first answers of a cell */
	__u64 duplicate; /* answers not stronger than one before */
} __attribute__((aligned(XDP_LINE)));

/* Parts of a hop_word(): egress, whether frames can be sent, destination MAC address. */
#define XDP_HOST_EGRESS(word) (HOP_WORD_KIND(word) & HOP_EGRESS)
#define XDP_HOST_SEND	      ((__u64)HOP_SEND << 56)
_Static_assert(XDP_EGRESSES == HOP_EGRESS + 1, "of the numbers that a hop has room for");
#define XDP_HOST_MAC 0xffffffffffffULL /* the first six bytes */

/* In the upper bits of a slot (see plan_walk.h): index of its first payload plus one; 0: the
 * payload is empty. */
#define XDP_SLOT_PAYLOAD_SHIFT 24

/* Settings of a scan, constant while the programs run. The arrays come last, so that all other
 * fields are within reach of an instruction's 16-bit offset. */
struct xdp_setting {
	struct siphash_key key;
	__u64 key_v4[4];       /* made by cookie_v4_begin() */
	__u64 slot_reciprocal; /* for plan_cell_host() */
	__u32 range_count, slot_count;
	__u32 words, hops, blocks, rate_limited; /* entries of each map for one window */
	__u32 technique_count;
	__u8 technique[XDP_TECHNIQUES]; /* those of the plan */
	__u8 acked[XDP_TECHNIQUES];	/* whether the probes of technique[i] have ACK set */
	__u32 technique_mask;		/* technique[] as bits 1 << technique */
	__u32 udp_mask;			/* of these, those that send UDP */
	__u16 port, port_mask;		/* our source ports: (p & port_mask) == port */
	__u8 port_fixed;		/* -g: one source port */
	__u32 link_index;
	__u32 frame_bytes; /* length of the initial frame of a run, see xdp_quirks_spare_bytes() */
	__u32 slot[XDP_SLOTS];
	struct plan_range ranges[XDP_RANGES];
};

/*
 * One pass over a window, sent by several threads. The programs write the fields from due_ns on,
 * which have a cache line of their own; user space writes the others.
 */
struct xdp_pass {
	__u32 place, attempt; /* index of the window; attempt number of its probes, from 0 */
	__u32 technique_mask; /* techniques that have attempts left */
	__u32 fresh;	      /* every cell is blank and in our shard: the sheet is not read */
	__u32 begin, end;     /* positions to send: [begin, end) */
	__u32 take;	      /* positions that a sender takes at once, a multiple of XDP_BLOCK */
	__u32 batch;	      /* frames that are sent between two readings of the clock */
	__u64 gap_ns;	      /* time between two readings that the rate allows */
	__u64 slack_ns;	      /* a delay beyond this is not made up for */
	__u32 stop;	      /* no further positions are taken; what is taken is sent */
	__u32 test;	      /* 1: return frames, do not send them; 2: send the initial frame */
	__u64 due_ns __attribute__((aligned(XDP_LINE))); /* when the next batch may be sent */
	__u32 next;					 /* the next position to be taken */
};

/* A probe before its frame is made. */
struct xdp_probe {
	__u64 host;   /* hop_word() of its host */
	__u64 hi, lo; /* address */
	__u64 hash;   /* its cookie */
	__u32 cell;
	__u32 slot;
};

/* The headers of a frame, ready to be copied. */
struct xdp_image {
	__u64 words[XDP_TEMPLATE_WORDS];
	__u32 cell;
	__u32 unlike;	 /* XDP_UNLIKE(): 0 if it has the initial frame's length and no payload */
	__u16 length;	 /* bytes of the headers */
	__u16 unused[3]; /* makes the size a multiple of 32 */
};
/* By how many bytes the frame is longer than the initial one (may be negative), and the index of
 * its payload plus one; 0: no payload. */
#define XDP_UNLIKE(longer, payload) ((__u32)(payload) << 16 | (__u16)(longer))
#define XDP_UNLIKE_LONGER(unlike)   ((__s16)(unlike))
#define XDP_UNLIKE_PAYLOAD(unlike)  ((unlike) >> 16)

/*
 * The state of one sending thread; no other thread writes it. The program learns the sender's
 * number from the length of the frame's metadata, 4 bytes times the number: the kernel restores the
 * metadata for every run. Aligned to pairs of cache lines, which processors fetch together.
 *
 * Frames are numbered in the order in which they are given to the kernel. Frame i is image[i %
 * XDP_IMAGES] until it has left the kernel's queue.
 */
struct xdp_sender {
	__u32 queued;  /* frames given to the kernel's queue */
	__u32 limit;   /* frames that may be given to it before transmit_ready() is called */
	__u32 tail;    /* frames made */
	__u32 flushed; /* frames that have left the queue */
	__u32 position, until;	      /* positions taken and not looked at yet: [position, until) */
	__u32 again_head, again_tail; /* of again[]: the frames from head on are to be sent again */
	__u32 credit;	     /* frames beyond `limit` that may be sent before the clock is read */
	__u32 rest;	     /* written by user space: take no further positions */
	__u32 running;	     /* written by user space: its thread is inside BPF_PROG_RUN */
	__u64 task;	     /* the thread, as bpf_get_current_task() names it */
	__u64 taken;	     /* frames that the device accepted */
	__u64 errors;	     /* frames refused with an error: no such operation, link down */
	__u64 drops;	     /* frames refused because the device's queue was full */
	__u64 refusals_seen; /* errors + drops when the clock was last read */
	__u64 early;	     /* runs that sent nothing because no frame was due */
	__u32 error;	     /* errno of the last refusal with an error */
	__u32 again[XDP_AGAIN]; /* cells of refused frames */
	/* Used only while frames are made: */
	__u32 count;
	__u32 cell[XDP_READY];
	struct xdp_probe probe[XDP_READY];
	struct xdp_image image[XDP_IMAGES];
} __attribute__((aligned(2 * XDP_LINE)));
_Static_assert(XDP_READY + XDP_BULK <= XDP_IMAGES, "no frame is overwritten while queued");

/* Whether everything that the sender has taken has been sent. */
static inline int xdp_sender_idle(const volatile struct xdp_sender *s)
{
	return s->position == s->until && s->queued == s->tail && s->again_head == s->again_tail;
}

/* Which answers the receiving program judges, and which it passes on to the packet ring. */
struct xdp_receive {
	__u64 seen;
	__u32 sample_mask; /* RSTs passed on for their evidence: all if 0, one of 64 if 63, ... */
	__u32 own_mask;	   /* techniques whose RSTs it judges (bits 1 << technique) */
	__u32 reset_mask;  /* techniques whose SYN+ACKs it answers with a RST */
};

/* The report of a SYN+ACK that the receiving program answered with a RST. */
struct xdp_opened {
	__u64 t_ns;	    /* CLOCK_MONOTONIC */
	__u32 tag;	    /* plan_tag() of its probe */
	__u16 window, ours; /* TCP window; source port of the probe */
	__u8 ttl, flags;
	__u8 unused[6];
};
/* Size of the ring of these reports: 24 bytes each and 8 of the kernel's. */
#define XDP_OPENED_BYTES (128 << 10)

#endif
