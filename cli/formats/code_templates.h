/* SPDX-License-Identifier: Apache-2.0 */
/* Source code that is the same for every pin-set, from templates/. Marks in it: see code.h. */
#ifndef PINTLE_CLI_FORMATS_CODE_TEMPLATES_H
#define PINTLE_CLI_FORMATS_CODE_TEMPLATES_H

extern const char code_template_Pins_java[];
extern const char code_template_Pins_kt[];
extern const char code_template_Pins_swift[];
extern const char code_template_pins_c[];
extern const char code_template_pins_dart[];
extern const char code_template_pins_go[];
extern const char code_template_pins_py[];

#endif
