#include "message/seen.h"

#include <stdlib.h>

#include "auth/auth.h"

enum { FIRST_CAP = 64 };

static cl_seen_key key_of(cl_str text)
{
    unsigned char digest[32];
    cl_seen_key key;
    cl_sha256 sha;

    cl_sha256_init(&sha);
    cl_sha256_update(&sha, text.ptr, text.len);
    cl_sha256_final(&sha, digest);
    memcpy(&key, digest, sizeof key);
    return key;
}

/* The place where the key is, or belongs. There is always an empty one. */
static cl_seen_key *place_of(cl_seen_key *places, size_t cap, cl_seen_key key)
{
    size_t at = (size_t)key.low & (cap - 1);

    while ((places[at].high | places[at].low) != 0 && (places[at].high != key.high || places[at].low != key.low))
        at = (at + 1) & (cap - 1);
    return &places[at];
}

/* At most half of the places are taken. */
static bool make_room(cl_seen *seen)
{
    size_t cap = seen->cap ? seen->cap * 2 : FIRST_CAP;
    cl_seen_key *places;

    if (seen->count < seen->cap / 2)
        return true;
    places = calloc(cap, sizeof *places);
    if (!places)
        return false;
    for (size_t i = 0; i < seen->cap; i++)
        *place_of(places, cap, seen->places[i]) = seen->places[i];
    free(seen->places);
    seen->places = places;
    seen->cap = cap;
    return true;
}

claude_code_t cl_seen_add(cl_seen *seen, cl_str text, bool *fresh, cl_err *err)
{
    cl_seen_key key = key_of(text);
    cl_seen_key *place;

    if (!make_room(seen))
        return cl_fail_nomem(err);
    place = place_of(seen->places, seen->cap, key);
    *fresh = (place->high | place->low) == 0;
    if (*fresh)
        seen->count++;
    *place = key;
    return CLAUDE_OK;
}

bool cl_seen_has(const cl_seen *seen, cl_str text)
{
    const cl_seen_key *place;

    if (seen->count == 0)
        return false;
    place = place_of(seen->places, seen->cap, key_of(text));
    return (place->high | place->low) != 0;
}

void cl_seen_free(cl_seen *seen)
{
    free(seen->places);
    *seen = (cl_seen){NULL, 0, 0};
}
