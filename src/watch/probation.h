/* door: the first contact of each source, before it gets records. */
#ifndef PORTLIGHT_WATCH_PROBATION_H
#define PORTLIGHT_WATCH_PROBATION_H

#include <stddef.h>
#include <stdint.h>

struct contact;

/* What is known of a source at the door. */
enum probation_state {
	PROBATION_NOTED = 1 << 0,  /* one contact; 0: free */
	PROBATION_PASSED = 1 << 1, /* the source has records */
	/* Of the one contact, as in struct contact. */
	PROBATION_FAILED = 1 << 2,
	PROBATION_ANSWERED = 1 << 3,
	PROBATION_HALF_OPEN = 1 << 4,
	PROBATION_IDLE = 1 << 5,
	PROBATION_PROVEN = 1 << 6,
};

/* A source's first contact that was not used: no record yet, so that forged sources which send one
 * packet each fill only this. 16 bytes. */
struct probation_entry {
	uint32_t tag;
	uint32_t moved_ms; /* low bits */
	uint32_t target;   /* hash of the address */
	uint16_t port;
	uint8_t proto;
	uint8_t state; /* enum probation_state */
};

/* Buckets of four; a new source pushes out the one that was quiet longest. */
struct probation_table {
	struct probation_entry *entry;
	uint64_t buckets;
	uint64_t refused; /* sources that were noted */
};

/* Within `bytes`. 0, or -1 out of memory. */
int probation_init(struct probation_table *t, size_t bytes);
void probation_fini(struct probation_table *t);

enum probation_answer {
	PROBATION_HOLD, /* its first contact, or the same again */
	PROBATION_ENDS, /* its second, at another port or host: *earlier is the first one */
	PROBATION_OVER,
};

/* Whether the source of a contact gets records. `target`: a hash of the contacted address. */
enum probation_answer probation_check(struct probation_table *t, const struct contact *c,
				      uint32_t target, struct probation_entry *earlier);

/* What is noted of a source by its name, or NULL. */
const struct probation_entry *probation_peek(const struct probation_table *t, uint64_t source);

/* The contact that was only noted, as far as that is still known: as if with c->dst. */
struct contact probation_contact(const struct contact *c, const struct probation_entry *earlier);

#endif
