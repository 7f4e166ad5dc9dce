/* payload_echo: what the answers to UDP payloads return of them, and how such an answer is known.
 */
#ifndef PORTLIGHT_TECHNIQUE_PAYLOAD_ECHO_H
#define PORTLIGHT_TECHNIQUE_PAYLOAD_ECHO_H

#include <stddef.h>
#include <stdint.h>

#include "technique/payloads.h"

/*
 * Many protocols return a number that the client chose: an identification, a transaction number, a
 * time stamp. payload_write() puts bytes of the caller there, and payload_answer() finds them again
 * in the answer, so that an answer can be matched by what it says, not only by where it comes from.
 * The protocols and the documents that require it are the rows of payload_echo.c. Pure.
 */

/* Most bytes that an answer returns. */
#define PAYLOAD_ECHO 8

/*
 * Writes the payload of that attempt (counted from 0) to a port into out[PAYLOAD_MOST], with as
 * many bytes of cookie[PAYLOAD_ECHO] as its protocol returns. Returns its length; 0: an empty
 * datagram.
 */
size_t payload_write(uint16_t port, unsigned attempt, const uint8_t cookie[static PAYLOAD_ECHO],
		     uint8_t out[static PAYLOAD_MOST]);

enum payload_form {
	PAYLOAD_NO_ANSWER = -1, /* not what the protocol answers, or it returns nothing */
	PAYLOAD_TRANSFER =
		0, /* an answer of TFTP: it comes from another port, and returns nothing */
};

/*
 * Judges the first `length` bytes of a datagram as an answer to the payload of that attempt.
 * Returns how many bytes of the cookie it has (2 to PAYLOAD_ECHO), with them in echo[], or an enum
 * payload_form. The bytes are not trusted.
 */
int payload_answer(uint16_t port, unsigned attempt, const uint8_t *bytes, size_t length,
		   uint8_t echo[static PAYLOAD_ECHO]);

#endif
