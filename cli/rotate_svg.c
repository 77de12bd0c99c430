/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A simulation as a picture: shares over time, one panel below the other on one axis of time, with
 * what happens as numbered lines through all of them. Wide enough for a desktop, with type large
 * enough for a phone.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "os/file.h"
#include "rotate_outcome.h"

#define WIDTH 480.0
#define LEFT 52.0
#define RIGHT 14.0
#define PLOT_WIDTH (WIDTH - LEFT - RIGHT)
#define PANEL_HEIGHT 108.0
#define PANEL_GAP 34.0
#define HEAD 88.0
#define LINE 21.0
#define COLUMNS 400
#define MARKS_MAX 12

/* A change of so many units from one column to the next is drawn upright. */
#define WALL 9.0

/*
 * One curve. series counted downwards (ready is what is not "unready") with `inverted`.
 * top: the share at the upper edge
 */
struct panel {
    const char *title;
    const char *color;
    size_t series;
    bool inverted;
    double top;
    double bound;
    double y;
};

struct plot {
    const struct rotate_outcome *outcome;
    FILE *out;
    struct panel panels[3];
    size_t panel_count;
    size_t mark_count;
    double bottom;
    double height;
};

/* --- coordinates ------------------------------------------------------------------------------ */

static double x_of(const struct plot *plot, int64_t time)
{
    const struct rotate_play *play = plot->outcome->play;

    return LEFT + PLOT_WIDTH * (double)(time - play->start) / (double)(play->end - play->start);
}

static double y_of(const struct panel *panel, double share)
{
    return panel->y + PANEL_HEIGHT * (1 - (share > panel->top ? 1 : share / panel->top));
}

/* 1, 2 or 5 times a power of ten, above the highest share. */
static double round_top(double share)
{
    static const double steps[] = {1, 2, 5, 10};
    double unit = pow(10, floor(log10(share)));

    for (size_t i = 0; i < 4; i++)
        if (share <= steps[i] * unit * 0.95)
            return steps[i] * unit < 1 ? steps[i] * unit : 1;
    return 20 * unit < 1 ? 20 * unit : 1;
}

static void add_panel(struct plot *plot, const char *title, const char *color, size_t series,
                      bool inverted, double bound)
{
    const struct rotate_outcome *o = plot->outcome;
    struct panel *panel = &plot->panels[plot->panel_count];
    double highest = rotate_outcome_highest(o, series, 0, o->tally.bins);

    *panel = (struct panel){title, color, series, inverted, 1, bound, 0};
    if (!inverted) {
        highest = highest > bound ? highest : bound;
        panel->top = highest > 0 ? round_top(highest) : 0.01;
    }
    panel->y = HEAD + (double)plot->panel_count * (PANEL_HEIGHT + PANEL_GAP) + 20;
    plot->panel_count++;
    plot->bottom = panel->y + PANEL_HEIGHT;
}

/* --- text ------------------------------------------------------------------------------------ */

static void print_escaped(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '&')
            (void)fputs("&amp;", out);
        else if (*text == '<')
            (void)fputs("&lt;", out);
        else if (*text == '>')
            (void)fputs("&gt;", out);
        else
            (void)fputc(*text, out);
    }
}

static void print_text(const struct plot *plot, double x, double y, const char *class,
                       const char *text)
{
    (void)fprintf(plot->out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
    print_escaped(plot->out, text);
    (void)fputs("</text>\n", plot->out);
}

static void print_head(const struct plot *plot)
{
    const struct rotate_outcome *o = plot->outcome;
    size_t peak = rotate_tally_peak(&o->tally, ROTATE_LOCKED);
    char title[256];
    char text[256];

    (void)snprintf(title, sizeof(title), "Rotation of rule %s", o->plan->rule);
    (void)snprintf(text, sizeof(text), "%llu clients, at worst %s locked out%s%s",
                   (unsigned long long)o->clients,
                   rotate_percent(rotate_outcome_share(o, ROTATE_LOCKED, peak)),
                   o->tally.locked_clients > 0 ? " on " : "",
                   o->tally.locked_clients > 0 ? rotate_date(rotate_outcome_when(o, peak)) : "");
    (void)fprintf(plot->out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" "
                  "role=\"img\" aria-labelledby=\"title desc\" font-family=\"system-ui, "
                  "'DejaVu Sans', sans-serif\" font-size=\"13\" fill=\"#1c2430\">\n<title "
                  "id=\"title\">",
                  WIDTH, plot->height);
    print_escaped(plot->out, title);
    (void)fputs("</title>\n<desc id=\"desc\">", plot->out);
    print_escaped(plot->out, text);
    for (size_t i = 0; i < o->event_count; i++) {
        (void)fprintf(plot->out, "; %s: ", rotate_date(o->events[i].at));
        print_escaped(plot->out, o->events[i].text);
    }
    (void)fprintf(
        plot->out,
        ".</desc>\n<style>.t{font-size:18px;font-weight:600}.s{fill:#566070}"
        ".y{fill:#566070;font-size:12px;text-anchor:end}"
        ".x{fill:#566070;font-size:12px;text-anchor:middle}"
        ".n{fill:#fff;font-size:11px;font-weight:600;text-anchor:middle}"
        ".p{font-weight:600}.v{text-anchor:end}"
        ".p,.v{paint-order:stroke;stroke:#fff;stroke-width:5px;stroke-linejoin:round}</style>\n"
        "<rect width=\"%.0f\" height=\"%.0f\" fill=\"#fff\"/>\n",
        WIDTH, plot->height);
    print_text(plot, 14, 26, "t", title);
    print_text(plot, 14, 46, "s", text);
}

/* --- one panel ------------------------------------------------------------------------------- */

static double value_at(const struct plot *plot, const struct panel *panel, size_t column)
{
    const struct rotate_outcome *o = plot->outcome;
    size_t first = o->tally.bins * column / COLUMNS;
    size_t last = o->tally.bins * (column + 1) / COLUMNS;
    double share;

    if (last <= first)
        last = first + 1;
    share = rotate_outcome_highest(o, panel->series, first, last);
    return panel->inverted ? 1 - share : share;
}

/* What changes at once is a wall and not a slope. */
static void print_curve(const struct plot *plot, const struct panel *panel)
{
    double base = panel->y + PANEL_HEIGHT;
    char line[COLUMNS * 32];
    size_t len = 0;
    double before = -1;

    for (size_t i = 0; i < COLUMNS; i++) {
        double y = y_of(panel, value_at(plot, panel, i));
        double x = LEFT + PLOT_WIDTH * (double)i / COLUMNS;

        if (i == 0)
            len += (size_t)snprintf(line, sizeof(line), "M%.1f %.1f", x, y);
        else if (fabs(y - before) > WALL)
            len += (size_t)snprintf(line + len, sizeof(line) - len, "H%.1fV%.1f", x, y);
        else if (fabs(y - before) > 0.05)
            /* Level up to the column before: a slope is one column wide. */
            len += (size_t)snprintf(line + len, sizeof(line) - len, "H%.1fL%.1f %.1f",
                                    x - PLOT_WIDTH / COLUMNS, x, y);
        else
            continue;
        before = y;
    }
    (void)snprintf(line + len, sizeof(line) - len, "H%.1f", LEFT + PLOT_WIDTH);
    (void)fprintf(plot->out, "<path d=\"%sV%.1fH%.1fZ\" fill=\"%s\" fill-opacity=\"0.13\"/>\n",
                  line, base, LEFT, panel->color);
    (void)fprintf(plot->out,
                  "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\" "
                  "stroke-linejoin=\"round\"/>\n",
                  line, panel->color);
}

static void print_axis(const struct plot *plot, const struct panel *panel)
{
    for (int i = 0; i <= 2; i++) {
        double share = panel->top * i / 2;
        double y = y_of(panel, share);
        char text[32];

        (void)snprintf(text, sizeof(text), "%.3g %%", share * 100);
        (void)fprintf(plot->out, "<path d=\"M%.1f %.1fH%.1f\" stroke=\"%s\" stroke-width=\"1\"/>\n",
                      LEFT, y, LEFT + PLOT_WIDTH, i == 0 ? "#8a94a3" : "#e3e7ed");
        print_text(plot, LEFT - 7, y + 4, "y", text);
    }
}

static void print_panel(const struct plot *plot, const struct panel *panel)
{
    const struct rotate_outcome *o = plot->outcome;
    double highest = rotate_outcome_highest(o, panel->series, 0, o->tally.bins);
    char text[64];

    (void)fprintf(plot->out,
                  "<rect x=\"%.1f\" y=\"%.1f\" width=\"11\" height=\"11\" rx=\"2\" "
                  "fill=\"%s\"/>\n",
                  LEFT, panel->y - 18, panel->color);
    print_text(plot, LEFT + 17, panel->y - 8, "p", panel->title);
    if (!panel->inverted) {
        (void)snprintf(text, sizeof(text), "highest %s", rotate_percent(highest));
        print_text(plot, LEFT + PLOT_WIDTH, panel->y - 8, "v s", text);
    }
    print_axis(plot, panel);
    print_curve(plot, panel);
    if (panel->bound > 0) {
        double y = y_of(panel, panel->bound);

        (void)fprintf(plot->out,
                      "<path d=\"M%.1f %.1fH%.1f\" stroke=\"%s\" stroke-width=\"1.5\" "
                      "stroke-dasharray=\"5 4\"/>\n",
                      LEFT, y, LEFT + PLOT_WIDTH, panel->color);
        print_text(plot, LEFT + PLOT_WIDTH - 4, y - 4, "v s", "bound");
    }
}

/* --- time ------------------------------------------------------------------------------------ */

/* Dates at midnight, as many as find room, never the same one twice. */
static void print_dates(const struct plot *plot)
{
    const struct rotate_play *play = plot->outcome->play;
    int64_t days = (play->end - play->start) / ROTATE_DAY_S;
    int64_t step = (days > 4 ? (days + 3) / 4 : 1) * ROTATE_DAY_S;
    int64_t first = (play->start + ROTATE_DAY_S - 1) / ROTATE_DAY_S * ROTATE_DAY_S;

    for (int64_t at = first; at <= play->end; at += step) {
        double x = x_of(plot, at);

        (void)fprintf(plot->out, "<path d=\"M%.1f %.1fv5\" stroke=\"#8a94a3\"/>\n", x,
                      plot->bottom);
        if (x > LEFT + 20 && x < WIDTH - 38)
            print_text(plot, x, plot->bottom + 19, "x", rotate_date(at));
        else if (x <= LEFT + 20)
            print_text(plot, LEFT + 20, plot->bottom + 19, "x", rotate_date(at));
    }
}

static void print_number(const struct plot *plot, double x, double y, size_t number)
{
    char text[16];

    (void)snprintf(text, sizeof(text), "%zu", number);
    (void)fprintf(plot->out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"8.5\" fill=\"#39424f\"/>\n", x,
                  y);
    print_text(plot, x, y + 4, "n", text);
}

/* Numbers of events that lie close together stand side by side, and lead to their lines. */
static void print_marks(const struct plot *plot)
{
    double free = LEFT - 10;

    for (size_t i = 0; i < plot->mark_count; i++) {
        double x = x_of(plot, plot->outcome->events[i].at);
        double at = x > free ? x : free;

        if (at > WIDTH - 12)
            at = WIDTH - 12;
        (void)fprintf(plot->out,
                      "<path d=\"M%.1f %.1fL%.1f %.1fV%.1f\" fill=\"none\" stroke=\"#39424f\" "
                      "stroke-width=\"1\" stroke-dasharray=\"2 3\"/>\n",
                      at, HEAD - 16, x, HEAD - 8, plot->bottom);
        print_number(plot, at, HEAD - 24, i + 1);
        free = at + 19;
    }
}

static void print_key(const struct plot *plot)
{
    double y = plot->bottom + 44;

    for (size_t i = 0; i < plot->mark_count; i++) {
        const struct rotate_event *event = &plot->outcome->events[i];

        print_number(plot, 23, y - 4, i + 1);
        print_text(plot, 38, y, "s", rotate_date(event->at));
        print_text(plot, 168, y, "e", event->text);
        y += LINE;
    }
}

/* --- all of it ------------------------------------------------------------------------------- */

static void print_plot(struct plot *plot)
{
    const struct rotate_outcome *o = plot->outcome;

    add_panel(plot, "accept the key of the last step", "#1f5fbf", ROTATE_UNREADY, true, 0);
    add_panel(plot, "locked out", "#c0262d", ROTATE_LOCKED, false, o->bound);
    if (rotate_outcome_exposes(o))
        add_panel(plot, "accept a key that an attacker holds", "#b26a00", ROTATE_EXPOSED, false, 0);
    plot->mark_count = o->event_count < MARKS_MAX ? o->event_count : MARKS_MAX;
    plot->height = plot->bottom + 36 + LINE * (double)plot->mark_count;
    print_head(plot);
    print_marks(plot);
    for (size_t i = 0; i < plot->panel_count; i++)
        print_panel(plot, &plot->panels[i]);
    print_dates(plot);
    print_key(plot);
    (void)fputs("</svg>\n", plot->out);
}

enum cli_exit rotate_outcome_plot(const struct rotate_outcome *outcome, const char *path)
{
    struct plot plot = {.outcome = outcome};
    struct pintle_error err = {0};
    char *text = NULL;
    size_t len = 0;
    enum cli_exit code = CLI_OK;
    bool whole;

    plot.out = open_memstream(&text, &len);
    if (plot.out == NULL) {
        cli_error("out of memory");
        return CLI_INTERNAL;
    }
    print_plot(&plot);
    whole = ferror(plot.out) == 0;
    if (fclose(plot.out) != 0 || !whole) {
        cli_error("out of memory");
        code = CLI_INTERNAL;
    } else if (os_write_file(path, text, len, 0644, &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        code = cli_exit_for(err.status);
    }
    free(text);
    return code;
}
