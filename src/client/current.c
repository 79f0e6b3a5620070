/* current.c - the snapshots of a handle: which holds now, which have names, and how one takes the place of another. */
#include <pthread.h>
#include <stdlib.h>

#include "client/client.h"
#include "message/request.h"

/* The first is for calls that name none; the others are in use while they have a snapshot. */
struct cl_root {
    pthread_mutex_t lock; /* of what follows; nothing is called with it */
    int64_t generation;   /* of the snapshot that was made last */
    claude_client_t *snapshots[1 + CL_SNAPSHOTS_MAX];
    size_t watch_count;
    cl_watch watches[CL_WATCHES_MAX];
    uint64_t watch_changes;
    cl_listener *listeners;
};

/* A child finds the lock free. */
static void lock(cl_root *root)
{
    cl_fork_hold();
    pthread_mutex_lock(&root->lock);
}

static void unlock(cl_root *root)
{
    pthread_mutex_unlock(&root->lock);
    cl_fork_release();
}

claude_code_t cl_client_wrap(claude_client_t *snapshot, claude_client_t **out, cl_err *err)
{
    claude_client_t *client = calloc(1, sizeof *client);
    cl_root *root = calloc(1, sizeof *root);

    if (!client || !root || pthread_mutex_init(&root->lock, NULL) != 0) {
        free(client);
        free(root);
        cl_client_unref(snapshot);
        return cl_fail_nomem(err);
    }
    snapshot->generation = root->generation = 1;
    root->snapshots[0] = snapshot;
    cl_handle_init(&client->handle, CL_MAGIC_CLIENT);
    client->root = root;
    *out = client;
    return CLAUDE_OK;
}

void cl_root_free(claude_client_t *client)
{
    cl_root *root = client->root;

    for (size_t i = 0; CL_FEATURE_DYNAMIC_CONFIG && i < root->watch_count; i++) {
        root->watches[i].kind->gone(root->watches[i].self, client);
        root->watches[i].kind->unref(root->watches[i].self);
    }
    for (size_t i = 0; i <= CL_SNAPSHOTS_MAX; i++)
        cl_client_unref(root->snapshots[i]);
    pthread_mutex_destroy(&root->lock);
    free(root);
}

/* ---- looking ---- */

claude_client_t *cl_client_current(claude_client_t *client)
{
    cl_root *root = client->root;
    claude_client_t *now;

    if (!root)
        return cl_client_ref(client);
    lock(root);
    now = cl_client_ref(root->snapshots[0]);
    unlock(root);
    return now;
}

/* With the lock held. Where there is none of this name, the first free place; beyond the last: there is none. */
static size_t find(const cl_root *root, const char *name)
{
    size_t free_one = 1 + CL_SNAPSHOTS_MAX;

    if (*name == '\0')
        return 0;
    for (size_t i = CL_SNAPSHOTS_MAX; i > 0; i--) {
        if (!root->snapshots[i])
            free_one = i;
        else if (strcmp(root->snapshots[i]->name, name) == 0)
            return i;
    }
    return free_one;
}

/* NULL: there is none. */
static claude_client_t *take_named(cl_root *root, const char *name)
{
    claude_client_t *found = NULL;
    size_t at;

    lock(root);
    at = find(root, name);
    if (at <= CL_SNAPSHOTS_MAX && root->snapshots[at])
        found = cl_client_ref(root->snapshots[at]);
    unlock(root);
    return found;
}

claude_code_t cl_client_named(claude_client_t *client, const char *name, claude_client_t **out, cl_err *err)
{
    claude_client_t *found;

    if (*name == '\0' || !client->root) {
        *out = cl_client_current(client);
        return CLAUDE_OK;
    }
    found = take_named(client->root, name);
    if (!found)
        return cl_fail(err, CLAUDE_E_INVALID,
                       "request.snapshot names one that the client does not have; set it with "
                       "claude_client_set_snapshot()");
    *out = found;
    return CLAUDE_OK;
}

claude_code_t cl_client_choose(claude_client_t *client, const claude_request_t *request, claude_client_t **out,
                               cl_err *err)
{
    const char *name = cl_option_text(cl_request_options(request), NULL, CL_OPT_REQUEST_SNAPSHOT);
    bool watched = CL_FEATURE_DYNAMIC_CONFIG && atomic_load_explicit(&client->watched, memory_order_relaxed);
    claude_code_t rc;

    if (!CL_FEATURE_DYNAMIC_CONFIG && *name)
        return cl_fail_left_out(err, "dynamic-config");
    /* Who is told of a change may drop the program's last reference. */
    if (watched)
        (void)cl_client_look_all(cl_client_ref(client), true);
    rc = cl_client_named(client, name, out, err);
    if (watched)
        cl_client_unref(client);
    return rc;
}

size_t cl_client_all(claude_client_t *client, claude_client_t *out[])
{
    cl_root *root = client->root;
    size_t count = 0;

    if (!root) {
        out[0] = cl_client_ref(client);
        return 1;
    }
    lock(root);
    for (size_t i = 0; i <= CL_SNAPSHOTS_MAX; i++) {
        if (root->snapshots[i])
            out[count++] = cl_client_ref(root->snapshots[i]);
    }
    unlock(root);
    return count;
}

/* ---- changing ---- */

/* One that gets a name for the first time goes on from the one without. */
static claude_code_t derive(claude_client_t *client, const char *name, claude_client_t *before, cl_client_edit edit,
                            void *data, claude_client_t **out, cl_err *err)
{
    claude_client_t *from = before ? cl_client_ref(before) : cl_client_current(client);
    claude_config_t *config = NULL;
    claude_code_t rc = edit(before ? before->config : NULL, data, &config, err);

    if (rc >= 0 && config)
        rc = cl_snapshot_of_client(config, from, out, err);
    if (rc >= 0 && config)
        memcpy((*out)->name, name, strlen(name) + 1);
    cl_client_unref(from);
    return rc;
}

static claude_code_t fail_full(cl_err *err)
{
    return cl_fail(err, CLAUDE_E_LIMIT, "the client has %d named snapshots already; no more are possible",
                   CL_SNAPSHOTS_MAX);
}

claude_code_t cl_client_check_room(claude_client_t *client, const char *name, cl_err *err)
{
    size_t at;

    lock(client->root);
    at = find(client->root, name);
    unlock(client->root);
    return at > CL_SNAPSHOTS_MAX ? fail_full(err) : CLAUDE_OK;
}

/* 1: done; 0: another was faster. `*snapshot` becomes the one that is not needed any more. */
static claude_code_t put(cl_root *root, const char *name, const claude_client_t *before, claude_client_t **snapshot,
                         int64_t *generation, cl_err *err)
{
    claude_client_t *there;
    claude_code_t rc = 0;
    size_t at;

    lock(root);
    at = find(root, name);
    there = at <= CL_SNAPSHOTS_MAX ? root->snapshots[at] : NULL;
    if (at > CL_SNAPSHOTS_MAX) {
        rc = fail_full(err);
    } else if (there == before) {
        (*snapshot)->generation = ++root->generation;
        if (generation)
            *generation = root->generation;
        root->snapshots[at] = *snapshot;
        *snapshot = there;
        rc = 1;
    }
    unlock(root);
    return rc;
}

claude_code_t cl_client_check_name(const char *name, cl_err *err)
{
    size_t len = strlen(name);
    bool good = len <= CL_SNAPSHOT_NAME_MAX;

    for (size_t i = 0; good && i < len; i++)
        good = name[i] > ' ' && name[i] < 0x7f;
    if (!good)
        return cl_fail(err, CLAUDE_E_INVALID, "name of a snapshot must have 1 to %d visible ASCII characters",
                       CL_SNAPSHOT_NAME_MAX);
    return CLAUDE_OK;
}

claude_code_t cl_client_change(claude_client_t *client, const char *name, cl_client_edit edit, void *data,
                               int64_t *generation, cl_err *err)
{
    claude_code_t rc = cl_client_check_name(name, err);

    while (rc == CLAUDE_OK) {
        claude_client_t *before = take_named(client->root, name);
        claude_client_t *made = NULL;
        rc = derive(client, name, before, edit, data, &made, err);
        if (rc >= 0 && !made)
            rc = 1;
        else if (rc >= 0)
            rc = put(client->root, name, before, &made, generation, err);
        /* The last one to hold a configuration runs its callbacks: no lock is held here. */
        cl_client_unref(made);
        cl_client_unref(before);
    }
    return rc < 0 ? rc : CLAUDE_OK;
}

static claude_code_t copy_config(const claude_config_t *now, void *data, claude_config_t **out, cl_err *err)
{
    (void)now;
    return cl_config_copy(data, out, err);
}

claude_code_t cl_client_set_config(claude_client_t *client, const char *name, const claude_config_t *config,
                                   int64_t *generation, cl_err *err)
{
    return cl_client_change(client, name, copy_config, (void *)(uintptr_t)config, generation, err);
}

void cl_client_drop_named(claude_client_t *client, const char *name)
{
    cl_root *root = client->root;
    claude_client_t *old = NULL;
    size_t at;

    lock(root);
    at = find(root, name);
    if (at > 0 && at <= CL_SNAPSHOTS_MAX) {
        old = root->snapshots[at];
        root->snapshots[at] = NULL;
    }
    unlock(root);
    cl_client_unref(old);
}

int64_t cl_client_generation(claude_client_t *client, const char *name)
{
    claude_client_t *found = take_named(client->root, name);
    int64_t generation = found ? found->generation : 0;

    cl_client_unref(found);
    return generation;
}

/* ---- who looks after it ---- */

/* One that has not heard of the last change yet: its engine, held. NULL: all have. */
static cl_engine *next_to_hear(cl_root *root)
{
    cl_engine *engine = NULL;

    lock(root);
    for (cl_listener *l = root->listeners; l && !engine; l = l->next) {
        if (l->heard == root->watch_changes)
            continue;
        l->heard = root->watch_changes;
        engine = cl_engine_ref(l->engine);
    }
    unlock(root);
    return engine;
}

static void tell_listeners(cl_root *root)
{
    cl_engine *engine;

    while ((engine = next_to_hear(root)) != NULL) {
        cl_engine_stir(engine);
        cl_engine_unref(engine);
    }
}

void cl_client_listen(claude_client_t *client, cl_listener *listener)
{
    cl_root *root = client->root;

    lock(root);
    listener->heard = root->watch_changes;
    listener->prev = NULL;
    listener->next = root->listeners;
    if (root->listeners)
        root->listeners->prev = listener;
    root->listeners = listener;
    unlock(root);
    /* Whoever watches already has its first look in the first turn. */
    if (atomic_load(&client->watched))
        cl_engine_stir(listener->engine);
}

void cl_client_unlisten(claude_client_t *client, cl_listener *listener)
{
    cl_root *root = client->root;

    lock(root);
    if (listener->prev)
        listener->prev->next = listener->next;
    else
        root->listeners = listener->next;
    if (listener->next)
        listener->next->prev = listener->prev;
    unlock(root);
}

claude_code_t cl_client_watch(claude_client_t *client, const cl_watch *watch, cl_err *err)
{
    cl_root *root = client->root;
    claude_code_t rc = CLAUDE_OK;
    size_t count;

    lock(root);
    count = root->watch_count;
    if (count == sizeof root->watches / sizeof root->watches[0]) {
        rc = cl_fail(err, CLAUDE_E_LIMIT, "the client has %zu watchers already; no more are possible", count);
    } else {
        root->watches[count] = *watch;
        watch->kind->ref(watch->self);
        root->watch_count = count + 1;
        root->watch_changes++;
        atomic_store_explicit(&client->watched, true, memory_order_relaxed);
    }
    unlock(root);
    tell_listeners(root);
    return rc;
}

void cl_client_unwatch(claude_client_t *client, const void *self)
{
    cl_root *root = client->root;
    cl_watch old = {.self = NULL};
    size_t count;

    lock(root);
    count = root->watch_count;
    for (size_t i = 0; i < count && !old.self; i++) {
        if (root->watches[i].self != self)
            continue;
        old = root->watches[i];
        root->watches[i] = root->watches[count - 1];
        root->watch_count = count - 1;
        atomic_store_explicit(&client->watched, count > 1, memory_order_relaxed);
    }
    unlock(root);
    if (old.self)
        old.kind->unref(old.self);
}

size_t cl_client_watches(claude_client_t *client, cl_watch out[CL_WATCHES_MAX])
{
    cl_root *root = client->root;
    size_t count;

    lock(root);
    count = root->watch_count;
    for (size_t i = 0; i < count; i++) {
        out[i] = root->watches[i];
        out[i].kind->ref(out[i].self);
    }
    unlock(root);
    return count;
}

/* The watches are held, so that they can be taken off meanwhile. */
int64_t cl_client_look_all(claude_client_t *client, bool call)
{
    cl_watch watches[CL_WATCHES_MAX];
    size_t count = cl_client_watches(client, watches);
    int64_t again_at = INT64_MAX;

    for (size_t i = 0; i < count; i++) {
        int64_t at = watches[i].kind->look(watches[i].self, call);
        again_at = at < again_at ? at : again_at;
        watches[i].kind->unref(watches[i].self);
    }
    return again_at;
}
