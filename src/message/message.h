/*
 * message.h - the door of the room for messages: requests built and validated, stream events understood, messages
 * accumulated from them, responses read.
 */
#ifndef CL_MESSAGE_H
#define CL_MESSAGE_H

#include <claude/call.h>
#include <claude/event.h>
#include <claude/request.h>
#include <claude/response.h>

#include "base/base.h"
#include "config/config.h"
#include "message/endpoint.h"
#include "json/json.h"

/* ---- requests (request.c) ---- */

/* Everything a call needs of a request, so that the request may change or go while the call runs. */
typedef struct cl_snapshot {
    const cl_endpoint *endpoint; /* static */
    const char *target;          /* path and query, or a URL: the endpoint's path, or own_target */
    char *own_target;            /* may be NULL */
    char *form_type;             /* content type of a form; may be NULL */
    char *betas;                 /* the request's own beta names; may be NULL */
    cl_body body;
    cl_str model;       /* its value in the body, with its quotes; length 0: none, or not looked for */
    int64_t max_tokens; /* 0: none, or not looked for */
    uint32_t features;  /* CLAUDE_WITH_* that the call is to have */
    cl_headers headers;
    cl_options *options; /* may be NULL */
    cl_hook *on_event;   /* may be NULL; fn is a claude_event_fn */
    bool is_url;         /* the target is one */
    bool stream;         /* the answer is taken piece by piece */
    bool quiet;          /* although nobody asked for that: its events are not handed out */
} cl_snapshot;

claude_code_t cl_request_new(const cl_endpoint *endpoint, claude_request_t **out, cl_err *err);
/* Everything but references to it. */
claude_code_t cl_request_copy(const claude_request_t *from, claude_request_t **out, cl_err *err);
const cl_endpoint *cl_request_endpoint(const claude_request_t *request);
/* May be NULL. */
const cl_options *cl_request_options(const claude_request_t *request);
/* A value of the JSON body; type 0 if there is none. Lent until the request is changed. */
cl_json cl_request_field(const claude_request_t *request, cl_str pointer);
claude_request_t *cl_request_ref(claude_request_t *request);
void cl_request_unref(claude_request_t *request);
claude_code_t cl_request_set_json(claude_request_t *request, cl_str json, cl_err *err);
const char *cl_request_json(claude_request_t *request, size_t *len);
claude_code_t cl_request_set_field(claude_request_t *request, const char *pointer, cl_str json, cl_err *err);
claude_code_t cl_request_set_model(claude_request_t *request, const char *model, cl_err *err);
claude_code_t cl_request_set_max_tokens(claude_request_t *request, int64_t max_tokens, cl_err *err);
claude_code_t cl_request_set_system(claude_request_t *request, cl_str text, cl_err *err);
claude_code_t cl_request_add_message(claude_request_t *request, const char *role, cl_str text, cl_err *err);
claude_code_t cl_request_set_temperature(claude_request_t *request, double temperature, cl_err *err);
claude_code_t cl_request_set_top_p(claude_request_t *request, double top_p, cl_err *err);
claude_code_t cl_request_set_top_k(claude_request_t *request, int64_t top_k, cl_err *err);
claude_code_t cl_request_add_stop_sequence(claude_request_t *request, cl_str text, cl_err *err);
claude_code_t cl_request_set_user_id(claude_request_t *request, cl_str user_id, cl_err *err);
claude_code_t cl_request_set_stream(claude_request_t *request, bool stream, cl_err *err);
claude_code_t cl_request_set_header(claude_request_t *request, const char *name, const char *value, cl_err *err);
claude_code_t cl_request_set_option(claude_request_t *request, const char *key, const char *value, cl_err *err);
/* ---- beside the body (params.c) ---- */
claude_code_t cl_request_set_path(claude_request_t *request, const char *name, const char *value, cl_err *err);
claude_code_t cl_request_add_query(claude_request_t *request, const char *name, const char *value, cl_err *err);
/* In place of those of the same name; NULL removes them. */
claude_code_t cl_request_set_query(claude_request_t *request, const char *name, const char *value, cl_err *err);
/* Replaces all. Arrays become name[]=..., objects name[member]=..., null is left out. */
claude_code_t cl_request_set_query_json(claude_request_t *request, cl_str json, cl_err *err);
/* The first value, as it is sent; NULL if there is none. The name needs no encoding. */
const char *cl_request_query(const claude_request_t *request, const char *name);
/* In place of the path. The call is refused if it is not on the client's server: the key goes there. */
claude_code_t cl_request_set_url(claude_request_t *request, const char *url, cl_err *err);
claude_code_t cl_request_add_beta(claude_request_t *request, const char *name, cl_err *err);
/* A list of names separated by commas gets those of another that it has not. */
claude_code_t cl_betas_add(cl_buf *betas, cl_str names, cl_err *err);
bool cl_betas_have(cl_str betas, cl_str name);
claude_code_t cl_request_attach_file(claude_request_t *request, claude_file_t *file, cl_err *err);
/* `filename` and `media_type` may be NULL: those of the file. */
claude_code_t cl_request_add_file(claude_request_t *request, const char *field, claude_file_t *file,
                                  const char *filename, const char *media_type, cl_err *err);
claude_code_t cl_request_add_form_field(claude_request_t *request, const char *name, cl_str text, cl_err *err);
/* Takes over the hook's reference; NULL removes. */
void cl_request_set_hook(claude_request_t *request, cl_hook *on_event);
/* A setter has failed: the first failure is kept for the snapshot. */
void cl_request_note_failure(claude_request_t *request, const cl_err *failure);
/*
 * Returns the first setter's error if there was one, then checks what must be there (model, max_tokens, messages by
 * endpoint, each named), and takes the snapshot. `force_stream`: the body gets "stream":true if it has no "stream"; a
 * body that says "stream":false is CLAUDE_E_INVALID. Several threads may do this at once.
 */
claude_code_t cl_request_snapshot(const claude_request_t *request, bool force_stream, cl_snapshot *out, cl_err *err);
/* Looks for the model in the body. */
void cl_snapshot_find_model(const claude_request_t *request, cl_snapshot *snapshot);
void cl_snapshot_free(cl_snapshot *snapshot);

/* ---- events (event.c) ---- */

struct claude_event {
    cl_handle handle;
    bool kept; /* an owned copy; else a view into the call's buffers */
    int32_t type;
    int32_t index; /* -1: none */
    cl_str name;   /* NUL-terminated */
    cl_str json;   /* NUL-terminated, as received */
    cl_str text;   /* NUL-terminated, decoded; ptr NULL: no text */
};

/*
 * Understands one event. `data` is writable, so that a NUL can be put after it (data[len] is overwritten); `name` is
 * the SSE event name and fills a missing "type". `text` receives decoded text and is reused from event to event. The
 * canonical shape of a text delta has a fast path; any other order of keys, white space or extra field gives the same
 * result through the scanner. Unknown types are CLAUDE_EVENT_OTHER, unknown deltas CLAUDE_EVENT_OTHER_DELTA.
 * The JSON's type wins over the SSE name; only an SSE "error" stays an error whatever unknown type its JSON has.
 * CLAUDE_E_PROTOCOL: data that is not one JSON object, has no type or two, an index that is no block's number.
 * CLAUDE_E_TOO_LARGE: the text is over the scratch's maximum. `*anomaly` is set to true for shapes that are understood
 * but not documented (a missing index is given as -1; a delta without type, known by its member, or without text; a
 * type missing in the JSON, or not that of the SSE name). "[DONE]" is not JSON: the caller drops it.
 */
claude_code_t cl_event_parse(cl_str name, char *data, size_t len, uint32_t max_depth, cl_buf *text, claude_event_t *out,
                             bool *anomaly, cl_err *err);
claude_code_t cl_event_keep(const claude_event_t *event, claude_event_t **out, cl_err *err);
void cl_event_unref(claude_event_t *event);

/* ---- accumulation (accumulate.c) ---- */

typedef struct cl_accumulator cl_accumulator;

typedef struct cl_accumulator_limits {
    size_t max_message; /* bytes */
    size_t max_blocks;
    uint32_t max_depth;
    bool keep_content; /* false: only the sequence is checked, and usage and stop reason are kept */
    bool strict;       /* anomalies are errors */
} cl_accumulator_limits;

claude_code_t cl_accumulator_new(const cl_accumulator_limits *limits, cl_accumulator **out, cl_err *err);
void cl_accumulator_free(cl_accumulator *accumulator);
/*
 * Takes in one event by the rules of the wire: text, thinking and input are appended, a signature replaces, citations
 * are appended, usage is overwritten where not null, stop reason and its companions are assigned. An index of -1 means
 * the only open block (for a start: the next one), and is written into the event. A text delta without index and
 * without anything before it is the specification's short dialect: message and block are implied. Repeated starts and
 * stops of the same thing, and whatever comes after message_stop, change nothing and are counted. CLAUDE_E_PROTOCOL:
 * anything but ping before message_start, a delta for a block that is not open, a second different message_start or
 * block, a gap in the indexes, nesting over max_depth; with `strict` also every anomaly. CLAUDE_E_TOO_LARGE: a limit.
 * What was there before stays readable. Not for the `error` event: the caller ends the call with it.
 */
claude_code_t cl_accumulator_add(cl_accumulator *accumulator, claude_event_t *event, cl_err *err);
/* message_stop has been seen. */
bool cl_accumulator_done(const cl_accumulator *accumulator);
bool cl_accumulator_started(const cl_accumulator *accumulator);
uint64_t cl_accumulator_anomalies(const cl_accumulator *accumulator);
void cl_accumulator_count_anomaly(cl_accumulator *accumulator);
/*
 * Writes the message as JSON: message_start's message with content, stop reason and usage as they are now. Fields and
 * blocks that are not known stay as received. Tool input whose JSON is incomplete or malformed is written as {} and the
 * raw text is kept beside it as "_partial_json"; in a complete message malformed input is an anomaly.
 */
claude_code_t cl_accumulator_json(const cl_accumulator *accumulator, cl_buf *out, cl_err *err);

/* ---- responses (response.c) ---- */

/* Takes over headers and body (malloc'd, NUL-terminated; may be NULL). `validated` tells that the body is one JSON text
 * within the depth limit: only then do the pointer accessors look inside. */
claude_code_t cl_response_new(int32_t status, cl_headers *headers, char *body, size_t len, bool validated,
                              claude_response_t **out, cl_err *err);
/* Of a JSON text alone: no status, no headers. Copies. CLAUDE_E_INVALID: no JSON. */
claude_code_t cl_response_parse(cl_str json, uint32_t max_depth, claude_response_t **out, cl_err *err);
claude_response_t *cl_response_ref(claude_response_t *response);
void cl_response_unref(claude_response_t *response);
/* Of the call that it answers; shares it. Before anybody else has the response. */
void cl_response_set_report(claude_response_t *response, claude_report_t *report);
/* Borrowed; NULL: there is none. */
claude_report_t *cl_response_report(const claude_response_t *response);
const cl_headers *cl_response_headers(const claude_response_t *response);
cl_str cl_response_body(const claude_response_t *response);
/* The root value; type 0 if the body is not JSON. */
cl_json cl_response_root(const claude_response_t *response);
cl_json cl_response_at(const claude_response_t *response, const char *pointer);

/* The functions behind response.h; same meaning, any thread. Strings and the joined text are decoded when first asked
 * for: NULL also when memory is out then. */
int32_t cl_response_status(const claude_response_t *response);
const char *cl_response_header(const claude_response_t *response, const char *name);
const char *cl_response_request_id(const claude_response_t *response);
/* rate_limit.c */
int64_t cl_response_rate_limit(const claude_response_t *response, const char *what, int32_t which);
const char *cl_response_text(const claude_response_t *response, size_t *len);
const char *cl_response_string(const claude_response_t *response, const char *pointer, size_t *len);
const char *cl_response_stop_reason(const claude_response_t *response);
const char *cl_response_model(const claude_response_t *response);
const char *cl_response_id(const claude_response_t *response);
int64_t cl_response_usage(const claude_response_t *response, const char *counter);
int32_t cl_response_type(const claude_response_t *response, const char *pointer);
size_t cl_response_count(const claude_response_t *response, const char *pointer);
int64_t cl_response_int(const claude_response_t *response, const char *pointer, int64_t fallback);
double cl_response_double(const claude_response_t *response, const char *pointer, double fallback);
int32_t cl_response_bool(const claude_response_t *response, const char *pointer, int32_t fallback);

/* ---- error bodies (api_error.c, retry_after.c) ---- */

enum { CL_QUOTE_MAX = 512 };
/* The beginning of what a server sent, to be shown in a message: runs of white space and control characters become one
 * space. */
void cl_quote(cl_str text, char out[CL_QUOTE_MAX + 1]);

/* Milliseconds the server asked to wait: retry-after-ms, else retry-after (seconds with fraction, or an HTTP date
 * relative to the response's own Date, else to wall_ms). Of several the larger; rounded up; INT64_MAX for what does not
 * fit. -1: it did not ask, or not in a way that can be understood. */
int64_t cl_retry_after_ms(const cl_headers *headers, int64_t wall_ms);
/*
 * Fills `err` from an error response: error.type first, the HTTP status second. `body` may be anything: the envelope, a
 * bare object, HTML, nothing. For an error event inside a stream pass its data and status 200.
 */
claude_code_t cl_api_error(int32_t status, const cl_headers *headers, cl_str body, cl_err *err);

#endif
