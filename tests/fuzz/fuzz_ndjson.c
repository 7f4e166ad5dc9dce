/* fuzz_ndjson: portlight's NDJSON, read, written and read again. */
#include "fuzz_report_text.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The other format is the other target's. */
	if (size && data[0] == '{')
		fuzz_report(data, size, &report_ndjson);
	return 0;
}
