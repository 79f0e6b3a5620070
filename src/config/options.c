#include "auth/auth.h"
#include "config/config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { TEXT_MAX = 65536, USER_AGENT_MAX = 512, NAME_MAX_LEN = 64, ROWS = CL_OPT_COUNT + 1 };

#define ROW(name, type, unit, initial, min, max, values, scope, aliases, text)                                         \
    {name, CL_TYPE_##type, CL_SCOPE_##scope, unit, initial, min, max, values, aliases, text},

/* The API key has a row for the documentation's sake; its value goes into a secret and never comes here. */
#define API_KEY_TEXT                                                                                                   \
    "The API key: sk-ant- and letters, digits, - or _. Moves into guarded memory at once and reads as no value."

static const cl_option_row rows[ROWS] = {
#define CL_OPTION(id, ...) ROW(__VA_ARGS__)
#include "config/options.def"
#undef CL_OPTION
    ROW("api_key", STRING, "", "", 0, 0, "", CLIENT, "", API_KEY_TEXT)};

typedef struct value {
    char *text;     /* NULL: not set */
    int64_t number; /* of the text, else of the default: reading an option parses nothing */
    bool touched;   /* set or reset since the options were made */
} value;

struct cl_options {
    _Atomic uint32_t refs;
    value values[CL_OPT_COUNT];
};

const cl_option_row *cl_option_row_at(size_t index)
{
    return index < ROWS ? &rows[index] : NULL;
}

const char *cl_option_name_at(size_t index)
{
    return index < ROWS ? rows[index].name : NULL;
}

const char *cl_option_type_name(int type)
{
    static const char *const names[] = {"string", "integer", "boolean", "enum", "number"};

    return names[type];
}

const char *cl_option_scope_name(int scope)
{
    static const char *const names[] = {"client", "request", "both"};

    return names[scope];
}

/* ---- names ---- */

/* Next word of a list separated by spaces; false after the last. */
static bool next_word(const char **list, cl_str *word)
{
    const char *p = *list;

    while (*p == ' ')
        p++;
    *word = cl_str_n(p, 0);
    while (p[word->len] != '\0' && p[word->len] != ' ')
        word->len++;
    *list = p + word->len;
    return word->len > 0;
}

size_t cl_option_find(const char *key)
{
    cl_str wanted = cl_str_of(key);

    for (size_t i = 0; i < ROWS && wanted.len > 0; i++) {
        const char *aliases = rows[i].aliases;
        cl_str alias;
        if (cl_str_eq(wanted, cl_str_of(rows[i].name)))
            return i;
        while (next_word(&aliases, &alias)) {
            if (cl_str_eq(wanted, alias))
                return i;
        }
    }
    return ROWS;
}

/* A long or secret-looking name is a value in the wrong place. */
const char *cl_option_shown(const char *key)
{
    cl_str text = cl_str_of(key);

    return text.len > NAME_MAX_LEN || cl_secret_suspected(text) ? "(a name that is not shown)" : key;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The canonical name that is most like the key; NULL if none is like it. */
static const char *nearest_name(cl_str key)
{
    size_t best = key.len / 3 > 2 ? key.len / 3 : 2;
    const char *name = NULL;

    if (key.len == 0 || key.len > NAME_MAX_LEN)
        return NULL;
    for (size_t i = 0; i < ROWS; i++) {
        const char *aliases = rows[i].aliases;
        size_t distance = cl_str_distance(key, cl_str_of(rows[i].name));
        cl_str alias;
        while (next_word(&aliases, &alias))
            distance = least(distance, cl_str_distance(key, alias));
        if (distance < best || (distance == best && !name)) {
            best = distance;
            name = rows[i].name;
        }
    }
    return name;
}

static claude_code_t fail_unknown(const char *key, cl_err *err)
{
    const char *near = nearest_name(cl_str_of(key));
    const char *name = cl_option_shown(key);

    if (!key || !*key)
        return cl_fail(err, CLAUDE_E_INVALID, "option name is %s", key ? "empty" : "NULL");
    if (near && name == key)
        return cl_fail(err, CLAUDE_E_INVALID, "unknown option %s; did you mean %s?", name, near);
    return cl_fail(err, CLAUDE_E_INVALID, "unknown option %s; claude_option_at() lists the names", name);
}

/* ---- values ---- */

static bool parse_boolean(cl_str text, int64_t *out)
{
    static const char *const words[] = {"false", "true", "0", "1", "no", "yes", "off", "on"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (cl_str_eq_nocase(text, cl_str_of(words[i]))) {
            *out = (int64_t)(i % 2);
            return true;
        }
    }
    return false;
}

/* Position of a word in a list; `*word` becomes its spelling there. */
static bool parse_enum(const char *list, cl_str *word, int64_t *out)
{
    cl_str candidate;

    for (int64_t i = 0; next_word(&list, &candidate); i++) {
        if (cl_str_eq_nocase(candidate, *word)) {
            *word = candidate;
            *out = i;
            return true;
        }
    }
    return false;
}

static bool is_date(cl_str text)
{
    int64_t month;
    int64_t day;

    if (text.len != 10 || text.ptr[4] != '-' || text.ptr[7] != '-')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (i != 4 && i != 7 && !cl_ascii_is_digit(text.ptr[i]))
            return false;
    }
    return cl_str_to_int64(cl_str_n(text.ptr + 5, 2), &month) && cl_str_to_int64(cl_str_n(text.ptr + 8, 2), &day) &&
           month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/* Checks of single options, beyond their types. `*text` may become a canonical form of itself. */
static claude_code_t check_string(cl_option option, cl_str *text, cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;

    if (text->len > TEXT_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "%s is longer than %d bytes", rows[option].name, TEXT_MAX);
    switch (option) {
    case CL_OPT_BASE_URL:
        /* Whether http is allowed depends on another option, which may be set later: cl_config_check(). */
        rc = cl_base_url_check(*text, true, err);
        while (rc >= 0 && text->ptr[text->len - 1] == '/')
            text->len--;
        return rc;
    case CL_OPT_API_VERSION:
        return is_date(*text) ? CLAUDE_OK
                              : cl_fail(err, CLAUDE_E_INVALID, "api_version must be a date such as 2023-06-01");
    case CL_OPT_BETA:
        return text->len > 0 ? cl_header_check(CL_STR("anthropic-beta"), *text, err) : CLAUDE_OK;
    case CL_OPT_USER_AGENT:
        if (text->len > USER_AGENT_MAX)
            return cl_fail(err, CLAUDE_E_INVALID, "user_agent is longer than %d bytes", USER_AGENT_MAX);
        return text->len > 0 ? cl_header_check(CL_STR("user-agent"), *text, err) : CLAUDE_OK;
    case CL_OPT_PROXY:
        return text->len > 0 ? cl_proxy_url_check(*text, err) : CLAUDE_OK;
    case CL_OPT_RETRY_COUNT_HEADER:
        return text->len > 0 ? cl_header_check(*text, CL_STR("0"), err) : CLAUDE_OK;
    default:
        return CLAUDE_OK;
    }
}

static claude_code_t parse_integer(const cl_option_row *row, cl_str text, int64_t *out, cl_err *err)
{
    const char *gap = row->unit[0] != '\0' ? " " : "";
    int64_t number;

    if (!cl_str_to_int64(text, &number))
        return cl_fail(err, CLAUDE_E_INVALID, "%s must be a whole number from %lld to %lld%s%s", row->name,
                       (long long)row->min, (long long)row->max, gap, row->unit);
    if (number < row->min || number > row->max)
        return cl_fail(err, CLAUDE_E_INVALID, "%s is out of range: %lld to %lld%s%s are allowed", row->name,
                       (long long)row->min, (long long)row->max, gap, row->unit);
    *out = number;
    return CLAUDE_OK;
}

/* "2", "0.25": at most three decimals, read and written without a locale. In thousandths. */
static bool parse_thousandths(cl_str text, int64_t *out)
{
    const char *dot = memchr(text.ptr, '.', text.len);
    cl_str whole = dot ? cl_str_n(text.ptr, (size_t)(dot - text.ptr)) : text;
    cl_str decimals = dot ? cl_str_n(dot + 1, text.len - whole.len - 1) : CL_STR("0");
    int64_t scale = CL_NUMBER_ONE;
    int64_t number;
    int64_t rest = 0;

    if (decimals.len == 0 || decimals.len > 3 || whole.len == 0 || !cl_ascii_is_digit(whole.ptr[0]) ||
        !cl_str_to_int64(whole, &number) || number > INT64_MAX / CL_NUMBER_ONE - 1)
        return false;
    for (size_t i = 0; i < decimals.len; i++) {
        if (!cl_ascii_is_digit(decimals.ptr[i]))
            return false;
        scale /= 10;
        rest += (decimals.ptr[i] - '0') * scale;
    }
    *out = number * CL_NUMBER_ONE + rest;
    return true;
}

int cl_option_put_number(cl_buf *out, int64_t number)
{
    char decimals[] = {'.', (char)('0' + number / 100 % 10), (char)('0' + number / 10 % 10), (char)('0' + number % 10)};
    size_t len = number % CL_NUMBER_ONE == 0 ? 0 : number % 100 == 0 ? 2 : number % 10 == 0 ? 3 : 4;
    int rc = cl_buf_append_int(out, number / CL_NUMBER_ONE);

    return rc == CL_BUF_OK ? cl_buf_append(out, decimals, len) : rc;
}

static claude_code_t fail_number(const cl_option_row *row, const char *what, cl_err *err)
{
    cl_buf range = CL_BUF_INIT(128);
    claude_code_t rc;

    (void)cl_option_put_number(&range, row->min);
    (void)cl_buf_append_text(&range, " to ");
    (void)cl_option_put_number(&range, row->max);
    rc = cl_fail(err, CLAUDE_E_INVALID, "%s %s: a number from %s with at most three decimals is allowed", row->name,
                 what, range.ptr ? range.ptr : "its range");
    cl_buf_free(&range);
    return rc;
}

/* `*text` becomes the canonical form, held by `digits`. */
static claude_code_t parse_number(const cl_option_row *row, cl_str *text, int64_t *out, cl_buf *digits, cl_err *err)
{
    int64_t number;
    int rc;

    if (!parse_thousandths(*text, &number))
        return fail_number(row, "cannot be read", err);
    if (number < row->min || number > row->max)
        return fail_number(row, "is out of range", err);
    rc = cl_option_put_number(digits, number);
    if (rc != CL_BUF_OK)
        return cl_fail_buf(err, rc, row->name);
    *text = cl_buf_str(digits);
    *out = number;
    return CLAUDE_OK;
}

/* Understands a text; `*text` becomes its canonical form, which `digits` may hold. */
static claude_code_t parse_value(cl_option option, cl_str *text, int64_t *number, cl_buf *digits, cl_err *err)
{
    const cl_option_row *row = &rows[option];
    claude_code_t rc = CLAUDE_OK;
    int bufrc;

    switch (row->type) {
    case CL_TYPE_INTEGER:
        rc = parse_integer(row, *text, number, err);
        if (rc < 0)
            return rc;
        bufrc = cl_buf_append_int(digits, *number);
        if (bufrc != CL_BUF_OK)
            return cl_fail_buf(err, bufrc, row->name);
        *text = cl_buf_str(digits);
        return CLAUDE_OK;
    case CL_TYPE_NUMBER:
        return parse_number(row, text, number, digits, err);
    case CL_TYPE_BOOLEAN:
        if (!parse_boolean(*text, number))
            return cl_fail(err, CLAUDE_E_INVALID, "%s must be true or false (also 1 0 yes no on off)", row->name);
        *text = *number ? CL_STR("true") : CL_STR("false");
        return CLAUDE_OK;
    case CL_TYPE_ENUM:
        if (!parse_enum(row->values, text, number))
            return cl_fail(err, CLAUDE_E_INVALID, "%s must be one of: %s", row->name, row->values);
        return CLAUDE_OK;
    default:
        return check_string(option, text, err);
    }
}

/* A test checks that every default of the table can be read. */
static int64_t default_number(cl_option option)
{
    const cl_option_row *row = &rows[option];
    cl_str initial = cl_str_of(row->initial);
    int64_t number = 0;

    if (row->type == CL_TYPE_INTEGER)
        (void)cl_str_to_int64(initial, &number);
    else if (row->type == CL_TYPE_NUMBER)
        (void)parse_thousandths(initial, &number);
    else if (row->type == CL_TYPE_BOOLEAN)
        (void)parse_boolean(initial, &number);
    else if (row->type == CL_TYPE_ENUM)
        (void)parse_enum(row->values, &initial, &number);
    return number;
}

claude_code_t cl_options_new(cl_options **out, cl_err *err)
{
    cl_options *options = calloc(1, sizeof *options);

    if (!options)
        return cl_fail_nomem(err);
    atomic_init(&options->refs, 1);
    for (size_t i = 0; i < CL_OPT_COUNT; i++)
        options->values[i].number = default_number((cl_option)i);
    *out = options;
    return CLAUDE_OK;
}

void cl_options_free(cl_options *options)
{
    if (!options || atomic_fetch_sub_explicit(&options->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < CL_OPT_COUNT; i++)
        free(options->values[i].text);
    free(options);
}

cl_options *cl_options_share(cl_options *options)
{
    if (options)
        atomic_fetch_add_explicit(&options->refs, 1, memory_order_relaxed);
    return options;
}

claude_code_t cl_options_own(cl_options **options, cl_err *err)
{
    cl_options *copy = NULL;
    claude_code_t rc;

    if (!*options)
        return cl_options_new(options, err);
    if (atomic_load_explicit(&(*options)->refs, memory_order_acquire) == 1)
        return CLAUDE_OK;
    rc = cl_options_copy(*options, &copy, err);
    if (rc < 0)
        return rc;
    cl_options_free(*options);
    *options = copy;
    return CLAUDE_OK;
}

claude_code_t cl_options_copy(const cl_options *from, cl_options **out, cl_err *err)
{
    cl_options *copy = NULL;
    claude_code_t rc = cl_options_new(&copy, err);

    for (size_t i = 0; i < CL_OPT_COUNT && rc >= 0; i++) {
        const value *old = &from->values[i];
        copy->values[i] = (value){NULL, old->number, old->touched};
        if (!old->text)
            continue;
        copy->values[i].text = strdup(old->text);
        if (!copy->values[i].text)
            rc = cl_fail_nomem(err);
    }
    if (rc < 0)
        cl_options_free(copy);
    else
        *out = copy;
    return rc;
}

claude_code_t cl_options_set(cl_options *options, const char *key, const char *value_text, bool request_scope,
                             cl_err *err)
{
    cl_buf digits = CL_BUF_INIT(32);
    cl_str text = cl_str_of(value_text);
    size_t index = cl_option_find(key);
    char *copy = NULL;
    int64_t number;
    claude_code_t rc = CLAUDE_OK;

    if (index == ROWS)
        return fail_unknown(key, err);
    if (request_scope ? rows[index].scope == CL_SCOPE_CLIENT : rows[index].scope == CL_SCOPE_REQUEST)
        return cl_fail(err, CLAUDE_E_INVALID, "%s is an option of the %s alone: set it %s", rows[index].name,
                       request_scope ? "client" : "request", request_scope ? "on the configuration" : "there");
    if (index == CL_OPT_COUNT)
        return cl_fail(err, CLAUDE_E_INVALID, "%s is a secret and set on a configuration only", rows[index].name);
    number = default_number((cl_option)index);
    if (value_text) {
        rc = parse_value((cl_option)index, &text, &number, &digits, err);
        if (rc < 0)
            goto out;
        copy = strndup(text.ptr, text.len);
        if (!copy) {
            rc = cl_fail_nomem(err);
            goto out;
        }
    }
    free(options->values[index].text);
    options->values[index] = (value){copy, number, true};
out:
    cl_buf_free(&digits);
    return rc;
}

bool cl_options_is_set(const cl_options *options, cl_option option)
{
    return options && options->values[option].text;
}

bool cl_options_same(const cl_options *a, const cl_options *b, const char *prefix)
{
    for (size_t i = 0; i < CL_OPT_COUNT; i++) {
        cl_option option = (cl_option)i;
        if (strncmp(rows[i].name, prefix, strlen(prefix)) != 0)
            continue;
        if (strcmp(cl_option_text(NULL, a, option), cl_option_text(NULL, b, option)) != 0)
            return false;
    }
    return true;
}

void cl_options_move(cl_options *from, cl_options *to)
{
    for (size_t i = 0; i < CL_OPT_COUNT; i++) {
        if (!from->values[i].touched)
            continue;
        free(to->values[i].text);
        to->values[i] = from->values[i];
        from->values[i] = (value){NULL, 0, false};
    }
}

static const value *find_value(const cl_options *request, const cl_options *client, cl_option option)
{
    if (cl_options_is_set(request, option))
        return &request->values[option];
    return cl_options_is_set(client, option) ? &client->values[option] : NULL;
}

int64_t cl_option_int(const cl_options *request, const cl_options *client, cl_option option)
{
    if (cl_options_is_set(request, option))
        return request->values[option].number;
    if (client)
        return client->values[option].number;
    return default_number(option);
}

const char *cl_option_text(const cl_options *request, const cl_options *client, cl_option option)
{
    const value *found = find_value(request, client, option);

    return found ? found->text : rows[option].initial;
}

/* ---- descriptions: JSON texts in static memory, written once, so that there is nothing to free and no way to fail
 * ---- */

/* Room for one row's JSON: texts twice, because escaping may double them, and the words of lists get quotes. */
#define JSON_SIZE(name, unit, initial, values, aliases, text)                                                          \
    (256 + 2 * (sizeof(name) + sizeof(unit) + sizeof(initial) + sizeof(text)) + 4 * (sizeof(values) + sizeof(aliases)))

/* One object, so that the library has few writable ones (capi/abi/globals.txt). */
static struct {
    pthread_once_t once;
    cl_buf rows[ROWS];
#define CL_OPTION(id, name, type, unit, initial, min, max, values, scope, aliases, text)                               \
    char json_##id[JSON_SIZE(name, unit, initial, values, aliases, text)];
#include "config/options.def"
#undef CL_OPTION
    char json_api_key[JSON_SIZE("api_key", "", "", "", "", API_KEY_TEXT)];
} descriptions = {.once = PTHREAD_ONCE_INIT,
                  .rows = {
#define CL_OPTION(id, ...)                                                                                             \
    {.ptr = descriptions.json_##id, .cap = sizeof descriptions.json_##id, .max = sizeof descriptions.json_##id - 1},
#include "config/options.def"
#undef CL_OPTION
                      {.ptr = descriptions.json_api_key,
                       .cap = sizeof descriptions.json_api_key,
                       .max = sizeof descriptions.json_api_key - 1}}};

/* The table's texts are ASCII without control characters; a test sees to it. */
static void put_quoted(cl_buf *out, cl_str text)
{
    (void)cl_buf_append_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\')
            (void)cl_buf_append_char(out, '\\');
        (void)cl_buf_append_char(out, text.ptr[i]);
    }
    (void)cl_buf_append_char(out, '"');
}

static void put_member(cl_buf *out, const char *name, const char *text)
{
    (void)cl_buf_append_char(out, out->len == 0 ? '{' : ',');
    put_quoted(out, cl_str_of(name));
    (void)cl_buf_append_char(out, ':');
    if (text && *text)
        put_quoted(out, cl_str_of(text));
}

static void put_text_or_null(cl_buf *out, const char *name, const char *text)
{
    put_member(out, name, text);
    if (!*text)
        (void)cl_buf_append_text(out, "null");
}

static void put_number(cl_buf *out, const char *name, const cl_option_row *row, int64_t number)
{
    put_member(out, name, NULL);
    if (row->type == CL_TYPE_INTEGER)
        (void)cl_buf_append_int(out, number);
    else if (row->type == CL_TYPE_NUMBER)
        (void)cl_option_put_number(out, number);
    else
        (void)cl_buf_append_text(out, "null");
}

static void put_words(cl_buf *out, const char *name, const char *list)
{
    cl_str word;
    bool first = true;

    put_member(out, name, NULL);
    (void)cl_buf_append_char(out, '[');
    for (; next_word(&list, &word); first = false) {
        if (!first)
            (void)cl_buf_append_char(out, ',');
        put_quoted(out, word);
    }
    (void)cl_buf_append_char(out, ']');
}

static void describe_all(void)
{
    for (size_t i = 0; i < ROWS; i++) {
        const cl_option_row *row = &rows[i];
        cl_buf *out = &descriptions.rows[i];
        put_member(out, "name", row->name);
        put_member(out, "type", cl_option_type_name(row->type));
        put_text_or_null(out, "unit", row->unit);
        put_text_or_null(out, "default", row->initial);
        put_number(out, "min", row, row->min);
        put_number(out, "max", row, row->max);
        put_words(out, "values", row->values);
        put_member(out, "scope", cl_option_scope_name(row->scope));
        put_words(out, "aliases", row->aliases);
        put_member(out, "text", row->text);
        (void)cl_buf_append_char(out, '}');
    }
}

const char *cl_option_json(const char *name, size_t *len)
{
    size_t index = cl_option_find(name);

    if (index == ROWS)
        return NULL;
    pthread_once(&descriptions.once, describe_all);
    if (len)
        *len = descriptions.rows[index].len;
    return descriptions.rows[index].ptr;
}
