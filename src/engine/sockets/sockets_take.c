/* sockets_take: finds a free socket for a probe. */
#include "engine/sockets/sockets_take.h"

#include <errno.h>
#include <string.h>

#include "address/addr.h"
#include "base/quote.h"
#include "engine/sockets/sockets_state.h"

/* Most sockets freed in one call: it takes about a millisecond. */
#define DROP_MOST 512u

void sockets_drop_late(struct sockets *s, uint64_t before_ns)
{
	for (unsigned i = 0; i < DROP_MOST; i++) {
		struct attempt *a = pool_first(&s->pool, &s->late);

		if (!a || a->deadline_ns >= before_ns)
			break;
		pool_remove(&s->pool, &s->late, a);
		a->late = false;
		attempt_abandon(a);
		pool_release(&s->pool, a);
	}
}

/* Fills *f for a socket that could not be opened; -error. */
static int open_failure(const struct sockets *s, int error, const char *step, struct failure *f)
{
	char text[ADDR_TEXT], quoted[TEXT_QUOTED(64)];
	int code = error == EPERM || error == EACCES ? EXIT_NO_PERMISSION : EXIT_UNAVAILABLE;

	if (strcmp(step, "SO_BINDTODEVICE") == 0)
		failure_set(f, code, "cannot use interface %s: %s",
			    text_quote(s->conf.interface, strnlen(s->conf.interface, 64), quoted,
				       sizeof(quoted)),
			    strerror(error));
	else if (strcmp(step, "bind") == 0 && error == EADDRNOTAVAIL)
		failure_set(f, EXIT_USAGE, "source address %s is not one of this machine's",
			    addr_format(s->conf.source, text));
	else if (strcmp(step, "bind") == 0 && s->conf.has_source_port)
		failure_set(f, code, "cannot use source port %u: %s", s->conf.source_port,
			    strerror(error));
	else
		failure_set(f, code, "cannot set up a socket (%s): %s", step, strerror(error));
	return -error;
}

struct attempt *sockets_take(struct sockets *s, enum attempt_kind kind, int *error,
			     struct failure *f)
{
	const char *step;
	struct attempt *a = pool_take(&s->pool, kind, &s->common, error, &step);

	if (!a && *error == 0) {
		sockets_drop_late(s, UINT64_MAX);
		a = pool_take(&s->pool, kind, &s->common, error, &step);
	}

	if (*error && (!attempt_is_shortage(*error) || strcmp(step, "bind") == 0))
		(void)open_failure(s, *error, step, f);
	return a;
}
