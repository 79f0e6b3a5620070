/* shared.c - what the snapshots of a client share by count, because it must outlive each of them. */
#include <stdlib.h>

#include "client/client.h"

enum { TEXTS = 6 };

/* True for the last one. */
static bool let_go(_Atomic uint32_t *refs)
{
    return atomic_fetch_sub_explicit(refs, 1, memory_order_acq_rel) == 1;
}

static void take(_Atomic uint32_t *refs)
{
    atomic_fetch_add_explicit(refs, 1, memory_order_relaxed);
}

/* ---- lines ---- */

static void texts_of(cl_http_settings *http, const char **out[TEXTS])
{
    const char **texts[TEXTS] = {&http->ca_file,    &http->ca_path, &http->client_cert,
                                 &http->client_key, &http->proxy,   &http->no_proxy};

    memcpy(out, texts, sizeof texts);
}

bool cl_http_settings_same(const cl_http_settings *a, const cl_http_settings *b)
{
    return strcmp(a->ca_file, b->ca_file) == 0 && strcmp(a->ca_path, b->ca_path) == 0 &&
           strcmp(a->client_cert, b->client_cert) == 0 && strcmp(a->client_key, b->client_key) == 0 &&
           strcmp(a->proxy, b->proxy) == 0 && strcmp(a->no_proxy, b->no_proxy) == 0 &&
           a->tls_min_version == b->tls_min_version && a->http_version == b->http_version &&
           a->streams_per_connection == b->streams_per_connection && a->quirks == b->quirks &&
           a->max_buffered == b->max_buffered;
}

/* Copies, so that the configuration, and the key in it, need not live as long as the connections. */
static claude_code_t make_lines(const cl_http_settings *http, size_t max, cl_lines **out, cl_err *err)
{
    cl_http_settings own = *http;
    const char **texts[TEXTS];
    size_t size = 0;
    cl_lines *lines;
    char *at;

    texts_of(&own, texts);
    for (size_t i = 0; i < TEXTS; i++)
        size += strlen(*texts[i]) + 1;
    lines = malloc(sizeof *lines + size);
    if (!lines)
        return cl_fail_nomem(err);
    at = lines->texts;
    for (size_t i = 0; i < TEXTS; i++) {
        size_t len = strlen(*texts[i]) + 1;
        *texts[i] = memcpy(at, *texts[i], len);
        at += len;
    }
    atomic_init(&lines->refs, 1);
    lines->http = own;
    lines->max = max;
    lines->engines = cl_engines_new(max, &lines->http);
    if (!lines->engines) {
        free(lines);
        return cl_fail_nomem(err);
    }
    *out = lines;
    return CLAUDE_OK;
}

claude_code_t cl_lines_take(cl_lines *before, const cl_http_settings *http, size_t max, cl_lines **out, cl_err *err)
{
    if (!before || before->max != max || !cl_http_settings_same(&before->http, http))
        return make_lines(http, max, out, err);
    *out = cl_lines_ref(before);
    return CLAUDE_OK;
}

cl_lines *cl_lines_ref(cl_lines *lines)
{
    take(&lines->refs);
    return lines;
}

void cl_lines_unref(cl_lines *lines)
{
    if (!lines || !let_go(&lines->refs))
        return;
    cl_engines_free(lines->engines);
    free(lines);
}

/* ---- places ---- */

cl_place *cl_place_new(int64_t budget)
{
    cl_place *place = malloc(sizeof *place);

    if (!place)
        return NULL;
    atomic_init(&place->refs, 1);
    atomic_init(&place->refuses, 0);
    cl_retry_budget_init(&place->budget, budget);
    return place;
}

cl_place *cl_place_ref(cl_place *place)
{
    take(&place->refs);
    return place;
}

void cl_place_unref(cl_place *place)
{
    if (place && let_go(&place->refs))
        free(place);
}

/* ---- what belongs to the handle ---- */

cl_common *cl_common_new(void)
{
    cl_common *common = calloc(1, sizeof *common);

    if (common)
        atomic_init(&common->refs, 1);
    return common;
}

cl_common *cl_common_ref(cl_common *common)
{
    take(&common->refs);
    return common;
}

void cl_common_unref(cl_common *common)
{
    if (!common || !let_go(&common->refs))
        return;
    if (CL_FEATURE_METRICS)
        cl_metrics_free(atomic_load(&common->metrics));
    free(common);
}

cl_metrics *cl_common_metrics(cl_common *common)
{
    cl_metrics *there = atomic_load_explicit(&common->metrics, memory_order_acquire);
    cl_metrics *made;

    if (there)
        return there;
    made = cl_metrics_new();
    if (made && !atomic_compare_exchange_strong(&common->metrics, &there, made)) {
        cl_metrics_free(made);
        return there;
    }
    return made;
}
