/* watch_state: the detector's state; for its own files only. */
#ifndef PORTLIGHT_WATCH_WATCH_STATE_H
#define PORTLIGHT_WATCH_WATCH_STATE_H

#include "watch/crowd.h"
#include "watch/episode.h"
#include "watch/evidence.h"
#include "watch/excuse.h"
#include "watch/flow.h"
#include "watch/fragment.h"
#include "watch/host_set.h"
#include "watch/known_service.h"
#include "watch/watch.h"

/* 64-bit words of the filter of hosts that sent ARP packets. */
#define HEARD_WORDS 1024

/* The evidence that opened the latest event of a source that is to be explained. */
#define KEPT_RECORDS 8
struct kept {
	uint64_t event; /* 0: none yet */
	unsigned records;
	struct evidence record[KEPT_RECORDS];
};

struct watch {
	struct watch_conf conf;
	struct flow_table flows;
	struct fragment_table pieces;
	struct excuses excuses;
	struct known_services known_services;
	struct host_set hosts;
	struct evidence_table evidence;
	struct crowd_table crowds;
	struct episode_table episodes;
	struct kept *kept;  /* one for each of conf.explain[]; NULL if there is none */
	uint64_t start_ms;  /* now_ms at the begin */
	uint64_t now_ms;    /* the detector's own clock: never runs backwards */
	uint64_t packet_ns; /* time of the latest packet, on the capture's clock */
	uint64_t ahead_ns;  /* time of the capture's clock that now_ms stands for */
	uint64_t packets, malformed, own_forged, fragments, lost, lost_reported, packets_reported,
		blind_ms;
	uint64_t swept_ms;		/* latest sweep of the host set */
	uint64_t heard[2][HEARD_WORDS]; /* this generation and the one before */
	uint64_t heard_ms;		/* begin of this generation */
	struct addr named;		/* the latest target, and `name` its name_of() */
	uint64_t name;
	bool begun;
	size_t memory_bytes;
	uint16_t buried; /* number of the latest buried packet */
};

#endif
