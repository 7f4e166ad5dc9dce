/* crew: a few threads that share the jobs of a list. */
#ifndef PORTLIGHT_SYSTEM_CREW_H
#define PORTLIGHT_SYSTEM_CREW_H

struct crew;

/* Does job number `index`. Jobs of one run must not access the same data. */
typedef void crew_job(void *context, unsigned index);

/*
 * hands: threads that work at once, including the caller; 0: one for each CPU that we may run on,
 * at most CREW_MOST. There are fewer if the system gives no more. chunk: jobs that a thread takes
 * at once: enough that the shared counter costs little, and few enough that all threads end at
 * about the same time. Lists of fewer than three chunks are done by the caller. NULL if out of
 * memory. The threads are started by the first run that needs them, so that they have the
 * privileges of the process at that time. They block all signals.
 */
#define CREW_MOST 4
struct crew *crew_new(unsigned hands, unsigned chunk);
/* Ends the threads. NULL is fine. */
void crew_free(struct crew *crew);

/* Does jobs 0..count-1 and returns when all are done; their writes are visible to the caller. */
void crew_run(struct crew *crew, crew_job *job, void *context, unsigned count);

#endif
