#include "message/date.h"

typedef struct date {
    int64_t year;
    int64_t month; /* 1 to 12 */
    int64_t day;
    int64_t hour;
    int64_t minute;
    int64_t second;
} date;

/* Takes exactly `digits` digits. */
static bool take_number(cl_str *text, size_t digits, int64_t *out)
{
    int64_t value = 0;

    if (text->len < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (!cl_ascii_is_digit(text->ptr[i]))
            return false;
        value = value * 10 + (text->ptr[i] - '0');
    }
    *text = cl_str_n(text->ptr + digits, text->len - digits);
    *out = value;
    return true;
}

static bool take_text(cl_str *text, cl_str word)
{
    if (!cl_str_starts_nocase(*text, word))
        return false;
    *text = cl_str_n(text->ptr + word.len, text->len - word.len);
    return true;
}

/* One of several names of which the shortest is a prefix of none: the number of the name, or -1. */
static int64_t take_name(cl_str *text, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (take_text(text, cl_str_of(names[i])))
            return (int64_t)i;
    }
    return -1;
}

static bool take_month(cl_str *text, int64_t *month)
{
    static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t at = take_name(text, names, 12);

    *month = at + 1;
    return at >= 0;
}

static bool take_time(cl_str *text, date *d)
{
    return take_number(text, 2, &d->hour) && take_text(text, CL_STR(":")) && take_number(text, 2, &d->minute) &&
           take_text(text, CL_STR(":")) && take_number(text, 2, &d->second);
}

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days since 1970-01-01 in the Gregorian calendar; years from 1 on. */
static int64_t days_of(const date *d)
{
    static const int64_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t y = d->year - 1;
    int64_t days = y * 365 + y / 4 - y / 100 + y / 400 + before[d->month - 1] + d->day - 1;

    if (d->month > 2 && is_leap(d->year))
        days++;
    return days - 719162;
}

static bool is_real(const date *d)
{
    static const int64_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (d->year < 1 || d->month < 1 || d->month > 12 || d->day < 1)
        return false;
    if (d->day > lengths[d->month - 1] + (d->month == 2 && is_leap(d->year)))
        return false;
    /* 60 is a leap second. */
    return d->hour < 24 && d->minute < 60 && d->second <= 60;
}

static int64_t seconds_of(const date *d)
{
    return ((days_of(d) * 24 + d->hour) * 60 + d->minute) * 60 + d->second;
}

/* "06 Nov 1994 08:49:37", after the day's name and its comma. */
static bool parse_imf(cl_str text, date *d)
{
    return take_number(&text, 2, &d->day) && take_text(&text, CL_STR(" ")) && take_month(&text, &d->month) &&
           take_text(&text, CL_STR(" ")) && take_number(&text, 4, &d->year) && take_text(&text, CL_STR(" ")) &&
           take_time(&text, d) && (take_text(&text, CL_STR(" GMT")) || take_text(&text, CL_STR(" UTC"))) &&
           text.len == 0;
}

/* "06-Nov-94 08:49:37 GMT". */
static bool parse_rfc850(cl_str text, int64_t near_ms, date *d)
{
    int64_t this_year = 1970 + near_ms / ((int64_t)31556952 * 1000);

    if (!(take_number(&text, 2, &d->day) && take_text(&text, CL_STR("-")) && take_month(&text, &d->month) &&
          take_text(&text, CL_STR("-")) && take_number(&text, 2, &d->year) && take_text(&text, CL_STR(" ")) &&
          take_time(&text, d) && take_text(&text, CL_STR(" GMT")) && text.len == 0))
        return false;
    d->year += this_year - this_year % 100;
    if (d->year > this_year + 50)
        d->year -= 100;
    else if (d->year <= this_year - 50)
        d->year += 100;
    return true;
}

/* " Nov  6 08:49:37 1994", after the day's name. */
static bool parse_asctime(cl_str text, date *d)
{
    if (!take_text(&text, CL_STR(" ")) || !take_month(&text, &d->month) || !take_text(&text, CL_STR(" ")))
        return false;
    if (take_text(&text, CL_STR(" ")) ? !take_number(&text, 1, &d->day) : !take_number(&text, 2, &d->day))
        return false;
    return take_text(&text, CL_STR(" ")) && take_time(&text, d) && take_text(&text, CL_STR(" ")) &&
           take_number(&text, 4, &d->year) && text.len == 0;
}

bool cl_date_http(cl_str text, int64_t near_ms, int64_t *seconds)
{
    static const char *const full[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
    static const char *const brief[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    date d = {0, 0, 0, 0, 0, 0};
    bool ok;

    text = cl_str_trim(text);
    if (take_name(&text, full, 7) >= 0)
        ok = take_text(&text, CL_STR(", ")) && parse_rfc850(text, near_ms, &d);
    else if (take_name(&text, brief, 7) >= 0)
        ok = take_text(&text, CL_STR(", ")) ? parse_imf(text, &d) : parse_asctime(text, &d);
    else
        ok = false;
    if (!ok || !is_real(&d))
        return false;
    *seconds = seconds_of(&d);
    return true;
}

/* ".25" gives 250; no fraction gives 0. */
static bool take_fraction(cl_str *text, int64_t *ms)
{
    int64_t unit = 100;
    size_t i = 1;

    *ms = 0;
    if (text->len == 0 || text->ptr[0] != '.')
        return true;
    for (; i < text->len && cl_ascii_is_digit(text->ptr[i]); i++) {
        *ms += (text->ptr[i] - '0') * unit;
        unit /= 10;
    }
    if (i == 1)
        return false;
    *text = cl_str_n(text->ptr + i, text->len - i);
    return true;
}

static bool take_offset(cl_str *text, int64_t *minutes)
{
    int64_t hours = 0;
    int64_t rest = 0;
    bool west;

    *minutes = 0;
    if (take_text(text, CL_STR("Z")))
        return true;
    west = text->len > 0 && text->ptr[0] == '-';
    if (!take_text(text, west ? CL_STR("-") : CL_STR("+")) || !take_number(text, 2, &hours) ||
        !take_text(text, CL_STR(":")) || !take_number(text, 2, &rest) || hours > 23 || rest > 59)
        return false;
    *minutes = (west ? -1 : 1) * (hours * 60 + rest);
    return true;
}

bool cl_date_rfc3339(cl_str text, int64_t *ms)
{
    date d = {0, 0, 0, 0, 0, 0};
    int64_t fraction;
    int64_t offset;

    text = cl_str_trim(text);
    if (!(take_number(&text, 4, &d.year) && take_text(&text, CL_STR("-")) && take_number(&text, 2, &d.month) &&
          take_text(&text, CL_STR("-")) && take_number(&text, 2, &d.day) &&
          (take_text(&text, CL_STR("T")) || take_text(&text, CL_STR(" "))) && take_time(&text, &d) &&
          take_fraction(&text, &fraction) && take_offset(&text, &offset) && text.len == 0 && is_real(&d)))
        return false;
    *ms = (seconds_of(&d) - offset * 60) * 1000 + fraction;
    return true;
}
