/*
 * border.h - what every public function does at its border: keep errno, check handles and pointers, and turn the
 * internal error into a claude_error_t once.
 */
#ifndef CL_CAPI_BORDER_H
#define CL_CAPI_BORDER_H

#include "base/base.h"
#include "call/call.h"
#include "message/message.h"

typedef struct border {
    int saved_errno;
    cl_err err;
} border;

void border_enter(border *b);
/* Writes *err only on failure; restores errno; returns rc. */
claude_code_t border_leave(border *b, claude_code_t rc, claude_error_t **err);
/* False, with the error recorded, for NULL, a handle of another kind, a released one that is still readable. */
bool border_handle(border *b, const void *handle, uint32_t magic, const char *name);
/* False, with the error recorded, for NULL. */
bool border_pointer(border *b, const void *pointer, const char *name);
/* Resolves CLAUDE_NTS. False, with the error recorded, for NULL with a length, and for lengths no object can have. */
bool border_text(border *b, const char *text, size_t len, const char *name, cl_str *out);
/* A callback of a configuration. Takes over user_data in every case; fn NULL makes none. */
claude_code_t border_hook(border *b, const claude_config_t *config, void (*fn)(void), void *user_data,
                          claude_destroy_fn destroy, cl_hook **out);
/* A setter that the build has not got has failed like any other: starting the request fails, too. */
void border_note_failure(const border *b, claude_request_t *request);
/* Lets go of the old one last: that runs a callback, which may use the configuration. */
void border_replace_hook(cl_hook **slot, cl_hook *hook);
/* Keeps an object in a slot of a configuration, in place of what was there; takes over the reference. NULL: nothing. */
claude_code_t border_keep(border *b, cl_hook **slot, void *object, void (*unref)(void *object));

#endif
