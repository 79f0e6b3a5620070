#include "message/cost.h"

#include "message/message.h"

enum { TOKENS_PER_PRICE = 1000000, USES_PER_PRICE = 1000 };

/* In the order of the prices. */
typedef struct tokens {
    int64_t count[CL_PRICES];
} tokens;

/* ---- arithmetic that cannot overflow ---- */

static int64_t plus(int64_t a, int64_t b)
{
    int64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* count * price / unit, rounded, for what is not negative. Prices are below 10^17 by the limits of the table. */
static int64_t times(int64_t count, int64_t price, int64_t unit)
{
    int64_t rest = count % unit;
    int64_t whole;

    if (__builtin_mul_overflow(count / unit, price, &whole))
        return INT64_MAX;
    return plus(whole, rest * (price / unit) + (rest * (price % unit) + unit / 2) / unit);
}

/* ---- prices ---- */

/* They depend on how long the prompt is. */
static bool prices_for(const cl_model *model, int64_t prompt, cl_prices *out)
{
    for (size_t i = 0; i < model->price_count; i++) {
        if (prompt <= model->prices[i].longest) {
            *out = model->prices[i];
            return true;
        }
    }
    return false;
}

static bool percent_in(cl_json percents, cl_str field, cl_str value, int64_t *percent)
{
    return cl_json_to_int(cl_json_member(cl_json_member(percents, field), value), percent);
}

/* By the values of some fields of the usage, the model's own percentages before those of all models. */
static void apply_percents(const claude_models_t *models, const cl_model *model, const cl_usage *usage, uint32_t flags,
                           cl_prices *out)
{
    for (size_t i = 0; i < CL_USAGE_TRAITS; i++) {
        cl_str field = cl_str_of(cl_usage_trait_name(i));
        char text[64];
        size_t len = cl_json_copy_text(usage->traits[i], text, sizeof text);
        cl_str value = i == 0 && (flags & CLAUDE_COST_BATCH) ? CL_STR("batch") : cl_str_n(text, len);
        int64_t percent;

        if (value.len == 0)
            continue;
        if (!percent_in(model->percent, field, value, &percent) && !percent_in(models->percent, field, value, &percent))
            continue;
        for (size_t column = 0; column < CL_PRICES; column++)
            out->nano[column] = (out->nano[column] * percent + 50) / 100;
    }
}

/* ---- tokens ---- */

/* 0: missing, null, or nonsense. */
static int64_t count_of(cl_json object, const char *name)
{
    int64_t count;

    return cl_json_to_int(cl_json_member(object, cl_str_of(name)), &count) ? cl_usage_or_none(count) : 0;
}

static tokens tokens_of(const cl_usage *usage)
{
    int64_t created = cl_usage_or_none(usage->cache_write);
    int64_t short_lived = count_of(usage->cache_split, "ephemeral_5m_input_tokens");
    int64_t long_lived = count_of(usage->cache_split, "ephemeral_1h_input_tokens");
    /* What the split does not explain lives five minutes, which is the default. */
    int64_t five_minutes = created - long_lived > short_lived ? created - long_lived : short_lived;

    return (tokens){.count = {[CL_PRICE_INPUT] = cl_usage_or_none(usage->input),
                              [CL_PRICE_OUTPUT] = cl_usage_or_none(usage->output),
                              [CL_PRICE_WRITE_5M] = five_minutes,
                              [CL_PRICE_WRITE_1H] = long_lived,
                              [CL_PRICE_READ] = cl_usage_or_none(usage->cache_read)}};
}

static int64_t prompt_of(const tokens *used)
{
    return plus(plus(used->count[CL_PRICE_INPUT], used->count[CL_PRICE_READ]),
                plus(used->count[CL_PRICE_WRITE_5M], used->count[CL_PRICE_WRITE_1H]));
}

/* ---- costs ---- */

static int32_t add_tokens(const claude_models_t *models, cl_str id, const tokens *used, const cl_usage *usage,
                          uint32_t flags, cl_cost *out)
{
    const cl_model *model = cl_models_find(models, id);
    cl_prices list;
    int64_t saved;

    if (!model || !prices_for(model, prompt_of(used), &list))
        return CLAUDE_COST_UNPRICED;
    apply_percents(models, model, usage, flags, &list);
    for (size_t i = 0; i < CL_PRICES; i++)
        out->parts[i] = plus(out->parts[i], times(used->count[i], list.nano[i], TOKENS_PER_PRICE));
    saved = list.nano[CL_PRICE_INPUT] - list.nano[CL_PRICE_READ];
    if (saved > 0)
        out->parts[CL_COST_SAVED] =
            plus(out->parts[CL_COST_SAVED], times(used->count[CL_PRICE_READ], saved, TOKENS_PER_PRICE));
    return CLAUDE_OK;
}

/* Where the server sampled several times, the figures of the whole leave some of it out: each counts, and each may have
 * a model of its own. */
static int32_t add_iterations(const claude_models_t *models, cl_str model, const cl_usage *usage, uint32_t flags,
                              cl_cost *out)
{
    cl_json_iter iter = cl_json_iter_of(usage->iterations);
    cl_json iteration;
    int32_t rc = CLAUDE_OK;

    while (rc == CLAUDE_OK && cl_json_next(&iter, NULL, &iteration)) {
        char name[CL_MODEL_ID_MAX + 1];
        size_t len = cl_json_copy_text(cl_json_member(iteration, CL_STR("model")), name, sizeof name);
        cl_usage own = cl_usage_of(iteration);
        tokens used = tokens_of(&own);

        rc = add_tokens(models, len > 0 ? cl_str_n(name, len) : model, &used, usage, flags, out);
    }
    return rc;
}

/* Percentages are for tokens only: a search in a batch costs the same. */
static void add_server_tools(const claude_models_t *models, const cl_usage *usage, cl_cost *out)
{
    cl_json_iter iter = cl_json_iter_of(usage->server_tools);
    cl_json key;
    cl_json value;

    while (cl_json_next(&iter, &key, &value)) {
        char name[64];
        int64_t uses;
        int64_t nano;

        cl_json_copy_text(key, name, sizeof name);
        if (cl_json_to_int(value, &uses) && uses > 0 &&
            cl_price_nano(cl_json_member(models->server_tools, cl_str_of(name)), &nano))
            out->parts[CL_COST_SERVER_TOOLS] =
                plus(out->parts[CL_COST_SERVER_TOOLS], times(uses, nano, USES_PER_PRICE));
    }
}

int32_t cl_cost_of_usage(const claude_models_t *models, cl_str model, const cl_usage *usage, uint32_t flags,
                         cl_cost *out)
{
    tokens used;
    int32_t rc;

    memset(out, 0, sizeof *out);
    if (!models)
        models = cl_models_builtin();
    if (usage->input < 0 && usage->output < 0)
        return CLAUDE_COST_UNKNOWN;
    if (usage->iterations.type == CLAUDE_JSON_ARRAY && cl_json_count(usage->iterations) > 0) {
        rc = add_iterations(models, model, usage, flags, out);
    } else {
        used = tokens_of(usage);
        rc = add_tokens(models, model, &used, usage, flags, out);
    }
    add_server_tools(models, usage, out);
    return rc;
}

int32_t cl_cost_of_tokens(const claude_models_t *models, cl_str model, int64_t input_tokens, int64_t output_tokens,
                          uint32_t flags, cl_cost *out)
{
    const tokens used = {{input_tokens, output_tokens, 0, 0, 0}};
    const cl_usage usage = {.input = input_tokens, .output = output_tokens};

    memset(out, 0, sizeof *out);
    if (input_tokens < 0 || output_tokens < 0)
        return CLAUDE_COST_UNKNOWN;
    return add_tokens(models ? models : cl_models_builtin(), model, &used, &usage, flags, out);
}

int64_t cl_cost_part(const cl_cost *cost, const char *part)
{
    static const struct {
        const char *name;
        unsigned parts;
    } names[] = {
        {"total", (1u << CL_COST_SAVED) - 1},       {"input", 1u << CL_COST_INPUT},
        {"output", 1u << CL_COST_OUTPUT},           {"cache_write", 1u << CL_COST_WRITE_5M | 1u << CL_COST_WRITE_1H},
        {"cache_write_5m", 1u << CL_COST_WRITE_5M}, {"cache_write_1h", 1u << CL_COST_WRITE_1H},
        {"cache_read", 1u << CL_COST_READ},         {"server_tools", 1u << CL_COST_SERVER_TOOLS},
        {"cache_savings", 1u << CL_COST_SAVED},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        int64_t sum = 0;

        if (strcmp(part, names[i].name) != 0)
            continue;
        for (size_t k = 0; k < CL_COST_PARTS; k++) {
            if (names[i].parts & 1u << k)
                sum = plus(sum, cost->parts[k]);
        }
        return sum;
    }
    return CLAUDE_COST_UNKNOWN;
}

int64_t cl_cost_of_json(const claude_models_t *models, const char *model, cl_json json, uint32_t flags,
                        const char *part)
{
    cl_usage usage = cl_usage_of_message(json);
    char own[CL_MODEL_ID_MAX + 1];
    cl_str id = cl_str_of(model);
    cl_cost cost;
    int32_t rc;

    if (!model)
        id = cl_str_n(own, cl_json_copy_text(cl_json_member(json, CL_STR("model")), own, sizeof own));
    rc = cl_cost_of_usage(models, id, &usage, flags, &cost);
    return rc == CLAUDE_OK ? cl_cost_part(&cost, part) : rc;
}
