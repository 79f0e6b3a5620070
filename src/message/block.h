/* block.h - content blocks and tools from inside: the structs, what their files share, and what the border calls. */
#ifndef CL_MESSAGE_BLOCK_H
#define CL_MESSAGE_BLOCK_H

#include <claude/block.h>
#include <claude/message.h>
#include <claude/tool.h>

#include "message/request.h"
#include "message/write.h"

struct claude_block {
    cl_handle handle;
    cl_buf json;        /* one object, no space around it */
    size_t content_end; /* where the ] of its content is; 0: not known */
    cl_files files;     /* whose tokens stand in it */
    cl_buf type;        /* decoded when asked for */
    cl_buf media_type;
};

struct claude_tool {
    cl_handle handle;
    cl_buf json; /* one object, no space around it */
    cl_buf name; /* decoded when asked for */
};

/* ---- writing (block_write.c) ---- */

/* {"type":"ephemeral"} with the time to live, if it is not empty. */
void cl_put_cache_control(cl_writer *w, cl_str ttl);

bool cl_json_is_space(char c);
/* Puts an array in the place of a text of the document, with the text as its block, or with none if it is empty. `*end`
 * is where its ] is. CL_BUF_* */
int cl_text_to_array(cl_buf *document, cl_json text, size_t *end);
/* Appends to the array in a document whose ] is at `*end`, which moves. CL_BUF_*, the document as it was on failure. */
int cl_array_insert(cl_buf *document, size_t *end, cl_str json);

/* Validates JSON of the program and drops the space around it; `what` begins the message. */
claude_code_t cl_check_json(const char *what, cl_str *json, cl_err *err);
/* An object kept as text: taken over from the program, and changed. On failure it is as it was. */
claude_code_t cl_object_parse(const char *what, cl_str json, cl_buf *out, cl_err *err);
claude_code_t cl_object_set(const char *what, cl_buf *object, const char *pointer, cl_str json, cl_err *err);
/* Sets a member to a finished text, or frees it. `written` is CL_BUF_*. */
claude_code_t cl_object_adopt(const char *what, cl_buf *object, const char *pointer, int written, cl_buf *fresh,
                              cl_err *err);
claude_code_t cl_object_set_cache_control(const char *what, cl_buf *object, const char *ttl, cl_err *err);
/* The text of a member, decoded into `text` and lent; NULL if it is no string, or memory is out. */
const char *cl_object_text(const cl_buf *object, const char *pointer, cl_buf *text);
claude_code_t cl_object_fail(const char *what, int written, cl_err *err);

/* ---- making (block.c, media.c) ---- */

/* Begins a block with its type. NULL when out of memory: then the writer has failed too. */
claude_block_t *cl_block_begin(const char *type, cl_writer *w);
/* Closes the block and hands it over, or frees it if the writer has failed. */
claude_code_t cl_block_end(claude_block_t *block, cl_writer *w, claude_block_t **out, cl_err *err);
/* Makes a finished object a block, or frees it. `written` is CL_BUF_*. */
claude_code_t cl_block_adopt(cl_buf *json, int written, claude_block_t **out, cl_err *err);

claude_code_t cl_block_text(cl_str text, claude_block_t **out, cl_err *err);
claude_code_t cl_block_thinking(cl_str thinking, const char *signature, claude_block_t **out, cl_err *err);
claude_code_t cl_block_redacted_thinking(const char *data, claude_block_t **out, cl_err *err);
/* `type` is "tool_use" or "server_tool_use"; an empty input is {}. */
claude_code_t cl_block_tool_use(const char *type, const char *id, const char *name, cl_str input, claude_block_t **out,
                                cl_err *err);
/* `text` NULL: no content yet. */
claude_code_t cl_block_tool_result(const char *tool_use_id, const cl_str *text, bool is_error, claude_block_t **out,
                                   cl_err *err);
claude_code_t cl_block_search_result(const char *source, const char *title, const char *const *texts, size_t count,
                                     claude_block_t **out, cl_err *err);
claude_code_t cl_block_container_upload(const char *file_id, claude_block_t **out, cl_err *err);
claude_code_t cl_block_json(cl_str json, claude_block_t **out, cl_err *err);
claude_block_t *cl_block_ref(claude_block_t *block);
void cl_block_unref(claude_block_t *block);

claude_code_t cl_block_set_cache_control(claude_block_t *block, const char *ttl, cl_err *err);
claude_code_t cl_block_set_field(claude_block_t *block, const char *pointer, cl_str json, cl_err *err);
claude_code_t cl_block_set_text(claude_block_t *block, const char *field, cl_str text, cl_err *err);
claude_code_t cl_block_set_citations(claude_block_t *block, bool enabled, cl_err *err);
claude_code_t cl_block_add(claude_block_t *block, const claude_block_t *child, cl_err *err);
const char *cl_block_type(claude_block_t *block);
const char *cl_block_media_type(claude_block_t *block);

/* That each of an array is a block, or a text. */
claude_code_t cl_blocks_check(claude_block_t *const *blocks, size_t count, cl_err *err);
claude_code_t cl_texts_check(const char *name, const char *const *texts, size_t count, cl_err *err);

/* Images and documents: the same sources, another "type", other media types. */
enum { CL_MEDIA_IMAGE, CL_MEDIA_DOCUMENT, CL_MEDIA_COUNT };
claude_code_t cl_media_base64(int kind, const char *media_type, cl_str data, claude_block_t **out, cl_err *err);
claude_code_t cl_media_bytes(int kind, cl_str bytes, const char *media_type, claude_block_t **out, cl_err *err);
claude_code_t cl_media_path(int kind, const char *path, claude_block_t **out, cl_err *err);
claude_code_t cl_media_file(int kind, claude_file_t *file, claude_block_t **out, cl_err *err);
claude_code_t cl_media_url(int kind, const char *url, claude_block_t **out, cl_err *err);
claude_code_t cl_media_file_id(int kind, const char *file_id, claude_block_t **out, cl_err *err);
claude_code_t cl_document_text(cl_str text, claude_block_t **out, cl_err *err);
claude_code_t cl_document_content(claude_block_t *const *blocks, size_t count, claude_block_t **out, cl_err *err);
/* False for a block of another type. */
bool cl_media_kind_of(cl_json block, int *kind);

/* ---- of answers (block_answer.c) ---- */

/* The content of an answer, to be sent back. */
void cl_put_answer(cl_writer *w, cl_json content);
claude_code_t cl_block_from_response(const claude_response_t *response, size_t index, claude_block_t **out,
                                     cl_err *err);

/* ---- looking into (block_check.c) ---- */

/* Gives a failure its permanent code; returns `rc`. */
claude_code_t cl_err_tag(cl_err *err, const char *code, claude_code_t rc);
/* The first of the problems that cl_validate_block() finds, within the limits of the options (NULL: the defaults). */
claude_code_t cl_block_validate(const claude_block_t *block, const cl_options *options, cl_err *err);
bool cl_block_is_image(const claude_block_t *block);
bool cl_block_is_valid_base64(const claude_block_t *block);
/* -1: not known. */
int64_t cl_block_estimated_size(const claude_block_t *block);

/* ---- tools (tool.c) ---- */

claude_code_t cl_tool_simple(const char *name, const char *description, claude_tool_t **out, cl_err *err);
claude_code_t cl_tool_with_properties(const char *name, const char *description, cl_str properties,
                                      const char *const *required, size_t count, claude_tool_t **out, cl_err *err);
claude_code_t cl_tool_with_schema(const char *name, const char *description, cl_str schema, claude_tool_t **out,
                                  cl_err *err);
/* `name` NULL: without one. `fields` may be empty. */
claude_code_t cl_tool_server(const char *type, const char *name, cl_str fields, claude_tool_t **out, cl_err *err);
claude_code_t cl_tool_json(cl_str json, claude_tool_t **out, cl_err *err);
claude_code_t cl_tool_set_cache_control(claude_tool_t *tool, const char *ttl, cl_err *err);
claude_code_t cl_tool_set_field(claude_tool_t *tool, const char *pointer, cl_str json, cl_err *err);
const char *cl_tool_name(claude_tool_t *tool);
claude_tool_t *cl_tool_ref(claude_tool_t *tool);
void cl_tool_unref(claude_tool_t *tool);

/* ---- setters of a request (block_messages.c, fields.c) ---- */

/* One message: the blocks, then the text if it is not empty. */
claude_code_t cl_request_add_content(claude_request_t *request, const char *role, claude_block_t *const *blocks,
                                     size_t count, cl_str text, cl_err *err);
claude_code_t cl_request_append_block(claude_request_t *request, claude_block_t *block, cl_err *err);
claude_code_t cl_request_add_response(claude_request_t *request, const claude_response_t *response, cl_err *err);
/* To the last message if it is the user's and ends with a tool result, else as a message of its own. */
claude_code_t cl_request_add_tool_result_block(claude_request_t *request, claude_block_t *block, cl_err *err);
claude_code_t cl_request_add_tool_result(claude_request_t *request, const char *tool_use_id, cl_str text, bool is_error,
                                         cl_err *err);
claude_code_t cl_request_set_system_blocks(claude_request_t *request, claude_block_t *const *blocks, size_t count,
                                           cl_err *err);
claude_code_t cl_request_set_system_with_cache(claude_request_t *request, cl_str text, const char *ttl, cl_err *err);
claude_code_t cl_request_set_cache_control(claude_request_t *request, const char *ttl, cl_err *err);
claude_code_t cl_request_add_tool(claude_request_t *request, const claude_tool_t *tool, cl_err *err);
claude_code_t cl_request_set_tool_choice(claude_request_t *request, const char *kind, const char *name,
                                         bool disable_parallel, cl_err *err);
claude_code_t cl_request_set_thinking(claude_request_t *request, const char *kind, int64_t budget_tokens, cl_err *err);
/* "a", or "a.b" for a member of the top-level object "a": a text that is not empty. */
claude_code_t cl_request_set_text(claude_request_t *request, const char *field, const char *text, cl_err *err);
claude_code_t cl_request_set_output_schema(claude_request_t *request, cl_str schema, cl_err *err);
claude_code_t cl_request_set_container(claude_request_t *request, const char *id, cl_err *err);
claude_code_t cl_request_add_container_skill(claude_request_t *request, const char *type, const char *skill_id,
                                             const char *version, cl_err *err);
claude_code_t cl_request_add_mcp_server(claude_request_t *request, const char *name, const char *url,
                                        const char *authorization_token, cl_err *err);
claude_code_t cl_request_set_context_management(claude_request_t *request, cl_str json, cl_err *err);

#endif
