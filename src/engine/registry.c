/* registry: the engines that exist, and which of them does a scan. */
#include "engine/registry.h"

#include <stdio.h>
#include <string.h>

#include "technique/technique.h"

/*
 * xdp costs some 30 ms a pass and is no faster than frames below its saturation: it is chosen for
 * scans that are large and allowed to be fast.
 */
#define XDP_PROBES_LEAST (1u << 18)
#define XDP_RATE_LEAST	 500000

/* The first technique that only hand-made frames can send; TECHNIQUES: none. */
static unsigned case_hand_made(const struct engine_case *c)
{
	unsigned t = 0;

	while (t < TECHNIQUES &&
	       (!(c->techniques >> t & 1) || technique_table[t].needs != NEEDS_FRAMES))
		t++;
	return t;
}

/* Techniques asked for that are not allowed to this process. */
static int case_forbidden(const struct engine_case *c, struct failure *f)
{
	const unsigned t = case_hand_made(c);

	if (t == TECHNIQUES || c->raw == PRIVILEGE_RAW)
		return 0;
	return failure_set(f, EXIT_NO_PERMISSION,
			   "technique %s needs CAP_NET_RAW (root, or setcap cap_net_raw+ep): %s; "
			   "without it there are connect and udp",
			   technique_table[t].name, privilege_raw_why(c->raw));
}

static int frames_why_not(const struct engine_case *c, struct failure *f)
{
	const bool connect = c->techniques >> TECH_CONNECT & 1;

	if (case_forbidden(c, f) < 0)
		return -1;
	if (connect && case_hand_made(c) < TECHNIQUES)
		return failure_set(f, EXIT_USAGE,
				   "technique connect runs on engine sockets, the others asked for "
				   "on engine frames: scan one at a time");
	if (connect)
		return failure_set(f, EXIT_USAGE, "technique connect is for engine sockets");
	if (c->raw == PRIVILEGE_RAW)
		return 0;
	return failure_set(f, EXIT_NO_PERMISSION,
			   "engine frames needs CAP_NET_RAW (root, or setcap cap_net_raw+ep): %s",
			   privilege_raw_why(c->raw));
}

static int xdp_why_not(const struct engine_case *c, struct failure *f)
{
	if (c->no_bypass)
		return failure_set(
			f, EXIT_USAGE,
			"engine xdp sends past queueing disciplines and packet captures: "
			"with --no-bypass use engine frames");
	return frames_why_not(c, f);
}

static int sockets_why_not(const struct engine_case *c, struct failure *f)
{
	const unsigned t = case_hand_made(c);

	if (case_forbidden(c, f) < 0)
		return -1;
	if (t == TECHNIQUES)
		return 0;
	return failure_set(f, EXIT_USAGE,
			   "technique %s is not for engine sockets, which sends connect and udp "
			   "only",
			   technique_table[t].name);
}

static bool xdp_is_worth(const struct engine_case *c)
{
	return !c->trace && c->probes >= XDP_PROBES_LEAST && c->most_pps >= XDP_RATE_LEAST;
}

const struct engine_row engine_rows[ENGINES] = {
	{
		.name = "xdp",
		.help = "sent and judged inside the kernel; by itself for fast scans of 262,144 "
			"probes or more, where root and the interface allow it without taking the "
			"link down",
		.traits = ENGINE_RAW | ENGINE_GENERIC | ENGINE_OPTIONAL,
		.technique = TECH_SYN,
		.why_not = xdp_why_not,
		.is_worth = xdp_is_worth,
		.open = engine_xdp_open,
	},
	{
		.name = "frames",
		.help = "hand-made packets, needs CAP_NET_RAW",
		.traits = ENGINE_RAW,
		.technique = TECH_SYN,
		.why_not = frames_why_not,
		.open = engine_frames_open,
	},
	{
		.name = "sockets",
		.help = "no privilege: connect and UDP",
		.technique = TECH_CONNECT,
		.why_not = sockets_why_not,
		.open = engine_sockets_open,
	},
};

const struct engine_row *engine_by_name(const char *name)
{
	for (size_t i = 0; i < ENGINES; i++)
		if (strcmp(engine_rows[i].name, name) == 0)
			return &engine_rows[i];
	return NULL;
}

const struct engine_row *engine_choose(const struct engine_case *c, const struct engine_row *after,
				       struct failure *f)
{
	struct failure first = {0};

	for (size_t i = after ? (size_t)(after - engine_rows) + 1 : 0; i < ENGINES; i++) {
		const struct engine_row *row = &engine_rows[i];

		if (row->is_worth && !row->is_worth(c))
			continue;
		if (!row->why_not || row->why_not(c, &first) == 0)
			return row;
	}
	failure_set(f, first.exit_code, "%s", first.text);
	return NULL;
}

/* Between element `i` of `count` and the next. */
static const char *joint(size_t i, size_t count)
{
	return i + 1 == count ? "" : i + 2 == count ? " or " : ", ";
}

const char *engine_names(char *text, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < ENGINES && at < size; i++)
		at += (size_t)snprintf(text + at, size - at, "%s%s",
				       engine_rows[ENGINES - 1 - i].name, joint(i, ENGINES));
	return text;
}

const char *engine_help(char *text, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < ENGINES && at < size; i++)
		at += (size_t)snprintf(text + at, size - at, "%s (%s)%s", engine_rows[i].name,
				       engine_rows[i].help, joint(i, ENGINES));
	return text;
}
