/* batches.h - batches of messages, inside of the room: the work behind batch.h of the interface. */
#ifndef CL_API_BATCHES_H
#define CL_API_BATCHES_H

#include <claude/batch.h>

#include "api/api.h"
#include "client/client.h"

/* What the API takes. */
enum { CL_BATCH_REQUESTS_MAX = 100000, CL_BATCH_ID_MAX = 64 };
#define CL_BATCH_BODY_MAX ((size_t)256 << 20)

/* What stands around the requests in the body. */
#define CL_BATCH_HEAD "{\"requests\":["
#define CL_BATCH_TAIL "]}"

/* How long to wait between two looks at a batch. */
enum { CL_BATCH_FIRST_MS = 1000, CL_BATCH_PAUSE_MS = 60000, CL_BATCH_PAUSE_MAX_MS = 24 * 3600 * 1000 };

/* ---- batch_check.c: one request of a batch ---- */

claude_code_t cl_batch_check_id(cl_str id, cl_err *err);
/* Of JSON that was validated. */
claude_code_t cl_batch_check_params(cl_json params, cl_err *err);
claude_code_t cl_batch_check_count(size_t count, cl_err *err);

/* ---- the rest: same meaning as in batch.h ---- */

/* batch_builder.c */
claude_code_t cl_batch_builder_new(claude_batch_builder_t **out, cl_err *err);
claude_code_t cl_batch_builder_add(claude_batch_builder_t *builder, cl_str id, const claude_request_t *request,
                                   cl_err *err);
claude_code_t cl_batch_builder_add_json(claude_batch_builder_t *builder, cl_str id, cl_str params, cl_err *err);
size_t cl_batch_builder_count(const claude_batch_builder_t *builder);
claude_code_t cl_batch_builder_request(claude_batch_builder_t *builder, claude_request_t **out, cl_err *err);
claude_batch_builder_t *cl_batch_builder_ref(claude_batch_builder_t *builder);
void cl_batch_builder_unref(claude_batch_builder_t *builder);

/* batch_lines.c */
claude_code_t cl_batch_file_request(claude_file_t *file, claude_request_t **out, cl_err *err);

/* batch_wait.c */
int64_t cl_batch_poll_delay(const claude_response_t *batch, uint32_t attempt, int64_t first_ms, int64_t max_ms);
typedef struct cl_batch_watch {
    int64_t first_ms;
    int64_t max_ms;
    int64_t timeout_ms;
    claude_batch_progress_fn fn; /* may be NULL */
    void *user_data;
} cl_batch_watch;
claude_code_t cl_batch_wait(claude_client_t *client, const char *batch_id, const cl_batch_watch *watch,
                            claude_response_t **out, cl_err *err);

/* batch_result.c */
claude_code_t cl_batch_results_request(const claude_response_t *batch, claude_request_t **out, cl_err *err);
typedef struct cl_batch_result {
    int32_t type; /* CLAUDE_BATCH_* */
    cl_str id;    /* as it is spelled */
    cl_json what; /* the message, the error's envelope, or the whole result */
} cl_batch_result;
claude_code_t cl_batch_result_read(cl_str line, cl_batch_result *out, cl_err *err);
claude_code_t cl_batch_result_error(cl_str line, cl_err *err);

#endif
