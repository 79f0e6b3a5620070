/* handle.h - the head of every public object: a magic word that tells its kind, and a reference count. */
#ifndef CL_BASE_HANDLE_H
#define CL_BASE_HANDLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    CL_MAGIC_DEAD = 0x0badc1a0,
    CL_MAGIC_ERROR = 0x41a0de01,
    CL_MAGIC_CONFIG,
    CL_MAGIC_SECRET,
    CL_MAGIC_CLIENT,
    CL_MAGIC_REQUEST,
    CL_MAGIC_CALL,
    CL_MAGIC_EVENT,
    CL_MAGIC_RESPONSE,
    CL_MAGIC_SIGN,
    CL_MAGIC_LOOP,
    CL_MAGIC_FILE,
    CL_MAGIC_BLOCK,
    CL_MAGIC_TOOL,
    CL_MAGIC_PROBLEMS,
    CL_MAGIC_STREAM_MESSAGE,
    CL_MAGIC_PARTIAL,
    CL_MAGIC_TEXT_BUFFER,
    CL_MAGIC_RUNNER,
    CL_MAGIC_PAGES,
    CL_MAGIC_BATCH_BUILDER,
    CL_MAGIC_MODELS,
    CL_MAGIC_BREAKER,
    CL_MAGIC_LIMITER,
    CL_MAGIC_RESERVATION,
    CL_MAGIC_FAILOVER,
    CL_MAGIC_HEALTH,
    CL_MAGIC_METRICS,
    CL_MAGIC_ATTEMPT,
    CL_MAGIC_REPORT,
    CL_MAGIC_WATCHER,
    CL_MAGIC_TRAIL,
    CL_MAGIC_CREDENTIAL,
    CL_MAGIC_QUOTA,
    CL_MAGIC_QUOTA_RESERVATION,
    CL_MAGIC_CURL,
    CL_MAGIC_DIAGNOSTICS,
    CL_MAGIC_SELFTEST
};

/* The magic word is atomic because the last reference may go while another thread is inside. */
typedef struct cl_handle {
    _Atomic uint32_t magic;
    _Atomic uint32_t refs;
} cl_handle;

static inline void cl_handle_init(cl_handle *handle, uint32_t magic)
{
    atomic_init(&handle->magic, magic);
    atomic_init(&handle->refs, 1);
}

static inline void cl_handle_ref(cl_handle *handle)
{
    atomic_fetch_add_explicit(&handle->refs, 1, memory_order_relaxed);
}

/* False: the last reference is gone already. For who knows the object without holding it. */
static inline bool cl_handle_try_ref(cl_handle *handle)
{
    uint32_t refs = atomic_load_explicit(&handle->refs, memory_order_relaxed);

    while (refs > 0) {
        if (atomic_compare_exchange_weak_explicit(&handle->refs, &refs, refs + 1, memory_order_acquire,
                                                  memory_order_relaxed))
            return true;
    }
    return false;
}

/* True for the last reference: the caller frees. */
static inline bool cl_handle_unref(cl_handle *handle)
{
    if (atomic_fetch_sub_explicit(&handle->refs, 1, memory_order_acq_rel) != 1)
        return false;
    atomic_store_explicit(&handle->magic, CL_MAGIC_DEAD, memory_order_relaxed);
    return true;
}

/* Every public struct begins with a cl_handle, so a live handle of the wrong kind is recognised. */
static inline bool cl_is(const void *object, uint32_t magic)
{
    return object && atomic_load_explicit(&((const cl_handle *)object)->magic, memory_order_relaxed) == magic;
}

#endif
