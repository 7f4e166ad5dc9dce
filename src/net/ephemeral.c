/* ephemeral: the range of local ports that the kernel assigns automatically. */
#include "net/ephemeral.h"

#include <stdio.h>

#define EPHEMERAL_FILE	     "/proc/sys/net/ipv4/ip_local_port_range"
#define EPHEMERAL_FIRST	     32768
#define EPHEMERAL_LAST	     60999
#define EPHEMERAL_PRIVILEGED 1024u

void ephemeral_range(uint16_t *first, uint16_t *last)
{
	FILE *file = fopen(EPHEMERAL_FILE, "re");
	unsigned low, high;

	*first = EPHEMERAL_FIRST;
	*last = EPHEMERAL_LAST;
	if (!file)
		return;
	if (fscanf(file, "%u %u", &low, &high) == 2 && low <= high && high <= UINT16_MAX) {
		*first = (uint16_t)low;
		*last = (uint16_t)high;
	}
	(void)fclose(file); /* only read */
}

uint16_t ephemeral_block(uint16_t first, uint16_t last, uint32_t block)
{
	for (uint32_t base = 65536 - block; base >= EPHEMERAL_PRIVILEGED; base -= block)
		if (base > last || base + block <= first)
			return (uint16_t)base;
	return (uint16_t)(65536 - block);
}
