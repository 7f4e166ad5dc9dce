/* sheet_snapshot: a sheet as bytes, in either layout, and back. */
#ifndef PORTLIGHT_SCAN_SHEET_SNAPSHOT_H
#define PORTLIGHT_SCAN_SHEET_SNAPSHOT_H

#include "scan/sheet.h"
#include "scan/snapshot.h"

/*
 * Part of a snapshot of a scan (scan_snapshot.h), which adds version, name of the plan and
 * checksum. The bytes are the same for both layouts. docs/snapshot.md has the format.
 */

/*
 * Appends the sheet: replies, attempts and their times, evidence, other senders, what is known of
 * hosts and their pace, unsent probes. Pass and position are the walk's matter. Settles the
 * evidence (sheet_settle).
 *
 * While an engine sends a pass, `from` is the position where that began: from there on no attempt
 * of the pass counts but those that are answered. Answers that kernel programs mark meanwhile are
 * in the snapshot as a whole or not at all. UINT32_MAX: there is no such pass.
 */
void sheet_snapshot(struct sheet *s, uint32_t from, struct snapshot_writer *w);

/*
 * How long ago a restored window can have been opened: with what comes then it fits the 38 bits of
 * evidence_list.h. After an interruption of more than that, a day and a half, the answers before it
 * are dated too late.
 */
#define SHEET_OLDEST_US (UINT64_C(1) << 37)

/*
 * Reads it back into *s, which was just made by sheet_new() for the same plan, window and shard,
 * with its limits set. Leaves it in the plain layout; an engine that sends passes then lends its
 * memory as it does to a new one (sheet_lend). Returns false with r->bad set if the bytes are not
 * such a sheet; *s is then to be freed.
 */
bool sheet_restore(struct sheet *s, struct snapshot_reader *r);

#endif
