/* phrase: short texts that several formats share: times, reasons, port lists, notes. */
#ifndef PORTLIGHT_REPORT_PHRASE_H
#define PORTLIGHT_REPORT_PHRASE_H

#include <stdio.h>

#include "result/record.h"

#define PHRASE_TIME	40 /* room for phrase_time */
#define PHRASE_ADDRESS	(ADDR_TEXT + 64)
#define PHRASE_SECONDS	24
#define PHRASE_EVIDENCE 128
#define PHRASE_COLUMNS	80 /* no line of prose is longer, but on a wider terminal */

/* RFC 3339 in UTC with nanoseconds: "2026-11-23T07:30:23.000000001Z". Returns `text`. */
const char *phrase_time(uint64_t ns, char text[static PHRASE_TIME]);
/* The time in seconds: "2026-11-23T07:30:23Z". */
const char *phrase_time_short(uint64_t ns, char text[static PHRASE_TIME]);
/* Seconds: "12.34", with a point in any locale. */
const char *phrase_seconds(uint64_t ns, char text[static PHRASE_SECONDS]);
/* "02:00:5e:10:00:01". */
/* The name in the heading of a host: the one that the user gave, or else by reverse DNS; or NULL.
 */
const char *phrase_name(const struct host_report *host);
/* The address of a host, with its interface where it is a link-local one: "fe80::1%eth0". */
const char *phrase_address(const struct host_report *host, char text[static PHRASE_ADDRESS]);
const char *phrase_mac(const uint8_t mac[6], char text[static 18]);

/* "tcp" or "udp": the protocol of a technique. */
const char *phrase_proto(unsigned technique);

/* Reason with its evidence: "admin-prohibited from 198.18.1.1 ttl 63". Returns `text`. */
const char *phrase_evidence(const struct finding *finding, char text[static PHRASE_EVIDENCE]);

/* Which findings phrase_ports lists. */
struct phrase_choice {
	uint8_t technique, state;
	bool only_reason; /* those with `reason`, or with a shared one; otherwise any */
	uint8_t reason;
	bool only_summarised; /* those marked FINDING_SUMMARISED; otherwise any */
};
bool phrase_chosen(const struct phrase_choice *choice, const struct finding *finding);
/* Their ports as "1-21,23,25-80", with `comma` between. */
void phrase_ports(FILE *out, const struct host_report *host, const struct phrase_choice *choice,
		  const char *comma);

/* The explanation of a bit of host_report.notes. */
struct phrase_note {
	uint32_t bit;
	const char *sentence;
};
extern const struct phrase_note phrase_notes[];
extern const size_t phrase_note_count;

/*
 * Writes `label`, then the words of `text` from column `indent` on, wrapped so that no line is
 * longer than `columns` (0: PHRASE_COLUMNS), and a newline. Other bytes than printable ASCII are
 * escaped.
 */
void phrase_wrap(FILE *out, unsigned columns, const char *label, const char *text, int indent);

/* The first line of a file: "# portlight 0.1.0 scan started TIME as: ARGUMENTS". */
void phrase_begin(FILE *out, const struct run_info *run);
/* One line about the end of a run: "3 hosts (2 up, 1 silent) in 2.34 s, 3010 probes sent". */
void phrase_summary(FILE *out, const struct run_summary *summary);

/*
 * A remark on the run as a whole, without a newline: how much was lost, and how many ports may have
 * been missed; or that nothing has answered, and what is known of why. False, with nothing written,
 * if there is none.
 */
bool phrase_confidence(FILE *out, const struct run_summary *summary);

#endif
