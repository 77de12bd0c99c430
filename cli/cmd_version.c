/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <curl/curl.h>
#include <idn2.h>
#include <libpsl.h>
#include <sqlite3.h>

#include "cli.h"

struct version_options {
    bool json;
};

const struct opt_spec opts_version[] = {
    {.name = "json",
     .type = OPT_FLAG,
     .help = "print as JSON",
     .offset = offsetof(struct version_options, json)},
    {.type = OPT_END},
};

struct library {
    const char *name;
    const char *version;
};

#define LIBRARY_COUNT 6

/*
 * Of the libraries as loaded, not as compiled against. libcurl knows its TLS library's version as
 * "OpenSSL/3.0.17"; it is the one that this process is linked with.
 */
static void get_libraries(struct library out[LIBRARY_COUNT])
{
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    const char *tls = curl->ssl_version != NULL ? curl->ssl_version : "none";
    const char *slash = strchr(tls, '/');

    out[0] = (struct library){"openssl", slash != NULL ? slash + 1 : tls};
    out[1] = (struct library){"libcurl", curl->version};
    out[2] = (struct library){"jansson", jansson_version_str()};
    out[3] = (struct library){"libidn2", idn2_check_version(NULL)};
    out[4] = (struct library){"libpsl", psl_get_version()};
    out[5] = (struct library){"sqlite", sqlite3_libversion()};
}

/* libpsl adds what it is built on: "0.21.2 (+libidn2/2.3.3)". */
static int version_len(const char *version)
{
    return (int)strcspn(version, " ");
}

static enum cli_exit print_json(const struct library *libraries)
{
    json_t *list = json_object();

    for (size_t i = 0; i < LIBRARY_COUNT; i++)
        if (json_object_set_new(list, libraries[i].name,
                                json_stringn(libraries[i].version,
                                             (size_t)version_len(libraries[i].version))) != 0) {
            json_decref(list);
            return cli_print_json("version", NULL);
        }
    return cli_print_json("version",
                          json_pack("{s:s, s:o}", "version", pintle_version(), "libraries", list));
}

static enum cli_exit print_version(bool json)
{
    struct library libraries[LIBRARY_COUNT];

    get_libraries(libraries);
    if (json)
        return print_json(libraries);
    (void)printf("pintle %s\n", pintle_version());
    for (size_t i = 0; i < LIBRARY_COUNT; i++)
        (void)printf("  %-8s %.*s\n", libraries[i].name, version_len(libraries[i].version),
                     libraries[i].version);
    return CLI_OK;
}

enum cli_exit cmd_version(int argc, char **argv)
{
    struct version_options options = {0};
    struct opt_list operands = {0};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("version", opts_version, &options, argc, argv, &operands))
        code = print_version(options.json);
    opt_clear(opts_version, &options, &operands);
    return code;
}
