/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect.h"
#include "json_build.h"
#include "verdict.h"

static json_t *certificates_json(const struct inspection *inspection,
                                 const struct pintle_view *views, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        struct certificate certificate;

        certificate_read(&certificate, views[i]);
        list = json_build_item(
            list, certificate_json(&certificate, inspection->now, inspection->options->pem));
    }
    return list;
}

static json_t *problems_json(const struct sighting *s)
{
    struct inspect_problems problems;
    json_t *list = json_array();

    inspect_find_problems(&problems, s);
    for (size_t i = 0; i < problems.count; i++)
        list = json_build_item(list, cli_json_text(problems.texts[i]));
    return list;
}

static const char *path_word(enum pintle_path path)
{
    switch (path) {
    case PINTLE_PATH_VALID:
        return "valid";
    case PINTLE_PATH_WRONG_NAME:
        return "wrong-name";
    case PINTLE_PATH_INVALID:
        break;
    }
    return "invalid";
}

static json_t *chain_json(const struct inspection *inspection, const struct sighting *s)
{
    json_t *json = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "protocol", s->protocol, "cipher",
                             s->cipher, "path", path_word(s->path), "served",
                             certificates_json(inspection, s->served, s->served_count), "verified",
                             certificates_json(inspection, s->verified, s->verified_count),
                             "problems", problems_json(s));

    json = json_build_text(json, "path_detail", s->path_detail);
    return json_build_member(json, s->judged, "verdict",
                             s->judged ? verdict_json(&s->verdict) : NULL);
}

enum cli_exit inspect_print_json(const struct inspection *inspection)
{
    const struct survey *survey = &inspection->survey;
    json_t *chains = json_array();

    for (size_t i = 0; i < survey->count; i++)
        if (sighting_seen(&survey->items[i]))
            chains = json_build_item(chains, chain_json(inspection, &survey->items[i]));
    return cli_print_json("inspect",
                          json_pack("{s:s, s:i, s:s, s:o}", "host", inspection->target.host.text,
                                    "port", (int)inspection->target.port, "address",
                                    survey->items[0].address, "chains", chains));
}
