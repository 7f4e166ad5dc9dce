/* watch: the detector. Packets and their times in, events out. Pure. */
#ifndef PORTLIGHT_WATCH_WATCH_H
#define PORTLIGHT_WATCH_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/ranges.h"
#include "base/siphash.h"
#include "packet/packet.h"
#include "result/event.h"
#include "watch/params.h"
#include "watch/sight.h"

struct watch;

struct watch_conf {
	size_t memory_bytes;	/* of all tables together; default WATCH_MEMORY */
	struct siphash_key key; /* keys every table; fixed for a replay that is to be repeatable */
	double false_positive;	/* alpha of the sequential test; default 1e-6 */
	double detection;	/* beta: 0.99 */
	uint64_t idle_ns;	/* a scan that was silent so long is closed; default 5 min */
	unsigned events_per_minute; /* beyond, they are counted and told as one; default 60 */
	const struct ranges *home;  /* our networks: contacts from there outwards need ten times the
				       evidence; NULL: not known */
	const struct ranges *trusted;  /* --ignore: sources that are never evidence; may be NULL */
	const struct ranges *gateways; /* they ask by ARP on behalf of others; may be NULL */
	/* Does this local address and port listen (TCP or UDP)? NULL, or unknown: 0, yes: 1, no:
	 * -1. */
	int (*listens)(void *context, struct addr a, uint16_t port, uint8_t proto);
	void *listens_context;
	/* Events are delivered here, during watch_packet, watch_tick and watch_finish. */
	void (*event)(void *context, const struct event *event);
	void *event_context;
};

#define WATCH_MEMORY	   ((size_t)WATCH_MEMORY_MIB << 20)
#define WATCH_MEMORY_LEAST ((size_t)WATCH_MEMORY_LEAST_MIB << 20)

/* Fills the defaults; key and event remain to be set. */
void watch_conf_init(struct watch_conf *conf);

/* All memory is allocated here, never later. NULL if out of memory, or if memory_bytes is under
 * WATCH_MEMORY_LEAST. */
struct watch *watch_new(const struct watch_conf *conf);
void watch_free(struct watch *w);

/*
 * One packet at its capture time (ns since 1970). Times may jump, run backwards or skip years:
 * the detector's own clock never runs backwards, and a jump is not an event.
 * `outgoing`: it left this machine (live capture only; false offline).
 */
void watch_packet(struct watch *w, uint64_t t_ns, const struct packet *p, bool outgoing);

/*
 * The same in steps, for whoever has several packets at hand: all are looked at, then again, then
 * beyond (at what they will push out), then judged, in order. Looking asks the cache for what
 * judging needs, and changes nothing, so that other calls may come in between. What judges is the
 * packet that was looked at.
 */
void prefetch_bucket(const struct watch *w, const struct packet *p, struct sighting *s);
void prefetch_entry(const struct watch *w, struct sighting *s);
void prefetch_victim(const struct watch *w, const struct sighting *s);
void watch_judge(struct watch *w, uint64_t t_ns, const struct packet *p, const struct sighting *s);

/* Time passed without a packet: scans that fell silent are closed. */
void watch_tick(struct watch *w, uint64_t t_ns);

/* The capture lost so many packets in all, as of now. */
void watch_lost(struct watch *w, uint64_t lost);

/* The end of the capture: what still waits for an answer counts as unanswered, open events are
 * closed. */
void watch_finish(struct watch *w);

struct watch_stats {
	uint64_t packets, fragments;
	uint64_t malformed;		     /* damaged, or cut off in their headers */
	uint64_t flows, flows_evicted;	     /* in use; pushed out while they could still answer */
	uint64_t evidence, evidence_evicted; /* records in use; pushed out with evidence in them */
	uint64_t sources_refused;	     /* one-packet sources that got no record */
	uint64_t scans_open, scans_total, scans_refused;
	uint64_t events[EVENT_ACTIONS]; /* told, open phase only */
	uint64_t suppressed;
	uint64_t lost;
	size_t memory_bytes;
	double fill; /* of the fullest table, 0..1 */
};
void watch_stats(const struct watch *w, struct watch_stats *out);

/*
 * The evidence held about a source, for --explain: calls `line` for each sentence. False if
 * nothing is held.
 */
bool watch_explain(const struct watch *w, struct addr source,
		   void (*line)(void *context, const char *text), void *context);

#endif
