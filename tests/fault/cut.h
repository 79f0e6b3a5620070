/* cut.h - the stream of wire.h, cut at byte offsets in every way, and what must come of it. */
#ifndef FAULT_CUT_H
#define FAULT_CUT_H

#include "driver.h"

enum ending {
    END_FIN,         /* with TLS: without close_notify */
    END_NOTIFY,      /* close_notify, then FIN; the same as END_FIN without TLS */
    END_RST,         /* of TCP */
    END_CLEAN,       /* the body is short, and the reply as correct as can be */
    END_RST_STREAM,  /* HTTP/2: RST_STREAM with code 0, once the client has read what came before */
    END_RST_AT_ONCE, /* the same, together with what comes before, which then may be lost */
    END_STALL,       /* nothing more comes, until the client has had enough */
    ENDINGS
};

struct cut {
    enum transport transport;
    enum framing framing;
    enum ending ending;
    bool used;           /* on a connection that has carried a request before */
    bool wire;           /* offsets count the bytes of TLS, not what is inside */
    uint32_t write_size; /* bytes per write, 0: all at once */
    uint32_t record;     /* bytes per TLS record */
};

/* Cuts at each `step`th offset from `first` on (and at the last), each by the way given. */
void cut_sweep(const struct cut *cut, enum way way, size_t first, size_t step);
/* The same by every way that is wanted: `step` for the first, `other` for the others. */
void cut_sweep_ways(const struct cut *cut, size_t step, size_t other);

#endif
