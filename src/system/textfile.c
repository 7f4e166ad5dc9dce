/* textfile: reads a text file, or standard input, into memory. */
#include "system/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXTFILE_FIRST_BYTES ((size_t)64 << 10)

static int textfile_open(const char *path)
{
	int fd;

	if (strcmp(path, "-") == 0)
		return STDIN_FILENO;
	do {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	} while (fd < 0 && errno == EINTR); /* a FIFO waits for its writer */
	return fd < 0 ? -errno : fd;
}

/* The buffer has room for one byte more than `most`, to detect a longer file. */
static int textfile_grow(char **buffer, size_t *capacity, size_t most)
{
	size_t wanted = *capacity ? *capacity : TEXTFILE_FIRST_BYTES;
	char *grown;

	if (*capacity)
		wanted = wanted <= most / 2 ? wanted * 2 : most + 1;
	grown = realloc(*buffer, wanted + 1); /* and the NUL */
	if (!grown)
		return -ENOMEM;
	*buffer = grown;
	*capacity = wanted;
	return 0;
}

static int textfile_read_fd(int fd, size_t most, char **text, size_t *length)
{
	char *buffer = NULL;
	size_t capacity = 0, used = 0;
	ssize_t got;
	int error;

	if (most >= SIZE_MAX - 1)
		return -EFBIG;
	do {
		error = used == capacity ? textfile_grow(&buffer, &capacity, most) : 0;
		if (error)
			goto err;
		do {
			got = read(fd, buffer + used, capacity - used);
		} while (got < 0 && errno == EINTR);
		error = got < 0 ? -errno : 0;
		if (error)
			goto err;
		used += (size_t)got;
		if (used > most) {
			error = -EFBIG;
			goto err;
		}
	} while (got > 0);
	buffer[used] = '\0';
	*text = buffer;
	*length = used;
	return 0;
err:
	free(buffer);
	return error;
}

int textfile_read(const char *path, size_t most, char **text, size_t *length)
{
	int fd = textfile_open(path), error;

	if (fd < 0)
		return fd;
	error = textfile_read_fd(fd, most, text, length);
	if (fd != STDIN_FILENO)
		(void)close(fd); /* only read from: nothing can be lost */
	return error;
}
