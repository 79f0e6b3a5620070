/* What was received: exact counters, and the last requests themselves. */
#ifndef SANDBOX_RECORD_H
#define SANDBOX_RECORD_H

#include "http.h"

struct recorder {
    struct request **ring;
    size_t keep;       /* requests at most; 0: only the counters */
    size_t keep_bytes; /* heads and bodies at most */
    size_t bytes;
    uint64_t first; /* lowest index still in the ring */
    uint64_t count;
    uint64_t connections;
    uint64_t epoch; /* grows with every reset, so that connections are counted anew */
};

void recorder_init(struct recorder *recorder, size_t keep, size_t keep_bytes);
void recorder_free(struct recorder *recorder);
void recorder_reset(struct recorder *recorder);
/* At the end of the request's head. */
void recorder_add(struct recorder *recorder, struct request *request);
/* When its body is there, or will not come any more. Once. */
void recorder_weigh(struct recorder *recorder, struct request *request);
/* One request, as in the record. */
void request_json(const struct request *request, struct buf *out);
void recorder_json(const struct recorder *recorder, uint64_t since, uint64_t last, struct buf *out);

#endif
