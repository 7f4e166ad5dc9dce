/* complaint: a record of a socket's error queue, or the addresses and TTL of a datagram. */
#include "engine/sockets/complaint.h"

/* Before <linux/errqueue.h>, which needs struct timespec and does not include it. */
#include <time.h>

#include <errno.h>
#include <linux/errqueue.h>
#include <stddef.h>
#include <string.h>

#include "engine/sockets/endpoint.h"

/* The data of an IP_RECVERR control message: the record, then SO_EE_OFFENDER. */
struct complaint_record {
	struct sock_extended_err error;
	union endpoint offender;
};

static void complaint_record(const uint8_t *bytes, size_t length, struct complaint *out)
{
	struct complaint_record record;
	uint16_t port;

	memset(&record, 0, sizeof(record));
	memcpy(&record, bytes, length < sizeof(record) ? length : sizeof(record));
	if (record.error.ee_origin == SO_EE_ORIGIN_LOCAL)
		out->origin = COMPLAINT_LOCAL;
	else if (record.error.ee_origin == SO_EE_ORIGIN_ICMP ||
		 record.error.ee_origin == SO_EE_ORIGIN_ICMP6)
		out->origin = COMPLAINT_ICMP;
	out->type = record.error.ee_type;
	out->code = record.error.ee_code;
	out->error = (int)record.error.ee_errno;
	out->has_from = endpoint_read(&record.offender, &out->from, &port);
}

static void complaint_control(struct msghdr *message, struct complaint *out)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		bool v4 = c->cmsg_level == IPPROTO_IP, v6 = c->cmsg_level == IPPROTO_IPV6;
		size_t length = c->cmsg_len - CMSG_LEN(0);
		int ttl;

		if ((v4 && c->cmsg_type == IP_RECVERR) || (v6 && c->cmsg_type == IPV6_RECVERR))
			complaint_record(CMSG_DATA(c), length, out);
		if (length < sizeof(ttl) ||
		    !((v4 && c->cmsg_type == IP_TTL) || (v6 && c->cmsg_type == IPV6_HOPLIMIT)))
			continue;
		memcpy(&ttl, CMSG_DATA(c), sizeof(ttl));
		out->ttl = (uint8_t)ttl;
		out->has_ttl = true;
	}
}

int complaint_read(int fd, bool error_queue, struct complaint *out)
{
	_Alignas(struct cmsghdr) char control[256];
	union endpoint peer = {.any.sa_family = AF_UNSPEC};
	struct iovec data = {out->data, sizeof(out->data)};
	struct msghdr message = {
		.msg_name = &peer,
		.msg_namelen = sizeof(peer),
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};

	ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT | (error_queue ? MSG_ERRQUEUE : 0));

	if (length < 0)
		return -errno;
	memset(out, 0, offsetof(struct complaint, data));
	out->length = (size_t)length;
	/* Without a name the address stays zero, which matches no probe. */
	if (message.msg_namelen > 0)
		(void)endpoint_read(&peer, &out->peer, &out->port);
	complaint_control(&message, out);
	return 0;
}
