/* resolve: resolves host names with the system's resolver. */
#include "system/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/quote.h"

static bool resolve_address(const struct addrinfo *info, struct addr *out)
{
	if (info->ai_family == AF_INET && info->ai_addrlen >= sizeof(struct sockaddr_in)) {
		struct sockaddr_in v4;

		memcpy(&v4, info->ai_addr, sizeof(v4));
		*out = addr_from_v4(ntohl(v4.sin_addr.s_addr));
		return true;
	}
	if (info->ai_family == AF_INET6 && info->ai_addrlen >= sizeof(struct sockaddr_in6)) {
		struct sockaddr_in6 v6;

		memcpy(&v6, info->ai_addr, sizeof(v6));
		*out = addr_from_bytes16(v6.sin6_addr.s6_addr);
		return true;
	}
	return false;
}

/* Adds the addresses of one family, without duplicates. -1 if there is no room. */
static int resolve_collect(const struct addrinfo *list, bool v4, struct addr *out, int count)
{
	for (const struct addrinfo *info = list; info; info = info->ai_next) {
		struct addr a;
		int known = 0;

		/* An IPv4-mapped AAAA record counts as IPv4. */
		if (!resolve_address(info, &a) || addr_is_v4(a) != v4)
			continue;
		while (known < count && !addr_equal(out[known], a))
			known++;
		if (known < count)
			continue;
		if (count == RESOLVE_MOST)
			return -1;
		out[count++] = a;
	}
	return count;
}

static int resolve_refuse(const char *quoted, int error, struct failure *f)
{
	int saved = errno;

	switch (error) {
	case EAI_NONAME:
	case EAI_NODATA:
	case EAI_ADDRFAMILY:
		return failure_set(f, EXIT_USAGE, "cannot resolve \"%s\": %s", quoted,
				   gai_strerror(error));
	case EAI_SYSTEM:
		return failure_set(f, EXIT_UNAVAILABLE, "cannot resolve \"%s\": %s", quoted,
				   strerror(saved));
	default:
		return failure_set(f, EXIT_UNAVAILABLE, "cannot resolve \"%s\": %s", quoted,
				   gai_strerror(error));
	}
}

int resolve_name(const char *name, const struct resolve_conf *conf,
		 struct addr out[static RESOLVE_MOST], struct failure *f)
{
	/* Without a socket type each address would be returned once for each type. */
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	char quoted[TEXT_QUOTED(64)];
	int error, count = 0;

	text_quote(name, strlen(name), quoted, sizeof(quoted));
	if (conf->family == RESOLVE_V4)
		hints.ai_family = AF_INET;
	else if (conf->family == RESOLVE_V6)
		hints.ai_family = AF_INET6;
	error = getaddrinfo(name, NULL, &hints, &list);
	if (error)
		return resolve_refuse(quoted, error, f);

	if (conf->family != RESOLVE_V6)
		count = resolve_collect(list, true, out, count);
	if (count >= 0 && conf->family != RESOLVE_V4)
		count = resolve_collect(list, false, out, count);
	freeaddrinfo(list);
	if (count < 0)
		return failure_set(f, EXIT_USAGE, "\"%s\" has more than %d addresses", quoted,
				   RESOLVE_MOST);
	if (count == 0)
		return failure_set(f, EXIT_USAGE, "\"%s\" has no %s address", quoted,
				   conf->family == RESOLVE_V6 ? "IPv6" : "IPv4");
	return conf->all ? count : 1;
}
