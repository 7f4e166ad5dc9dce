/* door: the first contact of each source, before it gets records. */
#ifndef PORTLIGHT_WATCH_PROBATION_H
#define PORTLIGHT_WATCH_PROBATION_H

#include <stddef.h>
#include <stdint.h>

struct contact;

/* What is known of a source at the door. */
enum door_state {
	DOOR_NOTED = 1 << 0,  /* one contact; 0: free */
	DOOR_PASSED = 1 << 1, /* the source has records */
	/* Of the one contact, as in struct contact. */
	DOOR_FAILED = 1 << 2,
	DOOR_ANSWERED = 1 << 3,
	DOOR_HALF_OPEN = 1 << 4,
	DOOR_IDLE = 1 << 5,
	DOOR_PROVEN = 1 << 6,
};

/* A source's first contact that was not used: no record yet, so that forged sources which send one
 * packet each fill only this. 16 bytes. */
struct door_entry {
	uint32_t tag;
	uint32_t moved_ms; /* low bits */
	uint32_t target;   /* hash of the address */
	uint16_t port;
	uint8_t proto;
	uint8_t state; /* enum door_state */
};

/* Buckets of four; a new source pushes out the one that was quiet longest. */
struct door_table {
	struct door_entry *entry;
	uint64_t buckets;
	uint64_t refused; /* sources that were noted */
};

/* Within `bytes`. 0, or -1 out of memory. */
int door_init(struct door_table *t, size_t bytes);
void door_fini(struct door_table *t);

enum door_answer {
	DOOR_SHUT,  /* its first contact, or the same again */
	DOOR_OPENS, /* its second, at another port or host: *earlier is the first one */
	DOOR_OPEN,
};

/* Whether the source of a contact gets records. `target`: a hash of the contacted address. */
enum door_answer door_ask(struct door_table *t, const struct contact *c, uint32_t target,
			  struct door_entry *earlier);

/* What is noted of a source by its name, or NULL. */
const struct door_entry *door_peek(const struct door_table *t, uint64_t source);

/* The contact that was only noted, as far as that is still known: as if with c->dst. */
struct contact door_contact(const struct contact *c, const struct door_entry *earlier);

#endif
