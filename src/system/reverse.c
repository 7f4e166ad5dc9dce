/* reverse: looks up the names of addresses with the system's resolver, in threads of its own. */
#include "system/reverse.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "plan/targets.h"

struct reverse_job {
	struct reverse_job *next; /* in the queue */
	struct addr addr;
	_Atomic bool done;
	bool dropped; /* the last to have it frees it */
	char *name;   /* written before `done` */
};

/* The threads may outlive the owner: the last one frees it. */
struct reverse {
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t work;
	reverse_lookup *lookup;
	void *context;
	struct reverse_job *first, **last;
	unsigned waiting; /* jobs queued or being looked up */
	unsigned threads, idle;
	bool closed;
};

static bool reverse_system(void *context, struct addr a, char name[static REVERSE_NAME])
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	const bool is_v4 = addr_is_v4(a);

	(void)context;
	if (is_v4)
		v4.sin_addr.s_addr = htonl(addr_v4(a));
	else
		addr_to_bytes16(a, v6.sin6_addr.s6_addr);
	return getnameinfo(is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
			   is_v4 ? sizeof(v4) : sizeof(v6), name, REVERSE_NAME, NULL, 0,
			   NI_NAMEREQD) == 0;
}

bool reverse_is_name(const char *name)
{
	struct ranges numeric = {0};
	struct failure ignored = {0};
	struct target target = {0};
	bool is;

	is = target_parse(name, strlen(name), &numeric, &target, &ignored) == 0 &&
	     target.kind == TARGET_NAME && !target.has_prefix && !target.zone[0];
	ranges_fini(&numeric);
	return is;
}

static void reverse_look(const struct reverse *r, struct reverse_job *job)
{
	char name[REVERSE_NAME] = "";
	size_t length;

	if (!r->lookup(r->context, job->addr, name))
		return;
	length = strnlen(name, sizeof(name) - 1);
	if (length && name[length - 1] == '.')
		length--;
	name[length] = '\0';
	if (reverse_is_name(name))
		job->name = strdup(name); /* NULL: no name */
}

static void job_free(struct reverse_job *job)
{
	free(job->name);
	free(job);
}

static void reverse_free(struct reverse *r)
{
	while (r->first) {
		struct reverse_job *job = r->first;

		r->first = job->next;
		job_free(job);
	}
	(void)pthread_mutex_destroy(&r->lock);
	(void)pthread_cond_destroy(&r->work);
	free(r);
}

/* Takes the next job that is still wanted; waits for one. NULL: the end. Called with the lock. */
static struct reverse_job *reverse_take(struct reverse *r)
{
	for (;;) {
		struct reverse_job *job = r->first;

		if (r->closed)
			return NULL;
		if (!job) {
			r->idle++;
			(void)pthread_cond_wait(&r->work, &r->lock);
			r->idle--;
			continue;
		}
		r->first = job->next;
		if (!r->first)
			r->last = &r->first;
		if (!job->dropped)
			return job;
		r->waiting--;
		job_free(job);
	}
}

static void *reverse_thread(void *context)
{
	struct reverse *r = context;
	struct reverse_job *job;
	bool last;

	(void)pthread_mutex_lock(&r->lock);
	while ((job = reverse_take(r)) != NULL) {
		(void)pthread_mutex_unlock(&r->lock);
		reverse_look(r, job);
		(void)pthread_mutex_lock(&r->lock);
		r->waiting--;
		if (job->dropped)
			job_free(job);
		else
			atomic_store(&job->done, true);
	}
	last = --r->threads == 0;
	(void)pthread_mutex_unlock(&r->lock);
	if (last)
		reverse_free(r);
	return NULL;
}

struct reverse *reverse_new(reverse_lookup *lookup, void *context)
{
	struct reverse *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->lookup = lookup ? lookup : reverse_system;
	r->context = context;
	r->last = &r->first;
	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_cond_init(&r->work, NULL);
	return r;
}

void reverse_close(struct reverse *r)
{
	bool alone;

	if (!r)
		return;
	(void)pthread_mutex_lock(&r->lock);
	r->closed = true;
	alone = r->threads == 0;
	(void)pthread_cond_broadcast(&r->work);
	(void)pthread_mutex_unlock(&r->lock);
	if (alone)
		reverse_free(r);
}

/* One more thread, if all others are busy. Called with the lock. */
static void reverse_start(struct reverse *r)
{
	sigset_t all, before;
	pthread_attr_t detached;
	pthread_t thread;

	if (r->idle || r->threads == REVERSE_THREADS || pthread_attr_init(&detached) != 0)
		return;
	(void)pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&thread, &detached, reverse_thread, r) == 0)
		r->threads++;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&detached);
}

struct reverse_job *reverse_ask(struct reverse *r, struct addr a)
{
	struct reverse_job *job = calloc(1, sizeof(*job));
	bool taken;

	if (!job)
		return NULL;
	job->addr = a;
	(void)pthread_mutex_lock(&r->lock);
	taken = r->waiting < REVERSE_MOST;
	if (taken)
		reverse_start(r);
	taken &= r->threads > 0;
	if (taken) {
		*r->last = job;
		r->last = &job->next;
		r->waiting++;
		(void)pthread_cond_signal(&r->work);
	}
	(void)pthread_mutex_unlock(&r->lock);
	if (taken)
		return job;
	free(job);
	return NULL;
}

bool reverse_done(const struct reverse_job *job)
{
	return atomic_load(&job->done);
}

const char *reverse_name(const struct reverse_job *job)
{
	return job->name;
}

void reverse_drop(struct reverse *r, struct reverse_job *job)
{
	bool done;

	(void)pthread_mutex_lock(&r->lock);
	done = atomic_load(&job->done);
	job->dropped = true;
	(void)pthread_mutex_unlock(&r->lock);
	if (done)
		job_free(job);
}
