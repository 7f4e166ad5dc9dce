/* services: the names of ports, from /etc/services. */
#ifndef PORTLIGHT_SYSTEM_SERVICES_H
#define PORTLIGHT_SYSTEM_SERVICES_H

#include <stddef.h>
#include <stdint.h>

#include "plan/ports.h"

#define SERVICES_PATH "/etc/services"

/* A compact table, immutable: 8 bytes an entry and the names. */
struct services;

/*
 * Parses services(5) text: lines of "name port/tcp alias... # comment". Skips malformed lines,
 * protocols other than TCP and UDP, and names with bytes other than letters, digits and "-_.+":
 * names are safe in any output format. NULL if out of memory.
 */
struct services *services_new(const char *text, size_t length);
void services_free(struct services *s);

/* Reads the file; if it does not exist, the table is empty. 0 and *out, or -errno. */
int services_load(const char *path, struct services **out);

/* Number of entries. */
size_t services_count(const struct services *s);

/* The first name that the file has for a port (proto: IPPROTO_TCP, IPPROTO_UDP), or NULL. Owned by
 * the table. */
const char *services_name(const struct services *s, uint16_t port, uint8_t proto);
/* The same with the signature of report_conf.service; context: the table. */
const char *services_name_of(void *context, uint16_t port, uint8_t proto);

/* Look-up of names and aliases, case-insensitive, for ports_parse(). Valid as long as the table. */
struct service_names services_names(const struct services *s);

#endif
