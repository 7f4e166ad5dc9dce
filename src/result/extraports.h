/* extraports: which ports of a host are summarised instead of listed, nmap's extraports. */
#ifndef PORTLIGHT_RESULT_EXTRAPORTS_H
#define PORTLIGHT_RESULT_EXTRAPORTS_H

#include "result/record.h"

/*
 * More ports than this in one state other than open (and of one technique; the bound grows by the
 * same number with each -v) are summarised.
 */
#define EXTRAPORTS_LISTED 25

struct extraports_conf {
	bool all_ports; /* list each port */
	bool open_only; /* summarise each state but open and open|filtered, however few ports */
	int verbose;
};

/* Ports of one technique and state. */
struct extraports_group {
	uint8_t technique, state;
	bool whole; /* all ports of the technique and state; otherwise those that are marked
		       FINDING_SUMMARISED */
	uint32_t count;
	uint32_t reasons[REASONS]; /* number of ports with each reason */
};

#define EXTRAPORTS_GROUPS (TECHNIQUES * PORT_STATES)
struct extraports {
	struct extraports_group group[EXTRAPORTS_GROUPS]; /* most frequent first */
	unsigned groups;
};

/*
 * Counts the groups of *host by the rule of *conf; open_only takes precedence over all_ports.
 * Open ports of a host that accepts any (HOST_DECOYS) are summarised, unless all_ports.
 * Ports that the record itself has only in summarised form (FINDING_SUMMARISED) are always
 * summarised.
 */
void extraports_count(struct extraports *extra, const struct host_report *host,
		      const struct extraports_conf *conf);

/* Whether the finding belongs to one of the groups, so that it is not listed. */
bool extraports_has(const struct extraports *extra, const struct finding *finding);

/* Ports in the state of group `i`, of all techniques; 0 if a group before it has the same state. */
uint64_t extraports_in_state(const struct extraports *extra, unsigned i);

#endif
