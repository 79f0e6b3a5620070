#include <claude/credential.h>

#include "border.h"
#include "call/call.h"
#include "client/client.h"

#if CL_FEATURE_AUTHENTICATION

claude_code_t claude_client_rotate_secret(claude_client_t *client, int32_t endpoint, claude_secret_t *secret,
                                          claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, client, CL_MAGIC_CLIENT, "client") && border_handle(&b, secret, CL_MAGIC_SECRET, "secret"))
        rc = cl_client_rotate(client, endpoint, secret, &b.err);
    return border_leave(&b, rc, err);
}

claude_secret_t *claude_client_secret(claude_client_t *client, int32_t endpoint)
{
    return cl_is(client, CL_MAGIC_CLIENT) ? cl_client_secret(client, endpoint) : NULL;
}

claude_code_t claude_config_set_credential_provider(claude_config_t *config, claude_credential_fn fn, void *user_data,
                                                    claude_destroy_fn destroy, claude_error_t **err)
{
    border b;
    cl_hook *hook = NULL;
    claude_code_t rc;

    border_enter(&b);
    rc = border_hook(&b, config, (void (*)(void))fn, user_data, destroy, &hook);
    if (rc >= 0)
        border_replace_hook(&config->credentials, hook);
    return border_leave(&b, rc, err);
}

int32_t claude_credential_reason(const claude_credential_t *credential)
{
    return cl_is(credential, CL_MAGIC_CREDENTIAL) ? credential->reason : 0;
}

claude_code_t claude_credential_set_secret(claude_credential_t *credential, claude_secret_t *secret,
                                           claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, credential, CL_MAGIC_CREDENTIAL, "credential") &&
        border_handle(&b, secret, CL_MAGIC_SECRET, "secret")) {
        claude_secret_t *old = credential->secret;
        credential->secret = cl_secret_ref(secret);
        cl_secret_unref(old);
        rc = CLAUDE_OK;
    }
    return border_leave(&b, rc, err);
}

#endif
