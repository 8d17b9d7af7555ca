/* The model $name. */
#ifndef ${name}_H
#define ${name}_H

#ifdef SCL_MODEL_PACKAGE
#error "$name: another model is in this program already, and one fits into a program, since their functions have the same names"
#endif
#define SCL_MODEL_PACKAGE

#include "scl/model.h"

#endif
