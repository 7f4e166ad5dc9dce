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
 * Table of services(5) text: "name port/tcp alias... # comment" a line. Lines that are not so,
 * protocols other than TCP and UDP, and names with bytes other than letters, digits and "-_.+" are
 * left out, so that a name can go into any document. NULL if out of memory.
 */
struct services *services_new(const char *text, size_t length);
void services_free(struct services *s);

/* Reads the file; a missing one is an empty table. 0 and *out, or -errno. */
int services_load(const char *path, struct services **out);

size_t services_count(const struct services *s);

/* The first name the file has for a port (IPPROTO_TCP, IPPROTO_UDP), or NULL. Lives as long as
 * the table. */
const char *services_name(const struct services *s, uint16_t port, uint8_t proto);
/* The same in the form of report_conf.service; context: the table. */
const char *services_name_of(void *context, uint16_t port, uint8_t proto);

/* Names and aliases, in any case of letters, for ports_parse. Lives as long as the table. */
struct service_names services_names(const struct services *s);

#endif
