/* endpoint.h - what a request needs to know of the endpoint it goes to: a row of the table in api/. */
#ifndef CL_MESSAGE_ENDPOINT_H
#define CL_MESSAGE_ENDPOINT_H

#include <stdbool.h>

/* What the body of a request is. */
enum { CL_BODY_NONE, CL_BODY_JSON, CL_BODY_MULTIPART };
/* What a good answer is. */
enum {
    CL_ANSWER_JSON,
    CL_ANSWER_MESSAGE,    /* JSON, or a stream of a message's events where one is asked for */
    CL_ANSWER_COMPLETION, /* the same of the old text completions */
    CL_ANSWER_EVENTS,     /* always a stream, of events that are no message */
    CL_ANSWER_LINES,      /* JSON lines */
    CL_ANSWER_BYTES
};
/* How lists go on. */
enum { CL_PAGING_NONE, CL_PAGING_PAGE, CL_PAGING_CURSOR, CL_PAGING_BIDIRECTIONAL, CL_PAGING_REPORT };
enum { CL_STABILITY_GA, CL_STABILITY_BETA, CL_STABILITY_LEGACY };

typedef struct cl_endpoint {
    const char *name;    /* "messages.batches.cancel" */
    const char *method;  /* "GET", "POST", "DELETE" */
    const char *path;    /* "/v1/messages/batches/{message_batch_id}/cancel" */
    const char *returns; /* what the API calls the answer; may be "" */
    const char *beta;    /* beta names it needs, separated by commas; may be "" */
    const char *headers; /* that a program may want to set: "workspace", "user_profile", "worker"; may be "" */
    unsigned char stability;
    unsigned char paging;
    unsigned char body;
    unsigned char answer;
    bool keyless; /* sent without the API key */
} cl_endpoint;

/* The answer can be taken piece by piece, but has no events. */
static inline bool cl_endpoint_gives_pieces(const cl_endpoint *endpoint)
{
    return endpoint->answer == CL_ANSWER_LINES || endpoint->answer == CL_ANSWER_BYTES;
}

#endif
