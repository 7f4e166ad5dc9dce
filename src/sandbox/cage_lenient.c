/* cage_lenient: exceptions for AddressSanitizer and LeakSanitizer; never in a plain build. */
#include <seccomp.h>
#include <stddef.h>

#include "sandbox/cage_layers.h"

/* LeakSanitizer stops the process from a clone of it with ptrace and reads /proc/self. */
static const int lenient_calls[] = {
	SCMP_SYS(arch_prctl),
	SCMP_SYS(clone),
	SCMP_SYS(close_range),
	SCMP_SYS(dup),
	SCMP_SYS(getdents),
	SCMP_SYS(getdents64),
	SCMP_SYS(getppid),
	SCMP_SYS(getrlimit),
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(pipe2),
	SCMP_SYS(prctl),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(ptrace),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(wait4),
};

const int *cage_lenient_calls(size_t *count)
{
	*count = sizeof(lenient_calls) / sizeof(lenient_calls[0]);
	return lenient_calls;
}

const char *cage_lenient_path(void)
{
	return "/proc";
}
