#include "message/models.h"

#include <pthread.h>
#include <stdlib.h>

#include "message/date.h"
#include "message/message.h"

static const unsigned char built_in_text[] = {
#include "message/models.inc"
};

enum { BUILT_IN_LEN = sizeof built_in_text - 1, BUILT_IN_ROWS = 64 };

/* The table that is built in needs no memory, so that looking things up in it cannot fail. */
static struct {
    pthread_once_t once;
    claude_models_t models;
    cl_model rows[BUILT_IN_ROWS];
    char decoded[BUILT_IN_LEN + 1];
} built_in = {.once = PTHREAD_ONCE_INIT};

/* ---- making a table ---- */

static void put_notice(const claude_models_t *models, cl_model *row)
{
    cl_json lifecycle = cl_json_member(row->facts, CL_STR("lifecycle"));
    bool retired = cl_json_string_is(lifecycle, CL_STR("retired"));
    const char *date = cl_models_lend(models, cl_json_member(row->facts, CL_STR("retires_at")));
    const char *replacement = cl_models_lend(models, cl_json_member(row->facts, CL_STR("replacement")));
    cl_buf text = CL_BUF_ON(row->notice);

    row->notice[0] = '\0';
    if (!retired && !cl_json_string_is(lifecycle, CL_STR("deprecated")))
        return;
    /* Never grows: the longest notice fits. */
    cl_buf_append_str(&text, row->id);
    cl_buf_append_text(&text, retired ? " is retired" : " is deprecated");
    if (date) {
        cl_buf_append_text(&text, retired ? " since " : " and will be retired on ");
        cl_buf_append_str(&text, cl_str_n(date, 10));
    }
    if (replacement) {
        cl_buf_append_text(&text, "; use ");
        cl_buf_append_text(&text, replacement);
    }
}

/* Numbers of nano-dollars below 10^18 have so many digits. */
enum { NANO_DIGITS = 9, MOST_DIGITS = 18 };

/* The number that stands in the exponent; what is far beyond all prices is cut. */
static int64_t exponent_of(const char *p, const char *end)
{
    bool negative = p < end && *p == '-';
    int64_t exponent = 0;

    for (p += p < end && (*p == '-' || *p == '+'); p < end; p++)
        exponent = exponent < 10000 ? exponent * 10 + (*p - '0') : exponent;
    return negative ? -exponent : exponent;
}

/* Without floating point, whose conversion needs memory and depends on the locale. */
bool cl_price_nano(cl_json price, int64_t *nano)
{
    const char *p = price.ptr;
    const char *end = price.ptr + price.len;
    int64_t shift = NANO_DIGITS;
    int64_t value = 0;
    bool fraction = false;
    int digits = 0;

    if (price.type != CLAUDE_JSON_NUMBER)
        return false;
    for (p += *p == '-'; p < end && (*p == '.' || cl_ascii_is_digit(*p)); p++) {
        if (*p == '.') {
            fraction = true;
        } else if (digits < MOST_DIGITS) {
            value = value * 10 + (*p - '0');
            digits += value > 0;
            shift -= fraction;
        } else {
            shift += !fraction;
        }
    }
    if (p < end)
        shift += exponent_of(p + 1, end);
    for (; shift > 0 && value > 0; shift--) {
        if (__builtin_mul_overflow(value, 10, &value))
            return false;
    }
    for (; shift < -1 && value > 0; shift++)
        value /= 10;
    *nano = shift < 0 ? value / 10 + (value % 10 >= 5) : value;
    return price.ptr[0] != '-' || *nano == 0;
}

/* What is left out follows from the price of input by the factors that all models had when this was written. */
static cl_prices prices_of(cl_json row)
{
    static const char *const names[] = {"input",          "output",     "cache_write_5m",
                                        "cache_write_1h", "cache_read", "max_prompt_tokens"};
    static const int of_input[CL_PRICES] = {100, 0, 125, 200, 10}; /* percent */
    enum { COLUMNS = sizeof names / sizeof names[0] };
    cl_json values[COLUMNS];
    cl_prices out = {.nano = {0}};

    cl_json_members(row, names, COLUMNS, values);
    if (!cl_json_to_int(values[CL_PRICES], &out.longest))
        out.longest = INT64_MAX;
    for (size_t i = 0; i < CL_PRICES; i++) {
        if (!cl_price_nano(values[i], &out.nano[i]))
            out.nano[i] = out.nano[CL_PRICE_INPUT] * of_input[i] / 100;
    }
    return out;
}

static void put_prices(cl_model *row)
{
    cl_json_iter iter = cl_json_iter_of(cl_json_member(row->facts, CL_STR("prices")));
    cl_json prices;

    for (row->price_count = 0; row->price_count < CL_MODEL_PRICES_MAX && cl_json_next(&iter, NULL, &prices);
         row->price_count++)
        row->prices[row->price_count] = prices_of(prices);
}

/* Of a text that was checked, with room for its rows. */
static void make(claude_models_t *models, cl_str text, char *decoded, cl_model *rows)
{
    cl_json root = cl_json_root(text);
    cl_json_iter iter = cl_json_iter_of(cl_json_member(root, CL_STR("models")));
    cl_json facts;

    cl_handle_init(&models->handle, CL_MAGIC_MODELS);
    cl_json_decode_all(text, decoded);
    models->text = text;
    models->percent = cl_json_member(root, CL_STR("percent"));
    models->server_tools = cl_json_member(root, CL_STR("server_tools"));
    models->decoded = decoded;
    models->rows = rows;
    for (size_t i = 0; cl_json_next(&iter, NULL, &facts); i++) {
        cl_json id = cl_json_member(facts, CL_STR("id"));
        rows[i].facts = facts;
        rows[i].id = cl_str_n(id.ptr + 1, id.len - 2);
        rows[i].aliases = cl_json_member(facts, CL_STR("aliases"));
        rows[i].percent = cl_json_member(facts, CL_STR("percent"));
        put_prices(&rows[i]);
        put_notice(models, &rows[i]);
        models->count = i + 1;
    }
}

static void make_built_in(void)
{
    built_in.models.built_in = true;
    make(&built_in.models, cl_str_n((const char *)built_in_text, BUILT_IN_LEN), built_in.decoded, built_in.rows);
}

const claude_models_t *cl_models_builtin(void)
{
    pthread_once(&built_in.once, make_built_in);
    return &built_in.models;
}

static const claude_models_t *or_built_in(const claude_models_t *models)
{
    return models ? models : cl_models_builtin();
}

claude_models_t *cl_models_ref(claude_models_t *models)
{
    cl_handle_ref(&models->handle);
    return models;
}

void cl_models_unref(claude_models_t *models)
{
    if (models && !models->built_in && cl_handle_unref(&models->handle))
        free(models);
}

/* ---- names ---- */

static bool all_digits(cl_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!cl_ascii_is_digit(text.ptr[i]))
            return false;
    }
    return text.len > 0;
}

static cl_str after_last(cl_str text, cl_str mark)
{
    for (size_t at = text.len; at >= mark.len; at--) {
        if (memcmp(text.ptr + at - mark.len, mark.ptr, mark.len) == 0)
            return cl_str_n(text.ptr + at, text.len - at);
    }
    return text;
}

static cl_str before_first(cl_str text, char mark)
{
    const char *found = text.len > 0 ? memchr(text.ptr, mark, text.len) : NULL;

    return cl_str_n(text.ptr, found ? (size_t)(found - text.ptr) : text.len);
}

cl_str cl_model_plain_id(cl_str id)
{
    cl_str tail;

    /* "us.anthropic.claude-x-20250101-v1:0", with or without an ARN, and ".../models/claude-x@20250101". */
    id = after_last(id, CL_STR("/"));
    id = after_last(id, CL_STR("anthropic."));
    id = before_first(id, '@');
    tail = after_last(id, CL_STR("-v"));
    if (tail.len < id.len && all_digits(before_first(tail, ':')))
        id.len -= tail.len + 2;
    tail = after_last(id, CL_STR("-"));
    if (cl_str_eq(tail, CL_STR("latest")) || (tail.len == 8 && tail.len < id.len && all_digits(tail)))
        id.len -= tail.len < id.len ? tail.len + 1 : 0;
    return id;
}

bool cl_model_same(cl_str a, cl_str b)
{
    cl_str plain;

    if (cl_str_eq(a, b))
        return true;
    plain = cl_model_plain_id(a);
    return plain.len > 0 && cl_str_eq(plain, cl_model_plain_id(b));
}

static bool is_plainly(cl_str name, cl_str plain)
{
    return name.len >= plain.len && cl_str_eq(cl_model_plain_id(name), plain);
}

static bool has_name(const cl_model *row, cl_str id, bool (*same)(cl_str, cl_str))
{
    cl_json_iter iter;
    cl_json alias;

    if (same(row->id, id))
        return true;
    if (row->aliases.type != CLAUDE_JSON_ARRAY)
        return false;
    iter = cl_json_iter_of(row->aliases);
    while (cl_json_next(&iter, NULL, &alias)) {
        if (same(cl_str_n(alias.ptr + 1, alias.len - 2), id))
            return true;
    }
    return false;
}

static const cl_model *find_by(const cl_model *rows, size_t count, cl_str id, bool (*same)(cl_str, cl_str))
{
    for (size_t i = 0; i < count; i++) {
        if (has_name(&rows[i], id, same))
            return &rows[i];
    }
    return NULL;
}

const cl_model *cl_models_find(const claude_models_t *models, cl_str id)
{
    const cl_model *found;

    if (!CL_FEATURE_MODEL_MANAGEMENT)
        return NULL;
    models = or_built_in(models);
    found = find_by(models->rows, models->count, id, cl_str_eq);
    if (found)
        return found;
    id = cl_model_plain_id(id);
    return id.len > 0 ? find_by(models->rows, models->count, id, is_plainly) : NULL;
}

/* ---- a table of the program's ---- */

static claude_code_t check_name(const claude_models_t *models, size_t index, cl_str name, cl_err *err)
{
    const cl_model *row = &models->rows[index];
    const cl_model *other = find_by(models->rows, index, name, cl_str_eq);

    if (!other)
        return CLAUDE_OK;
    return cl_fail(err, CLAUDE_E_INVALID,
                   "models[%zu] (%.*s): the name %.*s is also one of %.*s; give it to one of them", index,
                   (int)row->id.len, row->id.ptr, (int)name.len, name.ptr, (int)other->id.len, other->id.ptr);
}

static claude_code_t check_names(const claude_models_t *models, cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;

    for (size_t i = 0; i < models->count && rc >= 0; i++) {
        cl_json_iter iter = cl_json_iter_of(models->rows[i].aliases);
        cl_json alias;

        rc = check_name(models, i, models->rows[i].id, err);
        while (rc >= 0 && cl_json_next(&iter, NULL, &alias))
            rc = check_name(models, i, cl_str_n(alias.ptr + 1, alias.len - 2), err);
    }
    return rc;
}

claude_code_t cl_models_load(cl_str json, claude_models_t **out, cl_err *err)
{
    claude_models_t *models = NULL;
    cl_json root;
    size_t count;
    char *texts;
    claude_code_t rc;

    if (json.len > CL_MODELS_JSON_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "models: the table has %zu bytes; at most %zu are allowed", json.len,
                       CL_MODELS_JSON_MAX);
    rc = cl_json_validate(json, CL_JSON_DEPTH_DEFAULT, &root, err);
    if (rc >= 0)
        rc = cl_models_check(root, err);
    if (rc < 0)
        return rc;
    count = cl_json_count(cl_json_member(root, CL_STR("models")));
    models = calloc(1, sizeof *models + count * sizeof(cl_model) + 2 * (json.len + 1));
    if (!models)
        return cl_fail_nomem(err);
    texts = (char *)(models + 1) + count * sizeof(cl_model);
    memcpy(texts, json.ptr, json.len);
    make(models, cl_str_n(texts, json.len), texts + json.len + 1, (cl_model *)(models + 1));
    rc = check_names(models, err);
    if (rc < 0)
        free(models);
    else
        *out = models;
    return rc;
}

/* ---- facts ---- */

cl_json cl_model_fact(const cl_model *model, const char *what)
{
    cl_json value = model->facts;
    cl_str rest = cl_str_of(what);

    for (;;) {
        cl_str step = before_first(rest, '/');
        value = cl_json_child(value, step);
        if (value.type == CLAUDE_JSON_NONE || step.len == rest.len)
            return value;
        rest = cl_str_n(rest.ptr + step.len + 1, rest.len - step.len - 1);
    }
}

const char *cl_models_lend(const claude_models_t *models, cl_json string)
{
    if (!CL_FEATURE_MODEL_MANAGEMENT)
        return NULL;
    models = or_built_in(models);
    return string.type == CLAUDE_JSON_STRING ? models->decoded + (string.ptr - models->text.ptr) + 1 : NULL;
}

bool cl_model_date(cl_str text, int64_t *ms)
{
    char storage[24];
    cl_buf whole = CL_BUF_ON(storage);

    if (text.len != 10)
        return cl_date_rfc3339(text, ms);
    cl_buf_append_str(&whole, text);
    cl_buf_append_text(&whole, "T00:00:00Z");
    return cl_date_rfc3339(cl_buf_str(&whole), ms);
}

bool cl_model_retires_ms(const cl_model *model, int64_t *ms)
{
    char date[40];
    size_t len = cl_json_copy_text(cl_json_member(model->facts, CL_STR("retires_at")), date, sizeof date);

    return cl_model_date(cl_str_n(date, len), ms);
}

int64_t cl_model_days_left(int64_t retires_ms, int64_t now_ms)
{
    const int64_t day = (int64_t)24 * 3600 * 1000;

    if (retires_ms <= now_ms)
        return 0;
    /* No overflow: dates lie between the years 1 and 9999. */
    if (now_ms < 0)
        now_ms = 0;
    return (retires_ms - now_ms + day - 1) / day;
}
