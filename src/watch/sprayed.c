/* sprayed: the table, with its reasons, as of November 2026. */
#include "watch/sprayed.h"

#include <stddef.h>

/* Ascending. All serve administration, file sharing or databases: a person or a program connects to
 * hosts that it knows, not to one after another that does not answer. Left out are ports that
 * browsers, mail, resolvers and peers of file sharing try on strangers. */
static const uint16_t sprayed[] = {
	22,    /* SSH: password guessing since 2005, Mirai's successors */
	23,    /* telnet: Mirai (2016), Mozi and others */
	135,   /* Microsoft RPC: Blaster (2003), still asked for by worms */
	139,   /* NetBIOS session: as 445 */
	445,   /* SMB: Conficker (2008), WannaCry (2017) */
	1433,  /* Microsoft SQL Server: Slammer's successors, password guessing */
	2222,  /* SSH on its other usual port */
	2323,  /* telnet on its other usual port: Mirai (2016) */
	2375,  /* Docker without TLS: coin miners (2018) */
	3306,  /* MySQL: password guessing */
	3389,  /* RDP: BlueKeep (2019), password guessing */
	5432,  /* PostgreSQL: coin miners (2020) */
	5555,  /* Android debug bridge: ADB.Miner (2018) */
	5900,  /* VNC: password guessing */
	5985,  /* WinRM: lateral movement */
	6379,  /* Redis: coin miners (2018) */
	7547,  /* TR-069: Mirai's attack on routers (2016) */
	9200,  /* Elasticsearch: theft of data (2017) */
	11211, /* memcached: amplifiers (2018) */
	27017, /* MongoDB: theft of data (2017) */
	37215, /* Huawei HG532: Satori (2017) */
	52869, /* Realtek UPnP: Satori (2017) */
};

bool port_is_sprayed(uint16_t port)
{
	size_t low = 0, high = sizeof(sprayed) / sizeof(sprayed[0]);

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (sprayed[middle] == port)
			return true;
		if (sprayed[middle] < port)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}
