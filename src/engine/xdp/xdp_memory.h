/* xdp_memory: the memory that user space shares with the BPF programs, mapped. */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_MEMORY_H
#define PORTLIGHT_ENGINE_XDP_XDP_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "engine/xdp/xdp_shared.h"

/* Pointers into the maps of struct xdp_programs; valid until xdp_programs_unload(). Fields that
 * the BPF programs write while a pass runs are volatile. */
struct xdp_memory {
	struct xdp_setting *setting;
	struct xdp_window *window; /* XDP_WINDOWS */
	struct xdp_tally (*tally)[XDP_TALLIES];
	struct xdp_egress *egress;   /* XDP_WAYS */
	struct xdp_payload *payload; /* XDP_PAYLOADS */
	volatile struct xdp_pass *pass;
	volatile struct xdp_sender *sender; /* XDP_SENDERS */
	struct xdp_receive *receiving;
	uint64_t *words;	/* XDP_WINDOWS places each */
	struct hop_group *hops; /* NULL until xdp_programs_hops */
	uint64_t *rate_limited;
	uint32_t *blocks;
	size_t words_bytes, hops_bytes, rate_limited_bytes, blocks_bytes;
};

#endif
