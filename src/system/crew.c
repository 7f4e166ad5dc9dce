/* crew: a few threads that share the jobs of a list. */
#include "system/crew.h"

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* Lists of fewer chunks than this are done by the caller alone. */
#define CREW_WORTH 3u
/* Times that a thread checks for a new run, with a sched_yield() each, before it sleeps: about 50
 * us, the time between two runs of a fast scan. To wake a sleeping thread takes as long. */
#define CREW_SPINS 100

struct crew {
	/*
	 * Run number in the upper half, next job in the lower. A thread takes jobs by compare and
	 * swap, which fails if a new run has begun since it read job, context and count. Between
	 * two runs the lower half is UINT32_MAX, while these are written: a late thread cannot mix
	 * two runs.
	 */
	_Atomic uint64_t next;
	_Atomic(crew_job *) job;
	_Atomic(void *) context;
	_Atomic unsigned count;
	_Atomic unsigned done;
	_Atomic unsigned sleepers;
	_Atomic bool quit;
	uint32_t run;
	unsigned chunk;
	unsigned hands;
	unsigned threads;
	bool started;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	pthread_t thread[CREW_MOST];
};

/* Takes chunks of the current run until none is left. Returns the number of that run. */
static uint32_t crew_work(struct crew *crew)
{
	for (;;) {
		uint64_t next = atomic_load(&crew->next);
		uint32_t first = (uint32_t)next;
		unsigned count = atomic_load_explicit(&crew->count, memory_order_relaxed);
		crew_job *job = atomic_load_explicit(&crew->job, memory_order_relaxed);
		void *context = atomic_load_explicit(&crew->context, memory_order_relaxed);

		if (first >= count)
			return (uint32_t)(next >> 32);
		unsigned take = count - first < crew->chunk ? count - first : crew->chunk;

		if (!atomic_compare_exchange_strong(&crew->next, &next, next + take))
			continue;
		for (unsigned i = 0; i < take; i++)
			job(context, first + i);
		atomic_fetch_add(&crew->done, take);
	}
}

static bool crew_idle(struct crew *crew, uint32_t seen)
{
	return (uint32_t)(atomic_load(&crew->next) >> 32) == seen && !atomic_load(&crew->quit);
}

static void *crew_thread(void *argument)
{
	struct crew *crew = argument;

	while (!atomic_load(&crew->quit)) {
		uint32_t seen = crew_work(crew);

		for (int i = 0; i < CREW_SPINS && crew_idle(crew, seen); i++)
			sched_yield();
		if (!crew_idle(crew, seen))
			continue;
		pthread_mutex_lock(&crew->mutex);
		atomic_fetch_add(&crew->sleepers, 1);
		while (crew_idle(crew, seen))
			pthread_cond_wait(&crew->wake, &crew->mutex);
		atomic_fetch_sub(&crew->sleepers, 1);
		pthread_mutex_unlock(&crew->mutex);
	}
	return NULL;
}

static unsigned crew_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

struct crew *crew_new(unsigned hands, unsigned chunk)
{
	struct crew *crew = calloc(1, sizeof(*crew));

	if (!crew)
		return NULL;
	crew->chunk = chunk;
	crew->hands = hands ? hands : crew_cpus();
	if (crew->hands > CREW_MOST)
		crew->hands = CREW_MOST;
	pthread_mutex_init(&crew->mutex, NULL);
	pthread_cond_init(&crew->wake, NULL);
	return crew;
}

static void crew_start(struct crew *crew)
{
	sigset_t all, before;

	crew->started = true;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (crew->threads + 1 < crew->hands) {
		if (pthread_create(&crew->thread[crew->threads], NULL, crew_thread, crew) != 0)
			break;
		crew->threads++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void crew_wake(struct crew *crew)
{
	if (atomic_load(&crew->sleepers) == 0)
		return;
	pthread_mutex_lock(&crew->mutex);
	pthread_cond_broadcast(&crew->wake);
	pthread_mutex_unlock(&crew->mutex);
}

void crew_run(struct crew *crew, crew_job *job, void *context, unsigned count)
{
	if (count < CREW_WORTH * crew->chunk || crew->hands < 2) {
		for (unsigned i = 0; i < count; i++)
			job(context, i);
		return;
	}
	if (!crew->started)
		crew_start(crew);
	atomic_store_explicit(&crew->job, job, memory_order_relaxed);
	atomic_store_explicit(&crew->context, context, memory_order_relaxed);
	atomic_store_explicit(&crew->count, count, memory_order_relaxed);
	atomic_store(&crew->done, 0);
	crew->run++;
	atomic_store(&crew->next, (uint64_t)crew->run << 32);
	crew_wake(crew);
	(void)crew_work(crew);
	while (atomic_load(&crew->done) != count)
		sched_yield();
	atomic_store(&crew->next, (uint64_t)crew->run << 32 | UINT32_MAX);
}

void crew_free(struct crew *crew)
{
	if (!crew)
		return;
	atomic_store(&crew->quit, true);
	pthread_mutex_lock(&crew->mutex);
	pthread_cond_broadcast(&crew->wake);
	pthread_mutex_unlock(&crew->mutex);
	for (unsigned i = 0; i < crew->threads; i++)
		pthread_join(crew->thread[i], NULL);
	pthread_cond_destroy(&crew->wake);
	pthread_mutex_destroy(&crew->mutex);
	free(crew);
}
