#include <claude/config.h>

#include <errno.h>

#include "auth/auth.h"
#include "border.h"
#include "call/call.h"
#include "config/config.h"
#include "message/models.h"

claude_code_t claude_config_new(claude_config_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, out, "out"))
        rc = cl_config_new(out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_config_set(claude_config_t *config, const char *key, const char *value, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, config, CL_MAGIC_CONFIG, "config") && border_pointer(&b, key, "key"))
        rc = cl_config_set(config, key, value, &b.err);
    return border_leave(&b, rc, err);
}

const char *claude_config_get(const claude_config_t *config, const char *key)
{
    return cl_is(config, CL_MAGIC_CONFIG) && key ? cl_config_get(config, key) : NULL;
}

claude_code_t claude_config_load_json(claude_config_t *config, const char *json, size_t len, claude_error_t **err)
{
    border b;
    cl_str text;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, config, CL_MAGIC_CONFIG, "config") && border_text(&b, json, len, "json", &text))
        rc = cl_config_load_json(config, text, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_config_load_env(claude_config_t *config, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, config, CL_MAGIC_CONFIG, "config"))
        rc = cl_config_load_env(config, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_config_set_secret(claude_config_t *config, claude_secret_t *secret, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, config, CL_MAGIC_CONFIG, "config") &&
        (!secret || border_handle(&b, secret, CL_MAGIC_SECRET, "secret"))) {
        claude_secret_t *old = config->secret;
        config->secret = cl_secret_ref(secret);
        cl_secret_unref(old);
        rc = CLAUDE_OK;
    }
    return border_leave(&b, rc, err);
}

claude_code_t claude_config_set_header(claude_config_t *config, const char *name, const char *value,
                                       claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, config, CL_MAGIC_CONFIG, "config") && border_pointer(&b, name, "name"))
        rc = cl_headers_set(&config->headers, name, value, &b.err);
    return border_leave(&b, rc, err);
}

#if CL_FEATURE_AUTHENTICATION

claude_code_t claude_config_on_sign(claude_config_t *config, claude_sign_fn fn, void *user_data,
                                    claude_destroy_fn destroy, claude_error_t **err)
{
    border b;
    cl_hook *hook = NULL;
    claude_code_t rc;

    border_enter(&b);
    rc = border_hook(&b, config, (void (*)(void))fn, user_data, destroy, &hook);
    if (rc >= 0)
        border_replace_hook(&config->sign, hook);
    return border_leave(&b, rc, err);
}

#endif

#if CL_FEATURE_MODEL_MANAGEMENT

claude_code_t claude_config_on_deprecation(claude_config_t *config, claude_deprecation_fn fn, void *user_data,
                                           claude_destroy_fn destroy, claude_error_t **err)
{
    border b;
    cl_hook *hook = NULL;
    claude_code_t rc;

    border_enter(&b);
    rc = border_hook(&b, config, (void (*)(void))fn, user_data, destroy, &hook);
    if (rc >= 0)
        border_replace_hook(&config->deprecation, hook);
    return border_leave(&b, rc, err);
}

static void unref_models(void *models)
{
    cl_models_unref(models);
}

claude_code_t claude_config_set_models(claude_config_t *config, const claude_models_t *models, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, config, CL_MAGIC_CONFIG, "config") &&
        (!models || border_handle(&b, models, CL_MAGIC_MODELS, "models")))
        rc = border_keep(&b, &config->models, models ? cl_models_ref((claude_models_t *)(uintptr_t)models) : NULL,
                         unref_models);
    return border_leave(&b, rc, err);
}

#endif

#if CL_FEATURE_AUTHENTICATION

const char *claude_sign_method(const claude_sign_t *sign)
{
    return cl_is(sign, CL_MAGIC_SIGN) ? sign->method : "";
}

const char *claude_sign_url(const claude_sign_t *sign)
{
    return cl_is(sign, CL_MAGIC_SIGN) ? sign->url : "";
}

const char *claude_sign_body_sha256(const claude_sign_t *sign)
{
    /* Computed on first use; the view is not shared between threads. */
    return cl_is(sign, CL_MAGIC_SIGN) ? cl_sign_body_sha256((claude_sign_t *)(uintptr_t)sign) : "";
}

int32_t claude_sign_header_at(const claude_sign_t *sign, size_t index, const char **name, const char **value)
{
    if (!cl_is(sign, CL_MAGIC_SIGN) || index >= sign->headers->count)
        return 0;
    if (name)
        *name = sign->headers->items[index].name;
    if (value)
        *value = sign->headers->items[index].value;
    return 1;
}

claude_code_t claude_sign_add_header(claude_sign_t *sign, const char *name, const char *value, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, sign, CL_MAGIC_SIGN, "sign") && border_pointer(&b, name, "name") &&
        border_pointer(&b, value, "value"))
        rc = cl_headers_replace(sign->headers, name, value, &b.err);
    return border_leave(&b, rc, err);
}

#endif

const char *claude_option_at(size_t index)
{
    return cl_option_name_at(index);
}

const char *claude_option_json(const char *name, size_t *len)
{
    return name ? cl_option_json(name, len) : NULL;
}

claude_config_t *claude_config_ref(claude_config_t *config)
{
    return cl_is(config, CL_MAGIC_CONFIG) ? cl_config_ref(config) : NULL;
}

void claude_config_unref(claude_config_t *config)
{
    int saved = errno;

    if (cl_is(config, CL_MAGIC_CONFIG))
        cl_config_unref(config);
    errno = saved;
}
