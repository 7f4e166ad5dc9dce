/* target_read: reads and resolves the targets of a request: words, list files and names. */
#ifndef PORTLIGHT_RUN_TARGET_READ_H
#define PORTLIGHT_RUN_TARGET_READ_H

#include "base/failure.h"
#include "run/observer.h"
#include "run/request.h"
#include "run/target_list.h"

/*
 * Reads and resolves all targets of *r. Facts that the user should know (other addresses of a
 * name, names without an address) go to observer->warning, and progress to observer->news. 0, or
 * -1 with *f: then nothing may be scanned, especially if an exclude failed. The caller calls
 * target_list_fini in either case.
 */
int target_read(const struct scan_request *r, const struct observer *observer,
		struct target_list *list, struct failure *f);

#endif
