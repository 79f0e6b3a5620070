/* credentials.c - the key of an attempt: fetched by a provider where it runs out, and once anew where it is refused. */
#include <claude/credential.h>

#include <stdio.h>

#include "call/call.h"

enum { LOOK_AGAIN_MS = 20 /* whether another call has got the token */ };

/* ---- asking the provider ---- */

static cl_key *own_key(const claude_call_t *call)
{
    return call->client->targets[0].key;
}

/* What the provider gave, or NULL, and why not. */
static claude_secret_t *judge(const claude_credential_t *view, int32_t answer, cl_key_failure *failure)
{
    failure->user_code = answer;
    if (answer != 0)
        snprintf(failure->text, sizeof failure->text, "the credential provider returned %d", (int)answer);
    else if (!view->secret)
        snprintf(failure->text, sizeof failure->text, "the credential provider returned 0, but has set no secret");
    else if (cl_wall_ms() >= cl_secret_expires_at(view->secret))
        snprintf(failure->text, sizeof failure->text, "the credential provider gave a secret that has expired");
    else
        return view->secret;
    return NULL;
}

/* After cl_key_check() has said so. No lock is held. */
static void ask(const claude_client_t *client, int32_t reason, int64_t pause_ms)
{
    const cl_hook *provider = client->config->credentials;
    claude_credential_t view = {.reason = reason};
    cl_key_failure failure = {.left_ms = 0};
    int32_t answer;

    cl_handle_init(&view.handle, CL_MAGIC_CREDENTIAL);
    answer = ((claude_credential_fn)cl_hook_fn(provider))(&view, cl_hook_data(provider));
    view.handle.magic = CL_MAGIC_DEAD;
    cl_key_answer(client->targets[0].key, judge(&view, answer, &failure), &failure, pause_ms);
    cl_secret_unref(view.secret);
}

static claude_code_t ask_for_call(claude_call_t *call, int32_t reason, cl_err *err)
{
    call->in_callback = true;
    ask(call->client, reason, cl_call_option(call, CL_OPT_AUTH_REFRESH_PAUSE));
    call->in_callback = false;
    /* What the provider has cancelled, or let go of, must not be sent. */
    if (atomic_load(&call->cancel_asked) || cl_call_is_abandoned(call))
        return cl_fail(err, CLAUDE_E_CANCELED, CL_CANCELLED_TEXT);
    return CLAUDE_OK;
}

/* ---- before an attempt ---- */

/* A call that may go to several places is ready when it is ready for each of them. */
static bool needs_token(const claude_call_t *call)
{
    const claude_client_t *client = call->client;
    bool moves = CL_FEATURE_FAILOVER && (call->request.features & CLAUDE_WITH_FAILOVER) != 0;

    if (call->request.endpoint->keyless || cl_client_auth_header(client).len == 0)
        return false;
    if (!moves)
        return true;
    for (size_t i = 1; i < client->target_count; i++) {
        if (client->targets[i].key == own_key(call))
            return true;
    }
    return false;
}

/* Of a stream the time to its first byte. */
static int64_t latest(const claude_call_t *call)
{
    int64_t first_byte = cl_call_option(call, CL_OPT_TIMEOUT_FIRST_BYTE);

    if (!call->request.stream || first_byte == 0 || call->deadline_at < call->token_from + first_byte)
        return call->deadline_at;
    return call->token_from + first_byte;
}

static int32_t wait_for_token(claude_call_t *call, cl_err *err)
{
    int64_t now = cl_now_ms();

    if (call->starting) {
        call->timer.due_at = now;
        return 0;
    }
    if (call->token_from == 0)
        call->token_from = now;
    if (now < latest(call)) {
        call->timer.due_at = now + LOOK_AGAIN_MS;
        return 0;
    }
    cl_fail(err, CLAUDE_E_TIMEOUT, "no token within %lld ms: another call is still asking the credential provider (%s)",
            (long long)(now - call->token_from), call->request.stream ? "timeout.first_byte_ms" : "timeout.total_ms");
    return CLAUDE_E_TIMEOUT;
}

static claude_code_t fail_provider(const cl_key_failure *failure, cl_err *err)
{
    cl_fail(err, CLAUDE_E_CALLBACK, "%s; it is asked again in %lld ms (auth.refresh_pause_ms)", failure->text,
            (long long)failure->left_ms);
    err->user_code = failure->user_code;
    err->retry_after_ms = failure->left_ms;
    return CLAUDE_E_CALLBACK;
}

static claude_code_t fail_reentered(cl_err *err)
{
    return cl_fail(err, CLAUDE_E_BUSY,
                   "the credential provider of the client has called the client that waits for its token; use another "
                   "client there");
}

static claude_code_t failed(const claude_call_t *call, const cl_key_failure *failure, cl_err *err)
{
    fail_provider(failure, err);
    if (call->refused && !err->cause)
        err->cause = cl_error_ref(call->refused);
    return CLAUDE_E_CALLBACK;
}

static int32_t look(claude_call_t *call, cl_err *err)
{
    cl_key_question question = {.lead_ms = cl_call_option(call, CL_OPT_AUTH_REFRESH_LEAD),
                                .refused = call->refused_key,
                                .may_ask = !call->starting};
    cl_key_failure failure;
    int32_t reason;
    int32_t what = cl_key_check(own_key(call), &question, &reason, &failure);

    if (what == CL_KEY_ASK) {
        if (ask_for_call(call, reason, err) < 0)
            return CLAUDE_E_CANCELED;
        question.may_ask = false;
        what = cl_key_check(own_key(call), &question, &reason, &failure);
    }
    switch (what) {
    case CL_KEY_READY:
        return 1;
    case CL_KEY_FAILED:
        return failed(call, &failure, err);
    case CL_KEY_REENTERED:
        return fail_reentered(err);
    default:
        return wait_for_token(call, err);
    }
}

int32_t cl_call_credentials(claude_call_t *call, cl_err *err)
{
    int32_t rc;

    if (!CL_FEATURE_AUTHENTICATION || !call->client->config->credentials || !needs_token(call))
        return 1;
    rc = look(call, err);
    if (rc > 0)
        call->token_from = 0;
    if (rc < 0 && err->code != CLAUDE_E_CANCELED)
        err->feature = "credential-provider";
    return rc;
}

/* ---- without a call ---- */

claude_code_t cl_credentials_ready(const claude_client_t *client, int64_t *until, cl_err *err)
{
    cl_key_question question = {.lead_ms = cl_option_int(NULL, client->config->options, CL_OPT_AUTH_REFRESH_LEAD),
                                .may_ask = true};
    int64_t pause_ms = cl_option_int(NULL, client->config->options, CL_OPT_AUTH_REFRESH_PAUSE);
    cl_key *key = client->targets[0].key;
    cl_key_failure failure;
    cl_nap nobody_calls = {0};
    int32_t what = CL_KEY_READY;
    int32_t reason;

    while (CL_FEATURE_AUTHENTICATION && client->config->credentials) {
        int64_t now = cl_now_ms();
        what = cl_key_check(key, &question, &reason, &failure);
        if (what == CL_KEY_ASK) {
            ask(client, reason, pause_ms);
            question.may_ask = false;
            *until += cl_now_ms() - now;
        } else if (what == CL_KEY_WAIT && now < *until) {
            cl_nap_until(&nobody_calls, cl_nap_mark(&nobody_calls), now + LOOK_AGAIN_MS);
        } else {
            break;
        }
    }
    if (what == CL_KEY_FAILED)
        return fail_provider(&failure, err);
    if (what == CL_KEY_REENTERED)
        return fail_reentered(err);
    return what == CL_KEY_READY
               ? CLAUDE_OK
               : cl_fail(err, CLAUDE_E_TIMEOUT, "another call is still asking the credential provider");
}

/* ---- after one ---- */

/* There is another key than the one that was refused, or somebody to ask for one. */
static bool has_other_key(const claude_call_t *call)
{
    cl_key *key = call->client->targets[call->target].key;
    uint64_t generation = 0;
    claude_secret_t *secret = cl_key_get(key, &generation);

    cl_secret_unref(secret);
    if (!secret)
        return false;
    return generation != call->key_generation || (key == own_key(call) && call->client->config->credentials);
}

bool cl_call_renews_key(const claude_call_t *call, const cl_err *err)
{
    return CL_FEATURE_AUTHENTICATION && err->code == CLAUDE_E_AUTH && err->http_status == 401 && !call->renewed &&
           !call->delivered && call->key_generation > 0 && cl_call_option(call, CL_OPT_AUTH_REFRESH_401) != 0 &&
           has_other_key(call);
}

void cl_call_renew_key(claude_call_t *call, cl_err *err)
{
    call->renewed = true;
    call->report->resends++;
    cl_metrics_count(call->client->metrics, CL_COUNT_RESENDS, 1);
    if (call->client->targets[call->target].key == own_key(call))
        call->refused_key = call->key_generation;
    call->refused = cl_error_new(err);
    if (call->pipeline)
        cl_pipeline_same_again(call);
}
