#include "api.h"
#include "handlers.h"

#include <string.h>

enum {
    KIB = 1024,
    MAX_BATCH_BODY = 256 * KIB * KIB,
    MAX_UPLOAD_BODY = 512 * KIB * KIB,
};

/* Bodies of other endpoints may have API_MAX_BODY bytes. A {} is any one part of the path that is not empty. */
static const struct route {
    const char *method;
    const char *path;
    struct step *(*handle)(struct call *call);
    size_t max_body;
} routes[] = {
    {"POST", "/v1/messages", messages_create, 0},
    {"POST", "/v1/messages/count_tokens", messages_count_tokens, 0},
    {"POST", "/v1/messages/batches", batches_create, MAX_BATCH_BODY},
    {"GET", "/v1/messages/batches", batches_list, 0},
    {"GET", "/v1/messages/batches/{}", batches_retrieve, 0},
    {"POST", "/v1/messages/batches/{}/cancel", batches_cancel, 0},
    {"DELETE", "/v1/messages/batches/{}", batches_delete, 0},
    {"GET", "/v1/messages/batches/{}/results", batches_results, 0},
    {"POST", "/v1/complete", completions_create, 0},
    {"GET", "/v1/models", models_list, 0},
    {"GET", "/v1/models/{}", models_retrieve, 0},
    {"POST", "/v1/files", files_upload, MAX_UPLOAD_BODY},
    {"GET", "/v1/files", files_list, 0},
    {"GET", "/v1/files/{}", files_retrieve, 0},
    {"GET", "/v1/files/{}/content", files_download, 0},
    {"DELETE", "/v1/files/{}", files_delete, 0},
    {"POST", "/v1/skills", skills_create, 0},
    {"GET", "/v1/skills", skills_list, 0},
    {"GET", "/v1/skills/{}", skills_retrieve, 0},
    {"DELETE", "/v1/skills/{}", skills_delete, 0},
    {"POST", "/v1/skills/{}/versions", skill_versions_create, 0},
    {"GET", "/v1/skills/{}/versions", skill_versions_list, 0},
    {"GET", "/v1/skills/{}/versions/{}", skill_versions_retrieve, 0},
    {"GET", "/v1/skills/{}/versions/{}/content", skill_versions_download, 0},
    {"DELETE", "/v1/skills/{}/versions/{}", skill_versions_delete, 0},
    {"GET", "/v1/agents", agents_list, 0},
    {"GET", "/v1/sessions", sessions_list, 0},
    {"GET", "/v1/organizations/analytics/cost", costs_list, 0},
};

static bool check_caller(struct call *call)
{
    struct slice key = http_header(call->request, "x-api-key");
    struct slice bearer = http_header(call->request, "authorization");
    bool has_bearer = bearer.len > 7 && strncmp(bearer.data, "Bearer ", 7) == 0;

    if (key.len == 0 && !has_bearer) {
        refuse(call, 401, "authentication_error", "x-api-key header is required");
        return false;
    }
    return http_header(call->request, "anthropic-version").len != 0 ||
           invalid(call, "anthropic-version: header is required");
}

/* Sets the ids where the path is the pattern's. */
static bool path_is(struct slice path, const char *pattern, struct slice *ids)
{
    while (*pattern != '\0') {
        size_t len = 0;

        if (*pattern != '{') {
            if (path.len == 0 || *path.data != *pattern++)
                return false;
            len = 1;
        } else {
            while (len < path.len && path.data[len] != '/')
                len++;
            if (len == 0)
                return false;
            *ids++ = (struct slice){path.data, len};
            pattern += 2;
        }
        path.data += len;
        path.len -= len;
    }
    return path.len == 0;
}

static const struct route *find_route(const struct request *request, struct call *call)
{
    struct slice method = request->method;
    const char *mark = memchr(request->target.data, '?', request->target.len);

    call->path = request->target;
    call->query = (struct slice){"", 0};
    if (mark != NULL) {
        call->path.len = (size_t)(mark - request->target.data);
        call->query = (struct slice){mark + 1, request->target.len - call->path.len - 1};
    }
    if (slice_is(method, "HEAD"))
        method = (struct slice){"GET", 3};
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (slice_is(method, routes[i].method) && path_is(call->path, routes[i].path, call->id))
            return &routes[i];
    }
    return NULL;
}

size_t api_max_body(const struct request *request)
{
    struct call call = {0};
    const struct route *route = find_route(request, &call);

    return route != NULL && route->max_body != 0 ? route->max_body : API_MAX_BODY;
}

static struct step *answer_options(void)
{
    struct step *step = step_new(204);

    fields_add(&step->headers, "allow", "DELETE, GET, HEAD, OPTIONS, POST");
    return step;
}

static void call_end(struct call *call)
{
    json_object_put(call->body);
    buf_free(&call->decoded);
}

struct step *api_reply(struct store *store, const struct request *request, const char *request_id)
{
    struct call call = {
        .request = request, .request_id = request_id, .store = store, .max_body = api_max_body(request)};
    const struct route *route = find_route(request, &call);
    struct step *step;

    if (slice_is(request->method, "OPTIONS"))
        step = answer_options();
    else if (route == NULL)
        step = not_found(&call);
    else
        step = check_caller(&call) ? route->handle(&call) : call.refusal;
    call_end(&call);
    return step;
}

bool api_wants_stream(const struct request *request)
{
    struct call call = {.request = request, .request_id = "req_", .max_body = API_MAX_BODY};
    bool stream = read_json(&call) && json_object_get_boolean(member(call.body, "stream"));

    step_unref(call.refusal);
    call_end(&call);
    return stream;
}
