#include "json/partial.h"

#include <stdlib.h>

/* What the next byte belongs to. Up to AFTER white space may come; from MINUS on it is a number. */
enum {
    VALUE,
    FIRST_VALUE, /* or the end of the array */
    KEY,
    FIRST_KEY, /* or the end of the object */
    COLON,
    AFTER, /* a value */
    STRING,
    ESCAPE,
    HEX,
    PAIR_BACKSLASH, /* of the second half of a surrogate pair */
    PAIR_U,
    CHARACTER,
    WORD,
    MINUS,
    ZERO,
    INTEGER,
    POINT,
    FRACTION,
    EXPONENT,
    SIGN,
    POWER
};

/* From MINUS on: what a digit, a point, an e and a sign lead to; 0: they do not belong to the number. */
static const struct number_row {
    uint8_t digit;
    uint8_t point;
    uint8_t e;
    uint8_t sign;
    bool whole; /* it may end here */
} number_rows[] = {
    {INTEGER, 0, 0, 0, false},           /* MINUS */
    {0, POINT, EXPONENT, 0, true},       /* ZERO */
    {INTEGER, POINT, EXPONENT, 0, true}, /* INTEGER */
    {FRACTION, 0, 0, 0, false},          /* POINT */
    {FRACTION, 0, EXPONENT, 0, true},    /* FRACTION */
    {POWER, 0, 0, SIGN, false},          /* EXPONENT */
    {POWER, 0, 0, 0, false},             /* SIGN */
    {POWER, 0, 0, 0, true},              /* POWER */
};

static bool in_object(const claude_partial_t *p)
{
    uint32_t level = p->depth - 1;

    return (p->objects[level / 64] >> (level % 64) & 1) != 0;
}

/* ---- values ---- */

static const char *end_value(claude_partial_t *p, size_t end)
{
    p->cut = end;
    p->state = AFTER;
    return NULL;
}

static const char *open_container(claude_partial_t *p, char c, size_t at)
{
    uint64_t bit = (uint64_t)1 << (p->depth % 64);

    if (p->depth == CL_PARTIAL_DEPTH)
        return "nested too deeply";
    if (c == '{')
        p->objects[p->depth / 64] |= bit;
    else
        p->objects[p->depth / 64] &= ~bit;
    p->depth++;
    p->cut = at + 1;
    p->state = c == '{' ? FIRST_KEY : FIRST_VALUE;
    return NULL;
}

static const char *close_container(claude_partial_t *p, size_t at)
{
    p->depth--;
    return end_value(p, at + 1);
}

static const char *begin_word(claude_partial_t *p, const char *rest, size_t at)
{
    p->word = rest;
    p->mark = at;
    p->state = WORD;
    return NULL;
}

static const char *begin_value(claude_partial_t *p, char c, size_t at)
{
    switch (c) {
    case '{':
    case '[':
        return open_container(p, c, at);
    case '"':
        p->key = false;
        p->state = STRING;
        return NULL;
    case 't':
        return begin_word(p, "rue", at);
    case 'f':
        return begin_word(p, "alse", at);
    case 'n':
        return begin_word(p, "ull", at);
    case '-':
        p->state = MINUS;
        return NULL;
    default:
        if (!cl_ascii_is_digit(c))
            return "a value is expected here";
        p->state = c == '0' ? ZERO : INTEGER;
        return NULL;
    }
}

/* After a value: what follows it, or the end of what it is in. */
static const char *after_value(claude_partial_t *p, char c, size_t at)
{
    bool object = p->depth > 0 && in_object(p);

    if (p->depth == 0)
        return "text after the end of the value";
    if (c == (object ? '}' : ']'))
        return close_container(p, at);
    if (c != ',')
        return object ? "a comma or } is expected here" : "a comma or ] is expected here";
    p->state = object ? KEY : VALUE;
    return NULL;
}

/* A byte between values that is not white space. */
static const char *structure(claude_partial_t *p, char c, size_t at)
{
    switch (p->state) {
    case FIRST_KEY:
    case KEY:
        if (c == '}' && p->state == FIRST_KEY)
            return close_container(p, at);
        if (c != '"')
            return "a key in double quotes is expected here";
        p->key = true;
        p->state = STRING;
        return NULL;
    case COLON:
        if (c != ':')
            return "a colon is expected here";
        p->state = VALUE;
        return NULL;
    case AFTER:
        return after_value(p, c, at);
    default:
        if (c == ']' && p->state == FIRST_VALUE)
            return close_container(p, at);
        return begin_value(p, c, at);
    }
}

/* ---- strings ---- */

/* The first byte of a character that is not ASCII. Unicode, table 3-7. */
static const char *begin_character(claude_partial_t *p, unsigned char c)
{
    p->low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    p->high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    p->rest = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    p->state = CHARACTER;
    return c >= 0xc2 && c <= 0xf4 ? NULL : "invalid UTF-8";
}

static const char *character(claude_partial_t *p, unsigned char c)
{
    if (c < p->low || c > p->high)
        return "invalid UTF-8";
    p->low = 0x80;
    p->high = 0xbf;
    if (--p->rest == 0)
        p->state = STRING;
    return NULL;
}

/* A byte of a string that needs a look. */
static const char *string(claude_partial_t *p, char c, size_t at)
{
    p->mark = at;
    if (c == '"' && p->key) {
        p->state = COLON;
        return NULL;
    }
    if (c == '"')
        return end_value(p, at + 1);
    if ((unsigned char)c >= 0x80)
        return begin_character(p, (unsigned char)c);
    if (c != '\\')
        return "control character in a string; it must be escaped";
    p->state = ESCAPE;
    p->second = false;
    return NULL;
}

static const char *escape(claude_partial_t *p, char c)
{
    p->digits = 0;
    p->unit = 0;
    p->state = c == 'u' ? HEX : STRING;
    return c != '\0' && strchr("\"\\/bfnrtu", c) ? NULL : "escape that does not exist";
}

/* A pair has d8 to db in its first half and dc to df in its second; neither comes alone. */
static const char *hex_digit(claude_partial_t *p, char c)
{
    static const char lone[] = "lone surrogate escape";
    char lower = (char)(c | 0x20);
    bool letter = lower >= 'a' && lower <= 'f';

    if (!letter && !cl_ascii_is_digit(c))
        return p->second ? lone : "escape that does not exist";
    p->unit = p->unit * 16 + (uint32_t)(letter ? lower - 'a' + 10 : c - '0');
    p->digits++;
    if (p->digits == 1 && p->second && p->unit != 0xd)
        return lone;
    if (p->digits == 2 && p->second != (p->unit >= 0xdc && p->unit <= 0xdf))
        return lone;
    if (p->digits == 4)
        p->state = p->unit >= 0xd800 && p->unit <= 0xdbff ? PAIR_BACKSLASH : STRING;
    return NULL;
}

static const char *second_half(claude_partial_t *p, char c)
{
    bool backslash = p->state == PAIR_BACKSLASH;

    if (c != (backslash ? '\\' : 'u'))
        return "lone surrogate escape";
    p->second = true;
    p->digits = 0;
    p->unit = 0;
    p->state = backslash ? PAIR_U : HEX;
    return NULL;
}

/* ---- words and numbers ---- */

static const char *word(claude_partial_t *p, char c, size_t at)
{
    if (c != *p->word)
        return "neither true, false nor null";
    return *++p->word == '\0' ? end_value(p, at + 1) : NULL;
}

/* True if the byte belongs to the number. */
static bool number_goes_on(claude_partial_t *p, char c)
{
    const struct number_row *row = &number_rows[p->state - MINUS];
    uint8_t next = c == '.'               ? row->point
                   : c == 'e' || c == 'E' ? row->e
                   : c == '+' || c == '-' ? row->sign
                   : cl_ascii_is_digit(c) ? row->digit
                                          : 0;

    if (p->state == MINUS && c == '0')
        next = ZERO;
    if (next != 0)
        p->state = next;
    return next != 0;
}

/* Where a number ends, which only the next byte tells. */
static const char *end_number(claude_partial_t *p, char c, size_t at)
{
    if (p->state == ZERO && cl_ascii_is_digit(c)) {
        p->mark = at - 1;
        return "number with a leading zero";
    }
    p->mark = at;
    return number_rows[p->state - MINUS].whole ? end_value(p, at) : "a number needs a digit here";
}

/* ---- bytes ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Takes one byte; what is wrong with it, or NULL. */
static const char *step(claude_partial_t *p, char c, size_t at)
{
    const char *reason;

    if (p->state >= MINUS) {
        if (number_goes_on(p, c))
            return NULL;
        reason = end_number(p, c, at);
        if (reason)
            return reason;
    }
    if (p->state <= AFTER) {
        p->mark = at;
        return is_space(c) ? NULL : structure(p, c, at);
    }
    switch (p->state) {
    case STRING:
        return string(p, c, at);
    case ESCAPE:
        return escape(p, c);
    case HEX:
        return hex_digit(p, c);
    case CHARACTER:
        return character(p, (unsigned char)c);
    case WORD:
        return word(p, c, at);
    default:
        return second_half(p, c);
    }
}

static const char *skip_plain(const char *p, const char *end)
{
    while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80 && *p != '"' && *p != '\\')
        p++;
    return p;
}

static void take(claude_partial_t *p, size_t at)
{
    const char *text = p->text.ptr;
    const char *end = text + p->text.len;

    while (!p->reason) {
        if (p->state == STRING)
            at = (size_t)(skip_plain(text + at, end) - text);
        if (text + at == end)
            return;
        p->reason = step(p, text[at], at);
        at++;
    }
    p->bad = p->mark;
}

/* ---- the document so far ---- */

static void uncover(claude_partial_t *p)
{
    if (p->lent)
        memcpy(p->text.ptr + p->cut, p->hidden, p->depth + 1);
    p->lent = false;
}

cl_str cl_partial_json(claude_partial_t *p)
{
    char *end;

    if (p->cut == 0)
        return CL_STR("");
    uncover(p);
    /* There is room: cl_partial_add() sees to it. */
    end = p->text.ptr + p->cut;
    memcpy(p->hidden, end, p->depth + 1);
    for (uint32_t level = p->depth; level > 0; level--)
        *end++ = p->objects[(level - 1) / 64] >> ((level - 1) % 64) & 1 ? '}' : ']';
    *end = '\0';
    p->lent = true;
    return cl_str_n(p->text.ptr, p->cut + p->depth);
}

bool cl_partial_is_complete(const claude_partial_t *p)
{
    return !p->reason && p->cut > 0 && p->depth == 0;
}

/* ---- the door ---- */

claude_code_t cl_partial_new(int32_t index, claude_partial_t **out, cl_err *err)
{
    claude_partial_t *p = calloc(1, sizeof *p);

    if (!p)
        return cl_fail_nomem(err);
    cl_handle_init(&p->handle, CL_MAGIC_PARTIAL);
    p->index = index < 0 ? -1 : index;
    p->text = CL_BUF_INIT(CL_PARTIAL_MAX + CL_PARTIAL_DEPTH);
    *out = p;
    return CLAUDE_OK;
}

claude_partial_t *cl_partial_ref(claude_partial_t *p)
{
    cl_handle_ref(&p->handle);
    return p;
}

void cl_partial_unref(claude_partial_t *p)
{
    if (!p || !cl_handle_unref(&p->handle))
        return;
    cl_buf_free(&p->text);
    free(p);
}

static claude_code_t fail_json(const claude_partial_t *p, cl_err *err)
{
    return cl_fail(err, CLAUDE_E_INVALID, "JSON is not valid at offset %zu: %s", p->bad, p->reason);
}

claude_code_t cl_partial_add(claude_partial_t *p, cl_str text, cl_err *err)
{
    size_t at = p->text.len;
    int rc;

    if (p->reason)
        return fail_json(p, err);
    if (text.len > CL_PARTIAL_MAX - at)
        return cl_fail(err, CLAUDE_E_TOO_LARGE, "partial JSON is over %d bytes", CL_PARTIAL_MAX);
    uncover(p);
    /* Room for closing brackets too, so that the document can be made at any time. */
    rc = cl_buf_reserve(&p->text, text.len + CL_PARTIAL_DEPTH);
    if (rc == CL_BUF_OK)
        rc = cl_buf_append_hot(&p->text, text.ptr, text.len);
    if (rc != CL_BUF_OK)
        return cl_fail_nomem(err);
    take(p, at);
    return p->reason ? fail_json(p, err) : CLAUDE_OK;
}
