/* leads_out: whether this network namespace knows a way out; then nothing forged is sent. */
#ifndef PORTLIGHT_BENCH_LEADS_OUT_H
#define PORTLIGHT_BENCH_LEADS_OUT_H

#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>

static inline bool leads_out(void)
{
	char line[256];
	bool found = false;
	FILE *routes = fopen("/proc/net/route", "r");

	while (routes && fgets(line, sizeof(line), routes)) {
		char name[IFNAMSIZ];
		unsigned long destination;

		if (sscanf(line, "%15s %lx", name, &destination) == 2 && destination == 0)
			found = true;
	}
	if (routes)
		fclose(routes);
	return found;
}

#endif
