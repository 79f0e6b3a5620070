/* cells.h - the cells of the matrix: a fault, a way to wait, and what ends the call. */
#ifndef DEADLINES_CELLS_H
#define DEADLINES_CELLS_H

#include "ways.h"

struct fault {
    const char *name;
    struct server_plan plan;
    const char *base_url; /* with %u for the server's port */
    const char *proxy;    /* the same; NULL: none */
    bool http2;
    bool plain;       /* no stream: a whole answer is asked for */
    size_t bytes;     /* of the request's text; 0: few */
    bool not_seen;    /* the server cannot tell when it has come so far */
    bool lookup;      /* a name is being looked up, and the thread that does it stays for a while */
    unsigned endings; /* which of the limits can end it: a bit for each enum ending */
};

#define ENDS(ending) (1u << (ending))

/* As many cells as the faults make, into a new array. Each cell's `fault` is an index into `faults`. */
struct cell *make_cells(const struct fault *faults, size_t count, size_t *cells);

#endif
