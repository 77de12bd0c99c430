/* SPDX-License-Identifier: Apache-2.0 */
#include <pintle/version.h>

const char *pintle_version(void)
{
    return PINTLE_VERSION;
}
