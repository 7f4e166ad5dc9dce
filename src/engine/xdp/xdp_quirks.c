/* xdp_quirks: what the xdp engine does differently on older kernel releases. */
#include "engine/xdp/xdp_quirks.h"

#include <stdio.h>

#define QUIRKS_RELEASE(major, minor) ((major)*1000u + (minor))

/* QUIRKS_RELEASE of a release as in struct utsname; 0 if it cannot be read. */
static unsigned quirks_release(const char *release)
{
	unsigned major, minor;

	if (sscanf(release, "%u.%u", &major, &minor) != 2 || major > 999 || minor > 999)
		return 0;
	return QUIRKS_RELEASE(major, minor);
}

uint32_t xdp_quirks_spare_bytes(const char *release)
{
	return quirks_release(release) < QUIRKS_RELEASE(6, 4);
}

bool xdp_quirks_too_old(const char *release)
{
	const unsigned number = quirks_release(release);

	return number > 0 && number < QUIRKS_RELEASE(5, 18);
}
