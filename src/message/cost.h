/* cost.h - what a message costs, in nano-dollars (10^-9 US dollars), by the prices of a table of models. */
#ifndef CL_MESSAGE_COST_H
#define CL_MESSAGE_COST_H

#include <claude/model.h>

#include "message/models.h"
#include "message/usage.h"

enum {
    CL_COST_INPUT, /* the first as the prices have them */
    CL_COST_OUTPUT,
    CL_COST_WRITE_5M,
    CL_COST_WRITE_1H,
    CL_COST_READ,
    CL_COST_SERVER_TOOLS,
    CL_COST_SAVED, /* not part of the total: what reads from the cache would have cost more as input */
    CL_COST_PARTS
};

typedef struct cl_cost {
    int64_t parts[CL_COST_PARTS]; /* each rounded to the nearest, and at most INT64_MAX */
} cl_cost;

/* `flags` are CLAUDE_COST_BATCH or 0. CLAUDE_OK, CLAUDE_COST_UNPRICED, CLAUDE_COST_UNKNOWN. */
int32_t cl_cost_of_usage(const claude_models_t *models, cl_str model, const cl_usage *usage, uint32_t flags,
                         cl_cost *out);
/* Of so many tokens that are all sent and all used. */
int32_t cl_cost_of_tokens(const claude_models_t *models, cl_str model, int64_t input_tokens, int64_t output_tokens,
                          uint32_t flags, cl_cost *out);
/* A part by its public name: "total", "input", ... CLAUDE_COST_UNKNOWN: no such part. */
int64_t cl_cost_part(const cl_cost *cost, const char *part);
/* The same of a message (with its own model if `model` is NULL) or of a "usage" object alone. Negative:
 * CLAUDE_COST_*. */
int64_t cl_cost_of_json(const claude_models_t *models, const char *model, cl_json json, uint32_t flags,
                        const char *part);

#endif
