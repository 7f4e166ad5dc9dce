/* words: strict parsers for the numbers, times and names of a saved run. */
#ifndef PORTLIGHT_INGEST_WORDS_H
#define PORTLIGHT_INGEST_WORDS_H

#include <stdbool.h>
#include <stdint.h>

/* Each returns false, and leaves the result unchanged, if the text is not entirely of that form. */

/* Decimal digits without a leading zero, 0..most. */
bool words_number(const char *text, uint64_t most, uint64_t *value);
/* Decimal digits with an optional fraction, "2.34" seconds, as ns. */
bool words_seconds(const char *text, uint64_t *ns);
/* "2026-11-23T07:30:23.000000001Z" (RFC 3339), ns since 1970. */
bool words_time(const char *text, uint64_t *ns);
/* "02:00:5e:10:00:01", in upper or lower case. */
bool words_mac(const char *text, uint8_t mac[static 6]);
/* Reads the next "80" or "80-90" of a list, and the comma after it. *list advances. */
bool words_port_range(const char **list, unsigned *first, unsigned *last);
/* Counts the ports of a list; a port that occurs twice counts twice. */
bool words_port_count(const char *list, uint64_t *count);

/* "open|filtered", "tcp", "up": the enumerator (a technique's protocol for words_proto). */
bool words_state(const char *text, uint8_t *state);
bool words_proto(const char *text, uint8_t *proto);
bool words_host_state(const char *text, uint8_t *state);
bool words_reason(const char *text, uint8_t *reason);

#endif
