/* prefetch: asks the processor to load memory that will be read soon. */
#ifndef PORTLIGHT_WATCH_PREFETCH_H
#define PORTLIGHT_WATCH_PREFETCH_H

/*
 * Loads the cache line of `at` for writing. Without the empty statement gcc -O2 considers a
 * function that does nothing else as having no effect, and drops its calls where it does not inline
 * them.
 */
static inline void prefetch_line(const void *at)
{
	__builtin_prefetch(at, 1);
	__asm__ volatile("");
}

#endif
