/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options: one table per command parses the command line and the environment, and prints usage,
 * manual and completions, so that they cannot differ.
 */
#ifndef PINTLE_CLI_OPT_H
#define PINTLE_CLI_OPT_H

#include <stdbool.h>
#include <stddef.h>

enum opt_type {
    OPT_END = 0,
    OPT_FLAG,   /* bool */
    OPT_STRING, /* const char * */
    OPT_FILE,   /* const char *, completed as a file name; never empty */
    OPT_CHOICE, /* const char *, one of `choices` */
    OPT_COUNT,  /* long, `min` to `max` */
    OPT_LIST    /* struct opt_list: may be given again; white space parts it in the environment */
};

struct opt_list {
    const char **items; /* freed by opt_clear() */
    size_t count;
};

/*
 * name     long name without "--"
 * metavar  shown for the value: "FILE", "SECONDS"; NULL for a flag
 * help     one line, lower case, no full stop
 * offset   offsetof() of the field in the command's own option struct
 * choices  NULL-terminated, for OPT_CHOICE; shown behind the help text
 * min,max  for OPT_COUNT
 * letter   short name, or 0
 * secret   the value is a secret: it is never taken from the environment
 * hidden   for our own build: not in help, manual, completions or environment
 * variable what stands behind PINTLE_ in its variable, where that is not the name; or NULL
 * rivals   names, parted by blanks, of options that this one excludes; or NULL. It need not be said
 *          on both sides
 *
 * An option that is not on the command line is taken from PINTLE_<NAME> (upper case, '-' and '.' as '_'),
 * unless that is unset or empty: flags accept 1/0, true/false, yes/no. The variable of an option is
 * not looked at if one of its rivals is on the command line.
 */
struct opt_spec {
    const char *name;
    const char *metavar;
    const char *help;
    size_t offset;
    const char *const *choices;
    long min;
    long max;
    enum opt_type type;
    char letter;
    bool secret;
    bool hidden;
    const char *variable;
    const char *rivals;
};

/* Options of every command, before or behind its name, and where their values go. */
struct opt_common {
    const char *color;
    bool quiet;
    bool help;
};
extern struct opt_common opt_common;
extern const struct opt_spec opt_common_specs[];

/*
 * Parse argv[0..argc) (behind the command's name) into `values`, a struct that holds defaults.
 * Operands are gathered in *operands (pointers into argv). "--" ends options, options and operands
 * may mix, a lone "-" is an operand; "--name=value" and "--name value", "-pFILE" and "-p FILE" all
 * work, "-qp FILE" is "-q -p FILE"; no abbreviations. An option given twice: the last one counts.
 *
 * Returns false after printing the mistake on stderr ("pintle check: unknown option --foo"); the
 * command then returns CLI_USAGE. Call opt_clear() in both cases.
 */
bool opt_parse(const char *command, const struct opt_spec *specs, void *values, int argc,
               char **argv, struct opt_list *operands);

/* Free what opt_parse() gathered. */
void opt_clear(const struct opt_spec *specs, void *values, struct opt_list *operands);

/*
 * The options before the command's name, with the environment of the common ones. Returns the
 * index of the first operand (argc if there is none), or -1 after printing the mistake.
 */
int opt_parse_front(const struct opt_spec *specs, void *values, int argc, char **argv);

/* What main needs to know before a command runs. A mistake ends the count: opt_parse() tells it. */
struct opt_scan {
    bool help;
    bool mistake;
    size_t operand_count;
    const char *last_operand;
};
struct opt_scan opt_scan(const struct opt_spec *specs, int argc, char **argv);

/*
 * Print "pintle COMMAND: " and the mistake, and where help is. Of the options that it names, those
 * that the environment gave are told with their variables.
 */
void opt_mistake(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define OPT_ENV_SIZE 64

/* The environment variable of an option, or NULL if it has none. */
const char *opt_env_name(const struct opt_spec *spec, char out[OPT_ENV_SIZE]);

/* The value of an environment variable, or NULL if it is unset or empty. */
const char *opt_env_value(const char *name);

/* True if an option's value is the one that the environment gave: a default, which gives way. */
bool opt_is_from_env(const char *name, const char *value);

#endif
