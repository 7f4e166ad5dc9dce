/* privilege: finds out and drops the privileges of this process. */
#include "sandbox/privilege.h"

#include <cap-ng.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum privilege_raw privilege_raw(void)
{
	int fd;

	if (capng_get_caps_process() != 0 || !capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_RAW))
		return PRIVILEGE_RAW_NO_CAP;
	/* It needs the same permission as a packet socket, whose close() would take 15 ms. */
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0)
		return PRIVILEGE_RAW_FOREIGN;
	(void)close(fd); /* nothing was written */
	return PRIVILEGE_RAW;
}

const char *privilege_raw_why(enum privilege_raw raw)
{
	switch (raw) {
	case PRIVILEGE_RAW:
		return "CAP_NET_RAW is there";
	case PRIVILEGE_RAW_NO_CAP:
		return "no CAP_NET_RAW";
	case PRIVILEGE_RAW_FOREIGN:
		return "CAP_NET_RAW is there, but not for this network namespace";
	}
	return "unknown";
}

uint64_t privilege_raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return 0;
	if (files.rlim_cur < files.rlim_max) {
		struct rlimit raised = {files.rlim_max, files.rlim_max};

		if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
			files = raised;
	}
	return files.rlim_cur;
}

_Static_assert(PRIVILEGE_LOW_PORTS == UINT32_C(1) << CAP_NET_BIND_SERVICE, "its bit");
_Static_assert(PRIVILEGE_RAW_FRAMES == UINT32_C(1) << CAP_NET_RAW, "its bit");

int privilege_drop(uint32_t keep, struct failure *f)
{
	capng_select_t which = CAPNG_SELECT_CAPS;
	int error;

	if (capng_get_caps_process() != 0)
		goto err0;
	/* The bounding set can be changed only with CAP_SETPCAP; else no_new_privs has to suffice.
	 */
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		which = CAPNG_SELECT_BOTH;
	for (unsigned cap = 0; cap < 32; cap++)
		if (!capng_have_capability(CAPNG_EFFECTIVE, cap))
			keep &= ~(UINT32_C(1) << cap);
	capng_clear(CAPNG_SELECT_ALL);
	for (unsigned cap = 0; cap < 32; cap++)
		if (keep >> cap & 1)
			(void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, cap);
	errno = 0;
	if (capng_apply(which) < 0)
		goto err0;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
		goto err0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		goto err0;
	return 0;
err0:
	error = errno ? errno : EPERM;
	failure_set(f, EXIT_SOFTWARE, "cannot give up privileges: %s", strerror(error));
	return -error;
}
