#include <stdio.h>

#include "message/message.h"
#include "message/models.h"

enum { POINTER_MAX = 256 };

/* A model inside an answer. */
typedef struct place {
    cl_json model;
    char pointer[40]; /* to it; "" is the answer itself */
} place;

static bool is_named(cl_json model, cl_str id, bool exactly)
{
    char name[CL_MODEL_ID_MAX + 1];
    size_t len = cl_json_copy_text(cl_json_member(model, CL_STR("id")), name, sizeof name);

    return exactly ? cl_str_eq(cl_str_n(name, len), id) : cl_model_same(cl_str_n(name, len), id);
}

static bool find_in_page(cl_json data, cl_str id, bool exactly, place *out)
{
    cl_json_iter iter = cl_json_iter_of(data);

    for (size_t i = 0; cl_json_next(&iter, NULL, &out->model); i++) {
        if (is_named(out->model, id, exactly)) {
            snprintf(out->pointer, sizeof out->pointer, "/data/%zu", i);
            return true;
        }
    }
    return false;
}

static bool find(const claude_response_t *info, const char *id, place *out)
{
    cl_json data = cl_json_member(cl_response_root(info), CL_STR("data"));
    cl_str name = cl_str_of(id);

    if (data.type == CLAUDE_JSON_ARRAY)
        return id && (find_in_page(data, name, true, out) || find_in_page(data, name, false, out));
    out->model = cl_response_root(info);
    out->pointer[0] = '\0';
    return out->model.type == CLAUDE_JSON_OBJECT && (!id || is_named(out->model, name, false));
}

/* The pointer to a fact; the table's names of the limits are understood as well. */
static bool point(const claude_response_t *info, const char *id, const char *what, char out[POINTER_MAX])
{
    static const char *const names[][2] = {{"context_window", "max_input_tokens"}, {"max_output_tokens", "max_tokens"}};
    place at;
    int len;

    if (!find(info, id, &at))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(what, names[i][0]) == 0)
            what = names[i][1];
    }
    len = snprintf(out, POINTER_MAX, "%s/%s", at.pointer, what);
    return len > 0 && len < POINTER_MAX;
}

const char *cl_model_info_text(const claude_response_t *info, const char *id, const char *what, size_t *len)
{
    char pointer[POINTER_MAX];

    return point(info, id, what, pointer) ? cl_response_string(info, pointer, len) : NULL;
}

int64_t cl_model_info_int(const claude_response_t *info, const char *id, const char *what)
{
    char pointer[POINTER_MAX];
    int64_t value = point(info, id, what, pointer) ? cl_response_int(info, pointer, -1) : -1;

    return value < 0 ? -1 : value;
}

/* Types of thinking stand one level deeper than everything else. */
static cl_json capability_at(cl_json value, cl_str step)
{
    cl_json found = cl_json_child(value, step);

    return found.type != CLAUDE_JSON_NONE ? found : cl_json_child(cl_json_member(value, CL_STR("types")), step);
}

int32_t cl_model_info_supports(const claude_response_t *info, const char *id, const char *capability)
{
    place at;
    cl_json value;
    const char *step = capability;

    if (!find(info, id, &at))
        return -1;
    value = cl_json_member(at.model, CL_STR("capabilities"));
    for (;;) {
        const char *slash = strchr(step, '/');
        value = capability_at(value, cl_str_n(step, slash ? (size_t)(slash - step) : strlen(step)));
        if (!slash)
            break;
        step = slash + 1;
    }
    if (value.type == CLAUDE_JSON_OBJECT)
        value = cl_json_member(value, CL_STR("supported"));
    return value.type == CLAUDE_JSON_BOOLEAN ? value.ptr[0] == 't' : -1;
}

static bool retires(cl_json model, int64_t *ms)
{
    cl_model row = {.facts = model};

    return cl_model_retires_ms(&row, ms);
}

int64_t cl_model_info_days_left(const claude_response_t *info, const char *id, int64_t now_ms)
{
    place at;
    int64_t ms;

    return find(info, id, &at) && retires(at.model, &ms) ? cl_model_days_left(ms, now_ms) : -1;
}

static bool is_available(cl_json model, int64_t now_ms)
{
    int64_t ms;

    if (cl_json_string_is(cl_json_member(model, CL_STR("lifecycle")), CL_STR("retired")))
        return false;
    return now_ms <= 0 || !retires(model, &ms) || ms > now_ms;
}

const char *cl_model_info_choose(const claude_response_t *list, const char *wanted, int64_t now_ms)
{
    cl_json data = cl_json_member(cl_response_root(list), CL_STR("data"));
    char pointer[POINTER_MAX];
    place at;

    while (*wanted) {
        size_t len = strcspn(wanted, ",");
        cl_str name = cl_str_trim(cl_str_n(wanted, len));

        if (name.len > 0 && (find_in_page(data, name, true, &at) || find_in_page(data, name, false, &at)) &&
            is_available(at.model, now_ms)) {
            snprintf(pointer, sizeof pointer, "%s/id", at.pointer);
            return cl_response_string(list, pointer, NULL);
        }
        wanted += len + (wanted[len] == ',');
    }
    return NULL;
}
