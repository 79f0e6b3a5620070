#include <stdio.h>

#include "message/message.h"
#include "message/models.h"

/* Where the check is, for its messages. */
typedef struct place {
    size_t index; /* of the model; SIZE_MAX: beside the models */
    char id[CL_MODEL_ID_MAX + 1];
    cl_err *err;
} place;

typedef claude_code_t (*check_fn)(const place *at, const char *field, cl_json value);

enum { FIELD_MAX = 160, SHOWN_MAX = 80 };

static claude_code_t wrong(const place *at, const char *field, cl_json value, const char *must)
{
    cl_str shown = value.len > 0 ? cl_str_n(value.ptr, value.len) : CL_STR("missing");
    int len = shown.len < SHOWN_MAX ? (int)shown.len : SHOWN_MAX;

    if (at->index == SIZE_MAX)
        return cl_fail(at->err, CLAUDE_E_INVALID, "%s is %.*s; it must be %s", field, len, shown.ptr, must);
    return cl_fail(at->err, CLAUDE_E_INVALID, "models[%zu] (%s): %s is %.*s; it must be %s", at->index,
                   at->id[0] ? at->id : "without id", field, len, shown.ptr, must);
}

/* ---- kinds of values ---- */

static claude_code_t check_text(const place *at, const char *field, cl_json value)
{
    return value.type == CLAUDE_JSON_STRING ? CLAUDE_OK : wrong(at, field, value, "a string");
}

static bool is_id_char(char c)
{
    return cl_ascii_is_alnum(c) || (c != '\0' && strchr("._:@/-", c) != NULL);
}

/* Names are compared as they stand in the JSON, so there may be nothing in them that would need an escape. */
static claude_code_t check_id(const place *at, const char *field, cl_json value)
{
    static const char must[] = "a string of 1 to 128 letters, digits, and . _ : @ / -";

    if (value.type != CLAUDE_JSON_STRING || value.len < 3 || value.len > CL_MODEL_ID_MAX + 2)
        return wrong(at, field, value, must);
    for (size_t i = 1; i < value.len - 1; i++) {
        if (!is_id_char(value.ptr[i]))
            return wrong(at, field, value, must);
    }
    return CLAUDE_OK;
}

static claude_code_t check_aliases(const place *at, const char *field, cl_json value)
{
    cl_json_iter iter = cl_json_iter_of(value);
    cl_json alias;
    claude_code_t rc = CLAUDE_OK;

    if (value.type != CLAUDE_JSON_ARRAY || cl_json_count(value) > CL_MODEL_ALIASES_MAX)
        return wrong(at, field, value, "an array of at most 8 names");
    while (rc >= 0 && cl_json_next(&iter, NULL, &alias))
        rc = check_id(at, field, alias);
    return rc;
}

static claude_code_t check_date(const place *at, const char *field, cl_json value)
{
    char date[40];
    size_t len = cl_json_copy_text(value, date, sizeof date);
    int64_t ms;

    if (value.type != CLAUDE_JSON_STRING || !cl_model_date(cl_str_n(date, len), &ms))
        return wrong(at, field, value, "a date like \"2026-11-30\" or \"2026-11-30T00:00:00Z\"");
    return CLAUDE_OK;
}

static claude_code_t check_count(const place *at, const char *field, cl_json value)
{
    int64_t number;

    if (!cl_json_to_int(value, &number) || number < 1)
        return wrong(at, field, value, "an integer of 1 or more");
    return CLAUDE_OK;
}

static claude_code_t check_flag(const place *at, const char *field, cl_json value)
{
    return value.type == CLAUDE_JSON_BOOLEAN ? CLAUDE_OK : wrong(at, field, value, "true or false");
}

static claude_code_t check_price(const place *at, const char *field, cl_json value)
{
    double price;

    if (!cl_json_to_double(value, &price) || !(price >= 0.0 && price <= CL_PRICE_MAX))
        return wrong(at, field, value, "a number of dollars between 0 and 10000");
    return CLAUDE_OK;
}

static claude_code_t check_percent(const place *at, const char *field, cl_json value)
{
    int64_t percent;

    if (!cl_json_to_int(value, &percent) || percent < 0 || percent > CL_PERCENT_MAX)
        return wrong(at, field, value, "an integer between 0 and 1000");
    return CLAUDE_OK;
}

/* Every member of an object. */
static claude_code_t check_members(const place *at, const char *field, cl_json value, check_fn check)
{
    cl_json_iter iter = cl_json_iter_of(value);
    cl_json key;
    cl_json member;
    claude_code_t rc = CLAUDE_OK;

    if (value.type != CLAUDE_JSON_OBJECT)
        return wrong(at, field, value, "an object");
    while (rc >= 0 && cl_json_next(&iter, &key, &member)) {
        char name[64];
        char path[FIELD_MAX];
        cl_json_copy_text(key, name, sizeof name);
        snprintf(path, sizeof path, "%.80s/%s", field, name);
        if (!cl_json_is_absent(member))
            rc = check(at, path, member);
    }
    return rc;
}

static claude_code_t check_texts(const place *at, const char *field, cl_json value)
{
    return check_members(at, field, value, check_text);
}

static claude_code_t check_fees(const place *at, const char *field, cl_json value)
{
    return check_members(at, field, value, check_price);
}

static claude_code_t check_percents(const place *at, const char *field, cl_json value)
{
    return check_members(at, field, value, check_percent);
}

static claude_code_t check_percent_maps(const place *at, const char *field, cl_json value)
{
    return check_members(at, field, value, check_percents);
}

/* ---- prices ---- */

static claude_code_t check_column(const place *at, size_t row, cl_json prices, const char *column, bool required)
{
    cl_json value = cl_json_member(prices, cl_str_of(column));
    char path[FIELD_MAX];

    snprintf(path, sizeof path, "prices/%zu/%s", row, column);
    if (cl_json_is_absent(value))
        return required ? wrong(at, path, value, "a number of dollars per million tokens") : CLAUDE_OK;
    return check_price(at, path, value);
}

/* How long prompts may be for a row of prices: each more than the one before, the last without end. */
static claude_code_t check_tier(const place *at, size_t row, cl_json prices, bool last, int64_t *before)
{
    cl_json value = cl_json_member(prices, CL_STR("max_prompt_tokens"));
    char path[FIELD_MAX];
    int64_t tokens;

    snprintf(path, sizeof path, "prices/%zu/max_prompt_tokens", row);
    if (last)
        return cl_json_is_absent(value)
                   ? CLAUDE_OK
                   : wrong(at, path, value, "left out: the last prices are for all longer prompts");
    if (!cl_json_to_int(value, &tokens) || tokens <= *before)
        return wrong(at, path, value, "an integer of 1 or more that is larger than that of the prices before");
    *before = tokens;
    return CLAUDE_OK;
}

static claude_code_t check_prices(const place *at, const char *field, cl_json value)
{
    static const char *const columns[] = {"input", "output", "cache_write_5m", "cache_write_1h", "cache_read"};
    cl_json_iter iter = cl_json_iter_of(value);
    size_t count = cl_json_count(value);
    cl_json prices;
    int64_t before = 0;
    claude_code_t rc = CLAUDE_OK;

    if (value.type != CLAUDE_JSON_ARRAY || count == 0 || count > CL_MODEL_PRICES_MAX)
        return wrong(at, field, value, "an array of 1 to 8 objects");
    for (size_t row = 0; rc >= 0 && cl_json_next(&iter, NULL, &prices); row++) {
        if (prices.type != CLAUDE_JSON_OBJECT)
            return wrong(at, field, value, "an array of objects");
        rc = check_tier(at, row, prices, row + 1 == count, &before);
        for (size_t i = 0; rc >= 0 && i < sizeof columns / sizeof columns[0]; i++)
            rc = check_column(at, row, prices, columns[i], i < 2);
    }
    return rc;
}

/* ---- models and the whole ---- */

typedef struct field_rule {
    const char *name;
    check_fn check;
} field_rule;

static const field_rule of_model[] = {
    {"aliases", check_aliases},        {"display_name", check_text},    {"line", check_text},
    {"lifecycle", check_text},         {"replacement", check_id},       {"deprecated_at", check_date},
    {"retires_at", check_date},        {"context_window", check_count}, {"max_output_tokens", check_count},
    {"default_effort", check_text},    {"thinking", check_text},        {"forced_tool_use", check_flag},
    {"thinking_enabled", check_flag},  {"sampling", check_flag},        {"nonstreaming_max_tokens", check_count},
    {"cache_min_tokens", check_count}, {"warnings", check_texts},       {"percent", check_percent_maps},
    {"prices", check_prices},          {"comment", check_text},         {NULL, NULL},
};

static const field_rule of_table[] = {
    {"percent", check_percent_maps},
    {"server_tools", check_fees},
    {"comment", check_text},
    {NULL, NULL},
};

static claude_code_t check_fields(const place *at, cl_json object, const field_rule *rules)
{
    claude_code_t rc = CLAUDE_OK;

    for (; rc >= 0 && rules->name; rules++) {
        cl_json value = cl_json_member(object, cl_str_of(rules->name));
        if (!cl_json_is_absent(value))
            rc = rules->check(at, rules->name, value);
    }
    return rc;
}

static claude_code_t check_model(place *at, cl_json model)
{
    cl_json id = cl_json_member(model, CL_STR("id"));
    claude_code_t rc;

    at->id[0] = '\0';
    if (model.type != CLAUDE_JSON_OBJECT)
        return wrong(at, "the model", model, "an object");
    rc = check_id(at, "id", id);
    if (rc < 0)
        return rc;
    cl_json_copy_text(id, at->id, sizeof at->id);
    return check_fields(at, model, of_model);
}

claude_code_t cl_models_check(cl_json root, cl_err *err)
{
    place at = {SIZE_MAX, "", err};
    cl_json list = cl_json_member(root, CL_STR("models"));
    cl_json_iter iter = cl_json_iter_of(list);
    cl_json model;
    claude_code_t rc;

    if (root.type != CLAUDE_JSON_OBJECT)
        return wrong(&at, "the table", root, "an object with the member models");
    if (list.type != CLAUDE_JSON_ARRAY)
        return wrong(&at, "models", list, "an array of objects");
    if (cl_json_count(list) > CL_MODELS_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "models has %zu elements; at most %d are allowed", cl_json_count(list),
                       (int)CL_MODELS_MAX);
    rc = check_fields(&at, root, of_table);
    for (at.index = 0; rc >= 0 && cl_json_next(&iter, NULL, &model); at.index++)
        rc = check_model(&at, model);
    return rc;
}
