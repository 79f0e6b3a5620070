/* prepare.c - what happens to a request before a call is made of it: the checks that the program asked for. */
#include "call/call.h"
#include "call/log.h"
#include "message/models.h"
#include "message/validate.h"

static bool is_on(const claude_client_t *client, const claude_request_t *request, cl_option option)
{
    return cl_option_int(cl_request_options(request), client->config->options, option) != 0;
}

static claude_code_t validate(const claude_request_t *request, const cl_judge *judge, cl_err *err)
{
    claude_problems_t *problems = NULL;
    claude_code_t rc = cl_request_validate(request, judge, &problems, err);

    if (rc >= 0)
        rc = cl_problems_fail(problems, err);
    cl_problems_unref(problems);
    return rc;
}

/* A message that is streamed although the program only wants its end. */
static bool streams_quietly(const claude_client_t *client, const claude_request_t *request, bool stream)
{
    cl_json said;

    if (stream || cl_request_endpoint(request)->answer != CL_ANSWER_MESSAGE ||
        !is_on(client, request, CL_OPT_REQUEST_STREAM))
        return false;
    said = cl_request_field(request, CL_STR("/stream"));
    return said.type != CLAUDE_JSON_BOOLEAN || said.ptr[0] != 't';
}

static void tell(const claude_client_t *client, const char *model, const char *text)
{
    const cl_hook *hook = client->config->deprecation;

    if (!text)
        return;
    if (hook)
        ((claude_deprecation_fn)cl_hook_fn(hook))(model, text, cl_hook_data(hook));
    if (cl_log_on(client, CLAUDE_LOG_WARN))
        cl_log_deprecation(client, model, text);
}

static void tell_deprecation(claude_client_t *client, const claude_request_t *request)
{
    static const cl_str thinking = {"thinking/enabled", sizeof "thinking/enabled" - 1};
    const claude_models_t *models = cl_client_models(client);
    cl_json model;
    cl_str id;
    char name[CL_MODEL_ID_MAX + 1];

    if (!client->tells_deprecation)
        return;
    model = cl_request_field(request, CL_STR("/model"));
    if (model.type != CLAUDE_JSON_STRING)
        return;
    id = cl_str_n(name, cl_json_copy_text(model, name, sizeof name));
    tell(client, name, cl_deprecation_tell(models, &client->told, id, CL_STR("")));
    if (cl_deprecation_find(models, id, thinking) &&
        cl_json_string_is(cl_request_field(request, CL_STR("/thinking/type")), CL_STR("enabled")))
        tell(client, name, cl_deprecation_tell(models, &client->told, id, thinking));
}

/* What the features need to know of the request. */
static void look_closer(const claude_request_t *request, uint32_t features, cl_snapshot *out)
{
    int64_t max_tokens = 0;

    out->features = features;
    cl_snapshot_find_model(request, out);
    if (cl_json_to_int(cl_request_field(request, CL_STR("/max_tokens")), &max_tokens) && max_tokens > 0)
        out->max_tokens = max_tokens;
}

claude_code_t cl_call_check_flags(const claude_client_t *client, uint32_t flags, uint32_t *features, cl_err *err)
{
    static const uint32_t known = CLAUDE_STREAM | CL_FEATURES_OF_CALLS | CLAUDE_WITH_ENTERPRISE_FEATURES;

    if (flags & ~known)
        return cl_fail(err, CLAUDE_E_INVALID, "flags has unknown bits: %u", flags & ~known);
    *features = flags & ~(uint32_t)CLAUDE_STREAM;
    return *features ? cl_client_check_features(client, features, err) : CLAUDE_OK;
}

claude_code_t cl_call_check(claude_client_t *client, const claude_request_t *request, uint32_t flags, cl_snapshot *out,
                            cl_err *err)
{
    bool stream = (flags & CLAUDE_STREAM) != 0;
    bool quiet = streams_quietly(client, request, stream);
    const cl_judge judge = {client->config->options, cl_client_models(client), stream || quiet};
    uint32_t features = 0;
    claude_code_t rc = cl_call_check_flags(client, flags, &features, err);

    if (rc >= 0 && is_on(client, request, CL_OPT_REQUEST_VALIDATE))
        rc = validate(request, &judge, err);
    if (rc >= 0 && is_on(client, request, CL_OPT_REQUEST_LONG_CHECK))
        rc = cl_nonstreaming_check(request, &judge, err);
    if (rc >= 0)
        rc = cl_request_snapshot(request, stream || quiet, out, err);
    if (rc < 0)
        return rc;
    out->quiet = quiet;
    if (features || client->looks_closer)
        look_closer(request, features, out);
    return CLAUDE_OK;
}

claude_code_t cl_call_prepare(claude_client_t *client, const claude_request_t *request, uint32_t flags,
                              cl_snapshot *out, cl_err *err)
{
    claude_code_t rc = cl_call_check(client, request, flags, out, err);

    if (rc >= 0)
        tell_deprecation(client, request);
    return rc;
}
