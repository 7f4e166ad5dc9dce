/* host: what a host's record says as a whole: its status and reason, and whether it answered. */
#ifndef PORTLIGHT_RESULT_HOST_H
#define PORTLIGHT_RESULT_HOST_H

#include "result/record.h"

/* "up", "down", "unknown"; never NULL. */
const char *host_state_name(unsigned state);

/* The names of the bits of host_report.notes, in the order in which they are written. */
struct host_note_word {
	uint32_t bit;
	const char *word;
};
extern const struct host_note_word host_note_words[];
extern const size_t host_note_count;

/* The status in the record, or else the one that its notes and findings prove. */
struct host_status host_status(const struct host_report *host);

/* Whether the host is known to exist: it is up (also if it answered only ARP or NDP), or a router
 * or packet filter before it answered for it. */
bool host_answered(const struct host_report *host);

/* Whether a port is open or open|filtered. */
bool host_has_open(const struct host_report *host);

/* Whether the RST of `finding` proves nothing, because the host, by its notes (enum host_note),
 * violates what the technique relies on. */
bool host_is_mute(uint32_t notes, const struct finding *finding);

#endif
