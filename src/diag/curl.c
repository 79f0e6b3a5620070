/*
 * curl.c - the curl command that sends what a call would send.
 *
 * curl's own settings (~/.curlrc, the proxies of the environment) must not get in: --disable, --noproxy. What curl
 * would make of a text by itself is turned off: --globoff for URLs, --data-raw for a body that begins with an @,
 * --form-string for fields.
 */
#include "diag/diag.h"

#include <stdlib.h>

#include "message/request.h"

enum {
    ARGUMENT_MAX = 131071, /* Linux: MAX_ARG_STRLEN without the NUL */
    COMMAND_MAX = 4 * 1024 * 1024,
    BODY_MAX = 1024 * 1024 * 1024,
    READ_BLOCK = 64 * 1024,
};

/* Appends to a result, so that one check at the end is enough. */
typedef struct command {
    cl_buf *out;
    int rc; /* CL_BUF_* */
} command;

static void add(command *c, int rc)
{
    if (c->rc == CL_BUF_OK)
        c->rc = rc;
}

static void put(command *c, const char *text)
{
    if (c->rc == CL_BUF_OK)
        c->rc = cl_buf_append_text(c->out, text);
}

/* Each option has a line of its own. */
static void flag(command *c, const char *option)
{
    put(c, " \\\n  ");
    put(c, option);
}

static void word(command *c, const char *option, cl_str value)
{
    flag(c, option);
    put(c, " ");
    add(c, cl_shell_word(c->out, value));
}

static void seconds(command *c, const char *option, int64_t ms)
{
    flag(c, option);
    put(c, " ");
    /* Whole ones: where a locale has another decimal point, curl would not understand ours. */
    add(c, cl_buf_append_int(c->out, ms / 1000 + (ms % 1000 != 0)));
}

/* ---- headers ---- */

static void put_header(command *c, cl_str name, cl_str value)
{
    cl_buf line = CL_BUF_INIT(COMMAND_MAX);

    if (cl_header_is_secret(name, value)) {
        flag(c, "--header \"");
        add(c, cl_shell_inside(c->out, name));
        put(c, ": ");
        add(c, cl_shell_variable(c->out, name));
        put(c, "\"");
        return;
    }
    add(c, cl_buf_append_str(&line, name));
    add(c, cl_buf_append_text(&line, ": "));
    add(c, cl_buf_append_str(&line, value));
    word(c, "--header", cl_buf_str(&line));
    cl_buf_free(&line);
}

/* `own_type`: curl writes the type of the body itself, as it makes it. */
static void put_headers(command *c, const cl_sketch *sketch, bool own_type)
{
    static const char *const by_itself[] = {"accept", "content-type", "user-agent"};
    const cl_headers *headers = &sketch->headers;

    if (sketch->key_header.len > 0) {
        bool bearer = cl_str_eq(sketch->key_header, CL_STR("authorization"));
        flag(c, "--header \"");
        add(c, cl_shell_inside(c->out, sketch->key_header));
        put(c, bearer ? ": Bearer $ANTHROPIC_API_KEY\"" : ": $ANTHROPIC_API_KEY\"");
    }
    for (size_t i = 0; i < headers->count; i++) {
        cl_str name = cl_str_of(headers->items[i].name);
        if (!own_type || !cl_str_eq_nocase(name, CL_STR("content-type")))
            put_header(c, name, cl_str_of(headers->items[i].value));
    }
    for (size_t i = 0; i < sizeof by_itself / sizeof by_itself[0]; i++) {
        if (cl_headers_find(headers, cl_str_of(by_itself[i])) || (own_type && i == 1))
            continue;
        flag(c, "--header '");
        put(c, by_itself[i]);
        put(c, ":'");
    }
    if (strcmp(sketch->http.method, "POST") == 0)
        flag(c, "--header 'expect:'");
}

/* ---- the way to the server ---- */

static void put_proxy(command *c, const cl_http_settings *http)
{
    cl_buf url = CL_BUF_INIT(COMMAND_MAX);
    bool had_user;

    if (http->proxy[0] == '\0') {
        flag(c, "--noproxy '*'");
        return;
    }
    add(c, cl_proxy_without_user(cl_str_of(http->proxy), &url, &had_user));
    if (had_user)
        flag(c, "--proxy-user \"$CLAUDE_PROXY_USER\"");
    word(c, "--proxy", cl_buf_str(&url));
    word(c, "--noproxy", cl_str_of(http->no_proxy));
    cl_buf_free(&url);
}

/* What stands behind a colon would be a password. */
static void put_certificate(command *c, const char *path)
{
    cl_buf escaped = CL_BUF_INIT(COMMAND_MAX);

    for (const char *p = path; *p; p++) {
        if (*p == ':' || *p == '\\')
            add(c, cl_buf_append_char(&escaped, '\\'));
        add(c, cl_buf_append_char(&escaped, *p));
    }
    word(c, "--cert", cl_buf_str(&escaped));
    cl_buf_free(&escaped);
}

static void put_tls(command *c, const cl_http_settings *http)
{
    if (http->tls_min_version == CL_HTTP_TLS_1_3)
        flag(c, "--tlsv1.3");
    if (http->ca_file[0] != '\0')
        word(c, "--cacert", cl_str_of(http->ca_file));
    if (http->ca_path[0] != '\0')
        word(c, "--capath", cl_str_of(http->ca_path));
    if (http->client_cert[0] == '\0')
        return;
    put_certificate(c, http->client_cert);
    if (http->client_key[0] != '\0')
        word(c, "--key", cl_str_of(http->client_key));
}

static void put_way(command *c, const claude_client_t *client, const cl_sketch *sketch)
{
    static const char *const versions[] = {NULL, "--http1.1", "--http2-prior-knowledge"};
    const char *version = versions[client->http.http_version];

    if (version)
        flag(c, version);
    put_proxy(c, &client->http);
    if (!cl_url_is_http(cl_buf_str(&sketch->url)))
        put_tls(c, &client->http);
    seconds(c, "--connect-timeout", sketch->http.connect_ms);
    if (sketch->http.total_ms > 0)
        seconds(c, "--max-time", sketch->http.total_ms);
}

/* ---- the body ---- */

static claude_code_t read_all(const cl_body *body, cl_buf *out, cl_err *err)
{
    cl_body_reader reader = CL_BODY_READER_INIT;
    claude_code_t rc = CLAUDE_OK;
    size_t got = 1;

    while (rc >= 0 && got > 0) {
        int room = cl_buf_reserve(out, READ_BLOCK);
        rc = room == CL_BUF_OK ? cl_body_reader_read(&reader, body, out->ptr + out->len, READ_BLOCK, &got, err)
                               : cl_fail_buf(err, room, "the body of the command");
        if (rc >= 0)
            out->len += got;
    }
    if (rc >= 0)
        out->ptr[out->len] = '\0';
    cl_body_reader_free(&reader);
    return rc;
}

static claude_code_t put_inline(command *c, const cl_body *body, cl_err *err)
{
    static const char how[] = "name a file for it (body_file), and write claude_curl_body() there";
    cl_buf bytes = CL_BUF_INIT(ARGUMENT_MAX + READ_BLOCK);
    claude_code_t rc;

    if (body->len > ARGUMENT_MAX)
        return cl_fail(err, CLAUDE_E_TOO_LARGE, "the body has %zu bytes, and an argument of a command at most %d; %s",
                       body->len, ARGUMENT_MAX, how);
    rc = read_all(body, &bytes, err);
    if (rc >= 0 && memchr(bytes.ptr, '\0', bytes.len))
        rc = cl_fail(err, CLAUDE_E_INVALID, "the body has a NUL, which no argument of a command can have; %s", how);
    if (rc >= 0)
        word(c, "--data-raw", cl_buf_str(&bytes));
    cl_buf_free(&bytes);
    return rc;
}

/* ---- forms ---- */

/* curl would make something else of it. */
static bool is_plain_name(cl_str text, const char *special)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < 0x20 || c == 0x7f || strchr(special, c))
            return false;
    }
    return text.len > 0;
}

/* NULL: curl can make this part by itself; else why not. */
static const char *why_not(const cl_form_part *part)
{
    if (!is_plain_name(cl_str_of(part->name), "=\\;\""))
        return "its name has characters that curl would read in another way";
    if (!part->file)
        return memchr(part->text, '\0', part->text_len) || part->text_len > ARGUMENT_MAX / 2
                   ? "its text has a NUL or is too long for an argument"
                   : NULL;
    if (!part->file->path)
        return "its bytes are in memory";
    if (!is_plain_name(cl_str_of(part->filename), "\\"))
        return "its file name has characters that curl would read in another way";
    return is_plain_name(cl_str_of(part->media_type), "\\;,\" =") ? NULL : "its media type has parameters";
}

static void put_form_text(cl_buf *out, command *c, const char *text)
{
    add(c, cl_buf_append_char(out, '"'));
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            add(c, cl_buf_append_char(out, '\\'));
        add(c, cl_buf_append_char(out, *text));
    }
    add(c, cl_buf_append_char(out, '"'));
}

static void put_part(command *c, const cl_form_part *part)
{
    cl_buf text = CL_BUF_INIT(COMMAND_MAX);
    cl_buf path = CL_BUF_INIT(COMMAND_MAX);

    add(c, cl_buf_append_text(&text, part->name));
    if (!part->file) {
        add(c, cl_buf_append_char(&text, '='));
        add(c, cl_buf_append_str(&text, cl_str_n(part->text, part->text_len)));
        word(c, "--form-string", cl_buf_str(&text));
    } else {
        /* "-" would be curl's standard input. */
        add(c, cl_buf_append_text(&path, strcmp(part->file->path, "-") == 0 ? "./" : ""));
        add(c, cl_buf_append_text(&path, part->file->path));
        add(c, cl_buf_append_text(&text, "=@"));
        if (c->rc == CL_BUF_OK)
            put_form_text(&text, c, path.ptr);
        add(c, cl_buf_append_text(&text, ";filename="));
        put_form_text(&text, c, part->filename);
        add(c, cl_buf_append_text(&text, ";type="));
        add(c, cl_buf_append_text(&text, part->media_type));
        word(c, "--form", cl_buf_str(&text));
    }
    cl_buf_free(&text);
    cl_buf_free(&path);
}

static claude_code_t put_form(command *c, const claude_request_t *request, cl_err *err)
{
    for (size_t i = 0; i < request->part_count; i++) {
        const char *why = why_not(&request->parts[i]);
        if (why)
            return cl_fail(err, CLAUDE_E_INVALID,
                           "part %zu (%.100s) of the form cannot be an argument: %s; name a file for the body "
                           "(body_file), and write claude_curl_body() there",
                           i, request->parts[i].name, why);
        put_part(c, &request->parts[i]);
    }
    return CLAUDE_OK;
}

/* ---- all of it ---- */

static claude_code_t put_body(command *c, const cl_sketch *sketch, const claude_request_t *request,
                              const char *body_file, claude_curl_t *curl, cl_err *err)
{
    cl_buf name = CL_BUF_INIT(COMMAND_MAX);
    claude_code_t rc;

    if (strcmp(sketch->http.method, "POST") != 0)
        return CLAUDE_OK;
    if (!body_file || sketch->body.len == 0)
        return sketch->call.request.form_type ? put_form(c, request, err) : put_inline(c, &sketch->body, err);
    rc = read_all(&sketch->body, &curl->body, err);
    curl->has_body = rc >= 0;
    add(c, cl_buf_append_char(&name, '@'));
    add(c, cl_buf_append_text(&name, body_file));
    word(c, "--data-binary", cl_buf_str(&name));
    cl_buf_free(&name);
    return rc;
}

static claude_code_t put_all(const claude_client_t *client, const claude_request_t *request, const cl_sketch *sketch,
                             const char *body_file, claude_curl_t *curl, cl_err *err)
{
    command c = {&curl->text, CL_BUF_OK};
    const char *method = sketch->http.method;
    bool own_type = sketch->call.request.form_type && !body_file;
    claude_code_t rc;

    if (cl_secret_suspected(cl_buf_str(&sketch->url)))
        return cl_fail(err, CLAUDE_E_INVALID, "the URL of the request holds what may be a key; no command shows that");
    put(&c, "curl --disable --globoff --silent --show-error");
    if (sketch->http.stream)
        put(&c, " --no-buffer");
    if (strcmp(method, "HEAD") == 0)
        flag(&c, "--head");
    else if (strcmp(method, "POST") != 0 && strcmp(method, "GET") != 0)
        word(&c, "--request", cl_str_of(method));
    put_way(&c, client, sketch);
    put_headers(&c, sketch, own_type);
    rc = put_body(&c, sketch, request, body_file, curl, err);
    word(&c, "--url", cl_buf_str(&sketch->url));
    if (rc >= 0 && c.rc != CL_BUF_OK)
        rc = cl_fail_buf(err, c.rc, "the command");
    return rc;
}

claude_code_t cl_curl_command(claude_client_t *client, const claude_request_t *request, uint32_t flags,
                              const char *body_file, claude_curl_t **out, cl_err *err)
{
    claude_curl_t *curl = NULL;
    cl_sketch *sketch = NULL;
    cl_snapshot snapshot;
    claude_code_t rc = cl_call_check(client, request, flags, &snapshot, err);

    if (rc >= 0)
        rc = cl_call_sketch(client, &snapshot, &sketch, err);
    if (rc < 0)
        return rc;
    curl = calloc(1, sizeof *curl);
    if (!curl) {
        rc = cl_fail_nomem(err);
        goto out;
    }
    cl_handle_init(&curl->handle, CL_MAGIC_CURL);
    curl->text = CL_BUF_INIT(COMMAND_MAX);
    curl->body = CL_BUF_INIT(BODY_MAX);
    rc = put_all(client, request, sketch, body_file, curl, err);
    if (rc < 0)
        goto out;
    *out = curl;
    curl = NULL;
out:
    cl_curl_unref(curl);
    cl_sketch_free(sketch);
    return rc;
}

claude_curl_t *cl_curl_ref(claude_curl_t *curl)
{
    cl_handle_ref(&curl->handle);
    return curl;
}

void cl_curl_unref(claude_curl_t *curl)
{
    if (!curl || !cl_handle_unref(&curl->handle))
        return;
    cl_buf_free(&curl->text);
    cl_buf_free(&curl->body);
    free(curl);
}
