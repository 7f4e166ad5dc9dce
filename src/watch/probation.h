/* probation: the first contact of each source, before the source gets evidence records. */
#ifndef PORTLIGHT_WATCH_PROBATION_H
#define PORTLIGHT_WATCH_PROBATION_H

#include <stddef.h>
#include <stdint.h>

struct contact;

/* Flags of an entry; 0: the entry is free. */
enum probation_state {
	PROBATION_NOTED = 1 << 0,  /* one contact is stored */
	PROBATION_PASSED = 1 << 1, /* the source has evidence records */
	/* What is known of the stored contact, as in struct contact. */
	PROBATION_FAILED = 1 << 2,
	PROBATION_ANSWERED = 1 << 3,
	PROBATION_HALF_OPEN = 1 << 4,
	PROBATION_IDLE = 1 << 5,
	PROBATION_PROVEN = 1 << 6,
};

/* A source's first contact, 20 bytes. Spoofed sources that send one packet each fill only this
 * table, and evict no evidence. */
struct probation_entry {
	uint32_t tag;	   /* keyed hash of the source */
	uint32_t moved_ms; /* low 32 bits of its latest contact's time */
	uint32_t target;   /* name_host() of the contacted address */
	uint16_t port;
	uint8_t proto;
	uint8_t state;	/* bits of enum probation_state */
	uint16_t print; /* as in struct contact */
};

/* Buckets of four; a new source evicts the one that was silent longest. */
struct probation_table {
	struct probation_entry *entry;
	uint64_t buckets;
	uint64_t refused; /* sources that were stored so far */
};

/* Allocates at most `bytes`. Returns 0, or -1 if out of memory or `bytes` hold no bucket. */
int probation_init(struct probation_table *t, size_t bytes);
void probation_fini(struct probation_table *t);

enum probation_answer {
	PROBATION_HOLD, /* the source's first contact, or the same again: it gets no record */
	PROBATION_ENDS, /* its second, with another port or host: *earlier is the first one */
	PROBATION_OVER, /* the source has records already */
};

/* Decides whether the source of a contact gets records, and stores its first contact. `target`:
 * name_host() of the contacted address. */
enum probation_answer probation_check(struct probation_table *t, const struct contact *c,
				      uint32_t target, struct probation_entry *earlier);

/* The entry of a source by its name, or NULL. Valid until the next probation_check. */
const struct probation_entry *probation_peek(const struct probation_table *t, uint64_t source);

/* The stored first contact of c's source as a struct contact. Fields that are not stored
 * (addresses, techniques, tools) are those of c. */
struct contact probation_contact(const struct contact *c, const struct probation_entry *earlier);

#endif
