// SPDX-License-Identifier: Apache-2.0
/* A line is built in a fixed buffer and leaves in one write. */
#include "daemon/log.h"

#include "engine/base/clock.h"
#include "engine/base/utf8.h"
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096

const char *const log_formats[] = { "text", "json", NULL };
const char *const log_levels[] = { "debug", "info", "warning", "error", NULL };

static atomic_int current_format = LOG_TEXT, least_level = LEVEL_INFO;

void log_setup(LogFormat format, LogLevel least)
{
        atomic_store(&current_format, (int)format);
        atomic_store(&least_level, (int)least);
}

bool log_enabled(LogLevel level)
{
        return (int)level >= atomic_load_explicit(&least_level, memory_order_relaxed);
}

/* ---- a line under construction ---- */

typedef struct Line {
        char *buf;
        size_t len, max; /* bytes in buf; what does not fit is dropped */
        LogFormat format;
} Line;

static void put(Line *l, const char *s, size_t n)
{
        n = MIN(n, l->max - l->len);
        memcpy(l->buf + l->len, s, n);
        l->len += n;
}

static void puts_(Line *l, const char *s)
{
        put(l, s, strlen(s));
}

/* Length of the UTF-8 character at s, or 0 when it is none. */
static size_t character(const char *s, size_t left)
{
        unsigned char c = (unsigned char)*s;
        size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        return n <= left && utf8_valid(s, n) ? n : 0;
}

/* One character, escaped if it could end the field, the line or the reader's patience. C1 controls
 * (U+0080 to U+009F) move terminals, too. */
static void put_character(Line *l, const char *s, size_t n)
{
        unsigned char c = (unsigned char)*s;
        bool c1 = n == 2 && c == 0xc2 && (unsigned char)s[1] < 0xa0;
        char escape[8];
        if (n == 1 && (c == '"' || c == '\\'))
                snprintf(escape, sizeof escape, "\\%c", c);
        else if (n == 1 && c >= 0x20 && c != 0x7f)
                return put(l, s, 1);
        else if (n > 1 && !c1)
                return put(l, s, n);
        else if (l->format == LOG_JSON)
                snprintf(escape, sizeof escape, "\\u%04x",
                         n == 0 ? 0xfffdu
                         : c1   ? (unsigned char)s[1]
                                : c);
        else
                snprintf(escape, sizeof escape, "\\x%02x", c1 ? (unsigned char)s[1] : c);
        if (strlen(escape) <= l->max - l->len) /* never half an escape */
                puts_(l, escape);
}

/* Control characters and broken UTF-8 must not reach a terminal or a JSON reader. */
static void put_escaped(Line *l, const char *s)
{
        for (size_t left = strlen(s); left > 0;) {
                size_t n = character(s, left);
                if (n > l->max - l->len)
                        break; /* never half a character */
                put_character(l, s, n);
                s += MAX(n, (size_t)1);
                left -= MAX(n, (size_t)1);
        }
}

static void put_quoted(Line *l, const char *s)
{
        puts_(l, "\"");
        put_escaped(l, s);
        puts_(l, "\"");
}

/* A text value that needs no quotes. */
static bool is_plain(const char *s)
{
        return *s &&
               !s[strspn(
                       s,
                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:/_-+@%[]")];
}

/* The closing quote always fits: a cut line is still one record. */
static void put_pair(Line *l, const char *key, const char *value)
{
        size_t start = l->len, room = l->max;
        l->max -= MIN(l->max - l->len, (size_t)2); /* for the closing quote, whatever else is cut */
        puts_(l, l->format == LOG_JSON ? ",\"" : " ");
        puts_(l, key);
        puts_(l, l->format == LOG_JSON ? "\":" : "=");
        bool opened = l->len < l->max;
        if (l->format == LOG_TEXT && is_plain(value)) {
                puts_(l, value);
        } else {
                puts_(l, "\"");
                put_escaped(l, value);
                l->max = room;
                puts_(l, "\"");
        }
        l->max = room;
        if (!opened)
                l->len = start;
}

/* UTC, in microseconds. */
static void put_time(Line *l, int64_t wall_us)
{
        time_t seconds = (time_t)(wall_us / 1000000);
        struct tm tm;
        char text[40];
        gmtime_r(&seconds, &tm);
        size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
        snprintf(text + n, sizeof text - n, ".%06dZ", (int)(wall_us % 1000000));
        puts_(l, text);
}

/* The same facts in both formats. */
static void put_head(Line *l, LogLevel level, int64_t wall_us, const char *message)
{
        bool json = l->format == LOG_JSON;
        puts_(l, json ? "{\"ts\":\"" : "");
        put_time(l, wall_us);
        puts_(l, json ? "\",\"level\":\"" : " ");
        puts_(l, log_levels[level]);
        puts_(l, json ? "\",\"msg\":" : " ");
        if (json)
                put_quoted(l, message);
        else
                put_escaped(l, message);
}

/* Apart from log_event() for the tests. */
size_t log_format_line(LogFormat format, LogLevel level, int64_t wall_us, const char *message,
                       va_list pairs, char *buf, size_t size)
{
        Line l = { .buf = buf, .max = size - 4, .format = format };
        put_head(&l, level, wall_us, message);
        for (const char *key; (key = va_arg(pairs, const char *));) {
                const char *value = va_arg(pairs, const char *);
                if (value)
                        put_pair(&l, key, value);
        }
        l.max = size - 1;
        puts_(&l, format == LOG_JSON ? "}\n" : "\n");
        buf[l.len] = 0;
        return l.len;
}

/* One write for each line, so that lines of several threads do not mix. */
void log_event(LogLevel level, const char *message, ...)
{
        if (!log_enabled(level))
                return;
        char line[LINE_MAX_BYTES];
        va_list pairs;
        va_start(pairs, message);
        size_t n = log_format_line((LogFormat)atomic_load(&current_format), level, clock_wall_us(),
                                   message, pairs, line, sizeof line);
        va_end(pairs);
        ssize_t written UNUSED = write(STDERR_FILENO, line, n); /* nobody is left to be told */
}

const char *log_number(char buf[24], int64_t n)
{
        snprintf(buf, 24, "%lld", (long long)n);
        return buf;
}
