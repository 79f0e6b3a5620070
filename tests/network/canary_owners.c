/*
 * canary_owners.c - an allocator to be preloaded that knows whose memory is whose: each module (shared library or
 * program) that asks for memory has a region of its own, which is never given to another, also after it was freed. So
 * an address tells who wrote there. Small blocks are never used again, so that nothing covers what was left behind.
 * Slow, simple, wasteful; for tests/network/cases/test_canary.py.
 */
#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { MODULES_MAX = 128, NAME_MAX_LEN = 64, CLASSES = 40, HEADER = 16, STEP = 1 << 18, SMALL = 14 /* 16 KiB */ };
#define REGION ((size_t)1 << 30)

typedef struct block {
    uint32_t size_class; /* 2^size_class bytes in all, the header included */
    uint32_t back;       /* from what the program has to what lies behind this header */
    uint64_t spare;
} block;

typedef struct module {
    uintptr_t from;
    uintptr_t to;
    char name[NAME_MAX_LEN];
    size_t used;   /* of its region */
    size_t opened; /* of that: may be touched */
    void *free_blocks[CLASSES];
} module;

/* The first is for what cannot be told. */
static module modules[MODULES_MAX] = {{.name = "?"}};
static _Atomic size_t module_count = 1;
static char *regions;
static atomic_flag busy = ATOMIC_FLAG_INIT;
static _Atomic bool ready;

static void lock(void)
{
    while (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire))
        ;
}

static void unlock(void)
{
    atomic_flag_clear_explicit(&busy, memory_order_release);
}

static int add_module(struct dl_phdr_info *info, size_t size, void *user)
{
    uintptr_t from = UINTPTR_MAX;
    uintptr_t to = 0;
    const char *slash = strrchr(info->dlpi_name, '/');
    const char *name = slash ? slash + 1 : info->dlpi_name;
    size_t count;

    (void)size;
    (void)user;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        uintptr_t at = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        if (info->dlpi_phdr[i].p_type != PT_LOAD)
            continue;
        from = at < from ? at : from;
        to = at + info->dlpi_phdr[i].p_memsz > to ? at + info->dlpi_phdr[i].p_memsz : to;
    }
    lock();
    count = atomic_load(&module_count);
    for (size_t i = 1; i < count; i++) {
        if (modules[i].from == from) {
            unlock();
            return 0;
        }
    }
    if (count < MODULES_MAX) {
        modules[count].from = from;
        modules[count].to = to;
        strncpy(modules[count].name, *name ? name : "(program)", NAME_MAX_LEN - 1);
        atomic_store(&module_count, count + 1);
    }
    unlock();
    return 0;
}

static size_t find(uintptr_t caller)
{
    size_t count = atomic_load(&module_count);

    for (size_t i = 1; i < count; i++) {
        if (caller >= modules[i].from && caller < modules[i].to)
            return i;
    }
    return 0;
}

static size_t owner_of(const void *caller)
{
    size_t found = find((uintptr_t)caller);

    if (found == 0 && atomic_load(&ready)) {
        dl_iterate_phdr(add_module, NULL);
        found = find((uintptr_t)caller);
    }
    return found;
}

__attribute__((constructor)) static void begin(void)
{
    dl_iterate_phdr(add_module, NULL);
    atomic_store(&ready, true);
}

/* With the lock held. */
static void *carve(size_t owner, uint32_t size_class)
{
    module *m = &modules[owner];
    size_t size = (size_t)1 << size_class;
    char *base;

    if (!regions) {
        regions = mmap(NULL, REGION * MODULES_MAX, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (regions == MAP_FAILED || madvise(regions, REGION * MODULES_MAX, MADV_DONTDUMP) != 0)
            __builtin_trap();
    }
    base = regions + owner * REGION;
    if (m->used + size > REGION)
        return NULL;
    if (m->used + size > m->opened) {
        size_t more = (m->used + size - m->opened + STEP - 1) / STEP * STEP;
        if (mprotect(base + m->opened, more, PROT_READ | PROT_WRITE) != 0 ||
            madvise(base + m->opened, more, MADV_DODUMP) != 0)
            return NULL;
        m->opened += more;
    }
    m->used += size;
    return base + m->used - size;
}

static void *take(size_t n, const void *caller)
{
    size_t owner = owner_of(caller);
    uint32_t size_class = 5;
    block *b;

    if (n > REGION / 4) {
        errno = ENOMEM;
        return NULL;
    }
    while (((size_t)1 << size_class) < n + HEADER)
        size_class++;
    lock();
    b = modules[owner].free_blocks[size_class];
    if (b)
        memcpy(&modules[owner].free_blocks[size_class], (char *)b + HEADER, sizeof(void *));
    else
        b = carve(owner, size_class);
    unlock();
    if (!b) {
        errno = ENOMEM;
        return NULL;
    }
    b->size_class = size_class;
    b->back = 0;
    return (char *)b + HEADER;
}

static block *header_of(void *p)
{
    return (block *)(void *)((char *)p - HEADER);
}

static size_t room_of(void *p)
{
    block *b = header_of(p);
    char *whole = (char *)p - b->back;

    return ((size_t)1 << header_of(whole)->size_class) - HEADER - b->back;
}

void free(void *p)
{
    block *b;
    size_t owner;

    if (!p || header_of((char *)p - header_of(p)->back)->size_class <= SMALL)
        return;
    b = header_of((char *)p - header_of(p)->back);
    owner = (size_t)((char *)b - regions) / REGION;
    lock();
    memcpy((char *)b + HEADER, &modules[owner].free_blocks[b->size_class], sizeof(void *));
    modules[owner].free_blocks[b->size_class] = b;
    unlock();
}

void *malloc(size_t n)
{
    return take(n, __builtin_return_address(0));
}

void *calloc(size_t n, size_t size)
{
    size_t bytes;
    void *p;

    if (__builtin_mul_overflow(n, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    p = take(bytes, __builtin_return_address(0));
    return p ? memset(p, 0, bytes) : NULL;
}

/* Moves always, as an allocator may: what was left behind shows. */
void *realloc(void *p, size_t n)
{
    void *q = take(n, __builtin_return_address(0));

    if (q && p) {
        size_t room = room_of(p);
        memcpy(q, p, room < n ? room : n);
        free(p);
    }
    return q;
}

static void *aligned(size_t align, size_t n, const void *caller)
{
    char *p = take(n + align + HEADER, caller);
    size_t shift;

    if (!p || (uintptr_t)p % align == 0)
        return p;
    shift = align - (uintptr_t)p % align;
    while (shift < HEADER)
        shift += align;
    header_of(p + shift)->size_class = 0;
    header_of(p + shift)->back = (uint32_t)shift;
    return p + shift;
}

void *memalign(size_t align, size_t n)
{
    return aligned(align, n, __builtin_return_address(0));
}

void *aligned_alloc(size_t align, size_t n)
{
    return aligned(align, n, __builtin_return_address(0));
}

int posix_memalign(void **out, size_t align, size_t n)
{
    void *p = aligned(align, n, __builtin_return_address(0));

    if (!p)
        return ENOMEM;
    *out = p;
    return 0;
}

size_t malloc_usable_size(void *p)
{
    return p ? room_of(p) : 0;
}

/* The C library's own would be its memory. */
char *strndup(const char *text, size_t max)
{
    size_t len = strnlen(text, max);
    char *copy = take(len + 1, __builtin_return_address(0));

    if (copy) {
        memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}

char *strdup(const char *text)
{
    size_t len = strlen(text);
    char *copy = take(len + 1, __builtin_return_address(0));

    return copy ? memcpy(copy, text, len + 1) : NULL;
}

/* Whose memory it is, or NULL: none of the heap. */
__attribute__((visibility("default"))) const char *canary_owner(const void *address);
const char *canary_owner(const void *address)
{
    uintptr_t at = (uintptr_t)address;
    uintptr_t from = (uintptr_t)regions;

    if (!regions || at < from || at >= from + REGION * MODULES_MAX)
        return NULL;
    return modules[(at - from) / REGION].name;
}
