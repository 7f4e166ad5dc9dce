/* episode: one scan from its first to its last packet, and what is reported of it. */
#ifndef PORTLIGHT_WATCH_EPISODE_H
#define PORTLIGHT_WATCH_EPISODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "result/event.h"
#include "watch/evidence.h"
#include "watch/suspects.h"

#define EPISODE_PORT_WORDS 1024 /* 65,536 bits */

struct episode {
	uint64_t id; /* 0: free */
	struct addr source, target;
	uint64_t tag;		     /* of the source, or of the target for crowds */
	uint64_t owner;		     /* in the host set */
	uint64_t first_ns, last_ns;  /* capture's clock */
	uint64_t began_ms, moved_ms; /* detector's clock */
	uint64_t packets, hosts, sources, failed, answered;
	uint64_t half_open, idle;
	uint64_t seen[SEEN_TECHNIQUES]; /* contacts by technique (event.h) */
	uint64_t tools[EVENT_TOOLS];
	uint64_t reported_size; /* ports or hosts when last reported */
	uint64_t updates;
	uint64_t protocols[4];	    /* 256 bits */
	uint64_t *tcp, *udp, *open; /* bitmaps of ports */
	struct suspect *suspects;   /* SYN_FLOOD: there instead of them, else NULL */
	uint64_t suspects_ms;	    /* they are reported no earlier */
	uint32_t suspects_wait_ms; /* and so long before that they were reported last; 0: not yet */
	bool suspects_news;	   /* there are some that were not reported */
	double confidence;
	uint32_t reported_techniques;
	uint32_t tcp_count, udp_count, open_count, protocol_count;
	uint32_t last_seq;
	uint32_t fingerprint; /* DISTRIBUTED: of its packets (crowd.h) */
	uint32_t target_hash; /* of `target`, as in name_host */
	uint16_t last_sport;
	uint8_t action; /* of EVENT_PORT_SCAN and sisters: settled when reported */
	bool proven;	/* the source completed a handshake */
	bool reported_proven;
	bool crowd; /* keyed by its target, with many sources */
	bool many_targets, sources_at_least, hosts_at_least;
	bool reported;	/* its opening passed the limit of events */
	uint32_t chain; /* next of its bucket, by index + 1 */
};

#define EPISODE_BUCKETS 1024

struct episode_table {
	struct episode *episode;
	uint64_t *bitmaps;
	uint32_t count;
	uint32_t bucket[EPISODE_BUCKETS]; /* first of the chain, by index + 1 */
	struct host_set *hosts;		  /* exact numbers of hosts */
	struct siphash_key key;
	uint64_t next_id, open, total, refused, suppressed, reported[EVENT_ACTIONS];
	unsigned per_minute;
	uint64_t minute_ms; /* when the present minute of the limit began */
	unsigned in_minute;
	uint64_t minute_suppressed;
	void (*event)(void *context, const struct event *event);
	void *event_context;
	uint64_t lost;			/* packets that the capture lost */
	uint16_t (*ranges)[2];		/* room for the port ranges of one event */
	struct event_suspect *suspects; /* and for those */
};

/* *hosts is lent, and outlives the table. 0, or -1 out of memory. */
int episode_table_init(struct episode_table *t, size_t bytes, const struct siphash_key *key,
		       struct host_set *hosts);
void episode_table_fini(struct episode_table *t);

/* The open episode of a source (or, crowd, of a target) by its name (name.h), or NULL. */
struct episode *episode_find(struct episode_table *t, uint64_t name, bool crowd);

/* Opens an episode from the record whose walk crossed the threshold, with all that is listed
 * there; to be joined by others of the source, then reported. With all places taken, the longest
 * idle one is closed for it. */
struct episode *episode_open(struct episode_table *t, const struct evidence *record,
			     uint32_t target_hash, uint64_t now_ms, uint64_t t_ns);

/* Adds what another record of the source holds (evidence_take). `origin` is the one that opened the
 * episode: what stands in both counts once. */
void episode_join(struct episode_table *t, struct episode *e, const struct evidence *origin,
		  const struct evidence *other, uint32_t target_hash);

/* Opens one for a crowd: many sources, one target; filled by the caller, then reported. */
struct episode *episode_open_crowd(struct episode_table *t, struct addr target, uint8_t action,
				   uint64_t now_ms, uint64_t t_ns);

/* A failed contact of a flood's. */
void episode_add_suspect(struct episode *e, const struct contact *c);

/* One of a crowd's sources, named by a hash. */
void episode_add_source(struct episode_table *t, struct episode *e, uint32_t source);

/* One more contact of an open episode; reported when it has grown tenfold, is narrowed or proven.
 */
void episode_add(struct episode_table *t, struct episode *e, const struct contact *c,
		 uint32_t host_hash);

/* The source proved its address by what is no probe; reported if that is news. */
void episode_proven(struct episode_table *t, struct episode *e, uint64_t t_ns);

/* Whether so many contacts by it were seen that it is more than a by-product, such as the pings
 * and lone ACKs before a scan, or what else the same host does. */
bool episode_has(const struct episode *e, unsigned technique);
/* Bit set of those, with SYN and connect reported apart as far as that is known. */
uint32_t episode_techniques(const struct episode *e);
uint8_t episode_shape(const struct episode *e);
uint8_t episode_action(const struct episode *e);

void episode_add_port(struct episode *e, uint16_t port, uint8_t proto);
void episode_report(struct episode_table *t, struct episode *e, enum event_phase phase,
		    uint64_t t_ns);

/* Closes those that have been silent for idle_ms, and for several of their own pauses. */
void episode_expire(struct episode_table *t, uint64_t now_ms, uint64_t idle_ms, uint64_t t_ns);
/* Sets the marks (host_set.h) of all that are open. */
void episode_mark_owners(const struct episode_table *t, uint64_t alive[static 1024]);
/* Closes all, in the order in which they were opened. */
void episode_close_all(struct episode_table *t, uint64_t t_ns);

/* Says something that has no life of its own, within the same limit. */
void episode_report_notice(struct episode_table *t, struct event *event, uint64_t now_ms);

#endif
