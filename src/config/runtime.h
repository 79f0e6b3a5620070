/*
 * runtime.h - configuration that may change while clients use it: the specification's nine keys with their defaults,
 * and those options that a running client can take over.
 */
#ifndef CL_CONFIG_RUNTIME_H
#define CL_CONFIG_RUNTIME_H

#include <stdatomic.h>

#include "config/config.h"

enum { CL_RUNTIME_KEYS = 9 };

/* The key is an alias of the option, or its name; types and ranges are the option's. */
typedef struct cl_runtime_key {
    const char *key;
    cl_option option;
    const char *initial; /* the default; of some it is not that of the option */
} cl_runtime_key;

/* NULL after the last one. */
const cl_runtime_key *cl_runtime_key_at(size_t index);
/* Whether a running client can take the option over. */
bool cl_runtime_may_change(cl_option option);

/* Immutable and counted. */
typedef struct cl_runtime {
    _Atomic uint32_t refs;
    cl_options *options; /* the nine keys, and what else was named */
    bool names_url;      /* base_url was given, by the text or by what it builds on */
    bool text_names_url; /* by the text */
} cl_runtime;

/*
 * Understands a JSON object of option names. `before`: has the values of what the text leaves out; NULL: the defaults.
 * CLAUDE_E_INVALID names the first member that is wrong: not known, not of its type, out of range, given twice, not
 * to be changed in a running client, or a secret.
 */
claude_code_t cl_runtime_parse(cl_str json, const cl_runtime *before, cl_runtime **out, cl_err *err);
/*
 * A configuration that is `now`, but for the options that may change: those are as the runtime configuration has them,
 * or else as in `base`.
 */
claude_code_t cl_runtime_apply(const cl_runtime *runtime, const claude_config_t *now, const cl_options *base,
                               claude_config_t **out, cl_err *err);
/* A configuration with these options and nothing else. */
claude_code_t cl_runtime_config(const cl_runtime *runtime, claude_config_t **out, cl_err *err);
cl_runtime *cl_runtime_ref(cl_runtime *runtime);
void cl_runtime_unref(cl_runtime *runtime);

#endif
