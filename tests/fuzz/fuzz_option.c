/*
 * fuzz_option.c - one option set to anything, by a setter and from JSON: both agree; what is accepted is read back and
 * accepted again; what is refused leaves the old value and gives a clean reason.
 */
#include <stdio.h>
#include <stdlib.h>

#include "config/config.h"
#include "json/json.h"

enum { LONGEST = 4000 };

static const char *value_of(const claude_config_t *config, const char *key)
{
    const char *value = cl_config_get(config, key);

    return value ? value : "(unset)";
}

static void check_reason(const cl_err *err)
{
    cl_str text = cl_str_of(err->message);

    if (text.len == 0 || cl_utf8_valid(text) != text.len)
        __builtin_trap();
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
            __builtin_trap();
    }
}

/* The same by JSON: as a text, which every option takes. */
static claude_code_t set_by_json(claude_config_t *config, const char *key, const char *value, cl_err *err)
{
    cl_buf json = CL_BUF_INIT(SIZE_MAX / 2);
    claude_code_t rc;

    (void)cl_buf_append_char(&json, '{');
    (void)cl_json_write_key(&json, cl_str_of(key));
    (void)cl_json_write_string(&json, cl_str_of(value));
    (void)cl_buf_append_char(&json, '}');
    rc = cl_config_load_json(config, cl_buf_str(&json), err);
    cl_buf_free(&json);
    return rc;
}

static void try_option(const char *key, const char *value)
{
    claude_config_t *configs[2] = {NULL};
    char before[LONGEST + 1];
    char first[LONGEST + 1];
    claude_code_t codes[2];
    cl_err err;

    cl_err_init(&err);
    for (int i = 0; i < 2; i++) {
        if (cl_config_new(&configs[i], NULL) < 0)
            abort();
        (void)snprintf(before, sizeof before, "%s", value_of(configs[i], key));
        codes[i] = i == 0 ? cl_config_set(configs[i], key, value, &err) : set_by_json(configs[i], key, value, &err);
        if (codes[i] < 0)
            check_reason(&err);
        if (codes[i] < 0 && strcmp(before, value_of(configs[i], key)) != 0)
            __builtin_trap();
        cl_err_clear(&err);
    }
    if (codes[0] != codes[1] || strcmp(value_of(configs[0], key), value_of(configs[1], key)) != 0)
        __builtin_trap();
    if (codes[0] >= 0 && cl_config_get(configs[0], key)) {
        (void)snprintf(first, sizeof first, "%s", cl_config_get(configs[0], key));
        if (first[0] != '\0' && cl_config_set(configs[0], key, first, NULL) < 0)
            __builtin_trap();
        if (strcmp(first, value_of(configs[0], key)) != 0)
            __builtin_trap();
    }
    cl_config_unref(configs[0]);
    cl_config_unref(configs[1]);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* A byte that chooses the option (255: the first line is its name), then the value. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char text[LONGEST + 1];
    char name[LONGEST + 1];
    const char *value = text;
    const char *key = name;
    char *eol;

    if (size < 1 || size > LONGEST)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    if (cl_utf8_valid(cl_str_of(text)) != strlen(text))
        return 0; /* JSON cannot say it */
    if (data[0] < 255) {
        key = cl_option_row_at(data[0] % (CL_OPT_COUNT + 1))->name;
    } else {
        eol = strchr(text, '\n');
        if (!eol)
            return 0;
        *eol = '\0';
        (void)snprintf(name, sizeof name, "%s", text);
        value = eol + 1;
    }
    try_option(key, value);
    return 0;
}
