/* extraports: which ports of a host are summarised instead of listed, nmap's extraports. */
#ifndef PORTLIGHT_RESULT_EXTRAPORTS_H
#define PORTLIGHT_RESULT_EXTRAPORTS_H

#include "result/record.h"

/*
 * A state other than open that more ports than this have (by one technique; for each -v as many
 * more) is summarised.
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
	uint32_t reasons[REASONS]; /* how many of each */
};

#define EXTRAPORTS_GROUPS (TECHNIQUES * PORT_STATES)
struct extraports {
	struct extraports_group group[EXTRAPORTS_GROUPS]; /* most frequent first */
	unsigned groups;
};

/*
 * Counts the groups of *host by the rule of *conf; open_only goes before all_ports. Ports that the
 * source of the record had only in summarised form (FINDING_SUMMARISED) are summarised whatever
 * *conf says.
 */
void extraports_count(struct extraports *extra, const struct host_report *host,
		      const struct extraports_conf *conf);

/* Whether the finding belongs to one of the groups, and is not to be listed. */
bool extraports_has(const struct extraports *extra, const struct finding *finding);

/* Ports in the state of group `i`, whatever their technique; 0 where a group before it has the
 * same state. */
uint64_t extraports_in_state(const struct extraports *extra, unsigned i);

#endif
