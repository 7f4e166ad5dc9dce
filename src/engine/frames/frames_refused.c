/* frames_refused: hosts that the kernel takes no packet for, though there is a route. */
#include "engine/frames/frames_refused.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/frames/frames_kernel.h"
#include "engine/frames/frames_state.h"
#include "result/record.h"

static bool refused_is_of_host(int error)
{
	switch (error) {
	case ENOKEY:
	case EDESTADDRREQ:
	case EHOSTUNREACH:
	case ENETUNREACH:
		return true;
	default:
		return false;
	}
}

bool frames_refused(struct frames *fr, struct sheet *sheet, const struct probe *probe, unsigned out,
		    int error)
{
	const struct sheet_host none = {.notes = HOST_NO_ROUTE};
	char quoted[LINK_QUOTED], text[ADDR_TEXT];
	uint32_t cell;

	if (!refused_is_of_host(error) || sheet_alike(sheet) ||
	    !sheet_untag(sheet, probe->cell, &cell))
		return false;
	sheet_set_host(sheet, cell / sheet_plan(sheet)->slots, &none);
	if (fr->refused++ == 0)
		snprintf(fr->news, sizeof(fr->news), "interface %s: no probe can be sent to %s: %s",
			 link_quote(fr->outs[out].link, quoted), addr_format(probe->to, text),
			 strerror(error));
	return true;
}

const char *frames_news(struct engine *e)
{
	struct frames *fr = (struct frames *)e;

	if (fr->encap && !fr->encap_told) {
		fr->encap_told = true;
		snprintf(fr->encap_news, sizeof(fr->encap_news),
			 "a route puts probes into other packets (%s): they are sent as the "
			 "kernel's own packets, at a lower rate",
			 route_encap_name(fr->encap));
		return fr->encap_news;
	}
	if (fr->refused == 0 || fr->refused_told)
		return frames_kernel_news(fr);
	fr->refused_told = true;
	return fr->news;
}
