/*
 * claude.i - libclaude for the languages of SWIG, out of the real headers.
 *
 *     swig -lua -module claude_core -Icapi/include -Iswig swig/claude.i        (-perl5, -ruby, -tcl8)
 *
 * What is the same for all languages is here. Each language has a file of its own that fills in these typemaps:
 *
 *     claude_error_t **err                 no input; where the result is negative, raise the language's error
 *     claude_code_t                        result: nothing, the error says all
 *     claude_code_t CODE                   result: the integer
 *     SWIGTYPE **MADE                      no input; output: a handle that the language owns
 *     const claude_event_t **event         no input; output: a copy of the event that the language owns, or nothing
 *     SWIGTYPE *CLOSED                     input: a handle that is taken away from the language's object, which holds
 *                                          NULL from then on
 *     (const char *TEXT, size_t LENGTH)    input: a string, NULs included
 *     const char *SIZED                    result: nothing, size_t *SIZE does it
 *     size_t *SIZE                         no input; output: the function's `result` with this length, or nothing
 *     (const char **TEXT, size_t *LENGTH)  no input; output: a string with its length, or nothing
 *     const char **NAME                    no input; output: a string, or nothing
 *     int32_t *NUMBER, uint64_t *NUMBER    no input; output: the integer
 *     const char *                         input: a string in which a NUL is an error, or nothing for NULL; result too
 *     int32_t, uint32_t, int64_t, uint64_t, size_t    integers, exact or an error
 */
%module claude

%{
#include <claude/claude.h>
%}

#if defined(SWIGLUA)
%include "lua.i"
#elif defined(SWIGPERL)
%include "perl.i"
#elif defined(SWIGRUBY)
%include "ruby.i"
#elif defined(SWIGTCL)
%include "tcl.i"
#else
/* Yours, from the include path: see docs/swig.md. */
%include "language.i"
#endif

/* Callbacks are left out: a language's code must not run, and fail, below a C function. Events are pulled. */
%ignore claude_request_on_event;
%ignore claude_config_on_sign;
%rename("$ignore", regextarget = 1) "^claude_sign_";
%ignore claude_secret_on_audit;

/* What the language counts itself, and what makes sense in C only. */
%rename("$ignore", regextarget = 1) "^claude_[a-z]+_ref$";
%ignore CLAUDE_API;
%ignore CLAUDE_DEPRECATED_FOR;
%ignore CLAUDE_NTS;

/* Handles. The language's collector drops its reference; claude_x_unref() does so at once, and twice is harmless. */
%define CLAUDE_HANDLE(name)
%nodefaultctor claude_##name;
struct claude_##name {
};
%extend claude_##name {
    ~claude_##name()
    {
        claude_##name##_unref($self);
    }
}
%apply SWIGTYPE **MADE { claude_##name##_t **out };
void claude_##name##_unref(claude_##name##_t *CLOSED);
%enddef

CLAUDE_HANDLE(error)
CLAUDE_HANDLE(config)
CLAUDE_HANDLE(secret)
CLAUDE_HANDLE(client)
CLAUDE_HANDLE(request)
CLAUDE_HANDLE(call)
CLAUDE_HANDLE(loop)
CLAUDE_HANDLE(event)
CLAUDE_HANDLE(response)

/* What C lends, the language holds: it may look at it after the lender has gone. */
%newobject claude_error_cause;
%exception claude_error_cause {
    $action
    result = claude_error_ref((claude_error_t *)result);
}
%newobject claude_error_response;
%exception claude_error_response {
    $action
    result = claude_response_ref((claude_response_t *)result);
}

/* Codes that say more than success. */
%define CLAUDE_TELLING_CODE(function)
%apply claude_code_t CODE { claude_code_t function };
%enddef

CLAUDE_TELLING_CODE(claude_code_at)
CLAUDE_TELLING_CODE(claude_error_code)
CLAUDE_TELLING_CODE(claude_call_next)
CLAUDE_TELLING_CODE(claude_call_pull)
CLAUDE_TELLING_CODE(claude_call_wait)
CLAUDE_TELLING_CODE(claude_loop_dispatch)
CLAUDE_TELLING_CODE(claude_loop_next)
CLAUDE_TELLING_CODE(claude_loop_pull)
CLAUDE_TELLING_CODE(claude_loop_wait)

/* Results whose length is an output of its own. */
%define CLAUDE_SIZED(function)
%apply const char *SIZED { const char *function };
%enddef

CLAUDE_SIZED(claude_error_json)
CLAUDE_SIZED(claude_event_json)
CLAUDE_SIZED(claude_event_text)
CLAUDE_SIZED(claude_option_json)
CLAUDE_SIZED(claude_request_json)
CLAUDE_SIZED(claude_response_json)
CLAUDE_SIZED(claude_response_string)
CLAUDE_SIZED(claude_response_text)
CLAUDE_SIZED(claude_secret_expose)

%apply (const char *TEXT, size_t LENGTH) {
    (const char *text, size_t len), (const char *json, size_t len), (const char *user_id, size_t len)
};
%apply size_t *SIZE { size_t *len };
%apply (const char **TEXT, size_t *LENGTH) {
    (const char **text, size_t *len), (const char **json, size_t *len), (const char **json, size_t *json_len)
};
%apply const char **NAME { const char **name, const char **value };
%apply int32_t *NUMBER { int32_t *type, int32_t *index };
%apply uint64_t *NUMBER { uint64_t *tag };

%include <claude/types.h>
%include <claude/error.h>
%include <claude/config.h>
%include <claude/secret.h>
%include <claude/client.h>
%include <claude/event.h>
%include <claude/request.h>
%include <claude/response.h>
%include <claude/call.h>
%include <claude/loop.h>

/* An event and all that is in it, in one crossing of the border and with no copy in C. */
%inline %{
/* claude_call_next(); without an event the type is 0, the index -1, and there is no text and no JSON. */
static claude_code_t claude_call_pull(claude_call_t *call, int64_t timeout_ms, int32_t *type, int32_t *index,
                                      const char **text, size_t *len, const char **json, size_t *json_len,
                                      claude_error_t **err)
{
    const claude_event_t *event = NULL;
    claude_code_t rc = claude_call_next(call, timeout_ms, &event, err);

    *index = -1;
    if (claude_event_view(event, type, index, text, len))
        *json = claude_event_json(event, json_len);
    return rc;
}

/* claude_loop_next(), the same way. */
static claude_code_t claude_loop_pull(claude_loop_t *loop, uint64_t *tag, int32_t *type, int32_t *index,
                                      const char **text, size_t *len, const char **json, size_t *json_len,
                                      claude_error_t **err)
{
    const claude_event_t *event = NULL;
    claude_code_t rc = claude_loop_next(loop, tag, &event, err);

    *index = -1;
    if (claude_event_view(event, type, index, text, len))
        *json = claude_event_json(event, json_len);
    return rc;
}
%}
