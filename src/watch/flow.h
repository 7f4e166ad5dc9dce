/* flow: connections and other exchanges: their opener, their target and their outcome. */
#ifndef PORTLIGHT_WATCH_FLOW_H
#define PORTLIGHT_WATCH_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "base/siphash.h"

enum flow_state {
	FLOW_FREE,
	FLOW_PENDING, /* the first packet waits for an answer */
	FLOW_HALF,    /* SYN+ACK came; the opener has neither completed nor reset it */
	FLOW_OPEN,    /* the handshake is complete, nothing was sent yet */
	FLOW_REFUSED, /* refused, abandoned, or unanswered for too long */
	FLOW_STRAY,   /* a SYN+ACK without a SYN waits for more packets */
	FLOW_MIDDLE,  /* began before the capture, or is known to be a connection */
};

/*
 * What an opener did while no answer to it was seen. In a capture of one direction its packets are
 * all that shows the answer; but a scanner may send them without any. They are believed when the
 * wait is over, if no packet of the target contradicted them.
 */
enum flow_claim {
	CLAIM_ACK = 1,	   /* it acknowledged a SYN+ACK */
	CLAIM_DATA = 2,	   /* it sent data */
	CLAIM_END = 4,	   /* it closed without having sent data */
	CLAIM_RESET = 8,   /* it reset a half-open connection. The claims so far are about SYNs */
	CLAIM_MIDDLE = 16, /* it continued as an established connection or a stream does */
};

/* What speaks against a proof of the opener's address. */
enum flow_doubt {
	DOUBT_FORWARDED = 1, /* none yet: this machine forwarded a packet of the opener */
	DOUBT_ANSWER = 2, /* a SYN+ACK was forged: there were two different ones, or it came in by
			   * the interface of the opener although the target is behind another
			   */
};

/* flow_begin() sets each field: a new one is to be added there. */
struct flow {
	uint64_t tag;		 /* keyed hash of the five-tuple, both directions alike; never 0 */
	uint64_t t_ns;		 /* of its first packet, on the capture's clock */
	struct addr src, dst;	 /* the opener, and the host that it contacted */
	uint64_t source, target; /* name_of() both; 0 if the begin was not seen */
	uint64_t moved_ms;	 /* detector's clock: latest packet; while it waits, the first */
	uint32_t seq;		 /* of the first packet */
	uint32_t ack;	/* of the first packet; of an answered SYN the number that acknowledges the
			   answer; with claims the number that they acknowledged */
	uint32_t sight; /* bit set of enum technique_id and event_technique that may have sent the
			   first packet */
	uint16_t sport, dport;
	uint16_t window, mss;
	uint8_t proto;
	uint8_t state;	/* enum flow_state */
	uint16_t tools; /* bit set: 1 << enum event_tool, relations that hold */
	uint8_t ttl;
	uint8_t more;	    /* packets of the opener after the first while it waits */
	uint8_t claims;	    /* enum flow_claim */
	uint8_t flags;	    /* of the first packet, TCP */
	uint8_t doubts;	    /* enum flow_doubt */
	uint16_t interface; /* index of the one by which its first packet came in, low 16 bits; 0:
			       not known */
	bool raw;	    /* the first packet has a shape that no operating system sends */
	bool stun;	    /* the first packet is a STUN message */
	bool proven; /* the opener acknowledged what was sent to its address: it is not spoofed */
	uint32_t latest; /* UDP: mark of the latest packet after the first, see packet_mark() in
			    watch.c */
};

#define FLOW_WAYS 8

/* What a search of a bucket reads: two cache lines for its eight flows (ways). */
struct flow_way {
	uint64_t tag;
	uint64_t rank; /* the lowest of a bucket is evicted first: 0 if free, by time if finished,
			  above all of those while it waits */
};

/* Link of the queue of waiting flows: index + 1, 0 at the ends. Apart from the flows, so that a
 * removal touches no flow of its neighbours. */
struct flow_link {
	uint32_t next, prev;
};

/* Buckets of eight. A new flow evicts a finished one, the longest idle first; a waiting one only if
 * all eight wait. */
struct flow_table {
	struct flow *flow;
	struct flow_way *way; /* of the flow with the same index */
	struct flow_link *link;
	uint32_t buckets;
	uint32_t head, tail; /* of the queue, oldest first; index + 1 */
	struct siphash_key key;
	uint64_t used, evicted;
	uint64_t forgot_ms; /* latest eviction of a finished flow within FLOW_REMEMBERED_MS of its
			       latest packet; 0: none */
};

/* Allocates at most `bytes`. Returns 0, or -1 if out of memory or `bytes` hold no bucket. */
int flow_table_init(struct flow_table *t, size_t bytes, const struct siphash_key *key);
void flow_table_fini(struct flow_table *t);

/* The five-tuple of a packet, source first. ICMP and ARP have their type in the ports, other
 * protocols 0. */
struct flow_key {
	struct addr src, dst;
	uint16_t sport, dport;
	uint8_t proto;
	uint64_t tag; /* flow_tag() of it, or 0 if that is not computed yet */
};

/* The keyed hash of a five-tuple, the same for both directions; never 0. */
uint64_t flow_tag(const struct flow_table *t, const struct flow_key *key);

/*
 * Prefetching for flow_find and flow_open, in the order of the calls; they change nothing.
 * flow_prefetch_bucket loads the bucket of a tag. flow_prefetch, once that has come, loads the flow
 * that will be found or evicted, and returns its index. flow_prefetch_evicted returns the waiting
 * flow at that index that will be evicted, and loads its neighbours in the queue; NULL if none
 * will. flow_prefetch_next loads the flow that becomes the oldest when f leaves the queue.
 */
void flow_prefetch_bucket(const struct flow_table *t, uint64_t tag);
size_t flow_prefetch(const struct flow_table *t, uint64_t tag);
const struct flow *flow_prefetch_evicted(const struct flow_table *t, uint64_t tag, size_t at);
void flow_prefetch_next(const struct flow_table *t, const struct flow *f);

/* The flow of a packet in either direction, or NULL. *forward is set if the opener sent the packet.
 */
struct flow *flow_find(struct flow_table *t, const struct flow_key *key, bool *forward);

/* Whether the flow is in the queue: PENDING, HALF or STRAY. */
bool flow_waits(const struct flow *f);

/* Whether its first packet was a SYN, as connect(2) sends it. */
bool flow_is_syn(const struct flow *f);

/*
 * Adds a flow that the packet opened, at the end of the queue if its state waits. If that evicts a
 * waiting flow, *has_evicted is set and *evicted is its copy. Returns the flow; pointers to flows
 * are valid until the next flow_open.
 */
struct flow *flow_open(struct flow_table *t, const struct flow_key *key, enum flow_state state,
		       uint64_t now_ms, struct flow *evicted, bool *has_evicted);

/* Notes the time of one more packet of a flow that does not wait. */
void flow_touch(struct flow_table *t, struct flow *flow, uint64_t now_ms);

/* Changes the state; a flow that does not wait any more leaves the queue. */
void flow_settle(struct flow_table *t, struct flow *flow, enum flow_state state);

/* Removes a flow. */
void flow_forget(struct flow_table *t, struct flow *flow);

/* The flow that waits longest, or NULL. */
struct flow *flow_oldest(struct flow_table *t);

#endif
