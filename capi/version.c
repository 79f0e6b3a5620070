#include <stdatomic.h>
#include <stdlib.h>

#include <claude/types.h>

#include "base/base.h"
#include "base/version.h"
#include "codec/codec.h"
#include "http/http.h"
#include "json/json.h"

uint32_t claude_version(void)
{
    return CLAUDE_VERSION_NUM;
}

const char *claude_version_string(void)
{
    return CL_VERSION;
}

/* The specification's names, then those of parts that programs ask for. */
static const struct {
    const char *name;
    bool is_there;
} features[] = {
    {"streaming", CL_FEATURE_STREAMING},
    {"streaming-control", CL_FEATURE_STREAMING_CONTROL},
    {"tools", CL_FEATURE_TOOLS},
    {"vision", CL_FEATURE_VISION},
    {"authentication", CL_FEATURE_AUTHENTICATION},
    {"content-generation", CL_FEATURE_CONTENT_GENERATION},
    {"model-management", CL_FEATURE_MODEL_MANAGEMENT},
    {"count-tokens", CL_FEATURE_COUNT_TOKENS},
    {"retry-logic", CL_FEATURE_RETRY},
    {"circuit-breaker", CL_FEATURE_CIRCUIT_BREAKER},
    {"rate-limiting", CL_FEATURE_RATE_LIMITING},
    {"failover", CL_FEATURE_FAILOVER},
    {"health-checks", CL_FEATURE_HEALTH_CHECKS},
    {"enterprise-quota", CL_FEATURE_QUOTA},
    {"metrics", CL_FEATURE_METRICS},
    {"compression", CL_FEATURE_COMPRESSION},
    {"dynamic-config", CL_FEATURE_DYNAMIC_CONFIG},
    {"curl-diagnostics", CL_FEATURE_CURL_DIAGNOSTICS},
    {"general-diagnostics", CL_FEATURE_GENERAL_DIAGNOSTICS},
    {"error-handling", true},
    {"request-caching", true},
    {"sync-api", true},
    {"accumulate", CL_FEATURE_STREAMING},
    {"workspace", CL_FEATURE_AUTHENTICATION},
    {"sign", CL_FEATURE_AUTHENTICATION},
    {"tool-runner", CL_FEATURE_TOOLS},
    {"structured-outputs", CL_FEATURE_CONTENT_GENERATION},
    {"costs", CL_FEATURE_MODEL_MANAGEMENT},
    {"batches", true},
    {"files", true},
    {"skills", true},
    {"validation", true},
};

enum { FEATURES = sizeof features / sizeof features[0] };

/* Hyphens and underscores are the same. */
static bool is_name(const char *name, const char *given)
{
    for (; *name != '\0' && *name == (*given == '_' ? '-' : *given); name++)
        given++;
    return *name == '\0' && *given == '\0';
}

int32_t claude_feature(const char *name)
{
    if (!name)
        return 0;
    if (strcmp(name, "retry") == 0)
        name = "retry-logic";
    for (size_t i = 0; i < FEATURES; i++) {
        if (is_name(features[i].name, name))
            return features[i].is_there ? 1 : 0;
    }
    if (strcmp(name, "http2") == 0)
        return cl_http_has_http2() ? 1 : 0;
    if (strcmp(name, "tls") == 0)
        return cl_http_tls_library()[0] != '\0' ? 1 : 0;
    return 0;
}

/* An array of the names of those that are there. */
static bool write_features(cl_buf *out)
{
    bool ok = cl_json_write_key(out, CL_STR("features")) == CL_BUF_OK && cl_buf_append_char(out, '[') == CL_BUF_OK;
    const char *gap = "";

    for (size_t i = 0; ok && i < FEATURES; i++) {
        if (!features[i].is_there)
            continue;
        ok = cl_buf_append_text(out, gap) == CL_BUF_OK &&
             cl_json_write_string(out, cl_str_of(features[i].name)) == CL_BUF_OK;
        gap = ",";
    }
    return ok && cl_buf_append_char(out, ']') == CL_BUF_OK;
}

static char *make_build_info(void)
{
    cl_buf out = CL_BUF_INIT(4096);
    char *text = NULL;
    bool ok = cl_buf_append_char(&out, '{') == CL_BUF_OK;
    const char *const pairs[][2] = {{"version", claude_version_string()},
                                    {"curl", cl_http_library()},
                                    {"json_c", cl_json_library()},
                                    {"zlib", cl_codec_library()},
                                    {"tls", cl_http_tls_library()}};

    for (size_t i = 0; ok && i < sizeof pairs / sizeof pairs[0]; i++)
        ok = cl_json_write_key(&out, cl_str_of(pairs[i][0])) == CL_BUF_OK &&
             cl_json_write_string(&out, cl_str_of(pairs[i][1])) == CL_BUF_OK;
    if (ok && write_features(&out) && cl_buf_append_char(&out, '}') == CL_BUF_OK)
        text = cl_buf_steal(&out, NULL);
    cl_buf_free(&out);
    return text;
}

const char *claude_build_info(void)
{
    /* Built once and kept: a handful of bytes for the life of the process. */
    static _Atomic(char *) shared;
    char *text = atomic_load(&shared);
    char *none = NULL;

    if (text)
        return text;
    text = make_build_info();
    if (text && !atomic_compare_exchange_strong(&shared, &none, text)) {
        free(text);
        text = none;
    }
    return text ? text : "{}";
}
