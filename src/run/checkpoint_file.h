/* checkpoint_file: the two files of a checkpoint on disk: locked, replaced as a whole, read. */
#ifndef PORTLIGHT_RUN_CHECKPOINT_FILE_H
#define PORTLIGHT_RUN_CHECKPOINT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "run/checkpoint.h"

/*
 * FILE is the checkpoint, and is replaced by renaming FILE.tmp. FILE.windows has the finished
 * windows, and is only appended to; the checkpoint says how much of it is valid. A lock on
 * FILE.windows, which is never replaced, shows that a scan uses both.
 */
#define CHECKPOINT_WINDOWS_HEAD 24u /* bytes of FILE.windows before the first window */

struct checkpoint_file {
	const char *path;	       /* FILE, the caller's */
	char *windows_path, *tmp_path; /* FILE.windows, FILE.tmp */
	char quoted[300];	       /* FILE, for messages */
	int windows_fd;		       /* locked; -1: none */
	bool created;		       /* there was no checkpoint before */
	/* Windows to be appended, as they are in the file. */
	uint8_t *pending;
	size_t pending_bytes, pending_room;
	uint8_t *buffer; /* of a checkpoint */
	size_t room;
};

/*
 * Creates FILE.windows and locks it; FILE itself comes with the first checkpoint_file_save. 0, or
 * -1 with *f: a scan uses it, FILE exists already (EXIT_CANNOT_CREATE), or the folder cannot be
 * written to. `path` outlives *file. The caller calls checkpoint_file_close in either case.
 */
int checkpoint_file_create(struct checkpoint_file *file, const char *path, uint64_t id,
			   struct failure *f);

/*
 * Locks and reads both files, and changes none. 0, or -1 with *f: EXIT_UNAVAILABLE if a scan uses
 * them, EXIT_IO if they cannot be read, EXIT_DATA if they are no checkpoint, cut, damaged, or of a
 * later version. The caller calls checkpoint_file_close, and checkpoint_fini before it, in either
 * case: c->snapshot points into file->buffer until the first save.
 */
int checkpoint_file_open(struct checkpoint_file *file, const char *path, struct checkpoint *c,
			 struct failure *f);

/* `remove`: removes what checkpoint_file_create made, if nothing was saved. */
void checkpoint_file_close(struct checkpoint_file *file, bool remove);

/* Reads window record number `index` of file->windows_fd, from 0, in ascending order: *at is 0 at
 * first. 0 with *bytes from malloc; or -1 with *f. */
struct checkpoint_window {
	uint64_t window;   /* of the plan */
	uint64_t taken_ns; /* wall clock */
	uint8_t *bytes;	   /* of scan_window_snapshot */
	size_t length;
};
int checkpoint_file_window(const struct checkpoint_file *file, uint64_t *at,
			   struct checkpoint_window *window, struct failure *f);

/* Appends a window of the scan, that is finished, to what the next save writes. False out of
 * memory, or if nothing could be saved for too long. */
bool checkpoint_file_append(struct checkpoint_file *file, struct checkpoint *c, struct scan *scan,
			    int place, uint64_t now_ns, uint64_t taken_ns);

/*
 * Saves the pending windows and the checkpoint, each synced to the disk before the next step, so
 * that at any moment FILE is a whole checkpoint and what it refers to is there. c->windows and
 * windows_bytes include the pending windows. 0, or -errno with *step set to what failed: FILE is as
 * it was then, and the call may be repeated.
 */
int checkpoint_file_save(struct checkpoint_file *file, const struct checkpoint *c,
			 struct scan *scan, uint64_t now_ns, const char **step);

/* Before privileges are dropped: keeps the access of the folder's owner, where this process is
 * root. */
void checkpoint_file_keep_access(const struct checkpoint_file *file);

#endif
