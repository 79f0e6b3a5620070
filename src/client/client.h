/*
 * client.h - the door of the room for clients: a configuration made ready, and the engines that its calls share.
 *
 * What the program holds is a handle: it has a root and nothing else, and the root has snapshots, which are clients,
 * too. A snapshot never changes. A call takes one when it is started and keeps it to its end; to change a client is to
 * put another snapshot in the place of one. Snapshots of a handle share what must outlive them: connections, what was
 * counted and told, and the states of limiter, breakers and retry budgets, for as long as their options are the same.
 */
#ifndef CL_CLIENT_H
#define CL_CLIENT_H

#include <claude/client.h>

#include "auth/auth.h"
#include "base/base.h"
#include "client/key.h"
#include "config/config.h"
#include "http/http.h"
#include "message/models.h"
#include "reliability/breaker.h"
#include "reliability/failover.h"
#include "reliability/limiter.h"
#include "reliability/metrics.h"
#include "reliability/quota.h"
#include "reliability/recent.h"
#include "reliability/retry.h"

/* What a server has said it does not take. */
enum { CL_REFUSES_GZIP = 1, CL_REFUSES_CHUNKS = 2 };

/* ---- what snapshots share by count (shared.c) ---- */

/* Engines, and the settings that they were made with, whose texts are copies. */
typedef struct cl_lines {
    _Atomic uint32_t refs;
    cl_http_settings http;
    size_t max;
    cl_engines *engines;
    char texts[];
} cl_lines;

/* What is known of a place, besides its breaker. */
typedef struct cl_place {
    _Atomic uint32_t refs;
    cl_retry_budget budget;
    _Atomic uint32_t refuses; /* CL_REFUSES_*, of bodies */
} cl_place;

/* What belongs to the handle, whatever its configuration says. */
typedef struct cl_common {
    _Atomic uint32_t refs;
    cl_told told;                  /* deprecated models that the program has heard of */
    _Atomic uint64_t log_number;   /* of the last call that the log has heard of */
    _Atomic(cl_metrics *) metrics; /* NULL: nobody has wanted any */
} cl_common;

/* The engines of `before` (may be NULL) if they were made with the same settings, else new ones. */
claude_code_t cl_lines_take(cl_lines *before, const cl_http_settings *http, size_t max, cl_lines **out, cl_err *err);
cl_lines *cl_lines_ref(cl_lines *lines);
void cl_lines_unref(cl_lines *lines);
cl_place *cl_place_new(int64_t budget);
cl_place *cl_place_ref(cl_place *place);
void cl_place_unref(cl_place *place);
cl_common *cl_common_new(void);
cl_common *cl_common_ref(cl_common *common);
void cl_common_unref(cl_common *common);
/* Makes them when first asked for. NULL when out of memory. */
cl_metrics *cl_common_metrics(cl_common *common);
bool cl_http_settings_same(const cl_http_settings *a, const cl_http_settings *b);

/* A place where requests may go. */
typedef struct cl_target {
    const char *base_url;    /* without a slash at the end; lives as long as the client */
    claude_secret_t *secret; /* as configured; borrowed; NULL: none */
    cl_key *key;             /* what is sent; NULL: nothing may be */
    bool is_own;             /* the server of base_url: what the program has set for that may go there */
    size_t same_as;          /* the target whose state this one has: itself, or 0 */
    claude_breaker_t *breaker;
    cl_place *place;
} cl_target;

/* CLAUDE_WITH_* that calls may ask for, and what is no matter of theirs. */
enum {
    CL_FEATURES_OF_CALLS = CLAUDE_WITH_RETRIES | CLAUDE_WITH_CIRCUIT_BREAKER | CLAUDE_WITH_RATE_LIMITING |
                           CLAUDE_WITH_FAILOVER | CLAUDE_WITH_QUOTA,
    CL_FEATURE_OF_METRICS = 1 << 16,
    CL_FEATURE_OF_COMPRESSION = 1 << 17,
    CL_FEATURE_OF_TIMINGS = 1 << 18
};

enum {
    CL_SNAPSHOTS_MAX = 8,      /* with a name */
    CL_SNAPSHOT_NAME_MAX = 64, /* bytes */
    CL_WATCHES_MAX = 1 + CL_SNAPSHOTS_MAX,
};

typedef struct cl_root cl_root;

struct claude_client {
    cl_handle handle;
    cl_root *root;                       /* a handle: its snapshots, and all that follows is empty; NULL: a snapshot */
    _Atomic bool watched;                /* a handle: there is somebody who looks, see cl_client_look() */
    char name[CL_SNAPSHOT_NAME_MAX + 1]; /* "": the one of calls that name none */
    int64_t generation;                  /* 1: the first of its handle */
    claude_config_t *config;             /* a copy of its own: immutable */
    cl_http_settings http;               /* of the lines */
    cl_engines *engines;                 /* of the lines */
    cl_lines *lines;
    cl_common *common;
    cl_buf base_url; /* without a slash at the end */
    cl_buf user_agent;
    uint32_t features;  /* that are enabled */
    cl_target *targets; /* base_url, then the endpoints of the failover */
    size_t target_count;
    claude_limiter_t *limiter;   /* NULL: none */
    claude_failover_t *failover; /* NULL: none */
    claude_quota_t *quota;       /* NULL: none */
    cl_metrics *metrics;         /* of `common`; NULL: none */
    cl_recent *recent;           /* NULL: none */
    /* What of the configuration is asked at each call, in one place. */
    bool logs;              /* there is a log callback */
    bool watches;           /* it, or `recent` */
    bool looks_closer;      /* somebody is told of models */
    bool tells_deprecation; /* somebody is told of deprecated ones */
};

/* These three make handles. */
claude_code_t cl_client_new(const claude_config_t *config, claude_client_t **out, cl_err *err);
claude_code_t cl_client_from_env(const claude_config_t *config, claude_client_t **out, cl_err *err);
claude_code_t cl_client_from_workspace(const claude_config_t *config, claude_client_t **out, cl_err *err);
/* The table that models are looked up in; NULL: the one that is built in. */
const claude_models_t *cl_client_models(const claude_client_t *client);
/* The header that carries the key; length 0: none does (auth.style). */
cl_str cl_client_auth_header(const claude_client_t *client);
/* That header's line for a secret, to be wiped. Runs the secret's audit callback. */
claude_code_t cl_client_auth_line(const claude_client_t *client, claude_secret_t *secret, cl_buf *line, cl_err *err);
/* The functions behind credential.h of the interface; same meaning. */
claude_code_t cl_client_rotate(claude_client_t *client, int32_t endpoint, claude_secret_t *secret, cl_err *err);
claude_secret_t *cl_client_secret(claude_client_t *client, int32_t endpoint);
/* Of a snapshot: a reference to what is sent to a base URL now that was configured with this secret (NULL: none). */
claude_secret_t *cl_client_secret_for(const claude_client_t *client, cl_str url, claude_secret_t *secret);
claude_code_t cl_client_metrics(claude_client_t *client, claude_metrics_t **out, cl_err *err);
/* Closes what is idle of all snapshots. */
void cl_client_trim(claude_client_t *client);

/* ---- snapshot.c ---- */

/* Takes over the configuration, also on failure; `before` as for cl_client_make_targets(). */
claude_code_t cl_snapshot_of_client(claude_config_t *config, const claude_client_t *before, claude_client_t **out,
                                    cl_err *err);
void cl_snapshot_of_client_free(claude_client_t *client);

/* ---- current.c: the snapshots of a handle ---- */

/* Takes over the snapshot, also on failure. */
claude_code_t cl_client_wrap(claude_client_t *snapshot, claude_client_t **out, cl_err *err);
void cl_root_free(claude_client_t *client);
/* The snapshot for calls that name none, to be released with cl_client_unref(). Of a snapshot: itself. */
claude_client_t *cl_client_current(claude_client_t *client);
/* The one with this name ("": the same as above). CLAUDE_E_INVALID: there is none. */
claude_code_t cl_client_named(claude_client_t *client, const char *name, claude_client_t **out, cl_err *err);
/* The one that the request asks for (request.snapshot). */
claude_code_t cl_client_choose(claude_client_t *client, const claude_request_t *request, claude_client_t **out,
                               cl_err *err);
/* All that there are, at most 1 + CL_SNAPSHOTS_MAX, each to be released. Returns how many. */
size_t cl_client_all(claude_client_t *client, claude_client_t *out[]);

/*
 * Makes a configuration from the one that holds now (NULL: there is no snapshot of this name yet); it may leave `*out`
 * at NULL where nothing is to be changed. Runs again if another thread was faster. No lock is held.
 */
typedef claude_code_t (*cl_client_edit)(const claude_config_t *now, void *data, claude_config_t **out, cl_err *err);
/* CLAUDE_E_INVALID: no snapshot can have this name. */
claude_code_t cl_client_check_name(const char *name, cl_err *err);
/* CLAUDE_E_LIMIT: there is none of this name, and no room for another. */
claude_code_t cl_client_check_room(claude_client_t *client, const char *name, cl_err *err);
/* Puts a new snapshot in the place of the one with this name ("": of calls that name none). Calls that have been
 * started keep theirs. `generation` receives that of the new one, and may be NULL. */
claude_code_t cl_client_change(claude_client_t *client, const char *name, cl_client_edit edit, void *data,
                               int64_t *generation, cl_err *err);
/* The same, to a copy of this configuration. */
claude_code_t cl_client_set_config(claude_client_t *client, const char *name, const claude_config_t *config,
                                   int64_t *generation, cl_err *err);
/* 0: there is none of this name. */
int64_t cl_client_generation(claude_client_t *client, const char *name);
/* Nothing happens if there is none of this name. */
void cl_client_drop_named(claude_client_t *client, const char *name);

/* What can be said of what looks. */
typedef struct cl_watch_state {
    const char *path; /* lent by what looks */
    int64_t generation;
    size_t clients;          /* that are attached, each name of a snapshot counted */
    claude_error_t *trouble; /* owned; NULL: none */
} cl_watch_state;

/* What looks whether there is something new for a client. No lock is held when it is called. */
typedef struct cl_watch_kind {
    /* `call`: one is about to be started; else a loop has its turn. Returns when it wants to look again. */
    int64_t (*look)(void *self, bool call);
    void (*tell)(void *self, cl_watch_state *out);
    void (*gone)(void *self, const claude_client_t *client); /* nobody holds the client any more */
    void (*ref)(void *self);
    void (*unref)(void *self);
} cl_watch_kind;

typedef struct cl_watch {
    const cl_watch_kind *kind;
    void *self;
} cl_watch;

/* Several times for one client is possible. The client holds it. CLAUDE_E_LIMIT */
claude_code_t cl_client_watch(claude_client_t *client, const cl_watch *watch, cl_err *err);
/* One time less. */
void cl_client_unwatch(claude_client_t *client, const void *self);
/* All that there are, each to be released by its kind. Returns how many. */
size_t cl_client_watches(claude_client_t *client, cl_watch out[CL_WATCHES_MAX]);
/* Lets all of them look. May run callbacks of the program. */
int64_t cl_client_look_all(claude_client_t *client, bool call);

/* Returns when to look again although nothing else happens (cl_now_ms() clock); INT64_MAX: nobody wants that. */
static inline int64_t cl_client_look(claude_client_t *client, bool call)
{
    if (CL_FEATURE_DYNAMIC_CONFIG && atomic_load_explicit(&client->watched, memory_order_relaxed))
        return cl_client_look_all(client, call);
    return INT64_MAX;
}

/* A loop of the client's, which has to look sooner than it has planned when somebody begins to watch. */
typedef struct cl_listener {
    cl_engine *engine; /* that is stirred then */
    uint64_t heard;
    struct cl_listener *prev;
    struct cl_listener *next;
} cl_listener;

void cl_client_listen(claude_client_t *client, cl_listener *listener);
/* Before the engine is closed. */
void cl_client_unlisten(claude_client_t *client, cl_listener *listener);

/* ---- targets.c ---- */

/* `before`: the snapshot whose states go on where their options and places are the same; NULL: none. */
claude_code_t cl_client_make_targets(claude_client_t *client, const claude_client_t *before, cl_err *err);
void cl_client_free_targets(claude_client_t *client);
/* Flags of a call become the features that they mean. CLAUDE_E_INVALID: one that is not enabled; CLAUDE_E_UNSUPPORTED:
 * one that is not built in. */
claude_code_t cl_client_check_features(const claude_client_t *client, uint32_t *features, cl_err *err);
cl_retry_budget *cl_client_budget(claude_client_t *client, size_t target);
_Atomic uint32_t *cl_client_refuses(claude_client_t *client, size_t target);

claude_client_t *cl_client_ref(claude_client_t *client);
void cl_client_unref(claude_client_t *client);

#endif
