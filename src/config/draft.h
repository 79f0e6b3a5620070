/* draft.h - changes of a configuration that wait until all of them are known to be good. */
#ifndef CL_CONFIG_DRAFT_H
#define CL_CONFIG_DRAFT_H

#include "config/config.h"

typedef struct cl_draft {
    cl_options *options;
    claude_secret_t *secret;
    bool secret_touched;
} cl_draft;

claude_code_t cl_draft_open(cl_draft *changes, cl_err *err);
claude_code_t cl_draft_set(cl_draft *changes, const char *key, const char *value, cl_err *err);
/* Cannot fail. Options that were not touched keep the addresses of their texts. */
void cl_draft_commit(cl_draft *changes, claude_config_t *config);
void cl_draft_close(cl_draft *changes);

#endif
