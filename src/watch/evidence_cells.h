/* evidence_cells: tests that span hosts and ports: blocks, random scans, knocks on open ports. */
#ifndef PORTLIGHT_WATCH_EVIDENCE_CELLS_H
#define PORTLIGHT_WATCH_EVIDENCE_CELLS_H

#include "watch/evidence.h"

/* Whether a contact was made where no ordinary client fails: by a raw tool, or on a port that none
 * sprays. */
bool contact_is_unusual(const struct contact *c);
/* Whether its packet has a relation that chance makes once in 2^16. */
bool contact_is_strict(const struct contact *c);

/* Adds a TCP or UDP contact of a source that is not on probation to its records about cells.
 * Returns one that is over the threshold, or NULL. A record about knocks waits (evidence_held). */
struct evidence *cells_add(struct evidence_table *t, const struct contact *c);

/* Whether most of what a contact's source asked in its network was completed: what failed there is
 * judged with it, as knocks. */
bool cells_mostly_complete(struct evidence_table *t, const struct contact *c);

/* Removes the records about cells of a source that have to do with a host. */
void cells_forget(struct evidence_table *t, struct addr src, struct addr host);

#endif
