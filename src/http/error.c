/* What libcurl's results mean. Its own flags come first: a result alone does not tell why. */
#include "http/engine.h"

#include <errno.h>

static claude_code_t code_of(CURLcode result)
{
    switch (result) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return CLAUDE_E_RESOLVE;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
        return CLAUDE_E_PROXY;
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
        return CLAUDE_E_CONNECT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return CLAUDE_E_TLS;
    case CURLE_OPERATION_TIMEDOUT:
        return CLAUDE_E_TIMEOUT;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return CLAUDE_E_CLOSED;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
        return CLAUDE_E_INVALID;
    default:
        return CLAUDE_E_PROTOCOL;
    }
}

/*
 * A connection that breaks in the middle of a handshake says nothing about certificates. The words are those of libcurl
 * and of OpenSSL: the system's own follow the locale.
 */
static bool handshake_broke_off(const cl_transfer *t, const char *text)
{
    return t->result == CURLE_SSL_CONNECT_ERROR && (strstr(text, "Recv failure: ") || strstr(text, "Send failure: ") ||
                                                    strstr(text, "SSL_connect: ") || strstr(text, "unexpected eof"));
}

/*
 * Where libcurl's result says too little. With TLS 1.3 a refused client certificate shows only when the answer is read.
 */
static claude_code_t refine(const cl_transfer *t, claude_code_t code, const char *text)
{
    if (code == CLAUDE_E_CLOSED && t->header_bytes == 0 && strstr(text, " alert "))
        return CLAUDE_E_TLS;
    /* A limit of libcurl's own, on what is no part of a stream's body. */
    if (code == CLAUDE_E_CLOSED && strstr(text, "nghttp2_session_mem_recv() returned -902"))
        return CLAUDE_E_PROTOCOL;
    if (handshake_broke_off(t, text))
        return CLAUDE_E_CONNECT;
    /* "Unsupported" is then what the server speaks; bad chunks have no code of their own. */
    if (t->attempts > 0 && (code == CLAUDE_E_INVALID || (t->result == CURLE_RECV_ERROR && strstr(text, "chunk"))))
        return CLAUDE_E_PROTOCOL;
    return code;
}

/* Also for those that were well: they had their connections in the same place. */
static claude_code_t lost(const cl_transfer *t, cl_err *err)
{
    if (t->lost_for == ENOMEM)
        return cl_fail_nomem(err);
    return cl_fail(err, CLAUDE_E_LIMIT,
                   "the system refused to watch a connection (epoll_ctl, error %d), which ended all calls beside it%s",
                   t->lost_for, t->lost_for == ENOSPC ? "; raise fs.epoll.max_user_watches" : "");
}

claude_code_t cl_transfer_error(const cl_transfer *t, cl_err *err)
{
    /* What libcurl says about a proxy that it does not understand quotes its password. */
    const char *said = t->slot ? t->slot->error_text : "";
    bool quotes = cl_str_starts(cl_str_of(said), CL_STR("Unsupported proxy"));
    const char *text = said[0] && !quotes ? said : curl_easy_strerror(t->result);
    claude_code_t code = code_of(t->result);

    if (t->lost_for != 0)
        return lost(t, err);
    if (t->no_memory)
        return cl_fail_nomem(err);
    if (t->unread)
        return cl_fail(err, cl_error_info(t->unread)->code, "%s", cl_error_info(t->unread)->message);
    if (t->header_overflow)
        return cl_fail(err, CLAUDE_E_TOO_LARGE, "response headers are over %zu bytes (limit.header_bytes)",
                       t->max_header_bytes);
    if (t->body_overflow)
        return cl_fail(err, CLAUDE_E_TOO_LARGE, "response body is over %zu bytes (limit.message_bytes)",
                       t->max_body_bytes);
    if (t->resend_refused)
        return cl_fail(
            err, CLAUDE_E_CLOSED,
            "the connection was closed, or the request refused, before an answer came; it may have been processed");
    if (t->unpausable)
        return cl_fail(
            err, CLAUDE_E_LIMIT,
            "over %zu bytes of the stream are unread (client.max_buffered_bytes), and libcurl %s cannot make "
            "the server wait",
            t->engine->settings.max_buffered, cl_http_library());
    if (t->lookups_exhausted)
        return cl_fail(err, CLAUDE_E_RESOLVE,
                       "too many name lookups were given up and are still under way; the name server does not answer");
    if (t->no_descriptor && t->attempts == 0)
        return cl_fail(err, CLAUDE_E_LIMIT, "no file descriptor left for a connection");
    if (t->foreign_coding)
        return cl_fail(err, CLAUDE_E_PROTOCOL, "the response has a transfer coding that was not asked for");
    if (t->switched)
        return cl_fail(err, CLAUDE_E_PROTOCOL,
                       "the server answered with HTTP 101, a change of protocol nobody asked for");
    code = refine(t, code, text);
    /* CURLE_TOO_LARGE of libcurl 8.6: headers over its own limit, which is no option of ours. */
    if ((int)t->result == 100)
        code = CLAUDE_E_TOO_LARGE;
    /* libcurl also calls it "out of memory" when one header line is over its own limit. */
    if (t->result == CURLE_OUT_OF_MEMORY)
        return t->header_bytes > 0 || t->attempts > 0
                   ? cl_fail(err, CLAUDE_E_TOO_LARGE,
                             "the response has a header line that is too long, or memory ran out")
                   : cl_fail_nomem(err);
    if (code == CLAUDE_E_TIMEOUT)
        return cl_fail(err, code, "no connection within %lld ms (timeout.connect_ms)", (long long)t->connect_ms);
    /* A tunnel that the proxy refused ends as a receive error, before any request was sent. */
    if (t->result == CURLE_RECV_ERROR && t->attempts == 0)
        code = CLAUDE_E_PROXY;
    return cl_fail(err, code, "%s (libcurl %d)", text, (int)t->result);
}
