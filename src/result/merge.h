/* merge: merges the verdicts of several techniques on one port into one. */
#ifndef PORTLIGHT_RESULT_MERGE_H
#define PORTLIGHT_RESULT_MERGE_H

#include "result/record.h"

/* Whether a protocol of the run is scanned by more than one technique. */
bool merge_is_needed(const struct run_info *run);

/*
 * Writes one finding per (protocol, port): the most definite of the host's verdicts on it, in the
 * order open, closed, unfiltered, filtered, open|filtered. Two exceptions: an open that is derived
 * only from a RST's window or TTL ranks below a closed, and a closed of a host for which the
 * technique proves nothing (host_is_mute) ranks below all. A merged finding's technique is the
 * first of its protocol in the run, so that findings of one protocol form one group per state.
 *
 * host->findings are in finding_compare's order, and so is the result. Returns the number of
 * findings written to merged[0..host->count).
 */
size_t merge_findings(const struct run_info *run, const struct host_report *host,
		      struct finding *merged);

/*
 * Of two verdicts of one technique on one port, by different runs, the one to keep: an answer is
 * surer than silence, a port of its own record surer than one of a list; of two alike, the newer.
 * Without FINDING_TIME, t_ns is to be set to the time when the host was finished.
 */
const struct finding *merge_surer(const struct finding *left, const struct finding *right);

#endif
