/*
 * model.h - facts about models: limits, lifecycle, prices; and what follows from them: costs, savings of the prompt
 * cache, whether a prompt fits.
 *
 * There are two sources. A table is built into the library and can be replaced at run time (claude_models_*): it is as
 * old as the library, and the only source of prices. The API tells about the models of today (claude_model_*: answers
 * to "models.retrieve" and "models.list"): the better source for everything else.
 *
 * Money is counted in whole nano-dollars: 1 US dollar is 1,000,000,000.
 */
#ifndef CLAUDE_MODEL_H
#define CLAUDE_MODEL_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** In place of a cost, which is never negative. */
enum {
    /** The table has no price for the model. */
    CLAUDE_COST_UNPRICED = -1,
    /** There are no counts to be priced, or an argument cannot be understood. */
    CLAUDE_COST_UNKNOWN = -2
};

/** Flags of costs. */
enum {
    /** At the price of batches, whatever the usage says. */
    CLAUDE_COST_BATCH = 1
};

/* ---- the table ---- */

/**
 * The table that is built in. Every function that takes a table takes NULL for this one.
 *
 * @param out  receives the table; release with claude_models_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_models_builtin(claude_models_t **out, claude_error_t **err);

/**
 * A table of the program's own, in the form of claude_models_json(): an object with "models", an array of objects with
 * "id" and, all of them optional, "aliases", "display_name", "line", "lifecycle" ("active", "deprecated", "retired"),
 * "deprecated_at", "retires_at", "replacement", "context_window", "max_output_tokens", "cache_min_tokens", "prices",
 * "percent", "warnings" and any other. See docs/models.md.
 *
 * @param json  the table; copied
 * @param len   bytes of json, or CLAUDE_NTS
 * @param out   receives the table; release with claude_models_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID (names the model and the field), CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_models_load_json(const char *json, size_t len, claude_models_t **out,
                                                 claude_error_t **err);

/**
 * The table as JSON.
 *
 * @param models  a table; NULL is the one that is built in
 * @param len     receives the length in bytes; may be NULL
 * @return text borrowed from the table; NULL for a handle of another kind
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_models_json(const claude_models_t *models, size_t *len);

/**
 * Number of models.
 *
 * @param models  a table; NULL is the one that is built in
 * @return the number
 * @threads A
 * @since 0.8
 */
CLAUDE_API size_t claude_models_count(const claude_models_t *models);

/**
 * Enumerate the models.
 *
 * @param models  a table; NULL is the one that is built in
 * @param index   0, 1, 2, ...
 * @return the id, borrowed from the table; NULL after the last one
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_models_at(const claude_models_t *models, size_t index);

/**
 * The name under which the table knows a model. Understood are ids and aliases, and both with a date, "-latest", or
 * what platforms add: "us.anthropic.claude-opus-4-5-20251101-v1:0", "claude-opus-4-5@20251101".
 *
 * @param models  a table; NULL is the one that is built in
 * @param model   model id
 * @return the table's id, borrowed from it; NULL if it does not know the model
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_models_find(const claude_models_t *models, const char *model);

/**
 * A fact that is text: "display_name", "line", "lifecycle", "retires_at", "default_effort", "comment", ...
 *
 * @param models  a table; NULL is the one that is built in
 * @param model   model id, as for claude_models_find()
 * @param what    name of the fact; "a/b" and "a/0" lead into objects and arrays
 * @return text borrowed from the table; NULL if it is not known
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_models_text(const claude_models_t *models, const char *model, const char *what);

/**
 * A fact that is a number, or true or false: "context_window", "max_output_tokens", "cache_min_tokens" (in tokens),
 * "forced_tool_use", "thinking_enabled", "sampling", "nonstreaming_max_tokens", ...
 *
 * @param models  a table; NULL is the one that is built in
 * @param model   model id, as for claude_models_find()
 * @param what    name of the fact
 * @return the number, 1 for true, 0 for false; -1 if it is not known
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_models_int(const claude_models_t *models, const char *model, const char *what);

/**
 * Whether a model, or a way of using it, is deprecated or retired.
 *
 * @param models   a table; NULL is the one that is built in
 * @param model    model id, as for claude_models_find()
 * @param feature  NULL for the model itself, or a way of using it: "thinking/enabled"
 * @param text     receives a sentence that says so and until when, borrowed from the table; may be NULL
 * @return 1 it is, 0 it is not, or the table does not know (text is left alone)
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_models_deprecation(const claude_models_t *models, const char *model, const char *feature,
                                             const char **text);

/**
 * Days until a model is retired, the begun one counted.
 *
 * @param models  a table; NULL is the one that is built in
 * @param model   model id, as for claude_models_find()
 * @param now_ms  the present: milliseconds since 1970-01-01 UTC
 * @return days; 0 if it is retired; -1 if no date is known
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_models_days_left(const claude_models_t *models, const char *model, int64_t now_ms);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_models_t *claude_models_ref(claude_models_t *models);

/**
 * Drop a reference. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_models_unref(claude_models_t *models);

/* ---- what the API tells ---- */

/**
 * A text from an answer of "models.retrieve" or "models.list": "id", "display_name", "lifecycle", "retires_at", ...
 *
 * @param info   the answer
 * @param model  model id, as for claude_models_find(); NULL for the one model of "models.retrieve"
 * @param what   name of the field; "a/b" leads into objects
 * @param len    receives the length in bytes; may be NULL
 * @return text borrowed from the answer; NULL if there is none, or when memory is out
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_model_text(const claude_response_t *info, const char *model, const char *what,
                                         size_t *len);

/**
 * A number from such an answer: "context_window" or "max_input_tokens", "max_output_tokens" or "max_tokens".
 *
 * @param info   the answer
 * @param model  model id; NULL for the one model of "models.retrieve"
 * @param what   name of the field
 * @return the number, -1 if it is not there
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_model_int(const claude_response_t *info, const char *model, const char *what);

/**
 * What a model can do, from such an answer.
 *
 * @param info        the answer
 * @param model       model id; NULL for the one model of "models.retrieve"
 * @param capability  "image_input", "pdf_input", "structured_outputs", "effort/high", "thinking/adaptive",
 *                    "server_tools/web_search", "context_management/compact_20260112", ...
 * @return 1 it can, 0 it cannot, -1 the answer does not say
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_model_supports(const claude_response_t *info, const char *model, const char *capability);

/**
 * Days until a model is retired, the begun one counted, from such an answer.
 *
 * @param info    the answer
 * @param model   model id; NULL for the one model of "models.retrieve"
 * @param now_ms  the present: milliseconds since 1970-01-01 UTC
 * @return days; 0 if it is retired; -1 if the answer has no date
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_model_days_left(const claude_response_t *info, const char *model, int64_t now_ms);

/**
 * The first model of a list of wishes that is available: in an answer of "models.list", and not retired. Ask for the
 * list with a high "limit", so that it is one page.
 *
 * @param list    the answer
 * @param wanted  model ids, the best first, separated by commas
 * @param now_ms  the present: milliseconds since 1970-01-01 UTC; 0: dates are not looked at
 * @return the id under which the model is available, borrowed from the answer; NULL if there is none of them, or when
 *         memory is out
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_model_choose(const claude_response_t *list, const char *wanted, int64_t now_ms);

/* ---- costs ---- */

/**
 * What a message cost: its usage by the prices of the model that answered, cached tokens, batches and server tools
 * included. What the table has no percentage for (a region, a speed) counts at list price.
 *
 * @param models    a table; NULL is the one that is built in
 * @param model     model id, as for claude_models_find(); NULL for the one that the response names
 * @param response  a message, also a partial one
 * @return nano-dollars, at most INT64_MAX; CLAUDE_COST_UNPRICED, CLAUDE_COST_UNKNOWN
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_cost_calculate(const claude_models_t *models, const char *model,
                                         const claude_response_t *response);

/**
 * A part of that cost. The parts add up to the total, except for "cache_savings".
 *
 * @param models    a table; NULL is the one that is built in
 * @param model     model id; NULL for the one that the response names
 * @param response  a message
 * @param part      "total", "input" (without cached tokens), "output", "cache_write" ("cache_write_5m" and
 *                  "cache_write_1h"), "cache_read", "server_tools", "cache_savings"
 * @return nano-dollars; CLAUDE_COST_UNPRICED, CLAUDE_COST_UNKNOWN
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_cost_of(const claude_models_t *models, const char *model, const claude_response_t *response,
                                  const char *part);

/**
 * The same for JSON: a message, as in the results of a batch, or an object like its "usage".
 *
 * @param models  a table; NULL is the one that is built in
 * @param model   model id; NULL for the one that the message names
 * @param json    a message or a "usage" object
 * @param len     bytes of json, or CLAUDE_NTS
 * @param flags   0 or CLAUDE_COST_BATCH
 * @param part    as for claude_cost_of(); NULL is "total"
 * @return nano-dollars; CLAUDE_COST_UNPRICED, CLAUDE_COST_UNKNOWN
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_cost_of_json(const claude_models_t *models, const char *model, const char *json, size_t len,
                                       uint32_t flags, const char *part);

/**
 * The most that a request can cost, server tools and writing to the cache aside: all tokens of the prompt at full
 * price, and as many tokens of output as were asked for.
 *
 * @param models        a table; NULL is the one that is built in
 * @param model         model id, as for claude_models_find()
 * @param input_tokens  as counted by "messages.count_tokens"
 * @param max_tokens    the request's max_tokens
 * @param flags         0 or CLAUDE_COST_BATCH
 * @return nano-dollars; CLAUDE_COST_UNPRICED, CLAUDE_COST_UNKNOWN (a negative number of tokens)
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_cost_estimate(const claude_models_t *models, const char *model, int64_t input_tokens,
                                        int64_t max_tokens, uint32_t flags);

/**
 * What the prompt cache saved: the price of the tokens read from it, had they been sent, less what reading cost. The
 * surcharge for writing is a part of claude_cost_of().
 *
 * @param models    a table; NULL is the one that is built in
 * @param model     model id; NULL for the one that the response names
 * @param response  a message
 * @return nano-dollars; CLAUDE_COST_UNPRICED, CLAUDE_COST_UNKNOWN
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_cost_savings(const claude_models_t *models, const char *model,
                                       const claude_response_t *response);

/* ---- the context window ---- */

/**
 * Check that a prompt and its answer fit the model's context window, by the table.
 *
 * @param models        a table; NULL is the one that is built in
 * @param model         model id, as for claude_models_find()
 * @param input_tokens  as counted by "messages.count_tokens"
 * @param max_tokens    the request's max_tokens
 * @return CLAUDE_OK, CLAUDE_E_INVALID (they do not fit, with window and excess; or the window is not known)
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_context_check(const claude_models_t *models, const char *model, int64_t input_tokens,
                                              int64_t max_tokens, claude_error_t **err);

/**
 * The same by an answer of "models.retrieve" or "models.list".
 *
 * @param info          the answer
 * @param model         model id; NULL for the one model of "models.retrieve"
 * @param input_tokens  as counted by "messages.count_tokens"
 * @param max_tokens    the request's max_tokens
 * @return CLAUDE_OK, CLAUDE_E_INVALID
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_model_context_check(const claude_response_t *info, const char *model,
                                                    int64_t input_tokens, int64_t max_tokens, claude_error_t **err);

#ifdef __cplusplus
}
#endif

#endif
