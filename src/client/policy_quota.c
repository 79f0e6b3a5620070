#include "client/policies.h"
#include "message/cost.h"
#include "message/message.h"

/* Thousandths of a dollar, as options have them, in nano-dollars. */
enum { NANO_PER_THOUSANDTH = 1000000 };

static cl_str name_of(const void *prices, cl_str model)
{
    const cl_model *row = cl_models_find(prices, model);

    return row ? row->id : model;
}

static cl_quota_settings settings_of(const cl_options *client)
{
    static const cl_option limits[CL_QUOTA_LIMITED][CL_QUOTA_KINDS] = {
        {CL_OPT_QUOTA_DAILY_REQUESTS, CL_OPT_QUOTA_DAILY_TOKENS, CL_OPT_QUOTA_DAILY_COST},
        {CL_OPT_QUOTA_MONTHLY_REQUESTS, CL_OPT_QUOTA_MONTHLY_TOKENS, CL_OPT_QUOTA_MONTHLY_COST},
    };
    cl_quota_settings settings = {.offset_minutes = cl_option_int(NULL, client, CL_OPT_QUOTA_OFFSET)};

    for (size_t period = 0; period < CL_QUOTA_LIMITED; period++) {
        for (size_t kind = 0; kind < CL_QUOTA_KINDS; kind++) {
            int64_t unit = kind == CL_QUOTA_COST ? NANO_PER_THOUSANDTH : 1;
            settings.limits.most[period][kind] = cl_option_int(NULL, client, limits[period][kind]) * unit;
        }
    }
    return settings;
}

claude_code_t cl_quota_of_config(const claude_config_t *config, claude_quota_t **out, cl_err *err)
{
    cl_quota_settings settings = settings_of(config ? config->options : NULL);

    settings.prices = config ? config->models : NULL;
    settings.name_of = name_of;
    return cl_quota_new(&settings, out, err);
}

claude_code_t cl_quota_with_limits_of(const claude_config_t *config, claude_quota_t *quota, claude_quota_t **out,
                                      cl_err *err)
{
    cl_quota_settings settings = settings_of(config->options);

    return cl_quota_with_limits(quota, &settings.limits, out, err);
}

const claude_models_t *cl_quota_models(const claude_quota_t *quota, const claude_models_t *others)
{
    const claude_models_t *own = cl_quota_prices(quota);

    return own ? own : others;
}

bool cl_quota_price(const claude_models_t *models, cl_str model, int64_t input_tokens, int64_t output_tokens,
                    uint32_t flags, int64_t *nano)
{
    cl_cost cost;
    bool known = cl_cost_of_tokens(models, model, input_tokens, output_tokens, flags, &cost) == CLAUDE_OK;

    *nano = known ? cl_cost_part(&cost, "total") : 0;
    return known;
}

cl_quota_need cl_quota_need_of(const claude_models_t *models, cl_str model, int64_t input_tokens, int64_t output_tokens)
{
    cl_quota_need need = {
        .amount = {[CL_QUOTA_REQUESTS] = 1, [CL_QUOTA_TOKENS] = cl_quota_plus(input_tokens, output_tokens)}};

    need.unpriced = !cl_quota_price(models, model, input_tokens, output_tokens, 0, &need.amount[CL_QUOTA_COST]);
    return need;
}

cl_quota_use cl_quota_use_of_tokens(const claude_models_t *models, cl_str model, int64_t input_tokens,
                                    int64_t output_tokens)
{
    cl_quota_use used = {
        .count = {[CL_USED_REQUESTS] = 1, [CL_USED_INPUT] = input_tokens, [CL_USED_OUTPUT] = output_tokens}};

    if (!cl_quota_price(models, model, input_tokens, output_tokens, 0, &used.count[CL_USED_COST]))
        used.count[CL_USED_UNPRICED] = 1;
    return used;
}

/* A model that the table does not know under the name that was asked for may be one by the name that answered. */
static bool price_of(const claude_models_t *models, cl_str model, cl_json message, const cl_usage *usage,
                     uint32_t flags, int64_t *nano)
{
    char own[CL_MODEL_ID_MAX + 1];
    cl_cost cost;
    int32_t rc = CLAUDE_COST_UNPRICED;

    if (model.len > 0)
        rc = cl_cost_of_usage(models, model, usage, flags, &cost);
    if (rc == CLAUDE_COST_UNPRICED) {
        model = cl_str_n(own, cl_json_copy_text(cl_json_member(message, CL_STR("model")), own, sizeof own));
        rc = cl_cost_of_usage(models, model, usage, flags, &cost);
    }
    *nano = rc == CLAUDE_OK ? cl_cost_part(&cost, "total") : 0;
    return rc == CLAUDE_OK;
}

bool cl_quota_use_of_message(const claude_models_t *models, cl_str model, cl_json message, const cl_usage *usage,
                             uint32_t flags, cl_quota_use *out)
{
    *out = (cl_quota_use){.count = {[CL_USED_REQUESTS] = 1,
                                    [CL_USED_INPUT] = cl_usage_or_none(usage->input),
                                    [CL_USED_CACHE_WRITE] = cl_usage_or_none(usage->cache_write),
                                    [CL_USED_CACHE_READ] = cl_usage_or_none(usage->cache_read),
                                    [CL_USED_OUTPUT] = cl_usage_or_none(usage->output)}};
    if (usage->input < 0 && usage->output < 0)
        return false;
    if (!price_of(models, model, message, usage, flags, &out->count[CL_USED_COST]))
        out->count[CL_USED_UNPRICED] = 1;
    return true;
}

bool cl_quota_use_of_json(const claude_models_t *models, cl_str model, cl_json message, uint32_t flags,
                          cl_quota_use *out)
{
    cl_usage usage = cl_usage_of_message(message);

    return cl_quota_use_of_message(models, model, message, &usage, flags, out);
}

claude_code_t cl_quota_fail_no_usage(cl_err *err)
{
    return cl_fail(err, CLAUDE_E_INVALID,
                   "json says nothing of tokens: it must be a message with \"usage\", or an object with "
                   "\"input_tokens\" and \"output_tokens\"");
}
