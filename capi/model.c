#include <claude/model.h>

#include <errno.h>

#include "border.h"
#include "message/cost.h"
#include "message/models.h"

#if CL_FEATURE_MODEL_MANAGEMENT

/* NULL is the table that is built in. */
static bool check(const claude_models_t *models)
{
    return !models || cl_is(models, CL_MAGIC_MODELS);
}

static bool check_info(const claude_response_t *info)
{
    return cl_is(info, CL_MAGIC_RESPONSE);
}

static bool check_flags(uint32_t flags)
{
    return (flags & ~(uint32_t)CLAUDE_COST_BATCH) == 0;
}

static const cl_model *find(const claude_models_t *models, const char *model)
{
    return check(models) && model ? cl_models_find(models, cl_str_of(model)) : NULL;
}

/* ---- the table ---- */

claude_code_t claude_models_builtin(claude_models_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, out, "out")) {
        *out = cl_models_ref((claude_models_t *)cl_models_builtin());
        rc = CLAUDE_OK;
    }
    return border_leave(&b, rc, err);
}

claude_code_t claude_models_load_json(const char *json, size_t len, claude_models_t **out, claude_error_t **err)
{
    border b;
    cl_str text;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_text(&b, json, len, "json", &text) && border_pointer(&b, out, "out"))
        rc = cl_models_load(text, out, &b.err);
    return border_leave(&b, rc, err);
}

const char *claude_models_json(const claude_models_t *models, size_t *len)
{
    cl_str text = {NULL, 0};

    if (check(models))
        text = (models ? models : cl_models_builtin())->text;
    if (len)
        *len = text.len;
    return text.ptr;
}

size_t claude_models_count(const claude_models_t *models)
{
    return check(models) ? (models ? models : cl_models_builtin())->count : 0;
}

static const char *id_of(const claude_models_t *models, const cl_model *model)
{
    return model ? cl_models_lend(models, cl_model_fact(model, "id")) : NULL;
}

const char *claude_models_at(const claude_models_t *models, size_t index)
{
    if (index >= claude_models_count(models))
        return NULL;
    return id_of(models, &(models ? models : cl_models_builtin())->rows[index]);
}

const char *claude_models_find(const claude_models_t *models, const char *model)
{
    return id_of(models, find(models, model));
}

const char *claude_models_text(const claude_models_t *models, const char *model, const char *what)
{
    const cl_model *row = find(models, model);

    return row && what ? cl_models_lend(models, cl_model_fact(row, what)) : NULL;
}

int64_t claude_models_int(const claude_models_t *models, const char *model, const char *what)
{
    const cl_model *row = find(models, model);
    cl_json value;
    int64_t number;

    if (!row || !what)
        return -1;
    value = cl_model_fact(row, what);
    if (value.type == CLAUDE_JSON_BOOLEAN)
        return value.ptr[0] == 't';
    return cl_json_to_int(value, &number) && number >= 0 ? number : -1;
}

int32_t claude_models_deprecation(const claude_models_t *models, const char *model, const char *feature,
                                  const char **text)
{
    const char *found = NULL;

    if (check(models) && model)
        found = cl_deprecation_find(models, cl_str_of(model), cl_str_of(feature));
    if (found && text)
        *text = found;
    return found != NULL;
}

int64_t claude_models_days_left(const claude_models_t *models, const char *model, int64_t now_ms)
{
    const cl_model *row = find(models, model);
    int64_t retires_ms;

    return row && cl_model_retires_ms(row, &retires_ms) ? cl_model_days_left(retires_ms, now_ms) : -1;
}

claude_models_t *claude_models_ref(claude_models_t *models)
{
    return cl_is(models, CL_MAGIC_MODELS) ? cl_models_ref(models) : NULL;
}

void claude_models_unref(claude_models_t *models)
{
    int saved = errno;

    if (cl_is(models, CL_MAGIC_MODELS))
        cl_models_unref(models);
    errno = saved;
}

/* ---- what the API tells ---- */

const char *claude_model_text(const claude_response_t *info, const char *model, const char *what, size_t *len)
{
    int saved = errno;
    size_t n = 0;
    const char *text = check_info(info) && what ? cl_model_info_text(info, model, what, &n) : NULL;

    if (len)
        *len = text ? n : 0;
    errno = saved;
    return text;
}

int64_t claude_model_int(const claude_response_t *info, const char *model, const char *what)
{
    return check_info(info) && what ? cl_model_info_int(info, model, what) : -1;
}

int32_t claude_model_supports(const claude_response_t *info, const char *model, const char *capability)
{
    return check_info(info) && capability ? cl_model_info_supports(info, model, capability) : -1;
}

int64_t claude_model_days_left(const claude_response_t *info, const char *model, int64_t now_ms)
{
    return check_info(info) ? cl_model_info_days_left(info, model, now_ms) : -1;
}

const char *claude_model_choose(const claude_response_t *list, const char *wanted, int64_t now_ms)
{
    int saved = errno;
    const char *id = check_info(list) && wanted ? cl_model_info_choose(list, wanted, now_ms) : NULL;

    errno = saved;
    return id;
}

/* ---- costs ---- */

int64_t claude_cost_of(const claude_models_t *models, const char *model, const claude_response_t *response,
                       const char *part)
{
    if (!check(models) || !check_info(response) || !part)
        return CLAUDE_COST_UNKNOWN;
    return cl_cost_of_json(models, model, cl_response_root(response), 0, part);
}

int64_t claude_cost_calculate(const claude_models_t *models, const char *model, const claude_response_t *response)
{
    return claude_cost_of(models, model, response, "total");
}

int64_t claude_cost_savings(const claude_models_t *models, const char *model, const claude_response_t *response)
{
    return claude_cost_of(models, model, response, "cache_savings");
}

int64_t claude_cost_of_json(const claude_models_t *models, const char *model, const char *json, size_t len,
                            uint32_t flags, const char *part)
{
    border b;
    cl_str text;
    cl_json value = {NULL, 0, CLAUDE_JSON_NONE};
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(models) && check_flags(flags) && border_text(&b, json, len, "json", &text))
        rc = cl_json_validate(text, CL_JSON_DEPTH_DEFAULT, &value, &b.err);
    if (border_leave(&b, rc, NULL) < 0)
        return CLAUDE_COST_UNKNOWN;
    return cl_cost_of_json(models, model, value, flags, part ? part : "total");
}

int64_t claude_cost_estimate(const claude_models_t *models, const char *model, int64_t input_tokens, int64_t max_tokens,
                             uint32_t flags)
{
    cl_cost cost;
    int32_t rc;

    if (!check(models) || !model || !check_flags(flags))
        return CLAUDE_COST_UNKNOWN;
    rc = cl_cost_of_tokens(models, cl_str_of(model), input_tokens, max_tokens, flags, &cost);
    return rc == CLAUDE_OK ? cl_cost_part(&cost, "total") : rc;
}

/* ---- the context window ---- */

claude_code_t claude_context_check(const claude_models_t *models, const char *model, int64_t input_tokens,
                                   int64_t max_tokens, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if ((!models || border_handle(&b, models, CL_MAGIC_MODELS, "models")) && border_pointer(&b, model, "model"))
        rc = cl_context_check(cl_str_of(model), claude_models_int(models, model, "context_window"), input_tokens,
                              max_tokens, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_model_context_check(const claude_response_t *info, const char *model, int64_t input_tokens,
                                         int64_t max_tokens, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, info, CL_MAGIC_RESPONSE, "info")) {
        const char *name = model ? model : cl_model_info_text(info, NULL, "id", NULL);
        rc = cl_context_check(cl_str_of(name ? name : "the model"), cl_model_info_int(info, model, "context_window"),
                              input_tokens, max_tokens, &b.err);
    }
    return border_leave(&b, rc, err);
}

#endif
