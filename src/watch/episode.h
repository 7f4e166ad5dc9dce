/* episode: one scan from its first to its last packet, and the events that report it. */
#ifndef PORTLIGHT_WATCH_EPISODE_H
#define PORTLIGHT_WATCH_EPISODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "result/event.h"
#include "watch/evidence.h"
#include "watch/hits.h"
#include "watch/suspects.h"

#define EPISODE_PORT_WORDS 1024 /* 65,536 bits */

struct episode {
	uint64_t id; /* 0: free */
	struct addr source, target;
	uint64_t tag;		     /* keyed hash of the source, for crowds of the target */
	uint64_t owner;		     /* owner number in the host set */
	uint64_t first_ns, last_ns;  /* capture's clock */
	uint64_t began_ms, moved_ms; /* detector's clock */
	uint64_t packets, hosts, sources, failed, answered;
	uint64_t half_open, idle;
	uint64_t on_target; /* packets to `target` */
	uint64_t pings;	    /* packets of discovery (ICMP, ARP) by a scan of ports: by-products */
	uint64_t seen[SEEN_TECHNIQUES]; /* contacts by technique (bits of event.h) */
	uint64_t tools[EVENT_TOOLS];
	uint64_t reported_ns;	/* time of the last report, on the capture's clock */
	uint64_t reported_size; /* ports or hosts in the last report */
	uint64_t reported_hosts;
	uint64_t updates;
	uint64_t protocols[4]; /* 256 bits */
	/* Bitmaps of ports; `udp` is that of SCTP if sctp_count is not 0: of scans by both only the
	 * first protocol's ports are kept. */
	uint64_t *tcp, *udp, *open;
	struct suspect *suspects;  /* SYN_FLOOD: in the memory of the bitmaps; else NULL */
	uint64_t suspects_ms;	   /* earliest time of their next report */
	uint32_t suspects_wait_ms; /* time between the last two reports of them; 0: none yet */
	bool suspects_news;	   /* there are suspects that were not reported */
	struct hit hits[HITS];
	struct proof proof;
	double confidence;
	uint32_t reported_techniques;
	uint32_t tcp_count, udp_count, sctp_count, open_count, protocol_count;
	uint32_t last_seq;
	uint32_t fingerprint; /* DISTRIBUTED: crowd_fingerprint() of its packets */
	uint32_t target_hash; /* name_host() of `target` */
	uint16_t last_sport;
	uint8_t action; /* enum event_action; which kind of scan is decided by each report */
	bool reported_proven;
	bool crowd;    /* many sources: the key is the target */
	bool of_ports; /* it was opened by evidence about ports, not by pings */
	bool many_targets, sources_at_least, hosts_at_least;
	bool adopted;	/* `owner` is that of a record about hosts */
	bool reported;	/* its opening was within the limit of events a minute */
	uint32_t chain; /* next of its bucket, index + 1 */
};

#define EPISODE_RANGES_MOST 32768 /* no 65,536 ports have more ranges */

#define EPISODE_BUCKETS	    1024
#define EPISODE_NETWORKS    256

struct episode_table {
	struct episode *episode;
	uint64_t *bitmaps;
	uint32_t count;
	uint32_t bucket[EPISODE_BUCKETS]; /* first of the chain, index + 1 */
	struct host_set *hosts;		  /* the hosts of all episodes */
	struct siphash_key key;
	uint64_t next_id, open, total, refused, suppressed, reported[EVENT_ACTIONS];
	unsigned per_minute;
	uint64_t minute_ms;		      /* begin of the current minute of the limit */
	unsigned in_minute[2];		      /* of unproven and of proven sources */
	uint8_t of_network[EPISODE_NETWORKS]; /* by hash of the source's IPv6 /48 */
	uint64_t minute_suppressed;
	void (*event)(void *context, const struct event *event);
	/* Beyond the limit: the first report of a proven scan, for responses only. May be NULL. */
	void (*beyond)(void *context, const struct event *event);
	void *event_context;
	uint64_t lost;			   /* packets that the capture lost */
	uint16_t (*ranges)[2];		   /* buffer for the port ranges of one event */
	struct event_suspect *suspects;	   /* buffer for its suspects */
	struct event_target targets[HITS]; /* and for its targets */
};

/* Allocates at most `bytes`. *hosts is borrowed, and outlives the table. Returns 0, or -1 if out of
 * memory or `bytes` are too few. */
int episode_table_init(struct episode_table *t, size_t bytes, const struct siphash_key *key,
		       struct host_set *hosts);
void episode_table_fini(struct episode_table *t);

/* The open episode of a source, or with `crowd` of a target, by name_of() it; or NULL. */
struct episode *episode_find(struct episode_table *t, uint64_t name, bool crowd);

/* Opens an episode with the contents of the record that is over the threshold. The caller adds the
 * source's other records with episode_join, then calls episode_report. If the table is full, the
 * episode that was idle longest is closed. */
struct episode *episode_open(struct episode_table *t, const struct evidence *record,
			     uint32_t target_hash, uint64_t now_ms, uint64_t t_ns);

/* Adds another record of the source (evidence_take). `origin` is the record that opened the
 * episode: a contact that is in both counts once. target_hash: name_host() of the other record's
 * target. */
void episode_join(struct episode_table *t, struct episode *e, const struct evidence *origin,
		  const struct evidence *other, uint32_t target_hash);

/* To be called when all records have joined: makes the counts consistent. */
void episode_settle(struct episode *e);
/* Distinct ports of all protocols. */
uint64_t episode_ports(const struct episode *e);

/* Opens an episode of many sources and one target. The caller fills it, then calls episode_report.
 */
struct episode *episode_open_crowd(struct episode_table *t, struct addr target, uint8_t action,
				   uint64_t now_ms, uint64_t t_ns);

/* Counts a failed contact for the suspects of a flood; nothing if the episode is no flood. */
void episode_add_suspect(struct episode *e, const struct contact *c);

/* Counts a source of a crowd, given as crowd_source(), if it is new. */
void episode_add_source(struct episode_table *t, struct episode *e, uint32_t source);

/* Adds a contact to an open episode. Reports an update if it has grown UPDATE_GROWTH times, its
 * techniques have changed, or its source is proven now.
 */
void episode_add(struct episode_table *t, struct episode *e, const struct contact *c,
		 uint32_t host_hash);

/* Whether a technique made up enough of the contacts (NAMED_CONTACTS, NAMED_SHARE_ONE_IN) not to be
 * a by-product, such as pings before a scan or other traffic of the same host. */
bool episode_has(const struct episode *e, unsigned technique);
/* The bit set of these techniques, without SYN or connect where it is known to be the other. */
uint32_t episode_techniques(const struct episode *e);
/* enum event_shape and enum event_action of what was counted so far. */
uint8_t episode_shape(const struct episode *e);
uint8_t episode_action(const struct episode *e);

/* Adds a port to the TCP or UDP ports; nothing for other protocols. */
void episode_add_port(struct episode *e, uint16_t port, uint8_t proto);
/* Whether nearly all of its contacts were with one target: the others are by-products, such as the
 * scanner's questions to a resolver. */
bool episode_has_target(const struct episode *e);
/* Delivers an event about the episode, unless its opening was or is beyond the limit. */
void episode_report(struct episode_table *t, struct episode *e, enum event_phase phase,
		    uint64_t t_ns);

/* Closes the episodes that have been silent for idle_ms and for CLOSE_PAUSES of their own pauses;
 * delivers what is due of suspects and suppressed events. */
void episode_expire(struct episode_table *t, uint64_t now_ms, uint64_t idle_ms, uint64_t t_ns);
/* Sets the bits (host_set_mark) of all open episodes. */
void episode_mark_owners(const struct episode_table *t, uint64_t alive[static 1024]);
/* Closes all episodes, in the order in which they were opened. */
void episode_close_all(struct episode_table *t, uint64_t t_ns);

/* Opens an event for a scan that was beyond the limit and continues, if it is within it now. */
void episode_report_late(struct episode_table *t, struct episode *e, uint64_t t_ns);
/* Begins the next minute of the limit if it is time: reports how many events the last one
 * suppressed, and opens events for the largest of these scans that still continue. */
void episode_report_minute(struct episode_table *t, uint64_t now_ms, uint64_t t_ns);
/* Reports how many events were suppressed since the last such report, if any. */
void episode_report_suppressed(struct episode_table *t, uint64_t t_ns);
/* Ports, protocols or hosts, whichever are more. */
uint64_t episode_size(const struct episode *e);

/* Delivers an event that is reported once, such as EVENT_BLIND, within the limit. Sets its id and
 * `lost`. */
void episode_report_notice(struct episode_table *t, struct event *event, uint64_t now_ms);

#endif
