#include "api/watcher.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "auth/auth.h"
#include "base/error.h"

enum {
    LOOK_MS = 1000, /* where the kernel has said nothing: a call or a loop looks after this time all the same */
    TURN_MS = 100,  /* turns of a loop ask the kernel no more often */
    DIGEST = 32
};

/* A snapshot that is kept up to date. */
typedef struct member {
    claude_client_t *client; /* not held: it says when it is gone */
    char name[CL_SNAPSHOT_NAME_MAX + 1];
    cl_options *base; /* as it was without the watcher */
} member;

/* Two locks, in this order: `work` is of the thread that looks and applies; `lock` of what others see meanwhile. */
struct claude_watcher {
    cl_handle handle;
    char *path;
    cl_runtime *initial;
    /* ---- with `work` ---- */
    pthread_mutex_t work;
    _Atomic uint32_t process; /* the process that the lock is good in */
    _Atomic uint32_t claimed; /* and the one that a thread has begun to make it ready for */
    cl_notify notify;
    int64_t looked_at;
    int64_t asked_at;
    bool judged;  /* `seen` was looked at, and there was no trouble in between */
    bool applied; /* what holds is what `good` says */
    unsigned char seen[DIGEST];
    unsigned char good[DIGEST];
    /* ---- with `lock` ---- */
    pthread_mutex_t lock;
    cl_runtime *live;
    int64_t generation;
    claude_error_t *trouble; /* NULL: none */
    cl_hook *hook;           /* NULL: none */
    member members[CL_WATCHER_CLIENTS_MAX];
    size_t count;
    char *servers[CL_WATCHER_SERVERS_MAX];
    size_t server_count;
};

/* A child finds this lock free; nothing is called with it. */
static void lock(claude_watcher_t *w)
{
    cl_fork_hold();
    pthread_mutex_lock(&w->lock);
}

static void unlock(claude_watcher_t *w)
{
    pthread_mutex_unlock(&w->lock);
    cl_fork_release();
}

/* Knows its owner: a callback that comes back here while it works must not wait for itself. */
static bool make_work_lock(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t kind;
    bool made;

    if (pthread_mutexattr_init(&kind) != 0)
        return false;
    made = pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK) == 0 && pthread_mutex_init(mutex, &kind) == 0;
    pthread_mutexattr_destroy(&kind);
    return made;
}

/* In a child the lock may have been held by a thread that is not there: the first one to come makes it anew. */
static void after_fork(claude_watcher_t *w)
{
    uint32_t now = cl_fork_generation();
    uint32_t claimed;

    if (atomic_load_explicit(&w->process, memory_order_acquire) == now)
        return;
    claimed = atomic_load(&w->claimed);
    if (claimed != now && atomic_compare_exchange_strong(&w->claimed, &claimed, now)) {
        (void)make_work_lock(&w->work);
        w->looked_at = w->asked_at = INT64_MIN / 2;
        atomic_store_explicit(&w->process, now, memory_order_release);
        return;
    }
    while (atomic_load_explicit(&w->process, memory_order_acquire) != now)
        sched_yield();
}

static claude_code_t begin(claude_watcher_t *w, cl_err *err)
{
    after_fork(w);
    if (pthread_mutex_lock(&w->work) != 0)
        return cl_fail(err, CLAUDE_E_BUSY, "called from inside a callback that the same watcher runs");
    return CLAUDE_OK;
}

static void end(claude_watcher_t *w)
{
    pthread_mutex_unlock(&w->work);
}

/* ---- life ---- */

static void watcher_free(claude_watcher_t *w)
{
    cl_notify_close(&w->notify);
    for (size_t i = 0; i < w->count; i++)
        cl_options_free(w->members[i].base);
    for (size_t i = 0; i < w->server_count; i++)
        free(w->servers[i]);
    cl_runtime_unref(w->initial);
    cl_runtime_unref(w->live);
    cl_error_unref(w->trouble);
    cl_hook_unref(w->hook);
    pthread_mutex_destroy(&w->work);
    pthread_mutex_destroy(&w->lock);
    free(w->path);
    free(w);
}

claude_watcher_t *cl_watcher_ref(claude_watcher_t *watcher)
{
    cl_handle_ref(&watcher->handle);
    return watcher;
}

void cl_watcher_unref(claude_watcher_t *watcher)
{
    if (watcher && cl_handle_unref(&watcher->handle))
        watcher_free(watcher);
}

/* ---- applying: with `work` held, unless it says something else ---- */

/* The base_url that the program has given last: a key that came with another one is not for that of `base`. */
static const char *own_url(const claude_watcher_t *w, const claude_config_t *now, const member *m)
{
    const char *url = cl_option_text(NULL, now->options, CL_OPT_BASE_URL);
    const char *ours = cl_option_text(NULL, w->live->options, CL_OPT_BASE_URL);

    return w->live->names_url && strcmp(url, ours) == 0 ? cl_option_text(NULL, m->base, CL_OPT_BASE_URL) : url;
}

/* The options of the client without the watcher. */
static claude_code_t own_options(const claude_watcher_t *w, const claude_config_t *now, const member *m,
                                 cl_options **out, cl_err *err)
{
    const char *url = own_url(w, now, m);
    claude_code_t rc;

    if (strcmp(url, cl_option_text(NULL, m->base, CL_OPT_BASE_URL)) == 0) {
        *out = cl_options_share(m->base);
        return CLAUDE_OK;
    }
    rc = cl_options_copy(m->base, out, err);
    if (rc >= 0)
        rc = cl_options_set(*out, "base_url", url, false, err);
    return rc;
}

static claude_code_t edit(const claude_watcher_t *w, const claude_config_t *now, const cl_runtime *runtime,
                          const member *m, claude_config_t **out, cl_err *err)
{
    claude_client_t *current = now ? NULL : cl_client_current(m->client);
    cl_options *own = NULL;
    claude_code_t rc;

    now = now ? now : current->config;
    rc = own_options(w, now, m, &own, err);
    if (rc >= 0)
        rc = cl_runtime_apply(runtime, now, own, out, err);
    cl_options_free(own);
    cl_client_unref(current);
    return rc;
}

typedef struct edit_data {
    const claude_watcher_t *watcher;
    const cl_runtime *runtime;
    const member *member;
} edit_data;

static claude_code_t edit_client(const claude_config_t *now, void *data, claude_config_t **out, cl_err *err)
{
    const edit_data *given = data;

    return edit(given->watcher, now, given->runtime, given->member, out, err);
}

static claude_code_t change(const claude_watcher_t *w, const member *m, const cl_runtime *runtime, cl_err *err)
{
    edit_data data = {w, runtime, m};

    return cl_client_change(m->client, m->name, edit_client, &data, NULL, err);
}

/* A key goes to the server that it was given for. One that the program has named itself is such a one. */
static bool may_go_to(claude_watcher_t *w, const char *own, cl_str url)
{
    bool found = cl_url_same_server(url, cl_str_of(own));

    lock(w);
    for (size_t i = 0; i < w->server_count && !found; i++)
        found = cl_url_same_server(url, cl_str_of(w->servers[i]));
    unlock(w);
    return found;
}

/* The snapshot of this name, or the one that it would be made from. */
static claude_client_t *snapshot_of(claude_client_t *client, const char *name)
{
    claude_client_t *now = NULL;

    return cl_client_named(client, name, &now, NULL) < 0 ? cl_client_current(client) : now;
}

/* What goes to the server of base_url, and may be meant for that one only. */
static bool sends_secrets(const claude_config_t *config)
{
    return config->secret || config->credentials || config->headers.count > 0;
}

/* Whether the client could be changed: makes the snapshot, and lets it go. */
static claude_code_t try_change(claude_watcher_t *w, const member *m, const cl_runtime *runtime, bool from_file,
                                cl_err *err)
{
    const char *url = cl_option_text(NULL, runtime->options, CL_OPT_BASE_URL);
    claude_client_t *now = snapshot_of(m->client, m->name);
    claude_client_t *made = NULL;
    claude_config_t *config = NULL;
    claude_code_t rc = cl_client_check_room(m->client, m->name, err);

    if (rc >= 0 && from_file && runtime->text_names_url && sends_secrets(now->config) &&
        !may_go_to(w, own_url(w, now->config, m), cl_str_of(url)))
        rc = cl_fail(err, CLAUDE_E_INVALID,
                     "base_url is another server than the one that the client's key or headers are for; name it with "
                     "claude_watcher_allow_server() if they may go there");
    if (rc >= 0)
        rc = edit(w, now->config, runtime, m, &config, err);
    if (rc >= 0)
        rc = cl_snapshot_of_client(config, now, &made, err);
    cl_client_unref(made);
    cl_client_unref(now);
    return rc;
}

/* The members of now whose clients still live, held. */
static size_t take_members(claude_watcher_t *w, member *out)
{
    size_t count = 0;

    lock(w);
    for (size_t i = 0; i < w->count; i++) {
        if (!cl_handle_try_ref(&w->members[i].client->handle))
            continue;
        out[count] = w->members[i];
        out[count++].base = cl_options_share(w->members[i].base);
    }
    unlock(w);
    return count;
}

static void release_members(member *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cl_client_unref(members[i].client);
        cl_options_free(members[i].base);
    }
}

/* Takes over the runtime configuration. */
static void publish(claude_watcher_t *w, cl_runtime *runtime)
{
    claude_error_t *trouble;
    cl_runtime *old;

    lock(w);
    old = w->live;
    w->live = runtime;
    w->generation++;
    trouble = w->trouble;
    w->trouble = NULL;
    unlock(w);
    cl_runtime_unref(old);
    cl_error_unref(trouble);
}

/* Where the program has moved the client meanwhile, it comes back to when no file names another place. */
static claude_code_t adopt(claude_watcher_t *w, member *m, cl_err *err)
{
    claude_client_t *now = snapshot_of(m->client, m->name);
    cl_options *own = NULL;
    cl_options *old = NULL;
    claude_code_t rc = own_options(w, now->config, m, &own, err);

    cl_client_unref(now);
    if (rc < 0) {
        cl_options_free(own);
        return rc;
    }
    lock(w);
    for (size_t i = 0; i < w->count && !old; i++) {
        if (w->members[i].client != m->client || strcmp(w->members[i].name, m->name) != 0)
            continue;
        old = w->members[i].base;
        w->members[i].base = cl_options_share(own);
    }
    unlock(w);
    cl_options_free(old);
    cl_options_free(m->base);
    m->base = own;
    return CLAUDE_OK;
}

/* All of the clients take it, or none. Takes over the runtime configuration, also on failure. */
static claude_code_t apply(claude_watcher_t *w, cl_runtime *runtime, bool from_file, cl_err *err)
{
    member *members = malloc(CL_WATCHER_CLIENTS_MAX * sizeof *members);
    size_t count = members ? take_members(w, members) : 0;
    claude_code_t rc = members ? CLAUDE_OK : cl_fail_nomem(err);

    for (size_t i = 0; i < count && rc >= 0; i++)
        rc = adopt(w, &members[i], err);
    for (size_t i = 0; i < count && rc >= 0; i++)
        rc = try_change(w, &members[i], runtime, from_file, err);
    for (size_t i = 0; i < count && rc >= 0; i++)
        rc = change(w, &members[i], runtime, err);
    if (rc >= 0)
        publish(w, runtime);
    else
        cl_runtime_unref(runtime);
    release_members(members, count);
    free(members);
    return rc;
}

/* ---- looking: with `work` held ---- */

static void set_trouble(claude_watcher_t *w, claude_error_t *trouble)
{
    claude_error_t *old;

    lock(w);
    old = w->trouble;
    w->trouble = trouble;
    unlock(w);
    cl_error_unref(old);
}

static void digest_of(cl_str text, unsigned char out[DIGEST])
{
    cl_sha256 sha;

    cl_sha256_init(&sha);
    cl_sha256_update(&sha, text.ptr, text.len);
    cl_sha256_final(&sha, out);
}

static claude_code_t judge(claude_watcher_t *w, cl_str text, bool *changed, cl_err *err)
{
    cl_runtime *runtime = NULL;
    cl_err why;
    claude_code_t rc;

    if (w->applied && memcmp(w->good, w->seen, DIGEST) == 0) {
        set_trouble(w, NULL);
        return CLAUDE_OK;
    }
    cl_err_init(&why);
    rc = cl_runtime_parse(text, w->initial, &runtime, &why);
    if (rc >= 0)
        rc = apply(w, runtime, true, &why);
    if (rc == CLAUDE_E_NOMEM) {
        cl_err_clear(&why);
        return cl_fail_nomem(err);
    }
    if (rc < 0) {
        rc = cl_fail(err, why.code, "configuration file %.300s: %s", w->path, why.message);
        cl_err_clear(&why);
        return rc;
    }
    memcpy(w->good, w->seen, DIGEST);
    w->applied = *changed = true;
    return CLAUDE_OK;
}

/* `again`: also a content that was judged before. What is wrong stays to be read, too: `err` is not NULL. */
static claude_code_t look(claude_watcher_t *w, bool again, bool *changed, cl_err *err)
{
    cl_buf text = CL_BUF_INIT(CL_WATCHER_FILE_MAX);
    unsigned char digest[DIGEST];
    cl_err copy;
    claude_code_t rc;

    w->looked_at = w->asked_at = cl_now_ms();
    cl_notify_aim(&w->notify, w->path);
    rc = cl_watcher_read(w->path, &text, err);
    if (rc >= 0) {
        digest_of(cl_buf_str(&text), digest);
        if (w->judged && !again && memcmp(digest, w->seen, DIGEST) == 0)
            goto out;
        /* First: a child may begin anywhere in here, and looks again. */
        w->judged = false;
        memcpy(w->seen, digest, DIGEST);
        rc = judge(w, cl_buf_str(&text), changed, err);
    }
    /* Out of memory says nothing about the file: the next look tries again. */
    w->judged = rc >= 0 || rc == CLAUDE_E_INVALID || rc == CLAUDE_E_NO_KEY;
    if (rc < 0) {
        cl_err_init(&copy);
        cl_err_copy(&copy, err, NULL);
        set_trouble(w, cl_error_new(&copy));
    }
out:
    cl_buf_free(&text);
    return rc;
}

/* Runs the program's callback: no lock is held. */
static void tell(claude_watcher_t *w)
{
    cl_hook *hook;
    int64_t generation;

    lock(w);
    hook = cl_hook_ref(w->hook);
    generation = w->generation;
    unlock(w);
    if (!hook)
        return;
    ((claude_watcher_fn)cl_hook_fn(hook))(w, generation, cl_hook_data(hook));
    cl_hook_unref(hook);
}

claude_code_t cl_watcher_poll(claude_watcher_t *watcher, bool *changed, cl_err *err)
{
    CL_UNINITIALIZED cl_err why;
    claude_code_t rc = begin(watcher, err);

    if (rc < 0)
        return rc;
    *changed = false;
    cl_err_init(&why);
    (void)cl_notify_drain(&watcher->notify);
    rc = look(watcher, false, changed, &why);
    end(watcher);
    cl_err_clear(&why);
    if (*changed)
        tell(watcher);
    return rc == CLAUDE_E_NOMEM ? cl_fail_nomem(err) : CLAUDE_OK;
}

claude_code_t cl_watcher_reload(claude_watcher_t *watcher, cl_err *err)
{
    bool changed = false;
    claude_code_t rc = begin(watcher, err);

    if (rc < 0)
        return rc;
    (void)cl_notify_drain(&watcher->notify);
    rc = look(watcher, true, &changed, err);
    end(watcher);
    if (changed)
        tell(watcher);
    return rc;
}

claude_code_t cl_watcher_update(claude_watcher_t *watcher, cl_str json, cl_err *err)
{
    cl_runtime *runtime = NULL;
    claude_code_t rc = cl_runtime_parse(json, watcher->initial, &runtime, err);

    if (rc < 0)
        return rc;
    rc = begin(watcher, err);
    if (rc < 0) {
        cl_runtime_unref(runtime);
        return rc;
    }
    rc = apply(watcher, runtime, false, err);
    if (rc >= 0)
        watcher->applied = false;
    end(watcher);
    if (rc >= 0)
        tell(watcher);
    return rc;
}

/* ---- clients ---- */

static bool is_due(claude_watcher_t *w, bool call)
{
    int64_t now = cl_now_ms();
    bool due = now - w->looked_at >= LOOK_MS;

    if (!due && !call && now - w->asked_at < TURN_MS)
        return false;
    w->asked_at = now;
    return cl_notify_drain(&w->notify) || due;
}

/* Before a call, or in a turn of a loop. Where another thread is at it, this one goes on with what holds. */
static int64_t look_for_client(void *self, bool call)
{
    claude_watcher_t *w = self;
    CL_UNINITIALIZED cl_err why;
    bool changed = false;
    int64_t again_at;

    after_fork(w);
    if (pthread_mutex_trylock(&w->work) != 0)
        return cl_now_ms() + TURN_MS;
    cl_err_init(&why);
    if (is_due(w, call))
        (void)look(w, false, &changed, &why);
    again_at = w->looked_at + LOOK_MS;
    end(w);
    cl_err_clear(&why);
    if (changed)
        tell(w);
    return again_at;
}

static void ref_self(void *self)
{
    cl_watcher_ref(self);
}

static void unref_self(void *self)
{
    cl_watcher_unref(self);
}

/* Takes the members with this client, and with this name (NULL: any), off the list. Returns how many there were. */
static size_t take_off(claude_watcher_t *w, const claude_client_t *client, const char *name)
{
    cl_options *bases[CL_WATCHER_CLIENTS_MAX];
    size_t taken = 0;

    lock(w);
    for (size_t i = w->count; i > 0; i--) {
        member *m = &w->members[i - 1];
        if (m->client != client || (name && strcmp(m->name, name) != 0))
            continue;
        bases[taken++] = m->base;
        *m = w->members[--w->count];
    }
    unlock(w);
    for (size_t i = 0; i < taken; i++)
        cl_options_free(bases[i]);
    return taken;
}

static void tell_state(void *self, cl_watch_state *out)
{
    claude_watcher_t *w = self;

    lock(w);
    *out = (cl_watch_state){w->path, w->generation, w->count, w->trouble ? cl_error_ref(w->trouble) : NULL};
    unlock(w);
}

static void client_is_gone(void *self, const claude_client_t *client)
{
    take_off(self, client, NULL);
}

static const cl_watch_kind watch_kind = {look_for_client, tell_state, client_is_gone, ref_self, unref_self};

/* Takes over the options, also on failure. */
static claude_code_t put_on(claude_watcher_t *w, const member *fresh, cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;

    lock(w);
    for (size_t i = 0; i < w->count && rc >= 0; i++) {
        if (w->members[i].client == fresh->client && strcmp(w->members[i].name, fresh->name) == 0)
            rc = cl_fail(err, CLAUDE_E_STATE, "the client is attached to this watcher already");
    }
    if (rc >= 0 && w->count == CL_WATCHER_CLIENTS_MAX)
        rc = cl_fail(err, CLAUDE_E_LIMIT, "the watcher has %d clients already; no more are possible",
                     CL_WATCHER_CLIENTS_MAX);
    if (rc >= 0)
        w->members[w->count++] = *fresh;
    unlock(w);
    if (rc < 0)
        cl_options_free(fresh->base);
    return rc;
}

static claude_code_t base_of(claude_client_t *client, const char *name, cl_options **out, cl_err *err)
{
    claude_client_t *now = snapshot_of(client, name);
    claude_code_t rc = cl_options_copy(now->config->options, out, err);

    cl_client_unref(now);
    return rc;
}

/* With `work` held. */
static claude_code_t attach(claude_watcher_t *w, claude_client_t *client, const char *name, cl_err *err)
{
    const cl_watch watch = {&watch_kind, w};
    member fresh = {.client = client};
    claude_code_t rc = base_of(client, name, &fresh.base, err);

    if (rc < 0)
        return rc;
    memcpy(fresh.name, name, strlen(name) + 1);
    rc = put_on(w, &fresh, err);
    if (rc < 0)
        return rc;
    rc = try_change(w, &fresh, w->live, w->applied, err);
    if (rc >= 0)
        rc = cl_client_watch(client, &watch, err);
    if (rc < 0) {
        take_off(w, client, name);
        return rc;
    }
    rc = change(w, &fresh, w->live, err);
    if (rc < 0) {
        take_off(w, client, name);
        cl_client_unwatch(client, w);
    }
    return rc;
}

claude_code_t cl_watcher_attach(claude_watcher_t *watcher, claude_client_t *client, const char *name, cl_err *err)
{
    claude_code_t rc = cl_client_check_name(name, err);

    if (rc < 0 || (rc = begin(watcher, err)) < 0)
        return rc;
    rc = attach(watcher, client, name, err);
    end(watcher);
    return rc;
}

claude_code_t cl_watcher_detach(claude_watcher_t *watcher, claude_client_t *client, const char *name, cl_err *err)
{
    claude_code_t rc = begin(watcher, err);

    if (rc < 0)
        return rc;
    if (take_off(watcher, client, name) == 0)
        rc = cl_fail(err, CLAUDE_E_STATE, "the client is not attached to this watcher");
    else
        cl_client_unwatch(client, watcher);
    watcher->judged = false; /* what this client has refused may be good for the others */
    end(watcher);
    return rc;
}

claude_code_t cl_watcher_allow_server(claude_watcher_t *watcher, const char *base_url, cl_err *err)
{
    claude_code_t rc = cl_base_url_check(cl_str_of(base_url), true, err);
    char *copy;

    if (rc < 0 || (rc = begin(watcher, err)) < 0)
        return rc;
    copy = strdup(base_url);
    if (!copy) {
        rc = cl_fail_nomem(err);
    } else if (watcher->server_count == CL_WATCHER_SERVERS_MAX) {
        free(copy);
        rc = cl_fail(err, CLAUDE_E_LIMIT, "the watcher has %d servers already; no more are possible",
                     CL_WATCHER_SERVERS_MAX);
    } else {
        lock(watcher);
        watcher->servers[watcher->server_count++] = copy;
        unlock(watcher);
        watcher->judged = false; /* what was refused may be good now */
    }
    end(watcher);
    return rc;
}

/* ---- what there is to know ---- */

void cl_watcher_on_change(claude_watcher_t *watcher, cl_hook *hook)
{
    cl_hook *old;

    lock(watcher);
    old = watcher->hook;
    watcher->hook = hook;
    unlock(watcher);
    cl_hook_unref(old);
}

claude_code_t cl_watcher_config(claude_watcher_t *watcher, claude_config_t **out, cl_err *err)
{
    cl_runtime *live;
    claude_code_t rc;

    lock(watcher);
    live = cl_runtime_ref(watcher->live);
    unlock(watcher);
    rc = cl_runtime_config(live, out, err);
    cl_runtime_unref(live);
    return rc;
}

int64_t cl_watcher_generation(claude_watcher_t *watcher)
{
    int64_t generation;

    lock(watcher);
    generation = watcher->generation;
    unlock(watcher);
    return generation;
}

claude_error_t *cl_watcher_trouble(claude_watcher_t *watcher)
{
    claude_error_t *trouble;

    lock(watcher);
    trouble = watcher->trouble ? cl_error_ref(watcher->trouble) : NULL;
    unlock(watcher);
    return trouble;
}

int32_t cl_watcher_fd(claude_watcher_t *watcher)
{
    int fd = -1;

    if (begin(watcher, NULL) < 0)
        return -1;
    if (!cl_notify_is_open(&watcher->notify))
        cl_notify_aim(&watcher->notify, watcher->path);
    fd = cl_notify_fd(&watcher->notify);
    end(watcher);
    return fd;
}

bool cl_watcher_is_notified(claude_watcher_t *watcher)
{
    bool notified;

    if (begin(watcher, NULL) < 0)
        return false;
    if (!cl_notify_is_open(&watcher->notify))
        cl_notify_aim(&watcher->notify, watcher->path);
    notified = watcher->notify.inotify >= 0;
    end(watcher);
    return notified;
}

static claude_code_t set_initial(claude_watcher_t *w, const char *path, cl_str initial, cl_err *err)
{
    claude_code_t rc = cl_runtime_parse(initial, NULL, &w->initial, err);

    if (rc < 0)
        return rc;
    w->initial->text_names_url = false;
    w->live = cl_runtime_ref(w->initial);
    w->path = strdup(path);
    return w->path ? CLAUDE_OK : cl_fail_nomem(err);
}

claude_code_t cl_watcher_new(const char *path, cl_str initial, claude_watcher_t **out, cl_err *err)
{
    claude_watcher_t *w = calloc(1, sizeof *w);
    CL_UNINITIALIZED cl_err why;
    bool changed = false;
    claude_code_t rc;

    if (!w || pthread_mutex_init(&w->lock, NULL) != 0) {
        free(w);
        return cl_fail_nomem(err);
    }
    if (!make_work_lock(&w->work)) {
        pthread_mutex_destroy(&w->lock);
        free(w);
        return cl_fail_nomem(err);
    }
    cl_handle_init(&w->handle, CL_MAGIC_WATCHER);
    atomic_init(&w->process, cl_fork_generation());
    atomic_init(&w->claimed, cl_fork_generation());
    w->notify = CL_NOTIFY_INIT;
    w->generation = 1;
    rc = set_initial(w, path, initial, err);
    if (rc < 0) {
        cl_watcher_unref(w);
        return rc;
    }
    /* A file that is not there yet, or not as it should be, is no reason not to begin: cl_watcher_trouble(). */
    cl_err_init(&why);
    rc = look(w, false, &changed, &why);
    cl_err_clear(&why);
    if (rc == CLAUDE_E_NOMEM) {
        cl_watcher_unref(w);
        return cl_fail_nomem(err);
    }
    *out = w;
    return CLAUDE_OK;
}
