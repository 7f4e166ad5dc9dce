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
	size_t memory_bytes;	    /* of all tables together; default WATCH_MEMORY */
	struct siphash_key key;	    /* of all tables; the same key repeats a replay byte for byte */
	double false_positive;	    /* of the sequential test; default WATCH_FALSE_POSITIVE */
	double detection;	    /* default WATCH_DETECTION */
	uint64_t idle_ns;	    /* silence after which a scan is closed; default WATCH_IDLE_S */
	unsigned events_per_minute; /* the rest is counted in an EVENT_SUPPRESSED; default
				       WATCH_EVENTS_PER_MINUTE */
	const struct ranges *home;  /* our networks: contacts from there outwards weigh
				       OUTWARDS_WEIGHT; NULL: not known */
	const struct ranges *trusted;  /* --ignore: sources that are never reported; may be NULL */
	const struct ranges *gateways; /* their ARP requests are no evidence; may be NULL */
	/* Whether a socket listens on this local address and port (TCP or UDP): 1 yes, -1 no, 0 not
	 * known. NULL: never known. */
	int (*listens)(void *context, struct addr a, uint16_t port, uint8_t proto);
	void *listens_context;
	/* Whether an address is one of this machine. NULL: not known, as for a capture file. */
	bool (*is_own)(void *context, struct addr a);
	void *is_own_context;
	/* Events are delivered here, during watch_packet, watch_tick and watch_finish. */
	void (*event)(void *context, const struct event *event);
	void *event_context;
};

#define WATCH_MEMORY	   ((size_t)WATCH_MEMORY_MIB << 20)
#define WATCH_MEMORY_LEAST ((size_t)WATCH_MEMORY_LEAST_MIB << 20)

/* Fills *conf with the defaults; key and event are zero. */
void watch_conf_init(struct watch_conf *conf);

/* Allocates all memory of the detector; nothing is allocated later. *conf is copied; what it points
 * to is borrowed. NULL if out of memory, or if memory_bytes is less than WATCH_MEMORY_LEAST. */
struct watch *watch_new(const struct watch_conf *conf);
void watch_free(struct watch *w);

/*
 * Judges one packet at its capture time (ns since 1970). Times may jump, run backwards or skip
 * years: the detector's own clock never runs backwards. `outgoing`: the packet left this machine
 * (live captures only; false offline).
 */
void watch_packet(struct watch *w, uint64_t t_ns, const struct packet *p, bool outgoing);

/*
 * The same in four steps, for a caller that has several packets at hand: it calls each step for all
 * packets before the next one. The first three load into the cache what watch_judge reads: the
 * bucket of the flow table, the flow in it, and the tables of the flow that this one will evict.
 * They change nothing but *s, so that other calls may come in between. After the first the caller
 * may set s->way and s->interface. watch_judge judges, in the order of the packets.
 */
void prefetch_bucket(const struct watch *w, const struct packet *p, struct sighting *s);
void prefetch_entry(const struct watch *w, struct sighting *s);
void prefetch_victim(const struct watch *w, const struct sighting *s);
void watch_judge(struct watch *w, uint64_t t_ns, const struct packet *p, const struct sighting *s);

/* Advances the clock without a packet: closes scans that are silent, reports losses. Call it about
 * once a second. */
void watch_tick(struct watch *w, uint64_t t_ns);

/* Notes that the capture has lost `lost` packets since it began. */
void watch_lost(struct watch *w, uint64_t lost);

/* Ends the capture: flows that wait for an answer count as unanswered, open events are closed. */
void watch_finish(struct watch *w);

struct watch_stats {
	uint64_t packets, fragments;
	uint64_t malformed;		     /* damaged, or cut off in their headers */
	uint64_t own_forged;		     /* came in with a source address of this machine */
	uint64_t flows, flows_evicted;	     /* in use; evicted while they waited for an answer */
	uint64_t evidence, evidence_evicted; /* records in use; evicted with evidence in them */
	uint64_t sources_refused;	     /* sources whose first contact got no record */
	uint64_t scans_open, scans_total, scans_refused;
	uint64_t events[EVENT_ACTIONS]; /* reported, open phase only */
	uint64_t suppressed;
	uint64_t lost;
	size_t memory_bytes;
	double fill; /* of the fuller of the flow and evidence tables, 0..1 */
};
/* Copies the counters. */
void watch_stats(const struct watch *w, struct watch_stats *out);

/*
 * Explains the evidence about a source (--explain): calls `line` with one sentence after another.
 * Returns false if there is none.
 */
bool watch_explain(const struct watch *w, struct addr source,
		   void (*line)(void *context, const char *text), void *context);

#endif
