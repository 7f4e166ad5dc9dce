/* verdict: the replies of a host turned into port states, by the rows of the technique table. */
#ifndef PORTLIGHT_SCAN_VERDICT_H
#define PORTLIGHT_SCAN_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "result/record.h"
#include "scan/sheet.h"

/*
 * Reads host number `host` of the sheet into findings[], which has room for plan->slots of them,
 * sorted by protocol, port, technique; fills all of *out except its name (out->findings points to
 * findings). If the scan was stopped (`complete` false), unanswered cells with attempts left
 * (`tries`: attempts at most) give no finding, and the host is marked HOST_PARTIAL.
 * wall_offset_ns is added to all times of the scan's clock.
 */
void verdict_host(struct sheet *sheet, uint32_t host, bool complete,
		  const uint8_t tries[TECHNIQUES], uint64_t wall_offset_ns,
		  struct finding *findings, struct host_report *out);

#endif
