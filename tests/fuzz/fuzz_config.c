/* fuzz_config.c - configuration as JSON and base URLs: accepted or refused with a reason, never half applied. */
#include <stdlib.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    claude_config_t *config = NULL;
    cl_str text = cl_str_n((const char *)data, size);
    char before[256];
    cl_err err;

    cl_err_init(&err);
    if (cl_config_new(&config, NULL) < 0)
        abort();
    cl_err_copy_text(before, sizeof before, cl_str_of(cl_config_get(config, "base_url")));
    if (cl_config_load_json(config, text, &err) < 0 &&
        (err.message[0] == '\0' || strcmp(before, cl_config_get(config, "base_url")) != 0))
        __builtin_trap();
    cl_err_clear(&err);
    if (cl_base_url_check(text, false, &err) < 0 && err.message[0] == '\0')
        __builtin_trap();
    cl_err_clear(&err);
    cl_config_unref(config);
    return 0;
}
