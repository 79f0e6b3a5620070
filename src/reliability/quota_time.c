/* quota_time.c - days and months, without the time zones and locales of the system. */
#include "reliability/quota.h"

enum { MONTHS = 12, EPOCH_YEAR = 1970, DAYS_OF_400_YEARS = 146097, EPOCH_DAY = 719468 /* since 0000-03-01 */ };

typedef struct date {
    int64_t year;
    int64_t month; /* 1 to 12 */
    int64_t day;   /* 1 to 31 */
} date;

static int64_t divide_down(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

int64_t cl_day_of(int64_t ms)
{
    return divide_down(ms, CL_DAY_MS);
}

/* Years begin in March here, so that a leap day is the last of its year; and every 400 years are alike. */
static date date_of(int64_t day)
{
    int64_t since = day + EPOCH_DAY;
    int64_t era = divide_down(since, DAYS_OF_400_YEARS);
    int64_t of_era = since - era * DAYS_OF_400_YEARS;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* 0 is March */

    return (date){
        .year = year + era * 400 + (month >= 10 ? 1 : 0),
        .month = month < 10 ? month + 3 : month - 9,
        .day = of_year - (153 * month + 2) / 5 + 1,
    };
}

int64_t cl_month_of(int64_t day)
{
    date of = date_of(day);

    return (of.year - EPOCH_YEAR) * MONTHS + of.month - 1;
}

int64_t cl_month_begins(int64_t month)
{
    int64_t year = EPOCH_YEAR + divide_down(month, MONTHS);
    int64_t of_year = month - divide_down(month, MONTHS) * MONTHS; /* 0 is January */
    int64_t from_march = of_year >= 2 ? of_year - 2 : of_year + 10;
    int64_t march_year = of_year >= 2 ? year : year - 1;
    int64_t era = divide_down(march_year, 400);
    int64_t of_era = march_year - era * 400;
    int64_t day_of_year = (153 * from_march + 2) / 5;

    return era * DAYS_OF_400_YEARS + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - EPOCH_DAY;
}

static int put_two(cl_buf *out, int64_t number, char before)
{
    char text[3] = {before, (char)('0' + number / 10), (char)('0' + number % 10)};

    return cl_buf_append(out, text, sizeof text);
}

int cl_put_day(cl_buf *out, int64_t day)
{
    date of = date_of(day);
    int rc = cl_buf_append_int(out, of.year);

    if (rc == CL_BUF_OK)
        rc = put_two(out, of.month, '-');
    return rc == CL_BUF_OK ? put_two(out, of.day, '-') : rc;
}

int cl_put_time(cl_buf *out, int64_t ms)
{
    int64_t day = cl_day_of(ms);
    int64_t minute = (ms - day * CL_DAY_MS) / 60000;
    int rc = cl_put_day(out, day);

    if (rc == CL_BUF_OK)
        rc = put_two(out, minute / 60, ' ');
    if (rc == CL_BUF_OK)
        rc = put_two(out, minute % 60, ':');
    return rc == CL_BUF_OK ? cl_buf_append_text(out, " UTC") : rc;
}
