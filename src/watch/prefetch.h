/* fetch: asks the cache for what will be looked at soon. */
#ifndef PORTLIGHT_WATCH_PREFETCH_H
#define PORTLIGHT_WATCH_PREFETCH_H

/*
 * The cache line of `at`. A function that does nothing else has no effect by gcc's rules, so that
 * where it does not inline it (-O2) it leaves its calls out; the empty statement counts as one.
 */
static inline void prefetch_line(const void *at)
{
	__builtin_prefetch(at, 1);
	__asm__ volatile("");
}

#endif
