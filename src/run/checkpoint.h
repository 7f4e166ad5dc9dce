/* checkpoint: the bytes of a checkpoint: what a scan needs to be resumed by another process. */
#ifndef PORTLIGHT_RUN_CHECKPOINT_H
#define PORTLIGHT_RUN_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

#include "base/words.h"
#include "engine/engine.h"
#include "run/target_list.h"
#include "scan/scan_snapshot.h"

/* docs/snapshot.md has the format. No byte of it is trusted: with any bytes, memory and time
 * stay bounded by their number. */

#define CHECKPOINT_OUTPUTS 8

/* A file that the scan writes to. */
struct checkpoint_output {
	const char *format; /* report_ops.name */
	const char *path;   /* absolute; NULL: standard output */
	uint64_t bytes; /* of hosts reported so far, in a format that can be appended to; or 0 */
};

struct checkpoint {
	uint64_t id;		   /* random; the file of finished windows has it, too */
	uint64_t start_ns;	   /* wall clock: when the scan began */
	uint64_t taken_ns;	   /* wall clock: the moment of the snapshot */
	uint64_t elapsed_ns;	   /* spent with scanning */
	uint64_t windows;	   /* finished windows, in the file of these */
	uint64_t windows_bytes;	   /* valid bytes of that file */
	struct engine_stats stats; /* sums; refused_burst is 0 */

	struct words command; /* arguments of `portlight scan` */
	uint64_t seed;
	uint64_t first, last; /* indices of the plan: [first, last) */
	unsigned techniques;  /* bit set of enum technique_id */
	const char *ports;    /* in the grammar of plan/ports.h */
	struct target_list targets;
	struct checkpoint_output output[CHECKPOINT_OUTPUTS];
	size_t outputs;

	uint64_t plan_hash;
	const uint8_t *snapshot; /* of scan_snapshot; in checkpoint_write: NULL */
	size_t snapshot_bytes;

	char *text; /* holds the texts of a checkpoint that was read; or NULL */
};

/*
 * Writes a checkpoint into out[0, room), and a snapshot of the scan at now_ns with it. Returns its
 * length; if that is greater than `room`, the bytes are useless, and the call is to be repeated
 * with more room.
 */
size_t checkpoint_write(const struct checkpoint *c, struct scan *scan, uint64_t now_ns, void *out,
			size_t room);

/*
 * Reads it. The snapshot points into `bytes`, all else is a copy; to be freed with checkpoint_fini.
 * The snapshot itself is checked by scan_restore. Unless SNAPSHOT_OK is returned *c is empty.
 */
enum snapshot_error checkpoint_read(struct checkpoint *c, const void *bytes, size_t length);
void checkpoint_fini(struct checkpoint *c);

/* The checksum of all parts of both files: SipHash-2-4 under a fixed key. */
uint64_t checkpoint_sum(const void *bytes, size_t length);

#endif
