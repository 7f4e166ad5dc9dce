/* watch_origin: through which interface packets of a source came last. */
#ifndef PORTLIGHT_RUN_WATCH_ORIGIN_H
#define PORTLIGHT_RUN_WATCH_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "address/addr.h"

/* Slots, one source each; a newer source overwrites an older one. 24 bytes each. */
#define WATCH_ORIGIN_PLACES 8192u

/* Zero-initialised is empty. */
struct watch_origin {
	struct {
		struct addr addr;
		uint32_t interface; /* its index; 0: free */
		bool out;	    /* only outgoing packets of it were seen */
	} place[WATCH_ORIGIN_PLACES];
};

/*
 * An event is often reported during a packet of another source, or without a packet, so the
 * interface is stored by source. Addresses that share a slot only overwrite each other: no wrong
 * interface is reported.
 */
static inline uint32_t watch_origin_place(struct addr a)
{
	uint64_t mixed = (a.hi ^ (a.hi >> 32) ^ a.lo) * UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)(mixed >> 51) % WATCH_ORIGIN_PLACES;
}

/* `out`: the packet was outgoing. Its interface is used only as long as no incoming packet of the
 * source was seen. */
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

/* The interface index last stored for the source, or 0 if it was overwritten or never stored. */
static inline uint32_t watch_origin_find(const struct watch_origin *o, struct addr a)
{
	uint32_t place = watch_origin_place(a);

	return addr_equal(o->place[place].addr, a) ? o->place[place].interface : 0;
}

#endif
