/* claude.h - the whole interface of libclaude. Each of these headers also stands alone. */
#ifndef CLAUDE_CLAUDE_H
#define CLAUDE_CLAUDE_H

#include <claude/types.h>

#include <claude/call.h>
#include <claude/client.h>
#include <claude/config.h>
#include <claude/endpoint.h>
#include <claude/error.h>
#include <claude/event.h>
#include <claude/file.h>
#include <claude/loop.h>
#include <claude/request.h>
#include <claude/response.h>
#include <claude/secret.h>

#endif
