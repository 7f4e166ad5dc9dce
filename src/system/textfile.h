/* textfile: a whole text file, or standard input, in memory. */
#ifndef PORTLIGHT_SYSTEM_TEXTFILE_H
#define PORTLIGHT_SYSTEM_TEXTFILE_H

#include <stddef.h>

/* Bound of a list file: some 16 million addresses; more is a mistake (a device, a disk image). */
#define TEXTFILE_MOST_BYTES ((size_t)256 << 20)

/*
 * Reads all of `path` ("-": standard input, which stays open) into a new buffer *text, freed by
 * the caller with free(): *length bytes and a NUL behind them. Waits as long as a pipe has a
 * writer; signals do not end it.
 * Returns 0; or -errno, -EFBIG if there are more than `most` bytes, and sets nothing.
 */
int textfile_read(const char *path, size_t most, char **text, size_t *length);

#endif
