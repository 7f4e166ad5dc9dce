/* ring: receives frames from one interface or all, through a packet ring (packet(7),
 * PACKET_RX_RING). */
#include "capture/ring.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel allocates the ring in blocks of contiguous pages; small ones are always available. */
#define RING_BLOCK_BYTES 65536u
/* Blocks of a packed ring. Each is handed out after RING_LATE_MS even if nearly empty: with small
 * blocks there are enough for seconds without reading. */
#define RING_PACKED_BYTES 32768u

/* Offset of the sender's address after a frame's header (packet(7)); TPACKET_ALIGN has a signed
 * type. */
#define RING_FROM_OFFSET(header)                                                                   \
	((sizeof(header) + TPACKET_ALIGNMENT - 1) / TPACKET_ALIGNMENT * TPACKET_ALIGNMENT)

/* Linux 4.20; older headers do not name it. */
#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

struct ring {
	int fd;
	uint8_t *memory;
	size_t bytes;
	uint32_t slot_bytes, slots;
	uint32_t next; /* slot, or block */
	bool packed;
	struct tpacket3_hdr *frame; /* packed: the next one of block `next`, if it has more */
	uint32_t frames_left;
	bool outgoing, promiscuous;
	enum packet_link link;
	uint64_t drops;
};

static int ring_failure(struct failure *f, const struct link *link, int error, const char *step)
{
	char quoted[LINK_QUOTED] = "";
	const char *before = link ? "interface " : "", *after = link ? ": " : "";

	if (link)
		link_quote(link, quoted);
	if (error == EPERM || error == EACCES)
		return failure_set(f, EXIT_NO_PERMISSION,
				   "%s%s%scapturing needs the capability CAP_NET_RAW", before,
				   quoted, after);
	return failure_set(f,
			   error == ENETDOWN || error == ENODEV ? EXIT_UNAVAILABLE : EXIT_SOFTWARE,
			   "%s%s%scannot %s: %s", before, quoted, after, step, strerror(error));
}

static int ring_option(int fd, int option, int value)
{
	return setsockopt(fd, SOL_PACKET, option, &value, sizeof(value));
}

static int ring_attach(int fd, const struct sock_fprog *program)
{
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, program, sizeof(*program));
}

static int ring_attach_filter(int fd, const struct filter *filter)
{
	const struct sock_fprog program = {filter->length, (struct sock_filter *)filter->code};

	return ring_attach(fd, &program);
}

static int ring_attach_first(int fd, const struct ring_conf *conf)
{
	if (conf->program)
		return ring_attach(fd, conf->program);
	return conf->filter ? ring_attach_filter(fd, conf->filter) : 0;
}

int ring_refilter(struct ring *ring, const struct filter *filter)
{
	return ring_attach_filter(ring->fd, filter) < 0 ? -errno : 0;
}

/* Sets options, filter and ring while the socket has no protocol and thus receives nothing. */
static int ring_prepare(struct ring *ring, const struct ring_conf *conf, const char **step)
{
	const uint32_t block_bytes = ring->packed ? RING_PACKED_BYTES : RING_BLOCK_BYTES;
	struct tpacket_req3 request = {
		.tp_block_size = block_bytes,
		.tp_block_nr = conf->slots / (block_bytes / conf->slot_bytes),
		.tp_frame_size = conf->slot_bytes,
		.tp_frame_nr = conf->slots,
		.tp_retire_blk_tov = RING_LATE_MS,
	};
	/* The fields after tp_frame_nr are for packed rings only. */
	_Static_assert(sizeof(struct tpacket_req) ==
			       offsetof(struct tpacket_req3, tp_retire_blk_tov),
		       "a request begins alike");
	const socklen_t length = ring->packed ? sizeof(request) : sizeof(struct tpacket_req);

	*step = "set up the receive ring";
	if (ring_option(ring->fd, PACKET_VERSION, ring->packed ? TPACKET_V3 : TPACKET_V2) < 0)
		return -errno;
	*step = "attach the filter";
	if (ring_attach_first(ring->fd, conf) < 0)
		return -errno;
	if (!conf->outgoing)
		/* Older kernels do not have it: then ring_receive() skips outgoing frames. */
		(void)ring_option(ring->fd, PACKET_IGNORE_OUTGOING, 1);
	*step = "set up the receive ring";
	if (setsockopt(ring->fd, SOL_PACKET, PACKET_RX_RING, &request, length) < 0)
		return -errno;
	ring->bytes = (size_t)conf->slot_bytes * conf->slots;
	ring->memory = mmap(NULL, ring->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (ring->memory == MAP_FAILED) {
		ring->memory = NULL;
		return -errno;
	}
	return 0;
}

int ring_promiscuous(struct ring *ring, unsigned interface)
{
	struct packet_mreq promiscuous = {
		.mr_ifindex = (int)interface,
		.mr_type = PACKET_MR_PROMISC,
	};

	return setsockopt(ring->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous,
			  sizeof(promiscuous)) < 0
		       ? -errno
		       : 0;
}

static int ring_bind(struct ring *ring, const struct ring_conf *conf)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = conf->link ? (int)conf->link->index : 0,
	};
	int error = 0;

	if (conf->promiscuous && conf->link)
		error = ring_promiscuous(ring, conf->link->index);
	if (error < 0)
		return error;
	if (bind(ring->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return 0;
}

struct ring *ring_open(const struct ring_conf *conf, struct failure *f)
{
	/* SOCK_DGRAM removes link headers that we do not parse: frames start with IP. A ring of all
	 * interfaces needs whole frames: SOCK_DGRAM would remove only half of a VLAN tag that the
	 * sender's kernel has inserted. */
	const bool ethernet = !conf->link || conf->link->kind == LINK_ETHERNET ||
			      conf->link->kind == LINK_LOOPBACK;
	const char *step = "open a packet socket";
	struct ring *ring = calloc(1, sizeof(*ring));
	int error;

	assert(conf->slot_bytes >= 128 && conf->slot_bytes <= RING_BLOCK_BYTES);
	assert((conf->slot_bytes & (conf->slot_bytes - 1)) == 0);
	assert(conf->slots > 0 && conf->slots % (RING_BLOCK_BYTES / conf->slot_bytes) == 0);
	if (!ring) {
		failure_set(f, EXIT_SOFTWARE, "out of memory");
		return NULL;
	}
	ring->slot_bytes = conf->slot_bytes;
	ring->slots = conf->slots;
	ring->packed = conf->packed;
	ring->outgoing = conf->outgoing;
	ring->promiscuous = conf->promiscuous;
	ring->link = ethernet ? PACKET_LINK_ETHERNET : PACKET_LINK_RAW_IP;
	ring->fd = socket(AF_PACKET,
			  (ethernet ? SOCK_RAW : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	error = ring->fd < 0 ? -errno : ring_prepare(ring, conf, &step);
	if (error == 0) {
		step = "listen";
		error = ring_bind(ring, conf);
	}
	/* bind() to an interface that is down succeeds and sets the socket's error. */
	if (error == 0)
		error = ring_error(ring);
	if (error < 0) {
		ring_failure(f, conf->link, -error, step);
		ring_close(ring);
		return NULL;
	}
	return ring;
}

void ring_close(struct ring *ring)
{
	if (!ring)
		return;
	if (ring->memory)
		(void)munmap(ring->memory, ring->bytes); /* our own mapping: cannot fail */
	if (ring->fd >= 0)
		(void)close(ring->fd); /* nothing is written through it */
	free(ring);
}

int ring_fd(const struct ring *ring)
{
	return ring->fd;
}

enum packet_link ring_link(const struct ring *ring)
{
	return ring->link;
}

static uint8_t ring_flags(const struct sockaddr_ll *from, uint32_t status)
{
	unsigned flags = 0;

	flags |= from->sll_pkttype == PACKET_OUTGOING ? RING_OUTGOING : 0;
	flags |= from->sll_pkttype == PACKET_OTHERHOST ? RING_OTHER_HOST : 0;
	flags |= status & TP_STATUS_CSUMNOTREADY ? RING_SUM_PENDING : 0;
	flags |= status & TP_STATUS_CSUM_VALID ? RING_SUM_GOOD : 0;
	flags |= status & TP_STATUS_VLAN_VALID ? RING_VLAN : 0;
	return (uint8_t)flags;
}

static void ring_from(struct ring_frame *frame, const struct sockaddr_ll *from, uint32_t status)
{
	frame->flags = ring_flags(from, status);
	frame->interface = (uint32_t)from->sll_ifindex;
	frame->hardware = from->sll_hatype;
	frame->protocol = ntohs(from->sll_protocol);
}

static struct tpacket2_hdr *ring_slot(struct ring *ring)
{
	return (void *)(ring->memory + (size_t)ring->next * ring->slot_bytes);
}

static bool slot_receive(struct ring *ring, struct ring_frame *frame)
{
	const struct tpacket2_hdr *header = ring_slot(ring);
	/* Pairs with the kernel's write barrier: the frame is read after its status. */
	uint32_t status = __atomic_load_n(&header->tp_status, __ATOMIC_ACQUIRE);

	if (!(status & TP_STATUS_USER))
		return false;
	*frame = (struct ring_frame){
		.bytes = (const uint8_t *)header + header->tp_mac,
		.length = header->tp_snaplen,
		.wire_bytes = header->tp_len,
		.wall_ns = (uint64_t)header->tp_sec * 1000000000u + header->tp_nsec,
		.network = (uint32_t)header->tp_net - header->tp_mac,
		.vlan = header->tp_vlan_tci,
	};
	ring_from(frame,
		  (const void *)((const uint8_t *)header + RING_FROM_OFFSET(struct tpacket2_hdr)),
		  status);
	return true;
}

static struct tpacket_hdr_v1 *ring_block(struct ring *ring)
{
	struct tpacket_block_desc *block =
		(void *)(ring->memory + (size_t)ring->next * RING_PACKED_BYTES);

	return &block->hdr.bh1;
}

static void block_release(struct ring *ring)
{
	__atomic_store_n(&ring_block(ring)->block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	if (++ring->next == ring->bytes / RING_PACKED_BYTES)
		ring->next = 0;
}

/* Moves on to the next block with frames, if the kernel has handed one out. */
static bool block_begin(struct ring *ring)
{
	for (uint32_t looked = 0; looked < ring->bytes / RING_PACKED_BYTES; looked++) {
		struct tpacket_hdr_v1 *block = ring_block(ring);

		if (!(__atomic_load_n(&block->block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
			return false;
		ring->frames_left = block->num_pkts;
		ring->frame = (void *)((uint8_t *)block - offsetof(struct tpacket_block_desc, hdr) +
				       block->offset_to_first_pkt);
		if (ring->frames_left)
			return true;
		block_release(ring);
	}
	return false;
}

static bool packed_receive(struct ring *ring, struct ring_frame *frame)
{
	const struct tpacket3_hdr *header;

	if (!ring->frames_left && !block_begin(ring))
		return false;
	header = ring->frame;
	*frame = (struct ring_frame){
		.bytes = (const uint8_t *)header + header->tp_mac,
		.length = header->tp_snaplen,
		.wire_bytes = header->tp_len,
		.wall_ns = (uint64_t)header->tp_sec * 1000000000u + header->tp_nsec,
		.network = (uint32_t)header->tp_net - header->tp_mac,
		.vlan = (uint16_t)header->hv1.tp_vlan_tci,
	};
	ring_from(frame,
		  (const void *)((const uint8_t *)header + RING_FROM_OFFSET(struct tpacket3_hdr)),
		  header->tp_status);
	return true;
}

bool ring_receive(struct ring *ring, struct ring_frame *frame)
{
	for (uint32_t looked = 0; looked < ring->slots; looked++) {
		if (!(ring->packed ? packed_receive(ring, frame) : slot_receive(ring, frame)))
			return false;
		if (!(frame->flags & RING_OUTGOING && !ring->outgoing) &&
		    !(frame->flags & RING_OTHER_HOST && !ring->promiscuous))
			return true;
		ring_release(ring);
	}
	return false;
}

static void packed_release(struct ring *ring)
{
	ring->frame = (void *)((uint8_t *)ring->frame + ring->frame->tp_next_offset);
	if (--ring->frames_left == 0)
		block_release(ring);
}

void ring_release(struct ring *ring)
{
	if (ring->packed) {
		packed_release(ring);
		return;
	}
	__atomic_store_n(&ring_slot(ring)->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	if (++ring->next == ring->slots)
		ring->next = 0;
}

int ring_error(struct ring *ring)
{
	int error = 0;
	socklen_t length = sizeof(error);

	if (getsockopt(ring->fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
		return -errno;
	return -error;
}

uint64_t ring_drops(struct ring *ring)
{
	struct tpacket_stats since;
	socklen_t length = sizeof(since);

	/* Reading the kernel's counters resets them. */
	if (getsockopt(ring->fd, SOL_PACKET, PACKET_STATISTICS, &since, &length) == 0)
		ring->drops += since.tp_drops;
	return ring->drops;
}
