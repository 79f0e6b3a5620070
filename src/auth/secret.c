#include "auth/auth.h"
#include "auth/trail.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

enum { KEY_MIN = 20, KEY_MAX = 512, SECRET_MAX = 4096, CANARY_LEN = 16, FILL = 0xdb };

/*
 * The text lies at the end of its own pages, the NUL in the last byte, so that reading past it meets the guard page
 * behind; a canary lies in front of it, and another guard page in front of everything.
 */
struct claude_secret {
    cl_handle handle;
    char fingerprint[17];
    unsigned char canary[CANARY_LEN];
    char *map; /* guard, data, guard */
    size_t page;
    size_t data_len;
    size_t len;
    claude_secret_audit_fn audit;
    void *audit_data;
    claude_destroy_fn audit_destroy;
    const char *source;
    _Atomic int64_t expires_at; /* by the wall clock; INT64_MAX: never */
    _Atomic bool expiry_told;
    int64_t expiry_lead_ms;
    claude_secret_expiry_fn expiry;
    void *expiry_data;
    claude_destroy_fn expiry_destroy;
};

static _Atomic uint64_t exposures;

static const char *blank_name(char c)
{
    return c == '\n'   ? "a line end (LF)"
           : c == '\r' ? "a carriage return (CR)"
           : c == '\t' ? "a tab"
           : c == ' '  ? "a space"
                       : NULL;
}

static bool is_key_char(char c)
{
    return cl_ascii_is_alnum(c) || c == '_' || c == '-';
}

/* What people paste by accident around a key. */
static claude_code_t check_ends(cl_str text, const char *what, cl_err *err)
{
    const char *blank;

    if (text.len == 0)
        return cl_fail(err, CLAUDE_E_INVALID, "%s is empty", what);
    if (cl_str_starts(text, CL_STR("\xef\xbb\xbf")))
        return cl_fail(err, CLAUDE_E_INVALID, "%s begins with a byte order mark; save it without one", what);
    blank = blank_name(text.ptr[text.len - 1]);
    if (blank)
        return cl_fail(err, CLAUDE_E_INVALID, "%s ends with %s at offset %zu; remove it", what, blank, text.len - 1);
    blank = blank_name(text.ptr[0]);
    if (blank)
        return cl_fail(err, CLAUDE_E_INVALID, "%s begins with %s; remove it", what, blank);
    return CLAUDE_OK;
}

/* Messages tell where and what is allowed, never what is there: it may be most of a key. */
static claude_code_t check_format(cl_str text, bool checked, cl_err *err)
{
    const char *what = checked ? "API key" : "secret";
    size_t min = checked ? KEY_MIN : 1;
    size_t max = checked ? KEY_MAX : SECRET_MAX;
    const char *allowed = checked ? "only A-Z a-z 0-9 _ - are allowed" : "only visible ASCII (0x21 to 0x7E) is allowed";
    claude_code_t rc = check_ends(text, what, err);

    if (rc < 0)
        return rc;
    if (checked && !cl_str_starts(text, CL_STR("sk-ant-")))
        return cl_fail(err, CLAUDE_E_INVALID,
                       "API key does not begin with sk-ant-; a gateway's own key goes through "
                       "claude_secret_new_unchecked()");
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        const char *blank = blank_name(c);
        if (checked ? is_key_char(c) : c > ' ' && c < 0x7f)
            continue;
        return cl_fail(err, CLAUDE_E_INVALID, "%s has %s at offset %zu; %s", what,
                       blank ? blank : "a byte that is not allowed", i, allowed);
    }
    if (text.len < min || text.len > max)
        return cl_fail(err, CLAUDE_E_INVALID, "%s is %zu bytes long; %zu to %zu are allowed", what, text.len, min, max);
    return CLAUDE_OK;
}

bool cl_secret_suspected(cl_str text)
{
    return text.len >= 7 && memmem(text.ptr, text.len, "sk-ant-", 7) != NULL;
}

static char *data_of(const claude_secret_t *secret)
{
    return secret->map + secret->page;
}

static char *text_of(const claude_secret_t *secret)
{
    return data_of(secret) + secret->data_len - secret->len - 1;
}

static void make_canary(unsigned char canary[CANARY_LEN])
{
    if (getrandom(canary, CANARY_LEN, GRND_NONBLOCK) == CANARY_LEN)
        return;
    for (size_t i = 0; i < CANARY_LEN; i += sizeof(uint64_t)) {
        uint64_t chance = cl_clock_now->random();
        memcpy(canary + i, &chance, sizeof chance);
    }
}

static void close_pages(claude_secret_t *secret)
{
    /* A refusal leaves the wiping to the kernel, which clears pages before it gives them away. */
    if (mprotect(data_of(secret), secret->data_len, PROT_READ | PROT_WRITE) == 0)
        cl_wipe(data_of(secret), secret->data_len);
    (void)munmap(secret->map, secret->data_len + 2 * secret->page);
}

static bool open_pages(claude_secret_t *secret, cl_str text)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t data_len = (CANARY_LEN + text.len + 1 + page - 1) / page * page;
    char *map = mmap(NULL, data_len + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *data;

    if (map == MAP_FAILED)
        return false;
    data = map + page;
    if (mprotect(data, data_len, PROT_READ | PROT_WRITE) != 0) {
        (void)munmap(map, data_len + 2 * page);
        return false;
    }
    /* Both may be refused (RLIMIT_MEMLOCK, old kernels); a key that may be swapped is better than no service. */
    (void)mlock(data, data_len);
    (void)madvise(data, data_len, MADV_DONTDUMP);
    secret->map = map;
    secret->page = page;
    secret->data_len = data_len;
    secret->len = text.len;
    make_canary(secret->canary);
    memset(data, FILL, data_len - text.len - 1 - CANARY_LEN);
    memcpy(text_of(secret) - CANARY_LEN, secret->canary, CANARY_LEN);
    memcpy(text_of(secret), text.ptr, text.len);
    text_of(secret)[text.len] = '\0';
    if (mprotect(data, data_len, PROT_READ) != 0) {
        close_pages(secret);
        return false;
    }
    return true;
}

static void make_fingerprint(claude_secret_t *secret)
{
    static const char domain[] = "libclaude secret fingerprint v1";
    unsigned char digest[32];
    cl_sha256 sha;

    cl_sha256_init(&sha);
    cl_sha256_update(&sha, domain, sizeof domain);
    cl_sha256_update(&sha, text_of(secret), secret->len);
    cl_sha256_final(&sha, digest);
    cl_hex(digest, 8, secret->fingerprint);
    cl_wipe(digest, sizeof digest);
}

claude_code_t cl_secret_new(cl_str text, bool checked, claude_secret_t **out, cl_err *err)
{
    claude_secret_t *secret = NULL;
    claude_code_t rc = check_format(text, checked, err);

    if (rc < 0)
        goto out;
    secret = calloc(1, sizeof *secret);
    if (!secret || !open_pages(secret, text)) {
        rc = cl_fail_nomem(err);
        goto out;
    }
    make_fingerprint(secret);
    atomic_init(&secret->expires_at, INT64_MAX);
    secret->source = "program";
    cl_handle_init(&secret->handle, CL_MAGIC_SECRET);
    *out = secret;
    secret = NULL;
out:
    free(secret);
    return rc;
}

claude_code_t cl_secret_on_audit(claude_secret_t *secret, claude_secret_audit_fn fn, void *user_data,
                                 claude_destroy_fn destroy, cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;

    if (!secret || !fn)
        rc = cl_fail(err, CLAUDE_E_INVALID, "%s is NULL", secret ? "fn" : "secret");
    else if (secret->audit)
        rc = cl_fail(err, CLAUDE_E_STATE, "the secret has an audit callback already");
    if (rc < 0) {
        if (destroy)
            destroy(user_data);
        return rc;
    }
    secret->audit_data = user_data;
    secret->audit_destroy = destroy;
    secret->audit = fn;
    return CLAUDE_OK;
}

claude_code_t cl_secret_on_expiry(claude_secret_t *secret, int64_t lead_ms, claude_secret_expiry_fn fn, void *user_data,
                                  claude_destroy_fn destroy, cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;

    if (lead_ms < 0)
        rc = cl_fail(err, CLAUDE_E_INVALID, "lead_ms is %lld; 0 or more is needed", (long long)lead_ms);
    else if (secret->expiry)
        rc = cl_fail(err, CLAUDE_E_STATE, "the secret has an expiry callback already");
    if (rc < 0) {
        if (destroy)
            destroy(user_data);
        return rc;
    }
    secret->expiry_lead_ms = lead_ms;
    secret->expiry_data = user_data;
    secret->expiry_destroy = destroy;
    secret->expiry = fn;
    return CLAUDE_OK;
}

void cl_secret_set_expiry(claude_secret_t *secret, int64_t expires_at)
{
    atomic_store(&secret->expires_at, expires_at);
    atomic_store(&secret->expiry_told, false);
}

int64_t cl_secret_expires_at(const claude_secret_t *secret)
{
    return atomic_load_explicit(&secret->expires_at, memory_order_relaxed);
}

void cl_secret_set_source(claude_secret_t *secret, const char *source)
{
    secret->source = source;
}

const char *cl_secret_source(const claude_secret_t *secret)
{
    return secret->source;
}

static void tell_expiry(claude_secret_t *secret)
{
    int64_t expires_at = cl_secret_expires_at(secret);
    int64_t now;

    if (expires_at == INT64_MAX || atomic_load_explicit(&secret->expiry_told, memory_order_relaxed))
        return;
    now = cl_wall_ms();
    if (now < expires_at - secret->expiry_lead_ms || atomic_exchange(&secret->expiry_told, true))
        return;
    secret->expiry(secret->fingerprint, expires_at, expires_at - now, secret->expiry_data);
}

cl_str cl_secret_use(claude_secret_t *secret, const char *operation)
{
    /* Whatever overwrote the canary may have replaced the key: sending that to a server would be worse than failing. */
    if (!secret || memcmp(text_of(secret) - CANARY_LEN, secret->canary, CANARY_LEN) != 0)
        return (cl_str){NULL, 0};
    atomic_fetch_add_explicit(&exposures, 1, memory_order_relaxed);
    if (secret->audit)
        secret->audit(operation, secret->fingerprint, secret->audit_data);
    if (CL_FEATURE_AUTHENTICATION && cl_trail_is_on())
        cl_trail_note(operation, secret->fingerprint);
    if (secret->expiry)
        tell_expiry(secret);
    return cl_str_n(text_of(secret), secret->len);
}

const char *cl_secret_fingerprint(const claude_secret_t *secret)
{
    return secret ? secret->fingerprint : "";
}

uint64_t cl_secret_exposures(void)
{
    return atomic_load_explicit(&exposures, memory_order_relaxed);
}

claude_secret_t *cl_secret_ref(claude_secret_t *secret)
{
    if (secret)
        cl_handle_ref(&secret->handle);
    return secret;
}

void cl_secret_unref(claude_secret_t *secret)
{
    if (!secret || !cl_handle_unref(&secret->handle))
        return;
    close_pages(secret);
    if (secret->audit_destroy)
        secret->audit_destroy(secret->audit_data);
    if (secret->expiry_destroy)
        secret->expiry_destroy(secret->expiry_data);
    cl_wipe(secret->canary, sizeof secret->canary);
    free(secret);
}
