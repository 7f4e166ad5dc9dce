/* textfile: reads a text file, or standard input, into memory. */
#ifndef PORTLIGHT_SYSTEM_TEXTFILE_H
#define PORTLIGHT_SYSTEM_TEXTFILE_H

#include <stddef.h>

/* Limit of list files: some 16 million addresses; a longer file is a mistake (a device, an image).
 */
#define TEXTFILE_MOST_BYTES ((size_t)256 << 20)

/*
 * Reads all of `path` ("-": standard input, which stays open) into a new buffer *text, which the
 * caller frees with free(): *length bytes, and a NUL after them. Waits as long as a pipe has a
 * writer; signals do not end it. 0; or -errno with nothing set, -EFBIG if there are more than
 * `most` bytes.
 */
int textfile_read(const char *path, size_t most, char **text, size_t *length);

#endif
