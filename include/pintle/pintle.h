/* SPDX-License-Identifier: Apache-2.0 */
/* pintle/pintle.h: everything that needs no TLS library. Adapters: pintle/openssl.h, pintle/curl.h.
 */
#ifndef PINTLE_PINTLE_H
#define PINTLE_PINTLE_H

#include <pintle/app.h>
#include <pintle/bundle.h>
#include <pintle/engine.h>
#include <pintle/host.h>
#include <pintle/hpkp.h>
#include <pintle/pin.h>
#include <pintle/pinset.h>
#include <pintle/rule.h>
#include <pintle/status.h>
#include <pintle/time.h>
#include <pintle/verdict.h>
#include <pintle/version.h>

#endif
