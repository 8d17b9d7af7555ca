get_property(other GLOBAL PROPERTY SCL_MODEL_PACKAGE)
if(other AND NOT other STREQUAL "$name")
  message(FATAL_ERROR "$name: the model $${other} is in this program already, and one fits into a program, since their functions "
    "have the same names; leave one of the two packages out")
endif()
set_property(GLOBAL PROPERTY SCL_MODEL_PACKAGE $name)
