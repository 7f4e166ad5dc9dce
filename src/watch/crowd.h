/* crowd: what many sources do to one target: floods, reflection, scans that share the work. */
#ifndef PORTLIGHT_WATCH_CROWD_H
#define PORTLIGHT_WATCH_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "watch/arrivals.h"
#include "watch/cusum.h"
#include "watch/evidence.h"

/* HyperLogLog (Flajolet et al. 2007) of sources: 1024 registers, 3.3 % error. */
#define CROWD_REGISTERS 1024
/* Most spans see but a few sources: those have no thousand registers to be cleared. */
#define CROWD_LISTED  32
#define CROWD_GROUPS  4
#define CROWD_PORTS   256
#define CROWD_SOURCES 128
/* What comes of a contact may be known three seconds later. */
#define CROWD_FULL 4

/* Sources whose packets have the same header fields, and the ports they share among them. */
struct crowd_group {
	uint64_t began_ms, moved_ms;
	uint64_t first_ns;
	uint32_t fingerprint; /* 0: free */
	uint32_t contacts, repeats;
	uint32_t network; /* of the first source: the /64 of IPv6 (RFC 4291, 2.5.4), itself of IPv4
			   */
	bool scattered;	  /* not all are of that */
	uint16_t sources, ports;
	uint32_t source[CROWD_SOURCES];
	uint16_t port[CROWD_PORTS];
};

/* Contacts of one second, or of a tenth. */
struct crowd_span {
	uint64_t began_ms;
	uint64_t sum; /* of 2^-register, in fixed point: exact */
	uint32_t contacts, completed;
	uint32_t empty;		       /* registers at 0 */
	uint16_t listed[CROWD_LISTED]; /* the first that are not */
	uint8_t sources[CROWD_REGISTERS];
};

/* 9 KiB. */
struct crowd {
	uint64_t tag;  /* 0: free */
	uint64_t name; /* of the target */
	uint64_t moved_ms;
	struct addr target;
	double mean_pps; /* contacts a second of a source that takes part; 0: no flood */
	double share;	 /* the same, of all its contacts */
	/* Both, of full seconds: the latest first, and the greatest of those. */
	struct {
		double mean_pps, share;
	} full[CROWD_FULL], held;
	double burst;		  /* contacts of one within a tenth of a second */
	double pps;		  /* of all sources together */
	double uneven;		  /* so many times as busy as the average one some are; 1 to 2 */
	double admitted;	  /* sources that came to stand out, in about a second */
	uint64_t flood_ms;	  /* until then it counts as flooded */
	struct arrivals arrivals; /* of those that failed while it was flooded */
	struct crowd_span contacts, tenth, strays; /* behind what is cleared whole, as groups are */
	struct crowd_group group[CROWD_GROUPS];
};

struct crowd_table {
	struct crowd *crowd, *latest; /* the one that was asked for last, or NULL */
	struct cusum cusum;
	uint64_t buckets;
	struct siphash_key key;
	uint64_t evicted;
};

int crowd_table_init(struct crowd_table *t, size_t bytes, const struct siphash_key *key);
void crowd_table_fini(struct crowd_table *t);

/* A target's crowd, by address and name (name.h); made where there is none, the longest idle of its
 * bucket makes room. */
struct crowd *crowd_get(struct crowd_table *t, struct addr target, uint64_t name, uint64_t now_ms);

/*
 * A first contact (when its packet came) or a stray answer. `source` is a name. Returns how many
 * sources there were in the last second if they look like a flood (contacts: a hundred a second
 * from fifty sources, nine of ten not completed), else 0.
 */
uint64_t crowd_contact(struct crowd *c, uint64_t source, uint64_t now_ms);
uint64_t crowd_stray(struct crowd *c, uint64_t source, uint64_t now_ms);

/* A contact was completed: no flood does that. */
void crowd_completed(struct crowd *c);

/* A stray answer was none: the connection goes on. */
void crowd_stray_went_on(struct crowd *c);

/* Contacts a second of the average source while the target is flooded; 0 if it is not. */
double crowd_mean_pps(const struct crowd *c, uint64_t now_ms);

/* Asks the cache for what crowd_surprise will look at, by names. */
void crowd_prefetch(const struct crowd_table *t, uint64_t source, uint64_t target);

/*
 * How much busier a contact's source is towards its target, which is flooded, than chance would
 * make one of the flood's, as -ln of the share of their contacts that come so far (cusum.h).
 * `count`: it failed.
 */
double crowd_surprise(struct crowd_table *t, struct crowd *c, const struct contact *contact,
		      bool count);

/* What the packets of one program have in common, and what a source is called in a group. */
uint32_t crowd_fingerprint(const struct crowd_table *t, const struct contact *contact);
uint32_t crowd_source(const struct contact *contact);

/*
 * A failed contact of a source that is no scanner by itself: the group it belongs to, once that
 * is a scan: two dozen ports, three sources or more, each port asked by hardly more than one; and
 * fewer sources than ports, but where all are of one IPv6 network, which may be one host.
 */
struct crowd_group *crowd_failed(struct crowd_table *t, struct crowd *c,
				 const struct contact *contact);

#endif
