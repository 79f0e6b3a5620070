/* watcher.h - a configuration in a file: read again when it has changed, and given to the clients that want it. */
#ifndef CL_API_WATCHER_H
#define CL_API_WATCHER_H

#include <claude/watcher.h>

#include "client/client.h"
#include "config/runtime.h"

enum {
    CL_WATCHER_CLIENTS_MAX = 64,  /* attached, each name of a snapshot counted */
    CL_WATCHER_SERVERS_MAX = 16,  /* named by claude_watcher_allow_server() */
    CL_WATCHER_FILE_MAX = 1 << 20 /* bytes */
};

/* As in watcher.h of the interface. */
claude_code_t cl_watcher_new(const char *path, cl_str initial, claude_watcher_t **out, cl_err *err);
claude_code_t cl_watcher_attach(claude_watcher_t *watcher, claude_client_t *client, const char *name, cl_err *err);
claude_code_t cl_watcher_detach(claude_watcher_t *watcher, claude_client_t *client, const char *name, cl_err *err);
claude_code_t cl_watcher_allow_server(claude_watcher_t *watcher, const char *base_url, cl_err *err);
/* Takes over the hook, NULL: none. */
void cl_watcher_on_change(claude_watcher_t *watcher, cl_hook *hook);
claude_code_t cl_watcher_poll(claude_watcher_t *watcher, bool *changed, cl_err *err);
claude_code_t cl_watcher_reload(claude_watcher_t *watcher, cl_err *err);
claude_code_t cl_watcher_update(claude_watcher_t *watcher, cl_str json, cl_err *err);
claude_code_t cl_watcher_config(claude_watcher_t *watcher, claude_config_t **out, cl_err *err);
int64_t cl_watcher_generation(claude_watcher_t *watcher);
/* NULL: the file is as it should be. The caller releases it. */
claude_error_t *cl_watcher_trouble(claude_watcher_t *watcher);
int32_t cl_watcher_fd(claude_watcher_t *watcher);
bool cl_watcher_is_notified(claude_watcher_t *watcher);
claude_watcher_t *cl_watcher_ref(claude_watcher_t *watcher);
void cl_watcher_unref(claude_watcher_t *watcher);

/* ---- watcher_file.c ---- */

/* The content of a regular file. Waits for nobody: not for the other end of a FIFO. CLAUDE_E_IO, CLAUDE_E_TOO_LARGE */
claude_code_t cl_watcher_read(const char *path, cl_buf *out, cl_err *err);

/* ---- watcher_notify.c: the kernel's word that something may have changed ---- */

enum { CL_NOTIFY_DIRECTORIES = 16 };

typedef struct cl_notify {
    uint32_t process; /* generation of the process that opened what follows */
    bool refused;     /* the kernel gives no notice: only looking tells */
    int inotify;      /* -1: none */
    int timer;        /* in its place, for who polls a descriptor; -1: none */
    int set;          /* what is polled: has one of them; -1: nobody has asked */
    int watched[CL_NOTIFY_DIRECTORIES];
    size_t count;
} cl_notify;

#define CL_NOTIFY_INIT ((cl_notify){.inotify = -1, .timer = -1, .set = -1})

/* Watches each directory on the way to the file in which a name may come to mean something else. Call it before reading
 * the file: what changes in between is then seen. A child opens descriptors of its own and leaves those of its parent
 * alone. */
void cl_notify_aim(cl_notify *notify, const char *path);
/* False: it was never aimed, or by the parent process. */
bool cl_notify_is_open(const cl_notify *notify);
/* Whether something has happened since. Never waits. */
bool cl_notify_drain(cl_notify *notify);
/* To be polled for reading; stays the same in this process. -1: there are no descriptors left. */
int cl_notify_fd(cl_notify *notify);
void cl_notify_close(cl_notify *notify);

#endif
