/* xdp_absent: replaces the xdp engine in a build without it. */
#include "engine/engine.h"

struct engine *engine_xdp_open(const struct engine_conf *conf, struct failure *f)
{
	(void)conf;
	failure_set(
		f, EXIT_UNAVAILABLE,
		"this portlight was built without it (meson option xdp; needs clang, bpftool and "
		"libbpf)");
	return NULL;
}
