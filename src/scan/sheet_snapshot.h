/* sheet_snapshot: a sheet as bytes, in either layout, and back. */
#ifndef PORTLIGHT_SCAN_SHEET_SNAPSHOT_H
#define PORTLIGHT_SCAN_SHEET_SNAPSHOT_H

#include "scan/sheet.h"
#include "scan/snapshot.h"

/*
 * Part of a snapshot of a scan (scan_snapshot.h), which adds version, name of the plan and
 * checksum. The bytes are the same for both layouts. docs/snapshot.md has the format.
 */

/* Appends the sheet: replies, attempts and their times, evidence, other senders, what is known of
 * hosts and their pace, unsent probes. Pass and position are the walk's matter. Not while an engine
 * sends a pass of it. Settles the evidence (sheet_settle). */
void sheet_snapshot(struct sheet *s, struct snapshot_writer *w);

/*
 * Reads it back into *s, which was just made by sheet_new() for the same plan, window and shard,
 * with its limits set. Leaves it in the plain layout; an engine that sends passes then lends its
 * memory as it does to a new one (sheet_lend). Returns false with r->bad set if the bytes are not
 * such a sheet; *s is then to be freed.
 */
bool sheet_restore(struct sheet *s, struct snapshot_reader *r);

#endif
