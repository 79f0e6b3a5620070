/*
 * claude.h - the whole interface of libclaude. Each of these headers also stands alone.
 */
#ifndef CLAUDE_CLAUDE_H
#define CLAUDE_CLAUDE_H

#include <claude/types.h>

#include <claude/answer.h>
#include <claude/batch.h>
#include <claude/block.h>
#include <claude/breaker.h>
#include <claude/call.h>
#include <claude/client.h>
#include <claude/compression.h>
#include <claude/config.h>
#include <claude/credential.h>
#include <claude/diag.h>
#include <claude/endpoint.h>
#include <claude/error.h>
#include <claude/event.h>
#include <claude/failover.h>
#include <claude/file.h>
#include <claude/health.h>
#include <claude/limiter.h>
#include <claude/loop.h>
#include <claude/message.h>
#include <claude/metrics.h>
#include <claude/model.h>
#include <claude/observe.h>
#include <claude/page.h>
#include <claude/partial.h>
#include <claude/quota.h>
#include <claude/report.h>
#include <claude/request.h>
#include <claude/response.h>
#include <claude/runner.h>
#include <claude/schema.h>
#include <claude/secret.h>
#include <claude/skill.h>
#include <claude/stream.h>
#include <claude/text_buffer.h>
#include <claude/tool.h>
#include <claude/trail.h>
#include <claude/validate.h>
#include <claude/watcher.h>

#endif
