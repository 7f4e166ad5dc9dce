/* flow: who opened what towards whom, and what came of it. A table of fixed size. */
#ifndef PORTLIGHT_WATCH_FLOW_H
#define PORTLIGHT_WATCH_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "base/siphash.h"

enum flow_state {
	FLOW_FREE,
	FLOW_PENDING, /* the first contact waits for an answer */
	FLOW_HALF,    /* SYN+ACK came: does the opener complete it or abandon it? */
	FLOW_OPEN,    /* answered and used */
	FLOW_REFUSED, /* refused, abandoned, or unanswered for too long */
	FLOW_STRAY,   /* a SYN+ACK nobody asked for: does anything come of it? */
	FLOW_MIDDLE,  /* began before we looked, or goes on from what we did not see */
};

/*
 * What an opener did while no answer to it was seen: in a capture of one direction that is how the
 * answer is known; or else it pretends. Believed when the wait is over, if nothing of the target
 * contradicted it.
 */
enum flow_claim {
	CLAIM_ACK = 1,	   /* it acknowledged */
	CLAIM_DATA = 2,	   /* it sent data */
	CLAIM_END = 4,	   /* it closed without a word */
	CLAIM_RESET = 8,   /* it broke off half-open; these are about SYNs */
	CLAIM_MIDDLE = 16, /* it went on as connections do in their middle, or as streams do */
};

/* A new field is one more in flow_begin. */
struct flow {
	uint64_t tag;		 /* keyed hash of the five-tuple, both directions alike; never 0 */
	uint64_t t_ns;		 /* of its first packet, on the capture's clock */
	struct addr src, dst;	 /* the opener, and whom it contacted */
	uint64_t source, target; /* their names (name.h); 0 if it began in its middle */
	uint64_t moved_ms;	 /* the detector's clock, latest packet */
	uint32_t seq;		 /* of the first packet */
	uint32_t ack;	/* the same; of an answered SYN what acknowledges the answer, of claims what
			   they acknowledged */
	uint32_t sight; /* bits of event.h: which techniques may have sent the first packet */
	uint16_t sport, dport;
	uint16_t window, mss;
	uint8_t proto;
	uint8_t state;	/* enum flow_state */
	uint16_t tools; /* bit set: 1 << enum event_tool, relations that hold */
	uint8_t ttl;
	uint8_t more;	 /* packets of the opener behind the first while it waits */
	uint8_t claims;	 /* enum flow_claim */
	uint8_t flags;	 /* of the first packet, TCP */
	bool proven;	 /* the opener heard what was sent to its address */
	uint32_t latest; /* UDP: mark of the last of those behind the first, see watch.c */
};

#define FLOW_WAYS 8

/* What a search of a bucket looks at: two cache lines for all eight. */
struct flow_way {
	uint64_t tag;
	uint64_t rank; /* the least of a bucket is missed least: 0 if free, by time if finished,
			  above all of those if it waits */
};

/* The queue of those that wait, by index + 1; 0 ends it. Apart from the flows, so that whoever
 * leaves it costs its neighbours no cache line of theirs. */
struct flow_link {
	uint32_t next, prev;
};

/* 128 bytes an entry. Buckets of eight; a new flow pushes out the least useful of its bucket: a
 * finished one, the longest idle first; one that waits only if all eight do. */
struct flow_table {
	struct flow *flow;
	struct flow_way *way; /* of the flow with the same number */
	struct flow_link *link;
	uint32_t buckets;
	uint32_t head, tail; /* of those that wait, oldest first */
	struct siphash_key key;
	uint64_t used, evicted;
};

/* Within `bytes`. 0, or -1 out of memory. */
int flow_table_init(struct flow_table *t, size_t bytes, const struct siphash_key *key);
void flow_table_fini(struct flow_table *t);

/* A five-tuple as it stands in a packet. For ICMP and ARP the ports are 0 and the type; for other
 * protocols 0. */
struct flow_key {
	struct addr src, dst;
	uint16_t sport, dport;
	uint8_t proto;
	uint64_t tag; /* flow_tag, where that was asked already; else 0 */
};

/* The keyed hash of a five-tuple, the same for both directions; never 0. */
uint64_t flow_tag(const struct flow_table *t, const struct flow_key *key);

/* Ask the cache for what flow_find and flow_open will look at: first the bucket of a tag; once that
 * has come, the flow in it that will be found or evicted out, whose place is returned. They change
 * nothing. */
void flow_prefetch_bucket(const struct flow_table *t, uint64_t tag);
size_t flow_prefetch(const struct flow_table *t, uint64_t tag);
/* The one that waits at the place that flow_prefetch said, and will be evicted out; NULL if none
 * is; what taking it out of the queue looks at is asked for. */
const struct flow *flow_prefetch_evicted(const struct flow_table *t, uint64_t tag, size_t at);
/* The next to be the oldest, after f. */
void flow_prefetch_next(const struct flow_table *t, const struct flow *f);

/* The flow of a packet in either direction, or NULL. *forward: the packet is the opener's. */
struct flow *flow_find(struct flow_table *t, const struct flow_key *key, bool *forward);

/* PENDING, HALF and STRAY wait for what comes of them. */
bool flow_waits(const struct flow *f);

/* Its first packet may be connect(2)'s. */
bool flow_is_syn(const struct flow *f);

/*
 * A new flow, opened by the packet; queued if its state waits. If that pushes out one that waits,
 * *evicted is its copy and true is returned in *has_evicted.
 */
struct flow *flow_open(struct flow_table *t, const struct flow_key *key, enum flow_state state,
		       uint64_t now_ms, struct flow *evicted, bool *has_evicted);

/* Another packet of it, now. */
void flow_touch(struct flow_table *t, struct flow *flow, uint64_t now_ms);

/* Its wait is over: takes it out of the queue. */
void flow_settle(struct flow_table *t, struct flow *flow, enum flow_state state);

/* As if it had never been. */
void flow_forget(struct flow_table *t, struct flow *flow);

/* The longest waiting flow, or NULL. */
struct flow *flow_oldest(struct flow_table *t);

#endif
