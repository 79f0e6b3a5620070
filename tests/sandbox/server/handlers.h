/* The endpoints that work without a scenario, a function each. */
#ifndef SANDBOX_HANDLERS_H
#define SANDBOX_HANDLERS_H

#include "call.h"

struct step *messages_create(struct call *call);
struct step *messages_count_tokens(struct call *call);
struct step *completions_create(struct call *call);
struct step *models_list(struct call *call);
struct step *models_retrieve(struct call *call);
struct step *batches_create(struct call *call);
struct step *batches_list(struct call *call);
struct step *batches_retrieve(struct call *call);
struct step *batches_cancel(struct call *call);
struct step *batches_delete(struct call *call);
struct step *batches_results(struct call *call);
struct step *files_upload(struct call *call);
struct step *files_list(struct call *call);
struct step *files_retrieve(struct call *call);
struct step *files_download(struct call *call);
struct step *files_delete(struct call *call);
struct step *skills_create(struct call *call);
struct step *skills_list(struct call *call);
struct step *skills_retrieve(struct call *call);
struct step *skills_delete(struct call *call);
struct step *skill_versions_create(struct call *call);
struct step *skill_versions_list(struct call *call);
struct step *skill_versions_retrieve(struct call *call);
struct step *skill_versions_download(struct call *call);
struct step *skill_versions_delete(struct call *call);
/* Made-up lists of the other kinds of pages. */
struct step *agents_list(struct call *call);
struct step *sessions_list(struct call *call);
struct step *costs_list(struct call *call);

/* Whether call->body asks for a message; a refusal if not. */
bool message_check(struct call *call, bool needs_max_tokens);
/* The message that answers call->body. */
void message_put(struct call *call, struct buf *out);
/* The largest number of bytes up to `at` that does not cut a character. */
size_t utf8_cut(const char *text, size_t len, size_t at);

#endif
