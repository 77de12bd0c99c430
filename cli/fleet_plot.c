/* SPDX-License-Identifier: Apache-2.0 */
/* A picture of a simulation: readable at the width of a phone, without scripts or fonts of its own. */
#include "fleet_plot.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"

#define WIDTH 720.0
#define HEIGHT 400.0
#define LEFT 64.0
#define RIGHT 20.0
#define TOP 56.0
#define BOTTOM 48.0
#define DATE_TICKS 5
#define SHARE_TICKS 4

struct svg {
    char *text;
    size_t len;
    size_t size;
};

static void add(struct svg *svg, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct svg *svg, const char *format, ...)
{
    va_list args;
    int len;

    if (svg->size - svg->len < 1024) {
        svg->size += 65536;
        svg->text = realloc(svg->text, svg->size);
        if (svg->text == NULL)
            cli_no_memory();
    }
    va_start(args, format);
    len = vsnprintf(svg->text + svg->len, svg->size - svg->len, format, args);
    va_end(args);
    svg->len += len > 0 ? (size_t)len : 0;
}

static double x_of(const struct fleet_result *result, double day)
{
    double days = result->days > 1 ? (double)result->days - 1.0 : 1.0;

    return LEFT + (WIDTH - LEFT - RIGHT) * day / days;
}

static double y_of(double share)
{
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share;
}

static void add_axes(struct svg *svg, const struct fleet_result *result, int64_t start)
{
    for (int i = 0; i <= SHARE_TICKS; i++) {
        double y = y_of((double)i / SHARE_TICKS);
        add(svg, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#d7dce2\"/>\n",
            LEFT, y, WIDTH - RIGHT, y);
        add(svg, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%d %%</text>\n", LEFT - 8.0,
            y + 5.0, 100 * i / SHARE_TICKS);
    }
    for (int i = 0; i < DATE_TICKS; i++) {
        double day = ((double)result->days - 1.0) * i / (DATE_TICKS - 1);
        const char *anchor = i == 0 ? "start" : i == DATE_TICKS - 1 ? "end" : "middle";
        char date[PINTLE_TIME_TEXT_SIZE];
        (void)pintle_time_format(start + (int64_t)day * 86400, date);
        add(svg, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%.10s</text>\n", x_of(result, day),
            HEIGHT - BOTTOM + 24.0, anchor, date);
    }
}

static void add_line(struct svg *svg, const struct fleet_result *result, const int64_t *counts,
                     long clients, const char *style)
{
    add(svg, "<polyline fill=\"none\" %s points=\"", style);
    for (size_t i = 0; i < result->days; i++)
        add(svg, "%.1f,%.1f ", x_of(result, (double)i), y_of((double)counts[i] / (double)clients));
    add(svg, "\"/>\n");
}

static void add_legend(struct svg *svg, double x, const char *style, const char *text)
{
    add(svg, "<line x1=\"%.1f\" y1=\"32\" x2=\"%.1f\" y2=\"32\" %s/>\n", x, x + 24.0, style);
    add(svg, "<text x=\"%.1f\" y=\"37\">%s</text>\n", x + 32.0, text);
}

char *fleet_plot(const struct fleet_result *result, long clients, int64_t start)
{
    static const char locked[] = "stroke=\"#b3261e\" stroke-width=\"3\"";
    static const char exposed[] = "stroke=\"#8a5a00\" stroke-width=\"2\" stroke-dasharray=\"6 4\"";
    static const char updated[] = "stroke=\"#1f5fa8\" stroke-width=\"2\"";
    struct svg svg = {NULL, 0, 0};

    add(&svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
        "font-family=\"system-ui, sans-serif\" font-size=\"15\" fill=\"#1c2733\">\n"
        "<title>A rotation of keys</title>\n<desc>Shares of %ld clients over %zu days: updated, "
        "locked "
        "out, accepting a stolen key.</desc>\n<rect width=\"100%%\" height=\"100%%\" "
        "fill=\"#ffffff\"/>\n",
        WIDTH, HEIGHT, clients, result->days);
    add_axes(&svg, result, start);
    add_line(&svg, result, result->updated, clients, updated);
    add_line(&svg, result, result->exposed, clients, exposed);
    add_line(&svg, result, result->locked, clients, locked);
    add_legend(&svg, LEFT, updated, "has the new bundle");
    add_legend(&svg, LEFT + 210.0, locked, "locked out");
    add_legend(&svg, LEFT + 360.0, exposed, "accepts a stolen key");
    add(&svg, "</svg>\n");
    return svg.text;
}
