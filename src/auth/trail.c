/*
 * trail.c - the last uses of all secrets. A use finds its place ready: it allocates nothing and looks up no symbol.
 * What addresses mean is found when the trail is read, outside of the lock.
 */
#include "auth/trail.h"

#include <link.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <execinfo.h>
#endif

#include "json/json.h"

enum {
    MODULES_MAX = 1024, /* that are told apart */
    MODULE_NAME_MAX = 64,
    JSON_MAX = 64 * 1024 * 1024
};

typedef struct use {
    int64_t time_ms;
    int64_t thread;
    const char *operation; /* static */
    char fingerprint[17];
    size_t frames;
    void *frame[CLAUDE_TRAIL_FRAMES_MAX];
} use;

static struct {
    _Atomic bool on;
    pthread_mutex_t lock;
    use *uses; /* a ring */
    size_t capacity;
    size_t next;
    uint64_t total;
} trail = {.lock = PTHREAD_MUTEX_INITIALIZER};

typedef struct module {
    uintptr_t from;
    uintptr_t to;
    uintptr_t base; /* what the addresses in its file are counted from */
    char name[MODULE_NAME_MAX];
} module;

struct claude_trail {
    cl_handle handle;
    use *uses; /* the oldest first */
    size_t count;
    size_t capacity;
    uint64_t dropped;
    module *modules;
    size_t module_count;
    _Atomic(char *) json;
};

/* A child process must not find the lock taken by a thread that it does not have. */
static void enter(void)
{
    cl_fork_hold();
    pthread_mutex_lock(&trail.lock);
}

static void leave(void)
{
    pthread_mutex_unlock(&trail.lock);
    cl_fork_release();
}

/* ---- the ring ---- */

static size_t callers(void **frame, size_t max)
{
#ifdef __GLIBC__
    int n = backtrace(frame, (int)max);

    return n > 0 ? (size_t)n : 0;
#else
    (void)frame;
    (void)max;
    return 0;
#endif
}

/* Takes over the memory; returns what was there before. */
static use *replace(use *uses, size_t capacity)
{
    use *old;

    enter();
    old = trail.uses;
    trail.uses = uses;
    trail.capacity = capacity;
    trail.next = 0;
    trail.total = 0;
    atomic_store(&trail.on, uses != NULL);
    leave();
    return old;
}

claude_code_t cl_trail_start(size_t capacity, cl_err *err)
{
    void *first[1];
    use *uses;

    if (capacity < 1 || capacity > CLAUDE_TRAIL_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "capacity of the trail is %zu; 1 to %d are allowed", capacity,
                       CLAUDE_TRAIL_MAX);
    uses = calloc(capacity, sizeof *uses);
    if (!uses)
        return cl_fail_nomem(err);
    (void)cl_fork_generation(); /* so that forks are held from now on */
    (void)callers(first, 1);    /* the first time loads a library */
    free(replace(uses, capacity));
    return CLAUDE_OK;
}

void cl_trail_stop(void)
{
    free(replace(NULL, 0));
}

void cl_trail_clear(void)
{
    enter();
    trail.next = 0;
    trail.total = 0;
    leave();
}

bool cl_trail_is_on(void)
{
    return atomic_load_explicit(&trail.on, memory_order_relaxed);
}

void cl_trail_note(const char *operation, const char fingerprint[17])
{
    use now = {.operation = operation};

    now.time_ms = cl_wall_ms();
    now.thread = syscall(SYS_gettid);
    memcpy(now.fingerprint, fingerprint, sizeof now.fingerprint);
    now.frames = callers(now.frame, CLAUDE_TRAIL_FRAMES_MAX);
    enter();
    if (trail.uses) {
        trail.uses[trail.next] = now;
        trail.next = (trail.next + 1) % trail.capacity;
        trail.total++;
    }
    leave();
}

/* ---- reading it ---- */

static int add_module(struct dl_phdr_info *info, size_t size, void *user)
{
    claude_trail_t *copy = user;
    module *m = &copy->modules[copy->module_count];
    const char *slash = strrchr(info->dlpi_name, '/');
    const char *name = slash ? slash + 1 : info->dlpi_name;
    size_t len = strnlen(name, MODULE_NAME_MAX - 1);

    (void)size;
    if (copy->module_count == MODULES_MAX)
        return 1;
    *m = (module){.from = UINTPTR_MAX, .base = info->dlpi_addr};
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        uintptr_t from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        uintptr_t to = from + info->dlpi_phdr[i].p_memsz;
        if (info->dlpi_phdr[i].p_type != PT_LOAD)
            continue;
        m->from = from < m->from ? from : m->from;
        m->to = to > m->to ? to : m->to;
    }
    memcpy(m->name, len > 0 ? name : "(program)", len > 0 ? len : sizeof "(program)");
    copy->module_count++;
    return 0;
}

/* The ring may have got another size since it was asked for. */
static bool copy_ring(claude_trail_t *copy, size_t room)
{
    size_t count;
    size_t first;

    enter();
    if (trail.capacity > room || !trail.uses) {
        leave();
        return false;
    }
    count = trail.total < trail.capacity ? (size_t)trail.total : trail.capacity;
    first = trail.total < trail.capacity ? 0 : trail.next;
    for (size_t i = 0; i < count; i++)
        copy->uses[i] = trail.uses[(first + i) % trail.capacity];
    copy->count = count;
    copy->capacity = trail.capacity;
    copy->dropped = trail.total - count;
    leave();
    return true;
}

claude_code_t cl_trail_read(claude_trail_t **out, cl_err *err)
{
    claude_trail_t *copy = NULL;
    size_t room;

    if (!atomic_load(&trail.on))
        return cl_fail(err, CLAUDE_E_STATE, "the trail of secrets is off; call claude_trail_start() first");
    enter();
    room = trail.capacity;
    leave();
    copy = calloc(1, sizeof *copy);
    if (!copy)
        return cl_fail_nomem(err);
    cl_handle_init(&copy->handle, CL_MAGIC_TRAIL);
    copy->uses = calloc(room > 0 ? room : 1, sizeof *copy->uses);
    copy->modules = calloc(MODULES_MAX + 1, sizeof *copy->modules);
    if (!copy->uses || !copy->modules) {
        cl_trail_unref(copy);
        return cl_fail_nomem(err);
    }
    if (!copy_ring(copy, room)) {
        cl_trail_unref(copy);
        return cl_fail(err, CLAUDE_E_STATE,
                       "the trail of secrets was stopped or started anew meanwhile; read it again");
    }
    (void)dl_iterate_phdr(add_module, copy);
    *out = copy;
    return CLAUDE_OK;
}

size_t cl_trail_count(const claude_trail_t *copy)
{
    return copy->count;
}

uint64_t cl_trail_dropped(const claude_trail_t *copy)
{
    return copy->dropped;
}

bool cl_trail_at(const claude_trail_t *copy, size_t index, cl_trail_use *out)
{
    const use *found;

    if (index >= copy->count)
        return false;
    found = &copy->uses[index];
    *out = (cl_trail_use){found->time_ms, found->thread, found->operation, found->fingerprint, found->frames};
    return true;
}

bool cl_trail_frame_at(const claude_trail_t *copy, size_t index, size_t frame, const char **name, uint64_t *offset)
{
    uintptr_t address;

    if (index >= copy->count || frame >= copy->uses[index].frames)
        return false;
    address = (uintptr_t)copy->uses[index].frame[frame];
    *name = "";
    *offset = address;
    for (size_t i = 0; i < copy->module_count; i++) {
        const module *m = &copy->modules[i];
        if (address < m->from || address >= m->to)
            continue;
        *name = m->name;
        *offset = address - m->base;
        break;
    }
    return true;
}

/* ---- as JSON ---- */

static bool put_frame(cl_buf *out, const char *name, uint64_t offset)
{
    char digits[2 * sizeof offset + 1];
    size_t at = sizeof digits;

    do {
        digits[--at] = "0123456789abcdef"[offset & 15];
        offset >>= 4;
    } while (offset > 0);
    return cl_json_put_char(out, '"') && cl_json_write_escaped(out, cl_str_of(name)) == CL_BUF_OK &&
           cl_buf_append_text(out, *name ? "+0x" : "0x") == CL_BUF_OK &&
           cl_buf_append(out, digits + at, sizeof digits - at) == CL_BUF_OK && cl_json_put_char(out, '"');
}

static bool put_use(cl_buf *out, const claude_trail_t *copy, size_t index)
{
    const use *found = &copy->uses[index];
    bool ok = cl_json_put_char(out, '{') && cl_json_put_int(out, "time_ms", found->time_ms) &&
              cl_json_put_text(out, "operation", found->operation) &&
              cl_json_put_text(out, "fingerprint", found->fingerprint) &&
              cl_json_put_int(out, "thread", found->thread) && cl_json_put_key(out, "backtrace") &&
              cl_json_put_char(out, '[');

    for (size_t i = 0; i < found->frames && ok; i++) {
        const char *name = "";
        uint64_t offset = 0;
        (void)cl_trail_frame_at(copy, index, i, &name, &offset);
        ok = (i == 0 || cl_json_put_char(out, ',')) && put_frame(out, name, offset);
    }
    return ok && cl_json_put_char(out, ']') && cl_json_put_char(out, '}');
}

static bool put_trail(cl_buf *out, const claude_trail_t *copy)
{
    bool ok = cl_json_put_char(out, '{') && cl_json_put_int(out, "capacity", (int64_t)copy->capacity) &&
              cl_json_put_int(out, "dropped", (int64_t)copy->dropped) && cl_json_put_key(out, "exposures") &&
              cl_json_put_char(out, '[');

    for (size_t i = 0; i < copy->count && ok; i++)
        ok = (i == 0 || cl_json_put_char(out, ',')) && put_use(out, copy, i);
    return ok && cl_json_put_char(out, ']') && cl_json_put_char(out, '}');
}

const char *cl_trail_json(claude_trail_t *copy)
{
    cl_buf out = CL_BUF_INIT(JSON_MAX);
    const char *json = atomic_load(&copy->json);

    if (!json && put_trail(&out, copy))
        json = cl_buf_publish(&out, &copy->json);
    cl_buf_free(&out);
    return json;
}

claude_trail_t *cl_trail_ref(claude_trail_t *copy)
{
    cl_handle_ref(&copy->handle);
    return copy;
}

void cl_trail_unref(claude_trail_t *copy)
{
    if (!copy || !cl_handle_unref(&copy->handle))
        return;
    free(copy->uses);
    free(copy->modules);
    free(atomic_load_explicit(&copy->json, memory_order_relaxed));
    free(copy);
}
