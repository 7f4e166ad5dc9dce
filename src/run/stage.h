/* stage: what the discovery of hosts and the scan of ports know of one another. */
#ifndef PORTLIGHT_RUN_STAGE_H
#define PORTLIGHT_RUN_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "result/record.h"
#include "run/scan_setup.h"

/*
 * A host of the present stage was read out. In a discovery: records in setup->live whether it is to
 * be scanned, and returns whether it is reported now: with -sn, or because it is down. Its findings
 * are removed from *report; *status is what they prove, and report->status points to it. In the
 * scan of ports: sets report->status if the discovery found the host; always true.
 */
bool stage_status(struct scan_setup *setup, uint64_t rank, struct host_report *report,
		  struct host_status *status);

/* "4 of 256 addresses are up; ..." for the user, when the second stage begins. Returns `text`. */
#define STAGE_TEXT 800
const char *stage_text(const struct scan_setup *setup, char text[static STAGE_TEXT]);

#endif
