/* fuzz_nmap_xml: nmap's XML, read, written and read again. */
#include "fuzz_report_text.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size && data[0] == '<')
		fuzz_report(data, size, &report_xml);
	return 0;
}
