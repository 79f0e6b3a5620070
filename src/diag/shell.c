/* shell.c - words of the POSIX shell, and what must not stand in them. */
#include "diag/diag.h"

int cl_shell_word(cl_buf *out, cl_str text)
{
    int rc = cl_buf_append_char(out, '\'');

    for (size_t i = 0; i < text.len && rc == CL_BUF_OK; i++)
        rc = text.ptr[i] == '\'' ? cl_buf_append_text(out, "'\\''") : cl_buf_append_char(out, text.ptr[i]);
    return rc == CL_BUF_OK ? cl_buf_append_char(out, '\'') : rc;
}

int cl_shell_inside(cl_buf *out, cl_str text)
{
    int rc = CL_BUF_OK;

    for (size_t i = 0; i < text.len && rc == CL_BUF_OK; i++) {
        if (strchr("\"\\$`", text.ptr[i]))
            rc = cl_buf_append_char(out, '\\');
        if (rc == CL_BUF_OK)
            rc = cl_buf_append_char(out, text.ptr[i]);
    }
    return rc;
}

int cl_shell_variable(cl_buf *out, cl_str header)
{
    int rc = cl_buf_append_text(out, "$CLAUDE_HEADER_");

    for (size_t i = 0; i < header.len && rc == CL_BUF_OK; i++) {
        char c = header.ptr[i];
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        rc = cl_buf_append_char(out, cl_ascii_is_alnum(c) ? c : '_');
    }
    return rc;
}

static bool contains_nocase(cl_str text, cl_str part)
{
    for (size_t i = 0; i + part.len <= text.len; i++) {
        if (cl_str_eq_nocase(cl_str_n(text.ptr + i, part.len), part))
            return true;
    }
    return false;
}

bool cl_header_is_secret(cl_str name, cl_str value)
{
    static const char *const parts[] = {"auth",   "cookie",  "credential", "key",    "pass",
                                        "secret", "session", "sign",       "ticket", "token"};

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (contains_nocase(name, cl_str_of(parts[i])))
            return true;
    }
    return cl_secret_suspected(value);
}

int cl_proxy_without_user(cl_str url, cl_buf *out, bool *had_user)
{
    int rc;

    const char *scheme = memmem(url.ptr, url.len, "://", 3);
    size_t start = scheme ? (size_t)(scheme - url.ptr) + 3 : 0;
    size_t at = url.len;

    /* A password may hold an @ of its own: the host begins behind the last one. */
    while (at > start && url.ptr[at - 1] != '@')
        at--;
    *had_user = at > start;
    rc = cl_buf_append_str(out, cl_str_n(url.ptr, start));
    return rc == CL_BUF_OK ? cl_buf_append_str(out, cl_str_n(url.ptr + at, url.len - at)) : rc;
}
