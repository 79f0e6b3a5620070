/* base.h - the door of the room everything else stands on: slices, buffers, errors, references, time, chance. */
#ifndef CL_BASE_H
#define CL_BASE_H

#include "base/base64.h"
#include "base/blob.h"
#include "base/body.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/features.h"
#include "base/file.h"
#include "base/fork.h"
#include "base/handle.h"
#include "base/headers.h"
#include "base/nap.h"
#include "base/str.h"
#include "base/timers.h"
#include "base/utf8.h"

#endif
