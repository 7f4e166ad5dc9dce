/* drive_status: what a scan reports to its observer, and the counters at its end. */
#ifndef PORTLIGHT_RUN_DRIVE_STATUS_H
#define PORTLIGHT_RUN_DRIVE_STATUS_H

#include <stdint.h>

#include "result/record.h"
#include "run/scan_driver.h"

/* Warns once that this machine refused to send probes, if that is so of this host. */
void drive_status_refused(struct scan_driver *d, const struct host_report *report);
/* Reports progress, if it is due. */
void drive_status_progress(struct scan_driver *d);
/* Passes on what the engine has to say. */
void drive_status_news(struct scan_driver *d);
/* Fills times and counters of d->summary, with those of the stage before. */
void drive_status_summary(struct scan_driver *d, uint64_t start_ns);

#endif
