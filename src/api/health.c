/* health.c - endpoints to be checked, and what the last check found. */
#include "api/health.h"

#include <pthread.h>
#include <stdlib.h>

#include "client/policies.h"
#include "json/json.h"

enum { JSON_MAX = 1 << 20 };

typedef struct endpoint {
    char *url;
    claude_secret_t *secret; /* its own; NULL: the client's, if it is the client's server */
} endpoint;

/* Grows at its end: what is there stays as it is, and is read without the lock. */
typedef struct endpoints {
    _Atomic size_t count;
    endpoint items[CL_HEALTH_ENDPOINTS_MAX];
} endpoints;

/* Of one check. */
typedef struct findings {
    uint64_t check; /* its number */
    cl_health_result results[];
} findings;

struct claude_health {
    cl_handle handle;
    claude_client_t *client; /* the handle: a check is made as it is then */
    cl_health_settings settings;
    endpoints given; /* those of the client */
    endpoints own;   /* those of the program: if there is one, they are checked in their place */
    pthread_mutex_t lock;
    uint64_t checks; /* begun; the list is sealed by the first */
    findings *found; /* NULL: nothing yet */
    char *json;      /* of that; NULL: not asked for */
    size_t json_len;
};

/* As in failover.c: a child finds the lock free. Nothing in between runs callbacks, or takes the failover's. */
static void lock(claude_health_t *health)
{
    cl_fork_hold();
    pthread_mutex_lock(&health->lock);
}

static void unlock(claude_health_t *health)
{
    pthread_mutex_unlock(&health->lock);
    cl_fork_release();
}

/* ---- endpoints ---- */

static const endpoints *list_of(const claude_health_t *health)
{
    return atomic_load_explicit(&health->own.count, memory_order_acquire) > 0 ? &health->own : &health->given;
}

static const endpoint *item_at(const claude_health_t *health, size_t index)
{
    const endpoints *list = list_of(health);

    return index < atomic_load_explicit(&list->count, memory_order_acquire) ? &list->items[index] : NULL;
}

static claude_code_t append(endpoints *list, cl_str url, claude_secret_t *secret, cl_err *err)
{
    endpoint *item = &list->items[list->count];

    while (url.len > 0 && url.ptr[url.len - 1] == '/')
        url.len--;
    item->url = malloc(url.len + 1);
    if (!item->url)
        return cl_fail_nomem(err);
    memcpy(item->url, url.ptr, url.len);
    item->url[url.len] = '\0';
    item->secret = cl_secret_ref(secret);
    atomic_store_explicit(&list->count, list->count + 1, memory_order_release);
    return CLAUDE_OK;
}

static void free_list(endpoints *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].url);
        cl_secret_unref(list->items[i].secret);
    }
}

static claude_code_t append_given(claude_health_t *health, const claude_client_t *client, cl_err *err)
{
    const claude_failover_t *failover = client->failover;
    claude_code_t rc = CLAUDE_OK;

    if (!failover)
        return append(&health->given, cl_buf_str(&client->base_url), NULL, err);
    for (size_t i = 0; i < cl_failover_count(failover) && rc >= 0; i++)
        rc = append(&health->given, cl_str_of(cl_failover_url(failover, i)), cl_failover_secret(failover, i), err);
    return rc;
}

claude_code_t cl_health_new(claude_client_t *client, claude_health_t **out, cl_err *err)
{
    claude_health_t *health = calloc(1, sizeof *health);
    claude_client_t *now;
    claude_code_t rc;

    if (!health || pthread_mutex_init(&health->lock, NULL) != 0) {
        free(health);
        return cl_fail_nomem(err);
    }
    cl_handle_init(&health->handle, CL_MAGIC_HEALTH);
    health->client = cl_client_ref(client);
    now = cl_client_current(client);
    health->settings = cl_health_settings_of(now->config->options);
    rc = append_given(health, now, err);
    cl_client_unref(now);
    if (rc < 0)
        cl_health_unref(health);
    else
        *out = health;
    return rc;
}

claude_health_t *cl_health_ref(claude_health_t *health)
{
    cl_handle_ref(&health->handle);
    return health;
}

void cl_health_unref(claude_health_t *health)
{
    if (!health || !cl_handle_unref(&health->handle))
        return;
    free_list(&health->given);
    free_list(&health->own);
    free(health->found);
    free(health->json);
    pthread_mutex_destroy(&health->lock);
    cl_client_unref(health->client);
    free(health);
}

static claude_code_t check_new(const claude_health_t *health, cl_str url, cl_err *err)
{
    if (health->checks > 0)
        return cl_fail(err, CLAUDE_E_STATE, "the endpoints have been checked already; add them before the first check");
    if (health->own.count == CL_HEALTH_ENDPOINTS_MAX)
        return cl_fail(err, CLAUDE_E_LIMIT, "there are %d endpoints to check already; no more are possible",
                       CL_HEALTH_ENDPOINTS_MAX);
    for (size_t i = 0; i < health->own.count; i++) {
        if (cl_url_same_base(url, cl_str_of(health->own.items[i].url)))
            return cl_fail(err, CLAUDE_E_INVALID, "base_url %s is endpoint %zu already; add each once",
                           health->own.items[i].url, i);
    }
    return CLAUDE_OK;
}

claude_code_t cl_health_add(claude_health_t *health, cl_str base_url, claude_secret_t *secret, cl_err *err)
{
    claude_client_t *now = cl_client_current(health->client);
    claude_code_t rc = cl_base_url_allowed(now->config->options, base_url, err);

    cl_client_unref(now);
    if (rc < 0)
        return rc;
    lock(health);
    rc = check_new(health, base_url, err);
    if (rc >= 0)
        rc = append(&health->own, base_url, secret, err);
    if (rc >= 0) {
        free(health->json);
        health->json = NULL;
    }
    unlock(health);
    return rc;
}

size_t cl_health_count(const claude_health_t *health)
{
    return atomic_load_explicit(&list_of(health)->count, memory_order_acquire);
}

const char *cl_health_url(const claude_health_t *health, size_t index)
{
    const endpoint *item = item_at(health, index);

    return item ? item->url : NULL;
}

/* ---- checks ---- */

static void tell_failover(const claude_client_t *client, const cl_probe *probes, size_t count)
{
    claude_failover_t *failover = client->failover;
    int64_t now = cl_now_ms();

    for (size_t i = 0; failover && i < count; i++) {
        for (size_t j = 0; j < cl_failover_count(failover); j++) {
            if (cl_url_same_base(cl_str_of(probes[i].url), cl_str_of(cl_failover_url(failover, j))))
                cl_failover_set_state(failover, j, probes[i].result.state, now);
        }
    }
}

/* Of two checks at once, what the one that began later has found stays. False: it is not this one. */
static bool keep(claude_health_t *health, findings *found)
{
    findings *old = found;
    char *json = NULL;

    lock(health);
    if (!health->found || health->found->check < found->check) {
        old = health->found;
        health->found = found;
        json = health->json;
        health->json = NULL;
    }
    unlock(health);
    free(old);
    free(json);
    return old != found;
}

/* No endpoint is added any more. Returns the number of the check. */
static uint64_t begin(claude_health_t *health, size_t *count)
{
    uint64_t number;

    lock(health);
    number = ++health->checks;
    unlock(health);
    *count = cl_health_count(health);
    return number;
}

claude_code_t cl_health_check(claude_health_t *health, cl_err *err)
{
    size_t count;
    uint64_t number = begin(health, &count);
    cl_probe *probes = calloc(count, sizeof *probes);
    findings *found = malloc(sizeof *found + count * sizeof found->results[0]);
    claude_client_t *now = cl_client_current(health->client);
    claude_code_t rc;

    if (!probes || !found) {
        rc = cl_fail_nomem(err);
        goto out;
    }
    for (size_t i = 0; i < count; i++) {
        probes[i].url = item_at(health, i)->url;
        probes[i].secret = cl_client_secret_for(now, cl_str_of(probes[i].url), item_at(health, i)->secret);
    }
    rc = cl_probes_run(now, &health->settings, probes, count, err);
    if (rc < 0)
        goto out;
    found->check = number;
    for (size_t i = 0; i < count; i++)
        found->results[i] = probes[i].result;
    if (keep(health, found))
        tell_failover(now, probes, count);
    found = NULL;
out:
    for (size_t i = 0; probes && i < count; i++)
        cl_secret_unref(probes[i].secret);
    cl_client_unref(now);
    free(probes);
    free(found);
    return rc;
}

claude_code_t cl_health_check_one(claude_client_t *client, cl_str base_url, cl_health_result *out, cl_err *err)
{
    claude_health_t *health = NULL;
    claude_code_t rc = cl_health_new(client, &health, err);

    if (rc >= 0)
        rc = cl_health_add(health, base_url, NULL, err);
    if (rc >= 0)
        rc = cl_health_check(health, err);
    if (rc >= 0)
        *out = health->found->results[0];
    cl_health_unref(health);
    return rc;
}

/* ---- what was found ---- */

bool cl_health_result_at(claude_health_t *health, size_t index, cl_health_result *out)
{
    if (!item_at(health, index))
        return false;
    lock(health);
    *out = health->found ? health->found->results[index] : cl_health_unchecked();
    unlock(health);
    return true;
}

const char *cl_health_error_text(claude_health_t *health, size_t index)
{
    const char *text = "";

    if (!item_at(health, index))
        return NULL;
    lock(health);
    if (health->found)
        text = health->found->results[index].error;
    unlock(health);
    return text;
}

/* With the lock held. */
static int64_t share(const claude_health_t *health, int32_t state)
{
    if (health->found)
        return cl_health_share(health->found->results, cl_health_count(health), state);
    return state == CL_STATE_UNKNOWN ? 1000 : 0;
}

int64_t cl_health_share_of(claude_health_t *health, int32_t state)
{
    int64_t thousandths;

    lock(health);
    thousandths = share(health, state);
    unlock(health);
    return thousandths;
}

static bool put_endpoint(cl_buf *out, const endpoint *item, const cl_health_result *result)
{
    return cl_json_put_char(out, '{') && cl_json_put_text(out, "url", item->url) &&
           cl_json_put_text(out, "state", cl_state_name(result->state)) &&
           cl_json_put_int(out, "response_ms", result->response_ms) &&
           cl_json_put_int(out, "http_status", result->http_status) && cl_json_put_text(out, "error", result->error) &&
           cl_json_put_char(out, '}');
}

/* With the lock held. */
static bool put_all(const claude_health_t *health, cl_buf *out)
{
    cl_health_result none = cl_health_unchecked();
    bool ok = cl_json_put_char(out, '{') && cl_json_put_key(out, "endpoints") && cl_json_put_char(out, '[');

    for (size_t i = 0; i < cl_health_count(health) && ok; i++)
        ok = (i == 0 || cl_json_put_char(out, ',')) &&
             put_endpoint(out, item_at(health, i), health->found ? &health->found->results[i] : &none);
    ok = ok && cl_json_put_char(out, ']') && cl_json_put_key(out, "shares") && cl_json_put_char(out, '{');
    for (int32_t state = CL_STATE_UNKNOWN; state <= CL_STATE_UNHEALTHY && ok; state++)
        ok = cl_json_put_int(out, cl_state_name(state), share(health, state));
    return ok && cl_json_put_char(out, '}') && cl_json_put_char(out, '}');
}

const char *cl_health_json(claude_health_t *health, size_t *len)
{
    cl_buf out = CL_BUF_INIT(JSON_MAX);
    const char *text;

    lock(health);
    if (!health->json && put_all(health, &out))
        health->json = cl_buf_steal(&out, &health->json_len);
    text = health->json;
    if (len)
        *len = text ? health->json_len : 0;
    unlock(health);
    cl_buf_free(&out);
    return text;
}
