#include "message/message.h"
#include "message/models.h"

const char *cl_deprecation_find(const claude_models_t *models, cl_str model, cl_str feature)
{
    const cl_model *row = cl_models_find(models, model);

    if (!row)
        return NULL;
    if (feature.len == 0)
        return row->notice[0] ? row->notice : NULL;
    return cl_models_lend(models, cl_json_member(cl_json_member(row->facts, CL_STR("warnings")), feature));
}

/* FNV-1a; never 0, which means an empty place. Two names with the same hash are told as one: nobody is harmed. */
static uint64_t hash_on(uint64_t hash, cl_str text)
{
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.ptr[i]) * UINT64_C(0x100000001b3);
    return hash;
}

bool cl_told_first(cl_told *told, cl_str model, cl_str feature)
{
    uint64_t hash = hash_on(hash_on(hash_on(UINT64_C(0xcbf29ce484222325), model), CL_STR("\n")), feature);

    if (hash == 0)
        hash = 1;
    for (size_t i = 0; i < CL_TOLD_MAX; i++) {
        uint64_t seen = 0;

        if (atomic_compare_exchange_strong_explicit(&told->seen[i], &seen, hash, memory_order_relaxed,
                                                    memory_order_relaxed))
            return true;
        if (seen == hash)
            return false;
    }
    return false;
}

const char *cl_deprecation_tell(const claude_models_t *models, cl_told *told, cl_str model, cl_str feature)
{
    const char *text = cl_deprecation_find(models, model, feature);

    return text && cl_told_first(told, model, feature) ? text : NULL;
}
