/* source: the source address that the kernel chooses for a target. */
#include "net/source.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Linux 5.1; older headers do not name it. */
#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
#endif

union source_end {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t source_end(union source_end *end, struct addr to, unsigned zone)
{
	const uint16_t port = 1; /* any: nothing is sent */

	memset(end, 0, sizeof(*end));
	if (addr_is_v4(to)) {
		end->v4.sin_family = AF_INET;
		end->v4.sin_port = htons(port);
		addr_to_bytes4(to, (uint8_t *)&end->v4.sin_addr);
		return sizeof(end->v4);
	}
	end->v6.sin6_family = AF_INET6;
	end->v6.sin6_port = htons(port);
	end->v6.sin6_scope_id = addr_is_link_local6(to) ? zone : 0;
	addr_to_bytes16(to, end->v6.sin6_addr.s6_addr);
	return sizeof(end->v6);
}

static bool source_connect(int fd, struct addr to, unsigned link_index, unsigned zone,
			   struct addr *out)
{
	const int index = (int)link_index;
	union source_end end;
	socklen_t length = source_end(&end, to, zone);

	if (link_index && setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index, sizeof(index)) < 0)
		return false;
	if (connect(fd, &end.any, length) < 0 || getsockname(fd, &end.any, &length) < 0)
		return false;
	*out = addr_is_v4(to) ? addr_from_bytes4((const uint8_t *)&end.v4.sin_addr)
			      : addr_from_bytes16(end.v6.sin6_addr.s6_addr);
	return true;
}

bool source_choose(struct addr to, unsigned link_index, unsigned zone, struct addr *out)
{
	const int fd = socket(addr_is_v4(to) ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool chosen;

	if (fd < 0)
		return false;
	chosen = source_connect(fd, to, link_index, zone, out);
	(void)close(fd); /* nothing was sent */
	return chosen;
}
