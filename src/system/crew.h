/* crew: a few threads that do one list of equal small jobs together, again and again. */
#ifndef PORTLIGHT_SYSTEM_CREW_H
#define PORTLIGHT_SYSTEM_CREW_H

struct crew;

/* Does job number `index`. Jobs of one run must not touch each other's data. */
typedef void crew_job(void *context, unsigned index);

/*
 * `hands`: how many work at once, the caller among them; 0 for one per CPU that we may run on, at
 * most CREW_MOST. With fewer threads than asked for (or none) if the system gives no more.
 * chunk: jobs that a thread takes at a time: enough that the shared counter costs nothing, few
 * enough that all end together; lists of fewer than three chunks are done by the caller alone.
 * NULL if out of memory. Threads start at the first run that is worth it, so that they have the
 * privileges that the process has then, and they take no signals.
 */
#define CREW_MOST 4
struct crew *crew_new(unsigned hands, unsigned chunk);
void crew_free(struct crew *crew);

/* Does jobs 0..count-1 and returns when all are done; their writes are visible then. */
void crew_run(struct crew *crew, crew_job *job, void *context, unsigned count);

#endif
