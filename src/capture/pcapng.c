/* pcapng: reads the blocks of a pcapng file (draft-ietf-opsawg-pcapng). */
#include "capture/pcapng.h"

#include <stddef.h>
#include <string.h>

#include "base/failure.h"
#include "capture/link_type.h"

enum {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET_OLD = 2, /* obsolete, in old files */
	BLOCK_PACKET_SIMPLE = 3,
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6,
};

enum {
	OPTION_END = 0,
	OPTION_INTERFACE_DROPS = 5, /* statistics: lost by the interface, by the system */
	OPTION_SYSTEM_DROPS = 7,
	OPTION_RESOLUTION = 9, /* interface: of its time stamps */
	OPTION_OFFSET = 14,
};

#define BLOCK_FRAME_BYTES 12u /* type and length before the body, length again after it */
#define SECTION_MAGIC	  0x1a2b3c4du
#define NS		  1000000000u

/* The body of one block, all of it in the stream's window. */
struct body {
	const uint8_t *bytes;
	size_t length;
	bool swapped;
};

static uint32_t swap_if(bool swapped, uint32_t value)
{
	return swapped ? __builtin_bswap32(value) : value;
}

static uint32_t load32(const uint8_t *bytes, bool swapped)
{
	return swap_if(swapped, (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 |
					(uint32_t)bytes[1] << 8 | bytes[0]);
}

/* 0 if the number is outside the body; callers have checked the length before. */
static uint32_t body32(const struct body *b, size_t at)
{
	return at <= b->length && b->length - at >= 4 ? load32(b->bytes + at, b->swapped) : 0;
}

static uint16_t body16(const struct body *b, size_t at)
{
	unsigned first, second;

	if (at > b->length || b->length - at < 2)
		return 0;
	first = b->bytes[at];
	second = b->bytes[at + 1];
	return (uint16_t)(b->swapped ? first << 8 | second : second << 8 | first);
}

static uint64_t body64(const struct body *b, size_t at)
{
	uint64_t first = body32(b, at), second = body32(b, at + 4);

	return b->swapped ? first << 32 | second : second << 32 | first;
}

static enum file_result damaged(const struct stream *s, struct failure *f, const char *what)
{
	failure_set(f, EXIT_IO, "\"%s\" is damaged: %s", stream_name(s), what);
	return FILE_FAILED;
}

/* if_tsresol: 10^-n, or 2^-n with the top bit set; bounded to 2^-63 and 10^-19. */
static void interface_resolution(struct pcapng_interface *interface, uint8_t value)
{
	unsigned power = value & 0x7f;

	interface->numerator = NS;
	interface->denominator = 1;
	if (value & 0x80) {
		interface->denominator <<= power < 63 ? power : 63;
		return;
	}
	for (; power > 0 && interface->numerator > 1; power--)
		interface->numerator /= 10;
	for (; power > 0 && interface->denominator <= UINT64_MAX / 10; power--)
		interface->denominator *= 10;
}

static uint64_t interface_time_ns(const struct pcapng_interface *interface, uint64_t ticks)
{
	unsigned __int128 ns = (unsigned __int128)ticks * interface->numerator;
	__int128 moved;

	if (interface->denominator != 1)
		ns /= interface->denominator;
	/* ns < 2^94, the offset in ns < 2^93: the sum fits. */
	moved = (__int128)ns + (__int128)interface->offset_s * NS;
	if (moved < 0)
		return 0;
	return moved > (__int128)UINT64_MAX ? UINT64_MAX : (uint64_t)moved;
}

/*
 * Calls `each` for the options in the body from offset `at` on. Stops at an option that exceeds the
 * body: packets can be used without options.
 */
static void each_option(const struct body *b, size_t at,
			void (*each)(void *context, unsigned code, const struct body *value),
			void *context)
{
	while (b->length - at >= 4) {
		unsigned code = body16(b, at);
		size_t length = body16(b, at + 2);
		struct body value = {b->bytes + at + 4, length, b->swapped};

		if (code == OPTION_END || length > b->length - at - 4)
			return;
		each(context, code, &value);
		length = (length + 3) & ~(size_t)3;
		if (length > b->length - at - 4)
			return;
		at += 4 + length;
	}
}

static void interface_option(void *context, unsigned code, const struct body *value)
{
	struct pcapng_interface *interface = context;

	if (code == OPTION_RESOLUTION && value->length == 1)
		interface_resolution(interface, value->bytes[0]);
	else if (code == OPTION_OFFSET && value->length == 8)
		interface->offset_s = (int64_t)body64(value, 0);
}

static enum file_result block_interface(struct pcapng *p, const struct body *b,
					const struct stream *s, struct failure *f)
{
	struct pcapng_interface *interface = &p->interface[p->interfaces];
	int type;

	if (b->length < 8)
		return damaged(s, f, "an interface block is too short");
	if (p->interfaces == PCAPNG_INTERFACES)
		return damaged(s, f, "it has too many interfaces");
	type = link_type_find(body16(b, 0));
	*interface = (struct pcapng_interface){
		.snap_bytes = body32(b, 4),
		.type = (int16_t)type,
	};
	interface_resolution(interface, 6);
	each_option(b, 8, interface_option, interface);
	p->interfaces++;
	return FILE_END;
}

static void statistics_option(void *context, unsigned code, const struct body *value)
{
	uint64_t *lost = context;

	if ((code == OPTION_INTERFACE_DROPS || code == OPTION_SYSTEM_DROPS) && value->length == 8)
		*lost += body64(value, 0);
}

/* Drops since the capture began. A later statistics block of an interface replaces earlier ones. */
static void block_statistics(struct pcapng *p, const struct body *b)
{
	struct pcapng_interface *interface;
	uint64_t lost = 0;

	if (b->length < 12 || body32(b, 0) >= p->interfaces)
		return;
	interface = &p->interface[body32(b, 0)];
	each_option(b, 12, statistics_option, &lost);
	if (lost > interface->lost) {
		p->lost += lost - interface->lost;
		interface->lost = lost;
	}
}

/* Fields that the three kinds of packet block have in common. */
struct place {
	uint32_t interface;
	size_t at;	 /* offset of the frame in the body */
	uint32_t length; /* of the frame, as the block says */
	uint32_t wire_bytes;
	bool has_time;
	uint64_t ticks;
};

static void place_packet(const struct body *b, struct place *place)
{
	*place = (struct place){
		.interface = body32(b, 0),
		.at = 20,
		.length = body32(b, 12),
		.wire_bytes = body32(b, 16),
		.has_time = true,
		.ticks = (uint64_t)body32(b, 4) << 32 | body32(b, 8),
	};
}

static void place_packet_old(const struct body *b, struct place *place)
{
	place_packet(b, place);
	place->interface = body16(b, 0);
}

static void place_packet_simple(const struct pcapng *p, const struct body *b, struct place *place)
{
	uint32_t snap = p->interfaces ? p->interface[0].snap_bytes : 0;

	*place = (struct place){.at = 4, .wire_bytes = body32(b, 0)};
	place->length = place->wire_bytes;
	if (snap && place->length > snap)
		place->length = snap;
}

static enum file_result block_frame(struct pcapng *p, const struct body *b,
				    const struct place *place, const struct stream *s,
				    struct file_frame *frame, struct failure *f)
{
	const struct pcapng_interface *interface;

	if (b->length < place->at || place->length > b->length - place->at)
		return damaged(s, f, "a packet is longer than its block");
	if (place->length > FILE_FRAME_MOST)
		return damaged(s, f, "a packet is longer than any can be");
	if (place->interface >= p->interfaces)
		return damaged(s, f, "a packet is from an interface that was not described");
	interface = &p->interface[place->interface];
	if (place->has_time)
		p->t_ns = interface_time_ns(interface, place->ticks);
	if (interface->type < 0) {
		p->skipped++;
		return FILE_END;
	}
	*frame = (struct file_frame){
		.bytes = b->bytes + place->at,
		.t_ns = p->t_ns,
		.length = place->length,
		.wire_bytes = place->wire_bytes,
		.type = (uint8_t)interface->type,
	};
	return FILE_FRAME;
}

/* Reads a block that is complete in the window. FILE_END: it has no frame to return. */
static enum file_result block_read(struct pcapng *p, uint32_t type, const struct body *b,
				   const struct stream *s, struct file_frame *frame,
				   struct failure *f)
{
	struct place place;

	switch (type) {
	case BLOCK_INTERFACE:
		return block_interface(p, b, s, f);
	case BLOCK_STATISTICS:
		block_statistics(p, b);
		return FILE_END;
	case BLOCK_PACKET:
		place_packet(b, &place);
		break;
	case BLOCK_PACKET_OLD:
		place_packet_old(b, &place);
		break;
	case BLOCK_PACKET_SIMPLE:
		place_packet_simple(p, b, &place);
		break;
	default:
		return FILE_END;
	}
	return block_frame(p, b, &place, s, frame, f);
}

static bool block_is_read(uint32_t type)
{
	return type == BLOCK_INTERFACE || type == BLOCK_STATISTICS || type == BLOCK_PACKET ||
	       type == BLOCK_PACKET_OLD || type == BLOCK_PACKET_SIMPLE;
}

/* Begins a section: sets its byte order and forgets all interfaces. Its header is readable. */
static enum file_result section_begin(struct pcapng *p, struct stream *s, struct failure *f)
{
	enum stream_result result = stream_need(s, 28, f);
	const uint8_t *bytes = stream_bytes(s);
	uint32_t length;

	if (result != STREAM_THERE)
		return (enum file_result)result;
	if (load32(bytes + 8, false) == SECTION_MAGIC)
		p->swapped = false;
	else if (load32(bytes + 8, true) == SECTION_MAGIC)
		p->swapped = true;
	else
		return damaged(s, f, "a section has no byte order");
	length = load32(bytes + 4, p->swapped);
	if (length < 28 || length % 4)
		return damaged(s, f, "a section header has a wrong length");
	if ((p->swapped ? bytes[13] : bytes[12]) != 1 || (p->swapped ? bytes[12] : bytes[13]) != 0)
		return damaged(s, f, "it is of an unknown version of the format");
	p->interfaces = 0;
	stream_skip(s, length);
	return FILE_END;
}

/* Reads the next block. FILE_END: it has no frame to return, or (*over) the file has ended. */
static enum file_result block_next(struct pcapng *p, struct stream *s, struct file_frame *frame,
				   bool *over, struct failure *f)
{
	enum stream_result result = stream_need(s, BLOCK_FRAME_BYTES, f);
	uint32_t type, length;
	struct body body;

	*over = result == STREAM_END;
	if (result != STREAM_THERE)
		return (enum file_result)result;
	type = load32(stream_bytes(s), p->swapped);
	length = load32(stream_bytes(s) + 4, p->swapped);
	if (type == PCAPNG_MAGIC)
		return section_begin(p, s, f);
	if (length < BLOCK_FRAME_BYTES || length % 4)
		return damaged(s, f, "a block has a wrong length");
	if (!block_is_read(type)) {
		stream_skip(s, length);
		return FILE_END;
	}
	if (length > STREAM_MOST)
		return damaged(s, f, "a block is longer than any can be");
	result = stream_need(s, length, f);
	*over = result == STREAM_END;
	if (result != STREAM_THERE)
		return (enum file_result)result;
	body = (struct body){stream_bytes(s) + 8, length - BLOCK_FRAME_BYTES, p->swapped};
	if (load32(body.bytes + body.length, p->swapped) != length)
		return damaged(s, f, "a block has two different lengths");
	stream_skip(s, length);
	return block_read(p, type, &body, s, frame, f);
}

enum file_result pcapng_next(struct pcapng *p, struct stream *s, struct file_frame *frame,
			     struct failure *f)
{
	enum file_result result;
	bool over;

	do
		result = block_next(p, s, frame, &over, f);
	while (result == FILE_END && !over);
	return result;
}
