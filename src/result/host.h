/* host: what a host's record says as a whole: its status and why, and whether it is worth a look.
 */
#ifndef PORTLIGHT_RESULT_HOST_H
#define PORTLIGHT_RESULT_HOST_H

#include "result/record.h"

/* "up", "down", "unknown"; never NULL. */
const char *host_state_name(unsigned state);

/* The words for the bits of host_report.notes, in the order in which they are written. */
struct host_note_word {
	uint32_t bit;
	const char *word;
};
extern const struct host_note_word host_note_words[];
extern const size_t host_note_count;

/* The status that the record brings along, or else the one that its notes and its findings prove.
 */
struct host_status host_status(const struct host_report *host);

/* Something says that there is such a host: it is up (also if ARP or NDP is all that it answered),
 * or a router or packet filter before it answered for it. */
bool host_answered(const struct host_report *host);

/* Has a port that is open or open|filtered. */
bool host_has_open(const struct host_report *host);

/* The RST of `finding` proves nothing: the host, by its notes (enum host_note), breaks what the
 * technique relies on. */
bool host_is_mute(uint32_t notes, const struct finding *finding);

#endif
