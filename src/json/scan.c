#include "json/bytes.h"
#include "json/walk.h"

/* ---- strings ---- */

/* Passes over bytes that need no look. */
static inline const char *skip_plain(const char *p, const char *end)
{
#if CL_JSON_SSE2
    while (end - p >= 16) {
        unsigned mask = cl_string_stops(cl_load128(p));
        if (mask != 0)
            return p + __builtin_ctz(mask);
        p += 16;
    }
    if (p < end) {
        /* The zeros after the end count as control characters: there is always a stop. */
        size_t n = (size_t)(end - p);
        p += __builtin_ctz(cl_string_stops(cl_load_tail(p, n)));
    }
    return p;
#else
    while (end - p >= 8) {
        uint64_t word = cl_load64(p);
        if (((word & CL_HIGHS) | cl_word_control(word) | cl_word_has(word, '"') | cl_word_has(word, '\\')) != 0)
            break;
        p += 8;
    }
    while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80 && *p != '"' && *p != '\\')
        p++;
    return p;
#endif
}

/* p is at a backslash; the position after the escape, NULL if it is malformed or half a surrogate pair. */
static const char *scan_escape(const char *p, const char *end)
{
    int32_t unit;

    if (end - p < 2)
        return NULL;
    switch (p[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return p + 2;
    case 'u':
        break;
    default:
        return NULL;
    }
    if (end - p < 6 || (unit = cl_json_hex4(p + 2)) < 0)
        return NULL;
    if (unit < 0xd800 || unit > 0xdfff)
        return p + 6;
    if (unit > 0xdbff || end - p < 12 || p[6] != '\\' || p[7] != 'u')
        return NULL;
    unit = cl_json_hex4(p + 8);
    return unit >= 0xdc00 && unit <= 0xdfff ? p + 12 : NULL;
}

/* The rest of a string from its first byte that is not plain. */
static const char *scan_special(const char *p, const char *end, bool *plain)
{
    bool simple = true;

    while (p < end && *p != '"') {
        if (*p == '\\') {
            p = scan_escape(p, end);
            if (!p)
                return NULL;
            simple = false;
        } else if ((unsigned char)*p >= 0x80) {
            do {
                size_t n = cl_utf8_length(p, end);
                if (n == 0)
                    return NULL;
                p += n;
            } while (p < end && (unsigned char)*p >= 0x80);
        } else {
            return NULL;
        }
        p = skip_plain(p, end);
    }
    if (p == end)
        return NULL;
    *plain = simple;
    return p + 1;
}

const char *cl_json_scan_string(const char *p, const char *end, bool *plain)
{
    p = skip_plain(p, end);
    if (p < end && *p == '"') {
        *plain = true;
        return p + 1;
    }
    return scan_special(p, end, plain);
}

/* ---- whole documents ---- */

struct scan {
    const char *p;
    const char *end;
    uint32_t depth;
    uint32_t max_depth;
    const char *reason;
    const char *at;
    cl_str name;                              /* of the member to be found; empty: none */
    const char *member;                       /* its value */
    bool unsure;                              /* a key is spelled with escapes */
    uint64_t objects[CL_JSON_DEPTH_MAX / 64]; /* bit per level: set in an object, clear in an array */
};

static bool refuse(struct scan *s, const char *at, const char *reason)
{
    s->at = at;
    s->reason = reason;
    return false;
}

/* Why the string at s->p was refused: the slow way, once. */
static bool refuse_string(struct scan *s)
{
    const char *p = s->p + 1;

    while (p < s->end && *p != '"') {
        if (*p == '\\') {
            const char *next = scan_escape(p, s->end);
            if (!next && s->end - p >= 6 && p[1] == 'u' && cl_json_hex4(p + 2) >= 0)
                return refuse(s, p, "lone surrogate escape");
            if (!next)
                return refuse(s, p, s->end - p < 2 ? "string without end" : "escape that does not exist");
            p = next;
        } else if ((unsigned char)*p >= 0x80) {
            size_t n = cl_utf8_length(p, s->end);
            if (n == 0)
                return refuse(s, p, "invalid UTF-8");
            p += n;
        } else if ((unsigned char)*p < 0x20) {
            return refuse(s, p, "control character in a string; it must be escaped");
        } else {
            p++;
        }
    }
    return refuse(s, p, "string without end");
}

static bool scan_text(struct scan *s, bool *plain)
{
    const char *p = cl_json_scan_string(s->p + 1, s->end, plain);

    if (!p)
        return refuse_string(s);
    s->p = p;
    return true;
}

static const char *skip_digits(const char *p, const char *end)
{
    while (p < end && cl_ascii_is_digit(*p))
        p++;
    return p;
}

static bool scan_number(struct scan *s)
{
    const char *p = s->p;
    const char *digits;

    if (*p == '-')
        p++;
    digits = p;
    p = skip_digits(p, s->end);
    if (p == digits)
        return refuse(s, p, "a number needs a digit here");
    if (*digits == '0' && p - digits > 1)
        return refuse(s, digits, "number with a leading zero");
    if (p < s->end && *p == '.') {
        digits = ++p;
        p = skip_digits(p, s->end);
        if (p == digits)
            return refuse(s, p, "a number needs a digit here");
    }
    if (p < s->end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < s->end && (*p == '+' || *p == '-'))
            p++;
        digits = p;
        p = skip_digits(p, s->end);
        if (p == digits)
            return refuse(s, p, "a number needs a digit here");
    }
    s->p = p;
    return true;
}

static bool scan_literal(struct scan *s, cl_str word)
{
    if (!cl_str_starts(cl_str_n(s->p, (size_t)(s->end - s->p)), word))
        return refuse(s, s->p, "neither true, false nor null");
    s->p += word.len;
    return true;
}

static bool scan_scalar(struct scan *s)
{
    bool plain;

    if (s->p == s->end)
        return refuse(s, s->p, "the text ends where a value is expected");
    switch (*s->p) {
    case '"':
        return scan_text(s, &plain);
    case 't':
        return scan_literal(s, CL_STR("true"));
    case 'f':
        return scan_literal(s, CL_STR("false"));
    case 'n':
        return scan_literal(s, CL_STR("null"));
    default:
        if (*s->p == '-' || cl_ascii_is_digit(*s->p))
            return scan_number(s);
        return refuse(s, s->p, "a value is expected here");
    }
}

static bool in_object(const struct scan *s)
{
    uint32_t level = s->depth - 1;
    return (s->objects[level / 64] >> (level % 64) & 1) != 0;
}

static bool open_container(struct scan *s)
{
    uint64_t bit = (uint64_t)1 << (s->depth % 64);

    if (s->depth == s->max_depth)
        return refuse(s, s->p, "nested too deeply");
    /* The first level of a word clears it for the others. */
    if (s->depth % 64 == 0)
        s->objects[s->depth / 64] = 0;
    if (*s->p == '{')
        s->objects[s->depth / 64] |= bit;
    else
        s->objects[s->depth / 64] &= ~bit;
    s->depth++;
    s->p = cl_json_skip_space(s->p + 1, s->end);
    return true;
}

/* `"key" :` and the space around it. */
static bool scan_key(struct scan *s)
{
    const char *key = s->p;
    bool plain;
    bool wanted;

    if (s->p == s->end || *s->p != '"')
        return refuse(s, s->p, "a key in double quotes is expected here");
    if (!scan_text(s, &plain))
        return false;
    wanted = s->depth == 1 && s->name.len > 0 && cl_str_eq(cl_str_n(key + 1, (size_t)(s->p - key - 2)), s->name);
    s->unsure = s->unsure || !plain;
    s->p = cl_json_skip_space(s->p, s->end);
    if (s->p == s->end || *s->p != ':')
        return refuse(s, s->p, "a colon is expected here");
    s->p = cl_json_skip_space(s->p + 1, s->end);
    if (wanted)
        s->member = s->p;
    return true;
}

/* After a value: closes what ends here. True with *more set if another value follows, false is an error. */
static bool scan_after(struct scan *s, bool *more)
{
    *more = false;
    while (s->depth > 0) {
        bool object = in_object(s);
        s->p = cl_json_skip_space(s->p, s->end);
        if (s->p == s->end)
            return refuse(s, s->p, object ? "the text ends inside an object" : "the text ends inside an array");
        if (*s->p == ',') {
            s->p = cl_json_skip_space(s->p + 1, s->end);
            *more = true;
            return !object || scan_key(s);
        }
        if (*s->p != (object ? '}' : ']'))
            return refuse(s, s->p, object ? "a comma or } is expected here" : "a comma or ] is expected here");
        s->p++;
        s->depth--;
    }
    return true;
}

static bool scan_value(struct scan *s)
{
    bool more = true;

    while (more) {
        if (s->p < s->end && (*s->p == '{' || *s->p == '[')) {
            if (!open_container(s))
                return false;
            if (s->p == s->end || *s->p != (in_object(s) ? '}' : ']')) {
                if (in_object(s) && !scan_key(s))
                    return false;
                continue;
            }
        } else if (!scan_scalar(s)) {
            return false;
        }
        if (!scan_after(s, &more))
            return false;
    }
    return true;
}

static claude_code_t check(struct scan *s, cl_str text, cl_json *value, cl_err *err)
{
    const char *start;
    const char *end;

    s->p = start = cl_json_skip_space(s->p, s->end);
    if (text.len >= 3 && memcmp(text.ptr, "\xef\xbb\xbf", 3) == 0) {
        refuse(s, text.ptr, "byte order mark");
        goto refused;
    }
    if (!scan_value(s))
        goto refused;
    end = s->p;
    s->p = cl_json_skip_space(s->p, s->end);
    if (s->p != s->end) {
        refuse(s, s->p, "text after the end of the value");
        goto refused;
    }
    if (value)
        *value = (cl_json){start, (size_t)(end - start), cl_json_type_at(start)};
    return CLAUDE_OK;
refused:
    return cl_fail(err, CLAUDE_E_INVALID, "JSON is not valid at offset %zu: %s", (size_t)(s->at - text.ptr), s->reason);
}

static void begin(struct scan *s, cl_str *text, uint32_t max_depth, cl_str name)
{
    /* The bitmap is left as it is: its words are written when their levels open. */
    s->p = text->len > 0 ? text->ptr : "";
    s->end = s->p + text->len;
    s->depth = 0;
    s->max_depth = max_depth < CL_JSON_DEPTH_MAX ? max_depth : CL_JSON_DEPTH_MAX;
    s->reason = NULL;
    s->at = NULL;
    s->name = name;
    s->member = NULL;
    s->unsure = false;
    text->ptr = s->p;
}

claude_code_t cl_json_validate(cl_str text, uint32_t max_depth, cl_json *value, cl_err *err)
{
    CL_UNINITIALIZED struct scan s; /* its bitmap would cost more to clear than a small document to scan */

    begin(&s, &text, max_depth, (cl_str){NULL, 0});
    return check(&s, text, value, err);
}

claude_code_t cl_json_validate_member(cl_str text, uint32_t max_depth, cl_str name, cl_json *value, cl_json *member,
                                      cl_err *err)
{
    CL_UNINITIALIZED struct scan s;
    claude_code_t rc;

    begin(&s, &text, max_depth, name);
    rc = check(&s, text, value, err);
    if (rc < 0)
        return rc;
    if (s.unsure)
        *member = cl_json_member(*value, name);
    else if (value->type != CLAUDE_JSON_OBJECT || !s.member)
        *member = (cl_json){NULL, 0, CLAUDE_JSON_NONE};
    else
        *member = cl_json_value_at(s.member, value->ptr + value->len - 1);
    return CLAUDE_OK;
}
