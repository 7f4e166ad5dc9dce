/* crowd: what many sources do to one target together: floods, reflection, distributed scans. */
#ifndef PORTLIGHT_WATCH_CROWD_H
#define PORTLIGHT_WATCH_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "watch/arrivals.h"
#include "watch/cusum.h"
#include "watch/evidence.h"

/* Registers of the HyperLogLog that counts sources (Flajolet et al. 2007): 3.3 % error. */
#define CROWD_REGISTERS 1024
/* Up to this number of registers is cleared one by one; with more in use, all are. */
#define CROWD_LISTED  32
#define CROWD_GROUPS  6
#define CROWD_PORTS   256
#define CROWD_SOURCES 128
/* Full seconds that are remembered: the outcome of a contact is known up to ANSWER_WAIT_MS later.
 */
#define CROWD_FULL 4

/* Sources whose packets have the same header fields, and the ports that they contacted. */
struct crowd_group {
	uint64_t began_ms, moved_ms;
	uint64_t first_ns;
	uint32_t fingerprint; /* 0: free */
	uint32_t contacts, repeats;
	uint32_t network; /* of the first source: its /64 of IPv6 (RFC 4291, 2.5.4), its address of
			   * IPv4
			   */
	bool scattered;	  /* sources of other networks are in the group */
	uint16_t sources, ports;
	uint32_t source[CROWD_SOURCES];
	uint16_t port[CROWD_PORTS];
};

/* Counters of one second, or of a tenth of one. */
struct crowd_span {
	uint64_t began_ms;
	uint64_t sum; /* sum of 2^-register over all registers, in exact fixed point */
	uint32_t contacts, completed;
	uint32_t empty;		       /* registers at 0 */
	uint16_t listed[CROWD_LISTED]; /* the first registers that are not 0 */
	uint8_t sources[CROWD_REGISTERS];
};

/* The counters of one target, 11 KiB. */
struct crowd {
	uint64_t tag;  /* 0: free */
	uint64_t name; /* name_of() the target */
	uint64_t moved_ms;
	struct addr target;
	double mean_pps; /* contacts a second of the average source; 0: no flood */
	double share;	 /* the average source's share of all contacts */
	/* Both values of the latest full seconds, latest first; and the greatest of them. */
	struct {
		double mean_pps, share;
	} full[CROWD_FULL], held;
	double burst;	 /* contacts of the average source within a tenth of a second */
	double pps;	 /* contacts a second of all sources */
	double uneven;	 /* ratio of the busiest sources' rate to the mean rate, 1 to UNEVEN_MOST */
	double admitted; /* sources whose CUSUM reached the level, in about a second */
	uint64_t flood_ms;	  /* end of the flood, as far as known */
	struct arrivals arrivals; /* of the contacts that failed during the flood */
	struct crowd_span contacts, tenth,
		strays; /* from here on crowd_clear() clears only what is used */
	struct crowd_group group[CROWD_GROUPS];
};

struct crowd_table {
	struct crowd *crowd, *latest; /* the one that crowd_get returned last, or NULL */
	struct cusum cusum;
	uint64_t buckets;
	struct siphash_key key;
	uint64_t evicted;
};

/* Allocates at most `bytes`. Returns 0, or -1 if out of memory or `bytes` hold no bucket. */
int crowd_table_init(struct crowd_table *t, size_t bytes, const struct siphash_key *key);
void crowd_table_fini(struct crowd_table *t);

/* The counters of a target, by its address and name_of() it. Creates them where there are none;
 * that evicts the target of the bucket that was idle longest. Valid until the next crowd_get. */
struct crowd *crowd_get(struct crowd_table *t, struct addr target, uint64_t name, uint64_t now_ms);

/*
 * Counts a first contact, when its packet came, or an answer without a question. `source` is a
 * name. Returns the number of sources in the current second if they look like a flood
 * (FLOOD_CONTACTS contacts from FLOOD_SOURCES sources, at most one in FLOOD_COMPLETED_ONE_IN
 * completed), else 0.
 */
uint64_t crowd_contact(struct crowd *c, uint64_t source, uint64_t now_ms);
uint64_t crowd_stray(struct crowd *c, uint64_t source, uint64_t now_ms);

/* Notes that a contact was completed, which those of a flood are not. */
void crowd_completed(struct crowd *c);

/* Records that a stray answer belongs to a connection that continues. */
void crowd_stray_went_on(struct crowd *c);

/* Contacts a second of the average source; 0 if the target is not flooded. */
double crowd_mean_pps(const struct crowd *c, uint64_t now_ms);

/* Prefetches what crowd_surprise reads, by names. Changes nothing. */
void crowd_prefetch(const struct crowd_table *t, uint64_t source, uint64_t target);

/*
 * How much busier a contact's source is towards its flooded target than chance would make one of
 * the flood's sources: -ln of a probability (cusum_surprise). `count`: the contact failed, and is
 * added to the source's sum.
 */
double crowd_surprise(struct crowd_table *t, struct crowd *c, const struct contact *contact,
		      bool count);

/* A hash of the header fields that the packets of one program have in common; and the hash that
 * stands for a source in a group. */
uint32_t crowd_fingerprint(const struct crowd_table *t, const struct contact *contact);
uint32_t crowd_source(const struct contact *contact);

/* The fingerprint of a group that has in common not its header fields but the first `bits` of its
 * IPv6 sources: 64, as one host can have all addresses of such a network (RFC 4291, 2.5.4), or 48,
 * as one site has (RFC 6177). */
uint32_t crowd_network_print(const struct crowd_table *t, const struct contact *contact,
			     unsigned bits);

/* What the sources of a group have in common. */
enum crowd_join {
	CROWD_ALIKE, /* the header fields of their packets */
	CROWD_SITE,  /* an IPv6 network, which may be one host's */
	CROWD_ANY,   /* nothing but the time */
};

/*
 * Counts a failed contact of a source that is no scanner by itself, in the group of a fingerprint.
 * Returns the group it belongs to once that is a distributed scan, else NULL: at least GROUP_PORTS
 * ports and GROUP_SOURCES sources, hardly a port contacted twice, and no pause. Sources of several
 * networks that are alike but have fewer than five ports to two of them, and those that only have
 * the time in common, need GROUP_PORTS_SPREAD ports.
 */
struct crowd_group *crowd_failed(struct crowd_table *t, struct crowd *c,
				 const struct contact *contact, uint32_t fingerprint,
				 enum crowd_join join);

#endif
