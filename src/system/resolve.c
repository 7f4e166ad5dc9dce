/* resolve: resolves host names with the system's resolver. */
#include "system/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/quote.h"

/* Most of the time of each is spent waiting for a name server. */
#define RESOLVE_THREADS 32u

static bool resolve_address(const struct addrinfo *info, struct addr *out)
{
	if (info->ai_family == AF_INET && info->ai_addrlen >= sizeof(struct sockaddr_in)) {
		struct sockaddr_in v4;

		memcpy(&v4, info->ai_addr, sizeof(v4));
		*out = addr_from_v4(ntohl(v4.sin_addr.s_addr));
		return true;
	}
	if (info->ai_family == AF_INET6 && info->ai_addrlen >= sizeof(struct sockaddr_in6)) {
		struct sockaddr_in6 v6;

		memcpy(&v6, info->ai_addr, sizeof(v6));
		*out = addr_from_bytes16(v6.sin6_addr.s6_addr);
		return true;
	}
	return false;
}

/* Adds the addresses of one family, without duplicates. -1 if there is no room. */
static int resolve_collect(const struct addrinfo *list, bool v4, struct addr *out, int count)
{
	for (const struct addrinfo *info = list; info; info = info->ai_next) {
		struct addr a;
		int known = 0;

		/* An IPv4-mapped AAAA record counts as IPv4. */
		if (!resolve_address(info, &a) || addr_is_v4(a) != v4)
			continue;
		while (known < count && !addr_equal(out[known], a))
			known++;
		if (known < count)
			continue;
		if (count == RESOLVE_MOST)
			return -1;
		out[count++] = a;
	}
	return count;
}

static int resolve_refuse(const char *quoted, int error, struct failure *f)
{
	int saved = errno;

	switch (error) {
	case EAI_NONAME:
	case EAI_NODATA:
	case EAI_ADDRFAMILY:
		return failure_set(f, EXIT_USAGE, "cannot resolve \"%s\": %s", quoted,
				   gai_strerror(error));
	case EAI_SYSTEM:
		return failure_set(f, EXIT_UNAVAILABLE, "cannot resolve \"%s\": %s", quoted,
				   strerror(saved));
	default:
		return failure_set(f, EXIT_UNAVAILABLE, "cannot resolve \"%s\": %s", quoted,
				   gai_strerror(error));
	}
}

int resolve_name(const char *name, const struct resolve_conf *conf,
		 struct addr out[static RESOLVE_MOST], struct failure *f)
{
	/* Without a socket type each address would be returned once for each type. */
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	char quoted[TEXT_QUOTED(64)];
	int error, count = 0;

	text_quote(name, strlen(name), quoted, sizeof(quoted));
	if (conf->family == RESOLVE_V4)
		hints.ai_family = AF_INET;
	else if (conf->family == RESOLVE_V6)
		hints.ai_family = AF_INET6;
	error = getaddrinfo(name, NULL, &hints, &list);
	if (error)
		return resolve_refuse(quoted, error, f);

	if (conf->family != RESOLVE_V6)
		count = resolve_collect(list, true, out, count);
	if (count >= 0 && conf->family != RESOLVE_V4)
		count = resolve_collect(list, false, out, count);
	freeaddrinfo(list);
	if (count < 0)
		return failure_set(f, EXIT_USAGE, "\"%s\" has more than %d addresses", quoted,
				   RESOLVE_MOST);
	if (count == 0)
		return failure_set(f, EXIT_USAGE, "\"%s\" has no %s address", quoted,
				   conf->family == RESOLVE_V6 ? "IPv6" : "IPv4");
	return conf->all ? count : 1;
}

/* Jobs that threads share. */
struct resolve_crew {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct resolve_job *jobs;
	size_t count, next, done;
};

static void resolve_job_run(struct resolve_job *job)
{
	struct addr found[RESOLVE_MOST];

	job->count = resolve_name(job->name, &job->conf, found, &job->f);
	if (job->count <= 0)
		return;
	job->addr = calloc((size_t)job->count, sizeof(found[0]));
	if (job->addr)
		memcpy(job->addr, found, (size_t)job->count * sizeof(found[0]));
	else
		job->count = failure_set(&job->f, EXIT_SOFTWARE, "out of memory for names");
}

static void *resolve_thread(void *context)
{
	struct resolve_crew *crew = context;

	(void)pthread_mutex_lock(&crew->lock);
	while (crew->next < crew->count) {
		struct resolve_job *job = &crew->jobs[crew->next++];

		(void)pthread_mutex_unlock(&crew->lock);
		resolve_job_run(job);
		(void)pthread_mutex_lock(&crew->lock);
		crew->done++;
		(void)pthread_cond_signal(&crew->changed);
	}
	(void)pthread_mutex_unlock(&crew->lock);
	return NULL;
}

/* Until all are done. */
static void resolve_wait(struct resolve_crew *crew,
			 void (*progress)(void *context, size_t done, size_t count), void *context)
{
	time_t interval_s = 1;
	struct timespec due;

	(void)clock_gettime(CLOCK_REALTIME, &due);
	due.tv_sec += interval_s;
	(void)pthread_mutex_lock(&crew->lock);
	while (crew->done < crew->count) {
		if (pthread_cond_timedwait(&crew->changed, &crew->lock, &due) != ETIMEDOUT)
			continue;
		if (progress)
			progress(context, crew->done, crew->count);
		interval_s *= 2;
		due.tv_sec += interval_s;
	}
	(void)pthread_mutex_unlock(&crew->lock);
}

int resolve_all(struct resolve_job *jobs, size_t count,
		void (*progress)(void *context, size_t done, size_t count), void *context,
		struct failure *f)
{
	struct resolve_crew crew = {.lock = PTHREAD_MUTEX_INITIALIZER,
				    .changed = PTHREAD_COND_INITIALIZER,
				    .jobs = jobs,
				    .count = count};
	pthread_t thread[RESOLVE_THREADS];
	size_t threads = 0;
	int error = 0;

	for (size_t i = 0; i < count; i++) {
		jobs[i].addr = NULL;
		jobs[i].count = -1;
		jobs[i].f = (struct failure){0};
	}
	while (threads < RESOLVE_THREADS && threads < count && error == 0) {
		error = pthread_create(&thread[threads], NULL, resolve_thread, &crew);
		threads += error == 0;
	}
	if (threads == 0 && count > 0)
		return failure_set(f, EXIT_UNAVAILABLE, "cannot start a thread: %s",
				   strerror(error));
	resolve_wait(&crew, progress, context);
	for (size_t i = 0; i < threads; i++)
		(void)pthread_join(thread[i], NULL);
	return 0;
}
