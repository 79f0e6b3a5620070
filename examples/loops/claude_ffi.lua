-- claude_ffi.lua - what the Lua example needs of libclaude, for LuaJIT's FFI: declarations as in the headers.

local ffi = require("ffi")

ffi.cdef([[
typedef int32_t claude_code_t;
typedef struct claude_error claude_error_t;
typedef struct claude_config claude_config_t;
typedef struct claude_client claude_client_t;
typedef struct claude_request claude_request_t;
typedef struct claude_call claude_call_t;
typedef struct claude_loop claude_loop_t;
typedef struct claude_event claude_event_t;
typedef struct claude_response claude_response_t;

enum { CLAUDE_DONE = 2, CLAUDE_STREAM = 1, CLAUDE_EVENT_TEXT_DELTA = 30, CLAUDE_E_CANCELED = -5 };

const char *claude_code_name(claude_code_t code);
const char *claude_error_message(const claude_error_t *error);
void claude_error_unref(claude_error_t *error);

claude_code_t claude_client_from_env(const claude_config_t *config, claude_client_t **out, claude_error_t **err);
void claude_client_unref(claude_client_t *client);

claude_code_t claude_request_new(const char *endpoint, claude_request_t **out, claude_error_t **err);
claude_code_t claude_request_set_model(claude_request_t *request, const char *model, claude_error_t **err);
claude_code_t claude_request_set_max_tokens(claude_request_t *request, int64_t max_tokens, claude_error_t **err);
claude_code_t claude_request_add_user_text(claude_request_t *request, const char *text, size_t len,
                                           claude_error_t **err);
void claude_request_unref(claude_request_t *request);

claude_code_t claude_loop_new(claude_client_t *client, claude_loop_t **out, claude_error_t **err);
claude_code_t claude_loop_submit(claude_loop_t *loop, const claude_request_t *request, uint32_t flags, uint64_t tag,
                                 claude_call_t **out, claude_error_t **err);
int32_t claude_loop_fd(const claude_loop_t *loop);
claude_code_t claude_loop_dispatch(claude_loop_t *loop, claude_error_t **err);
claude_code_t claude_loop_next(claude_loop_t *loop, uint64_t *tag, const claude_event_t **event, claude_error_t **err);
void claude_loop_unref(claude_loop_t *loop);

claude_code_t claude_call_result(claude_call_t *call, claude_response_t **out, claude_error_t **err);
void claude_call_cancel(claude_call_t *call);
void claude_call_unref(claude_call_t *call);

int32_t claude_event_type(const claude_event_t *event);
const char *claude_event_text(const claude_event_t *event, size_t *len);
int64_t claude_response_usage(const claude_response_t *response, const char *counter);
void claude_response_unref(claude_response_t *response);
]])

return ffi.load("libclaude.so.0.8")
