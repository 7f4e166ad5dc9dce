/* crowd: what many sources do to one target: floods, reflection, scans that share the work. */
#ifndef PORTLIGHT_WATCH_CROWD_H
#define PORTLIGHT_WATCH_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "watch/evidence.h"

/* HyperLogLog (Flajolet et al. 2007) of sources: 256 registers, 6.5 % error. */
#define CROWD_REGISTERS 256
#define CROWD_GROUPS	4
#define CROWD_PORTS	256
#define CROWD_SOURCES	128

/* Sources whose packets have the same header fields, and the ports they share among them. */
struct crowd_group {
	uint64_t began_ms, moved_ms;
	uint64_t first_ns;
	uint32_t fingerprint; /* 0: free */
	uint32_t contacts, repeats;
	uint32_t network; /* of the first source: the /64 of IPv6 (RFC 4291, 2.5.4), itself of IPv4
			   */
	bool scattered;	  /* not all are of that */
	uint32_t source[CROWD_SOURCES];
	uint16_t port[CROWD_PORTS];
	uint16_t sources, ports;
};

/* Contacts of one second. */
struct crowd_second {
	uint64_t began_ms;
	uint32_t contacts, completed;
	uint8_t sources[CROWD_REGISTERS];
};

/* 5.4 KiB. */
struct crowd {
	uint64_t tag;  /* 0: free */
	uint64_t name; /* of the target */
	uint64_t moved_ms;
	struct addr target;
	struct crowd_second contacts, strays;
	double mean_pps;   /* contacts a source in the last full second; 0: no flood */
	uint64_t flood_ms; /* until then it counts as flooded */
	struct crowd_group group[CROWD_GROUPS];
};

/* Rows of the sieve, each counting every source once. */
#define CROWD_ROWS 4

/*
 * How often each source failed towards targets under a flood, in this second and the one before: a
 * count-min sketch (Cormode and Muthukrishnan 2005), so that forged sources, however many, cost no
 * record.
 */
struct crowd_sieve {
	uint16_t *count[2]; /* by second, then row; up to 65,535 */
	uint64_t total[2];
	uint64_t began_ms, before_ms; /* this second's beginning; what the other covers */
	uint64_t width;		      /* of a row; a power of two */
};

struct crowd_table {
	struct crowd *crowd, *latest; /* the one that was asked for last, or NULL */
	struct crowd_sieve sieve;
	uint64_t buckets;
	struct cookie_key key;
	uint64_t evicted;
};

int crowd_table_init(struct crowd_table *t, size_t bytes, const struct cookie_key *key);
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

/*
 * Counts a failed contact with a target that is flooded. Whether its source is busier than chance
 * would make one of the flood's: only then is it worth a record.
 */
bool crowd_admits(struct crowd_table *t, const struct crowd *c, uint64_t source, uint64_t now_ms);

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
