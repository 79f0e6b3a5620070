/* tls.h - TLS in front of a raw server: a relay with a certificate made on the spot. */
#ifndef DEADLINES_TLS_H
#define DEADLINES_TLS_H

#include "server.h"

struct relay {
    uint16_t port;
    char ca_file[64]; /* to be trusted; removed by relay_stop() */
    struct relay_private *inside;
};

/*
 * What comes is passed to the server, and what it answers back; a connection that it resets is reset. HTTP/2 on
 * connections that are shared needs it: libcurl 7.88 cannot use one again that began without negotiation.
 */
void relay_start(struct relay *relay, const struct server *server, bool http2);
void relay_stop(struct relay *relay);

#endif
