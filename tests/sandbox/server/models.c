#include "handlers.h"

#include <string.h>

struct model {
    const char *id;
    const char *name;
    const char *created;
    const char *line;
    const char *deprecated; /* since when, or NULL */
    const char *retires;
    unsigned max_input;
    unsigned max_output;
};

static const struct model models[] = {
    {"claude-haiku-5-5", "Claude Haiku 5.5", "2026-10-07T00:00:00Z", "haiku", NULL, NULL, 1000000, 128000},
    {"claude-opus-5-5", "Claude Opus 5.5", "2026-09-15T00:00:00Z", "opus", NULL, NULL, 1000000, 128000},
    {"claude-sonnet-5-5", "Claude Sonnet 5.5", "2026-09-10T00:00:00Z", "sonnet", NULL, NULL, 1000000, 128000},
    {"claude-opus-5", "Claude Opus 5", "2026-07-24T00:00:00Z", "opus", NULL, NULL, 1000000, 128000},
    {"claude-opus-4-5-20251101", "Claude Opus 4.5", "2025-11-24T00:00:00Z", "opus", NULL, NULL, 200000, 64000},
    {"claude-haiku-4-5-20251001", "Claude Haiku 4.5", "2025-10-15T00:00:00Z", "haiku", NULL, NULL, 200000, 64000},
    {"claude-sonnet-4-5-20250929", "Claude Sonnet 4.5", "2025-09-29T00:00:00Z", "sonnet", "2026-08-01T00:00:00Z",
     "2027-02-01T00:00:00Z", 200000, 64000},
};

enum { MODEL_COUNT = sizeof models / sizeof models[0] };

static void put_time(struct buf *out, const char *name, const char *when)
{
    if (when != NULL)
        buf_printf(out, ",\"%s\":\"%s\"", name, when);
    else
        buf_printf(out, ",\"%s\":null", name);
}

/* The newer ones, with a million tokens, can more. */
static void put_capabilities(struct buf *out, const struct model *model)
{
    const char *newer = model->max_input >= 1000000 ? "{\"supported\":true}" : "{\"supported\":false}";

    buf_str(out, ",\"capabilities\":{\"batch\":{\"supported\":true},\"citations\":{\"supported\":true},"
                 "\"code_execution\":{\"supported\":true},\"image_input\":{\"supported\":true},"
                 "\"pdf_input\":{\"supported\":true},\"context_management\":{\"supported\":true},"
                 "\"server_tools\":{\"supported\":true,\"code_execution\":{\"supported\":true},"
                 "\"web_search\":{\"supported\":true}}");
    buf_printf(out, ",\"structured_outputs\":%s", newer);
    buf_printf(out, ",\"effort\":{\"supported\":%s,\"low\":%s,\"medium\":%s,\"high\":%s,\"max\":%s}",
               model->max_input >= 1000000 ? "true" : "false", newer, newer, newer, newer);
    buf_printf(out,
               ",\"thinking\":{\"supported\":true,\"types\":{\"adaptive\":%s,\"between_tools\":%s,"
               "\"disabled\":{\"supported\":true},\"enabled\":{\"supported\":true}}}}",
               newer, newer);
}

static const char *lifecycle(const struct model *model)
{
    return model->deprecated != NULL ? "deprecated" : "active";
}

static void put_model(struct buf *out, const struct model *model)
{
    buf_printf(out,
               "{\"type\":\"model\",\"id\":\"%s\",\"display_name\":\"%s\",\"created_at\":\"%s\",\"line\":\"%s\","
               "\"max_input_tokens\":%u,\"max_tokens\":%u,\"lifecycle\":\"%s\"",
               model->id, model->name, model->created, model->line, model->max_input, model->max_output,
               lifecycle(model));
    put_time(out, "deprecated_at", model->deprecated);
    put_time(out, "retires_at", model->retires);
    put_capabilities(out, model);
    buf_str(out, "}");
}

/* An exact id, or an alias: the id without its date. */
static const struct model *find_model(struct slice id)
{
    for (size_t i = 0; i < MODEL_COUNT; i++) {
        size_t len = strlen(models[i].id);

        if (slice_is(id, models[i].id))
            return &models[i];
        if (len > 9 && id.len == len - 9 && strncmp(models[i].id + len - 9, "-20", 3) == 0 &&
            memcmp(models[i].id, id.data, id.len) == 0)
            return &models[i];
    }
    return NULL;
}

static void put_model_at(struct buf *out, size_t index, const void *ctx)
{
    const struct model *const *chosen = ctx;

    put_model(out, chosen[index]);
}

static const char *model_id(size_t index, const void *ctx)
{
    const struct model *const *chosen = ctx;

    return chosen[index]->id;
}

/* Whether the query wants such models: without lifecycle[] it wants all. */
static bool is_wanted(struct call *call, const char *stage)
{
    struct slice value;
    size_t at = 0;
    bool any = false;

    while (query_next(call, &at, "lifecycle[]", &value)) {
        any = true;
        if (slice_is(value, stage))
            return true;
    }
    return !any;
}

struct step *models_list(struct call *call)
{
    const struct model *chosen[MODEL_COUNT];
    struct list list = {.put = put_model_at, .id = model_id, .ctx = chosen};

    for (size_t i = 0; i < MODEL_COUNT; i++) {
        if (is_wanted(call, lifecycle(&models[i])))
            chosen[list.count++] = &models[i];
    }
    return answer_page(call, &list);
}

struct step *models_retrieve(struct call *call)
{
    struct slice id = call->id[0];
    const struct model *model = find_model(id);
    struct buf out = {0};

    if (model == NULL) {
        buf_printf(&out, "model: %.*s", (int)(id.len < 200 ? id.len : 200), id.data);
        refuse(call, 404, "not_found_error", utf8_valid(out.data, out.len) ? out.data : "model");
        buf_free(&out);
        return call->refusal;
    }
    put_model(&out, model);
    return answer_json(&out);
}
