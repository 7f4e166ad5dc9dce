/* cage: the sandbox of the detector, entered before it reads untrusted packets. */
#include "sandbox/cage.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/quote.h"
#include "sandbox/cage_layers.h"

static void cage_name(struct cage *cage, const char *name)
{
	if (name)
		text_quote(name, strlen(name), cage->user, sizeof(cage->user));
	else
		(void)snprintf(cage->user, sizeof(cage->user), "%lu", (unsigned long)cage->uid);
}

/* Chooses the user to switch to; without root the present one. */
static int cage_choose(const char *user, struct cage *cage, struct failure *f)
{
	char quoted[TEXT_QUOTED(64)];
	const struct passwd *entry;

	if (user) {
		text_quote(user, strlen(user), quoted, sizeof(quoted));
		entry = getpwnam(user);
		if (!entry)
			return failure_set(f, EXIT_USAGE, "there is no user %s", quoted);
		if (entry->pw_uid == 0)
			return failure_set(f, EXIT_USAGE,
					   "user %s is root: that would give nothing up", quoted);
		if (geteuid() != 0 && entry->pw_uid != geteuid())
			return failure_set(f, EXIT_NO_PERMISSION, "only root can become user %s",
					   quoted);
	} else if (geteuid() != 0) {
		entry = getpwuid(geteuid());
		cage->uid = geteuid();
		cage->gid = getegid();
		cage_name(cage, entry ? entry->pw_name : NULL);
		return 0;
	} else {
		entry = getpwnam("portlight");
		if (!entry || entry->pw_uid == 0)
			entry = getpwnam("nobody");
		if (!entry || entry->pw_uid == 0)
			return failure_set(
				f, EXIT_UNAVAILABLE,
				"there is neither a user portlight nor nobody to become");
	}
	cage->uid = entry->pw_uid;
	cage->gid = entry->pw_gid;
	cage_name(cage, entry->pw_name);
	return 0;
}

/* Whether an id is mapped in this user namespace (user_namespaces(7): lines of first id, first id
 * outside, count). True if that cannot be read. */
static bool id_is_mapped(const char *path, unsigned long id)
{
	unsigned long first, outside, count;
	bool found = false;
	FILE *map = fopen(path, "re");

	if (!map)
		return true;
	while (!found && fscanf(map, "%lu %lu %lu", &first, &outside, &count) == 3)
		found = id >= first && id - first < count;
	(void)fclose(map); /* was only read */
	return found;
}

/* Empties the bounding set, before the switch of users: it needs CAP_SETPCAP. */
static int cage_bounding(uint32_t keep)
{
	if (capng_get_caps_process() != 0)
		return -1;
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		return 0; /* no_new_privs has to suffice */
	for (unsigned long cap = 0; cap < 64; cap++) {
		if (cap < 32 && keep & (UINT32_C(1) << cap))
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0)
			return errno == EINVAL && cap > 0 ? 0 : -1; /* EINVAL: no such capability */
	}
	return 0;
}

static int cage_capabilities(uint32_t keep)
{
	capng_clear(CAPNG_SELECT_CAPS);
	for (unsigned cap = 0; cap < 32; cap++)
		if (keep & (UINT32_C(1) << cap))
			(void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, cap);
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return -1;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/* Real, effective and saved. */
static bool ids_are(const struct cage *cage)
{
	uid_t uid[3];
	gid_t gid[3];

	if (getresuid(&uid[0], &uid[1], &uid[2]) != 0 || getresgid(&gid[0], &gid[1], &gid[2]) != 0)
		return false;
	for (int i = 0; i < 3; i++)
		if (uid[i] != cage->uid || gid[i] != cage->gid)
			return false;
	return true;
}

static int cage_ids(const struct cage *cage)
{
	/* Only root has groups to give up; in a user namespace setgroups(2) may be denied. */
	if (geteuid() == 0 && setgroups(0, NULL) != 0 && !(cage->same_user && errno == EPERM))
		return -1;
	/* A service manager's seccomp filter may forbid these calls; it has then set the user. */
	if (ids_are(cage))
		return 0;
	if (setresgid(cage->gid, cage->gid, cage->gid) != 0)
		return -1;
	return setresuid(cage->uid, cage->uid, cage->uid);
}

/* Verifies with the kernel that the calls above had their effect. */
static bool cage_is_shut(const struct cage *cage, uint32_t keep)
{
	if (!ids_are(cage))
		return false;
	if (cage->uid != 0 && (setuid(0) == 0 || seteuid(0) == 0))
		return false;
	if (capng_get_caps_process() != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return false;
	for (unsigned cap = 0; cap <= CAP_LAST_CAP; cap++) {
		if (cap < 32 && keep & (UINT32_C(1) << cap))
			continue;
		if (capng_have_capability(CAPNG_EFFECTIVE, cap) ||
		    capng_have_capability(CAPNG_PERMITTED, cap) ||
		    capng_have_capability(CAPNG_INHERITABLE, cap))
			return false;
	}
	return true;
}

int cage_become(const char *user, uint32_t keep, struct cage *cage, struct failure *f)
{
	size_t lenient;

	*cage = (struct cage){0};
	(void)cage_lenient_calls(&lenient);
	cage->lenient = lenient > 0;
	if (cage_choose(user, cage, f) < 0)
		return -1;
	if (geteuid() == 0 && !user &&
	    !(id_is_mapped("/proc/self/uid_map", cage->uid) &&
	      id_is_mapped("/proc/self/gid_map", cage->gid))) {
		cage->same_user = true;
		cage->uid = 0;
		cage->gid = getegid();
		cage_name(cage, "root of a user namespace");
	}
	errno = 0;
	if (cage_bounding(keep) != 0 || (keep && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) ||
	    cage_ids(cage) != 0 || cage_capabilities(keep) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return failure_set(f, EXIT_SOFTWARE, "cannot give up privileges: %s",
				   strerror(errno ? errno : EPERM));
	if (!cage_is_shut(cage, keep))
		return failure_set(f, EXIT_SOFTWARE,
				   "cannot give up privileges: some are still there");
	return 0;
}

/* Capabilities and Landlock are a thread's own. */
static int cage_alone(struct failure *f)
{
	struct stat tasks;

	/* /proc/self/task has a directory for each thread. Without /proc the caller is trusted. */
	if (stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink > 3)
		return failure_set(f, EXIT_SOFTWARE, "the cage is too late: there are %lu threads",
				   (unsigned long)tasks.st_nlink - 2);
	return 0;
}

/* Checks as the new user that the directories are writable, before the first file is written. */
static int cage_writable(const struct cage_conf *conf, const struct cage *cage, struct failure *f)
{
	char quoted[TEXT_QUOTED(64)];

	for (size_t i = 0; i < conf->writable_count; i++) {
		const char *path = conf->writable[i];

		if (euidaccess(path, W_OK | X_OK) == 0)
			continue;
		text_quote(path, strlen(path), quoted, sizeof(quoted));
		return failure_set(f, EXIT_CANNOT_CREATE,
				   "directory %s: user %s cannot make files there: %s", quoted,
				   cage->user, strerror(errno));
	}
	return 0;
}

static void directories_close(const int *directories, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)close(directories[i]); /* nothing was written */
}

static int directories_open(const struct cage_conf *conf, int *directories, struct failure *f)
{
	for (size_t i = 0; i < conf->writable_count; i++) {
		const char *path = conf->writable[i];
		char quoted[TEXT_QUOTED(64)];
		int error;

		directories[i] = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (directories[i] >= 0)
			continue;
		error = errno;
		directories_close(directories, i);
		text_quote(path, strlen(path), quoted, sizeof(quoted));
		return failure_set(f, EXIT_CANNOT_CREATE, "directory %s: %s", quoted,
				   strerror(error));
	}
	return 0;
}

int cage_enter_layers(const struct cage_conf *conf, bool filter, struct cage *cage,
		      struct failure *f)
{
	int directories[CAGE_PATHS];
	int result;

	if (conf->writable_count > CAGE_PATHS)
		return failure_set(f, EXIT_USAGE, "more than %d directories to write to",
				   CAGE_PATHS);
	if (cage_alone(f) < 0 || directories_open(conf, directories, f) < 0)
		return -1;
	result = cage_become(conf->user, 0, cage, f);
	if (result == 0)
		result = cage_writable(conf, cage, f);
	if (result == 0)
		result = cage_landlock(directories, conf->writable_count, &cage->landlock_abi, f);
	directories_close(directories, conf->writable_count);
	if (result == 0 && filter)
		result = cage_filter(conf->writable_count > 0 ? CAGE_CALLS_FILES : CAGE_CALLS_WATCH,
				     f);
	return result;
}

int cage_enter(const struct cage_conf *conf, struct cage *cage, struct failure *f)
{
	return cage_enter_layers(conf, true, cage, f);
}

const char *cage_describe(const struct cage *cage, char *text, size_t size)
{
	char landlock[40] = "no Landlock in this kernel";

	if (cage->landlock_abi > 0)
		(void)snprintf(landlock, sizeof(landlock), "Landlock %d", cage->landlock_abi);
	(void)snprintf(text, size, "%s%s, no capabilities, %s, seccomp%s",
		       cage->same_user ? "" : "user ", cage->user, landlock,
		       cage->lenient ? " with holes for sanitizers" : "");
	return text;
}
