/* scan_snapshot: a scan that was stopped at any moment as bytes, and back. */
#ifndef PORTLIGHT_SCAN_SCAN_SNAPSHOT_H
#define PORTLIGHT_SCAN_SCAN_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include "scan/scan.h"

/*
 * A snapshot holds all that a scan needs to continue as if it had not been stopped: which windows
 * are finished, each open window (sheet, walk, paced hosts), round-trip times, rate and counters;
 * and plan_hash() of what it is a snapshot of. Not in it: the plan itself, the configuration,
 * answers on their way, and statistics of the rate (struct tempo). Times are stored relative to the
 * snapshot's, so that a restored scan may have another clock.
 *
 * The bytes are the same on every machine and for every engine; docs/snapshot.md has the format.
 * No byte is trusted: for any input, memory and time stay bounded by the plan.
 */

enum snapshot_error {
	SNAPSHOT_OK,
	SNAPSHOT_NONE,	     /* the bytes do not begin as a snapshot does */
	SNAPSHOT_VERSION,    /* of a version that this program does not read */
	SNAPSHOT_DAMAGED,    /* cut short, or the checksum is wrong */
	SNAPSHOT_OTHER_PLAN, /* of other targets, ports, techniques, seed or shard */
	SNAPSHOT_INVALID,    /* the checksum is right, but not what was written */
	SNAPSHOT_MEMORY,     /* out of memory */
};

/* A sentence without a full stop: "the checkpoint is of another scan: ...". */
const char *snapshot_error_text(enum snapshot_error error);

/*
 * Writes a snapshot into out[0, room) and returns its length. If that is greater than `room` the
 * bytes are useless, and the call is to be repeated with so much room; `out` may be NULL if room
 * is 0. At most 30 bytes a cell and 120 bytes a host of the open windows, and 6 KiB. Changes
 * nothing but the order of stored evidence.
 *
 * May be called while an engine sends a pass (s->passing), which is not disturbed: what the pass
 * has sent and is unanswered counts as not sent. The length may then change from call to call.
 */
size_t scan_snapshot(struct scan *s, uint64_t now_ns, void *out, size_t room);

/*
 * Restores it into *s, which was made by scan_init() with the same plan and the same conf.first
 * and conf.last, and nothing else. All other fields of the conf are the caller's choice: attempts
 * and rates apply from now on. The windows that were open are in s->sheet[] and s->walk[] then, in
 * the plain layout: as after scan_open, the engine prepares each of them before anything else.
 * Unless SNAPSHOT_OK is returned *s is as it was.
 *
 * away_ns: how long ago the snapshot was taken. Times that the results show are as much earlier;
 * those that the scan waits for are as far off as they were.
 */
enum snapshot_error scan_restore(struct scan *s, const void *bytes, size_t length, uint64_t now_ns,
				 uint64_t away_ns);

/*
 * After scan_restore, once each window was prepared; now_ns as it was there. Answers to what was in
 * flight are lost: such attempts do not count, and are sent again.
 */
void scan_taken_up(struct scan *s, uint64_t now_ns);

/*
 * A window that is finished, as bytes, before scan_close: what scan_read needs of it. As
 * scan_snapshot, but of one window, without header and checksum.
 */
size_t scan_window_snapshot(struct scan *s, int place, uint64_t now_ns, void *out, size_t room);

/*
 * Restores it into place 0 of a scan without open windows, for scan_read and scan_close, and for
 * nothing else. Unless SNAPSHOT_OK is returned no window is open.
 */
enum snapshot_error scan_window_restore(struct scan *s, uint64_t window, const void *bytes,
					size_t length, uint64_t now_ns, uint64_t away_ns);

/* The first window that is not finished. All before it are. */
uint64_t scan_window_first(const struct scan *s);

#endif
