/* verdict: a sheet read out: technique rows turn replies into states. */
#ifndef PORTLIGHT_SCAN_VERDICT_H
#define PORTLIGHT_SCAN_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "result/record.h"
#include "scan/sheet.h"

/*
 * Reads host number `host` of the sheet into findings[0..plan->slots), sorted by protocol, port,
 * technique; fills *out but for its name. Where the scan was stopped (`complete` false), blank
 * cells with attempts left give no finding and the host is marked HOST_PARTIAL.
 * wall_offset_ns is added to the scan's clock.
 */
void verdict_host(struct sheet *sheet, uint32_t host, bool complete,
		  const uint8_t tries[TECHNIQUES], uint64_t wall_offset_ns,
		  struct finding *findings, struct host_report *out);

#endif
