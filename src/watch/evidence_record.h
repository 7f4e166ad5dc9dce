/* evidence_record: the records of the evidence table; for the evidence_*.c only. */
#ifndef PORTLIGHT_WATCH_EVIDENCE_RECORD_H
#define PORTLIGHT_WATCH_EVIDENCE_RECORD_H

#include "watch/evidence.h"

#define EVIDENCE_WAYS 8

/* The subject of a record, besides its source. */
struct subject {
	uint32_t host; /* name_host of the one target; 0: any */
	uint16_t port;
	uint8_t kind, proto;
};

/* Its keyed hash together with the name of the source. */
uint64_t record_tag(uint64_t source, const struct subject *about);

/* The record of a subject, or NULL. With `make` it is created, and evicts the least suspicious of
 * its bucket. */
struct evidence *record_get(struct evidence_table *t, const struct contact *c,
			    const struct subject *about, bool make);
struct evidence *record_find(struct evidence_table *t, uint64_t tag);

/* Decays the scores to now_ms. */
void record_leak(struct evidence *r, uint64_t now_ms);
/* Adds to the fast and the slow score; neither falls below zero. */
void record_step(struct evidence *r, float step, float slow);
bool record_is_over(const struct evidence_table *t, const struct evidence *r);
/* Counts a contact: its times, techniques, tools and proof. */
void record_note(struct evidence *r, const struct contact *c);

/* Counts up to 65,535. */
void count_contact(uint16_t *counter);

/* Filters: sets the bit of a hash, and returns whether it was free; counts the bits. */
bool filter_add(uint64_t *filter, unsigned bits, uint32_t hash);
unsigned filter_bits(const uint64_t *filter, unsigned words);
/* Adds to a filter of used ports, hosts or cells; returns whether it was new. The filter is emptied
 * when half full, so that each new service counts for a client of hundreds, and a repeated one does
 * not. */
bool used_add(uint64_t filter[static 8], uint32_t hash);

/* evidence_network() of a contact's target. */
uint32_t contact_network(const struct evidence_table *t, const struct contact *c);
/* Adds a host; returns whether it is new. If the host set is full, none is. */
bool list_host(struct evidence_table *t, struct evidence *r, uint32_t host);

#endif
