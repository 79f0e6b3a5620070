/* One step of a scenario, from JSON. */
#ifndef SANDBOX_STEP_JSON_H
#define SANDBOX_STEP_JSON_H

#include "reply.h"

struct json_object;

/* NULL with a message in `why` when a member is unknown or wrong. */
struct step *step_from_json(struct json_object *object, struct buf *why);

#endif
