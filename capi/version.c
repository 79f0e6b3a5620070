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

int32_t claude_feature(const char *name)
{
    static const char *const built_in[] = {
        "streaming",   "streaming-control",
        "accumulate",  "workspace",
        "sign",        "tools",
        "vision",      "count-tokens",
        "batches",     "files",
        "skills",      "model-management",
        "costs",       "request-caching",
        "validation",  "structured-outputs",
        "tool-runner",
    };

    if (!name)
        return 0;
    for (size_t i = 0; i < sizeof built_in / sizeof built_in[0]; i++) {
        if (strcmp(name, built_in[i]) == 0)
            return 1;
    }
    if (strcmp(name, "http2") == 0)
        return cl_http_has_http2() ? 1 : 0;
    if (strcmp(name, "tls") == 0)
        return cl_http_tls_library()[0] != '\0' ? 1 : 0;
    return 0;
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
    if (ok && cl_buf_append_char(&out, '}') == CL_BUF_OK)
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
