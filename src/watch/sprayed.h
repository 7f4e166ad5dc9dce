/* sprayed: ports that scanners and infected devices spray, and ordinary clients do not. */
#ifndef PORTLIGHT_WATCH_SPRAYED_H
#define PORTLIGHT_WATCH_SPRAYED_H

#include <stdbool.h>
#include <stdint.h>

/* Whether clients ask only few hosts, which they know, for this TCP port. */
bool port_is_sprayed(uint16_t port);

#endif
