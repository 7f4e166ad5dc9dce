/* cage_landlock: denies files, ports and processes by Landlock, as far as the kernel supports it.
 */
#include "sandbox/cage_layers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Rights by version ("ABI") of Landlock; the headers of Debian 12 have two versions. Names and
 * numbers are those of the kernel's Documentation/userspace-api/landlock.rst. Version 1 has the
 * first 13 rights to files.
 */
#define LANDLOCK_FILES_1     ((UINT64_C(1) << 13) - 1)
#define LANDLOCK_REFER_2     (UINT64_C(1) << 13)
#define LANDLOCK_TRUNCATE_3  (UINT64_C(1) << 14)
#define LANDLOCK_NET_TCP_4   UINT64_C(3) /* bind, connect */
#define LANDLOCK_IOCTL_DEV_5 (UINT64_C(1) << 15)
#define LANDLOCK_SCOPED_6    UINT64_C(3) /* abstract unix sockets, signals */

struct landlock_attr {
	uint64_t files, net, scoped; /* fields that an older kernel does not know must be 0 */
};

static struct landlock_attr landlock_handled(int abi)
{
	struct landlock_attr attr = {.files = LANDLOCK_FILES_1};

	if (abi >= 2)
		attr.files |= LANDLOCK_REFER_2;
	if (abi >= 3)
		attr.files |= LANDLOCK_TRUNCATE_3;
	if (abi >= 4)
		attr.net = LANDLOCK_NET_TCP_4;
	if (abi >= 5)
		attr.files |= LANDLOCK_IOCTL_DEV_5;
	if (abi >= 6)
		attr.scoped = LANDLOCK_SCOPED_6;
	return attr;
}

static int landlock_allow(int ruleset, int directory, uint64_t access)
{
	struct landlock_path_beneath_attr beneath = {access, directory};

	return (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath,
			    0);
}

static int landlock_allow_all(int ruleset, const struct landlock_attr *attr, const int *directories,
			      size_t count)
{
	const uint64_t make = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |
			      LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
			      LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_TRUNCATE_3;
	const uint64_t look = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
	int fd;

	for (size_t i = 0; i < count; i++)
		if (landlock_allow(ruleset, directories[i], make & attr->files) != 0)
			return -1;
	if (!cage_lenient_path())
		return 0;
	fd = open(cage_lenient_path(), O_PATH | O_CLOEXEC);
	if (fd < 0)
		return 0; /* the sanitizer reports the missing directory itself */
	(void)landlock_allow(ruleset, fd, look);
	(void)close(fd); /* nothing was written */
	return 0;
}

int cage_landlock(const int *directories, size_t count, int *abi, struct failure *f)
{
	struct landlock_attr attr;
	int ruleset, error;

	/* ENOSYS, EOPNOTSUPP (disabled at boot), or the errno of a service manager's filter. */
	*abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (*abi < 1) {
		*abi = 0;
		return 0;
	}
	attr = landlock_handled(*abi);
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset < 0)
		goto err0;
	if (landlock_allow_all(ruleset, &attr, directories, count) != 0)
		goto err1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		goto err1;
	(void)close(ruleset); /* nothing was written */
	return 0;
err1:
	error = errno;
	(void)close(ruleset);
	errno = error;
err0:
	return failure_set(f, EXIT_SOFTWARE, "cannot restrict access to files with Landlock: %s",
			   strerror(errno));
}
