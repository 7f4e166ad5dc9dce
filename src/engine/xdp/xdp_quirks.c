/* xdp_quirks: what the xdp engine does differently by kernel release and driver. */
#include "engine/xdp/xdp_quirks.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

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

/* Drivers that keep the link up, with what shows it in Linux's sources (drivers/net/). */
static const struct {
	const char *name;    /* of struct ethtool_drvinfo */
	const char *checked; /* month in which the entry was last checked */
	const char *source;
} keeps_link[] = {
	{"veth", "2026-11",
	 "veth.c, veth_xdp_set(): enables NAPI of the receive queues, limits the peer's MTU; no "
	 "change of the carrier"},
	{"tun", "2026-11",
	 "tun.c, tun_xdp_set(): replaces a pointer and sets a flag of the sockets; also of tap"},
	{"virtio_net", "2026-11",
	 "virtio_net.c, virtnet_xdp_set(): stops and restarts NAPI, but does not reset the device "
	 "since 4941d472bf95 (Linux 4.14), nor want spare queues since 97c2c69e1926 (Linux 5.13); "
	 "refuses at once where it cannot turn off offloads"},
};

bool xdp_quirks_keeps_link(const char *driver)
{
	for (size_t i = 0; i < sizeof(keeps_link) / sizeof(keeps_link[0]); i++)
		if (strcmp(keeps_link[i].name, driver) == 0)
			return true;
	return false;
}
