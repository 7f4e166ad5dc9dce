/* salts: one list of the numbers that keep the detector's keyed hashes apart. */
#ifndef PORTLIGHT_BASE_SALTS_H
#define PORTLIGHT_BASE_SALTS_H

/*
 * All tables of the detector hash under the one key of a run (siphash.h). A salt is part of the
 * hash, so that two tables that hash the same address or port get unrelated values: an attacker
 * that finds two addresses that collide in one table has not found a collision in another.
 *
 * A new table takes a number that is not in the list. Changing a number changes which entries are
 * evicted together, and with it the events of a replay under memory pressure.
 */
#define SALT_LIST(X)                                                                               \
	X(SALT_KNOWN_SERVICE, 2) /* known_service.c: source, target and port */                    \
	X(SALT_PROBATION, 3)	 /* probation.c: source */                                         \
	X(SALT_CUSUM, 4)	 /* crowd.c: source and target */                                  \
	X(SALT_CROWD_GROUP, 5)	 /* crowd.c: source in a group */                                  \
	X(SALT_EVIDENCE, 6)	 /* evidence.c: source and what a record is about */               \
	X(SALT_EPISODE, 7)	 /* episode.c: source, or target of a crowd */                     \
	X(SALT_SUSPECT_PLACE, 8) /* suspects.c: source */                                          \
	X(SALT_SUSPECT_PORT, 9)	 /* suspects.c: source and port */                                 \
	X(SALT_QUESTION, 12)	 /* excuse.c: address and port */                                  \
	X(SALT_TRACE, 13)	 /* excuse.c: source and target */                                 \
	X(SALT_CELL, 14)	 /* evidence_cells.c: host and port */                             \
	X(SALT_NAME, 11)	 /* name.h: address */                                             \
	X(SALT_FLOW, 0x666c6f77) /* flow.c: five-tuple */

enum salt {
#define SALT_ENUMERATOR(name, value) name = value,
	SALT_LIST(SALT_ENUMERATOR)
#undef SALT_ENUMERATOR
};

/* Never called. Two equal salts are two equal case labels, which no compiler accepts. */
static inline int salt_is_listed(unsigned salt)
{
	switch (salt) {
#define SALT_CASE(name, value) case value:
		SALT_LIST(SALT_CASE)
#undef SALT_CASE
		return 1;
	default:
		return 0;
	}
}

#endif
