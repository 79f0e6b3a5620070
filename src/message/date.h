/* date.h - the dates of HTTP headers. Own parsers: strptime() obeys the locale, timegm() the platform. */
#ifndef CL_MESSAGE_DATE_H
#define CL_MESSAGE_DATE_H

#include "base/base.h"

/* RFC 9110's three forms: "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37
 * 1994". A year of two digits is the one nearest to `near_ms` that is at most 50 years ahead. Seconds since 1970. */
bool cl_date_http(cl_str text, int64_t near_ms, int64_t *seconds);
/* RFC 3339: "2026-11-05T10:11:12Z", with fraction, with offset. Milliseconds since 1970, cut off. */
bool cl_date_rfc3339(cl_str text, int64_t *ms);

#endif
