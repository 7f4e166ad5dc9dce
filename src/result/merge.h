/* merge: several techniques' verdicts on one port made one. */
#ifndef PORTLIGHT_RESULT_MERGE_H
#define PORTLIGHT_RESULT_MERGE_H

#include "result/record.h"

/* Some protocol of the run is scanned by more than one technique. */
bool merge_is_needed(const struct run_info *run);

/*
 * One finding a (protocol, port): of the host's verdicts on it the most definite one, in the order
 * open, closed, unfiltered, filtered, open|filtered. Two exceptions: an open that is read only out
 * of a RST's window or TTL ranks below a closed, and a closed of a host that is mute to the
 * technique (host_is_mute) ranks below all. A merged finding's technique is the first of its
 * protocol in the run, so that findings of one protocol form one group a state.
 *
 * host->findings are in finding_compare's order, and so is the result. Returns how many findings
 * were written to merged[0..host->count).
 */
size_t merge_findings(const struct run_info *run, const struct host_report *host,
		      struct finding *merged);

#endif
