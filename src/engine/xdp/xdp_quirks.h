/* xdp_quirks: what the xdp engine does differently by kernel release and driver. */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_QUIRKS_H
#define PORTLIGHT_ENGINE_XDP_XDP_QUIRKS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Every known dependence on the kernel's release, newest first. Commits are of Linux's main line;
 * "Linux N" is the first release with the commit. Releases are only asked for where trying cannot
 * tell: distributors port features back.
 *
 * Linux 6.4, e5995bc7e2ba (net/bpf/test_run.c, frame_was_changed). virtio_net writes a header of
 *   its own in front of each frame that it sends (drivers/net/virtio_net.c, virtnet_xdp_xmit) and
 *   leaves it there. Older kernels reuse the page of such a frame without resetting it unless the
 *   program has changed the frame's length: it would be sent as garbage, and in the end the driver
 *   would write outside of it. Here: xdp_quirks_spare_bytes() makes the initial frame longer than
 *   any probe, so that the program cuts every frame to length.
 *
 * Linux 6.3, b9d460c92455 (kernel/bpf/devmap.c, __xdp_enqueue). The kernel checks that a device
 *   accepts redirected frames when a frame is queued. Before, a veth whose peer runs no XDP program
 *   reports it only when the queue is flushed. Here: the check of xdp_programs_trial() passes, the
 *   first pass counts the refusals, and the engine goes on with frames (xdp_pass.c).
 *
 * Linux 6.1 verifier, seen on Debian's 6.1. It wants a lower bound for the length
 * given to bpf_xdp_store_bytes() that it does not learn from a comparison with 0, and every byte of
 * a structure initialised whose address is passed to a function. Here: program_says() and the
 *   padding of struct receive_segment satisfy both, on every kernel.
 *
 * Linux 5.19, c8644cd0efe7 (kernel/bpf/syscall.c). With kernel.unprivileged_bpf_disabled set, Linux
 *   5.18 refuses BPF_PROG_RUN (EPERM) to a process that has dropped its capabilities; later
 *   releases ask for the file descriptor alone. Here: the first pass fails, and the engine goes on
 *   with frames.
 *
 * Linux 5.18, b530e9e1063e (net/bpf/test_run.c). BPF_PROG_RUN sends live frames. Here: after a
 *   refusal, xdp_quirks_too_old() tells whether the release explains it.
 */

/* Bytes by which the initial frame of a run is to be longer than the longest probe; 0 if none.
 * `release` is as in struct utsname; one that cannot be read counts as old. */
uint32_t xdp_quirks_spare_bytes(const char *release);

/* True if the release is known to be older than live frames. `release` as above; one that cannot
 * be read is not known to be. */
bool xdp_quirks_too_old(const char *release);

/*
 * True if the driver of that name (as `ethtool -i` prints it) is known to keep the link up while an
 * XDP program is attached or detached. Drivers of network cards usually stop and restart the card
 * for that (ixgbe, igb, igc, i40e, ice, bnxt_en, mlx5_core among them): the link is down for some
 * seconds, and an ssh session or a storage mount over it stalls. So the engine is chosen by itself
 * only where this is known not to happen; a driver that is not in the table is not known.
 */
bool xdp_quirks_keeps_link(const char *driver);

#endif
