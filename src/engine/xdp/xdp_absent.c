/* xdp_absent: stands in for the xdp engine where it was not built. */
#include "engine/engine.h"

struct engine *engine_xdp_open(const struct engine_conf *conf, struct failure *f)
{
	(void)conf;
	failure_set(
		f, EXIT_UNAVAILABLE,
		"this portlight was built without it (meson option xdp: clang, bpftool and libbpf "
		"were missing)");
	return NULL;
}
