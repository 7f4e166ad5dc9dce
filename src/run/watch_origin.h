/* watch_origin: through which interface packets of a source came last. */
#ifndef PORTLIGHT_RUN_WATCH_ORIGIN_H
#define PORTLIGHT_RUN_WATCH_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "address/addr.h"

/* One source a place; a newer one takes it over. 24 bytes each. */
#define WATCH_ORIGIN_PLACES 8192u

/* Starts out as zeros. */
struct watch_origin {
	struct {
		struct addr addr;
		uint32_t interface; /* its index; 0: free */
		bool out;	    /* it was only seen going out */
	} place[WATCH_ORIGIN_PLACES];
};

/*
 * An event is often told while a packet of somebody else is looked at, or none, so the interface
 * is kept by source. Addresses that collide only forget one another: nothing wrong is said.
 */
static inline uint32_t watch_origin_place(struct addr a)
{
	uint64_t mixed = (a.hi ^ (a.hi >> 32) ^ a.lo) * UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)(mixed >> 51) % WATCH_ORIGIN_PLACES;
}

/* `out`: on its way out. That is kept as long as nothing of the source was seen to come in. */
static inline void watch_origin_note(struct watch_origin *o, struct addr a, uint32_t interface,
				     bool out)
{
	uint32_t place = watch_origin_place(a);

	if (out && !o->place[place].out && addr_equal(o->place[place].addr, a))
		return;
	o->place[place].addr = a;
	o->place[place].interface = interface;
	o->place[place].out = out;
}

/* The index of the interface noted last, or 0 if it is not known any more. */
static inline uint32_t watch_origin_find(const struct watch_origin *o, struct addr a)
{
	uint32_t place = watch_origin_place(a);

	return addr_equal(o->place[place].addr, a) ? o->place[place].interface : 0;
}

#endif
