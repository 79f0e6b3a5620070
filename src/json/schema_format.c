/* schema_format.c - the string formats that the API supports, each by the grammar of its RFC. */
#include "json/schema_parts.h"

/* What is left of a text. */
typedef struct reader {
    const char *p;
    const char *end;
} reader;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int hex_of(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool among(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static bool take(reader *r, char c)
{
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

static bool take_nocase(reader *r, char lower)
{
    if (r->p == r->end || cl_ascii_lower(*r->p) != lower)
        return false;
    r->p++;
    return true;
}

/* A number of exactly `digits` digits, at most `max`; -1 if there is none. */
static int take_number(reader *r, int digits, int max)
{
    int number = 0;

    if (r->end - r->p < digits)
        return -1;
    for (int i = 0; i < digits; i++) {
        if (!is_digit(r->p[i]))
            return -1;
        number = number * 10 + (r->p[i] - '0');
    }
    if (number > max)
        return -1;
    r->p += digits;
    return number;
}

static bool take_digits(reader *r)
{
    const char *start = r->p;

    while (r->p < r->end && is_digit(*r->p))
        r->p++;
    return r->p > start;
}

/* ---- dates and times: RFC 3339 ---- */

static bool take_date(reader *r)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = take_number(r, 4, 9999);
    int month = year >= 0 && take(r, '-') ? take_number(r, 2, 12) : -1;
    int day = month >= 1 && take(r, '-') ? take_number(r, 2, 31) : -1;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return day >= 1 && day <= days[month - 1] + (month == 2 && leap);
}

static bool take_time(reader *r)
{
    int hour = take_number(r, 2, 23);
    int minute = hour >= 0 && take(r, ':') ? take_number(r, 2, 59) : -1;
    int second = minute >= 0 && take(r, ':') ? take_number(r, 2, 60) : -1;
    int away = 0;

    if (second < 0 || (take(r, '.') && !take_digits(r)))
        return false;
    if (!take_nocase(r, 'z')) {
        int sign = take(r, '+') ? 1 : (take(r, '-') ? -1 : 0);
        int hours = sign != 0 ? take_number(r, 2, 23) : -1;
        int minutes = hours >= 0 && take(r, ':') ? take_number(r, 2, 59) : -1;
        if (minutes < 0)
            return false;
        away = sign * (hours * 60 + minutes);
    }
    /* A leap second is the last one of a day in UTC. */
    return second < 60 || (hour * 60 + minute - away + 2 * 1440) % 1440 == 1439;
}

static bool is_date(reader *r)
{
    return take_date(r);
}

static bool is_time(reader *r)
{
    return take_time(r);
}

static bool is_date_time(reader *r)
{
    return take_date(r) && take_nocase(r, 't') && take_time(r);
}

/* Numbers with the units of `units` in their order, none left out between two of them; at least one. */
static bool take_units(reader *r, const char *units)
{
    const char *expected = NULL;

    while (r->p < r->end && is_digit(*r->p)) {
        const char *unit;
        take_digits(r);
        if (r->p == r->end || !among(*r->p, units))
            return false;
        unit = strchr(units, *r->p++);
        if (expected && unit != expected)
            return false;
        expected = unit + 1;
    }
    return expected != NULL;
}

/* Appendix A: weeks, or years to days and hours to seconds. */
static bool is_duration(reader *r)
{
    reader weeks;

    if (!take(r, 'P'))
        return false;
    weeks = *r;
    if (take_digits(&weeks) && take(&weeks, 'W')) {
        *r = weeks;
        return true;
    }
    if (r->p < r->end && *r->p != 'T' && !take_units(r, "YMD"))
        return false;
    if (!take(r, 'T'))
        return r->p[-1] != 'P';
    return take_units(r, "HMS");
}

/* ---- addresses of machines: RFC 1123, 2673, 4291 ---- */

static bool is_hostname(reader *r)
{
    size_t label = 0;

    if (r->p == r->end || r->end - r->p > 253 || *r->p == '-')
        return false;
    for (; r->p < r->end; r->p++) {
        if (*r->p == '.') {
            if (label == 0 || r->p[-1] == '-' || r->p + 1 == r->end || r->p[1] == '-')
                return false;
            label = 0;
        } else if (!(cl_ascii_is_alnum(*r->p) || *r->p == '-') || ++label > 63) {
            return false;
        }
    }
    return label > 0 && r->p[-1] != '-';
}

static bool is_ipv4(reader *r)
{
    for (int i = 0; i < 4; i++) {
        const char *start;
        int number = 0;
        if (i > 0 && !take(r, '.'))
            return false;
        start = r->p;
        while (r->p < r->end && is_digit(*r->p) && r->p - start < 3)
            number = number * 10 + (*r->p++ - '0');
        if (r->p == start || number > 255 || (*start == '0' && r->p - start > 1))
            return false;
    }
    return true;
}

/* One to four hexadecimal digits. */
static bool take_group(reader *r)
{
    const char *start = r->p;

    while (r->p < r->end && hex_of(*r->p) >= 0 && r->p - start < 4)
        r->p++;
    return r->p > start;
}

static bool is_ipv6(reader *r)
{
    int groups = 0;
    bool gap = false;

    if (r->end - r->p >= 2 && r->p[0] == ':' && r->p[1] == ':') {
        gap = true;
        r->p += 2;
    }
    while (groups < 8 && r->p < r->end) {
        reader tail = *r;
        if (groups <= 6 && is_ipv4(&tail) && tail.p == tail.end) {
            r->p = r->end;
            groups += 2;
            break;
        }
        if (!take_group(r))
            return false;
        groups++;
        if (r->p == r->end)
            break;
        if (!take(r, ':') || r->p == r->end)
            return false;
        if (*r->p == ':') {
            if (gap)
                return false;
            gap = true;
            r->p++;
        }
    }
    return gap ? groups < 8 : groups == 8;
}

static bool is_uuid(reader *r)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    if ((size_t)(r->end - r->p) != sizeof shape - 1)
        return false;
    for (size_t i = 0; i < sizeof shape - 1; i++, r->p++) {
        if (shape[i] == '-' ? *r->p != '-' : hex_of(*r->p) < 0)
            return false;
    }
    return true;
}

/* ---- uri: RFC 3986 ---- */

#define UNRESERVED "-._~"
#define SUB_DELIMS "!$&'()*+,;="

/* Characters of a component: unreserved ones, those of the set, and percent-encoded ones. */
static bool take_component(reader *r, const char *set)
{
    while (r->p < r->end) {
        if (*r->p == '%') {
            if (r->end - r->p < 3 || hex_of(r->p[1]) < 0 || hex_of(r->p[2]) < 0)
                return false;
            r->p += 3;
        } else if (cl_ascii_is_alnum(*r->p) || among(*r->p, UNRESERVED) || among(*r->p, set)) {
            r->p++;
        } else {
            break;
        }
    }
    return true;
}

/* What stands between brackets: an IPv6 address, or one of the future. */
static bool is_literal(reader r)
{
    reader future = r;

    if (take_nocase(&future, 'v')) {
        const char *start = future.p;
        while (future.p < future.end && hex_of(*future.p) >= 0)
            future.p++;
        if (future.p == start || !take(&future, '.') || future.p == future.end)
            return false;
        while (future.p < future.end && (cl_ascii_is_alnum(*future.p) || among(*future.p, UNRESERVED SUB_DELIMS ":")))
            future.p++;
        return future.p == future.end;
    }
    return is_ipv6(&r) && r.p == r.end;
}

/* The host and the port; what stands before an @ is gone. */
static bool take_host(reader *r)
{
    if (take(r, '[')) {
        const char *close = memchr(r->p, ']', (size_t)(r->end - r->p));
        if (!close || !is_literal((reader){r->p, close}))
            return false;
        r->p = close + 1;
    } else if (!take_component(r, SUB_DELIMS)) {
        return false;
    }
    if (take(r, ':'))
        (void)take_digits(r);
    return r->p == r->end || among(*r->p, "/?#");
}

static bool is_uri(reader *r)
{
    reader user;

    if (r->p == r->end || !cl_ascii_is_alnum(*r->p) || is_digit(*r->p))
        return false;
    while (r->p < r->end && (cl_ascii_is_alnum(*r->p) || among(*r->p, "+-.")))
        r->p++;
    if (!take(r, ':'))
        return false;
    if (r->end - r->p >= 2 && r->p[0] == '/' && r->p[1] == '/') {
        r->p += 2;
        user = *r;
        if (take_component(&user, SUB_DELIMS ":") && take(&user, '@'))
            *r = user;
        if (!take_host(r))
            return false;
    }
    if (!take_component(r, SUB_DELIMS ":@/"))
        return false;
    if (take(r, '?') && !take_component(r, SUB_DELIMS ":@/?"))
        return false;
    return !take(r, '#') || take_component(r, SUB_DELIMS ":@/?");
}

/* ---- email: the mailbox of RFC 5321 ---- */

/* Words of letters, digits and some signs, separated by points. */
static bool take_dot_string(reader *r)
{
    do {
        const char *start = r->p;
        while (r->p < r->end && (cl_ascii_is_alnum(*r->p) || among(*r->p, "!#$%&'*+-/=?^_`{|}~")))
            r->p++;
        if (r->p == start)
            return false;
    } while (take(r, '.'));
    return true;
}

static bool take_quoted(reader *r)
{
    while (r->p < r->end && *r->p != '"') {
        if (*r->p == '\\' && ++r->p == r->end)
            return false;
        if (*r->p < 0x20 || *r->p > 0x7e)
            return false;
        r->p++;
    }
    return take(r, '"');
}

/* [1.2.3.4] and [IPv6:...] */
static bool is_address_literal(reader *r)
{
    reader inside = {r->p + 1, r->end - 1};
    bool six = false;

    if (r->end - r->p < 2 || r->end[-1] != ']')
        return false;
    if (cl_str_starts_nocase(cl_str_n(inside.p, (size_t)(inside.end - inside.p)), CL_STR("IPv6:"))) {
        inside.p += 5;
        six = true;
    }
    r->p = r->end;
    return (six ? is_ipv6(&inside) : is_ipv4(&inside)) && inside.p == inside.end;
}

static bool is_email(reader *r)
{
    const char *start = r->p;

    if (!(take(r, '"') ? take_quoted(r) : take_dot_string(r)) || r->p - start > 64 || !take(r, '@') || r->p == r->end)
        return false;
    return *r->p == '[' ? is_address_literal(r) : is_hostname(r);
}

/* ---- the table ---- */

static const struct {
    const char *name;
    bool (*matches)(reader *r);
} formats[] = {{"date-time", is_date_time}, {"time", is_time},         {"date", is_date}, {"duration", is_duration},
               {"email", is_email},         {"hostname", is_hostname}, {"uri", is_uri},   {"ipv4", is_ipv4},
               {"ipv6", is_ipv6},           {"uuid", is_uuid}};

int cl_format_of(cl_json name)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (name.type == CLAUDE_JSON_STRING && cl_json_string_is(name, cl_str_of(formats[i].name)))
            return (int)i + 1;
    }
    return 0;
}

const char *cl_format_name(int format)
{
    return formats[format - 1].name;
}

bool cl_format_matches(int format, cl_str text)
{
    reader r = {text.ptr, text.ptr + text.len};

    return formats[format - 1].matches(&r) && r.p == r.end;
}
