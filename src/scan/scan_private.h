/* scan_private: what the files of scan.h share. */
#ifndef PORTLIGHT_SCAN_SCAN_PRIVATE_H
#define PORTLIGHT_SCAN_SCAN_PRIVATE_H

#include <stdint.h>

#include "scan/outage.h"

struct scan;

/* What is known of the path at this moment. */
struct outage_path scan_path(const struct scan *s);

/* What was sent into an outage does not count as an attempt: not that of a pass, before it is over.
 */
void scan_withdraw(struct scan *s, uint64_t now_ns);

#endif
