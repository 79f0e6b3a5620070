#include "message/cost.h"

#include "message/message.h"

/* Nano-dollars that a million tokens, or a thousand uses, cost. */
enum { TOKENS_PER_PRICE = 1000000, USES_PER_PRICE = 1000 };
#define NANO_PER_DOLLAR 1e9

/* Per million tokens, in the order of the parts of a cost up to CL_COST_READ. */
typedef struct prices {
    int64_t nano[CL_COST_READ + 1];
} prices;

typedef struct tokens {
    int64_t count[CL_COST_READ + 1];
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

static bool dollars(cl_json object, const char *name, int64_t *nano)
{
    double price;

    if (!cl_json_to_double(cl_json_member(object, cl_str_of(name)), &price))
        return false;
    *nano = (int64_t)(price * NANO_PER_DOLLAR + 0.5);
    return true;
}

/* What is left out follows from the price of input by the factors that all models had when this was written. */
static void read_prices(cl_json row, prices *out)
{
    static const struct {
        const char *name;
        int percent; /* of the price of input */
    } columns[] = {{"input", 100}, {"output", 0}, {"cache_write_5m", 125}, {"cache_write_1h", 200}, {"cache_read", 10}};

    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        if (!dollars(row, columns[i].name, &out->nano[i]))
            out->nano[i] = out->nano[CL_COST_INPUT] * columns[i].percent / 100;
    }
}

/* Prices depend on how long the prompt is. */
static bool prices_for(const cl_model *model, int64_t prompt, prices *out)
{
    cl_json_iter iter = cl_json_iter_of(cl_json_member(model->facts, CL_STR("prices")));
    cl_json row;
    int64_t longest;

    while (cl_json_next(&iter, NULL, &row)) {
        if (cl_json_to_int(cl_json_member(row, CL_STR("max_prompt_tokens")), &longest) && prompt > longest)
            continue;
        read_prices(row, out);
        return true;
    }
    return false;
}

static bool percent_in(cl_json percents, cl_str field, cl_str value, int64_t *percent)
{
    return cl_json_to_int(cl_json_member(cl_json_member(percents, field), value), percent);
}

/* By the values of some fields of the usage, the model's own percentages before those of all models. */
static void apply_percents(const claude_models_t *models, const cl_model *model, cl_json usage, uint32_t flags,
                           prices *out)
{
    static const char *const fields[] = {"service_tier", "inference_geo", "speed"};
    cl_json own = cl_json_member(model->facts, CL_STR("percent"));

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        cl_str field = cl_str_of(fields[i]);
        char text[64];
        size_t len = cl_json_copy_text(cl_json_member(usage, field), text, sizeof text);
        cl_str value = i == 0 && (flags & CLAUDE_COST_BATCH) ? CL_STR("batch") : cl_str_n(text, len);
        int64_t percent;

        if (!percent_in(own, field, value, &percent) && !percent_in(models->percent, field, value, &percent))
            continue;
        for (size_t column = 0; column <= CL_COST_READ; column++)
            out->nano[column] = (out->nano[column] * percent + 50) / 100;
    }
}

/* ---- tokens ---- */

/* 0: missing, null, or nonsense. */
static int64_t count_of(cl_json usage, const char *name)
{
    int64_t count;

    return cl_json_to_int(cl_json_member(usage, cl_str_of(name)), &count) && count > 0 ? count : 0;
}

static void read_tokens(cl_json usage, tokens *out)
{
    cl_json split = cl_json_member(usage, CL_STR("cache_creation"));
    int64_t created = count_of(usage, "cache_creation_input_tokens");
    int64_t short_lived = count_of(split, "ephemeral_5m_input_tokens");
    int64_t long_lived = count_of(split, "ephemeral_1h_input_tokens");

    out->count[CL_COST_INPUT] = count_of(usage, "input_tokens");
    out->count[CL_COST_OUTPUT] = count_of(usage, "output_tokens");
    /* What the split does not explain lives five minutes, which is the default. */
    out->count[CL_COST_WRITE_5M] = created - long_lived > short_lived ? created - long_lived : short_lived;
    out->count[CL_COST_WRITE_1H] = long_lived;
    out->count[CL_COST_READ] = count_of(usage, "cache_read_input_tokens");
}

static int64_t prompt_of(const tokens *used)
{
    return plus(plus(used->count[CL_COST_INPUT], used->count[CL_COST_READ]),
                plus(used->count[CL_COST_WRITE_5M], used->count[CL_COST_WRITE_1H]));
}

/* ---- costs ---- */

static int32_t add_tokens(const claude_models_t *models, cl_str id, const tokens *used, cl_json usage, uint32_t flags,
                          cl_cost *out)
{
    const cl_model *model = cl_models_find(models, id);
    prices list;
    int64_t saved;

    if (!model || !prices_for(model, prompt_of(used), &list))
        return CLAUDE_COST_UNPRICED;
    apply_percents(models, model, usage, flags, &list);
    for (size_t i = 0; i <= CL_COST_READ; i++)
        out->parts[i] = plus(out->parts[i], times(used->count[i], list.nano[i], TOKENS_PER_PRICE));
    saved = list.nano[CL_COST_INPUT] - list.nano[CL_COST_READ];
    if (saved > 0)
        out->parts[CL_COST_SAVED] =
            plus(out->parts[CL_COST_SAVED], times(used->count[CL_COST_READ], saved, TOKENS_PER_PRICE));
    return CLAUDE_OK;
}

/* Where the server sampled several times, the figures of the whole leave some of it out: each counts, and each may have
 * a model of its own. */
static int32_t add_iterations(const claude_models_t *models, cl_str model, cl_json usage, cl_json iterations,
                              uint32_t flags, cl_cost *out)
{
    cl_json_iter iter = cl_json_iter_of(iterations);
    cl_json iteration;
    int32_t rc = CLAUDE_OK;

    while (rc == CLAUDE_OK && cl_json_next(&iter, NULL, &iteration)) {
        char name[CL_MODEL_ID_MAX + 1];
        size_t len = cl_json_copy_text(cl_json_member(iteration, CL_STR("model")), name, sizeof name);
        tokens used;

        read_tokens(iteration, &used);
        rc = add_tokens(models, len > 0 ? cl_str_n(name, len) : model, &used, usage, flags, out);
    }
    return rc;
}

/* Percentages are for tokens only: a search in a batch costs the same. */
static void add_server_tools(const claude_models_t *models, cl_json usage, cl_cost *out)
{
    cl_json_iter iter = cl_json_iter_of(cl_json_member(usage, CL_STR("server_tool_use")));
    cl_json key;
    cl_json value;

    while (cl_json_next(&iter, &key, &value)) {
        char name[64];
        int64_t uses;
        int64_t nano;

        cl_json_copy_text(key, name, sizeof name);
        if (cl_json_to_int(value, &uses) && uses > 0 && dollars(models->server_tools, name, &nano))
            out->parts[CL_COST_SERVER_TOOLS] =
                plus(out->parts[CL_COST_SERVER_TOOLS], times(uses, nano, USES_PER_PRICE));
    }
}

static bool has_count(cl_json usage, cl_str name)
{
    return cl_json_member(usage, name).type == CLAUDE_JSON_NUMBER;
}

int32_t cl_cost_of_usage(const claude_models_t *models, cl_str model, cl_json usage, uint32_t flags, cl_cost *out)
{
    cl_json iterations = cl_json_member(usage, CL_STR("iterations"));
    tokens used;
    int32_t rc;

    memset(out, 0, sizeof *out);
    if (!models)
        models = cl_models_builtin();
    if (!has_count(usage, CL_STR("input_tokens")) && !has_count(usage, CL_STR("output_tokens")))
        return CLAUDE_COST_UNKNOWN;
    if (iterations.type == CLAUDE_JSON_ARRAY && cl_json_count(iterations) > 0) {
        rc = add_iterations(models, model, usage, iterations, flags, out);
    } else {
        read_tokens(usage, &used);
        rc = add_tokens(models, model, &used, usage, flags, out);
    }
    add_server_tools(models, usage, out);
    return rc;
}

int32_t cl_cost_of_tokens(const claude_models_t *models, cl_str model, int64_t input_tokens, int64_t output_tokens,
                          uint32_t flags, cl_cost *out)
{
    const tokens used = {{input_tokens, output_tokens, 0, 0, 0}};
    const cl_json usage = {NULL, 0, CLAUDE_JSON_NONE};

    memset(out, 0, sizeof *out);
    if (input_tokens < 0 || output_tokens < 0)
        return CLAUDE_COST_UNKNOWN;
    return add_tokens(models ? models : cl_models_builtin(), model, &used, usage, flags, out);
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
    cl_json usage = cl_json_member(json, CL_STR("usage"));
    char own[CL_MODEL_ID_MAX + 1];
    size_t len = cl_json_copy_text(cl_json_member(json, CL_STR("model")), own, sizeof own);
    cl_cost cost;
    int32_t rc;

    rc = cl_cost_of_usage(models, model ? cl_str_of(model) : cl_str_n(own, len),
                          usage.type == CLAUDE_JSON_OBJECT ? usage : json, flags, &cost);
    return rc == CLAUDE_OK ? cl_cost_part(&cost, part) : rc;
}
