/* sockets_elsewhere: with -g, datagrams from other ports and addresses than the probed ones. */
#ifndef PORTLIGHT_ENGINE_SOCKETS_SOCKETS_ELSEWHERE_H
#define PORTLIGHT_ENGINE_SOCKETS_SOCKETS_ELSEWHERE_H

#include "base/failure.h"
#include "scan/probe.h"

struct sockets;

/*
 * With -g all UDP sockets have one port, and each is connected to the port that it probes. One more
 * for each address family of the plan, connected to nothing, takes what is for none of them; an
 * answer is recognised by scan/echo.h. epoll reports it with SOCKETS_ELSEWHERE + its index.
 */
#define SOCKETS_ELSEWHERE  (UINT32_MAX - SOCKETS_ELSEWHERES)
#define SOCKETS_ELSEWHERES 2
#define ELSEWHERE_MOST	   64 /* datagrams read at once */

/* Opens them, if the options and the plan ask for it. 0, or -1 with *f. */
int sockets_elsewhere_open(struct sockets *s, struct failure *f);
void sockets_elsewhere_close(struct sockets *s);

/* Reads what epoll reported for socket number `index`, into s->caught. */
void sockets_elsewhere_read(struct sockets *s, unsigned index);

#endif
