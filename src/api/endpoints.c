#include "api/api.h"

static const cl_endpoint endpoints[] = {
#include "api/endpoints.inc"
};

enum { COUNT = sizeof endpoints / sizeof endpoints[0] };

const cl_endpoint *cl_endpoint_at(size_t index)
{
    return index < COUNT ? &endpoints[index] : NULL;
}

static const cl_endpoint *find(const char *name)
{
    size_t low = 0;
    size_t high = COUNT;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, endpoints[middle].name);
        if (order == 0)
            return &endpoints[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const cl_endpoint *cl_endpoint_find(const char *name)
{
    const cl_endpoint *found;

    if (!name)
        return NULL;
    if (strcmp(name, "messages") == 0)
        return find("messages.create");
    found = find(name);
    /* The official SDKs have what is no beta under "beta." as well. */
    return found || strncmp(name, "beta.", 5) != 0 ? found : find(name + 5);
}

const char *cl_endpoint_text(const cl_endpoint *endpoint, const char *what)
{
    static const char *const stabilities[] = {"ga", "beta", "legacy"};
    static const char *const pagings[] = {"none", "page", "cursor", "bidirectional", "report"};
    static const char *const bodies[] = {"none", "json", "multipart"};
    static const char *const answers[] = {"json", "message", "completion", "events", "lines", "bytes"};
    const struct {
        const char *what;
        const char *text;
    } texts[] = {
        {"name", endpoint->name},
        {"method", endpoint->method},
        {"path", endpoint->path},
        {"returns", endpoint->returns},
        {"beta", endpoint->beta},
        {"headers", endpoint->headers},
        {"stability", stabilities[endpoint->stability]},
        {"paging", pagings[endpoint->paging]},
        {"body", bodies[endpoint->body]},
        {"answer", answers[endpoint->answer]},
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(what, texts[i].what) == 0)
            return texts[i].text;
    }
    return NULL;
}

/* ---- names that are not there ---- */

/* NULL: none is like it. */
static const char *nearest(const char *name)
{
    cl_str key = cl_str_of(name);
    size_t least = key.len / 3 > 2 ? key.len / 3 : 2;
    const char *best = NULL;

    for (size_t i = 0; i < COUNT && key.len > 0; i++) {
        size_t distance = cl_str_distance(key, cl_str_of(endpoints[i].name));
        if (distance < least || (distance == least && !best)) {
            least = distance;
            best = endpoints[i].name;
        }
    }
    return best;
}

/* Endpoints of features that a build may leave out, by the beginnings of their names. */
static const struct {
    const char *prefix;
    const char *feature;
    bool is_left_out;
} owned[] = {
    {"completions.", "content-generation", !CL_FEATURE_CONTENT_GENERATION},
    {"messages.count_tokens", "count-tokens", !CL_FEATURE_COUNT_TOKENS},
    {"models.", "model-management", !CL_FEATURE_MODEL_MANAGEMENT},
};

static claude_code_t check_feature(const cl_endpoint *endpoint, cl_err *err)
{
    cl_str name = cl_str_of(endpoint->name);

    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) {
        if (owned[i].is_left_out && cl_str_starts(name, cl_str_of(owned[i].prefix)))
            return cl_fail_left_out(err, owned[i].feature);
    }
    return CLAUDE_OK;
}

claude_code_t cl_api_request_new(const char *name, claude_request_t **out, cl_err *err)
{
    const cl_endpoint *endpoint = cl_endpoint_find(name);
    const char *near = endpoint || !name ? NULL : nearest(name);

    if (endpoint && check_feature(endpoint, err) < 0)
        return CLAUDE_E_UNSUPPORTED;
    if (endpoint)
        return cl_request_new(endpoint, out, err);
    if (near)
        return cl_fail(err, CLAUDE_E_INVALID, "endpoint \"%.64s\" is not known; did you mean %s?", name, near);
    return cl_fail(err, CLAUDE_E_INVALID, "endpoint \"%.64s\" is not known; claude_endpoint_at() lists the names",
                   name ? name : "(null)");
}
