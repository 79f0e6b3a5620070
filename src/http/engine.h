/* engine.h - what engine.c and transfer.c share inside the room. */
#ifndef CL_HTTP_ENGINE_H
#define CL_HTTP_ENGINE_H

#include <curl/curl.h>

#include "http/http.h"

struct cl_engine {
    CURLM *multi;
    CURL *easy; /* kept from transfer to transfer: its buffers are dear */
    int epoll_fd;
    int wake_fd;
    int connection_fd;      /* the socket opened last; -1: none */
    int parked_fd;          /* libcurl has let go of it, the epoll set has not; -1: none */
    uint32_t parked_events; /* what the epoll set waits for on it */
    int64_t timer_at;       /* when libcurl wants to be called, cl_now_ms() clock; INT64_MAX: not at all */
    int64_t idle_since;
    uint32_t generation;
    bool broken;     /* not to be used again */
    bool configured; /* what is the same for all transfers has been set on `easy` */
    cl_transfer *transfer;
    char error_text[CURL_ERROR_SIZE];
};

struct cl_transfer {
    cl_engine *engine;
    struct curl_slist *header_list;
    cl_body body;
    size_t body_at;
    bool stream;
    bool has_head;
    bool ended;
    CURLcode result; /* once ended */
    /* set by the callbacks */
    bool news;
    bool header_overflow;
    bool body_overflow;
    bool no_memory;
    bool resend_refused;
    bool no_descriptor;
    bool switched; /* the server left HTTP with a 101 */
    bool judged;   /* the cap for the body's kind has been chosen */
    bool drop_over;
    bool in_head;
    bool head_complete; /* of the final response */
    size_t header_bytes;
    cl_buf head; /* header lines of the final response, as received */
    size_t rx_cap;
    int32_t attempts;
    cl_buf rx;
    size_t rx_head; /* consumed bytes at the front of rx */
    cl_headers headers;
    int32_t status;
    int64_t last_byte_at; /* 0: none yet */
    int64_t driven_at;    /* when somebody first waited; 0: not yet */
    /* from the request */
    int64_t started_at;
    int64_t connect_ms;
    int64_t first_byte_ms;
    int64_t idle_ms;
    int64_t total_ms;
    size_t max_header_bytes;
    size_t max_body_bytes;
    size_t max_error_bytes;
};

/* libcurl's global state, once per process and never undone: the host may use libcurl too. */
claude_code_t cl_http_global(cl_err *err);
/* Lets libcurl work on what has become ready within wait_ms. True if the engine was woken. */
bool cl_engine_step(cl_engine *engine, int64_t wait_ms);
/* Lets libcurl do what it wanted to do by now, without looking at sockets. */
void cl_engine_run_timer(cl_engine *engine);
/* options.c: sets the easy handle up for a request. */
CURLcode cl_transfer_setup(cl_transfer *transfer, const cl_http_request *request);
/* Turns the end of a failed transfer into an error. */
claude_code_t cl_transfer_error(const cl_transfer *transfer, cl_err *err);

#endif
