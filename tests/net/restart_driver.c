/* restart_driver: preloaded, makes an interface lose its carrier when it is given an XDP program,
 * as drivers do that restart for it: then the command in RESTART_DRIVER is run. */
#include <dlfcn.h>
#include <stdlib.h>

#include <bpf/bpf.h>

int bpf_link_create(int program, int target, enum bpf_attach_type type,
		    const struct bpf_link_create_opts *options)
{
	int (*create)(int, int, enum bpf_attach_type, const struct bpf_link_create_opts *);
	const char *command = getenv("RESTART_DRIVER");
	int link;

	*(void **)&create = dlsym(RTLD_NEXT, "bpf_link_create");
	link = create(program, target, type, options);
	if (type == BPF_XDP && command && system(command) != 0)
		abort();
	return link;
}
