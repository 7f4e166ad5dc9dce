/* checkpoint_file: the two files of a checkpoint on disk: locked, replaced as a whole, read. */
#include "run/checkpoint_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/quote.h"
#include "scan/snapshot.h"

/* Head of FILE.windows, and of each window there; a checksum follows the window. */
#define WINDOWS_FORMAT	  1u
#define WINDOW_HEAD_BYTES 24
#define WINDOW_SUM_BYTES  8
/* More than any window has (scan_snapshot). */
#define WINDOW_MOST_BYTES (UINT64_C(256) << 20)
/* More than any checkpoint has, but for lists of tens of millions of targets. */
#define FILE_MOST_BYTES (UINT64_C(2) << 30)
/* Windows that wait for a disk that is full. */
#define PENDING_MOST_BYTES ((size_t)256 << 20)
/* Room for what a pass, running meanwhile, adds between two calls of checkpoint_write. */
#define ROOM_SPARE_BYTES ((size_t)1 << 20)
#define ROOM_TIMES	 8

static const uint8_t windows_magic[8] = {'P', 'L', 'w', 'i', 'n', 'd', '\r', '\n'};

static void windows_head(uint64_t id, uint8_t head[static CHECKPOINT_WINDOWS_HEAD])
{
	struct snapshot_writer w = {.out = head, .room = CHECKPOINT_WINDOWS_HEAD};

	for (unsigned i = 0; i < sizeof(windows_magic); i++)
		snapshot_put(&w, windows_magic[i], 1);
	snapshot_put(&w, WINDOWS_FORMAT, 4);
	snapshot_put(&w, 0, 4);
	snapshot_put(&w, id, 8);
}

static int write_all(int fd, const uint8_t *bytes, size_t length, uint64_t at)
{
	while (length > 0) {
		const ssize_t wrote = pwrite(fd, bytes, length, (off_t)at);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return wrote < 0 ? -errno : -EIO;
		bytes += wrote;
		length -= (size_t)wrote;
		at += (uint64_t)wrote;
	}
	return 0;
}

/* 0, or -errno; -ENODATA where the file ends before. */
static int read_all(int fd, uint8_t *bytes, size_t length, uint64_t at)
{
	while (length > 0) {
		const ssize_t got = pread(fd, bytes, length, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -ENODATA;
		bytes += got;
		length -= (size_t)got;
		at += (uint64_t)got;
	}
	return 0;
}

static int file_init(struct checkpoint_file *file, const char *path, struct failure *f)
{
	*file = (struct checkpoint_file){.path = path, .windows_fd = -1};
	text_quote(path, strlen(path), file->quoted, sizeof(file->quoted));
	if (asprintf(&file->windows_path, "%s.windows", path) < 0)
		file->windows_path = NULL;
	if (asprintf(&file->tmp_path, "%s.tmp", path) < 0)
		file->tmp_path = NULL;
	if (!file->windows_path || !file->tmp_path)
		return failure_set(f, EXIT_SOFTWARE, "out of memory for the checkpoint");
	return 0;
}

/* 0 if this process has both files now, -EWOULDBLOCK if another one has. */
static int file_lock(const struct checkpoint_file *file)
{
	return flock(file->windows_fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
}

static int cannot_create(const struct checkpoint_file *file, const char *suffix, int error,
			 struct failure *f)
{
	return failure_set(f, EXIT_CANNOT_CREATE, "cannot create checkpoint \"%s%s\": %s",
			   file->quoted, suffix, strerror(error));
}

/* Whether FILE.windows, if it is not empty, was written by this program. */
static bool windows_ours(const struct checkpoint_file *file)
{
	uint8_t head[sizeof(windows_magic)];
	const int error = read_all(file->windows_fd, head, sizeof(head), 0);
	struct stat now;

	if (fstat(file->windows_fd, &now) < 0 || !S_ISREG(now.st_mode))
		return false;
	return now.st_size == 0 || (error == 0 && memcmp(head, windows_magic, sizeof(head)) == 0);
}

int checkpoint_file_create(struct checkpoint_file *file, const char *path, uint64_t id,
			   struct failure *f)
{
	uint8_t head[CHECKPOINT_WINDOWS_HEAD];
	struct stat there;
	int error;

	if (file_init(file, path, f) < 0)
		return -1;
	file->windows_fd = open(file->windows_path,
				O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW, 0666);
	if (file->windows_fd < 0)
		return cannot_create(file, ".windows", errno, f);
	if (file_lock(file) < 0)
		return failure_set(f, EXIT_CANNOT_CREATE,
				   "checkpoint \"%s\" is in use by a running scan", file->quoted);
	if (lstat(path, &there) == 0)
		return failure_set(f, EXIT_CANNOT_CREATE,
				   "checkpoint \"%s\" exists: --resume continues its scan; or "
				   "remove it first",
				   file->quoted);
	if (errno != ENOENT)
		return cannot_create(file, "", errno, f);
	if (!windows_ours(file))
		return cannot_create(file, ".windows", EEXIST, f);
	file->created = true;
	windows_head(id, head);
	error = ftruncate(file->windows_fd, 0) < 0 ? -errno : 0;
	if (error == 0)
		error = write_all(file->windows_fd, head, sizeof(head), 0);
	if (error == 0 && fdatasync(file->windows_fd) < 0)
		error = -errno;
	return error < 0 ? cannot_create(file, ".windows", -error, f) : 0;
}

static int cannot_read(const struct checkpoint_file *file, const char *suffix, int error,
		       struct failure *f)
{
	return failure_set(f, EXIT_IO, "cannot read checkpoint \"%s%s\": %s", file->quoted, suffix,
			   strerror(error));
}

static int damaged(const struct checkpoint_file *file, struct failure *f)
{
	return failure_set(f, EXIT_DATA,
			   "\"%s.windows\": the finished part of the checkpoint is damaged or of "
			   "another one",
			   file->quoted);
}

/* All of FILE into the buffer. */
static int file_read(struct checkpoint_file *file, size_t *length, struct failure *f)
{
	const int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat now;
	int error = 0;

	if (fd < 0)
		return cannot_read(file, "", errno, f);
	if (fstat(fd, &now) < 0)
		error = -errno;
	else if (!S_ISREG(now.st_mode))
		error = S_ISDIR(now.st_mode) ? -EISDIR : -EINVAL;
	else if ((uint64_t)now.st_size > FILE_MOST_BYTES)
		error = -EFBIG;
	if (error == 0) {
		*length = file->room = (size_t)now.st_size;
		file->buffer = malloc(file->room + 1);
		error = file->buffer ? read_all(fd, file->buffer, file->room, 0) : -ENOMEM;
	}
	(void)close(fd); /* only read from */
	return error < 0 ? cannot_read(file, "", -error, f) : 0;
}

int checkpoint_file_window(const struct checkpoint_file *file, uint64_t *at,
			   struct checkpoint_window *window, struct failure *f)
{
	uint8_t head[WINDOW_HEAD_BYTES], *bytes;
	struct snapshot_reader r = {.bytes = head, .length = sizeof(head)};
	uint64_t length;
	int error;

	*at = *at ? *at : CHECKPOINT_WINDOWS_HEAD;
	error = read_all(file->windows_fd, head, sizeof(head), *at);
	window->window = snapshot_get(&r, 8);
	window->taken_ns = snapshot_get(&r, 8);
	length = snapshot_get(&r, 8);
	if (error == -ENODATA || (error == 0 && length > WINDOW_MOST_BYTES))
		return damaged(file, f);
	if (error < 0)
		return cannot_read(file, ".windows", -error, f);
	bytes = malloc(sizeof(head) + length + WINDOW_SUM_BYTES);
	if (!bytes)
		return failure_set(f, EXIT_SOFTWARE, "out of memory for the checkpoint");
	memcpy(bytes, head, sizeof(head));
	error = read_all(file->windows_fd, bytes + sizeof(head), length + WINDOW_SUM_BYTES,
			 *at + sizeof(head));
	r = (struct snapshot_reader){.bytes = bytes,
				     .length = sizeof(head) + length + WINDOW_SUM_BYTES,
				     .at = sizeof(head) + length};
	if (error == 0 && snapshot_get(&r, 8) != checkpoint_sum(bytes, sizeof(head) + length))
		error = -ENODATA;
	if (error < 0) {
		free(bytes);
		return error == -ENODATA ? damaged(file, f)
					 : cannot_read(file, ".windows", -error, f);
	}
	*at += r.length;
	memmove(bytes, bytes + sizeof(head), length);
	window->bytes = bytes;
	window->length = length;
	return 0;
}

/* All windows that the checkpoint counts are there, one after the other. */
static int windows_check(const struct checkpoint_file *file, const struct checkpoint *c,
			 struct failure *f)
{
	uint8_t head[CHECKPOINT_WINDOWS_HEAD], wanted[CHECKPOINT_WINDOWS_HEAD];
	uint64_t at = 0, before = 0;
	const int error = read_all(file->windows_fd, head, sizeof(head), 0);

	windows_head(c->id, wanted);
	if (error < 0 && error != -ENODATA)
		return cannot_read(file, ".windows", -error, f);
	if (error < 0 || memcmp(head, wanted, sizeof(head)) != 0)
		return damaged(file, f);
	for (uint64_t i = 0; i < c->windows; i++) {
		struct checkpoint_window window;

		if (checkpoint_file_window(file, &at, &window, f) < 0)
			return -1;
		free(window.bytes);
		if (i > 0 && window.window != before + 1)
			return damaged(file, f);
		before = window.window;
	}
	return (at ? at : CHECKPOINT_WINDOWS_HEAD) == c->windows_bytes ? 0 : damaged(file, f);
}

int checkpoint_file_open(struct checkpoint_file *file, const char *path, struct checkpoint *c,
			 struct failure *f)
{
	enum snapshot_error error;
	int windows_error;
	size_t length = 0;

	memset(c, 0, sizeof(*c));
	if (file_init(file, path, f) < 0)
		return -1;
	file->windows_fd =
		open(file->windows_path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
	windows_error = file->windows_fd < 0 ? errno : 0;
	if (file->windows_fd >= 0 && file_lock(file) < 0)
		return failure_set(f, EXIT_UNAVAILABLE,
				   "checkpoint \"%s\" is in use by a running scan", file->quoted);
	if (file_read(file, &length, f) < 0)
		return -1;
	error = checkpoint_read(c, file->buffer, length);
	if (error != SNAPSHOT_OK)
		return failure_set(f, EXIT_DATA, "\"%s\": %s", file->quoted,
				   snapshot_error_text(error));
	if (windows_error)
		return cannot_read(file, ".windows", windows_error, f);
	return windows_check(file, c, f);
}

void checkpoint_file_close(struct checkpoint_file *file, bool remove)
{
	struct stat there;

	if (remove && file->created && lstat(file->path, &there) < 0 && errno == ENOENT)
		(void)unlink(file->windows_path); /* it would do no harm */
	if (file->windows_fd >= 0)
		(void)close(file->windows_fd); /* what counts was synced */
	free(file->windows_path);
	free(file->tmp_path);
	free(file->pending);
	free(file->buffer);
	*file = (struct checkpoint_file){.windows_fd = -1};
}

static bool pending_reserve(struct checkpoint_file *file, size_t bytes)
{
	uint8_t *grown;

	if (bytes <= file->pending_room)
		return true;
	grown = bytes <= PENDING_MOST_BYTES ? realloc(file->pending, bytes) : NULL;
	if (!grown)
		return false;
	file->pending = grown;
	file->pending_room = bytes;
	return true;
}

bool checkpoint_file_append(struct checkpoint_file *file, struct checkpoint *c, struct scan *scan,
			    int place, uint64_t now_ns, uint64_t taken_ns)
{
	const size_t before = file->pending_bytes, rest = WINDOW_HEAD_BYTES + WINDOW_SUM_BYTES;
	struct snapshot_writer w;
	size_t length = 0, room;

	for (;;) {
		room = file->pending_room - before > rest ? file->pending_room - before - rest : 0;
		length = scan_window_snapshot(
			scan, place, now_ns,
			room ? file->pending + before + WINDOW_HEAD_BYTES : NULL, room);
		if (length <= room)
			break;
		if (!pending_reserve(file, before + rest + length + ROOM_SPARE_BYTES))
			return false;
	}
	w = (struct snapshot_writer){
		.out = file->pending, .room = file->pending_room, .at = before};
	snapshot_put(&w, sheet_window(scan_sheet(scan, place)), 8);
	snapshot_put(&w, taken_ns, 8);
	snapshot_put(&w, length, 8);
	w.at += length;
	snapshot_put(&w, checkpoint_sum(file->pending + before, WINDOW_HEAD_BYTES + length), 8);
	file->pending_bytes = w.at;
	c->windows++;
	c->windows_bytes += w.at - before;
	return true;
}

/* The checkpoint into the buffer. 0 out of memory. */
static size_t file_fill(struct checkpoint_file *file, const struct checkpoint *c, struct scan *scan,
			uint64_t now_ns)
{
	for (unsigned times = 0; times < ROOM_TIMES; times++) {
		const size_t length = checkpoint_write(c, scan, now_ns, file->buffer, file->room);
		uint8_t *grown;

		if (length <= file->room)
			return length;
		/* The former bytes are not needed. */
		grown = malloc(length + length / 4 + ROOM_SPARE_BYTES);
		if (!grown)
			return 0;
		free(file->buffer);
		file->buffer = grown;
		file->room = length + length / 4 + ROOM_SPARE_BYTES;
	}
	return 0;
}

/* The folder has the new name of the file for sure. */
static int folder_sync(const char *path)
{
	char *copy = strdup(path);
	int fd, error = 0;

	if (!copy)
		return -ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	if (fd < 0)
		return -errno;
	/* Some file systems cannot sync a folder. */
	if (fsync(fd) < 0 && errno != EINVAL)
		error = -errno;
	(void)close(fd); /* nothing was written */
	return error;
}

static int file_replace(const struct checkpoint_file *file, size_t length, const char **step)
{
	int fd, error;

	*step = "create";
	(void)unlink(file->tmp_path); /* of a process that was killed; the lock is ours */
	fd = open(file->tmp_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW,
		  0666);
	if (fd < 0)
		return -errno;
	*step = "write";
	error = write_all(fd, file->buffer, length, 0);
	if (error == 0 && fsync(fd) < 0)
		error = -errno;
	if (close(fd) < 0 && error == 0)
		error = -errno;
	if (error == 0) {
		*step = "rename";
		error = rename(file->tmp_path, file->path) < 0 ? -errno : 0;
	}
	if (error < 0) {
		(void)unlink(file->tmp_path); /* its space may be what is missing */
		return error;
	}
	*step = "sync the folder of";
	return folder_sync(file->path);
}

int checkpoint_file_save(struct checkpoint_file *file, const struct checkpoint *c,
			 struct scan *scan, uint64_t now_ns, const char **step)
{
	size_t length;
	int error;

	*step = "write the finished part of";
	if (file->pending_bytes) {
		error = write_all(file->windows_fd, file->pending, file->pending_bytes,
				  c->windows_bytes - file->pending_bytes);
		if (error == 0 && fdatasync(file->windows_fd) < 0)
			error = -errno;
		if (error < 0)
			return error;
		file->pending_bytes = 0;
	}
	length = file_fill(file, c, scan, now_ns);
	if (length == 0)
		return -ENOMEM;
	return file_replace(file, length, step);
}

void checkpoint_file_keep_access(const struct checkpoint_file *file)
{
	char *copy = strdup(file->path);
	struct stat folder;

	if (copy && geteuid() == 0 && stat(dirname(copy), &folder) == 0 && folder.st_uid != 0) {
		(void)setfsgid(folder.st_gid); /* where it fails, the next save says so */
		(void)setfsuid(folder.st_uid);
	}
	free(copy);
}
