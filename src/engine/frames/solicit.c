/* solicit: resolves link addresses of on-link hosts and gateways by ARP and NDP. */
#include "engine/frames/solicit.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "capture/filter.h"
#include "capture/transmit.h"
#include "packet/packet.h"

/* Receive buffer: some 2,700 answers while we send, or 270 without CAP_NET_ADMIN. */
#define SOLICIT_BUFFER_BYTES (2 << 20)
/* Solicitations in a batch; more would only use more of the transmitter's memory. */
#define SOLICIT_BATCH 32
/* Most frames read in a row: a flood of answers must not delay the check of the time. */
#define SOLICIT_READS 1024
/* Bytes read of an answer: the shortest Ethernet frame has 60, an NDP advertisement with option 86.
 */
#define SOLICIT_FRAME_BYTES 256

/* An interface that is solicited on. */
struct solicit_link {
	const struct link *link;
	struct transmit *transmit;
	int fd;
	bool shared; /* fd is the caller's */
};

struct solicit {
	const struct solicit_conf *conf;
	size_t open;		  /* addresses not resolved yet */
	uint64_t gap_ns, next_ns; /* between two requests; the next one not before */
	uint64_t begun_ns;
	unsigned batch; /* requests sent together */
	struct solicit_link *links;
	struct pollfd *polls;
	size_t link_count;
};

static bool solicit_stopped(const struct solicit *s)
{
	return s->conf->stop && *s->conf->stop;
}

/* RFC 826: a broadcast request for the MAC address of `addr`. */
static void solicit_arp(const struct solicit_ask *ask, struct packet *out)
{
	*out = (struct packet){
		.has = PACKET_ETHERNET | PACKET_ARP,
		.ethertype = 0x0806,
		.arp_operation = 1,
		.arp_sender = ask->source,
		.arp_target = ask->addr,
	};
	memset(out->mac_dst, 0xff, sizeof(out->mac_dst));
	memcpy(out->mac_src, ask->link->mac, sizeof(out->mac_src));
	memcpy(out->arp_sender_mac, ask->link->mac, sizeof(out->arp_sender_mac));
}

/* RFC 4861, 4.3: to the solicited-node group ff02::1:ffXX:XXXX (RFC 4291, 2.7.1), which Ethernet
 * carries to 33:33 and the last four bytes (RFC 2464, 7). */
static void solicit_ndp(const struct solicit_ask *ask, struct packet *out)
{
	*out = (struct packet){
		.has = PACKET_ETHERNET | PACKET_IP | PACKET_ICMP | PACKET_NEIGHBOUR |
		       PACKET_LINK_ADDRESS,
		.ethertype = 0x86dd,
		.src = ask->source,
		.dst = {UINT64_C(0xff02) << 48, UINT64_C(0x1ff000000) | (ask->addr.lo & 0xffffff)},
		.proto = IPPROTO_ICMPV6,
		.ttl = 255,
		.icmp_type = 135,
		.neighbour_target = ask->addr,
	};
	memcpy(out->mac_dst, (const uint8_t[]){0x33, 0x33, 0xff}, 3);
	out->mac_dst[3] = (uint8_t)(ask->addr.lo >> 16);
	out->mac_dst[4] = (uint8_t)(ask->addr.lo >> 8);
	out->mac_dst[5] = (uint8_t)ask->addr.lo;
	memcpy(out->mac_src, ask->link->mac, sizeof(out->mac_src));
	memcpy(out->neighbour_mac, ask->link->mac, sizeof(out->neighbour_mac));
}

static struct solicit_link *solicit_link_of(const struct solicit *s, unsigned index)
{
	for (size_t i = 0; i < s->link_count; i++)
		if (s->links[i].link->index == index)
			return &s->links[i];
	return NULL;
}

/* Returns 1 if the kernel takes no more at the moment, 0 if it does, -1 with *f. */
static int solicit_flush(struct solicit_link *l, struct failure *f)
{
	char quoted[LINK_QUOTED];
	unsigned refused;
	int error;

	if (transmit_waiting(l->transmit) == 0)
		return 0;
	(void)transmit_flush(l->transmit, &error, &refused); /* lost requests are repeated */
	if (error == 0)
		return 0;
	if (error == ENOBUFS || error == EAGAIN)
		return 1;
	return failure_set(f, EXIT_UNAVAILABLE, "interface %s: cannot ask for neighbours: %s",
			   link_quote(l->link, quoted), strerror(error));
}

static int solicit_send(struct solicit *s, const struct solicit_ask *ask, struct failure *f)
{
	struct solicit_link *l = solicit_link_of(s, ask->link->index);
	struct packet packet;
	size_t length;

	if (addr_is_v4(ask->addr))
		solicit_arp(ask, &packet);
	else
		solicit_ndp(ask, &packet);
	length = packet_build(PACKET_LINK_ETHERNET, &packet, NULL, 0, transmit_reserve(l->transmit),
			      TRANSMIT_FRAME_BYTES);
	transmit_commit(l->transmit, length, ask->addr);
	if (transmit_waiting(l->transmit) < s->batch)
		return 0;
	return solicit_flush(l, f) < 0 ? -1 : 0;
}

/* Reads from a frame which address has which MAC address. False if it is no valid answer to us or,
 * with `announced`, announces no address. */
static bool solicit_claim(const struct link *link, const uint8_t *frame, size_t length,
			  bool announced, struct addr *addr, uint8_t mac[6])
{
	struct packet p;

	packet_parse_checked(PACKET_LINK_ETHERNET, frame, length, &p);
	if ((!announced && memcmp(p.mac_dst, link->mac, sizeof(link->mac)) != 0) ||
	    p.has & (PACKET_SUM_BAD | PACKET_MALFORMED | PACKET_TRUNCATED))
		return false;
	if (p.has & PACKET_ARP && (announced || p.arp_operation == 2)) {
		*addr = p.arp_sender;
		memcpy(mac, p.arp_sender_mac, 6);
	} else if (p.has & PACKET_NEIGHBOUR && p.icmp_type == 136 && p.icmp_code == 0 &&
		   p.ttl == 255) {
		*addr = p.neighbour_target;
		memcpy(mac, p.has & PACKET_LINK_ADDRESS ? p.neighbour_mac : p.mac_src, 6);
	} else {
		return false;
	}
	/* A group address is not the address of a host (IEEE 802.3, 3.2.3). */
	return !(mac[0] & 1);
}

static void solicit_take(struct solicit *s, const struct solicit_link *l, const uint8_t *frame,
			 size_t length)
{
	struct addr addr;
	uint8_t mac[6];
	size_t known;

	if (!solicit_claim(l->link, frame, length, false, &addr, mac))
		return;
	known = s->conf->resolved(s->conf->context, addr, l->link->index, mac);
	s->open -= known < s->open ? known : s->open;
}

static void solicit_drain(struct solicit *s)
{
	for (size_t i = 0; i < s->link_count; i++) {
		const struct solicit_link *l = &s->links[i];

		for (unsigned read = 0; s->open > 0 && read < SOLICIT_READS; read++) {
			uint8_t frame[SOLICIT_FRAME_BYTES];
			ssize_t got = recv(l->fd, frame, sizeof(frame), MSG_DONTWAIT);

			/* recv() also clears an error (interface down): then no
			 * answer comes. */
			if (got < 0)
				break;
			solicit_take(s, l, frame, (size_t)got);
		}
	}
}

/* Receives answers until `until_ns`, or until all addresses are resolved. */
static void solicit_wait(struct solicit *s, uint64_t until_ns)
{
	solicit_drain(s);
	while (s->open > 0 && !solicit_stopped(s)) {
		uint64_t now_ns = clock_monotonic_ns();
		struct timespec left;

		if (now_ns >= until_ns)
			return;
		left.tv_sec = (time_t)((until_ns - now_ns) / 1000000000u);
		left.tv_nsec = (long)((until_ns - now_ns) % 1000000000u);
		/* A signal or an error ends the wait early; the clock decides. */
		if (ppoll(s->polls, s->link_count, &left, NULL) < 0 && errno != EINTR)
			return;
		solicit_drain(s);
	}
}

/* Before the next request: waits until the rate allows it, once for each batch. */
static void solicit_pace(struct solicit *s, uint64_t sent)
{
	if (sent % s->batch == 0)
		solicit_wait(s, s->next_ns);
	/* What could not be sent in time is not made up for. */
	if (s->next_ns < clock_monotonic_ns())
		s->next_ns = clock_monotonic_ns();
}

/* Solicits all unresolved addresses once, in batches, and waits for answers: until wait_ms after
 * the first request of all, or after the last one of these if that is later. */
static int solicit_try(struct solicit *s, unsigned wait_ms, struct failure *f)
{
	struct solicit_ask ask;
	uint64_t sent = 0, until_ns, last_ns;

	for (size_t i = 0; i < s->conf->count && s->open > 0 && !solicit_stopped(s); i++) {
		if (!s->conf->ask(s->conf->context, i, &ask))
			continue;
		solicit_pace(s, sent);
		/* The wait may have brought an answer, or the user's signal. */
		if (solicit_stopped(s) || !s->conf->ask(s->conf->context, i, &ask))
			continue;
		if (solicit_send(s, &ask, f) < 0)
			return -1;
		s->next_ns += s->gap_ns;
		sent++;
	}
	for (size_t i = 0; i < s->link_count; i++)
		if (solicit_flush(&s->links[i], f) < 0)
			return -1;
	until_ns = s->begun_ns + wait_ms * UINT64_C(1000000);
	last_ns = clock_monotonic_ns() + SOLICIT_SPACING_MS * UINT64_C(1000000);
	solicit_wait(s, until_ns > last_ns ? until_ns : last_ns);
	return 0;
}

/* Opens a packet socket: the filter is attached before it is bound. The descriptor or -errno. */
static int solicit_socket(const struct link *link, bool announced)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)link->index,
	};
	struct filter filter;
	struct sock_fprog program;
	int buffer = SOLICIT_BUFFER_BYTES;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -errno;
	if (announced)
		filter_announcements(&filter);
	else
		filter_neighbours(&filter);
	program = (struct sock_fprog){filter.length, filter.code};
	/* As much as the administrator allows; less is no reason to fail. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0 &&
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	error = -errno;
	(void)close(fd); /* the earlier error is reported */
	return error;
}

static int solicit_link_open(struct solicit *s, const struct link *link, struct failure *f)
{
	struct solicit_link *l = &s->links[s->link_count];
	struct transmit_conf transmit = {.link = link, .shared = true};
	char quoted[LINK_QUOTED];

	l->link = link;
	l->fd = s->conf->socket ? s->conf->socket(s->conf->context, link) : -1;
	l->shared = l->fd >= 0;
	if (!l->shared)
		l->fd = solicit_socket(link, false);
	if (l->fd < 0)
		return failure_set(f,
				   l->fd == -EPERM || l->fd == -EACCES ? EXIT_NO_PERMISSION
								       : EXIT_UNAVAILABLE,
				   "interface %s: cannot listen for neighbours: %s",
				   link_quote(link, quoted), strerror(-l->fd));
	transmit.shared_fd = l->fd;
	l->transmit = transmit_open(&transmit, f);
	if (!l->transmit) {
		if (!l->shared)
			(void)close(l->fd); /* an error does not matter: it was never used */
		return -1;
	}
	s->polls[s->link_count] = (struct pollfd){.fd = l->fd, .events = POLLIN};
	s->link_count++;
	return 0;
}

/* Opens each interface that has unresolved addresses, and counts these. */
static int solicit_open(struct solicit *s, struct failure *f)
{
	struct solicit_ask ask;

	for (size_t i = 0; i < s->conf->count; i++) {
		void *links, *polls;

		if (!s->conf->ask(s->conf->context, i, &ask))
			continue;
		s->open++;
		if (solicit_link_of(s, ask.link->index))
			continue;
		links = reallocarray(s->links, s->link_count + 1, sizeof(*s->links));
		s->links = links ? links : s->links;
		polls = reallocarray(s->polls, s->link_count + 1, sizeof(*s->polls));
		s->polls = polls ? polls : s->polls;
		if (!links || !polls)
			return failure_set(f, EXIT_SOFTWARE, "out of memory");
		if (solicit_link_open(s, ask.link, f) < 0)
			return -1;
	}
	return 0;
}

static void solicit_rate(struct solicit *s)
{
	double rate = SOLICIT_PER_SECOND;

	if (s->conf->per_second > 0 && s->conf->per_second < rate)
		rate = s->conf->per_second;
	s->gap_ns = (uint64_t)(1e9 / rate);
	/* As engines send probes: in a burst what the rate gives in 4 ms, and one. */
	s->batch = 1 + (unsigned)(rate * 0.004);
	if (s->batch > SOLICIT_BATCH)
		s->batch = SOLICIT_BATCH;
	s->next_ns = s->conf->next_ns && *s->conf->next_ns > s->begun_ns ? *s->conf->next_ns
									 : s->begun_ns;
}

int solicit_run(const struct solicit_conf *conf, struct failure *f)
{
	struct solicit s = {.conf = conf, .begun_ns = clock_monotonic_ns()};
	int result = solicit_open(&s, f);

	solicit_rate(&s);
	for (int try = 0; result == 0 && s.open > 0 && try < SOLICIT_TRIES && !solicit_stopped(&s);
	     try++)
		result = solicit_try(&s, try == SOLICIT_TRIES - 1 ? SOLICIT_WAIT_MS : 0, f);
	if (conf->next_ns)
		*conf->next_ns = s.next_ns;
	for (size_t i = 0; i < s.link_count; i++) {
		transmit_close(s.links[i].transmit);
		if (!s.links[i].shared)
			(void)close(s.links[i].fd); /* no data could be lost */
	}
	free(s.links);
	free(s.polls);
	return result;
}

int solicit_listen(const struct link *link)
{
	return solicit_socket(link, true);
}

bool solicit_announced(int fd, const struct link *link, struct addr *addr, uint8_t mac[6])
{
	uint8_t frame[SOLICIT_FRAME_BYTES];
	ssize_t got;

	do {
		got = recv(fd, frame, sizeof(frame), MSG_DONTWAIT);
		if (got > 0 && solicit_claim(link, frame, (size_t)got, true, addr, mac))
			return true;
	} while (got > 0);
	return false;
}
